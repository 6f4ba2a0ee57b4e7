// The packet path's way to write simple headers where they will lie: an IPv4 header without options, an IPv6
// header, a UDP header; and to change what encapsulation changes in a header that is there.
#pragma once

#include "wire/checksum.hpp"
#include "wire/in_place.hpp"
#include "wire/ipv4.hpp"
#include "wire/ipv6.hpp"
#include "wire/udp.hpp"

namespace mpsec::wire {

inline constexpr std::size_t ipv4_header_size = 20, ipv6_header_size = 40, udp_header_size = 8;

struct Ipv4Build {
  std::array<std::uint8_t, 4> source{};
  std::array<std::uint8_t, 4> destination{};
  std::uint8_t protocol = 0;
  std::uint8_t ttl = 64;
  std::uint8_t traffic_class = 0;  // DSCP and ECN, as the octet on the wire
  bool dont_fragment = false;
  std::uint16_t identification = 0;
  std::uint16_t total_length = ipv4_header_size;
};

struct Ipv6Build {
  std::array<std::uint8_t, 16> source{};
  std::array<std::uint8_t, 16> destination{};
  std::uint8_t next_header = 0;
  std::uint8_t hop_limit = 64;
  std::uint8_t traffic_class = 0;  // DSCP and ECN, as the octet in IPv4
  std::uint32_t flow_label = 0;
  std::uint16_t payload_length = 0;
};

// Computes the checksum of the IPv4 header at `at`, which is `header_length` octets long, and puts it there.
inline void store_ipv4_checksum(std::uint8_t* at, std::size_t header_length) noexcept {
  store<&Ipv4Header::checksum>(at, 0);
  store<&Ipv4Header::checksum>(at, internet_checksum({at, header_length}));
}

// Writes ipv4_header_size octets at `at`, checksum included. Each word is summed as it is known: reading it
// back from where it was just written would stall.
inline void store_ipv4_header(std::uint8_t* at, const Ipv4Build& build) noexcept {
  constexpr std::uint16_t version_and_ihl = 0x4500, dont_fragment = 0x4000;
  const auto first = static_cast<std::uint16_t>(version_and_ihl | build.traffic_class);
  const std::uint16_t flags = build.dont_fragment ? dont_fragment : 0;
  const auto ttl_and_protocol = static_cast<std::uint16_t>(build.ttl << 8 | build.protocol);
  OnesComplementSum sum;
  sum.add(first).add(build.total_length).add(build.identification).add(flags).add(ttl_and_protocol);
  sum.add(build.source).add(build.destination);
  store_be(at, first);
  store<&Ipv4Header::total_length>(at, build.total_length);
  store<&Ipv4Header::identification>(at, build.identification);
  store_be(at + offset_of<&Ipv4Header::flags>, flags);
  store_be(at + offset_of<&Ipv4Header::ttl>, ttl_and_protocol);
  store<&Ipv4Header::checksum>(at, sum.checksum());
  store<&Ipv4Header::source>(at, build.source);
  store<&Ipv4Header::destination>(at, build.destination);
}

// Writes ipv6_header_size octets at `at`.
inline void store_ipv6_header(std::uint8_t* at, const Ipv6Build& build) noexcept {
  store_be<std::uint32_t>(
      at, 0x6000'0000u | std::uint32_t{build.traffic_class} << 20 | (build.flow_label & 0xf'ffff));
  store<&Ipv6Header::payload_length>(at, build.payload_length);
  store<&Ipv6Header::next_header>(at, build.next_header);
  store<&Ipv6Header::hop_limit>(at, build.hop_limit);
  store<&Ipv6Header::source>(at, build.source);
  store<&Ipv6Header::destination>(at, build.destination);
}

// Writes udp_header_size octets at `at`. `length` counts them too.
inline void store_udp_header(std::uint8_t* at, std::uint16_t source_port, std::uint16_t destination_port,
                             std::uint16_t length, std::uint16_t checksum = 0) noexcept {
  store<&UdpHeader::source_port>(at, source_port);
  store<&UdpHeader::destination_port>(at, destination_port);
  store<&UdpHeader::length>(at, length);
  store<&UdpHeader::checksum>(at, checksum);
}

// Gives the IPv4 header at `at` another protocol and total length, and repairs its checksum by the
// difference: a header that was wrong before stays as wrong.
inline void change_ipv4_payload(std::uint8_t* at, std::uint8_t protocol,
                                std::uint16_t total_length) noexcept {
  constexpr std::size_t ttl_and_protocol = offset_of<&Ipv4Header::ttl>;
  const auto before = load_be<std::uint16_t>(at + ttl_and_protocol);
  std::uint16_t checksum = load<&Ipv4Header::checksum>(at);
  checksum = updated_checksum(checksum, load<&Ipv4Header::total_length>(at), total_length);
  store<&Ipv4Header::total_length>(at, total_length);
  store<&Ipv4Header::protocol>(at, protocol);
  checksum = updated_checksum(checksum, before, load_be<std::uint16_t>(at + ttl_and_protocol));
  store<&Ipv4Header::checksum>(at, checksum);
}

}  // namespace mpsec::wire
