#include "ike/configuration.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "ipsec/replay_window.hpp"

namespace mpsec::ike {
namespace {

Error wrong(const PeerConfiguration& peer, std::string_view field, std::string why) {
  return {Blame::local_fault, fmt::format("peer '{}'/{}", peer.name, field), std::nullopt, std::move(why),
          ""};
}

Error wrong(const PeerConfiguration& peer, const ChildConfiguration& child, std::string_view field,
            std::string why) {
  return wrong(peer, fmt::format("child '{}'/{}", child.name, field), std::move(why));
}

bool is_ordered(const SaLifetime& lifetime) {
  return lifetime.rekey_after > Duration::zero() && lifetime.end_after > lifetime.rekey_after &&
         lifetime.jitter >= 0 && lifetime.jitter < 1;
}

constexpr std::string_view lifetime_rule =
    "rekey_after must be above 0 and below end_after, jitter in [0, 1)";

Result<> check_cluster(const PeerConfiguration& peer, const ChildConfiguration& child) {
  const ClusterWish& wish = *child.cluster;
  if (wish.name.empty())
    return std::unexpected(wrong(peer, child, "cluster/name", "found nothing: clusters are told by name"));
  if (wish.most_sub_sas == 0 || wish.most_sub_sas > 65'536) {
    return std::unexpected(wrong(peer, child, "cluster/most_sub_sas",
                                 fmt::format("1 to 65,536 are allowed, found {}", wish.most_sub_sas)));
  }
  if (wish.anti_replay) {
    if (auto checked = ipsec::ReplayWindow::check_size(wish.window); !checked)
      return std::unexpected(wrong(peer, child, "cluster/window", checked.error().why));
    return {};
  }
  for (const ChildProposal& proposal : child.proposals)
    if (std::ranges::count(proposal.sequence_numbers, wire::ike::SequenceNumbers::extended) != 0)
      return std::unexpected(
          wrong(peer, child, "cluster/anti_replay", "extended sequence numbers need a window"));
  return {};
}

// What is called the same is the same cluster, over whichever path.
Result<> check_clusters(const Configuration& configuration) {
  std::map<std::string_view, const ClusterWish*> known;
  for (const PeerConfiguration& peer : configuration.peers)
    for (const ChildConfiguration& child : peer.children) {
      if (!child.cluster) continue;
      const auto [place, is_new] = known.emplace(child.cluster->name, &*child.cluster);
      if (!is_new && *place->second != *child.cluster) {
        return std::unexpected(wrong(
            peer, child, "cluster",
            fmt::format("cluster '{}' differs from what another child says of it", child.cluster->name)));
      }
    }
  return {};
}

Result<> check(const PeerConfiguration& peer, const ChildConfiguration& child) {
  if (child.proposals.empty())
    return std::unexpected(wrong(peer, child, "proposals", "at least one is needed"));
  for (const ChildProposal& proposal : child.proposals) {
    const bool ah = proposal.protocol == wire::ike::ProtocolId::ah;
    if (ah != (child.protocol == ipsec::Protocol::ah))
      return std::unexpected(wrong(peer, child, "proposals", "their protocol is not the child's"));
  }
  if (child.selectors.empty())
    return std::unexpected(wrong(peer, child, "selectors", "at least one is needed"));
  for (std::size_t i = 0; i < child.selectors.size(); ++i) {
    const std::string path = fmt::format("peer '{}'/child '{}'/selectors[{}]", peer.name, child.name, i);
    if (auto valid = ipsec::validate(child.selectors[i], path); !valid) return valid;
  }
  if (!is_ordered(child.lifetime))
    return std::unexpected(wrong(peer, child, "lifetime", std::string(lifetime_rule)));
  if (child.cluster) return check_cluster(peer, child);
  return {};
}

Result<> check(const PeerConfiguration& peer) {
  if (peer.credential == nullptr)
    return std::unexpected(wrong(peer, "credential", "one is needed: who are we?"));
  if (peer.proposals.empty()) return std::unexpected(wrong(peer, "proposals", "at least one is needed"));
  for (const IkeProposal& proposal : peer.proposals)
    if (proposal.encryption.empty() || proposal.prf.empty() || proposal.key_exchange.empty())
      return std::unexpected(wrong(peer, "proposals", "each needs an encryption, a PRF and a key exchange"));
  if (!is_ordered(peer.lifetime)) return std::unexpected(wrong(peer, "lifetime", std::string(lifetime_rule)));
  if (peer.window == 0) return std::unexpected(wrong(peer, "window", "expected 1 or more, found 0"));
  if (peer.fragment_beyond != 0 && peer.fragment_beyond < 576)
    return std::unexpected(wrong(peer, "fragment_beyond",
                                 fmt::format("expected 0 or at least 576, found {}", peer.fragment_beyond)));
  std::set<std::string_view> names;
  for (const ChildConfiguration& child : peer.children) {
    if (!names.insert(child.name).second)
      return std::unexpected(wrong(peer, child, "name", "another child has it"));
    if (auto checked = check(peer, child); !checked) return checked;
  }
  return {};
}

}  // namespace

Result<> check(const Configuration& configuration) {
  std::set<std::string_view> names;
  for (const PeerConfiguration& peer : configuration.peers) {
    if (!names.insert(peer.name).second) return std::unexpected(wrong(peer, "name", "another peer has it"));
    if (auto checked = check(peer); !checked) return checked;
  }
  return check_clusters(configuration);
}

}  // namespace mpsec::ike
