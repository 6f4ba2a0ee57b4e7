#include "pcap-replay/core/program.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <iterator>

#include "crypto/select/select_provider.hpp"
#include "pcap-replay/core/observers.hpp"
#include "pcap-replay/core/report.hpp"

namespace mpsec::replay {
namespace {

Error would_overwrite(const std::string& path) {
  return {.blame = Blame::local_fault,
          .path = path,
          .offset = {},
          .why = "expected a new name for the clear packets, found a file that is read; choose another",
          .clause = {}};
}

class Run {
 public:
  Run(const ProgramOptions& options, std::FILE* out, std::FILE* problems)
      : options_(options), out_(out), problems_(problems) {}

  ExitCode operator()() {
    if (!prepare()) return exit_refused;
    const bool written = read_for_clusters();
    const Replay& replay = *replay_;
    std::vector<Error> warnings = std::move(keys_.warnings);
    warnings.insert(warnings.end(), replay.problems().begin(), replay.problems().end());
    for (const Error& problem : replay.problems())
      say("warning", problem);
    const ReportInput input{replay, options_.capture, damage_, std::move(warnings), std::move(clusters_)};
    const std::string report = options_.json ? report_json(input) : report_text(input);
    std::fwrite(report.data(), 1, report.size(), out_);
    const bool flushed = std::fflush(out_) == 0;
    if (!flushed)
      say("error", Error{.path = "report", .offset = {}, .why = std::strerror(errno), .clause = {}});
    if (damage_) say("error", *damage_);
    if (damage_ || !written || !flushed) return exit_incomplete;
    return options_.strict && has_findings(replay) ? exit_findings : exit_complete;
  }

 private:
  bool prepare() {
    auto provider = crypto::select_provider(options_.provider);
    if (!provider) return refuse(provider.error());
    provider_ = *std::move(provider);
    for (const std::string& path : options_.key_files) {
      if (!options_.decrypt) break;
      auto keys = load_keys(path, options_.key_format);
      if (!keys) return refuse(keys.error());
      std::ranges::move(keys->entries, std::back_inserter(keys_.entries));
      std::ranges::move(keys->ike, std::back_inserter(keys_.ike));
      std::ranges::move(keys->warnings, std::back_inserter(keys_.warnings));
    }
    for (const Error& warning : keys_.warnings)
      say("warning", warning);
    auto reader = open_capture(options_.capture);
    if (!reader) return refuse(reader.error());
    reader_ = *std::move(reader);
    if (options_.write.empty()) return true;
    if (is_input(options_.write)) return refuse(would_overwrite(options_.write));
    auto writer = trace::PcapngWriter::create(options_.write, options_.application);
    if (!writer) return refuse(writer.error());
    writer_.emplace(*std::move(writer));
    return true;
  }

  bool is_input(const std::string& path) const {
    const auto same = [&](const std::string& input) {
      std::error_code cannot_tell;
      return std::filesystem::is_regular_file(path, cannot_tell) &&
             std::filesystem::equivalent(path, input, cannot_tell);
    };
    return same(options_.capture) || std::ranges::any_of(options_.key_files, same);
  }

  // Which SAs are a cluster is known when the capture was read to its end; the books of the cluster, and what
  // each packet was to it, take a second reading. A pipe has none.
  bool read_for_clusters() {
    const bool observed = options_.print || writer_;
    std::error_code cannot_tell;
    const bool rereadable = std::filesystem::is_regular_file(options_.capture, cannot_tell);
    const bool held_back = rereadable && observed && options_.find_clusters;
    bool written = read_all(options_.replay, !held_back);
    if (!options_.find_clusters) return written;
    clusters_ = survey(*replay_, options_.replay.clusters);
    warn_of_unseen();
    ReplayOptions with_clusters = options_.replay;
    for (const FoundCluster& cluster : clusters_)
      if (cluster.is_one() && !cluster.finding.by_hand)
        with_clusters.clusters.push_back({cluster.streams, {}});
    const bool new_ones = with_clusters.clusters.size() != options_.replay.clusters.size();
    if (!rereadable || (!held_back && !new_ones)) return written;
    auto reader = open_capture(options_.capture);
    if (!reader) return refuse(reader.error());
    reader_ = *std::move(reader);
    return read_all(with_clusters, held_back || !observed);
  }

