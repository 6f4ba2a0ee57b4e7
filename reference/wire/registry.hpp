// Which headers the codec knows: one line each. Dispatch (packet.cpp), the test of its samples
// (registry_test.cpp) and the fuzz target (fuzz/targets/wire_header.cpp) come from this list, so none of them
// can forget a header.
#pragma once

#include <variant>

#include "wire/ah.hpp"
#include "wire/esp.hpp"
#include "wire/icmp.hpp"
#include "wire/icmpv6.hpp"
#include "wire/ipv4.hpp"
#include "wire/ipv6.hpp"
#include "wire/ipv6_extension.hpp"
#include "wire/ipv6_fragment.hpp"
#include "wire/ipv6_options.hpp"
#include "wire/ipv6_routing.hpp"
#include "wire/protocol.hpp"
#include "wire/sctp.hpp"
#include "wire/tcp.hpp"
#include "wire/udp.hpp"
#include "wire/udp_encap.hpp"

namespace mpsec::wire {

// A header and the number by which the header before it names it; not_named where no number does.
inline constexpr int not_named = -1;
template <Described Header, int Number>
struct Line {
  using header = Header;
  static constexpr int number = Number;
};

template <class... Lines>
struct HeaderRegistry {
  // Calls `see.template operator()<Line>()` for every line.
  template <class See>
  static constexpr void for_each(See see) {
    (see.template operator()<Lines>(), ...);
  }
  // A variant of all headers, and of `More`.
  template <class... More>
  using Variant = std::variant<typename Lines::header..., More...>;
};

// clang-format off
using Registry = HeaderRegistry<
    Line<Ipv4Header, protocol::ipv4>,
    Line<Ipv6Header, protocol::ipv6>,
    Line<HopByHopOptions, protocol::hop_by_hop>,
    Line<DestinationOptions, protocol::destination_options>,
    Line<RoutingHeader, protocol::routing>,
    Line<FragmentHeader, protocol::fragment>,
    Line<MobilityHeader, protocol::mobility>,
    Line<HipHeader, protocol::hip>,
    Line<Shim6Header, protocol::shim6>,
    Line<Ah, protocol::ah>,
    Line<Esp, protocol::esp>,
    Line<UdpHeader, protocol::udp>,
    Line<TcpHeader, protocol::tcp>,
    Line<SctpHeader, protocol::sctp>,
    Line<Icmp, protocol::icmp>,
    Line<Icmpv6, protocol::icmpv6>,
    Line<NonEspMarker, not_named>,
    Line<NatKeepalive, not_named>>;
// clang-format on

}  // namespace mpsec::wire
