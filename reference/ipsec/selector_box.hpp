// Selectors as geometry: a packet is a point with five coordinates, a selector set a handful of boxes, and
// matching is containment. ANY is the whole of an axis, OPAQUE its last value (packet_selectors.hpp).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ipsec/selector.hpp"

namespace mpsec::ipsec {

// The coordinates, in this order: local and remote address, local and remote port, protocol.
inline constexpr std::size_t axis_count = 5;

// Number: std::uint32_t for IPv4, AddressNumber for IPv6.
template <class Number>
struct SelectorPoint {
  std::array<Number, 2> address{};      // local, remote
  std::array<std::uint32_t, 2> port{};  // local, remote
  std::uint16_t protocol = 0;

  static SelectorPoint of(const PacketSelectors& packet) {
    return {{static_cast<Number>(packet.local), static_cast<Number>(packet.remote)},
            {packet.local_port, packet.remote_port},
            packet.protocol};
  }
  Number operator[](std::size_t axis) const {
    return axis < 2 ? address[axis] : axis < 4 ? port[axis - 2] : protocol;
  }
  void set(std::size_t axis, Number value) {
    if (axis < 2)
      address[axis] = value;
    else if (axis < 4)
      port[axis - 2] = static_cast<std::uint32_t>(value);
    else
      protocol = static_cast<std::uint16_t>(value);
  }
};

// All points from `first` to `last`, both included, on every axis. `order` says whose box it is: the lower
// one wins where boxes overlap. One cache line for IPv4, two for IPv6.
template <class Number>
struct alignas(64) SelectorBox {
  SelectorPoint<Number> first, last;
  std::uint32_t order = 0;

  // Whether it holds all points from `low` to `high`; a single packet is both. Free of branches.
  bool contains(const SelectorPoint<Number>& low, const SelectorPoint<Number>& high) const {
    int inside = 1;  // numbers, since `&` of bools looks like a slip
    for (std::size_t axis = 0; axis < axis_count; ++axis)
      inside &= static_cast<int>(first[axis] <= low[axis]) & static_cast<int>(high[axis] <= last[axis]);
    return inside != 0;
  }
  bool contains(const SelectorPoint<Number>& point) const { return contains(point, point); }
};

// The boxes that together hold exactly the packets of that family and direction which match the selector:
// one for each combination of a local range, a remote range, a local port range and a remote port range,
// after ranges that touch have been joined.
template <class Number>
void append_boxes(const Selector& selector, Direction direction, std::uint32_t order,
                  std::vector<SelectorBox<Number>>& boxes);
extern template void append_boxes(const Selector&, Direction, std::uint32_t,
                                  std::vector<SelectorBox<std::uint32_t>>&);
extern template void append_boxes(const Selector&, Direction, std::uint32_t,
                                  std::vector<SelectorBox<AddressNumber>>&);

// The selectors of an SA, ready to be held against packets of one direction (RFC 4301 5.2 step 4).
class SelectorMatcher {
 public:
  // A packet passes if it matches any one of `selectors`; with none at all, everything passes.
  SelectorMatcher(std::span<const Selector> selectors, Direction direction);

  bool matches(const PacketSelectors& packet) const {
    if (passes_everything_) return true;
    return packet.version == IpVersion::v4 ? any_contains(v4_, packet) : any_contains(v6_, packet);
  }

 private:
  template <class Number>
  static bool any_contains(const std::vector<SelectorBox<Number>>& boxes, const PacketSelectors& packet) {
    const auto point = SelectorPoint<Number>::of(packet);
    for (const auto& box : boxes) {
      if (box.contains(point)) return true;
    }
    return false;
  }

  std::vector<SelectorBox<std::uint32_t>> v4_;
  std::vector<SelectorBox<AddressNumber>> v6_;
  bool passes_everything_;
};

}  // namespace mpsec::ipsec
