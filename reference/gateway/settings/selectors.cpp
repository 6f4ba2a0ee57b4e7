#include "gateway/settings/selectors.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <optional>

#include "gateway/settings/findings.hpp"

namespace mpsec::gateway {
namespace {

using ipsec::AddressRange;
using ipsec::NextLayerFields;
using ipsec::PortRange;
using ipsec::PortSelector;
using ipsec::ProtocolSelector;
using ipsec::Selector;

struct ProtocolName {
  std::string_view name;
  std::uint8_t number;
};
constexpr ProtocolName protocol_names[] = {
    {"icmp", 1},  {"igmp", 2},   {"ipip", 4}, {"tcp", 6},       {"udp", 17},    {"dccp", 33},
    {"ipv6", 41}, {"gre", 47},   {"esp", 50}, {"ah", 51},       {"icmpv6", 58}, {"ospf", 89},
    {"pim", 103}, {"sctp", 132}, {"mh", 135}, {"udplite", 136},
};

std::unexpected<Error> refuse(std::string why, std::string clause = {}) {
  return std::unexpected(
      Error{Blame::local_fault, "selector", std::nullopt, std::move(why), std::move(clause)});
}

std::optional<std::uint16_t> number_of(std::string_view text, unsigned most) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number > most) return std::nullopt;
  return static_cast<std::uint16_t>(number);
}

Result<ProtocolSelector> protocol_of(std::string_view text) {
  if (text == "any") return ProtocolSelector::any();
  if (text == "opaque") return ProtocolSelector::opaque();
  if (const auto number = number_of(text, 255))
    return ProtocolSelector::number(static_cast<std::uint8_t>(*number));
  std::vector<std::string_view> known{"any", "opaque"};
  for (const auto& [name, number] : protocol_names) {
    if (name == text) return ProtocolSelector::number(number);
    known.push_back(name);
  }
  return refuse(
      fmt::format("no protocol '{}'; a number from 0 to 255 does too, {}", shown(text), advice(text, known)));
}

// A type, or a type and its code with '.' between; of the Mobility Header types alone.
std::optional<PortRange> types_of(std::string_view text) {
  const std::size_t dot = text.find('.');
  const auto type = number_of(text.substr(0, dot), 255);
  if (!type) return std::nullopt;
  const auto first = static_cast<std::uint8_t>(*type);
  if (dot == text.npos) return ipsec::icmp_range(first, first);
  const auto code = number_of(text.substr(dot + 1), 255);
  if (!code) return std::nullopt;
  return ipsec::icmp_range(first, first, static_cast<std::uint8_t>(*code), static_cast<std::uint8_t>(*code));
}

std::optional<PortRange> ports_between(std::string_view text) {
  const std::size_t dash = text.find('-');
  const auto first = number_of(text.substr(0, dash), 65535);
  const auto last = dash == text.npos ? first : number_of(text.substr(dash + 1), 65535);
  if (!first || !last || *last < *first) return std::nullopt;
  return PortRange{*first, *last};
}

Result<PortSelector> ports_of(std::string_view text, const ProtocolSelector& protocol) {
  if (text == "any") return PortSelector::any();
  if (text == "opaque") return PortSelector::opaque();
  const auto fields = protocol.is_number()
                          ? ipsec::next_layer_fields(static_cast<std::uint8_t>(protocol.first()))
                          : NextLayerFields::none;
  if (fields == NextLayerFields::none)
    return refuse("such a protocol has no ports; allowed behind '/': any, opaque");
  const bool types = ipsec::has_sender_field_only(fields);
  const auto range = types ? types_of(text) : ports_between(text);
  if (range) return PortSelector{*range};
  return refuse(fmt::format("expected {}, found \"{}\"",
                            types ? "a type from 0 to 255, as 8, or with its code, as 8.0"
                                  : "a port from 0 to 65535, or two with '-' between, the lower one first",
                            shown(text)));
}

bool families_agree(const SelectorSide& one, const SelectorSide& other) {
  return one.addresses.first.version() == other.addresses.first.version();
}

std::optional<ProtocolSelector> common(const ProtocolSelector& one, const ProtocolSelector& other) {
  if (one.is_any()) return other;
  if (other.is_any() || one == other) return one;
  return std::nullopt;
}

bool go_together(const SelectorSide& local, const SelectorSide& remote) {
  return families_agree(local, remote) && common(local.protocol, remote.protocol).has_value();
}

// Elements that differ in nothing but their addresses.
struct Group {
  SelectorSide like;
  std::vector<AddressRange> addresses;
};

std::vector<Group> groups_of(const std::vector<SelectorSide>& sides) {
  std::vector<Group> groups;
  for (const SelectorSide& side : sides) {
    const auto same = std::ranges::find_if(groups, [&](const Group& group) {
      return families_agree(group.like, side) && group.like.protocol == side.protocol &&
             group.like.ports == side.ports;
    });
    if (same == groups.end())
      groups.push_back({side, {side.addresses}});
    else
      same->addresses.push_back(side.addresses);
  }
  return groups;
}

std::vector<SelectorSide> or_everything(const std::vector<SelectorSide>& sides) {
  if (!sides.empty()) return sides;
  return {*SelectorSide::parse("0.0.0.0/0"), *SelectorSide::parse("::/0")};
}

