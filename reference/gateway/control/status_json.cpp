#include "gateway/control/status_json.hpp"

#include <fmt/format.h>

namespace mpsec::gateway {
namespace {

using trace::Json;

template <class Duration>
double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

std::string hex64(std::uint64_t value) {
  return fmt::format("{:016x}", value);
}

Json to_json(const SaTraffic& traffic) {
  return {{"packets_in", traffic.packets_in},   {"octets_in", traffic.octets_in},
          {"packets_out", traffic.packets_out}, {"octets_out", traffic.octets_out},
          {"highest_in", traffic.highest_in},   {"highest_out", traffic.highest_out}};
}

Json to_json(const ChildReport& report) {
  const ike::ChildStatus& child = report.ike;
  Json json{{"child", child.id.value},
            {"name", child.name},
            {"state", to_string(child.state)},
            {"protocol", child.protocol == ipsec::Protocol::ah ? "ah" : "esp"},
            {"mode", child.mode == ipsec::Mode::tunnel ? "tunnel" : "transport"},
            {"inbound_spi", fmt::format("{:08x}", child.inbound.value)},
            {"outbound_spi", fmt::format("{:08x}", child.outbound.value)},
            {"selectors", Json::array()}};
  for (const ipsec::Selector& selector : child.selectors)
    json["selectors"].push_back(ipsec::to_string(selector));
  if (child.cluster) json["cluster"] = hex64(child.cluster->value);
  json["traffic"] = to_json(report.traffic);
  return json;
}

Json to_json(const IkeReport& report) {
  const ike::IkeStatus& sa = report.ike;
  Json json{{"ike_sa", sa.id.value},
            {"peer", sa.peer},
            {"role", ike::to_string(sa.role)},
            {"state", to_string(sa.state)},
            {"initiator_spi", hex64(sa.spis.initiator.value)},
            {"responder_spi", hex64(sa.spis.responder.value)},
            {"local", to_string(sa.path.local)},
            {"remote", to_string(sa.path.remote)}};
  if (report.local_id) json["local_id"] = ipsec::to_string(*report.local_id);
  if (!sa.remote_id.value.empty()) json["remote_id"] = ipsec::to_string(sa.remote_id);
  json["suite"] = sa.suite;
  json["we_are_behind_nat"] = sa.we_are_behind_nat;
  json["peer_is_behind_nat"] = sa.peer_is_behind_nat;
  json["children"] = Json::array();
  for (const ChildReport& child : report.children)
    json["children"].push_back(to_json(child));
  return json;
}

Json to_json(const SubSaReport& report) {
  Json json{{"child", report.child.value},
            {"sub_sa", report.sub_sa.value},
            {"path", report.path},
            {"condition", to_string(report.condition)}};
  if (report.round_trip) json["round_trip_s"] = seconds(*report.round_trip);
  json["loss"] = report.loss;
  return json;
}

Json to_json(const cluster::ReorderCounters& counters) {
  static constexpr std::array<std::string_view, cluster::release_causes> causes{
      "filled", "time", "gap", "fifo", "flow", "packets", "octets", "span", "flush"};
  Json released;
  for (std::size_t cause = 0; cause < causes.size(); ++cause)
    released[std::string(causes[cause])] = counters.released[cause];
  return {{"in_order", counters.in_order},
          {"passed", counters.passed},
          {"released", std::move(released)},
          {"late_delivered", counters.late_delivered},
          {"late_dropped", counters.late_dropped},
          {"duplicates", counters.duplicates},
          {"beyond_reach", counters.beyond_reach},
          {"held", counters.held},
          {"resolved", counters.resolved},
          {"given_up", counters.given_up},
          {"most_packets", counters.most_packets},
          {"most_octets", counters.most_octets},
          {"longest_hold_s", seconds(counters.longest_hold)}};
}

Json to_json(const ClusterReport& report) {
  Json json{{"local_cluster", report.id.value}, {"name", report.name}};
  if (report.negotiated) json["cluster"] = hex64(report.negotiated->value);
  json["sub_sas"] = report.sub_sas;
  json["valid_sub_sas"] = report.valid_sub_sas;
  json["highest_in"] = report.highest_in;
  json["numbers_left"] = report.numbers_left;
  json["paths"] = Json::array();
  for (const SubSaReport& path : report.paths)
    json["paths"].push_back(to_json(path));
  if (report.reordering) json["reordering"] = to_json(*report.reordering);
  if (report.metrics != nullptr) json["metrics"] = gateway::to_json(report.metrics->report());
  return json;
}

Json reordering_of(std::uint64_t reordered, const cluster::ReorderingExtent& extent,
                   const cluster::ReorderingFreeRuns& runs) {
  return {{"reordered", reordered},
          {"largest_extent", extent.extent().maximum()},
          {"mean_extent", extent.extent().mean()},
          {"largest_late_time_s", static_cast<double>(extent.late_time().maximum()) * 1e-9},
          {"free_runs", runs.runs},
          {"free_runs_mean", runs.mean()}};
}

Json to_json(const cluster::PathReport& path) {
  Json json{{"path", path.path},           {"arrivals", path.arrivals},       {"octets", path.octets},
            {"share", path.share},         {"octet_share", path.octet_share}, {"duplicates", path.duplicates},
            {"redundant", path.redundant}, {"highest", path.highest}};
  json.update(reordering_of(path.reordered, path.extent, path.free_runs));
  json["behind"] = path.behind;
  json["largest_behind_numbers"] = path.behind_numbers.maximum();
  json["largest_behind_time_s"] = static_cast<double>(path.behind_time.maximum()) * 1e-9;
  return json;
}

Json union_json(const cluster::ReorderingReport& all) {
  Json json{{"arrivals", all.arrivals},
            {"octets", all.octets},
            {"received", all.received},
            {"duplicates", all.duplicates},
            {"beyond_bound", all.beyond_bound},
            {"lowest", all.lowest},
            {"highest", all.highest},
            {"lost", all.lost},
            {"gaps", all.gaps},
            {"discontinuities", all.discontinuities},
            {"reordered_ratio", all.reordered_ratio()}};
  json.update(reordering_of(all.reordered, all.extent, all.free_runs));
  json["largest_n_reordering"] = all.n_reordering.maximum();
  json["degree_of_3_reordering"] = all.degree_of_n_reordering(3);
  json["most_early"] = all.density.early().maximum();
  json["most_late"] = all.density.late().maximum();
  json["in_place"] = all.density.density(0);
  json["mean_buffer_occupancy"] = all.buffer_density.occupancy().mean();
  json["largest_buffer_occupancy"] = all.buffer_density.occupancy().maximum();
  return json;
}

}  // namespace

Json to_json(const cluster::ClusterReport& report) {
  Json json{{"all", union_json(report.all)},
            {"redundant", report.redundant},
            {"redundant_octets", report.redundant_octets},
            {"window",
             {{"size", report.window.size},
              {"late_authentic", report.window.late_authentic},
              {"size_that_would_have_held", report.window.size_that_would_have_held}}},
            {"paths", Json::array()}};
  for (const cluster::PathReport& path : report.paths)
    json["paths"].push_back(to_json(path));
  return json;
}

Json to_json(const Status& status) {
  Json json{{"name", status.name}, {"ike_sas", Json::array()}, {"clusters", Json::array()}};
  for (const IkeReport& sa : status.ike_sas)
    json["ike_sas"].push_back(to_json(sa));
  for (const ClusterReport& cluster : status.clusters)
    json["clusters"].push_back(to_json(cluster));
  return json;
}

Json to_json(const Counters& counters) {
  const ike::EngineCounters& ike = counters.ike;
  Json discards = Json::object();
  for (std::size_t cause = 1; cause < ipsec::discard_causes; ++cause)
    discards[std::string(to_string(static_cast<ipsec::Discard>(cause)))] = counters.discards.by_cause[cause];
  return {{"packets_in", counters.packets_in},
          {"packets_out", counters.packets_out},
          {"delivered", counters.delivered},
          {"clear_in", counters.clear_in},
          {"faults", counters.faults},
          {"sent_after_waiting", counters.sent_after_waiting},
          {"given_up_waiting", counters.given_up_waiting},
          {"between_workers", counters.between_workers},
          {"ike",
           {{"received", ike.received},
            {"malformed", ike.malformed},
            {"other_version", ike.other_version},
            {"unknown_spi", ike.unknown_spi},
            {"cookies_sent", ike.cookies_sent},
            {"dropped_half_open", ike.dropped_half_open},
            {"keepalives", ike.keepalives},
            {"no_configuration", ike.no_configuration}}},
          {"discards", std::move(discards)}};
}

}  // namespace mpsec::gateway
