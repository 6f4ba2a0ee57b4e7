#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "pcap-replay/core/report_sequence.hpp"

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

}  // namespace

nlohmann::ordered_json sequence_json(const cluster::ReorderingReport& report) {
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
nlohmann::ordered_json reordering_json(const cluster::ReorderingReport& report) {
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

}  // namespace mpsec::replay
