#include <algorithm>
#include <fmt/format.h>
#include <iterator>

#include "sim/cluster/balance.hpp"
#include "sim/cluster/figures.hpp"
#include "sim/cluster/report.hpp"
#include "sim/cluster/units.hpp"

namespace mpsec::sim {
namespace {

constexpr int name_width = 10;

class TextReport {
 public:
  explicit TextReport(const World& world) : world_(world) {}

  std::string write(const RunName& run) {
    const Scenario& scenario = world_.scenario();
    print("{}: {}\n", run.scenario, scenario.title);
    print("seed {}; {} s of traffic, {} s to drain; {} paths, {}, window {}\n", run.seed,
          seconds(scenario.duration), seconds(scenario.drain), scenario.paths.size(),
          scenario.cluster.scheduler, scenario.cluster.window);
    for (const End from : {End::sgw1, End::sgw2})
      if (world_.stream(from).offered() != 0 || world_.stream(from).arrived() != 0) direction(from);
    paths();
    network();
    events();
    balance();
    expectations();
    return std::move(text_);
  }

 private:
  template <class... Args>
  void print(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
  }
  template <class... Args>
  void line(std::string_view name, fmt::format_string<Args...> format, Args&&... args) {
    print("  {:<{}}", name, name_width);
    print(format, std::forward<Args>(args)...);
    text_ += '\n';
  }

  void direction(End from) {
    const Stream& stream = world_.stream(from);
    print("\n{} to {}\n", to_string(from), to_string(opposite(from)));
    line("sent", "{} of {} that hosts offered, as {} protected packets; {} refused{}; {} numbers abandoned",
         stream.protected_packets(), stream.offered(), stream.wire_packets(), stream.refused(),
         refusals(stream), stream.abandoned());
    line("arrived", "{}: {} accepted, {} discarded{}", stream.arrived(), stream.accepted(),
         stream.discarded(), discards(from));
    line("delivered", "{} ({:.3f} Mbit/s), {} lost, {} twice; out of order: {}, in their flow {}",
         stream.delivered(),
         static_cast<double>(stream.delivered_octets()) * 8e-6 / seconds(world_.scenario().duration),
         stream.lost(), stream.delivered_twice(), stream.out_of_order(), stream.flows_out_of_order());
    line("time", "from host to host {:.3f} ms, at most {:.3f} ms; of these held at most {:.3f} ms",
         milliseconds(stream.mean_transit()), milliseconds(stream.longest_transit()),
         milliseconds(stream.longest_wait()));
    window(from);
    order("arrivals", stream.arrivals().report());
    order("leaving", stream.deliveries().report());
    if (const auto* buffer = world_.gateway(opposite(from)).reordering()) buffer_line(*buffer);
  }

  static std::string refusals(const Stream& stream) {
    std::string causes;
    for (std::size_t i = 1; i < ipsec::discard_causes; ++i)
      if (const auto count = stream.refused_by()[i])
        causes += fmt::format(", {} {}", ipsec::to_string(static_cast<ipsec::Discard>(i)), count);
    return causes;
  }

  std::string discards(End from) const {
    std::string causes;
    const auto& by_cause = world_.gateway(opposite(from)).discards().by_cause;
    const auto& as_sender = world_.stream(opposite(from)).refused_by();
    for (std::size_t i = 1; i < ipsec::discard_causes; ++i)
      if (const auto count = by_cause[i] - as_sender[i])
        causes += fmt::format(", {} {}", ipsec::to_string(static_cast<ipsec::Discard>(i)), count);
    return causes;
  }

  void window(End from) {
    const std::uint64_t accepted = world_.stream(from).window_needed();
    const auto* window = world_.gateway(opposite(from)).cluster().core()->reporting_window();
    const std::uint64_t refused = window == nullptr ? 0 : window->report().size_that_would_have_held;
    if (refused != 0)
      line("window", "TOO SMALL: {} numbers, {} would have held", world_.scenario().cluster.window, refused);
    else
      line("window", "{} numbers, {} needed", world_.scenario().cluster.window, accepted);
  }

  void order(std::string_view name, const cluster::ReorderingReport& report) {
    line(name,
         "reordered {:.2f} % (RFC 4737 4.1), extent at most {} packets (4.2), late at most {:.3f} ms (4.3),",
         100 * report.reordered_ratio(), report.extent.extent().maximum(),
         static_cast<double>(report.extent.late_time().maximum()) * 1e-6);
    line("",
         "n-reordering at most {} (5), displaced by {} early, {} late (RFC 5236 3), {} gaps of {} missing",
         report.n_reordering.maximum(), report.density.early().maximum(), report.density.late().maximum(),
         report.gaps, report.lost);
  }

