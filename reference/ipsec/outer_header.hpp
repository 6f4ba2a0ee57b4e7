// The header that a tunnel puts in front: everything that stays the same is made once, the rest is patched
// in.
#pragma once

#include <array>
#include <memory>
#include <optional>

#include "ipsec/sa.hpp"
#include "wire/in_place.hpp"
#include "wire/ipv4.hpp"

namespace mpsec::ipsec {

// What the outer header takes from the inner one (RFC 4301 5.1.2).
struct InnerFields {
  bool v4 = true;
  std::uint8_t traffic_class = 0;  // DSCP and ECN
  bool dont_fragment = false;      // IPv4 only
  std::uint32_t flow_label = 0;    // IPv6 only

  // `packet` starts with an IPv4 or IPv6 header, which is there whole.
  static InnerFields of(const std::uint8_t* packet) {
    using wire::Ipv4Header;
    const auto word = load_be<std::uint32_t>(packet);
    if (word >> 28 == 6) return {false, static_cast<std::uint8_t>(word >> 20), false, word & 0xfffff};
    const bool dont_fragment = (wire::load<&Ipv4Header::flags>(packet) & Ipv4Header::dont_fragment) != 0;
    return {true, static_cast<std::uint8_t>(word >> 16), dont_fragment, 0};
  }
};

class OuterHeader {
 public:
  explicit OuterHeader(const SaParameters& parameters);

  std::uint32_t size() const { return size_; }         // IP, and UDP where the SA is encapsulated
  std::uint8_t protocol() const { return protocol_; }  // ESP, AH or UDP
  // Writes size() octets at `at`: the start of a datagram of `total` octets whose IP header names `protocol`.
  void store(std::uint8_t* at, const InnerFields& inner, std::uint32_t total, std::uint16_t identification,
             std::uint8_t protocol) const noexcept;

 private:
  void store_v4(std::uint8_t* at, std::uint8_t traffic_class, bool dont_fragment, std::uint32_t total,
                std::uint16_t identification, std::uint8_t protocol) const noexcept;
  void store_v6(std::uint8_t* at, std::uint8_t traffic_class, std::uint32_t flow_label, std::uint32_t total,
                std::uint8_t protocol) const noexcept;
  std::uint8_t traffic_class(const InnerFields& inner) const noexcept;

  std::array<std::uint8_t, 48> octets_{};
  std::uint32_t checksum_base_ = 0;  // one's complement sum of what does not change (IPv4)
  std::uint8_t size_ = 0;
  std::uint8_t protocol_;
  bool v4_;
  bool udp_;
  EcnMode ecn_;
  DontFragment dont_fragment_;
  std::optional<std::uint8_t> dscp_;
  std::unique_ptr<const DscpMap> dscp_map_;  // hot only where there is one
};

}  // namespace mpsec::ipsec
