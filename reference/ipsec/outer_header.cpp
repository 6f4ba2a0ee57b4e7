#include "ipsec/outer_header.hpp"

#include <algorithm>
#include <cstring>

#include "wire/codec.hpp"
#include "wire/in_place.hpp"
#include "wire/ipv4.hpp"
#include "wire/ipv6.hpp"
#include "wire/protocol.hpp"
#include "wire/udp.hpp"

namespace mpsec::ipsec {

using wire::Ipv4Header;
using wire::Ipv6Header;
using wire::UdpHeader;

namespace {

constexpr std::uint32_t ipv4_octets = 20, ipv6_octets = 40, udp_octets = 8;
constexpr std::uint16_t dont_fragment_bit = 0x4000;

std::uint32_t sum_of_words(OctetView octets) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < octets.size(); i += 2)
    sum += load_be<std::uint16_t>(octets.data() + i);
  return sum;
}

// Without the protocol, which store() puts in.
Octets ip_header(const SaParameters& parameters) {
  if (parameters.source.is_v4()) {
    Ipv4Header header;
    header.ttl = parameters.tunnel.hop_limit;
    std::ranges::copy(parameters.source.octets(), header.source.begin());
    std::ranges::copy(parameters.destination.octets(), header.destination.begin());
    return wire::encode(header);
  }
  Ipv6Header header;
  header.hop_limit = parameters.tunnel.hop_limit;
  std::ranges::copy(parameters.source.octets(), header.source.begin());
  std::ranges::copy(parameters.destination.octets(), header.destination.begin());
  return wire::encode(header);
}

}  // namespace

OuterHeader::OuterHeader(const SaParameters& parameters)
    : protocol_(parameters.udp ? wire::protocol::udp : static_cast<std::uint8_t>(parameters.protocol)),
      v4_(parameters.source.is_v4()),
      udp_(parameters.udp.has_value()),
      ecn_(parameters.tunnel.ecn),
      dont_fragment_(parameters.tunnel.dont_fragment),
      dscp_(parameters.tunnel.dscp) {
  if (parameters.tunnel.dscp_map) dscp_map_ = std::make_unique<const DscpMap>(*parameters.tunnel.dscp_map);
  Octets header = ip_header(parameters);
  if (v4_) checksum_base_ = sum_of_words(header);
  if (udp_) {
    //= rfc3948/2.1/udp-checksum-is-sent-as-zero
    append(header, wire::encode(UdpHeader{.source_port = parameters.udp->source_port,
                                          .destination_port = parameters.udp->destination_port,
                                          .length = 0}));
  }
  std::ranges::copy(header, octets_.begin());
  size_ = static_cast<std::uint8_t>(header.size());
}

std::uint8_t OuterHeader::traffic_class(const InnerFields& inner) const noexcept {
  const auto ecn = outer_ecn(static_cast<Ecn>(inner.traffic_class & 3), ecn_);
  const auto inner_dscp = static_cast<std::uint8_t>(inner.traffic_class >> 2);
  //= rfc4301/4.4.2.1/dscp-bypassed-or-mapped
  const std::uint8_t dscp = dscp_map_ ? (*dscp_map_)[inner_dscp] : outer_dscp(inner_dscp, dscp_);
  return static_cast<std::uint8_t>(dscp << 2 | static_cast<std::uint8_t>(ecn));
}

//= rfc4301/5.1.2/outer-header-is-constructed
void OuterHeader::store(std::uint8_t* at, const InnerFields& inner, std::uint32_t total,
                        std::uint16_t identification, std::uint8_t protocol) const noexcept {
  const std::uint8_t tos = traffic_class(inner);
  if (v4_) {
    //= rfc4301/8.1/dont-fragment-copied-set-or-cleared
    const bool df = dont_fragment_ == DontFragment::set ||
                    (dont_fragment_ == DontFragment::copy && inner.v4 && inner.dont_fragment);
    store_v4(at, tos, df, total, identification, protocol);
  } else {
    store_v6(at, tos, inner.v4 ? 0 : inner.flow_label, total, protocol);
  }
  if (!udp_) return;
  const std::uint32_t ip_octets = v4_ ? ipv4_octets : ipv6_octets;
  std::memcpy(at + ip_octets, octets_.data() + ip_octets, udp_octets);
  wire::store<&UdpHeader::length>(at + ip_octets, static_cast<std::uint16_t>(total - ip_octets));
}

// Copies of a size that the compiler knows are a few moves; any other is a loop that takes longer to start
// than the whole header takes to store.
void OuterHeader::store_v6(std::uint8_t* at, std::uint8_t traffic_class, std::uint32_t flow_label,
                           std::uint32_t total, std::uint8_t protocol) const noexcept {
  std::memcpy(at, octets_.data(), ipv6_octets);
  store_be(at, std::uint32_t{6} << 28 | std::uint32_t{traffic_class} << 20 | flow_label);
  wire::store<&Ipv6Header::next_header>(at, protocol);
  wire::store<&Ipv6Header::payload_length>(at, static_cast<std::uint16_t>(total - ipv6_octets));
}

void OuterHeader::store_v4(std::uint8_t* at, std::uint8_t traffic_class, bool dont_fragment,
                           std::uint32_t total, std::uint16_t identification,
                           std::uint8_t protocol) const noexcept {
  const std::uint16_t flags = dont_fragment ? dont_fragment_bit : std::uint16_t{0};
  std::memcpy(at, octets_.data(), ipv4_octets);
  at[1] = traffic_class;
  wire::store<&Ipv4Header::total_length>(at, static_cast<std::uint16_t>(total));
  wire::store<&Ipv4Header::identification>(at, identification);
  store_be(at + wire::offset_of<&Ipv4Header::flags>, flags);
  wire::store<&Ipv4Header::protocol>(at, protocol);
  std::uint32_t sum = checksum_base_ + traffic_class + total + identification + flags + protocol;
  sum = (sum >> 16) + (sum & 0xffff);
  sum = (sum >> 16) + (sum & 0xffff);
  wire::store<&Ipv4Header::checksum>(at, static_cast<std::uint16_t>(~sum));
}

}  // namespace mpsec::ipsec