  void buffer_line(const cluster::ReorderBuffer<cluster::HeldDelivery>& buffer) {
    const cluster::ReorderCounters& counters = buffer.counters();
    line("buffer",
         "{} had to wait, at most {} packets and {} octets at once, {:.3f} ms at most; {} left in it",
         counters.held, counters.most_packets, counters.most_octets, milliseconds(counters.longest_hold),
         buffer.packets());
    line("", "{} numbers given up; late: {} delivered, {} dropped", counters.given_up,
         counters.late_delivered, counters.late_dropped);
  }

  void paths() {
    static constexpr std::size_t shown = 16;
    print(
        "\npath         sent  accepted   Mbit/s  reordered  round trip     loss  asked  unanswered  "
        "deaths\n");
    for (std::size_t path = 0; path < std::min(shown, world_.paths()); ++path)
      path_line(path);
    if (world_.paths() > shown) print("  ... and {} more (--json has all)\n", world_.paths() - shown);
  }

  void path_line(std::size_t path) {
    const PathTraffic& there = world_.stream(End::sgw1).paths()[path];
    const PathTraffic& back = world_.stream(End::sgw2).paths()[path];
    const double mbits =
        static_cast<double>(there.octets + back.octets) * 8e-6 / seconds(world_.scenario().duration);
    const double reordered =
        100 * std::max(there.order.report().reordered_ratio(), back.order.report().reordered_ratio());
    const cluster::PathState* const state = world_.state(path);
    const auto round_trip = state == nullptr ? std::nullopt : state->round_trip().smoothed();
    print("{:<8} {:>8}  {:>8}  {:>7.3f}  {:>7.2f} %  {:>10}  {:>5.1f} %  {:>5}  {:>10}  {:>6}\n",
          world_.scenario().paths[path].name, there.sent + back.sent, there.accepted + back.accepted, mbits,
          reordered, round_trip ? fmt::format("{:.3f} ms", milliseconds(*round_trip)) : "-",
          state == nullptr ? 0.0 : 100 * state->loss(), world_.requests(path), world_.unanswered(path),
          world_.deaths(path));
  }

  void network() {
    const World::Wire& wire = world_.wire();
    print("\nnetwork\n");
    line("packets", "{} protected, {} probes, {} injected by attackers, {} doubled by links, {} clear",
         wire.protected_packets, wire.probes, wire.injected, world_.network().counters().duplicated,
         wire.clear);
    std::string causes;
    for (std::size_t i = 0; i < drop_causes; ++i)
      if (wire.protected_dropped[i] != 0)
        causes += fmt::format("{}{} {}", causes.empty() ? "" : ", ", to_string(static_cast<Drop>(i)),
                              wire.protected_dropped[i]);
    line("dropped", "of the protected: {}; in flight: {}", causes.empty() ? "none" : causes,
         world_.network().counters().in_flight);
  }

  void events() {
    for (const End end : {End::sgw1, End::sgw2}) {
      const GatewayEvents& events = world_.gateway(end).events();
      if (events.sub_sas_ended + events.clusters_ended + events.sequence_runs_out + events.windows_too_small +
              events.acquires + events.not_shared ==
          0)
        continue;
      line(to_string(end),
           "said: {} sub-SAs ended, {} clusters ended, numbers run out {}, window too small {}, numbers not "
           "shared {}, "
           "SA wanted {}",
           events.sub_sas_ended, events.clusters_ended, events.sequence_runs_out, events.windows_too_small,
           events.not_shared, events.acquires);
    }
  }

  void balance() {
    print("\nbalance\n");
    for (const BalanceLine& law : balance_of(world_)) {
      if (law.in == 0 && law.out == 0) continue;
      print("  {}: {} and {}{}\n", law.what, law.in, law.out, law.in == law.out ? "" : "  DOES NOT HOLD");
    }
  }

  void expectations() {
    const Scenario& scenario = world_.scenario();
    if (scenario.expectations.empty()) return;
    const auto failed = unmet(scenario, figures_of(world_));
    print("\nexpectations: {} of {} hold\n", scenario.expectations.size() - failed.size(),
          scenario.expectations.size());
    for (const std::string& one : failed)
      print("  FAILED {}\n", one);
  }

  const World& world_;
  std::string text_;
};

}  // namespace

std::string text_report(const RunName& run, const World& world) {
  return TextReport(world).write(run);
}

}  // namespace mpsec::sim
