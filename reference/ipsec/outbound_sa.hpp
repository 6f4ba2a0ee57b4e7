// An SA that protects: what the packet path touches first, the rest behind a pointer.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "ipsec/discard.hpp"
#include "ipsec/esp_cipher.hpp"
#include "ipsec/outer_header.hpp"
#include "ipsec/packet_buffer.hpp"
#include "ipsec/sa.hpp"
#include "ipsec/sequence_source.hpp"

namespace mpsec::ipsec {

// One packet on its way out. After the SA's protect(): the protected packet, or the clear one and the cause.
struct Outgoing {
  PacketBuffer packet;
  Discard discard = Discard::none;
  std::uint64_t number = 0;  // the sequence number it was given
};

class AhAuthenticator;
class PacketTap;
struct AhSide;

// What a run of outgoing packets is worked on with.
struct OutboundSeams {
  Rng& rng;  // IVs of block ciphers
  LifetimePolicy& lifetime;
  AhAuthenticator& ah;       // the worker's, for AH
  PacketTap* tap = nullptr;  // sees packets complete but for encryption and ICV
};

// The counter of an SA that counts for itself. The parameters have passed their check.
std::shared_ptr<SequenceSource> make_sequence(const OutboundParameters& parameters);

class OutboundSa {
 public:
  // Checks the parameters, then builds the SA. `source` gives the sequence numbers; without one the SA counts
  // for itself from parameters.last_sequence_number on.
  static Result<std::unique_ptr<OutboundSa>> make(OutboundParameters parameters,
                                                  const crypto::Provider& provider,
                                                  std::shared_ptr<SequenceSource> source = nullptr);
  ~OutboundSa();

  // Protects the packets in place, in order. Each is a whole IPv4 or IPv6 datagram whose buffer size is its
  // total length. At most largest_run packets. A packet larger than the path MTU allows is left clear:
  // packet_too_big.
  void protect(std::span<Outgoing> run, Instant now, const OutboundSeams& seams) noexcept;

  // The same for packets that another SA of a cluster has sent, under the numbers that they have there
  // (Outgoing::number): each SA sends a number once, so it must be above all that this one has sent;
  // number_used.
  void protect_again(std::span<Outgoing> run, Instant now, const OutboundSeams& seams) noexcept;

  // The same, for a dummy packet of `payload` octets of noise behind next header 59 (RFC 4303 2.6):
  // `outgoing.packet` is an empty buffer with room around it.
  void protect_dummy(Outgoing& outgoing, std::uint32_t payload, Instant now,
                     const OutboundSeams& seams) noexcept;

  const OutboundParameters& parameters() const { return *parameters_; }
  const LifetimeUse& use() const { return use_; }
  SequenceSource& sequence_source() { return *source_; }
  bool usable() const { return !use_.hard_reached && !exhausted_; }
  // True once when a limit was reached; whoever asks has to tell.
  bool take_soft_notice() { return use_.soft_reached && !std::exchange(use_.soft_told, true); }
  bool take_hard_notice() { return use_.hard_reached && !std::exchange(use_.hard_told, true); }
  bool take_exhaustion_notice() { return exhausted_ && !std::exchange(exhaustion_told_, true); }
  // Limits of time are reached without packets too.
  void on_time(Instant now) noexcept {
    use_.hard_reached |= now >= lifetime_.hard.until;
    use_.soft_reached |= use_.hard_reached || now >= lifetime_.soft.until;
  }
  bool exhausted() const { return exhausted_; }  // its sequence numbers are used up: a successor is needed
  std::uint32_t path_mtu() const { return path_mtu_; }
  // The ends have new addresses, or ports of UDP encapsulation where there is one. Numbers and keys go on.
  void move(const IpAddress& source, const IpAddress& destination,
            const std::optional<UdpEncapsulation>& udp);
  // From a verified or plausible ICMP message; protect() refuses packets that would not fit.
  void set_path_mtu(std::uint32_t path_mtu) { path_mtu_ = path_mtu; }
  // The largest clear packet that still fits the path.
  std::uint32_t largest_packet() const noexcept;
  std::uint64_t packets() const { return use_.packets; }
  std::uint64_t last_sent() const { return last_sent_; }       // the highest number
  std::optional<Instant> used_at() const { return used_at_; }  // its last packet; nothing: there was none
  // Octets of memory, without the key schedule that the provider holds.
  std::size_t memory_octets() const;

 private:
  struct Frame;
  struct Batch;
  OutboundSa(std::unique_ptr<OutboundParameters> parameters, std::shared_ptr<SequenceSource> source);
  Result<> make_esp(const crypto::Provider& provider);
  Result<> make_ah(const crypto::Provider& provider);
  Discard lay_out(const PacketBuffer& packet, Frame& frame) const noexcept;
  Discard finish_layout(const PacketBuffer& packet, Frame& frame) const noexcept;
  std::uint8_t* esp_frame(PacketBuffer& packet, const Frame& frame, std::uint64_t number) const noexcept;
  static void store_trailer(std::uint8_t* at, const Frame& frame) noexcept;
  void move_ip_header(const PacketBuffer& packet, const Frame& frame, std::uint32_t room) const noexcept;
  void lay_out_all(Batch& batch, std::span<Outgoing> run) const noexcept;
  void seal(Batch& batch, std::span<Outgoing> run, const OutboundSeams& seams) noexcept;
  void charge(Batch& batch, std::span<Outgoing> run, Instant now, const OutboundSeams& seams) noexcept;
  void number(Batch& batch, std::span<Outgoing> run) noexcept;
  void keep_unsent_numbers(Batch& batch, std::span<Outgoing> run) noexcept;
  void seal_esp(Batch& batch, std::span<Outgoing> run, const OutboundSeams& seams) noexcept;
  void seal_ah(Batch& batch, std::span<Outgoing> run, const OutboundSeams& seams) noexcept;

  SequenceSource* source_;
  std::uint64_t last_sent_ = 0;  // the highest number
  std::optional<Instant> used_at_;
  Spi spi_;
  Mode mode_;
  bool exhausted_ = false;
  bool exhaustion_told_ = false;
  std::uint8_t udp_octets_;          // 8 where encapsulated
  std::uint8_t trailer_octets_ = 0;  // ESP: pad length and next header
  std::uint32_t head_octets_ = 0;    // between IP (or UDP) header and payload: ESP header and IV, or AH
  std::uint32_t icv_octets_ = 0;     // behind the payload
  std::uint32_t pad_multiple_ = 1;
  std::uint32_t path_mtu_;
  std::uint32_t tfc_multiple_;
  OuterHeader outer_;
  std::optional<EspCipher> esp_;
  Lifetime lifetime_;
  LifetimeUse use_;
  std::unique_ptr<AhSide> ah_;
  std::unique_ptr<OutboundParameters> parameters_;
  std::shared_ptr<SequenceSource> owned_source_;
};

}  // namespace mpsec::ipsec