  void warn_of_unseen() {
    for (const ClusterPlan& plan : options_.replay.clusters)
      for (const Spi spi : plan.spis) {
        if (std::ranges::find(replay_->streams(), spi, [](const Stream& stream) {
              return stream.key().spi;
            }) != replay_->streams().end())
          continue;
        keys_.warnings.push_back({.blame = Blame::local_fault,
                                  .path = "--cluster",
                                  .offset = {},
                                  .why = fmt::format("SPI {:#010x} is not in the capture", spi.value),
                                  .clause = {}});
        say("warning", keys_.warnings.back());
      }
  }

  // False if the clear packets could not be written.
  bool read_all(const ReplayOptions& options, bool observed) {
    damage_.reset();
    replay_.emplace(keys_.entries, *provider_, options);
    replay_->add_ike_keys(keys_.ike);
    Replay& replay = *replay_;
    SeveralObservers observers;
    PacketPrinter printer(out_);
    if (options_.print && observed) observers.add(printer);
    std::optional<ClearPacketWriter> clear;
    if (writer_ && observed) observers.add(clear.emplace(*writer_));
    if (!observers.empty()) replay.set_observer(&observers);
    CapturedFrame frame;
    auto next = CaptureReader::Next::frame;
    while ((next = reader_->next(frame)) == CaptureReader::Next::frame)
      replay.frame(frame);
    replay.set_observer(nullptr);
    if (next == CaptureReader::Next::damaged) note_damage(replay.counts().frames);
    if (!writer_ || !observed) return true;
    const auto committed = writer_->commit();
    if (!committed) say("error", committed.error());
    return committed.has_value();
  }

  void note_damage(std::uint64_t frames_read) {
    damage_ = reader_->error();
    damage_->why += fmt::format("; {} read and reported: for the rest, take an undamaged copy of the file",
                                frames_read == 1 ? "1 frame is" : fmt::format("{} frames are", frames_read));
  }

  static bool has_findings(const Replay& replay) {
    if (replay.counts().malformed != 0) return true;
    for (const IkeSession& session : replay.ike().sessions())
      if (!session.failures.empty()) return true;
    for (const Stream& stream : replay.streams())
      if (stream.discards.total() != stream.discards[ipsec::Discard::redundant]) return true;
    return false;
  }

  bool refuse(const Error& error) {
    say("error", error);
    return false;
  }

  void say(std::string_view kind, const Error& error) {
    fmt::print(problems_, "mpsec-replay: {}: {}\n", kind, to_string(error));
  }

  const ProgramOptions& options_;
  std::FILE* out_;
  std::FILE* problems_;
  std::unique_ptr<crypto::Provider> provider_;
  KeyFile keys_;
  std::unique_ptr<CaptureReader> reader_;
  std::optional<Replay> replay_;
  std::vector<FoundCluster> clusters_;
  std::optional<trace::PcapngWriter> writer_;
  std::optional<Error> damage_;
};

}  // namespace

Result<ClusterPlan> parse_cluster(const std::string& text) {
  ClusterPlan plan;
  for (std::string_view left = text; !left.empty();) {
    const std::string_view one = left.substr(0, left.find(','));
    left.remove_prefix(std::min(left.size(), one.size() + 1));
    const bool hexadecimal = one.starts_with("0x");
    const std::string_view digits = one.substr(hexadecimal ? 2 : 0);
    std::uint32_t spi = 0;
    const auto [end, problem] =
        std::from_chars(digits.data(), digits.data() + digits.size(), spi, hexadecimal ? 16 : 10);
    if (problem != std::errc() || end != digits.data() + digits.size())
      plan.spis.clear(), left = {};
    else
      plan.spis.push_back(Spi(spi));
  }
  if (plan.spis.size() >= 2) return plan;
  return std::unexpected(Error{.blame = Blame::local_fault,
                               .path = "--cluster",
                               .offset = {},
                               .why = "expected two or more SPIs as in 0x1001,0x1002, found " + text,
                               .clause = {}});
}

ExitCode run(const ProgramOptions& options, std::FILE* out, std::FILE* problems) {
  return Run(options, out, problems)();
}

}  // namespace mpsec::replay
