// Sub-SAs over several workers: who has which half, and what all of it together has carried.
#include <algorithm>

#include "gateway/core/cluster_policy.hpp"
#include "gateway/core/sa_table.hpp"

namespace mpsec::gateway {

// Fails as the core's own part did not: then that is gone too.
Result<> SaTable::take_parts(ipsec::ClusterId cluster, const ClusterSettings& settings,
                             const ike::ClusterMembership& membership) {
  if (seams_.crew == nullptr) return {};
  const auto make = [&]() -> Result<Worker::Part> {
    auto policy = cluster_policy(settings, membership, seams_.rng);
    if (!policy) return std::unexpected(std::move(policy).error());
    return Worker::Part{std::move(policy->scheduler), policy->leases, policy->reordering.has_value(),
                        policy->metrics};
  };
  auto taken = seams_.crew->take_part(seams_.ends.find(cluster)->core(), make);
  cluster::ClusterEnd::Actions nothing;
  if (!taken) seams_.ends.end(cluster, {}, nothing);
  return taken;
}

Result<ipsec::InboundSa*> SaTable::join(Child& child, ipsec::InboundParameters parameters, Instant now) {
  const auto& [cluster, sub_sa] = *child.place;
  child.worker = seams_.crew == nullptr ? 0 : seams_.crew->next_owner(cluster);
  if (child.worker == 0) {
    auto joined = seams_.ends.join(cluster, sub_sa, std::move(parameters), now);
    if (joined && seams_.crew != nullptr) seams_.crew->joined_core(cluster);
    return joined;
  }
  if (auto counted = seams_.ends.join_elsewhere(cluster, sub_sa, now); !counted)
    return std::unexpected(std::move(counted).error());
  auto joined = seams_.crew->join(child.worker, cluster, sub_sa, std::move(parameters));
  if (!joined) seams_.ends.leave(cluster, sub_sa);
  return joined;
}

Result<ipsec::OutboundSa*> SaTable::join(Child& child, ipsec::OutboundParameters parameters, Instant now) {
  const auto& [cluster, sub_sa] = *child.place;
  const std::uint32_t share = weight(clusters_.at(cluster), parameters.source);
  if (seams_.crew != nullptr) {
    auto further = seams_.crew->join(cluster, sub_sa, parameters, share);
    if (!further) return std::unexpected(std::move(further).error());
    child.further = *std::move(further);
  }
  auto joined = seams_.ends.join(cluster, sub_sa, std::move(parameters), now, share);
  if (!joined && seams_.crew != nullptr) {
    seams_.crew->leave_outbound(cluster, sub_sa);
    child.further.clear();
  }
  return joined;
}

// Calls look(inbound) and look(outbound) for all halves that there are, each while nobody works with it.
template <class Look>
auto SaTable::look(const Child& child, Look look) const {
  const auto at = [&](std::size_t worker, auto* sa) {
    if (sa == nullptr) return;
    if (worker == 0)
      look(*sa);
    else
      seams_.crew->desk(worker).with([&](Worker&) { look(*sa); });
  };
  at(child.worker, child.inbound);
  at(0, child.outbound);
  for (std::size_t i = 0; i < child.further.size(); ++i)
    at(i + 1, child.further[i]);
}

namespace {

struct Sum {
  SaTraffic& traffic;
  void operator()(ipsec::InboundSa& sa) const {
    traffic.packets_in = sa.use().packets;
    traffic.octets_in = sa.use().octets;
    traffic.highest_in = sa.window().top();
  }
  void operator()(const ipsec::OutboundSa& sa) const {
    traffic.packets_out += sa.use().packets;
    traffic.octets_out += sa.use().octets;
    traffic.highest_out = std::max(traffic.highest_out, sa.last_sent());
  }
};

struct Limits {
  bool outbound, hard;
  bool& reached;
  void operator()(const ipsec::InboundSa& sa) const { look(sa.use(), false); }
  void operator()(const ipsec::OutboundSa& sa) const { look(sa.use(), true); }
  void look(const ipsec::LifetimeUse& use, bool of_outbound) const {
    reached |= of_outbound == outbound && (hard ? use.hard_reached : use.soft_reached);
  }
};

struct Exhaustion {
  bool& found;
  void operator()(const ipsec::InboundSa&) const {}
  void operator()(const ipsec::OutboundSa& sa) const { found |= sa.exhausted(); }
};

struct Latest {
  std::optional<Instant>& at;
  void operator()(const ipsec::InboundSa&) const {}
  void operator()(const ipsec::OutboundSa& sa) const { at = std::max(at, sa.used_at()); }
};

}  // namespace

std::optional<Instant> SaTable::last_sent(ike::ChildId id) const {
  std::optional<Instant> at;
  if (const Child* child = find(id)) look(*child, Latest{at});
  return at;
}

SaTraffic SaTable::traffic(const Child& child) const {
  SaTraffic traffic;
  look(child, Sum{traffic});
  return traffic;
}

bool SaTable::limit_reached(const Child& child, bool outbound, bool hard) const {
  bool reached = false;
  look(child, Limits{outbound, hard, reached});
  return reached;
}

bool SaTable::exhausted(const Child& child) const {
  bool found = false;
  look(child, Exhaustion{found});
  return found;
}

void SaTable::spread_path_mtu(const Child& child) {
  if (child.outbound == nullptr) return;
  for (std::size_t i = 0; i < child.further.size(); ++i)
    seams_.crew->desk(i + 1).with(
        [&](Worker&) { child.further[i]->set_path_mtu(child.outbound->path_mtu()); });
}

}  // namespace mpsec::gateway
