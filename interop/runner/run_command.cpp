#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <sys/ioctl.h>
#include <unistd.h>

#include "crypto/openssl/openssl_ike_provider.hpp"
#include "crypto/openssl/openssl_pki.hpp"
#include "crypto/openssl/openssl_provider.hpp"
#include "gateway/settings/disk_sources.hpp"
#include "interop/runner/commands.hpp"
#include "interop/runner/exit_code.hpp"
#include "interop/runner/ladder_check.hpp"
#include "interop/runner/opening.hpp"
#include "interop/runner/session.hpp"
#include "interop/runner/way.hpp"
#include "interop/suite/memory/memory_target.hpp"

namespace mpsec::conformance {
namespace {

using Clock = std::chrono::steady_clock;

std::atomic<bool> interrupted = false;
void on_interrupt(int) {
  // The second time nobody waits for the report.
  if (interrupted.exchange(true)) ::_exit(128 + SIGINT);
}

Look look_of(int descriptor) {
  Look look;
  look.colours = ::isatty(descriptor) != 0 && std::getenv("NO_COLOR") == nullptr;
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 20) look.width = size.ws_col;
  return look;
}

// What is told while the run goes on: only to a terminal, on one line that is written over.
class Screen {
 public:
  Screen() : is_terminal_(::isatty(STDERR_FILENO) != 0), look_(look_of(STDERR_FILENO)) {}
  void progress(const Progress& progress) {
    if (!is_terminal_) return;
    fmt::print(stderr, "\r\x1b[K{}", progress_line(progress, look_));
    std::fflush(stderr);
  }
  void ended(const CaseReport& report) {
    if (is_terminal_ && is_bad(report.verdict)) fmt::print(stderr, "\r\x1b[K{}\n", to_line(report, look_));
  }
  void clear() {
    if (is_terminal_) fmt::print(stderr, "\r\x1b[K");
  }

 private:
  bool is_terminal_;
  Look look_;
};

int print(const std::vector<Error>& errors, int code) {
  for (const Error& error : errors)
    fmt::print(stderr, "mpsec-conformance: {}\n", to_string(error));
  return code;
}

std::expected<std::vector<Waiver>, std::vector<Error>> waivers_from(const std::filesystem::path& path) {
  if (path.empty()) return std::vector<Waiver>{};
  const auto octets = gateway::read_whole_file(path);
  if (!octets) return std::unexpected(std::vector{octets.error()});
  return read_waivers({reinterpret_cast<const char*>(octets->data()), octets->size()}, path);
}

Result<> resume_from(const RunOptions& options, Plan& plan) {
  const std::string path = options.folder + "/report.json";
  auto before = read_json_file(path);
  if (!before) return std::unexpected(before.error());
  if (before->seed != options.seed)
    return std::unexpected(Error{
        Blame::local_fault, path, std::nullopt,
        fmt::format("it was begun with --seed {}, and is to go on with {}", before->seed, options.seed), ""});
  // A harness error is tried anew.
  std::erase_if(before->cases, [](const CaseReport& one) { return one.verdict == Verdict::harness_error; });
  plan.done = std::move(before->cases);
  return {};
}

// What the options say of the cases; the error is told already.
std::expected<Plan, int> plan_of(const RunOptions& options, const Opened& opened) {
  auto cases = choose(catalogue(), options.selection, embedded_register());
  if (!cases) return std::unexpected(print({cases.error()}, wrong_usage));
  if (cases->empty()) {
    fmt::print(stderr, "mpsec-conformance: no case matches; 'mpsec-conformance list' shows what there is\n");
    return std::unexpected(nothing_matched);
  }
  auto waivers =
      waivers_from(options.waivers.empty() ? opened.waivers : std::filesystem::path(options.waivers));
  if (!waivers) return std::unexpected(print(waivers.error(), wrong_usage));
  Plan plan{.cases = *std::move(cases),
            .seed = options.seed,
            .confirm = options.confirm,
            .loss = Loss::none,
            .repeat = options.repeat,
            .fail_fast = options.fail_fast,
            .waivers = *std::move(waivers),
            .folder = options.no_reports || options.evidence == "none" ? "" : options.folder,
            .all_evidence = options.evidence == "all",
            .done = {},
            .virtual_time = options.target.empty()};
  if (!options.resume) return plan;
  if (const auto resumed = resume_from(options, plan); !resumed)
    return std::unexpected(print({resumed.error()}, wrong_usage));
  return plan;
}

// All of the report but the cases. What the way there is like has a say in the plan.
Run begun(const RunOptions& options, Opened& opened, Plan& plan) {
  Run run;
  run.seed = options.seed;
  run.versions["mpsec"] = version();
  run.arguments = options.arguments;
  run.target = report_of(opened.target->description(), opened.target->link().paths());
  const auto calendar = std::chrono::system_clock::now().time_since_epoch();
  run.began = std::chrono::duration_cast<std::chrono::seconds>(calendar).count();
  if (opened.network == nullptr) return run;
  if (const auto way = measure_way(*opened.target, opened.providers(), options.seed); way) {
    opened.network->note_way(way->longest, static_cast<double>(way->lost) / way->exchanges);
    plan.confirm = confirmations(plan.confirm, *way);
    if (way->lost != 0) plan.loss = Loss::on_the_way;
    run.way = *way;
  } else {
    run.planned = plan.cases.size();
    run.ended_early = fmt::format("the target is lost: {}", way.error().why);
  }
  return run;
}

void run_watched(const RunOptions& options, const Plan& plan, Opened& opened, Run& run) {
  std::signal(SIGINT, on_interrupt), std::signal(SIGTERM, on_interrupt);
  Screen screen;
  const auto began = Clock::now();
  auto saved = began;
  Watching watching;
  watching.interrupted = [] { return interrupted.load(); };
  watching.progress = [&](const Progress& progress) { screen.progress(progress); };
  watching.ended = [&](const CaseReport& report) { screen.ended(report); };
  watching.elapsed = [&] { return Duration(Clock::now() - began); };
  watching.save = [&](const Run& so_far) {
    if (options.no_reports || Clock::now() - saved < std::chrono::seconds(5)) return;
    saved = Clock::now();
    static_cast<void>(write_reports(options.folder, so_far, embedded_register()));
  };
  run_all(plan, *opened.target, opened.providers(), embedded_register(), run, watching);
  screen.clear();
}

}  // namespace

int run_command(const RunOptions& options) {
  Opened opened = open_target(options.target, options.timeout_scale);
  if (!opened.target) return print(opened.errors, opened.exit);
  auto plan = plan_of(options, opened);
  if (!plan) return plan.error();
  std::optional<Run> earlier;
  if (!options.compare.empty()) {
    auto read = read_json_file(options.compare);
    if (!read) return print({read.error()}, wrong_usage);
    earlier = *std::move(read);
  }
  Run run = begun(options, opened, *plan);
  if (run.ended_early.empty()) run_watched(options, *plan, opened, run);
  fmt::print("{}", to_text(run, look_of(STDOUT_FILENO)));
  if (options.no_reports) return exit_code_of(run);
  const auto written = write_reports(options.folder, run, embedded_register(), earlier ? &*earlier : nullptr);
  if (!written) return print({written.error()}, harness_fault);
  fmt::print("reports: {0}/report.html, report.md, report.xml, report.json\n", options.folder);
  return exit_code_of(run);
}

}  // namespace mpsec::conformance
