#include "ike/traffic_selectors.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "ike/traffic_ranges.hpp"

namespace mpsec::ike {
namespace {

using namespace traffic;

std::unexpected<Error> fault(Blame blame, std::string path, std::string why, std::string clause) {
  return std::unexpected(Error{.blame = blame,
                               .path = std::move(path),
                               .offset = std::nullopt,
                               .why = std::move(why),
                               .clause = std::move(clause)});
}

// Sides of the same protocol and ports become one list of addresses.
struct Group {
  Interval protocols, ports;
  IpVersion version;
  std::vector<ipsec::AddressRange> addresses;
};

std::vector<Group> groups_of(const Sides& sides) {
  std::vector<Group> groups;
  for (const Side& side : sides) {
    const auto same = [&](const Group& each) {
      return each.protocols == side.protocols && each.ports == side.ports && each.version == side.version;
    };
    auto at = std::ranges::find_if(groups, same);
    if (at == groups.end()) at = groups.insert(at, {side.protocols, side.ports, side.version, {}});
    at->addresses.push_back({ipsec::address_of(side.addresses.first, side.version),
                             ipsec::address_of(side.addresses.last, side.version)});
  }
  return groups;
}

ipsec::PortSelector port_selector(const Interval& ports) {
  if (ports == any_port) return ipsec::PortSelector::any();
  if (ports == opaque_port) return ipsec::PortSelector::opaque();
  return {ipsec::PortRange{static_cast<std::uint16_t>(ports.first), static_cast<std::uint16_t>(ports.last)}};
}

bool understood(const std::vector<wire::ike::TrafficSelector>& selectors) {
  return std::ranges::all_of(selectors, [](const auto& each) { return side_of(each).has_value(); });
}

wire::ike::TrafficSelector of_packet(IpVersion version, ipsec::AddressNumber address, std::uint16_t protocol,
                                     std::uint32_t port) {
  Side side{.version = version, .addresses = {address, address}};
  if (protocol != 0 && protocol != ipsec::unavailable_protocol) {
    side.protocols = {protocol, protocol};
    if (ipsec::next_layer_fields(static_cast<std::uint8_t>(protocol)) != ipsec::NextLayerFields::none)
      side.ports = {port, port};
  }
  return selector_of(side);
}

}  // namespace

TrafficSelectorPair pair_of(Role ours, const wire::ike::TrafficSelectorsInitiator& initiator,
                            const wire::ike::TrafficSelectorsResponder& responder) {
  if (ours == Role::initiator) return {initiator.selectors, responder.selectors};
  return {responder.selectors, initiator.selectors};
}

wire::ike::TrafficSelectorsInitiator initiator_payload(Role ours, const TrafficSelectorPair& pair) {
  wire::ike::TrafficSelectorsInitiator payload;
  payload.selectors = ours == Role::initiator ? pair.local : pair.remote;
  return payload;
}

wire::ike::TrafficSelectorsResponder responder_payload(Role ours, const TrafficSelectorPair& pair) {
  wire::ike::TrafficSelectorsResponder payload;
  payload.selectors = ours == Role::initiator ? pair.remote : pair.local;
  return payload;
}

Result<TrafficSelectorPair> to_traffic_selectors(std::span<const ipsec::Selector> selectors) {
  Product all;
  std::vector<Box> boxes;
  for (const ipsec::Selector& selector : selectors) {
    const auto product = product_of(selector);
    if (!product)
      return fault(
          Blame::local_fault, "selector",
          fmt::format("{}: the protocol cannot be negotiated; allowed: ANY or 1 to 255", to_string(selector)),
          "RFC 7296 3.13.1");
    append_boxes(*product, boxes);
    all = joined(all, *product);
  }
  if (all.empty())
    return fault(Blame::local_fault, "selectors", "expected at least one, found none", "RFC 7296 2.9");
  if (const auto longest = std::max(all.local.size(), all.remote.size()); longest > most_in_payload)
    return fault(Blame::local_fault, "selectors",
                 fmt::format("need {} in one payload; allowed: {}", longest, most_in_payload),
                 "RFC 7296 3.13");
  //= rfc7296/2.9.1/no-selectors-against-own-policy
  if (!Coverage().covered(all, boxes))
    return fault(Blame::local_fault, "selectors",
                 "local and remote parts do not all go with each other; expected them as several Child SAs",
                 "RFC 7296 2.9.1");
  return traffic::pair_of(all);
}

TrafficSelectorPair led_by(const ipsec::PacketSelectors& packet, TrafficSelectorPair pair) {
  pair.local.insert(pair.local.begin(),
                    of_packet(packet.version, packet.local, packet.protocol, packet.local_port));
  pair.remote.insert(pair.remote.begin(),
                     of_packet(packet.version, packet.remote, packet.protocol, packet.remote_port));
  return pair;
}

bool holds(const TrafficSelectorPair& pair, const ipsec::PacketSelectors& packet) {
  return covers(pair, led_by(packet, {}));
}

TrafficSelectorPair between_addresses_of(const ipsec::PacketSelectors& packet,
                                         const TrafficSelectorPair& pair) {
  const Product addresses{
      .local = {{.version = packet.version, .addresses = {packet.local, packet.local}}},
      .remote = {{.version = packet.version, .addresses = {packet.remote, packet.remote}}}};
  return traffic::pair_of(intersection(product_of(pair), addresses));
}

std::vector<TrafficSelectorPair> without(const TrafficSelectorPair& whole, const TrafficSelectorPair& part) {
  const Product all = product_of(whole), taken = product_of(part);
  std::vector<TrafficSelectorPair> rest;
  for (Product product : {Product{difference(all.local, taken.local), all.remote},
                          Product{taken.local, difference(all.remote, taken.remote)}}) {
    product = pruned(std::move(product));
    if (!product.empty() && std::max(product.local.size(), product.remote.size()) <= most_in_payload)
      rest.push_back(traffic::pair_of(product));
  }
  return rest;
}

std::vector<ipsec::Selector> to_selectors(const TrafficSelectorPair& pair) {
  std::vector<ipsec::Selector> selectors;
  const Product product = pruned(product_of(pair));
  const auto locals = groups_of(product.local), remotes = groups_of(product.remote);
  for (const Group& local : locals)
    for (const Group& remote : remotes) {
      if (local.version != remote.version || !local.protocols.meets(remote.protocols)) continue;
      const Interval protocols = intersection(local.protocols, remote.protocols);
      selectors.push_back(
          {.local = local.addresses,
           .remote = remote.addresses,
           .protocol = protocols == any_protocol
                           ? ipsec::ProtocolSelector::any()
                           : ipsec::ProtocolSelector::number(static_cast<std::uint8_t>(protocols.first)),
           .local_port = port_selector(local.ports),
           .remote_port = port_selector(remote.ports)});
    }
  return selectors;
}

bool covers(const TrafficSelectorPair& outer, const TrafficSelectorPair& inner) {
  return Coverage().covered(product_of(inner), boxes_of(product_of(outer)));
}

//= rfc7296/2.9/answer-is-a-subset-of-the-proposal
Result<> check_narrowed(const TrafficSelectorPair& asked, const TrafficSelectorPair& answered) {
  if (const auto longest = std::max(answered.local.size(), answered.remote.size()); longest > most_in_payload)
    return fault(Blame::peer_misbehaved, "TSi, TSr",
                 fmt::format("{} in one payload; allowed: {}", longest, most_in_payload), "RFC 7296 3.13");
  if (!understood(answered.local) || !understood(answered.remote))
    return fault(Blame::peer_misbehaved, "TSi, TSr", "a selector that cannot be understood came back",
                 "RFC 7296 3.13.1");
  if (boxes_of(product_of(answered)).empty())
    return fault(Blame::peer_misbehaved, "TSi, TSr", "expected at least one packet to be carried, found none",
                 "RFC 7296 2.9");
  if (!covers(asked, answered))
    return fault(Blame::peer_misbehaved, "TSi, TSr", "expected a subset of what was asked for, found more",
                 "RFC 7296 2.9");
  return {};
}

std::string to_string(const wire::ike::TrafficSelector& selector) {
  if (!selector.is_range()) return fmt::format("selector of type {}", static_cast<unsigned>(selector.type));
  const std::string addresses =
      fmt::format("{}-{}", to_string(selector.start_address()), to_string(selector.end_address()));
  const std::string protocol = selector.ip_protocol == 0 ? "any" : std::to_string(selector.ip_protocol);
  return fmt::format("{} protocol {} port {}-{}", addresses, protocol, selector.start_port,
                     selector.end_port);
}

}  // namespace mpsec::ike
