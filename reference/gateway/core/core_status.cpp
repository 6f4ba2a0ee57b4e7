// What a core tells of itself.
#include "gateway/core/parts.hpp"

namespace mpsec::gateway {
namespace {

SubSaReport sub_sa_report(const cluster::ClusterEnd& ends, const SaTable::Child& child) {
  SubSaReport report{.child = child.id, .sub_sa = child.place->sub_sa, .round_trip = {}};
  report.path = ends.path_number(child.place->cluster, child.place->sub_sa).value_or(0);
  if (const cluster::PathState* path = ends.path(child.place->cluster, child.place->sub_sa)) {
    report.condition = path->condition();
    report.round_trip = path->round_trip().smoothed();
    report.loss = path->loss();
  }
  return report;
}

}  // namespace

Status Core::status() const {
  Status status{.name = settings_.name, .ike_sas = {}, .clusters = {}};
  std::map<std::string_view, const ipsec::Identity*> local_ids;
  for (const ike::PeerConfiguration& peer : settings_.ike.peers)
    local_ids.emplace(peer.name, &peer.local_id);
  for (ike::IkeStatus& sa : engine_->status()) {
    IkeReport& report = status.ike_sas.emplace_back();
    for (ike::ChildStatus& child : sa.children) {
      const SaTable::Child* const held = parts_->sas.find(child.id);
      report.children.push_back(
          {std::move(child), held == nullptr ? SaTraffic{} : parts_->sas.traffic(*held)});
    }
    sa.children.clear();
    report.ike = std::move(sa);
    if (const auto peer = local_ids.find(report.ike.peer); peer != local_ids.end())
      report.local_id = *peer->second;
  }
  for (const ipsec::ClusterId id : parts_->sas.clusters()) {
    const cluster::SaCluster& cluster = *parts_->ends.find(id);
    ClusterReport& report = status.clusters.emplace_back();
    report.id = id;
    report.name = parts_->sas.name_of(id);
    report.negotiated = parts_->sas.negotiated(id);
    report.sub_sas = cluster.sub_sas();
    report.valid_sub_sas = cluster.valid_sub_sas();
    // Towards an ordinary peer each sub-SA has a window of its own.
    if (const auto& window = cluster.core()->window()) report.highest_in = window->top();
    report.numbers_left = cluster.core()->sequence().left();
    for (const auto& [_, child] : parts_->sas.children())
      if (child.place && child.place->cluster == id)
        report.paths.push_back(sub_sa_report(parts_->ends, child));
    if (const auto* buffer = parts_->ends.reordering(id)) report.reordering = buffer->counters();
    report.metrics = parts_->ends.metrics(id);
  }
  return status;
}

std::string Core::child_name(ike::ChildId child) const {
  const SaTable::Child* const held = parts_->sas.find(child);
  if (held == nullptr) return {};
  const auto owner = owners_.find(held->policy);
  return owner == owners_.end() ? std::string() : owner->second.child->name;
}

Counters Core::counters() const {
  Counters counters = counters_;
  counters.ike = engine_->counters();
  counters.discards = parts_->data_path.discards();
  if (!parts_->crew) return counters;
  const WorkerCounters further = parts_->crew->counters();
  for (std::size_t cause = 0; cause < ipsec::discard_causes; ++cause)
    counters.discards.by_cause[cause] += further.discards.by_cause[cause];
  counters.clear_in += further.clear_in, counters.delivered += further.delivered;
  counters.between_workers = further.lost_to_the_core + parts_->crew->dropped();
  return counters;
}

}  // namespace mpsec::gateway
