// Pairs of SAs and packets for the tests and benchmarks of this folder.
#pragma once

#include <fmt/format.h>
#include <memory>

#include "base/rng.hpp"
#include "ipsec/ah_authenticator.hpp"
#include "ipsec/arrival.hpp"
#include "ipsec/inbound_sa.hpp"
#include "ipsec/outbound_sa.hpp"
#include "wire/checksum.hpp"
#include "wire/codec.hpp"
#include "wire/ipv4.hpp"
#include "wire/ipv6.hpp"
#include "wire/udp.hpp"

namespace mpsec::ipsec::test {

// Everything that both ends of an SA agree on; keys are derived from `seed`.
struct SaPlan {
  Protocol protocol = Protocol::esp;
  Mode mode = Mode::tunnel;
  crypto::EncryptionId encryption = crypto::EncryptionId::aes_gcm_16;
  std::size_t key_octets = 16;  // without salt
  crypto::IntegrityId integrity = crypto::IntegrityId::none;
  bool extended = false;
  bool udp = false;
  bool outer_v6 = false;
  std::uint32_t window = 64;
  std::uint64_t seed = 1;
};

inline void fill(SaParameters& parameters, const SaPlan& plan) {
  parameters.protocol = plan.protocol;
  parameters.mode = plan.mode;
  parameters.spi = Spi{0x1000};
  parameters.source = ip(plan.outer_v6 ? "2001:db8::1" : "192.0.2.1");
  parameters.destination = ip(plan.outer_v6 ? "2001:db8::2" : "192.0.2.2");
  if (plan.udp) parameters.udp = UdpEncapsulation{};
  SeededRng rng(plan.seed);
  if (plan.protocol == Protocol::esp) {
    parameters.encryption = plan.encryption;
    const auto transform = crypto::find(plan.encryption);
    Octets key(plan.key_octets + (*transform)->salt_octets);
    rng.fill(key);
    parameters.encryption_key = SecretOctets(std::move(key));
  }
  parameters.integrity = plan.integrity;
  if (plan.integrity != crypto::IntegrityId::none) {
    const auto transform = crypto::find(plan.integrity);
    Octets key((*transform)->key_octets + (*transform)->salt_octets);
    rng.fill(key);
    parameters.integrity_key = SecretOctets(std::move(key));
  }
  parameters.extended_sequence_numbers = plan.extended;
}

inline OutboundParameters outbound_parameters(const SaPlan& plan) {
  OutboundParameters parameters;
  fill(parameters, plan);
  parameters.path_mtu = 65535;
  return parameters;
}

inline InboundParameters inbound_parameters(const SaPlan& plan) {
  InboundParameters parameters;
  fill(parameters, plan);
  parameters.replay_window = plan.window;
  return parameters;
}

// A whole UDP datagram with `payload` octets, its checksums right.
inline Octets udp_packet(bool v6, std::size_t payload, std::uint8_t traffic_class = 0) {
  const IpAddress from = ip(v6 ? "2001:db8:1::1" : "198.51.100.1"),
                  to = ip(v6 ? "2001:db8:2::1" : "203.0.113.1");
  wire::UdpHeader udp;
  udp.source_port = 1111, udp.destination_port = 2222;
  udp.length = static_cast<std::uint16_t>(8 + payload);
  Octets upper = wire::encode(udp);
  for (std::size_t i = 0; i < payload; ++i)
    upper.push_back(static_cast<std::uint8_t>(i * 7 + 1));
  auto sum =
      wire::pseudo_header_sum(from.octets(), to.octets(), 17, static_cast<std::uint32_t>(upper.size()));
  store_be(upper.data() + 6, wire::udp_checksum_on_wire(sum.add(upper).checksum()));
  Octets packet;
  if (v6) {
    wire::Ipv6Header header;
    header.dscp = traffic_class >> 2, header.ecn = traffic_class & 3;
    header.payload_length = udp.length, header.next_header = 17;
    std::ranges::copy(from.octets(), header.source.begin());
    std::ranges::copy(to.octets(), header.destination.begin());
    packet = wire::encode(header);
  } else {
    wire::Ipv4Header header;
    header.dscp = traffic_class >> 2, header.ecn = traffic_class & 3;
    header.total_length = static_cast<std::uint16_t>(20 + udp.length), header.protocol = 17;
    std::ranges::copy(from.octets(), header.source.begin());
    std::ranges::copy(to.octets(), header.destination.begin());
    header.checksum = wire::internet_checksum(wire::encode(header));
    packet = wire::encode(header);
  }
  append(packet, upper);
  return packet;
}

// Two ends of one SA, each with the seams' standard parts.
class SaPair {
 public:
  SaPair(const SaPlan& plan, const crypto::Provider& provider)
      : SaPair(outbound_parameters(plan), inbound_parameters(plan), provider) {}
  SaPair(OutboundParameters out, InboundParameters in, const crypto::Provider& provider,
         std::shared_ptr<AntiReplay> window = nullptr)
      : out_(OutboundSa::make(std::move(out), provider).value()),
        in_(InboundSa::make(std::move(in), provider, std::move(window)).value()) {}

  OutboundSa& out() { return *out_; }
  InboundSa& in() { return *in_; }

  Outgoing protect(HeldPacket& packet, Instant now = {}) {
    Outgoing outgoing{.packet = packet.buffer()};
    out_->protect({&outgoing, 1}, now, {rng_, lifetime_, ah_, tap_});
    packet.buffer() = outgoing.packet;
    return outgoing;
  }
  Octets protect(OctetView clear, Instant now = {}) {
    HeldPacket held(clear, default_headroom, 2048);
    const Outgoing outgoing = protect(held, now);
    return outgoing.discard == Discard::none ? held.octets() : Octets{};
  }
  struct Received {
    Discard discard = Discard::none;
    Octets packet;
    std::uint64_t number = 0;
  };
  Received receive(OctetView datagram, Instant now = {}) {
    HeldPacket held(datagram);
    SealedPacket sealed;
    const Arrival arrival = look_at(held.buffer(), sealed);
    if (arrival.kind != Arrival::Kind::sealed) return {arrival.discard, {}, 0};
    InboundSa::Accepted accepted;
    Discard discard{};
    in_->receive({&sealed, 1}, now, {lifetime_, policy_, ah_, tap_}, accepted, {&discard, 1});
    if (accepted.empty()) return {discard, {}, 0};
    const auto clear = accepted[0].packet().view();
    return {discard, Octets(clear.begin(), clear.end()), accepted[0].number()};
  }
  void tap(PacketTap* tap) { tap_ = tap; }

 private:
  SeededRng rng_{42};
  StandardLifetimePolicy lifetime_;
  StandardInboundPolicy policy_;
  AhAuthenticator ah_;
  PacketTap* tap_ = nullptr;
  std::unique_ptr<OutboundSa> out_;
  std::unique_ptr<InboundSa> in_;
};

}  // namespace mpsec::ipsec::test
