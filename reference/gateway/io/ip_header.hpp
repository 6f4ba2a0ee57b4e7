// An IP header of either version, where only addresses and a few fields matter.
#pragma once

#include <algorithm>

#include "base/ip_address.hpp"
#include "wire/header_build.hpp"

namespace mpsec::gateway {

struct IpHeader {
  IpAddress source, destination;  // of one version
  std::uint8_t protocol = 0;
  std::uint8_t traffic_class = 0;
  bool dont_fragment = false;        // IPv4
  std::uint16_t identification = 0;  // IPv4
  std::size_t payload_octets = 0;    // behind the header
};

constexpr std::size_t ip_header_size(IpVersion version) {
  return version == IpVersion::v4 ? wire::ipv4_header_size : wire::ipv6_header_size;
}

// Writes ip_header_size() octets.
inline void store_ip_header(std::uint8_t* at, const IpHeader& header) {
  if (header.source.is_v4()) {
    wire::Ipv4Build build{
        .protocol = header.protocol,
        .traffic_class = header.traffic_class,
        .dont_fragment = header.dont_fragment,
        .identification = header.identification,
        .total_length = static_cast<std::uint16_t>(wire::ipv4_header_size + header.payload_octets)};
    std::ranges::copy(header.source.octets(), build.source.begin());
    std::ranges::copy(header.destination.octets(), build.destination.begin());
    wire::store_ipv4_header(at, build);
  } else {
    wire::Ipv6Build build{.next_header = header.protocol,
                          .traffic_class = header.traffic_class,
                          .payload_length = static_cast<std::uint16_t>(header.payload_octets)};
    std::ranges::copy(header.source.octets(), build.source.begin());
    std::ranges::copy(header.destination.octets(), build.destination.begin());
    wire::store_ipv6_header(at, build);
  }
}

}  // namespace mpsec::gateway
