#include "cluster_keywords.hpp"

#include "cluster/make_scheduler.hpp"

namespace mpsec::python {
namespace {

using namespace cluster;

Duration duration(py::kwargs& given, const char* name, Duration otherwise) {
  return Duration(taken<std::int64_t>(given, name, otherwise.count()));
}

// The dict behind a keyword, to be taken apart without harm to the caller's; nothing where it was not given.
std::optional<py::kwargs> inner(py::kwargs& given, const char* name) {
  const auto dict = taken<std::optional<py::dict>>(given, name, std::nullopt);
  if (!dict) return std::nullopt;
  return py::kwargs(dict->attr("copy")());
}

std::optional<LeaseRules> lease_rules(py::kwargs& given) {
  auto words = inner(given, "leases");
  if (!words) return std::nullopt;
  LeaseRules rules;
  rules.numbers = taken(*words, "numbers", rules.numbers);
  rules.time = duration(*words, "time", rules.time);
  refuse_rest(*words);
  return rules;
}

std::unique_ptr<ReorderPolicy> reorder_policy(py::kwargs& words) {
  enum class By { time, gap, adaptive, none };
  const auto by =
      choice<By>(words, "policy",
                 {{"time", By::time}, {"gap", By::gap}, {"adaptive", By::adaptive}, {"none", By::none}});
  const Duration hold = duration(words, "hold", std::chrono::milliseconds(100));
  const auto gap = taken<std::uint64_t>(words, "gap", 64);
  if (by == By::time) return std::make_unique<ReleaseByTime>(hold);
  if (by == By::gap && gap == 0) throw py::value_error("gap: expected at least 1, found 0");
  if (by == By::gap) return std::make_unique<ReleaseByGap>(gap);
  if (by == By::none) return std::make_unique<NoReordering>();
  const AdaptiveOptions options{.bound = hold};
  value_or_raise(AdaptiveRelease::check(options));
  return std::make_unique<AdaptiveRelease>(options);
}

std::optional<ClusterEnd::Reordering> reordering(py::kwargs& given) {
  auto words = inner(given, "reordering");
  if (!words) return std::nullopt;
  ClusterEnd::Reordering made{.options = {}, .policy = reorder_policy(*words)};
  ReorderOptions& options = made.options;
  options.limits.packets = taken(*words, "packets", options.limits.packets);
  options.limits.octets = taken(*words, "octets", options.limits.octets);
  options.limits.time = duration(*words, "time", options.limits.time);
  options.limits.span = taken(*words, "span", options.limits.span);
  options.late =
      choice<LatePackets>(*words, "late", {{"deliver", LatePackets::deliver}, {"drop", LatePackets::drop}});
  const auto first = taken<std::optional<std::uint64_t>>(*words, "first", 1);
  options.first = first ? std::optional(SequenceNumber(*first)) : std::nullopt;
  options.fifo_paths = taken(*words, "fifo_paths", options.fifo_paths);
  options.flows.buckets = taken(*words, "flow_buckets", options.flows.buckets);
  refuse_rest(*words);
  return made;
}

}  // namespace

ClusterParameters cluster_parameters(py::kwargs& given) {
  ClusterParameters cluster;
  cluster.id = ipsec::ClusterId{taken<std::uint32_t>(given, "id", 1)};
  cluster.name = taken(given, "name", cluster.name);
  cluster.peer =
      choice<PeerKind>(given, "peer", {{"clusters", PeerKind::clusters}, {"ordinary", PeerKind::ordinary}});
  cluster.mode = choice<ipsec::Mode>(
      given, "mode", {{"tunnel", ipsec::Mode::tunnel}, {"transport", ipsec::Mode::transport}});
  cluster.extended_sequence_numbers = taken(given, "extended", cluster.extended_sequence_numbers);
  cluster.anti_replay = taken(given, "anti_replay", cluster.anti_replay);
  cluster.replay_window = taken(given, "replay_window", cluster.replay_window);
  cluster.peer_window = taken(given, "peer_window", cluster.peer_window);
  cluster.most_sub_sas = taken(given, "most_sub_sas", cluster.most_sub_sas);
  cluster.duplication = taken(given, "duplication", cluster.duplication);
  cluster.watch_numbers = taken(given, "watch_numbers", cluster.watch_numbers);
  cluster.window_form = choice<WindowForm>(
      given, "window_form",
      {{"several_writers", WindowForm::several_writers}, {"one_writer", WindowForm::one_writer}});
  cluster.soft_limit = taken(given, "soft_limit", cluster.soft_limit);
  cluster.last_sequence_number = taken(given, "last_sequence_number", cluster.last_sequence_number);
  return cluster;
}

ClusterEnd::Policy cluster_policy(py::kwargs& given, Rng& rng) {
  ClusterEnd::Policy policy{.scheduler = value_or_raise(
                                make_scheduler(taken<std::string>(given, "scheduler", "round-robin"), rng))};
  policy.leases = lease_rules(given);
  policy.reordering = reordering(given);
  policy.look_every = duration(given, "look_every", policy.look_every);
  return policy;
}

}  // namespace mpsec::python
