// depends: ipsec
#include "support/policy_mix.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace mpsec::bench {

using namespace ipsec;

std::string_view to_string(PolicyKind kind) {
  switch (kind) {
    case PolicyKind::wide:
      return "wide";
    case PolicyKind::narrow:
      return "narrow";
    case PolicyKind::any_size:
      return "any_size";
    case PolicyKind::one_axis:
      return "one_axis";
    case PolicyKind::prefixes:
      return "prefixes";
  }
  return "unknown";
}

namespace {

template <class Number>
std::pair<Number, Number> in_order(Number one, Number other) {
  return std::minmax(one, other);
}

// The address `steps` of 2^-32 of the whole space further on, or the last one.
IpAddress further(const IpAddress& from, std::uint64_t steps) {
  const AddressNumber last = from.is_v4() ? 0xffffffff : ~AddressNumber{0};
  const AddressNumber distance =
      from.is_v4() ? AddressNumber{steps} : (AddressNumber{steps} << 96) - (steps != 0);
  const AddressNumber number = number_of(from);
  return address_of(last - number < distance ? last : number + distance, from.version());
}

}  // namespace

Spd PolicyMix::spd(std::size_t count) {
  Spd spd;
  for (std::uint32_t id = 0; id < count; ++id) {
    Policy policy{.id = PolicyId(id), .action = Action::bypass, .inbound = false, .selectors = {selector()}};
    static_cast<void>(spd.append(std::move(policy)).value());
  }
  return spd;
}

std::vector<PacketSelectors> PolicyMix::packets(const PolicyList& policies, std::size_t count) {
  static constexpr std::array<std::uint16_t, 3> protocols{6, 17, 132};
  std::vector<PacketSelectors> packets(count);
  const auto address_in = [&](const std::vector<AddressRange>& ranges) {
    if (ranges.empty()) return number_of(address());
    const AddressNumber first = number_of(ranges[0].first), distance = number_of(ranges[0].last) - first;
    const AddressNumber random = AddressNumber{rng_.next_u64()} << 64 | rng_.next_u64();
    return distance == ~AddressNumber{0} ? random : first + random % (distance + 1);
  };
  const auto port_in = [&](const PortSelector& ports) -> std::uint32_t {
    if (ports.ranges().empty()) return port();
    const PortRange range = ports.ranges()[0];
    return range.first + static_cast<std::uint32_t>(rng_.below(range.last - range.first + 1u));
  };
  for (std::size_t i = 0; i < count; ++i) {
    const Selector anything, &inside = policies[rng_.below(policies.size())]->selectors[0];
    const Selector& within = i % 2 == 0 ? anything : inside;
    packets[i] = {
        .local = address_in(within.local),
        .remote = address_in(within.remote),
        .local_port = port_in(within.local_port),
        .remote_port = port_in(within.remote_port),
        .protocol = within.protocol.is_number() ? within.protocol.first() : protocols[rng_.below(3)],
        .version = version_};
  }
  return packets;
}

Selector PolicyMix::selector() {
  static constexpr std::array<std::uint8_t, 3> protocols{6, 17, 132};
  Selector selector;
  if (kind_ == PolicyKind::prefixes) {
    selector.local = {prefix()};
    selector.remote = {prefix()};
  }
  std::array<bool, 4> narrow{};
  if (kind_ == PolicyKind::one_axis) narrow[rng_.below(4)] = true;
  if (kind_ == PolicyKind::narrow) narrow = {rng_.below(20) != 0, rng_.below(20) != 0, true, true};
  if (selector.local.empty()) selector.local = {addresses(narrow[0])};
  if (selector.remote.empty()) selector.remote = {addresses(narrow[1])};
  if (kind_ != PolicyKind::one_axis && rng_.below(5) == 0) return selector;  // any protocol
  selector.protocol = ProtocolSelector::number(protocols[rng_.below(3)]);
  selector.local_port = ports(narrow[2]);
  selector.remote_port = ports(narrow[3]);
  return selector;
}

IpAddress PolicyMix::address() {
  const AddressNumber random = AddressNumber{rng_.next_u64()} << 64 | rng_.next_u64();
  return address_of(version_ == IpVersion::v4 ? random & 0xffffffff : random, version_);
}

AddressRange PolicyMix::addresses(bool narrow) {
  const IpAddress from = address();
  if (kind_ == PolicyKind::any_size) return {from, further(from, rng_.next_u64() >> (32 + rng_.below(32)))};
  if (narrow) return {from, further(from, rng_.below(4096))};
  const auto [first, last] = in_order(from, address());
  return {first, last};
}

PortSelector PolicyMix::ports(bool narrow) {
  static constexpr std::array<std::uint16_t, 6> well_known{22, 25, 53, 80, 443, 4500};
  if (kind_ == PolicyKind::prefixes)
    return rng_.below(2) == 0 ? PortSelector::any() : PortSelector::one(well_known[rng_.below(6)]);
  if (kind_ == PolicyKind::narrow && rng_.below(2) == 0) return PortSelector::any();
  const std::uint16_t one = port();
  if (narrow) return PortSelector::one(one);
  const std::uint64_t length =
      kind_ == PolicyKind::any_size ? rng_.next_u64() >> (48 + rng_.below(16)) : port();
  const auto other =
      static_cast<std::uint16_t>(kind_ == PolicyKind::any_size ? std::min(one + length, 65535ul) : length);
  const auto [first, last] = in_order(one, other);
  return {PortRange{first, last}};
}

// One of 300 sites, a network or host in it; now and then everything.
AddressRange PolicyMix::prefix() {
  const unsigned bits = version_ == IpVersion::v4 ? 32 : 128;
  const std::uint64_t site = (rng_.below(300) * 0x9e3779b97f4a7c15) >> 48;
  const AddressNumber random = AddressNumber{rng_.next_u64()} << 64 | rng_.next_u64();
  const AddressNumber number =
      AddressNumber{site} << (bits - 16) | (random & ((AddressNumber{1} << (bits - 16)) - 1));
  const std::uint64_t length = rng_.below(20) == 0 ? 1 : 8 + rng_.below(bits - 7);
  const AddressNumber hosts = (AddressNumber{1} << (bits - length)) - 1;
  return {address_of(number & ~hosts, version_), address_of(number | hosts, version_)};
}

}  // namespace mpsec::bench
