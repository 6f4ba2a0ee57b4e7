// An SA that opens. A packet's protection is in its type: sealed, opened (authenticated), accepted (no
// replay, within the SA's lifetime, padding, next header and selectors in order). Only the last can be
// delivered.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "base/scratch.hpp"
#include "ipsec/anti_replay.hpp"
#include "ipsec/discard.hpp"
#include "ipsec/esp_cipher.hpp"
#include "ipsec/inbound_policy.hpp"
#include "ipsec/packet_buffer.hpp"
#include "ipsec/sa.hpp"

namespace mpsec::ipsec {

class AhAuthenticator;
class InboundSa;
class PacketTap;
struct AhSide;

// A packet as it arrived, its outer headers looked at.
struct SealedPacket {
  PacketBuffer packet;             // from the outer IP header on, its size the datagram's length
  std::uint32_t protected_at = 0;  // where the ESP or AH header starts
  std::uint32_t ip_octets = 0;     // of the IP header and the extension headers before ESP, AH or UDP
  std::uint32_t next_at = 0;       // the octet in them that names ESP, AH or UDP
  std::uint8_t traffic_class = 0;  // of the outer header
  Protocol protocol = Protocol::esp;
  bool udp = false;         // ESP came in UDP
  std::uint32_t index = 0;  // the caller's mark: which packet of its batch this is
};

// A key that only InboundSa has: who can make one can make the proofs below.
class OpeningRight {
  friend class InboundSa;
  OpeningRight() = default;
};

// Proof that the ICV was right. Made by InboundSa only.
class OpenedPacket {
 public:
  OpenedPacket(OpeningRight, const SealedPacket& arrived, std::uint64_t number, std::uint32_t payload_at,
               std::uint32_t text_octets)
      : packet_(arrived.packet),
        number_(number),
        payload_at_(payload_at),
        text_octets_(text_octets),
        arrived_(&arrived) {}

  const SealedPacket& arrived() const { return *arrived_; }
  PacketBuffer& packet() { return packet_; }
  const PacketBuffer& packet() const { return packet_; }
  std::uint64_t number() const { return number_; }
  std::uint32_t payload_at() const { return payload_at_; }
  // Payload, padding and trailer; of AH the payload alone.
  std::uint32_t text_octets() const { return text_octets_; }
  MutableOctets text() const { return {packet_.data() + payload_at_, text_octets_}; }

 private:
  PacketBuffer packet_;
  std::uint64_t number_;
  std::uint32_t payload_at_;
  std::uint32_t text_octets_;
  const SealedPacket* arrived_;
};

// What may be delivered: a clear IP packet. Made by InboundSa only.
class AcceptedPacket {
 public:
  AcceptedPacket(OpeningRight, PacketBuffer packet, std::uint64_t number, std::uint32_t index, InboundSa& sa)
      : packet_(packet), number_(number), index_(index), sa_(&sa) {}

  PacketBuffer packet() const { return packet_; }
  std::uint64_t number() const { return number_; }
  std::uint32_t index() const { return index_; }  // SealedPacket::index
  InboundSa& sa() const { return *sa_; }

 private:
  PacketBuffer packet_;
  std::uint64_t number_;
  std::uint32_t index_;
  InboundSa* sa_;
};

struct InboundSeams {
  LifetimePolicy& lifetime;
  InboundPolicy& policy;
  AhAuthenticator& ah;       // the worker's, for AH
  PacketTap* tap = nullptr;  // sees packets that were opened
  // Empty, or as long as the run and all zero: gets the number of each packet that the window took, whatever
  // became of the packet afterwards.
  std::span<std::uint64_t> taken{};
};

// The window of an SA that has one of its own. The parameters have passed their check.
std::shared_ptr<AntiReplay> make_window(const InboundParameters& parameters);

class InboundSa {
 public:
  using Accepted = Scratch<AcceptedPacket, largest_run>;

  // Checks the parameters, then builds the SA. `window` is a cluster's shared one; without it the SA has its
  // own.
  static Result<std::unique_ptr<InboundSa>> make(InboundParameters parameters,
                                                 const crypto::Provider& provider,
                                                 std::shared_ptr<AntiReplay> window = nullptr);
  ~InboundSa();

  // Opens, judges and decapsulates packets of this SA in place, in order; at most largest_run. What is
  // accepted is added to `accepted`; `discards[i]` says what became of run[i]. Packets that were not accepted
  // have unspecified content.
  void receive(std::span<const SealedPacket> run, Instant now, const InboundSeams& seams, Accepted& accepted,
               std::span<Discard> discards) noexcept;

