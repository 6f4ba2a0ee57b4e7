// Packets and a keyed pair of ends for the tests of AH.
#pragma once

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "crypto/openssl/openssl_provider.hpp"
#include "ipsec/ah_authenticator.hpp"
#include "ipsec/ah_field_matrix.hpp"
#include "ipsec/decapsulation.hpp"
#include "wire/codec.hpp"
#include "wire/header_build.hpp"
#include "wire/protocol.hpp"

namespace mpsec::ipsec::ah_test {

using namespace wire;

// An IPv4 packet with these options (padded with zeros to 4 octets), UDP announced, checksum right.
inline Octets ipv4_packet(OctetView options, OctetView payload, std::uint8_t number = protocol::udp) {
  Octets packet = hex("45b8 0000 1c46 4000 4000 0000 c0000201 c6336402");
  append(packet, options);
  packet.resize((packet.size() + 3) / 4 * 4);
  const std::size_t header_octets = packet.size();
  store<&Ipv4Header::ihl>(packet.data(), static_cast<std::uint8_t>(header_octets / 4));
  append(packet, payload);
  store<&Ipv4Header::total_length>(packet.data(), static_cast<std::uint16_t>(packet.size()));
  store<&Ipv4Header::protocol>(packet.data(), number);
  store_ipv4_checksum(packet.data(), header_octets);
  return packet;
}

// An extension header, its first octet still open.
struct Extension {
  std::uint8_t number;
  Octets octets;
};

inline Octets ipv6_packet(const std::vector<Extension>& extensions, OctetView payload,
                          std::uint8_t number = protocol::udp) {
  Octets packet =
      hex("6b81 2345 0000 00 40 20010db8000000000000000000000001 20010db8000000000000000000000002");
  std::size_t named_at = offset_of<&Ipv6Header::next_header>;
  for (const Extension& extension : extensions) {
    packet[named_at] = extension.number;
    named_at = packet.size();
    append(packet, extension.octets);
  }
  packet[named_at] = number;
  append(packet, payload);
  store<&Ipv6Header::payload_length>(packet.data(), static_cast<std::uint16_t>(packet.size() - 40));
  return packet;
}

// Options (in hexadecimal) as a hop-by-hop or destination options header, padded with Pad1.
inline Extension options_header(std::uint8_t number, std::string_view options) {
  Octets octets = hex("0000");
  append(octets, hex(options));
  octets.resize((octets.size() + 7) / 8 * 8);
  octets[1] = static_cast<std::uint8_t>(octets.size() / 8 - 1);
  return {number, octets};
}

// A routing header over the addresses 2001:db8::a1, ::a2, ...
inline Extension routing_header(std::uint8_t type, std::size_t addresses, std::uint8_t segments_left) {
  Octets octets{0, static_cast<std::uint8_t>(addresses * 2), type, segments_left, 0, 0, 0, 0};
  for (std::size_t i = 1; i <= addresses; ++i) {
    append(octets, hex("20010db80000000000000000000000"));
    octets.push_back(static_cast<std::uint8_t>(0xa0 + i));
  }
  return {protocol::routing, octets};
}

// A fragment header with this offset and M, the identification 0x01020304.
inline Extension fragment_header(std::uint16_t offset_and_more = 0) {
  Octets octets = hex("0000 0000 01020304");
  store_be(&octets[2], offset_and_more);
  return {protocol::fragment, octets};
}

// Options for RapidCheck: lawful ones of every kind, in any order, as many as fit.
inline Octets some_ipv4_options() {
  Octets options;
  for (const AhOption& option :
       *rc::gen::container<std::vector<AhOption>>(rc::gen::elementOf(ah_ipv4_options))) {
    const Octets octets = hex(option.octets);
    const bool is_route = octets[0] == ipv4_option::loose_source_route ||
                          octets[0] == ipv4_option::strict_source_route;  // at most one is lawful
    if (options.size() + octets.size() <= 40 && (!is_route || options.empty())) append(options, octets);
  }
  return options;
}

inline std::string some_ipv6_options() {
  std::string options;
  for (const AhOption& option :
       *rc::gen::container<std::vector<AhOption>>(rc::gen::elementOf(ah_ipv6_options)))
    options += option.octets;
  return options;
}

// Extension headers that may stand before AH, in any order that is lawful.
inline std::vector<Extension> some_extensions() {
  std::vector<Extension> extensions;
  const auto maybe = [&](auto make) {
    if (*rc::gen::arbitrary<bool>()) extensions.push_back(make());
  };
  maybe([] { return options_header(protocol::hop_by_hop, some_ipv6_options()); });
  maybe([] { return options_header(protocol::destination_options, some_ipv6_options()); });
  maybe([] {
    const auto addresses = *rc::gen::inRange<std::size_t>(1, 5);
    return routing_header(0, addresses,
                          *rc::gen::inRange<std::uint8_t>(0, static_cast<std::uint8_t>(addresses + 1)));
  });
  maybe([] { return options_header(protocol::destination_options, some_ipv6_options()); });
  maybe([] { return fragment_header(); });
  maybe([] { return options_header(protocol::destination_options, some_ipv6_options()); });
  return extensions;
}

inline const Octets payload = hex("1111 2222 0010 0000 cafe0123 4567 89ab");

// A sender and a receiver that share a key.
struct Ends {
  AhLayout layout;
  std::unique_ptr<crypto::Mac> mac;
  AhAuthenticator authenticator;

