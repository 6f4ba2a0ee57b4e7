// Small packets for tests, made from the declarations.
#pragma once

#include "wire/codec.hpp"
#include "wire/header_build.hpp"
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

}  // namespace mpsec::ipsec::test
