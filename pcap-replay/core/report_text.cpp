#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <iterator>

#include "pcap-replay/core/report_ike.hpp"
#include "pcap-replay/core/report_lines.hpp"

namespace mpsec::replay {
namespace {

std::string percent(double ratio) {
  return fmt::format("{:.3g} %", ratio * 100);
}

void add_counts(Lines& lines, const ReplayCounts& counts) {
  const auto add = [&](std::string_view name, std::uint64_t count, std::string_view what) {
    if (count != 0) lines.add(name, fmt::format("{:>10}  {}", count, what));
  };
  add("ESP", counts.esp, "packets");
  add("ESP in UDP", counts.esp_in_udp, "packets");
  add("AH", counts.ah, "packets");
  add("opened", counts.clear, "clear packets came out of them");
  add("IKEv1", counts.ike_v1, "messages, not opened");
  add("IKEv2", counts.ike_v2, "messages");
  add("IKE", counts.ike_other, "messages of no known version");
  add("keepalives", counts.keepalives, "of NAT traversal");
  add("fragments", counts.fragments,
      fmt::format("of possible ESP, AH and UDP; {} datagrams put together, {} fragments dropped",
                  counts.reassembled, counts.fragments_dropped));
  add("other IP", counts.other_ip, "packets");
  add("not IP", counts.not_ip, "frames");
  add("malformed", counts.malformed, "packets");
  add("cut", counts.cut, "packets, by the capture, before they tell what they are");
  add("truncated", counts.link_truncated, "frames end within the link layer's header");
  for (const auto& [link_type, count] : counts.unsupported_links)
    add("unreadable", count, "frames of " + to_string(link_type));
  add("reserved SPI", counts.reserved_spi, "packets with an SPI from 0 to 255");
  add("not tracked", counts.beyond_streams, "packets: too many different SPIs");
}

std::string key_text(const Stream& stream) {
  if (!stream.opener) return "none: judged by the clear header, which anybody can write";
  const KeyEntry* const entry = stream.opener->entry();
  if (entry == nullptr) return "at hand, but no packet could be opened";
  const ipsec::InboundParameters& parameters = stream.opener->sa()->parameters();
  std::string algorithms;
  if (parameters.protocol == ipsec::Protocol::esp) algorithms = (*crypto::find(parameters.encryption))->name;
  if (parameters.integrity != crypto::IntegrityId::none)
    algorithms +=
        fmt::format("{}{}", algorithms.empty() ? "" : " with ", (*crypto::find(parameters.integrity))->name);
  return fmt::format(
      "{}: {}, {} mode{}{}{}", entry->where, algorithms,
      parameters.mode == ipsec::Mode::tunnel ? "tunnel" : "transport",
      parameters.extended_sequence_numbers ? ", extended sequence numbers" : "",
      parameters.anti_replay ? fmt::format(", window {}", parameters.replay_window) : ", no anti-replay",
      parameters.allow_no_integrity ? ", ICV not checked" : "");
}

void add_verdicts(Lines& lines, const Stream& stream) {
  lines.add("accepted", plural(stream.accepted, "packet"));
  for (const auto& [discard, frames] : stream.discarded_frames) {
    const std::string_view clause = clause_of(discard);
    lines.add("discarded",
              fmt::format("{} {}{}: {}", frames.count(), to_string(discard),
                          clause.empty() ? "" : fmt::format(" ({})", clause), frames_shown(frames)));
  }
}

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

void add_stream(std::string& text, const Stream& stream) {
  fmt::format_to(
      std::back_inserter(text), "\n{} from {}{}\n", name_of(stream), to_string(stream.source.address()),
      stream.source_changes == 0 ? ""
                                 : fmt::format(" and others ({})", plural(stream.source_changes, "change")));
  Lines lines(text);
  lines.add("key", key_text(stream));
  lines.add("packets", fmt::format("{}, {} octets, frames {} to {}", stream.packets, stream.octets,
                                   stream.first_frame, stream.last_frame));
  lines.add("time", fmt::format("{} to {} ({})", to_utc(stream.first_time), to_utc(stream.last_time),
                                to_readable(stream.last_time - stream.first_time)));
  if (stream.in_udp != 0 && stream.in_udp != stream.packets)
    lines.add("in UDP", plural(stream.in_udp, "packet"));
  if (stream.cut != 0)
    lines.add("cut", plural(stream.cut, "packet") + " by the capture: sequence numbers only");
  add_verdicts(lines, stream);
  add_sequence(lines, stream.metrics.report());
}

}  // namespace

std::string report_text(const ReportInput& input) {
  const Replay& replay = input.replay;
  const ReplayCounts& counts = replay.counts();
  std::string text =
      fmt::format("{}: {}, {} octets", input.file, plural(counts.frames, "frame"), counts.octets);
  if (counts.frames != 0)
    text += fmt::format(", {} to {} ({})", to_utc(replay.first_time()), to_utc(replay.last_time()),
                        to_readable(replay.last_time() - replay.first_time()));
  text += "\n";
  Lines lines(text);
  if (input.damage) lines.add("DAMAGED", to_string(*input.damage));
  add_counts(lines, counts);
  add_ike(text, replay);
  for (const Stream& stream : replay.streams())
    add_stream(text, stream);
  return text;
}

}  // namespace mpsec::replay
