#include <algorithm>
#include <fmt/format.h>

#include "pcap-replay/core/report.hpp"
#include "pcap-replay/core/report_sequence.hpp"

namespace mpsec::replay {
namespace {

void add_densities(Lines& lines, const cluster::ReorderingReport& report) {
  lines.add("  density",
            fmt::format(
                "{} early, {} in place, {} late; at most {} early, {} late",
                percent(static_cast<double>(report.density.early().total()) /
                        static_cast<double>(std::max<std::uint64_t>(report.density.counted(), 1))),
                percent(report.density.density(0)),
                percent(static_cast<double>(report.density.late().total() - report.density.late().count(0)) /
                        static_cast<double>(std::max<std::uint64_t>(report.density.counted(), 1))),
                report.density.early().maximum(), report.density.late().maximum()));
  lines.add("  held", fmt::format("{} packets at most, {:.2f} on average, to restore order",
                                  report.buffer_density.occupancy().maximum(),
                                  report.buffer_density.occupancy().mean()));
}

}  // namespace

std::string percent(double ratio) {
  return fmt::format("{:.3g} %", ratio * 100);
}

void add_sequence(Lines& lines, const cluster::ReorderingReport& report) {
  if (report.received == 0) return;
  const std::string_view at_least = report.beyond_bound != 0 ? "at least " : "";
  lines.add("numbers",
            fmt::format("{} to {}, {} missing in {}, {}{}", report.lowest, report.highest, report.lost,
                        plural(report.gaps, "gap"), at_least, plural(report.duplicates, "duplicate")));
  if (report.reordered == 0) {
    lines.add("reordered", "none");
    return;
  }
  lines.add(
      "reordered",
      fmt::format("{} of {} ({}){}", report.reordered, report.received, percent(report.reordered_ratio()),
                  report.beyond_bound == 0
                      ? ""
                      : fmt::format(", {} of them too far back to measure", report.beyond_bound)));
  if (report.extent.extent().total() == 0) return;
  const auto& extent = report.extent;
  lines.add("  extent", fmt::format("{} packets at most, {:.2f} on average", extent.extent().maximum(),
                                    extent.extent().mean()));
  lines.add("  late",
            fmt::format("{} at most, {} on average", to_readable(Duration(extent.late_time().maximum())),
                        to_readable(Duration(static_cast<std::int64_t>(extent.late_time().mean())))));
  lines.add("  buffer", fmt::format("{} octets at most, {:.0f} on average", extent.byte_offset().maximum(),
                                    extent.byte_offset().mean()));
  lines.add("  breaks", fmt::format("{} reordering discontinuities, {:.1f} packets apart on average",
                                    extent.reordering_discontinuities(), extent.gap().mean()));
  lines.add("  runs", fmt::format("{:.1f} packets in order on average, variability {:.2f}",
                                  report.free_runs.mean(), report.free_runs.variability()));
  lines.add("  3-reordered",
            fmt::format("{} ({})", report.n_reordered(3), percent(report.degree_of_n_reordering(3))));
  add_densities(lines, report);
}

}  // namespace mpsec::replay
