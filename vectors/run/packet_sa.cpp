#include "vectors/run/packet_sa.hpp"

#include <fmt/format.h>

#include "vectors/run/choice.hpp"
#include "wire/header_walk.hpp"
#include "wire/in_place.hpp"
#include "wire/ipv4.hpp"
#include "wire/ipv6.hpp"
#include "wire/udp.hpp"

namespace mpsec::vectors {
namespace {

using Failure = std::unexpected<Outcome>;
using wire::Ipv4Header;
using wire::Ipv6Header;
using wire::UdpHeader;

Failure lacks(const crypto::Provider& provider, std::string_view transform) {
  return Failure(Outcome::not_run(NotRunnable::Cause::unsupported,
                                  fmt::format("{} has no {}", provider.name(), transform)));
}

SecretOctets key_and_salt(const PacketTransform& transform) {
  Octets key = transform.key;
  append(key, transform.salt);
  return SecretOctets(std::move(key));
}

// What the sender chose for the outer header: addresses, hop limit, DSCP, DF, ports.
void take_outer(OctetView packet, ipsec::SaParameters& sa) {
  const auto walk = wire::walk_headers(packet);
  if (!walk) return;
  const std::uint8_t* ip = packet.data();
  if (walk->version == IpVersion::v4) {
    sa.source = IpAddress::v4(ip + wire::offset_of<&Ipv4Header::source>);
    sa.destination = IpAddress::v4(ip + wire::offset_of<&Ipv4Header::destination>);
    sa.tunnel.hop_limit = wire::load<&Ipv4Header::ttl>(ip);
    sa.tunnel.dscp = wire::load<&Ipv4Header::dscp>(ip);
    const bool df = (wire::load<&Ipv4Header::flags>(ip) & Ipv4Header::dont_fragment) != 0;
    sa.tunnel.dont_fragment = df ? ipsec::DontFragment::set : ipsec::DontFragment::clear;
  } else {
    sa.source = IpAddress::v6(ip + wire::offset_of<&Ipv6Header::source>);
    sa.destination = IpAddress::v6(ip + wire::offset_of<&Ipv6Header::destination>);
    sa.tunnel.hop_limit = wire::load<&Ipv6Header::hop_limit>(ip);
    sa.tunnel.dscp = wire::load<&Ipv6Header::dscp>(ip);
  }
  if (!sa.udp || walk->upper_length() < 8) return;
  sa.udp->source_port = wire::load<&UdpHeader::source_port>(ip + walk->upper_at);
  sa.udp->destination_port = wire::load<&UdpHeader::destination_port>(ip + walk->upper_at);
}

std::expected<void, Outcome> take_encryption(const PacketCase& packet, const Expectation& expectation,
                                             const crypto::Provider& provider, ipsec::SaParameters& sa) {
  if (!packet.encryption) return {};
  const auto choice = choose_encryption(packet.encryption->algorithm, packet.encryption->icv_size);
  if (!choice) return Failure(judge_refusal(expectation, choice.error()));
  if (!provider.supports(**choice)) return lacks(provider, (*choice)->name);
  sa.encryption = (*choice)->id;
  sa.encryption_key = key_and_salt(*packet.encryption);
  return {};
}

std::expected<void, Outcome> take_integrity(const PacketCase& packet, const Expectation& expectation,
                                            const crypto::Provider& provider, ipsec::SaParameters& sa) {
  const bool combined = packet.encryption && packet.encryption->icv_size != 0;
  sa.allow_no_integrity = !packet.integrity && !combined;
  if (!packet.integrity) return {};
  const PacketTransform& integrity = *packet.integrity;
  const auto choice = choose_integrity(integrity.algorithm, integrity.icv_size, integrity.key.size());
  if (!choice) return Failure(judge_refusal(expectation, choice.error()));
  if (!provider.supports(**choice)) return lacks(provider, (*choice)->name);
  sa.integrity = (*choice)->id;
  sa.integrity_key = key_and_salt(integrity);
  return {};
}

}  // namespace

std::expected<ipsec::SaParameters, Outcome> sa_of(const PacketCase& packet, const Expectation& expectation,
                                                  const crypto::Provider& provider) {
  ipsec::SaParameters sa;
  sa.protocol = packet.protocol == PacketCase::Protocol::ah ? ipsec::Protocol::ah : ipsec::Protocol::esp;
  sa.mode = packet.mode == Mode::tunnel ? ipsec::Mode::tunnel : ipsec::Mode::transport;
  sa.spi = packet.spi;
  sa.allow_reserved_spi = true;
  sa.extended_sequence_numbers = packet.extended_sequence_numbers;
  if (packet.udp_encapsulation) sa.udp = ipsec::UdpEncapsulation{};
  take_outer(packet.protected_packet, sa);
  if (auto taken = take_encryption(packet, expectation, provider, sa); !taken) return Failure(taken.error());
  if (auto taken = take_integrity(packet, expectation, provider, sa); !taken) return Failure(taken.error());
  return sa;
}

}  // namespace mpsec::vectors
