// Small packets for tests, made from the declarations.
#pragma once

#include <algorithm>

#include "wire/codec.hpp"
#include "wire/header_build.hpp"
#include "wire/icmp.hpp"
#include "wire/icmpv6.hpp"
#include "wire/ipv6_fragment.hpp"
#include "wire/protocol.hpp"

namespace mpsec::ipsec::test {

// 0, 1, 2 ..., and not the same again after 256.
inline Octets counting(std::size_t size) {
  Octets octets(size);
  for (std::size_t i = 0; i < size; ++i)
    octets[i] = static_cast<std::uint8_t>(i + i / 256);
  return octets;
}

struct Ipv4Fields {
  Octets options{};  // a multiple of 4 octets
  std::uint8_t flags = 0;
  std::uint16_t offset = 0;  // in units of 8 octets
  std::uint8_t protocol = wire::protocol::udp;
  std::uint16_t identification = 0xbeef;
  std::uint8_t ecn = 0;
};

// From 192.0.2.1 to 198.51.100.2.
inline Octets ipv4(OctetView payload, const Ipv4Fields& fields = {}) {
  wire::Ipv4Header header;
  header.ihl = static_cast<std::uint8_t>(5 + fields.options.size() / 4);
  header.ecn = fields.ecn;
  header.total_length = static_cast<std::uint16_t>(20 + fields.options.size() + payload.size());
  header.identification = fields.identification;
  header.flags = fields.flags;
  header.fragment_offset = fields.offset;
  header.protocol = fields.protocol;
  header.source = {192, 0, 2, 1};
  header.destination = {198, 51, 100, 2};
  Octets packet = wire::encode(header);
  append(packet, fields.options);
  wire::store_ipv4_checksum(packet.data(), packet.size());
  append(packet, payload);
  return packet;
}

// From 2001:db8::1 to 2001:db8::2: `chain` begins with a header of number `next`.
inline Octets ipv6(std::uint8_t next, OctetView chain, std::uint8_t ecn = 0) {
  wire::Ipv6Header header;
  header.ecn = ecn;
  header.next_header = next;
  header.payload_length = static_cast<std::uint16_t>(chain.size());
  header.source = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  header.destination = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2};
  Octets packet = wire::encode(header);
  append(packet, chain);
  return packet;
}

// A fragment header, and the payload behind it.
inline Octets fragment_chain(const wire::FragmentHeader& header, OctetView payload) {
  Octets chain = wire::encode(header);
  append(chain, payload);
  return chain;
}

// What a router sends about `quoted`, of which it quotes so many octets; the checksums are right.
inline Octets too_big_message_v4(OctetView quoted, std::uint32_t mtu, std::size_t octets = 1500) {
  const OctetView part = quoted.first(std::min(octets, quoted.size()));
  wire::Icmp icmp;
  icmp.type = wire::Icmp::destination_unreachable;
  icmp.code = wire::Icmp::fragmentation_needed;
  icmp.next_hop_mtu = static_cast<std::uint16_t>(mtu);
  icmp.data.assign(part.begin(), part.end());
  Octets message = wire::encode(icmp);
  store_be(message.data() + 2, wire::internet_checksum(message));
  return ipv4(message, {.protocol = wire::protocol::icmp});
}
inline Octets too_big_message_v6(OctetView quoted, std::uint32_t mtu, std::size_t octets = 1500) {
  const OctetView part = quoted.first(std::min(octets, quoted.size()));
  wire::Icmpv6 icmp;
  icmp.type = wire::Icmpv6::packet_too_big;
  icmp.mtu = mtu;
  icmp.data.assign(part.begin(), part.end());
  const Octets message = wire::encode(icmp);
  Octets packet = ipv6(wire::protocol::icmpv6, message);
  const OctetView addresses = OctetView(packet).subspan(8, 32);
  auto sum = wire::pseudo_header_sum(addresses.first(16), addresses.last(16), wire::protocol::icmpv6,
                                     static_cast<std::uint32_t>(message.size()));
  store_be(packet.data() + 42, sum.add(message).checksum());
  return packet;
}
// The one of the quoted packet's version.
inline Octets too_big_message(OctetView quoted, std::uint32_t mtu, std::size_t octets = 1500) {
  return quoted[0] >> 4 == 6 ? too_big_message_v6(quoted, mtu, octets)
                             : too_big_message_v4(quoted, mtu, octets);
}

}  // namespace mpsec::ipsec::test
