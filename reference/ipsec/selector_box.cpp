#include "ipsec/selector_box.hpp"

#include <algorithm>
#include <limits>
#include <type_traits>

namespace mpsec::ipsec {
namespace {

template <class Number>
struct Range {
  Number first;
  Number last;
};

// Sorted, and without overlap or contact.
template <class Number>
std::vector<Range<Number>> joined(std::vector<Range<Number>> ranges) {
  std::ranges::sort(ranges, {}, &Range<Number>::first);
  std::vector<Range<Number>> result;
  for (const Range<Number>& range : ranges) {
    const bool touches =
        !result.empty() && (range.first <= result.back().last || range.first - 1 == result.back().last);
    if (touches)
      result.back().last = std::max(result.back().last, range.last);
    else
      result.push_back(range);
  }
  return result;
}

template <class Number>
std::vector<Range<Number>> address_ranges(const std::vector<AddressRange>& addresses) {
  constexpr IpVersion version = std::is_same_v<Number, std::uint32_t> ? IpVersion::v4 : IpVersion::v6;
  if (addresses.empty()) return {{Number{0}, static_cast<Number>(~Number{0})}};
  std::vector<Range<Number>> ranges;
  for (const AddressRange& range : addresses) {
    if (range.first.version() == version)
      ranges.push_back(
          {static_cast<Number>(number_of(range.first)), static_cast<Number>(number_of(range.last))});
  }
  return joined(std::move(ranges));
}

std::vector<Range<std::uint32_t>> port_ranges(const PortSelector& ports) {
  if (ports.is_any()) return {{0, unavailable_port}};
  if (ports.is_opaque()) return {{unavailable_port, unavailable_port}};
  std::vector<Range<std::uint32_t>> ranges;
  for (const PortRange& range : ports.ranges())
    ranges.push_back({range.first, range.last});
  return joined(std::move(ranges));
}

// The side whose field is not asked for in this direction takes any value: see matches() in selector.cpp.
PortSelector asked_ports(const Selector& selector, bool local, Direction direction) {
  const bool single_field =
      selector.protocol.is_number() &&
      has_sender_field_only(next_layer_fields(static_cast<std::uint8_t>(selector.protocol.first())));
  const bool senders = local == (direction == Direction::outbound);
  if (single_field && !senders) return PortSelector::any();
  return local ? selector.local_port : selector.remote_port;
}

}  // namespace

template <class Number>
void append_boxes(const Selector& selector, Direction direction, std::uint32_t order,
                  std::vector<SelectorBox<Number>>& boxes) {
  const auto locals = address_ranges<Number>(selector.local);
  const auto remotes = address_ranges<Number>(selector.remote);
  const auto local_ports = port_ranges(asked_ports(selector, true, direction));
  const auto remote_ports = port_ranges(asked_ports(selector, false, direction));
  const std::uint16_t first_protocol = selector.protocol.first(), last_protocol = selector.protocol.last();
  for (const auto& local : locals) {
    for (const auto& remote : remotes) {
      for (const auto& local_port : local_ports) {
        for (const auto& remote_port : remote_ports)
          boxes.push_back(
              {.first = {{local.first, remote.first}, {local_port.first, remote_port.first}, first_protocol},
               .last = {{local.last, remote.last}, {local_port.last, remote_port.last}, last_protocol},
               .order = order});
      }
    }
  }
}
template void append_boxes(const Selector&, Direction, std::uint32_t,
                           std::vector<SelectorBox<std::uint32_t>>&);
template void append_boxes(const Selector&, Direction, std::uint32_t,
                           std::vector<SelectorBox<AddressNumber>>&);

SelectorMatcher::SelectorMatcher(std::span<const Selector> selectors, Direction direction)
    : passes_everything_(selectors.empty()) {
  for (const Selector& selector : selectors) {
    append_boxes(selector, direction, 0, v4_);
    append_boxes(selector, direction, 0, v6_);
  }
}

}  // namespace mpsec::ipsec
