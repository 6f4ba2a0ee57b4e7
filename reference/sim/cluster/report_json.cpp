#include <nlohmann/json.hpp>

#include "sim/cluster/balance.hpp"
#include "sim/cluster/figures.hpp"
#include "sim/cluster/report.hpp"
#include "sim/cluster/units.hpp"

namespace mpsec::sim {
namespace {

using Json = nlohmann::ordered_json;

Json order_json(const cluster::ReorderingReport& report) {
  return {{"received", report.received},
          {"lost", report.lost},
          {"reordered", report.reordered},
          {"reordered_ratio", report.reordered_ratio()},
          {"largest_extent", report.extent.extent().maximum()},
          {"mean_extent", report.extent.extent().mean()},
          {"largest_late_time_ms", static_cast<double>(report.extent.late_time().maximum()) * 1e-6},
          {"largest_n_reordering", report.n_reordering.maximum()},
          {"free_runs_mean", report.free_runs.mean()},
          {"most_early", report.density.early().maximum()},
          {"most_late", report.density.late().maximum()}};
}

Json direction_json(const World& world, End from) {
  const Stream& stream = world.stream(from);
  Json json = {{"from", to_string(from)},
               {"offered", stream.offered()},
               {"protected", stream.protected_packets()},
               {"protected_packets", stream.wire_packets()},
               {"arrived", stream.arrived()},
               {"accepted", stream.accepted()},
               {"delivered", stream.delivered()},
               {"delivered_octets", stream.delivered_octets()},
               {"lost", stream.lost()},
               {"window_needed", stream.window_needed()},
               {"arrivals", order_json(stream.arrivals().report())},
               {"deliveries", order_json(stream.deliveries().report())}};
  const auto* buffer = world.gateway(opposite(from)).reordering();
  if (buffer == nullptr) return json;
  const cluster::ReorderCounters& counters = buffer->counters();
  json["buffer"] = {{"waited", counters.held},
                    {"most_packets", counters.most_packets},
                    {"most_octets", counters.most_octets},
                    {"longest_hold_ms", milliseconds(counters.longest_hold)},
                    {"given_up", counters.given_up},
                    {"late_delivered", counters.late_delivered},
                    {"late_dropped", counters.late_dropped}};
  return json;
}

Json path_json(const World& world, std::size_t path, End from) {
  const PathTraffic& traffic = world.stream(from).paths()[path];
  return {{"sent", traffic.sent},
          {"arrived", traffic.arrived},
          {"accepted", traffic.accepted},
          {"octets", traffic.octets},
          {"order", order_json(traffic.order.report())}};
}

Json paths_json(const World& world) {
  Json paths = Json::array();
  for (std::size_t path = 0; path < world.paths(); ++path) {
    Json one = {
        {"name", world.scenario().paths[path].name},      {"requests", world.requests(path)},
        {"unanswered", world.unanswered(path)},           {"deaths", world.deaths(path)},
        {"from_sgw1", path_json(world, path, End::sgw1)}, {"from_sgw2", path_json(world, path, End::sgw2)}};
    const auto* state = world.state(path);
    if (state != nullptr && state->round_trip().smoothed())
      one["round_trip_ms"] = milliseconds(*state->round_trip().smoothed());
    if (state != nullptr) one["loss"] = state->loss();
    paths.push_back(std::move(one));
  }
  return paths;
}

Json balance_json(const World& world) {
  Json lines = Json::array();
  for (const BalanceLine& line : balance_of(world))
    lines.push_back({{"law", line.what}, {"in", line.in}, {"out", line.out}, {"holds", line.in == line.out}});
  return lines;
}

}  // namespace

std::string json_report(const RunName& run, const World& world) {
  const Figures figures = figures_of(world);
  const Json report = {{"scenario", run.scenario},
                       {"title", world.scenario().title},
                       {"seed", run.seed},
                       {"figures", figures},
                       {"directions", {direction_json(world, End::sgw1), direction_json(world, End::sgw2)}},
                       {"paths", paths_json(world)},
                       {"balance", balance_json(world)},
                       {"unmet", unmet(world.scenario(), figures)}};
  return report.dump(2) + "\n";
}

}  // namespace mpsec::sim
