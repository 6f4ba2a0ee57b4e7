#include "ike/traffic_ranges.hpp"

#include <algorithm>
#include <utility>

namespace mpsec::ike::traffic {
namespace {

constexpr std::uint16_t last_real_port = 0xffff;

//= rfc7296/3.13.1/any-and-opaque-ports
std::optional<Interval> ports_of(const wire::ike::TrafficSelector& selector) {
  if (selector.start_port == 0 && selector.end_port == last_real_port) return any_port;
  if (selector.start_port == last_real_port && selector.end_port == 0) return opaque_port;
  if (selector.start_port > selector.end_port) return std::nullopt;
  return Interval{selector.start_port, selector.end_port};
}

// RFC 4301 7.1, 4.4.1.3: a port needs a protocol, and one that has ports.
bool port_makes_sense(const Interval& ports, std::uint8_t protocol) {
  if (ports == any_port) return true;
  if (protocol == 0) return false;
  return ports == opaque_port || ipsec::next_layer_fields(protocol) != ipsec::NextLayerFields::none;
}

Interval whole(IpVersion version) {
  return {0, version == IpVersion::v4 ? AddressNumber{0xffff'ffff} : ~AddressNumber{0}};
}

std::vector<std::pair<IpVersion, Interval>> addresses_of(const std::vector<ipsec::AddressRange>& ranges) {
  if (ranges.empty()) return {{IpVersion::v4, whole(IpVersion::v4)}, {IpVersion::v6, whole(IpVersion::v6)}};
  std::vector<std::pair<IpVersion, Interval>> addresses;
  for (const ipsec::AddressRange& range : ranges)
    addresses.emplace_back(range.first.version(),
                           Interval{ipsec::number_of(range.first), ipsec::number_of(range.last)});
  return addresses;
}

std::vector<Interval> ports_of(const ipsec::PortSelector& ports) {
  if (ports.is_any()) return {any_port};
  if (ports.is_opaque()) return {opaque_port};
  std::vector<Interval> intervals;
  for (const ipsec::PortRange& range : ports.ranges())
    intervals.push_back(range == ipsec::PortRange{0, last_real_port} ? any_port
                                                                     : Interval{range.first, range.last});
  return intervals;
}

Sides sides_of(const std::vector<ipsec::AddressRange>& ranges, const ipsec::PortSelector& ports,
               const Interval& protocols) {
  Sides sides;
  for (const auto& [version, addresses] : addresses_of(ranges))
    for (const Interval& interval : ports_of(ports))
      sides.push_back(
          {.version = version, .addresses = addresses, .ports = interval, .protocols = protocols});
  return sides;
}

Sides intersections(const Sides& ones, const Sides& others) {
  Sides sides;
  for (const Side& one : ones)
    for (const Side& other : others)
      if (const auto both = intersection(one, other)) sides.push_back(*both);
  return sides;
}

// Those that `partners` leave something of, and of several of which one holds the other, the larger.
Sides pruned(const Sides& sides, const Sides& partners) {
  Sides kept;
  for (const Side& side : sides) {
    if (std::ranges::none_of(partners, [&](const Side& each) { return side.goes_with(each); })) continue;
    if (std::ranges::any_of(kept, [&](const Side& each) { return each.contains(side); })) continue;
    std::erase_if(kept, [&](const Side& each) { return side.contains(each); });
    kept.push_back(side);
  }
  return kept;
}

// Of an interval what lies before and behind another that it meets.
std::vector<Interval> around(const Interval& whole, const Interval& hole) {
  std::vector<Interval> rest;
  if (whole.first < hole.first) rest.push_back({whole.first, hole.first - 1});
  if (hole.last < whole.last) rest.push_back({hole.last + 1, whole.last});
  return rest;
}

Sides difference(const Side& whole, const Side& hole) {
  if (!intersection(whole, hole)) return {whole};
  Sides rest;
  for (const Interval& addresses : around(whole.addresses, hole.addresses)) {
    rest.push_back(whole);
    rest.back().addresses = addresses;
  }
  if (!hole.protocols.contains(whole.protocols)) return rest;
  for (Interval ports : around(whole.ports, hole.ports)) {
    if (ports.last == any_port.last && ports.first <= last_real_port) ports.last = last_real_port;
    rest.push_back(whole);
    rest.back().addresses = intersection(whole.addresses, hole.addresses);
    rest.back().ports = ports;
  }
  return rest;
}

}  // namespace

Sides difference(Sides sides, const Sides& others) {
  for (const Side& other : others) {
    Sides rest;
    for (const Side& side : sides)
      std::ranges::copy(difference(side, other), std::back_inserter(rest));
    sides = std::move(rest);
  }
  return sides;
}

Interval intersection(const Interval& one, const Interval& other) {
  return {std::max(one.first, other.first), std::min(one.last, other.last)};
}

bool Side::contains(const Side& other) const {
  return version == other.version && addresses.contains(other.addresses) && ports.contains(other.ports) &&
         protocols.contains(other.protocols);
}

bool Side::goes_with(const Side& other) const {
  return version == other.version && protocols.meets(other.protocols);
}

std::optional<Side> intersection(const Side& one, const Side& other) {
  if (one.version != other.version || !one.addresses.meets(other.addresses) ||
      !one.ports.meets(other.ports) || !one.protocols.meets(other.protocols))
    return std::nullopt;
  return Side{.version = one.version,
              .addresses = intersection(one.addresses, other.addresses),
              .ports = intersection(one.ports, other.ports),
              .protocols = intersection(one.protocols, other.protocols)};
}

//= rfc7296/2.9/unknown-selector-types-are-ignored
std::optional<Side> side_of(const wire::ike::TrafficSelector& selector) {
  if (!selector.is_range()) return std::nullopt;
  const IpAddress start = selector.start_address(), end = selector.end_address();
  const auto ports = ports_of(selector);
  if (end < start || !ports || !port_makes_sense(*ports, selector.ip_protocol)) return std::nullopt;
  Side side{.version = start.version(),
            .addresses = {ipsec::number_of(start), ipsec::number_of(end)},
            .ports = *ports};
  if (selector.ip_protocol != 0) side.protocols = {selector.ip_protocol, selector.ip_protocol};
  return side;
}

wire::ike::TrafficSelector selector_of(const Side& side) {
  const auto address = [&](AddressNumber number) { return ipsec::address_of(number, side.version); };
  const auto protocol =
      side.protocols == any_protocol ? std::uint8_t{0} : static_cast<std::uint8_t>(side.protocols.first);
  auto selector = wire::ike::TrafficSelector::range(address(side.addresses.first),
                                                    address(side.addresses.last), protocol);
  if (side.ports == any_port) return selector;
  selector.start_port =
      side.ports == opaque_port ? last_real_port : static_cast<std::uint16_t>(side.ports.first);
  selector.end_port =
      side.ports == opaque_port ? std::uint16_t{0} : static_cast<std::uint16_t>(side.ports.last);
  return selector;
}

Product product_of(const TrafficSelectorPair& pair, std::size_t most) {
  const auto understood = [most](const std::vector<wire::ike::TrafficSelector>& selectors) {
    Sides sides;
    for (std::size_t i = 0; i < std::min(selectors.size(), most); ++i)
      if (const auto side = side_of(selectors[i])) sides.push_back(*side);
    return sides;
  };
  return {.local = understood(pair.local), .remote = understood(pair.remote)};
}

TrafficSelectorPair pair_of(const Product& product) {
  TrafficSelectorPair pair;
  for (const Side& side : product.local)
    pair.local.push_back(selector_of(side));
  for (const Side& side : product.remote)
    pair.remote.push_back(selector_of(side));
  return pair;
}

std::optional<Product> product_of(const ipsec::Selector& selector) {
  const ipsec::ProtocolSelector& protocol = selector.protocol;
  if (protocol.is_opaque() || (protocol.is_number() && protocol.first() == 0)) return std::nullopt;
  const Interval protocols{protocol.first(), protocol.last()};
  return pruned({.local = sides_of(selector.local, selector.local_port, protocols),
                 .remote = sides_of(selector.remote, selector.remote_port, protocols)});
}

Product pruned(Product product) {
  Sides local = pruned(product.local, product.remote);
  return {.local = std::move(local), .remote = pruned(product.remote, product.local)};
}

Product intersection(const Product& one, const Product& other) {
  return pruned(
      {.local = intersections(one.local, other.local), .remote = intersections(one.remote, other.remote)});
}

Product joined(const Product& one, const Product& other) {
  Product both = one;
  both.local.insert(both.local.end(), other.local.begin(), other.local.end());
  both.remote.insert(both.remote.end(), other.remote.begin(), other.remote.end());
  return pruned(std::move(both));
}

void append_boxes(const Product& product, std::vector<Box>& boxes) {
  for (const Side& local : product.local)
    for (const Side& remote : product.remote)
      if (local.goes_with(remote))
        boxes.push_back({local.version,
                         {local.addresses, remote.addresses, local.ports, remote.ports,
                          intersection(local.protocols, remote.protocols)}});
}

std::vector<Box> boxes_of(const Product& product) {
  std::vector<Box> boxes;
  append_boxes(product, boxes);
  return boxes;
}

// Cuts off what sticks out of the first box that meets, axis by axis, and asks for each piece the boxes
// behind it.
bool Coverage::covered(Box box, std::span<const Box> by) {
  for (std::size_t i = 0; i < by.size(); ++i) {
    if (steps_ == 0) return false;
    --steps_;
    bool meets = box.version == by[i].version;
    for (std::size_t axis = 0; meets && axis < box.axes.size(); ++axis)
      meets = box.axes[axis].meets(by[i].axes[axis]);
    if (!meets) continue;
    for (std::size_t axis = 0; axis < box.axes.size(); ++axis) {
      const Interval& inside = by[i].axes[axis];
      Interval& whole = box.axes[axis];
      if (whole.first < inside.first) {
        Box below = box;
        below.axes[axis].last = inside.first - 1;
        if (!covered(below, by.subspan(i + 1))) return false;
        whole.first = inside.first;
      }
      if (inside.last < whole.last) {
        Box above = box;
        above.axes[axis].first = inside.last + 1;
        if (!covered(above, by.subspan(i + 1))) return false;
        whole.last = inside.last;
      }
    }
    return true;
  }
  return false;
}

bool Coverage::covered(const Product& product, std::span<const Box> by) {
  for (const Box& box : boxes_of(product))
    if (!covered(box, by)) return false;
  return true;
}

}  // namespace mpsec::ike::traffic
