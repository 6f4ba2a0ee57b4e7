#include "ike/clusters.hpp"

namespace mpsec::ike {

Clusters::Founding::Founding(Clusters& clusters, ClusterName name, ClusterId id)
    : clusters_(&clusters), name_(std::move(name)) {
  if (!clusters.founding_.emplace(name_, id).second) clusters_ = nullptr;
}

Clusters::Founding::Founding(Founding&& other) noexcept
    : clusters_(std::exchange(other.clusters_, nullptr)), name_(std::move(other.name_)) {}

Clusters::Founding& Clusters::Founding::operator=(Founding&& other) noexcept {
  std::swap(clusters_, other.clusters_);
  std::swap(name_, other.name_);
  return *this;
}

Clusters::Founding::~Founding() {
  if (clusters_ != nullptr) clusters_->founding_.erase(name_);
}

Clusters::Joining::Joining(Clusters& clusters, ClusterId id) : clusters_(&clusters), id_(id) {
  ++clusters.clusters_.find(id)->second.awaited;
}

Clusters::Joining& Clusters::Joining::operator=(Joining&& other) noexcept {
  std::swap(clusters_, other.clusters_);
  std::swap(id_, other.id_);
  return *this;
}

Clusters::Joining::~Joining() {
  if (clusters_ == nullptr) return;
  const auto place = clusters_->clusters_.find(id_);
  --place->second.awaited;
  clusters_->end_if_empty(place);
}

const Cluster* Clusters::find(ClusterId id) const {
  const auto found = clusters_.find(id);
  return found == clusters_.end() ? nullptr : &found->second;
}

const Cluster* Clusters::find_open(const ClusterName& name) const {
  const auto found = open_.lower_bound({name, ClusterId{0}});
  return found == open_.end() || found->first != name ? nullptr : find(found->second);
}

std::optional<ClusterId> Clusters::find_founding(const ClusterName& name) const {
  const auto found = founding_.find(name);
  if (found == founding_.end()) return std::nullopt;
  return found->second;
}

ClusterId Clusters::new_id(Turn& turn) const {
  for (;;) {
    const ClusterId id{turn.rng.next_u64()};
    if (id != ClusterId{0} && !clusters_.contains(id)) return id;
  }
}

void Clusters::found(ClusterId id, ClusterTerms terms, Turn& turn) {
  const ClusterName& name = terms.name;
  turn.tell(ClusterFounded{id, name.name, name.local_id, name.remote_id});
  open_.emplace(name, id);
  clusters_.emplace(id, Cluster{id, std::move(terms)});
}

void Clusters::join(ClusterId id, IkeSaId sa, ChildId child, std::optional<ChildId> replaces, Turn& turn) {
  Cluster& cluster = clusters_.find(id)->second;  // whoever grants it, or has it granted, has just looked
  cluster.sub_sas.insert(child);
  if (replaces && cluster.sub_sas.contains(*replaces)) cluster.replaced.insert(*replaces);
  turn.tell(ClusterJoined{id, sa, child, cluster.sub_sas.size()});
}

void Clusters::leave(ClusterId id, ChildId child, Turn& turn) {
  const auto found = clusters_.find(id);
  if (found == clusters_.end()) return;
  Cluster& cluster = found->second;
  if (cluster.sub_sas.erase(child) == 0) return;
  cluster.replaced.erase(child);
  turn.tell(ClusterLeft{id, child, cluster.sub_sas.size()});
  end_if_empty(found);
}

void Clusters::end_if_empty(std::map<ClusterId, Cluster>::iterator place) {
  const Cluster& cluster = place->second;
  if (!cluster.sub_sas.empty() || cluster.awaited != 0) return;
  ended_.push_back({cluster.id, cluster.terms.name.name});
  open_.erase({cluster.terms.name, cluster.id});
  clusters_.erase(place);
}

void Clusters::close(ClusterId id) {
  const auto found = clusters_.find(id);
  if (found == clusters_.end()) return;
  found->second.ending = true;
  open_.erase({found->second.terms.name, id});
}

}  // namespace mpsec::ike
