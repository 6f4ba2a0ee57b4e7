#include <fmt/format.h>
#include <iterator>

#include "pcap-replay/core/report_cluster.hpp"
#include "pcap-replay/core/report_sequence.hpp"

namespace mpsec::replay {
namespace {

constexpr std::size_t most_shown = 10;

std::string name_of(const StreamKey& stream) {
  return fmt::format("{} {:#010x} to {}", stream.protocol == ipsec::Protocol::ah ? "AH" : "ESP",
                     stream.spi.value, to_string(stream.destination()));
}

std::string title_of(const FoundCluster& cluster) {
  const ClusterFinding& finding = cluster.finding;
  if (cluster.is_one() || finding.by_hand)
    return fmt::format("SA cluster of {}", plural(cluster.streams.size(), "SA"));
  return fmt::format("{} from one address to one other", plural(cluster.streams.size(), "SA"));
}

void add_members(Lines& lines, const FoundCluster& cluster) {
  for (std::size_t i = 0; i < std::min(cluster.streams.size(), most_shown); ++i) {
    const ClusterMember& member = cluster.finding.members[i];
    lines.add("  SA", fmt::format("{}: {} (strength {:.0f})", name_of(cluster.streams[i]),
                                  to_string(member.verdict), member.strength));
  }
  if (cluster.streams.size() > most_shown)
    lines.add("  SA", fmt::format("and {} more", cluster.streams.size() - most_shown));
}

void add_window(Lines& lines, const ClusterAccount& account) {
  std::uint64_t fresh = 0;
  for (const ClusterAccount::Member& member : account.members())
    fresh += member.fresh;
  lines.add("shared",
            fmt::format("{}: {} fresh, {} redundant, {}, {} too old; a window of {} would have held all",
                        account.window() ? fmt::format("window {}", account.window()->size()) : "no window",
                        fresh, account.redundant(), plural(account.replays(), "replay"), account.too_old(),
                        account.window_needed()));
  if (account.redundant() == 0) return;
  lines.add(
      "redundant",
      fmt::format("{} at most apart; of those opened {} with the same packet inside, {} with another",
                  to_readable(account.longest_apart()), account.same_content(), account.other_content()));
}

void add_paths(Lines& lines, const ReplayedCluster& replayed) {
  for (std::size_t i = 0; i < replayed.streams.size(); ++i) {
    const Stream& stream = *replayed.streams[i];
    const ClusterAccount::Member& member = replayed.account.members()[i];
    lines.add(
        "path",
        fmt::format("{:#010x}: {} fresh, {} redundant, {}, {} too old; {} reordered in the cluster's "
                    "order ({} numbers behind at most), {} in its own",
                    stream.key().spi.value, member.fresh, member.redundant, plural(member.replays, "replay"),
                    member.too_old, member.reordered, member.most_behind, stream.metrics.report().reordered));
  }
}

void add_repeats(Lines& lines, const ReplayedCluster& replayed) {
  const auto spi = [&](std::uint32_t member) { return replayed.streams[member]->key().spi.value; };
  const std::uint64_t all = replayed.account.redundant() + replayed.account.replays();
  if (all == 0) return lines.add("unique", "no number came twice");
  const auto& repeats = replayed.account.repeats();
  for (std::size_t i = 0; i < std::min(repeats.size(), most_shown); ++i) {
    const ClusterAccount::Repeat& repeat = repeats[i];
    lines.add("twice", fmt::format("number {}: frame {} ({:#010x}) and frame {} ({:#010x}), {} apart{}",
                                   repeat.number, repeat.first_frame, spi(repeat.first_member), repeat.frame,
                                   spi(repeat.member), to_readable(repeat.apart),
                                   !repeat.same_content   ? ""
                                   : *repeat.same_content ? ", the same packet"
                                                          : ", another packet"));
  }
  if (all > most_shown) lines.add("twice", fmt::format("and {} more", all - most_shown));
}

void add_cluster(std::string& text, const ReportInput& input, const FoundCluster& cluster) {
  fmt::format_to(std::back_inserter(text), "\n{}\n", title_of(cluster));
  Lines lines(text);
  lines.add("verdict",
            fmt::format("{} (strength {:.1f}; {:.1f} would be a cluster)", to_string(cluster.finding.verdict),
                        cluster.finding.strength, cluster.finding.needed));
  for (const ClusterEvidence& evidence : cluster.finding.evidence)
    lines.add(evidence.speaks_for ? "for" : "against", fmt::format("{}: {}", evidence.kind, evidence.text));
  add_members(lines, cluster);
  const ReplayedCluster* const replayed = account_of(input.replay, cluster);
  if (replayed == nullptr) {
    if (cluster.is_one())
      lines.add("shared", "not looked at: the capture could be read once only; name the SPIs with --cluster");
    return;
  }
  add_window(lines, replayed->account);
  add_paths(lines, *replayed);
  add_repeats(lines, *replayed);
  add_sequence(lines, replayed->account.metrics().report());
}

}  // namespace

void add_clusters(std::string& text, const ReportInput& input) {
  for (const FoundCluster& cluster : input.clusters)
    add_cluster(text, input, cluster);
}

}  // namespace mpsec::replay