  explicit Ends(crypto::IntegrityId id = crypto::IntegrityId::hmac_sha2_256_128, bool extended = false,
                OctetView key = {}) {
    const crypto::IntegrityTransform& transform = *crypto::find(id).value();
    const Octets usual(transform.key_octets + transform.salt_octets, 0x5a);
    layout = AhLayout::of(transform, extended);
    mac = crypto::make_openssl_provider()->mac(transform, key.empty() ? OctetView(usual) : key).value();
  }

  // The packet with AH and ICV; fails the test where that cannot be.
  Octets sealed(OctetView packet, std::uint64_t number = 1, Spi spi = Spi(0x100)) {
    HeldPacket held(packet);
    const auto place = ah_encapsulate(held.buffer(), layout, spi, number);
    if (!place) {
      ADD_FAILURE() << to_string(place.error());
      return {};
    }
    AhJob job{.packet = held.buffer().writable(), .place = *place, .number = number};
    authenticator.sign(*mac, layout, {&job, 1});
    EXPECT_EQ(job.discard, Discard::none);
    return held.octets();
  }

  // What the receiver says. Its high half is `number`'s.
  Discard judged(Octets packet, std::uint64_t number = 1) {
    const auto place = ah_locate(packet);
    if (!place) return place.error();
    const Octets before = packet;
    AhJob job{.packet = packet, .place = *place, .number = number};
    authenticator.verify(*mac, layout, {&job, 1});
    EXPECT_EQ(packet, before) << "verifying leaves a packet as it was";
    return job.discard;
  }
};

// What the receiver makes of a packet with AH in it.
inline Octets stripped(OctetView packet) {
  HeldPacket held(packet);
  const AhPlace place = ah_locate(packet).value();
  restore_transport(held.buffer(), place.at, place.named_at, place.end(),
                    static_cast<std::uint32_t>(packet.size()) - place.end(), packet[place.at]);
  return held.octets();
}
inline std::expected<Octets, Discard> inner_of(OctetView packet) {
  HeldPacket held(packet);
  const AhPlace place = ah_locate(packet).value();
  const wire::PlainHead head = wire::plain_head(packet.subspan(place.end()));
  const Discard cause =
      take_inner(held.buffer(), place.end(), static_cast<std::uint32_t>(packet.size()) - place.end(), head,
                 packet[place.at], 0);
  if (cause != Discard::none) return std::unexpected(cause);
  return held.octets();
}

}  // namespace mpsec::ipsec::ah_test
