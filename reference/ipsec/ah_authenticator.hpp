// The ICV of AH packets, in batches (RFC 4302 3.3.3, 3.4.4).
#pragma once

#include <array>
#include <span>

#include "crypto/provider.hpp"
#include "ipsec/ah_fields.hpp"
#include "ipsec/ah_packet.hpp"

namespace mpsec::ipsec {

// One packet with AH in it.
struct AhJob {
  MutableOctets packet;
  AhPlace place;
  std::uint64_t number = 0;         // the whole of it; without extended numbers the high half does not count
  Discard discard = Discard::none;  // a job that comes with a cause is passed over
};

// Computes and compares ICVs. Packets are put into their canonical form where they lie, and back as they were
// before a call returns; so nothing is copied but headers. One thread at a time.
class AhAuthenticator {
 public:
  // `largest_head`: the most octets, up to the end of AH, of a packet that comes here. No packet is longer
  // than the default.
  explicit AhAuthenticator(std::size_t largest_head = 40 + 0xffff);

  // Writes the ICV into each packet. Sets `discard` where that cannot be done: ah_bad_length, or a cause of
  // canonicalise(); the packet is then as it was.
  void sign(crypto::Mac& mac, const AhLayout& layout, std::span<AhJob> jobs,
            AhRole role = AhRole::outgoing) noexcept;
  // Compares the ICV of each packet. Sets `discard` likewise, and integrity_failed where it is wrong. The
  // packets are as they were.
  void verify(crypto::Mac& mac, const AhLayout& layout, std::span<AhJob> jobs,
              AhRole role = AhRole::incoming) noexcept;

 private:
  static constexpr std::size_t batch = 32;
  // The true head of a packet, from the IP header to the end of AH, while the packet has the canonical one.
  struct Held {
    AhJob* job = nullptr;
    std::uint8_t* head = nullptr;
    std::array<std::uint8_t, 4> number_high{};
  };

  template <class Compute>
  void in_batches(const AhLayout& layout, std::span<AhJob> jobs, AhRole role, Compute compute) noexcept;
  bool has_room(const AhJob& job) const noexcept;
  void hold(const AhLayout& layout, AhJob& job, AhRole role) noexcept;
  void put_back() noexcept;

  std::array<crypto::MacJob, batch> macs_;
  std::array<Held, batch> held_;
  std::size_t count_ = 0;
  Octets heads_;  // one behind the other
  std::size_t heads_used_ = 0;
};

}  // namespace mpsec::ipsec
