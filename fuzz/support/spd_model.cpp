// depends: ipsec
#include "support/spd_model.hpp"

#include <algorithm>

#include "ipsec/spd_shadow.hpp"

namespace mpsec::fuzz {

using namespace ipsec;

namespace {

IpAddress draw_address(Draw& draw, bool v4) {
  const std::uint8_t choice = draw.octet();
  // Two ends of the number space and a few places between, each with its neighbours.
  static constexpr std::uint32_t places[] = {0,          1,          0x0a000000, 0x0a0000ff,
                                             0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};
  const std::uint32_t number = places[choice % 8] + static_cast<std::uint32_t>(choice >> 6);
  if (v4) return IpAddress::v4(number);
  return address_of(AddressNumber{number} << 96 | number, IpVersion::v6);
}

std::vector<AddressRange> draw_addresses(Draw& draw, bool v4) {
  std::vector<AddressRange> ranges;
  for (unsigned left = draw.below(4); left != 0; --left) {
    const IpAddress first = draw_address(draw, v4);
    ranges.push_back({first, draw_address(draw, v4)});
  }
  return ranges;
}

std::uint16_t draw_port(Draw& draw) {
  static constexpr std::uint16_t ports[] = {0, 1, 79, 80, 255, 256, 2048, 65535};
  return ports[draw.below(8)];
}

PortSelector draw_ports(Draw& draw) {
  const unsigned count = draw.below(5);
  if (count == 0) return PortSelector::any();
  if (count == 1) return PortSelector::opaque();
  std::vector<PortRange> ranges;
  for (unsigned left = count - 1; left != 0; --left) {
    const std::uint16_t first = draw_port(draw);
    ranges.push_back({first, draw_port(draw)});
  }
  return PortSelector::of(ranges);
}

Selector draw_selector(Draw& draw) {
  static constexpr std::uint8_t protocols[] = {1, 6, 17, 50, 58, 135};
  Selector selector;
  const bool v4 = draw.below(2) == 0;
  selector.local = draw_addresses(draw, v4);
  selector.remote = draw_addresses(draw, v4);
  const unsigned protocol = draw.below(9);
  if (protocol == 0) selector.protocol = ProtocolSelector::opaque();
  if (protocol > 2) selector.protocol = ProtocolSelector::number(protocols[protocol - 3]);
  if (protocol == 1) return selector;
  selector.local_port = draw_ports(draw);
  selector.remote_port = draw_ports(draw);
  return selector;
}

// The same edit on a plain list of ids; whether it is lawful.
bool insert(std::vector<PolicyId>& ids, const Policy& policy, std::size_t place) {
  if (!validate(policy) || std::ranges::count(ids, policy.id) != 0 || place > ids.size()) return false;
  ids.insert(ids.begin() + static_cast<std::ptrdiff_t>(place), policy.id);
  return true;
}

bool move(std::vector<PolicyId>& ids, PolicyId id, std::size_t place) {
  if (std::ranges::count(ids, id) == 0 || place >= ids.size()) return false;
  std::erase(ids, id);
  ids.insert(ids.begin() + static_cast<std::ptrdiff_t>(place), id);
  return true;
}

bool edit_agrees(Spd& spd, std::vector<PolicyId>& ids, Draw& draw) {
  const unsigned operation = draw.below(8);
  if (operation == 0) {
    const PolicyId id{draw.below(32)};
    return spd.remove(id).has_value() == (std::erase(ids, id) != 0);
  }
  if (operation == 1) {
    const PolicyId id{draw.below(32)};
    const std::size_t place = draw.below(32);
    return spd.move(id, place).has_value() == move(ids, id, place);
  }
  const Policy policy = draw_policy(draw);
  const std::size_t place = draw.below(32);
  return spd.insert(policy, place).has_value() == insert(ids, policy, place);
}

bool lookups_agree(Spd& spd, Draw& draw) {
  const auto snapshot = spd.snapshot();
  const ShadowReport report = find_shadowed(*snapshot);
  for (int i = 0; i < 16; ++i) {
    const PacketSelectors packet = draw_packet(draw);
    const Policy* found = snapshot->find(packet);
    if (found != first_match(spd.policies(), packet)) return false;
    if (std::ranges::any_of(report.shadowed,
                            [&](const auto& shadowed) { return shadowed.policy.get() == found; }))
      return false;
  }
  return true;
}

}  // namespace

const Policy* first_match(const PolicyList& policies, const PacketSelectors& packet) {
  for (const auto& policy : policies) {
    if (!policy->applies(packet.direction) || policy->by_peer_only) continue;
    for (const Selector& selector : policy->selectors) {
      if (matches(selector, packet)) return policy.get();
    }
  }
  return nullptr;
}

Policy draw_policy(Draw& draw) {
  Policy policy{.id = PolicyId{draw.below(32)}, .action = static_cast<Action>(draw.below(3))};
  const std::uint8_t flags = draw.octet();
  policy.outbound = (flags & 3) != 0;
  policy.inbound = (flags & 12) != 0;
  for (int left = (flags >> 4 & 3); left != 0; --left)
    policy.selectors.push_back(draw_selector(draw));
  if (policy.action == Action::protect) policy.protect = ProtectSpec{.mode = Mode::transport};
  return policy;
}

PacketSelectors draw_packet(Draw& draw) {
  static constexpr std::uint16_t protocols[] = {1, 6, 17, 50, 58, 135, unavailable_protocol, 6};
  const std::uint8_t flags = draw.octet();
  const bool v4 = (flags & 1) != 0;
  PacketSelectors packet{.version = v4 ? IpVersion::v4 : IpVersion::v6};
  packet.direction = (flags & 2) != 0 ? Direction::outbound : Direction::inbound;
  packet.local = number_of(draw_address(draw, v4));
  packet.remote = number_of(draw_address(draw, v4));
  packet.protocol = v4 && (flags >> 2 & 7) == 6 ? std::uint16_t{17} : protocols[flags >> 2 & 7];
  if (packet.protocol == unavailable_protocol || (flags & 0x20) != 0) return packet;
  const NextLayerFields fields = next_layer_fields(static_cast<std::uint8_t>(packet.protocol));
  if (fields == NextLayerFields::none) return packet;
  const bool outbound = packet.direction == Direction::outbound, both = fields == NextLayerFields::ports;
  if (both || outbound) packet.local_port = draw_port(draw);
  if (both || !outbound) packet.remote_port = draw_port(draw);
  return packet;
}

bool spd_agrees(OctetView octets) {
  Draw draw(octets);
  Spd spd;
  std::vector<PolicyId> ids;
  while (!draw.empty()) {
    if (draw.below(8) == 0 && !lookups_agree(spd, draw)) return false;
    if (!edit_agrees(spd, ids, draw)) return false;
    const auto same = [](PolicyId id, const auto& policy) { return id == policy->id; };
    if (!std::ranges::equal(ids, spd.policies(), same)) return false;
  }
  return lookups_agree(spd, draw);
}

}  // namespace mpsec::fuzz
