// What happens to a world while it runs: paths, sub-SAs and workers come and go.
#include "sim/cluster/world.hpp"

namespace mpsec::sim {

void World::plan(const Happening& happening) {
  time_.at(Instant{} + happening.at, [this, happening] {
    happen(happening.deed);
    if (!happening.every || happening.at + *happening.every >= happening.until) return;
    Happening next = happening;
    next.at += *happening.every;
    plan(next);
  });
}

void World::happen(const Deed& deed) {
  auto set_up = [this](LinkId id, bool up) {
    LinkProfile profile = network_.link(id).profile();
    profile.up = up;
    network_.change(id, profile);
  };
  if (const auto* change = std::get_if<SetLink>(&deed)) {
    network_.change(paths_[change->path].links.there, change->there);
    network_.change(paths_[change->path].links.back, change->back);
  } else if (const auto* state = std::get_if<SetPathUp>(&deed)) {
    set_up(paths_[state->path].links.there, state->up);
    set_up(paths_[state->path].links.back, state->up);
  } else if (const auto* joins = std::get_if<JoinPath>(&deed)) {
    join(joins->path);
  } else if (const auto* leaves = std::get_if<LeavePath>(&deed)) {
    leave(leaves->path, leaves->all);
  } else if (const auto* rekeys = std::get_if<RekeyPath>(&deed)) {  // the new one joins before the old leaves
    join(rekeys->path);
    leave(rekeys->path, false);
  } else if (const auto* abandons = std::get_if<AbandonLeases>(&deed)) {
    const auto numbers = gateways_[place(abandons->end)]->abandon(abandons->workers, abandons->numbers);
    streams_[place(abandons->end)].abandoned(numbers);
  }
}

// Whoever can delay packets and nothing else.
void World::hold_back(const AttackPlan& attack, bool begins) {
  for (const LinkId id : {paths_[attack.path].links.there, paths_[attack.path].links.back}) {
    LinkProfile profile = network_.link(id).profile();
    profile.reorder = begins ? attack.share : 0;
    profile.reorder_by = begins ? attack.by : Duration{0};
    network_.change(id, profile);
  }
}

// How long packets of a sub-SA may still be under way when nobody sends on it any more.
Duration World::grace(std::size_t path) const {
  static constexpr Duration for_queues = std::chrono::milliseconds(200);
  Duration longest{0};
  for (const LinkId id : {paths_[path].links.there, paths_[path].links.back}) {
    const LinkProfile& profile = network_.link(id).profile();
    longest =
        std::max(longest, profile.delay + profile.jitter + profile.reorder_by + profile.duplicate_after);
  }
  return longest + for_queues;
}

void World::join(std::size_t path) {
  const PathPlan& plan = scenario_.paths[path];
  SubSaPlan sub_sa{.id = cluster::SubSaId{++last_sub_sa_}, .path = path, .expires = {}, .grace = grace(path)};
  if (plan.lifetime) sub_sa.expires = time_.now() + *plan.lifetime;
  for (const auto& gateway : gateways_) {
    auto joined = gateway->join(sub_sa, plan, time_.now());
    if (!joined && !failure_) failure_ = std::move(joined).error();
    set_timer(gateway->end());
  }
  paths_[path].sub_sas.push_back(sub_sa);
}

// The oldest sub-SA of the path, or all of them.
void World::leave(std::size_t path, bool all) {
  auto& sub_sas = paths_[path].sub_sas;
  while (!sub_sas.empty()) {
    leave(sub_sas.front());
    sub_sas.erase(sub_sas.begin());
    if (!all) return;
  }
}

// Nobody sends on it from now on; what is under way is still received.
void World::leave(const SubSaPlan& sub_sa) {
  for (const auto& gateway : gateways_)
    gateway->leave_outbound(sub_sa.id);
  time_.after(grace(sub_sa.path), [this, id = sub_sa.id] {
    for (const auto& gateway : gateways_)
      gateway->leave(id);
  });
}

}  // namespace mpsec::sim
