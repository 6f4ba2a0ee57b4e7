#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "pcap-replay/core/report.hpp"
#include "pcap-replay/core/report_cluster.hpp"
#include "pcap-replay/core/report_ike.hpp"
#include "pcap-replay/core/report_sequence.hpp"

namespace mpsec::replay {
namespace {

using Json = nlohmann::ordered_json;

Json error_of(const Error& error) {
  Json json = {{"path", error.path}, {"why", error.why}};
  if (error.offset) json["offset"] = *error.offset;
  return json;
}

Json counts_of(const ReplayCounts& counts) {
  Json json = {{"esp", counts.esp},
               {"esp_in_udp", counts.esp_in_udp},
               {"ah", counts.ah},
               {"clear", counts.clear},
               {"ike_v1", counts.ike_v1},
               {"ike_v2", counts.ike_v2},
               {"ike_other", counts.ike_other},
               {"keepalives", counts.keepalives},
               {"fragments", counts.fragments},
               {"reassembled", counts.reassembled},
               {"fragments_dropped", counts.fragments_dropped},
               {"other_ip", counts.other_ip},
               {"not_ip", counts.not_ip},
               {"malformed", counts.malformed},
               {"cut", counts.cut},
               {"link_truncated", counts.link_truncated},
               {"reserved_spi", counts.reserved_spi},
               {"not_tracked", counts.beyond_streams}};
  Json unsupported = Json::object();
  for (const auto& [link_type, count] : counts.unsupported_links)
    unsupported[to_string(link_type)] = count;
  json["unsupported_links"] = std::move(unsupported);
  return json;
}

Json key_of(const Stream& stream) {
  if (!stream.opener || stream.opener->entry() == nullptr) return nullptr;
  const ipsec::InboundParameters& parameters = stream.opener->sa()->parameters();
  const bool esp = parameters.protocol == ipsec::Protocol::esp;
  return {{"where", stream.opener->entry()->where},
          {"mode", parameters.mode == ipsec::Mode::tunnel ? "tunnel" : "transport"},
          {"encryption", esp ? Json((*crypto::find(parameters.encryption))->name) : Json()},
          {"integrity", (*crypto::find(parameters.integrity))->name},
          {"icv_checked", !parameters.allow_no_integrity},
          {"extended_sequence_numbers", parameters.extended_sequence_numbers},
          {"replay_window", parameters.anti_replay ? parameters.replay_window : 0}};
}

Json discards_of(const Stream& stream) {
  Json discards = Json::object();
  for (const auto& [discard, frames] : stream.discarded_frames)
    discards[std::string(to_string(discard))] = {{"count", frames.count()},
                                                 {"clause", clause_of(discard)},
                                                 {"frames", frames.kept()},
                                                 {"all_frames", frames.kept().size() == frames.count()}};
  return discards;
}

Json stream_of(const Stream& stream) {
  const cluster::ReorderingReport report = stream.metrics.report();
  return {{"protocol", stream.key().protocol == ipsec::Protocol::ah ? "AH" : "ESP"},
          {"spi", fmt::format("{:#010x}", stream.key().spi.value)},
          {"source", to_string(stream.source.address())},
          {"source_changes", stream.source_changes},
          {"destination", to_string(stream.key().destination())},
          {"packets", stream.packets},
          {"octets", stream.octets},
          {"in_udp", stream.in_udp},
          {"cut", stream.cut},
          {"first_frame", stream.first_frame},
          {"last_frame", stream.last_frame},
          {"first_time", to_utc(stream.first_time)},
          {"last_time", to_utc(stream.last_time)},
          {"judged_by", stream.judge == Judge::engine ? "engine" : "clear header"},
          {"key", key_of(stream)},
          {"accepted", stream.accepted},
          {"discards", discards_of(stream)},
          {"sequence", sequence_json(report)},
          {"reordering", reordering_json(report)}};
}

}  // namespace

std::string report_json(const ReportInput& input) {
  const Replay& replay = input.replay;
  Json warnings = Json::array();
  for (const Error& warning : input.warnings)
    warnings.push_back(error_of(warning));
  Json streams = Json::array();
  for (const Stream& stream : replay.streams())
    streams.push_back(stream_of(stream));
  const bool any = replay.counts().frames != 0;
  const Json json = {{"format", "mpsec replay report"},
                     {"format_version", 3},
                     {"capture",
                      {{"file", input.file},
                       {"frames", replay.counts().frames},
                       {"octets", replay.counts().octets},
                       {"first_time", any ? Json(to_utc(replay.first_time())) : Json()},
                       {"last_time", any ? Json(to_utc(replay.last_time())) : Json()},
                       {"complete", !input.damage},
                       {"damage", input.damage ? error_of(*input.damage) : Json()}}},
                     {"counts", counts_of(replay.counts())},
                     {"ike", ike_json(replay)},
                     {"streams", std::move(streams)},
                     {"clusters", clusters_json(input)},
                     {"warnings", std::move(warnings)}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace mpsec::replay
