// [[cluster]]: what its sub-SAs share, how packets are spread over them and put back in order.
#include <algorithm>
#include <bit>
#include <fmt/format.h>

#include "base/rng.hpp"
#include "cluster/make_scheduler.hpp"
#include "cluster/reorder_policy.hpp"
#include "cluster/window_size.hpp"
#include "gateway/settings/values.hpp"
#include "ipsec/replay_window.hpp"

namespace mpsec::gateway {
namespace {

constexpr std::uint32_t flow_buckets = 1024;
constexpr Duration moment = std::chrono::microseconds(1);

void read_window(TableReader& reader, ClusterSettings& cluster) {
  ike::ClusterWish& wish = cluster.wish;
  reader.boolean("anti_replay", wish.anti_replay);
  reader.number("window", wish.window, 0);
  if (const auto checked = ipsec::ReplayWindow::check_size(wish.window); !checked && wish.anti_replay)
    reader.fail("window", checked.error().why, checked.error().clause);
  std::uint32_t peer_window = 0;
  reader.number("peer_window", peer_window, 0, cluster::LeaseRules::largest_peer_window);
  if (reader.has("peer_window")) cluster.peer_window = peer_window;
  reader.number("most_sub_sas", wish.most_sub_sas, 1, 65536);
  reader.boolean("duplication", wish.duplication);
  if (wish.duplication && !wish.anti_replay)
    reader.fail("duplication", "expected anti_replay = true with it: nothing else drops the second copy");
}

void read_scheduler(TableReader& reader, ClusterSettings& cluster) {
  reader.text("scheduler", cluster.scheduler);
  SeededRng rng(1);
  if (const auto made = cluster::make_scheduler(cluster.scheduler, rng); !made)
    return reader.fail_at(within({cluster.scheduler, reader.place("scheduler")}, made.error()), "scheduler",
                          made.error().why);
  if (cluster.scheduler.find("duplicate") != std::string::npos && !cluster.wish.duplication)
    reader.fail("scheduler", "one that duplicates needs duplication = true: both ends must want it");
}

// What our leases displace must fit into the peer's window, which is taken to be as ours where nothing else
// is said.
void check_displacement(TableReader& reader, const ClusterSettings& cluster, const Reading& reading) {
  const std::uint32_t window = cluster.peer_window.value_or(cluster.wish.window);
  const cluster::Displacement displacement{.workers = reading.settings.workers,
                                           .lease = cluster.leases->numbers};
  if (window == 0) return;
  if (const auto need = cluster::window_needed(displacement); need > window)
    return reader.fail(
        "leases",
        fmt::format("{} workers with leases of {} need a window of {}, which is {}: enlarge it, or take "
                    "shorter leases",
                    displacement.workers, displacement.lease, need, window),
        "SA-cluster profile 6");
  if (displacement.lease > window / 4)
    reader.warn(
        "leases",
        fmt::format("more numbers than a quarter of the window of {}: what is above is soon abandoned",
                    window));
}

void read_leases(TableReader& cluster_reader, ClusterSettings& cluster, const Reading& reading) {
  auto* const table = cluster_reader.table("leases");
  if (table == nullptr) return;
  cluster::LeaseRules& rules = cluster.leases.emplace();
  if (cluster.wish.anti_replay) rules.peer_window = cluster.wish.window;
  if (cluster.peer_window && *cluster.peer_window != 0) rules.peer_window = *cluster.peer_window;
  {
    TableReader reader(*table, fmt::format("{}.leases", cluster_reader.path()), cluster_reader.findings());
    reader.number("numbers", rules.numbers, 0);
    reader.duration("time", rules.time);
  }
  if (const auto checked = rules.check(); !checked)
    return cluster_reader.fail("leases", fmt::format("{}: {}", checked.error().path, checked.error().why));
  check_displacement(cluster_reader, cluster, reading);
}

// What of the peer and of the paths is known: our window has to hold what they displace.
//= profile/6/window-size
void read_expectation(TableReader& cluster_reader, const ClusterSettings& cluster) {
  auto* const table = cluster_reader.table("expect");
  if (table == nullptr) return;
  constexpr std::uint32_t most_workers = 1024, most_numbers = 64;
  cluster::Displacement expected;
  TableReader reader(*table, fmt::format("{}.expect", cluster_reader.path()), cluster_reader.findings());
  reader.number("workers", expected.workers, 1, most_workers);
  reader.number("lease", expected.lease, 0, most_numbers);
  reader.duration("skew", expected.skew);
  reader.number("packets_per_second", expected.packets_per_second, 0);
  if (!cluster.wish.anti_replay) return;
  if (const auto checked = cluster::check_window_size(cluster.wish.window, expected); !checked)
    reader.fail("", checked.error().why, "SA-cluster profile 6");
}

void read_limits(TableReader& reader, ClusterSettings::Reordering& reordering, std::uint32_t window) {
  cluster::ReorderLimits& limits = reordering.options.limits;
  reader.number("packets", limits.packets, 0);
  reader.number("octets", limits.octets, 0);
  limits.time = std::max(limits.time, reordering.hold);
  reader.duration("time", limits.time, moment);
  limits.span = std::max(limits.span, std::bit_ceil(std::min(window, 1u << 24)));
  if (limits.time < reordering.hold)
    reader.fail("time", "the buffer lets packets go before `hold` is over; expected at least that");
}

void read_reordering(TableReader& cluster_reader, ClusterSettings& cluster) {
  using Reordering = ClusterSettings::Reordering;
  static constexpr Named<Reordering::Policy> policies[] = {{"time", Reordering::Policy::time},
                                                           {"gap", Reordering::Policy::gap},
                                                           {"adaptive", Reordering::Policy::adaptive}};
  static constexpr Named<cluster::LatePackets> late[] = {{"deliver", cluster::LatePackets::deliver},
                                                         {"drop", cluster::LatePackets::drop}};
  auto* const table = cluster_reader.table("reorder");
  if (table == nullptr) return;
  Reordering& reordering = cluster.reordering.emplace();
  TableReader reader(*table, fmt::format("{}.reorder", cluster_reader.path()), cluster_reader.findings());
  reader.choice<Reordering::Policy>("policy", policies, reordering.policy);
  reader.duration("hold", reordering.hold, moment);
  reader.number("gap", reordering.gap, 1);
  read_limits(reader, reordering, cluster.wish.window);
  reader.choice<cluster::LatePackets>("late", late, reordering.options.late);
  reader.boolean("fifo_paths", reordering.options.fifo_paths);
  bool per_flow = false;
  reader.boolean("per_flow", per_flow);
  if (per_flow) reordering.options.flows.buckets = flow_buckets, reordering.options.fifo_paths = true;
  if (const auto checked = cluster::ReorderOptions::check(reordering.options); !checked)
    reader.fail("", fmt::format("{}: {}", checked.error().path, checked.error().why));
  if (reordering.policy == Reordering::Policy::adaptive)
    if (const auto checked = cluster::AdaptiveRelease::check({.bound = reordering.hold}); !checked)
      reader.fail("hold", checked.error().why);
  if (!cluster.wish.anti_replay)
    reader.fail("", "expected anti_replay = true with it: only what the window accepted may be held back");
}

// Schedulers that go by delay or loss have nothing to go by where traffic keeps the liveness checks away.
bool goes_by_measurement(std::string_view scheduler) {
  return scheduler.contains("least-round-trip") || scheduler.contains("adaptive");
}

void read_path_settings(TableReader& cluster_reader, ClusterSettings& cluster) {
  if (goes_by_measurement(cluster.scheduler)) cluster.probe = std::chrono::seconds(1);
  auto* const table = cluster_reader.table("path_settings");
  if (table == nullptr) return;
  constexpr unsigned most = 1000;
  cluster::PathState::Settings& paths = cluster.paths;
  TableReader reader(*table, fmt::format("{}.path_settings", cluster_reader.path()),
                     cluster_reader.findings());
  reader.duration("silence", paths.silence, std::chrono::milliseconds(1));
  reader.number("suspect_after", paths.suspect_after, 1, most);
  reader.number("dead_after", paths.dead_after, 1, most);
  reader.number("signs_to_recover", paths.signs_to_recover, 1, most);
  reader.duration("hold", paths.hold);
  reader.duration("longest_hold", paths.longest_hold);
  reader.duration("steady", paths.steady);
  reader.real("loss_gain", paths.loss_gain, 0, 1);
  reader.duration("probe", cluster.probe);
  if (paths.dead_after < paths.suspect_after)
    reader.fail("dead_after", "a path is suspect before it is dead; expected at least suspect_after");
  if (paths.longest_hold < paths.hold) reader.fail("longest_hold", "expected at least `hold`");
}

void read_cluster(TableReader& reader, Reading& reading) {
  const std::size_t errors = reading.findings.errors();
  ClusterSettings cluster;
  const auto name = reader.name_of("name");
  read_window(reader, cluster);
  read_scheduler(reader, cluster);
  read_leases(reader, cluster, reading);
  read_expectation(reader, cluster);
  read_reordering(reader, cluster);
  reader.boolean("metrics", cluster.metrics);
  reader.boolean("negotiated", cluster.negotiated);
  if (!cluster.negotiated && !cluster.peer_window)
    reader.fail("negotiated", "expected peer_window with negotiated = false: nobody tells it otherwise",
                "SA-cluster profile 2.1");
  reader.boolean("share_with_ordinary_peer", cluster.share_with_ordinary_peer);
  if (cluster.share_with_ordinary_peer && cluster.wish.duplication)
    reader.fail("share_with_ordinary_peer",
                "expected duplication = false with it: such a peer delivers both copies");
  read_path_settings(reader, cluster);
  if (name && reading.findings.errors() == errors) reading.clean_clusters.insert(*name);
  if (!name || !reading.clusters.declare(*name, reader.place("name"))) return;
  cluster.wish.name = *name;
  cluster.id = ipsec::ClusterId{static_cast<std::uint32_t>(reading.settings.clusters.size() + 1)};
  reading.settings.clusters.emplace(*name, std::move(cluster));
}

}  // namespace

void read_clusters(TableReader& document, Reading& reading) {
  const auto tables = document.tables("cluster");
  for (std::size_t i = 0; i < tables.size(); ++i) {
    TableReader reader(*tables[i], fmt::format("cluster[{}]", i), reading.findings);
    read_cluster(reader, reading);
  }
}

}  // namespace mpsec::gateway
