// Two ends of a cluster, each with one to three workers, as configured by a few octets: for the model-based
// test and the fuzzer. Bends put a wrong seam into an end, so that a law is seen to break.
#pragma once

#include <fmt/format.h>
#include <memory>
#include <string>
#include <vector>

#include "cluster/make_scheduler.hpp"
#include "cluster/sa_cluster.hpp"
#include "crypto/open/open_provider.hpp"
#include "ipsec/sa_test_support.hpp"

namespace mpsec::cluster::test {

struct WorldSettings {
  bool extended = true, duplication = false, ordinary_peer = false, one_writer = false;
  std::uint32_t window = 256, workers = 1, most_sub_sas = 8;
  std::uint32_t lease = 0;  // numbers; 0: none
  std::uint64_t start = 0;  // the last number before
  std::string scheduler = "round-robin burst=1";

  static constexpr std::size_t octets = 6;
  static WorldSettings of(OctetView six);
  ClusterParameters parameters() const;
};

enum class Bend : std::uint8_t {
  none,
  counter_for_each_worker,  // of the sender
  window_for_each_worker,   // of the receiver
  window_off,
  window_too_small,
  limits_ignored,    // by the sender's lifetime policy
  dead_sub_sa,       // given by the sender's group, as long as it is a member
  lease_without_end  // of the sender
};

inline WorldSettings WorldSettings::of(OctetView six) {
  static constexpr std::array<std::uint32_t, 4> windows{32, 64, 256, 1024}, leases{0, 1, 16, 64};
  static constexpr std::array<std::uint64_t, 6> starts{0,
                                                       0,
                                                       0xffffffff - 300,
                                                       0xffffffff - 20,
                                                       (std::uint64_t{3} << 32) - 20,
                                                       ~std::uint64_t{0} - SharedSequence::reserve - 150};
  static constexpr std::array<const char*, 7> schedulers{
      "round-robin burst=1", "round-robin burst=5", "weighted burst=3", "flow-hash paths=16",
      "least-round-trip",    "random burst=2",      "adaptive burst=4"};
  WorldSettings settings;
  settings.ordinary_peer = (six[0] & 6) == 6;
  settings.extended = (six[0] & 1) != 0 && !settings.ordinary_peer;
  settings.duplication = (six[0] & 2) != 0 && !settings.ordinary_peer;
  settings.one_writer = (six[0] & 8) != 0;
  settings.lease = leases[six[0] >> 4 & 3];
  settings.window = windows[six[1] % windows.size()];
  settings.workers = 1 + six[2] % 3;
  settings.most_sub_sas = 1 + six[3] % 12;
  settings.start = starts[six[4] % (settings.extended ? starts.size() : 4)];
  settings.scheduler = schedulers[six[5] % schedulers.size()];
  if (settings.duplication) settings.scheduler = "duplicate " + settings.scheduler;
  return settings;
}

inline ClusterParameters WorldSettings::parameters() const {
  ClusterParameters cluster;
  cluster.id = ipsec::ClusterId{7};
  cluster.peer = ordinary_peer ? PeerKind::ordinary : PeerKind::clusters;
  cluster.extended_sequence_numbers = extended;
  cluster.replay_window = cluster.peer_window = window;
  cluster.most_sub_sas = most_sub_sas;
  cluster.duplication = duplication;
  cluster.window_form = one_writer ? WindowForm::one_writer : WindowForm::several_writers;
  cluster.soft_limit = 100;
  cluster.last_sequence_number = start;
  return cluster;
}

// The SA number `index` of a cluster, in one direction; `back`: in the other.
template <class Parameters>
Parameters world_sa(const ClusterParameters& cluster, std::uint32_t index, bool back) {
  Parameters parameters;
  ipsec::test::fill(parameters,
                    {.extended = cluster.extended_sequence_numbers, .seed = index * 2u + (back ? 2 : 1)});
  parameters.spi = Spi{(back ? 0x80000000 : 0x1000) + index};
  parameters.anti_replay = cluster.anti_replay;
  parameters.allow_esn_without_anti_replay = !cluster.anti_replay;
  parameters.selectors = cluster.selectors;
  if constexpr (std::is_same_v<Parameters, ipsec::InboundParameters>)
    parameters.replay_window = cluster.replay_window;
  else
    parameters.path_mtu = 65535;
  return parameters;
}

// Ends no SA, whatever its limits.
class NoLimits final : public ipsec::LifetimePolicy {
 public:
  std::size_t charge(const ipsec::Lifetime&, ipsec::LifetimeUse& use, std::span<const std::uint32_t> octets,
                     Instant) noexcept override {
    use.packets += octets.size();
    return octets.size();
  }
};

// Gives the first sub-SA, ended or not.
class FirstOfAll final : public ipsec::OutboundGroup {
 public:
  explicit FirstOfAll(const SaCluster& cluster) : cluster_(cluster) {}
  Choice choose(const ipsec::PacketSelectors&, std::uint32_t wanted, Instant) noexcept override {
    for (std::uint32_t id = 1; id < 100; ++id)
      if (auto* sa = cluster_.outbound(SubSaId{id})) return {sa, wanted, nullptr};
    return {};
  }
  std::uint32_t largest_packet() const noexcept override { return cluster_.largest_packet(); }

