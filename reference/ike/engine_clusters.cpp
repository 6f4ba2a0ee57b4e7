// What the engine is asked about SA clusters as wholes.
#include <algorithm>

#include "ike/child_exchange.hpp"
#include "ike/engine.hpp"
#include "ike/informational.hpp"

namespace mpsec::ike {
namespace {

Error unknown_cluster(ClusterId id) {
  return {Blame::local_fault, "cluster", std::nullopt, fmt::format("there is no cluster {:016x}", id.value),
          ""};
}

}  // namespace

void Engine::on_cluster_limit(ClusterId id, Instant now, Actions& actions) {
  static_cast<void>(replace_cluster(id, now, actions));
}

Result<> Engine::replace_cluster(ClusterId id, Instant now, Actions& actions) {
  const Cluster* cluster = clusters_.find(id);
  if (cluster == nullptr) return std::unexpected(unknown_cluster(id));
  if (cluster->ending) return {};  // it is asked for already
  Turn turn{now, seams_.rng, actions};
  clusters_.close(id);
  // The first of them founds the new cluster, the others join it.
  for (const ChildId sub_sa : std::set(cluster->sub_sas)) {
    const FoundChild found = find_child(sub_sa);
    const bool in_use = found.child != nullptr && (found.child->state == ChildState::installed ||
                                                   found.child->state == ChildState::rekeying);
    if (!in_use) continue;
    ChildWish wish{.configuration = found.child->configuration};
    wish.instead_of = sub_sa;
    found.sa->begin(std::make_unique<CreateChild>(std::move(wish)), turn);
  }
  settle_all(actions);
  return {};
}

Result<> Engine::end_cluster(ClusterId id, Instant now, Actions& actions) {
  const Cluster* cluster = clusters_.find(id);
  if (cluster == nullptr) return std::unexpected(unknown_cluster(id));
  Turn turn{now, seams_.rng, actions};
  clusters_.close(id);
  std::map<IkeSaId, std::vector<ChildId>> by_owner;
  for (const ChildId sub_sa : cluster->sub_sas)
    if (const FoundChild found = find_child(sub_sa); found.child != nullptr)
      by_owner[found.sa->id()].push_back(sub_sa);
  for (auto& [owner, children] : by_owner)
    if (IkeSa* sa = find(owner)) sa->begin(std::make_unique<DeleteChildren>(std::move(children)), turn);
  settle_all(actions);
  return {};
}

std::optional<IkeSaId> Engine::owner_of(ChildId child) const {
  const auto at = owners_.find(child);
  return at == owners_.end() ? std::nullopt : std::optional(at->second);
}

std::vector<ClusterStatus> Engine::cluster_status() const {
  std::vector<ClusterStatus> all;
  for (const auto& [id, cluster] : clusters_)
    all.push_back({id,
                   cluster.terms.name.name,
                   cluster.terms.name.remote_id,
                   {cluster.sub_sas.begin(), cluster.sub_sas.end()},
                   cluster.awaited,
                   cluster.ending});
  return all;
}

}  // namespace mpsec::ike
