#include <chrono>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <thread>

#include "gateway/settings/disk_sources.hpp"
#include "interop/runner/commands.hpp"
#include "interop/runner/exit_code.hpp"
#include "interop/runner/live_fuzz.hpp"
#include "interop/runner/opening.hpp"
#include "interop/runner/session.hpp"

namespace mpsec::conformance {
namespace {

int tell(const Error& error, int code) {
  fmt::print(stderr, "mpsec-conformance: {}\n", to_string(error));
  return code;
}

// Whether the target is there again before long: a watchdog may start it anew.
bool comes_back(Target& target, const Tester::Providers& providers) {
  for (int tries = 0; tries < 10; ++tries) {
    if (probe(target, providers, 1)) return true;
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
  return false;
}

bool kills(Target& target, const Tester::Providers& providers, const std::vector<FuzzedDatagram>& sent) {
  if (!comes_back(target, providers) || !target.prepare({})) return false;
  for (const FuzzedDatagram& one : sent)
    target.link().send(ike::to_datagram(one.path, one.octets));
  for (int tries = 0; tries < 3; ++tries)
    if (probe(target, providers, 2)) return false;
  return true;
}

int keep(const FuzzOptions& options, const FuzzRound& found) {
  std::error_code error;
  std::filesystem::create_directories(options.folder, error);
  const std::string path = fmt::format("{}/found-{}.jsonl", options.folder, found.seed);
  std::ofstream file(path);
  file << to_text(found);
  file.close();
  if (!file) return tell({Blame::local_fault, path, std::nullopt, "cannot be written", ""}, harness_fault);
  fmt::print("FOUND with seed {}: {}; {} datagrams in {}\n", found.seed, found.why, found.sent.size(), path);
  return case_failed;
}

}  // namespace

int fuzz_command(const FuzzOptions& options) {
  Opened opened = open_target(options.target, 1);
  if (!opened.target) {
    for (const Error& error : opened.errors)
      tell(error, wrong_usage);
    return opened.exit;
  }
  if (const auto reached = probe(*opened.target, opened.providers(), options.seed); !reached)
    return tell(reached.error(), target_lost);
  FuzzPlan plan{.seed = options.seed, .rounds = options.rounds, .messages = options.messages, .between = {}};
  if (opened.network != nullptr && options.rate > 0)
    plan.between = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(1.0 / options.rate));
  std::size_t sent = 0;
  for (std::size_t i = 0; i < plan.rounds; ++i) {
    FuzzRound round = fuzz_round(*opened.target, opened.providers(), plan.seed + i, plan);
    sent += round.sent.size();
    if (round.why.empty()) continue;
    // Under keys the octets are of one session only: what can be sent again alone is made smaller.
    if (!round.authenticated && opened.network != nullptr)
      round.sent = minimised(std::move(round.sent), [&](const auto& some) {
        return kills(*opened.target, opened.providers(), some);
      });
    return keep(options, round);
  }
  fmt::print("{} rounds, {} messages: the target lives\n", plan.rounds, sent);
  return as_expected;
}

int seeds_command(const std::string& folder) {
  Opened opened = open_target("", 1);
  std::size_t written = 0;
  for (const Case& one : catalogue()) {
    const Outcome outcome = run_case(one, *opened.target, opened.providers(), 1);
    std::size_t number = 0;
    for (const Step& step : outcome.steps) {
      // Whole messages in clear, and sealed ones as they are: what the codec's targets take.
      if (step.kind != Step::Kind::sent || step.esp || step.octets.empty()) continue;
      std::string name(one.id);
      std::ranges::replace(name, '/', '.');
      const std::filesystem::path path =
          std::filesystem::path(folder) / "ike_message" / fmt::format("case_{}_{}", name, number++);
      std::error_code error;
      std::filesystem::create_directories(path.parent_path(), error);
      std::ofstream file(path, std::ios::binary);
      file.write(reinterpret_cast<const char*>(step.octets.data()),
                 static_cast<std::streamsize>(step.octets.size()));
      file.close();
      if (!file)
        return tell({Blame::local_fault, path.string(), std::nullopt, "cannot be written", ""},
                    harness_fault);
      ++written;
    }
  }
  fmt::print("{} seeds in {}/ike_message\n", written, folder);
  return as_expected;
}

}  // namespace mpsec::conformance