Result<> check_partners(const std::vector<SelectorSide>& sides, const std::vector<SelectorSide>& others,
                        std::string_view which) {
  for (const SelectorSide& side : sides)
    if (std::ranges::none_of(others, [&](const SelectorSide& other) { return go_together(side, other); }))
      return refuse(fmt::format("{} goes with nothing {}: families and protocols must agree",
                                to_string(side.addresses), which));
  return {};
}

bool addresses_meet(const std::vector<AddressRange>& one, const std::vector<AddressRange>& other) {
  if (one.empty() || other.empty()) return true;
  return std::ranges::any_of(one, [&](const AddressRange& a) {
    return std::ranges::any_of(other, [&](const AddressRange& b) {
      return a.first.version() == b.first.version() && a.first <= b.last && b.first <= a.last;
    });
  });
}

bool addresses_cover(const std::vector<AddressRange>& outer, const std::vector<AddressRange>& inner) {
  if (outer.empty()) return true;
  return !inner.empty() && std::ranges::all_of(inner, [&](const AddressRange& b) {
    return std::ranges::any_of(
        outer, [&](const AddressRange& a) { return a.contains(b.first) && a.contains(b.last); });
  });
}

bool ports_meet(const PortSelector& one, const PortSelector& other) {
  if (one.is_any() || other.is_any()) return true;
  if (one.is_opaque() || other.is_opaque()) return one.is_opaque() && other.is_opaque();
  return std::ranges::any_of(one.ranges(), [&](const PortRange& a) {
    return std::ranges::any_of(other.ranges(),
                               [&](const PortRange& b) { return a.first <= b.last && b.first <= a.last; });
  });
}

bool ports_cover(const PortSelector& outer, const PortSelector& inner) {
  if (outer.is_any() || outer == inner) return true;
  if (outer.is_opaque() || inner.is_trivial()) return false;
  return std::ranges::all_of(inner.ranges(), [&](const PortRange& b) {
    return std::ranges::any_of(outer.ranges(),
                               [&](const PortRange& a) { return a.first <= b.first && b.last <= a.last; });
  });
}

bool meet(const Selector& one, const Selector& other) {
  return addresses_meet(one.local, other.local) && addresses_meet(one.remote, other.remote) &&
         common(one.protocol, other.protocol) && ports_meet(one.local_port, other.local_port) &&
         ports_meet(one.remote_port, other.remote_port);
}

bool covers(const Selector& outer, const Selector& inner) {
  return addresses_cover(outer.local, inner.local) && addresses_cover(outer.remote, inner.remote) &&
         (outer.protocol.is_any() || outer.protocol == inner.protocol) &&
         ports_cover(outer.local_port, inner.local_port) && ports_cover(outer.remote_port, inner.remote_port);
}

}  // namespace

Result<SelectorSide> SelectorSide::parse(std::string_view text) {
  const std::size_t bracket = std::min(text.find('['), text.size());
  const auto addresses = AddressRange::parse(text.substr(0, bracket));
  if (!addresses)
    return refuse(fmt::format("expected an address, a prefix or a range, as 10.1.0.0/24, found \"{}\": {}",
                              shown(text.substr(0, bracket)), addresses.error().why));
  SelectorSide side{*addresses, {}, {}};
  if (bracket == text.size()) return side;
  if (!text.ends_with(']')) return refuse(fmt::format("expected ']' at the end, found \"{}\"", shown(text)));
  const auto inside = text.substr(bracket + 1, text.size() - bracket - 2);
  const std::size_t slash = inside.find('/');
  const auto protocol = protocol_of(inside.substr(0, slash));
  if (!protocol) return std::unexpected(protocol.error());
  side.protocol = *protocol;
  if (slash == inside.npos) return side;
  const auto ports = ports_of(inside.substr(slash + 1), side.protocol);
  if (!ports) return std::unexpected(ports.error());
  side.ports = *ports;
  return side;
}

Result<std::vector<Selector>> selectors_between(const std::vector<SelectorSide>& local,
                                                const std::vector<SelectorSide>& remote) {
  const auto locals = or_everything(local), remotes = or_everything(remote);
  // What was not written need not go with anything.
  if (!local.empty())
    if (auto fine = check_partners(locals, remotes, "remote"); !fine)
      return std::unexpected(std::move(fine).error());
  if (!remote.empty())
    if (auto fine = check_partners(remotes, locals, "local"); !fine)
      return std::unexpected(std::move(fine).error());
  std::vector<Selector> selectors;
  for (const Group& here : groups_of(locals))
    for (const Group& there : groups_of(remotes)) {
      if (!go_together(here.like, there.like)) continue;
      Selector selector{here.addresses, there.addresses, *common(here.like.protocol, there.like.protocol),
                        here.like.ports, there.like.ports};
      if (auto valid = ipsec::validate(selector, ""); !valid)
        return std::unexpected(std::move(valid).error());
      selectors.push_back(std::move(selector));
    }
  return selectors;
}

bool meet(const std::vector<Selector>& one, const std::vector<Selector>& other) {
  return std::ranges::any_of(one, [&](const Selector& a) {
    return std::ranges::any_of(other, [&](const Selector& b) { return meet(a, b); });
  });
}

bool covers(const std::vector<Selector>& outer, const std::vector<Selector>& inner) {
  return std::ranges::all_of(inner, [&](const Selector& b) {
    return std::ranges::any_of(outer, [&](const Selector& a) { return covers(a, b); });
  });
}

}  // namespace mpsec::gateway
