#include "ike/transport_nat.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <optional>
#include <string_view>

namespace mpsec::ike {
namespace {

using wire::ike::TrafficSelector;

std::unexpected<Error> misbehaved(std::string_view side, std::string why) {
  return std::unexpected(Error{.blame = Blame::peer_misbehaved,
                               .path = fmt::format("traffic selectors/{}", side),
                               .offset = std::nullopt,
                               .why = std::move(why),
                               .clause = "RFC 7296 2.23.1"});
}

// The one address that all selectors name; fails if they name more, or none.
Result<IpAddress> only_address(const std::vector<TrafficSelector>& selectors, std::string_view side) {
  std::optional<IpAddress> only;
  for (const TrafficSelector& selector : selectors) {
    if (!selector.is_range()) continue;  // as if it were not there (RFC 7296 2.9)
    const IpAddress start = selector.start_address();
    if (start != selector.end_address() || (only && *only != start))
      return misbehaved(side, fmt::format("expected one address, found {}", to_string(selector)));
    only = start;
  }
  if (!only) return misbehaved(side, "expected one address, found none");
  return *only;
}

void replace_address(std::vector<TrafficSelector>& selectors, const IpAddress& address) {
  std::erase_if(selectors, [](const TrafficSelector& each) { return !each.is_range(); });
  for (TrafficSelector& selector : selectors) {
    auto changed = TrafficSelector::range(address, address, selector.ip_protocol);
    changed.start_port = selector.start_port;
    changed.end_port = selector.end_port;
    selector = changed;
  }
}

}  // namespace

Result<> check_transport(const TrafficSelectorPair& proposed, const Path& path) {
  const auto check = [](const std::vector<TrafficSelector>& selectors, const IpAddress& expected,
                        std::string_view side) -> Result<> {
    auto found = only_address(selectors, side);
    if (found && *found == expected) return {};
    Error error = found ? misbehaved(side, fmt::format("expected {}, which IKE uses, found {}",
                                                       to_string(expected), to_string(*found)))
                              .error()
                        : std::move(found).error();
    error.blame = Blame::local_fault;
    return std::unexpected(std::move(error));
  };
  if (auto right = check(proposed.local, path.local.address, "local"); !right) return right;
  return check(proposed.remote, path.remote.address, "remote");
}

//= rfc7296/2.23.1/received-addresses-are-kept-for-checksums
//= rfc7296/2.23.1/address-behind-a-nat-is-replaced
Result<SubstitutedSelectors> substitute(const TrafficSelectorPair& received, const Path& path,
                                        const NatState& nat) {
  const auto local = only_address(received.local, "local"), remote = only_address(received.remote, "remote");
  if (!local) return std::unexpected(local.error());
  if (!remote) return std::unexpected(remote.error());
  if (local->version() != path.local.address.version() || remote->version() != path.remote.address.version())
    return misbehaved("addresses", "expected the family of the IKE messages, found the other");
  SubstitutedSelectors result{
      .selectors = received, .received = received, .original = {.source = *remote, .destination = *local}};
  if (nat.peer_is_behind) replace_address(result.selectors.remote, path.remote.address);
  if (nat.we_are_behind) replace_address(result.selectors.local, path.local.address);
  return result;
}

}  // namespace mpsec::ike
