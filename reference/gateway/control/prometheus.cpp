#include "gateway/control/prometheus.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "gateway/control/exposition.hpp"

namespace mpsec::gateway {
namespace {

using trace::Json;
using enum Exposition::Type;

template <class State, class States>
std::uint64_t count_of(const States& states, State state) {
  return static_cast<std::uint64_t>(std::ranges::count(states, state));
}

void write_states(Exposition& out, const Status& status) {
  std::vector<ike::IkeState> ike_states;
  std::vector<ike::ChildState> child_states;
  for (const IkeReport& sa : status.ike_sas) {
    ike_states.push_back(sa.ike.state);
    for (const ChildReport& child : sa.children)
      child_states.push_back(child.ike.state);
  }
  out.family("mpsec_ike_sas", gauge, "IKE SAs by their state.");
  for (std::uint8_t state = 0; state < static_cast<std::uint8_t>(ike::IkeState::count); ++state)
    out.sample({{"state", to_string(ike::IkeState{state})}}, count_of(ike_states, ike::IkeState{state}));
  out.family("mpsec_child_sas", gauge, "Child SAs by their state.");
  for (std::uint8_t state = 0; state < static_cast<std::uint8_t>(ike::ChildState::count); ++state)
    out.sample({{"state", to_string(ike::ChildState{state})}},
               count_of(child_states, ike::ChildState{state}));
}

// A number of each Child SA in each direction.
template <class Read>
void write_traffic(Exposition& out, const Status& status, Read read) {
  for (const IkeReport& sa : status.ike_sas)
    for (const ChildReport& child : sa.children) {
      const std::string id = std::to_string(child.ike.id.value);
      const auto [in, through] = read(child.traffic);
      for (const auto& [direction, value] : {std::pair("in", in), std::pair("out", through)})
        out.sample({{"peer", sa.ike.peer}, {"name", child.ike.name}, {"child", id}, {"direction", direction}},
                   value);
    }
}

void write_children(Exposition& out, const Status& status) {
  out.family("mpsec_child_packets_total", counter,
             "Packets that a Child SA protected (out) or accepted (in).");
  write_traffic(out, status, [](const SaTraffic& of) { return std::pair(of.packets_in, of.packets_out); });
  out.family("mpsec_child_octets_total", counter, "Octets that a Child SA protected (out) or accepted (in).");
  write_traffic(out, status, [](const SaTraffic& of) { return std::pair(of.octets_in, of.octets_out); });
  out.family("mpsec_child_highest_number", gauge, "The highest sequence number of a Child SA.");
  write_traffic(out, status, [](const SaTraffic& of) { return std::pair(of.highest_in, of.highest_out); });
}

void write_clusters(Exposition& out, const Status& status) {
  out.family("mpsec_cluster_sub_sas", gauge, "Sub-SAs of an SA cluster.");
  for (const ClusterReport& one : status.clusters)
    out.sample({{"cluster", one.name}}, std::uint64_t{one.sub_sas});
  out.family("mpsec_cluster_valid_sub_sas", gauge, "Sub-SAs of an SA cluster that may be used.");
  for (const ClusterReport& one : status.clusters)
    out.sample({{"cluster", one.name}}, std::uint64_t{one.valid_sub_sas});
  out.family("mpsec_cluster_highest_number", gauge, "The highest sequence number accepted.");
  for (const ClusterReport& one : status.clusters)
    out.sample({{"cluster", one.name}}, one.highest_in);
  out.family("mpsec_cluster_numbers_left", gauge, "Sequence numbers that are left to send with.");
  for (const ClusterReport& one : status.clusters)
    out.sample({{"cluster", one.name}}, one.numbers_left);
}

template <class Write>
void for_each_path(const Status& status, Write write) {
  for (const ClusterReport& cluster : status.clusters)
    for (const SubSaReport& path : cluster.paths)
      write(cluster, path, std::to_string(path.child.value), std::to_string(path.path));
}

void write_paths(Exposition& out, const Status& status) {
  out.family("mpsec_path_condition", gauge,
             "1 for the condition that a sub-SA's path is in, 0 for the others.");
  for_each_path(status, [&](const auto& cluster, const auto& path, const auto& child, const auto& number) {
    for (std::uint8_t i = 0; i < static_cast<std::uint8_t>(cluster::PathCondition::count); ++i) {
      const cluster::PathCondition condition{i};
      out.sample({{"cluster", cluster.name},
                  {"child", child},
                  {"path", number},
                  {"condition", to_string(condition)}},
                 std::uint64_t{path.condition == condition});
    }
  });
  out.family("mpsec_path_round_trip_seconds", gauge, "The smoothed round trip of IKE's exchanges on a path.");
  for_each_path(status, [&](const auto& cluster, const auto& path, const auto& child, const auto& number) {
    if (path.round_trip)
      out.sample({{"cluster", cluster.name}, {"child", child}, {"path", number}},
                 std::chrono::duration<double>(*path.round_trip).count());
  });
  out.family("mpsec_path_loss_ratio", gauge, "The share of IKE's requests on a path that went unanswered.");
  for_each_path(status, [&](const auto& cluster, const auto& path, const auto& child, const auto& number) {
    out.sample({{"cluster", cluster.name}, {"child", child}, {"path", number}}, path.loss);
  });
}

void write_reorder_buffers(Exposition& out, const Status& status) {
  using cluster::ReorderCounters;
  struct Outcome {
    std::string_view name;
    std::uint64_t (*count)(const ReorderCounters&);
  };
  static constexpr std::array<Outcome, 6> outcomes{{
      {"in_order", [](const ReorderCounters& of) { return of.in_order; }},
      {"passed", [](const ReorderCounters& of) { return of.passed; }},
      {"released",
       [](const ReorderCounters& of) {
         return of.delivered() - of.in_order - of.passed - of.late_delivered;
       }},
      {"late_delivered", [](const ReorderCounters& of) { return of.late_delivered; }},
      {"late_dropped", [](const ReorderCounters& of) { return of.late_dropped; }},
      {"duplicates", [](const ReorderCounters& of) { return of.duplicates + of.beyond_reach; }},
  }};
  out.family("mpsec_reorder_packets_total", counter,
             "Packets of a cluster's reorder buffer by what became of them.");
  for (const ClusterReport& one : status.clusters)
    for (const Outcome& outcome : outcomes)
      if (one.reordering)
        out.sample({{"cluster", one.name}, {"outcome", outcome.name}}, outcome.count(*one.reordering));
  out.family("mpsec_reorder_given_up_total", counter, "Numbers that a reorder buffer no longer waited for.");
  for (const ClusterReport& one : status.clusters)
    if (one.reordering) out.sample({{"cluster", one.name}}, one.reordering->given_up);
  out.family("mpsec_reorder_longest_hold_seconds", gauge, "The longest that a packet was held.");
  for (const ClusterReport& one : status.clusters)
    if (one.reordering)
      out.sample({{"cluster", one.name}},
                 std::chrono::duration<double>(one.reordering->longest_hold).count());
}

void write_reordering(Exposition& out, const Status& status) {
  struct Measured {
    const std::string* name;
    cluster::ClusterReport report;
  };
  std::vector<Measured> all;
  for (const ClusterReport& one : status.clusters)
    if (one.metrics != nullptr) all.push_back({&one.name, one.metrics->report()});
  const auto write = [&](std::string_view name, Exposition::Type type, std::string_view help, auto read) {
    out.family(name, type, help);
    for (const Measured& one : all)
      out.sample({{"cluster", *one.name}}, read(one.report.all));
  };
  using Report = cluster::ReorderingReport;
  write("mpsec_arrivals_total", counter, "Packets of a cluster that arrived and were accepted.",
        [](const Report& of) { return of.arrivals; });
  write("mpsec_reordered_total", counter, "Of them reordered, RFC 4737 3.",
        [](const Report& of) { return of.reordered; });
  write("mpsec_duplicates_total", counter, "Of them copies.", [](const Report& of) { return of.duplicates; });
  write("mpsec_lost", gauge, "Sequence numbers that have not come; some may still.",
        [](const Report& of) { return of.lost; });
  write("mpsec_largest_reordering_extent", gauge, "In packets, RFC 4737 4.2.",
        [](const Report& of) { return of.extent.extent().maximum(); });
  out.family("mpsec_path_arrivals_total", counter, "Packets of a cluster that arrived by a path.");
  for (const Measured& one : all)
    for (const cluster::PathReport& path : one.report.paths)
      out.sample({{"cluster", *one.name}, {"path", std::to_string(path.path)}}, path.arrivals);
  out.family("mpsec_path_share_ratio", gauge, "The share of a cluster's packets that came by a path.");
  for (const Measured& one : all)
    for (const cluster::PathReport& path : one.report.paths)
      out.sample({{"cluster", *one.name}, {"path", std::to_string(path.path)}}, path.share);
}

void write_counters(Exposition& out, const Counters& counters) {
  out.family("mpsec_packets_total", counter, "Packets by the side that they came from or went to.");
  out.sample({{"side", "unprotected"}, {"direction", "in"}}, counters.packets_in);
  out.sample({{"side", "unprotected"}, {"direction", "out"}}, counters.packets_out);
  out.sample({{"side", "protected"}, {"direction", "in"}}, counters.clear_in);
  out.sample({{"side", "protected"}, {"direction", "out"}}, counters.delivered);
  out.family("mpsec_faults_total", counter, "What failed of our own.");
  out.sample({}, counters.faults);
  out.family("mpsec_waiting_packets_total", counter, "Packets that came before their SA, by their end.");
  out.sample({{"end", "sent"}}, counters.sent_after_waiting);
  out.sample({{"end", "given_up"}}, counters.given_up_waiting);
  out.family("mpsec_packets_between_workers_total", counter, "Packets lost where a worker was too busy.");
  out.sample({}, counters.between_workers);
  const ike::EngineCounters& ike = counters.ike;
  out.family("mpsec_ike_messages_total", counter,
             "IKE datagrams: received ones, and those not acted upon by cause.");
  const std::pair<std::string_view, std::uint64_t> kinds[] = {
      {"received", ike.received},           {"malformed", ike.malformed},
      {"other_version", ike.other_version}, {"unknown_spi", ike.unknown_spi},
      {"cookie_sent", ike.cookies_sent},    {"dropped_half_open", ike.dropped_half_open},
      {"keepalive", ike.keepalives},        {"no_configuration", ike.no_configuration}};
  for (const auto& [kind, value] : kinds)
    out.sample({{"kind", kind}}, value);
  out.family("mpsec_discards_total", counter, "Packets that were not let through, by cause.");
  for (std::size_t cause = 1; cause < ipsec::discard_causes; ++cause)
    out.sample({{"cause", to_string(static_cast<ipsec::Discard>(cause))}}, counters.discards.by_cause[cause]);
}

void write_io(Exposition& out, const Json& io, const std::string& path) {
  for (const auto& [name, value] : io.items()) {
    const std::string inner = path.empty() ? name : fmt::format("{}.{}", path, name);
    if (value.is_structured()) write_io(out, value, inner);
    if (value.is_number_unsigned())
      out.sample({{"counter", inner}}, value.get<std::uint64_t>());
    else if (value.is_number())
      out.sample({{"counter", inner}}, value.get<double>());
  }
}

}  // namespace

std::string prometheus_text(const Status& status, const Counters& counters, const Json& io) {
  Exposition out;
  out.family("mpsec_gateway_info", gauge, "1, with the gateway's name.");
  out.sample({{"name", status.name}, {"version", MPSEC_VERSION}}, std::uint64_t{1});
  write_states(out, status);
  write_children(out, status);
  write_clusters(out, status);
  write_paths(out, status);
  write_reorder_buffers(out, status);
  write_reordering(out, status);
  write_counters(out, counters);
  out.family("mpsec_io_total", counter, "What sockets and the tunnel interface have counted.");
  write_io(out, io, "");
  return out.take();
}

}  // namespace mpsec::gateway
