// RapidCheck generators of selectors and packets for the tests of this folder: few different values, so that
// ranges overlap heavily and packets meet their edges.
#pragma once

#include <algorithm>
#include <rapidcheck.h>
#include <vector>

#include "ipsec/selector.hpp"

namespace mpsec::ipsec {

inline IpAddress small_address(bool v4, std::uint32_t number) {
  // Far apart and at the ends of the number space, and next to one another.
  static constexpr std::uint32_t corners[] = {0, 1, 2, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};
  const std::uint32_t value = number < 7 ? corners[number] : 0x0a000000 + number;
  if (v4) return IpAddress::v4(value);
  return address_of(static_cast<AddressNumber>(value) << 96 | value, IpVersion::v6);
}

inline rc::Gen<IpAddress> some_address(bool v4) {
  return rc::gen::map(rc::gen::inRange(0u, 24u),
                      [v4](std::uint32_t number) { return small_address(v4, number); });
}

inline rc::Gen<std::uint16_t> some_port() {
  return rc::gen::element<std::uint16_t>(0, 1, 2, 79, 80, 255, 256, 2048, 2049, 65534, 65535);
}

inline rc::Gen<std::vector<AddressRange>> some_ranges(bool v4) {
  const auto range = rc::gen::map(rc::gen::pair(some_address(v4), some_address(v4)), [](auto ends) {
    return AddressRange{std::min(ends.first, ends.second), std::max(ends.first, ends.second)};
  });
  return rc::gen::resize(3, rc::gen::container<std::vector<AddressRange>>(range));
}

inline rc::Gen<PortSelector> some_ports() {
  return rc::gen::exec([] {
    const int kind = *rc::gen::inRange(0, 6);
    if (kind == 0) return PortSelector::any();
    if (kind == 1) return PortSelector::opaque();
    std::vector<PortRange> ranges;
    for (int i = *rc::gen::inRange(1, 4); i > 0; --i) {
      const auto one = *some_port(), other = *some_port();
      ranges.push_back({std::min(one, other), std::max(one, other)});
    }
    return PortSelector::of(ranges);
  });
}

inline rc::Gen<Selector> some_selector() {
  return rc::gen::exec([] {
    Selector selector;
    const bool v4 = *rc::gen::arbitrary<bool>();
    selector.local = *some_ranges(v4);
    selector.remote = *some_ranges(v4);
    const bool addresses_any = selector.local.empty() && selector.remote.empty();
    switch (*rc::gen::inRange(0, 6)) {
      case 0:
        return selector;
      case 1:
        if (!v4 || addresses_any) selector.protocol = ProtocolSelector::opaque();
        return selector;
      case 2:
        selector.protocol = ProtocolSelector::number(50);
        return selector;
      case 3:
        selector.protocol = ProtocolSelector::number(1);
        break;
      default:
        selector.protocol = ProtocolSelector::number(*rc::gen::element<std::uint8_t>(6, 17));
        break;
    }
    selector.local_port = *some_ports();
    selector.remote_port = *some_ports();
    return selector;
  });
}

// A packet as selectors_of() could give it.
inline rc::Gen<PacketSelectors> some_packet() {
  return rc::gen::exec([] {
    PacketSelectors packet;
    const bool v4 = *rc::gen::arbitrary<bool>();
    packet.version = v4 ? IpVersion::v4 : IpVersion::v6;
    packet.direction = *rc::gen::element(Direction::outbound, Direction::inbound);
    packet.local = number_of(*some_address(v4));
    packet.remote = number_of(*some_address(v4));
    packet.protocol = *rc::gen::element<std::uint16_t>(1, 6, 17, 50, 58, v4 ? 6 : unavailable_protocol);
    if (packet.protocol == unavailable_protocol || *rc::gen::inRange(0, 5) == 0) return packet;
    const NextLayerFields fields = next_layer_fields(static_cast<std::uint8_t>(packet.protocol));
    const bool outbound = packet.direction == Direction::outbound;
    const bool both = fields == NextLayerFields::ports;
    if (both || (has_sender_field_only(fields) && outbound)) packet.local_port = *some_port();
    if (both || (has_sender_field_only(fields) && !outbound)) packet.remote_port = *some_port();
    return packet;
  });
}

}  // namespace mpsec::ipsec

namespace rc {
template <>
inline void show(const mpsec::ipsec::Selector& selector, std::ostream& out) {
  out << mpsec::ipsec::to_string(selector);
}
template <>
inline void show(const mpsec::ipsec::PacketSelectors& packet, std::ostream& out) {
  out << to_string(packet);
}
}  // namespace rc
