#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <iterator>

#include "pcap-replay/core/report_cluster.hpp"
#include "pcap-replay/core/report_ike.hpp"
#include "pcap-replay/core/report_lines.hpp"
#include "pcap-replay/core/report_sequence.hpp"

namespace mpsec::replay {
namespace {

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
  add_clusters(text, input);
  return text;
}

}  // namespace mpsec::replay
