#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "pcap-replay/core/report.hpp"
#include "pcap-replay/core/report_ike.hpp"

namespace mpsec::replay {
namespace {

using Json = nlohmann::ordered_json;

// Of a count by value: an object "value" -> count, without the zeros. The names are all different, so that
// they are added without a search for each, which takes its time among tens of thousands.
void add_count(Json& to, std::string value, std::uint64_t count) {
  if (count != 0) to.get_ref<Json::object_t&>().emplace_back(std::move(value), count);
}

void add_counts(Json& to, const cluster::CountHistogram& histogram) {
  for (std::size_t value = 0; value < histogram.counts().size(); ++value)
    add_count(to, std::to_string(value), histogram.count(value));
}

Json counts_of(const cluster::CountHistogram& histogram) {
  Json counts = Json::object();
  add_counts(counts, histogram);
  return counts;
}

// By displacement: early packets have negative ones.
Json frequencies_of(const cluster::ReorderDensity& density) {
  Json frequencies = Json::object();
  for (std::size_t value = density.early().counts().size(); value-- > 0;)
    add_count(frequencies, fmt::format("-{}", value), density.early().count(value));
  add_counts(frequencies, density.late());
  return frequencies;
}

Json summary_of(const cluster::CountHistogram& histogram) {
  return {{"maximum", histogram.maximum()},
          {"mean", histogram.mean()},
          {"counts", counts_of(histogram)},
          {"beyond", histogram.beyond()}};
}

// Buckets are named by the values they end before: "1" holds those <= 0, "2" 1, "4" 2 and 3, "8" 4 to 7, ...
Json summary_of(const cluster::MagnitudeHistogram& histogram) {
  Json below = Json::object();
  for (std::size_t bucket = 0; bucket < histogram.counts().size(); ++bucket)
    if (histogram.counts()[bucket] != 0)
      below[std::to_string(std::uint64_t{1} << bucket)] = histogram.counts()[bucket];
  return {{"total", histogram.total()},
          {"minimum", histogram.minimum()},
          {"maximum", histogram.maximum()},
          {"mean", histogram.mean()},
          {"below", std::move(below)}};
}

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

Json sequence_of(const cluster::ReorderingReport& report) {
  return {{"lowest", report.lowest},
          {"highest", report.highest},
          {"received", report.received},
          {"duplicates", report.duplicates},
          {"missing", report.lost},
          {"gaps", report.gaps},
          {"discontinuities", report.discontinuities},
          {"discontinuity_size", summary_of(report.discontinuity_size)}};
}

// RFC 4737 and RFC 5236.
Json reordering_of(const cluster::ReorderingReport& report) {
  return {{"bound", report.bound},
          {"beyond_bound", report.beyond_bound},
          {"reordered", report.reordered},
          {"ratio", report.reordered_ratio()},
          {"extent", summary_of(report.extent.extent())},
          {"late_time_nanoseconds", summary_of(report.extent.late_time())},
          {"byte_offset", summary_of(report.extent.byte_offset())},
          {"reordering_discontinuities", report.extent.reordering_discontinuities()},
          {"gap", summary_of(report.extent.gap())},
          {"gap_time_nanoseconds", summary_of(report.extent.gap_time())},
          {"free_runs",
           {{"runs", report.free_runs.runs},
            {"in_order", report.free_runs.in_order},
            {"square_sum", report.free_runs.square_sum},
            {"mean", report.free_runs.mean()},
            {"variability", report.free_runs.variability()}}},
          {"n_reordering", summary_of(report.n_reordering)},
          {"reorder_density",
           {{"threshold", report.density.threshold()},
            {"counted", report.density.counted()},
            {"discarded", report.density.discarded()},
            {"frequencies", frequencies_of(report.density)}}},
          {"buffer_occupancy_density",
           {{"threshold", report.buffer_density.threshold()},
            {"counted", report.buffer_density.occupancy().total()},
            {"frequencies", counts_of(report.buffer_density.occupancy())}}}};
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
          {"sequence", sequence_of(report)},
          {"reordering", reordering_of(report)}};
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
                     {"format_version", 2},
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
                     {"warnings", std::move(warnings)}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace mpsec::replay