  // RFC 4303 A3: true when so many packets in a row failed that numbers may have moved on by more than 2^32
  // unseen.
  bool wants_resynchronisation() const { return candidate_ready_; }
  // Tries the next high halves on a packet that was kept, a bounded number of times; not for the packet path.
  // True if one fitted: the window then stands at that packet, which itself is not delivered.
  bool resynchronise() noexcept;

  const InboundParameters& parameters() const { return *parameters_; }
  const LifetimeUse& use() const { return use_; }
  AntiReplay& window() { return *window_; }
  bool shares_window() const { return shares_window_; }  // with other SAs of a cluster
  bool usable() const { return !use_.hard_reached; }
  // True once when a limit was reached; whoever asks has to tell.
  bool take_soft_notice() { return use_.soft_reached && !std::exchange(use_.soft_told, true); }
  bool take_hard_notice() { return use_.hard_reached && !std::exchange(use_.hard_told, true); }
  // Limits of time are reached without packets too.
  void on_time(Instant now) noexcept {
    use_.hard_reached |= now >= lifetime_.hard.until;
    use_.soft_reached |= use_.hard_reached || now >= lifetime_.soft.until;
  }
  std::size_t memory_octets() const;

 private:
  using Hints = std::span<const AntiReplay::Hint>;
  using Opened = Scratch<OpenedPacket, largest_run>;
  InboundSa(std::unique_ptr<InboundParameters> parameters, std::shared_ptr<AntiReplay> window, bool shared);
  Result<> make_crypto(const crypto::Provider& provider);
  Discard check_shape(const SealedPacket& packet) const noexcept;
  void hint(std::span<const SealedPacket> run, Scratch<AntiReplay::Hint, largest_run>& hints,
            std::span<Discard> discards) const noexcept;
  void open_esp(std::span<const SealedPacket> run, Hints hints, Opened& opened,
                std::span<Discard> discards) noexcept;
  void open_ah(std::span<const SealedPacket> run, Hints hints, const InboundSeams& seams, Opened& opened,
               std::span<Discard> discards) noexcept;
  void note_result(bool authentic) noexcept;
  void keep_candidate(const SealedPacket& packet) noexcept;
  void accept(Opened& opened, std::span<const SealedPacket> run, std::span<std::uint64_t> taken,
              std::span<Discard> discards) noexcept;
  void charge(Opened& opened, std::span<const SealedPacket> run, Instant now, const InboundSeams& seams,
              std::span<Discard> discards) noexcept;
  void finish(Opened& opened, std::span<const SealedPacket> run, const InboundSeams& seams,
              Accepted& accepted, std::span<Discard> discards) noexcept;
  using Trailers = Scratch<InboundPolicy::Trailer, largest_run>;
  using Selectors = Scratch<PacketSelectors, largest_run>;
  Discard add_trailer(const OpenedPacket& opened, Trailers& trailers) const noexcept;
  Discard uncover(OpenedPacket& opened, const InboundPolicy::Trailer& trailer,
                  Selectors& selectors) const noexcept;
  static Discard add_selectors(const OpenedPacket& clear, const wire::PlainHead& head,
                               Selectors& selectors) noexcept;
  Discard restore(OpenedPacket& opened, std::uint32_t payload, std::uint8_t next_header) const noexcept;
  bool would_open(MutableOctets packet, std::uint64_t number) noexcept;
  bool would_verify(AhAuthenticator& authenticator, MutableOctets packet, std::uint64_t number) noexcept;

  AntiReplay* window_;
  Protocol protocol_;
  Mode mode_;
  bool judges_selectors_;
  bool shares_window_;
  bool candidate_ready_ = false;
  std::uint32_t head_octets_ = 0;  // ESP header and IV
  std::uint32_t icv_octets_ = 0;
  std::uint32_t block_mask_ = 0;  // of the cipher's block, less one
  std::uint32_t failures_in_a_row_ = 0;
  std::uint64_t top_before_failures_ = 0;
  std::uint32_t resynchronise_after_;  // 0: never
  std::optional<EspCipher> esp_;
  LifetimeUse use_;
  Lifetime lifetime_;
  SelectorMatcher matcher_;
  std::unique_ptr<AhSide> ah_;
  std::unique_ptr<InboundParameters> parameters_;
  std::shared_ptr<AntiReplay> owned_window_;
  Octets candidate_;                // a whole packet that was about to fail
  std::uint32_t candidate_at_ = 0;  // where in it the ESP or AH header starts
};

}  // namespace mpsec::ipsec
