#include "sim/cluster/figures.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "sim/cluster/balance.hpp"
#include "sim/cluster/units.hpp"

namespace mpsec::sim {
namespace {

using Streams = const Stream&;

template <class Value>
double sum(const World& world, Value value) {
  return static_cast<double>(value(world.stream(End::sgw1))) +
         static_cast<double>(value(world.stream(End::sgw2)));
}
template <class Value>
double largest(const World& world, Value value) {
  return std::max(static_cast<double>(value(world.stream(End::sgw1))),
                  static_cast<double>(value(world.stream(End::sgw2))));
}
template <class Value>
double sum_of_gateways(const World& world, Value value) {
  return static_cast<double>(value(world.gateway(End::sgw1))) +
         static_cast<double>(value(world.gateway(End::sgw2)));
}

double events(const World& world, std::uint64_t GatewayEvents::* event) {
  return sum_of_gateways(world, [event](const Gateway& gateway) { return gateway.events().*event; });
}

template <class Value>
double buffers(const World& world, Value value) {
  double result = 0;
  for (const End end : {End::sgw1, End::sgw2})
    if (const auto* buffer = world.gateway(end).reordering())
      result = std::max(result, static_cast<double>(value(*buffer)));
  return result;
}
using Buffer = cluster::ReorderBuffer<cluster::HeldDelivery>;

double window_needed(const World& world) {
  double needed = largest(world, [](Streams s) { return s.window_needed(); });
  for (const End end : {End::sgw1, End::sgw2})
    if (const auto* window = world.gateway(end).cluster().core()->reporting_window())
      needed = std::max(needed, static_cast<double>(window->report().size_that_would_have_held));
  return needed;
}

struct NamedFigure {
  std::string_view name;
  double (*of)(const World&);
};

constexpr NamedFigure named_figures[] = {
    {"offered", [](const World& w) { return sum(w, [](Streams s) { return s.offered(); }); }},
    {"protected", [](const World& w) { return sum(w, [](Streams s) { return s.protected_packets(); }); }},
    {"refused", [](const World& w) { return sum(w, [](Streams s) { return s.refused(); }); }},
    {"abandoned", [](const World& w) { return sum(w, [](Streams s) { return s.abandoned(); }); }},
    {"accepted", [](const World& w) { return sum(w, [](Streams s) { return s.accepted(); }); }},
    {"delivered", [](const World& w) { return sum(w, [](Streams s) { return s.delivered(); }); }},
    {"delivered_twice", [](const World& w) { return sum(w, [](Streams s) { return s.delivered_twice(); }); }},
    {"delivered_unsent", [](const World& w) { return sum(w, [](Streams s) { return s.not_sent(); }); }},
    {"lost", [](const World& w) { return sum(w, [](Streams s) { return s.lost(); }); }},
    {"out_of_order", [](const World& w) { return sum(w, [](Streams s) { return s.out_of_order(); }); }},
    {"out_of_order_in_flow",
     [](const World& w) { return sum(w, [](Streams s) { return s.flows_out_of_order(); }); }},
    {"delivered_in_order",
     [](const World& w) { return sum(w, [](Streams s) { return s.out_of_order(); }) == 0 ? 1.0 : 0.0; }},
    {"flows_in_order",
     [](const World& w) {
       return sum(w, [](Streams s) { return s.flows_out_of_order(); }) == 0 ? 1.0 : 0.0;
     }},
    {"longest_hold_ms",
     [](const World& w) { return largest(w, [](Streams s) { return milliseconds(s.longest_wait()); }); }},
    {"longest_transit_ms",
     [](const World& w) { return largest(w, [](Streams s) { return milliseconds(s.longest_transit()); }); }},
    {"mean_transit_ms",
     [](const World& w) { return largest(w, [](Streams s) { return milliseconds(s.mean_transit()); }); }},
    {"largest_window_needed", window_needed},
    {"reordered_ratio",
     [](const World& w) {
       return largest(w, [](Streams s) { return s.arrivals().report().reordered_ratio(); });
     }},
    {"most_held",
     [](const World& w) { return buffers(w, [](const Buffer& b) { return b.counters().most_packets; }); }},
    {"held", [](const World& w) { return buffers(w, [](const Buffer& b) { return b.packets(); }); }},
    {"late_delivered",
     [](const World& w) { return buffers(w, [](const Buffer& b) { return b.counters().late_delivered; }); }},
    {"late_dropped",
     [](const World& w) { return buffers(w, [](const Buffer& b) { return b.counters().late_dropped; }); }},
    {"given_up",
     [](const World& w) { return buffers(w, [](const Buffer& b) { return b.counters().given_up; }); }},
    {"injected", [](const World& w) { return static_cast<double>(w.wire().injected); }},
    {"clear", [](const World& w) { return static_cast<double>(w.wire().clear); }},
    {"in_flight", [](const World& w) { return static_cast<double>(w.network().counters().in_flight); }},
    {"balanced", [](const World& w) { return is_balanced(balance_of(w)) ? 1.0 : 0.0; }},
    {"sub_sas_ended", [](const World& w) { return events(w, &GatewayEvents::sub_sas_ended); }},
    {"clusters_ended", [](const World& w) { return events(w, &GatewayEvents::clusters_ended); }},
    {"sequence_runs_out", [](const World& w) { return events(w, &GatewayEvents::sequence_runs_out); }},
    {"windows_too_small", [](const World& w) { return events(w, &GatewayEvents::windows_too_small); }},
    {"acquires", [](const World& w) { return events(w, &GatewayEvents::acquires); }},
    {"valid_sub_sas",
     [](const World& w) {
       return sum_of_gateways(w, [](const Gateway& gateway) { return gateway.cluster().valid_sub_sas(); });
     }},
};

struct PathFigure {
  std::string_view name;
  double (*of)(const World&, std::size_t path);
};

template <class Value>
double over(const World& world, std::size_t path, Value value) {
  return static_cast<double>(value(world.stream(End::sgw1).paths()[path]) +
                             value(world.stream(End::sgw2).paths()[path]));
}

constexpr PathFigure path_figures[] = {
    {"sent",
     [](const World& w, std::size_t p) { return over(w, p, [](const PathTraffic& t) { return t.sent; }); }},
    {"accepted", [](const World& w,
                    std::size_t p) { return over(w, p, [](const PathTraffic& t) { return t.accepted; }); }},
    {"share",
     [](const World& w, std::size_t p) {
       const double all = sum(w, [](Streams s) { return s.wire_packets(); });
       return all == 0 ? 0 : over(w, p, [](const PathTraffic& t) { return t.sent; }) / all;
     }},
    {"goodput_mbit",
     [](const World& w, std::size_t p) {
       return over(w, p, [](const PathTraffic& t) { return t.octets; }) * 8e-6 /
              seconds(w.scenario().duration);
     }},
    {"deaths", [](const World& w, std::size_t p) { return static_cast<double>(w.deaths(p)); }},
};

constexpr std::string_view discards = "discards.", refused = "refused.", drops = "drops.",
                           path_prefix = "path.";

template <class Cause>
bool is_cause(std::string_view name, std::size_t count) {
  for (std::size_t cause = 0; cause < count; ++cause)
    if (to_string(static_cast<Cause>(cause)) == name) return true;
  return false;
}

void add_causes(const World& world, Figures& figures) {
  for (std::size_t cause = 1; cause < ipsec::discard_causes; ++cause) {
    const auto name = ipsec::to_string(static_cast<ipsec::Discard>(cause));
    const double at_sender = sum(world, [cause](Streams s) { return s.refused_by()[cause]; });
    const double all = sum_of_gateways(
        world, [cause](const Gateway& gateway) { return gateway.discards().by_cause[cause]; });
    figures[fmt::format("{}{}", refused, name)] = at_sender;
    figures[fmt::format("{}{}", discards, name)] = all - at_sender;
  }
  for (std::size_t cause = 0; cause < drop_causes; ++cause)
    figures[fmt::format("{}{}", drops, to_string(static_cast<Drop>(cause)))] =
        static_cast<double>(world.wire().protected_dropped[cause]);
}

bool holds(const Expectation& expectation, double found) {
  switch (expectation.relation) {
    case Relation::equal:
      return found == expectation.value;
    case Relation::at_most:
      return found <= expectation.value;
    case Relation::at_least:
      return found >= expectation.value;
    case Relation::below:
      return found < expectation.value;
    case Relation::above:
      return found > expectation.value;
  }
  return false;
}

}  // namespace

Figures figures_of(const World& world) {
  Figures figures;
  for (const auto& [name, of] : named_figures)
    figures[std::string(name)] = of(world);
  for (std::size_t path = 0; path < world.paths(); ++path)
    for (const auto& [name, of] : path_figures)
      figures[fmt::format("{}{}.{}", path_prefix, world.scenario().paths[path].name, name)] = of(world, path);
  add_causes(world, figures);
  return figures;
}

bool is_figure(const Scenario& scenario, const std::string& name) {
  if (std::ranges::find(named_figures, name, &NamedFigure::name) != std::end(named_figures)) return true;
  for (const std::string_view prefix : {discards, refused})
    if (name.starts_with(prefix))
      return is_cause<ipsec::Discard>(name.substr(prefix.size()), ipsec::discard_causes);
  if (name.starts_with(drops)) return is_cause<Drop>(name.substr(drops.size()), drop_causes);
  const std::size_t dot = name.rfind('.');
  if (!name.starts_with(path_prefix) || dot <= path_prefix.size()) return false;
  const auto path = name.substr(path_prefix.size(), dot - path_prefix.size());
  return std::ranges::find(scenario.paths, path, &PathPlan::name) != scenario.paths.end() &&
         std::ranges::find(path_figures, name.substr(dot + 1), &PathFigure::name) != std::end(path_figures);
}

std::string figure_names() {
  std::string names;
  for (const auto& figure : named_figures)
    names += fmt::format("{}, ", figure.name);
  names += "discards.CAUSE, refused.CAUSE, drops.CAUSE";
  for (const auto& figure : path_figures)
    names += fmt::format(", path.NAME.{}", figure.name);
  return names;
}

std::vector<std::string> unmet(const Scenario& scenario, const Figures& figures) {
  std::vector<std::string> found;
  for (const Expectation& expectation : scenario.expectations) {
    const double value = figures.at(expectation.figure);
    if (!holds(expectation, value))
      found.push_back(fmt::format("{}: expected {}, found {}", expectation.figure, expectation.text, value));
  }
  return found;
}

}  // namespace mpsec::sim