 private:
  const SaCluster& cluster_;
};

// A data path and its part of the cluster.
struct WorldWorker {
  explicit WorldWorker(ipsec::LifetimePolicy& lifetime) : path({}, {rng, lifetime, inbound}) {
    ipsec::Spd spd;
    ipsec::Policy policy;
    policy.id = ipsec::PolicyId{1}, policy.action = ipsec::Action::protect, policy.name = "all";
    policy.selectors = {ipsec::Selector{}};
    policy.protect = ipsec::ProtectSpec{};
    policy.protect->endpoints = ipsec::TunnelEndpoints{ip("192.0.2.1"), ip("198.51.100.1")};
    policy.protect->by = ipsec::ClusterId{7};
    static_cast<void>(spd.append(policy));
    path.use(spd);
  }

  SeededRng rng{7};
  ipsec::StandardInboundPolicy inbound;
  ipsec::DataPath path;
  ipsec::Actions actions;
  std::unique_ptr<SaCluster> cluster;
  std::unique_ptr<FirstOfAll> bent_group;
};

class WorldEnd {
 public:
  WorldEnd(const WorldSettings& settings, bool sends, Bend bend)
      : settings_(settings), parameters_(settings.parameters()), sends_(sends), bend_(bend) {
    if (!sends && bend == Bend::window_off) parameters_.anti_replay = parameters_.duplication = false;
    if (!sends && bend == Bend::window_too_small) parameters_.replay_window = 32;
    if (sends && bend == Bend::lease_without_end) parameters_.peer_window = 1u << 30;
    const bool ignored = sends && bend == Bend::limits_ignored;
    for (std::uint32_t i = 0; i < settings.workers; ++i)
      workers_.push_back(std::make_unique<WorldWorker>(
          ignored ? static_cast<ipsec::LifetimePolicy&>(no_limits_) : lifetime_));
    found();
  }

  // A new cluster in the place of what there was.
  void found() {
    auto core = new_core();
    for (auto& worker : workers_) {
      SaCluster::Seams seams{worker->path, provider(), *make_scheduler(settings_.scheduler, worker->rng),
                             std::nullopt};
      if (settings_.lease != 0)
        seams.leases = LeaseRules{.numbers = settings_.lease, .time = std::chrono::milliseconds(10)};
      worker->cluster = SaCluster::make(shares() ? core : new_core(), std::move(seams)).value();
      if (!sends_ || bend_ != Bend::dead_sub_sa) continue;
      worker->bent_group = std::make_unique<FirstOfAll>(*worker->cluster);
      worker->path.use(parameters_.id, worker->bent_group.get());
    }
  }

  // Whether the workers share counter and window, as they should.
  bool shares() const {
    return bend_ != (sends_ ? Bend::counter_for_each_worker : Bend::window_for_each_worker);
  }

  WorldWorker& worker_of(std::uint32_t sub_sa) {
    return *workers_[(sends_ ? sub_sa : sub_sa / 2) % workers_.size()];
  }
  WorldWorker& worker(std::uint32_t index) { return *workers_[index % workers_.size()]; }
  std::size_t workers() const { return workers_.size(); }
  const ClusterParameters& parameters() const { return parameters_; }
  static const crypto::Provider& provider() {
    static const auto open = crypto::make_open_provider();
    return *open;
  }
  ClusterCore& core() { return *workers_[0]->cluster->core(); }

 private:
  std::shared_ptr<ClusterCore> new_core() const {
    auto core = std::make_shared<ClusterCore>(parameters_);
    if (core->window() && parameters_.anti_replay) core->window()->resynchronise(settings_.start);
    return core;
  }

  WorldSettings settings_;
  ClusterParameters parameters_;
  bool sends_;
  Bend bend_;
  ipsec::StandardLifetimePolicy lifetime_;
  NoLimits no_limits_;
  std::vector<std::unique_ptr<WorldWorker>> workers_;
};

}  // namespace mpsec::cluster::test
