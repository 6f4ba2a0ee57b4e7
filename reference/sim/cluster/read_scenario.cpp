#include "sim/cluster/read_scenario.hpp"

#include <algorithm>
#include <limits>

#include "base/rng.hpp"
#include "cluster/leased_sequence.hpp"
#include "cluster/make_scheduler.hpp"
#include "ipsec/replay_window.hpp"
#include "sim/cluster/figures.hpp"
#include "sim/cluster/read_parts.hpp"

namespace mpsec::sim {
namespace {

constexpr double most_packets = 20e6;

void read_scheduler(TomlReader& reader, ClusterPlan& cluster) {
  reader.text("scheduler", cluster.scheduler);
  SeededRng rng(1);
  if (const auto made = cluster::make_scheduler(cluster.scheduler, rng); !made)
    reader.fail("scheduler", made.error().why);
}

void read_cluster(const toml::table& table, FirstError& error, ClusterPlan& cluster) {
  TomlReader reader(table, "cluster.", error);
  read_scheduler(reader, cluster);
  reader.number("window", cluster.window, 32, 1u << 20);
  if (const auto checked = ipsec::ReplayWindow::check_size(cluster.window); !checked)
    reader.fail("window", checked.error().why);
  reader.boolean("extended_sequence_numbers", cluster.extended_sequence_numbers);
  reader.boolean("duplication", cluster.duplication);
  if (cluster.scheduler.starts_with("duplicate") && !cluster.duplication)
    reader.fail("scheduler", "a scheduler that duplicates needs duplication = true: both ends must want it");
  reader.number("lease", cluster.lease, 0, cluster::LeaseRules::largest);
  reader.duration("lease_time", cluster.lease_time);
  reader.number("last_sequence_number", cluster.last_sequence_number, 0,
                static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
}

void read_reordering(const toml::table& table, FirstError& error, ReorderPlan& plan) {
  static constexpr Named<ReorderBy> policies[] = {{"none", ReorderBy::none},
                                                  {"time", ReorderBy::time},
                                                  {"gap", ReorderBy::gap},
                                                  {"adaptive", ReorderBy::adaptive}};
  TomlReader reader(table, "reordering.", error);
  reader.choice<ReorderBy>("policy", policies, plan.policy);
  reader.duration("hold", plan.hold);
  reader.number("gap", plan.gap, 1, 1u << 20);
  reader.number("packets", plan.packets, 1, 1u << 20);
  reader.number("octets", plan.octets, 1, std::uint64_t{1} << 32);
  reader.duration("limit", plan.limit);
  if (plan.limit > std::chrono::minutes(1)) reader.fail("limit", "expected at most 60s");
  reader.boolean("drop_late", plan.drop_late);
  reader.boolean("per_flow", plan.per_flow);
  reader.boolean("fifo_paths", plan.fifo_paths);
}

void read_probes(const toml::table& table, FirstError& error, ProbePlan& plan) {
  TomlReader reader(table, "probes.", error);
  reader.duration("interval", plan.interval);
}

void read_expectations(const toml::table& table, const std::string& path, FirstError& error,
                       Scenario& scenario) {
  for (const auto& [key, node] : table) {
    const std::string name = path + std::string(key.str());
    if (const auto* inner = node.as_table()) {
      read_expectations(*inner, name + ".", error, scenario);
      continue;
    }
    auto expectation = parse_expectation(name, node);
    if (!expectation)
      error.set(node.source(), fmt::format("expect.{}: {}", name, expectation.error()));
    else if (!is_figure(scenario, name))
      error.set(key.source(), fmt::format("expect.{}: no such figure; there are {}", name, figure_names()));
    else
      scenario.expectations.push_back(*std::move(expectation));
  }
}

void check_amount(TomlReader& reader, const Scenario& scenario) {
  double packets = 0;
  for (const FlowPlan& flow : scenario.flows)
    packets += flow.packets_per_second * flow.count * seconds(scenario.duration);
  for (const AttackPlan& attack : scenario.attacks)
    packets += attack.packets_per_second * seconds(scenario.duration);
  if (packets > most_packets)
    reader.fail("duration", fmt::format("the scenario has {:.0f} packets; expected at most {:.0f}", packets,
                                        most_packets));
}

void read_all(const toml::table& document, FirstError& error, Scenario& scenario) {
  TomlReader reader(document, "", error);
  reader.text("title", scenario.title);
  reader.duration("duration", scenario.duration);
  reader.duration("drain", scenario.drain);
  read_cluster(reader.table("cluster"), error, scenario.cluster);
  read_reordering(reader.table("reordering"), error, scenario.reordering);
  read_probes(reader.table("probes"), error, scenario.probes);
  read_paths(reader, scenario);
  read_flows(reader, scenario);
  read_happenings(reader, scenario);
  read_attacks(reader, scenario);
  read_expectations(reader.table("expect"), "", error, scenario);
  check_amount(reader, scenario);
}

}  // namespace

Result<Scenario> read_scenario(std::string_view text, std::string_view file) {
  FirstError error(file);
  Scenario scenario;
  try {
    read_all(toml::parse(text), error, scenario);
  } catch (const toml::parse_error& failure) {
    error.set(failure.source(), fmt::format("expected TOML, found otherwise: {}", failure.description()));
  }
  if (auto result = error.result(); !result) return std::unexpected(std::move(result).error());
  return scenario;
}

}  // namespace mpsec::sim
