#include "ipsec/policy.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace mpsec::ipsec {
namespace {

std::unexpected<Error> fault(const Policy& policy, std::string_view field, std::string why,
                             std::string clause) {
  return std::unexpected(Error{.blame = Blame::local_fault,
                               .path = fmt::format("{}/{}", describe(policy), field),
                               .offset = std::nullopt,
                               .why = std::move(why),
                               .clause = std::move(clause)});
}

Result<> validate_endpoints(const Policy& policy, const ProtectSpec& protect) {
  if (protect.mode == Mode::transport) {
    if (!protect.endpoints) return {};
    return fault(policy, "endpoints", "tunnel endpoints in transport mode; allowed: none",
                 "RFC 4301 4.4.1.2");
  }
  if (!protect.endpoints)
    return fault(policy, "endpoints", "tunnel mode without endpoints; need a local and a remote address",
                 "RFC 4301 4.4.1.2");
  if (protect.endpoints->local.version() != protect.endpoints->remote.version())
    return fault(policy, "endpoints",
                 fmt::format("{} and {} are not of one family", to_string(protect.endpoints->local),
                             to_string(protect.endpoints->remote)),
                 "RFC 4301 4.4.1.2");
  return {};
}

//= rfc4301/4.4.2.2/no-populating-from-packet-of-opaque
Result<> validate_populate(const Policy& policy, const PopulateFromPacket& populate) {
  constexpr auto clause = "RFC 4301 4.4.2.2";
  for (const Selector& selector : policy.selectors) {
    const bool opaque = (populate.protocol && selector.protocol.is_opaque()) ||
                        (populate.local_port && selector.local_port.is_opaque()) ||
                        (populate.remote_port && selector.remote_port.is_opaque());
    if (opaque)
      return fault(policy, "populate",
                   fmt::format("an OPAQUE value cannot come from the packet: {}", to_string(selector)),
                   clause);
    const bool ports = populate.local_port || populate.remote_port;
    if (ports && selector.protocol.is_any() && !populate.protocol)
      return fault(
          policy, "populate",
          fmt::format("ports from the packet while any protocol stays allowed: {}", to_string(selector)),
          "RFC 4301 7.1");
  }
  return {};
}

Result<> validate_protect(const Policy& policy) {
  if (policy.action != Action::protect) {
    if (!policy.protect) return {};
    return fault(policy, "protect",
                 fmt::format("processing info with {}; allowed: none", to_string(policy.action)),
                 "RFC 4301 4.4.1.2");
  }
  if (!policy.protect) return fault(policy, "protect", "PROTECT needs processing info", "RFC 4301 4.4.1.2");
  //= rfc4301/4.4.1/protect-entries-serve-both-directions
  if (!policy.outbound || !policy.inbound)
    return fault(policy, "direction", "PROTECT in one direction; allowed: both", "RFC 4301 4.4.1");
  if (auto valid = validate_endpoints(policy, *policy.protect); !valid) return valid;
  return validate_populate(policy, policy.protect->populate);
}

// Narrows one selector set to the packet where the flags say so.
class Narrowing {
 public:
  enum class Outcome { narrowed, not_admitted, value_missing };

  Narrowing(const PopulateFromPacket& populate, const PacketSelectors& packet)
      : populate_(populate), packet_(packet) {}

  Outcome apply(Selector& selector) const {
    if (populate_.local_address && !narrow(selector.local, packet_.local)) return Outcome::not_admitted;
    if (populate_.remote_address && !narrow(selector.remote, packet_.remote)) return Outcome::not_admitted;
    if (populate_.protocol) {
      if (packet_.protocol == unavailable_protocol) return Outcome::value_missing;
      if (!selector.protocol.matches(packet_.protocol)) return Outcome::not_admitted;
      selector.protocol = ProtocolSelector::number(static_cast<std::uint8_t>(packet_.protocol));
    }
    // A set for another protocol has other ports, which the packet says nothing about.
    const bool ports = populate_.local_port || populate_.remote_port;
    if (ports && !selector.protocol.matches(packet_.protocol)) return Outcome::not_admitted;
    if (populate_.local_port) {
      if (const Outcome outcome = narrow(selector.local_port, packet_.local_port);
          outcome != Outcome::narrowed)
        return outcome;
    }
    return populate_.remote_port ? narrow(selector.remote_port, packet_.remote_port) : Outcome::narrowed;
  }

 private:
  bool narrow(std::vector<AddressRange>& ranges, AddressNumber number) const {
    const IpAddress address = address_of(number, packet_.version);
    const bool admitted = ranges.empty() || std::ranges::any_of(ranges, [&](const AddressRange& range) {
                            return range.contains(address);
                          });
    ranges = {AddressRange::of(address)};
    return admitted;
  }

  Outcome narrow(PortSelector& ports, std::uint32_t port) const {
    const bool known = packet_.protocol != unavailable_protocol;
    // The one field of ICMP or the Mobility Header stands for both sides.
    if (known && has_sender_field_only(next_layer_fields(static_cast<std::uint8_t>(packet_.protocol))))
      port = packet_.direction == Direction::outbound ? packet_.local_port : packet_.remote_port;
    if (port == unavailable_port) return Outcome::value_missing;
    if (!ports.matches(port)) return Outcome::not_admitted;
    ports = PortSelector::one(static_cast<std::uint16_t>(port));
    return Outcome::narrowed;
  }

  const PopulateFromPacket& populate_;
  const PacketSelectors& packet_;
};

}  // namespace

std::string_view to_string(Action action) {
  switch (action) {
    case Action::discard:
      return "DISCARD";
    case Action::bypass:
      return "BYPASS";
    case Action::protect:
      return "PROTECT";
  }
  return "unknown";
}

std::string describe(const Policy& policy) {
  return fmt::format("policy {} '{}'", policy.id.value, policy.name);
}

Result<> validate(const Policy& policy) {
  if (policy.selectors.empty())
    return fault(policy, "selectors",
                 "no selector set; need at least one, and one without any limits takes everything",
                 "RFC 4301 4.4.1.2");
  for (std::size_t i = 0; i < policy.selectors.size(); ++i) {
    if (auto valid = validate(policy.selectors[i], fmt::format("{}/selectors[{}]", describe(policy), i));
        !valid)
      return valid;
  }
  if (!policy.outbound && !policy.inbound)
    return fault(policy, "direction", "neither outbound nor inbound; allowed: either or both",
                 "RFC 4301 4.4.1");
  if (policy.by_peer_only && policy.peers.empty())
    return fault(policy, "peers", "selected by peers only, but there are none", "RFC 4301 4.4.1.1");
  return validate_protect(policy);
}

//= rfc4301/4.4.1/sa-selectors-from-packet-or-policy
std::optional<std::vector<Selector>> selectors_of_new_sa(const Policy& policy,
                                                         const PacketSelectors& packet) {
  if (!policy.protect || !policy.protect->populate.any()) return policy.selectors;
  const Narrowing narrowing(policy.protect->populate, packet);
  std::vector<Selector> result;
  for (Selector selector : policy.selectors) {
    switch (narrowing.apply(selector)) {
      case Narrowing::Outcome::narrowed:
        result.push_back(std::move(selector));
        break;
      case Narrowing::Outcome::not_admitted:
        break;
      case Narrowing::Outcome::value_missing:
        return std::nullopt;
    }
  }
  if (result.empty()) return std::nullopt;
  return result;
}

}  // namespace mpsec::ipsec
