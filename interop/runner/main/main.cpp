// mpsec-conformance: tries a gateway against the catalogue.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <fmt/format.h>
#include <fstream>
#include <unistd.h>

#include "interop/runner/commands.hpp"
#include "interop/runner/exit_code.hpp"

namespace mpsec::conformance {
namespace {

// "must,should": fails saying what is allowed.
std::vector<Strength> levels_of(const std::vector<std::string>& words) {
  std::vector<Strength> levels;
  for (const std::string& word : words) {
    const Strength all[] = {Strength::must, Strength::should, Strength::may};
    const auto found = std::ranges::find_if(all, [&](Strength one) { return to_string(one) == word; });
    if (found == std::end(all))
      throw CLI::ValidationError("--level", fmt::format("'{}': allowed are must, should, may", word));
    levels.push_back(*found);
  }
  return levels;
}

struct Arguments {
  RunOptions run;
  std::vector<std::string> levels;
  std::string shard = "1/1", id, file, second, out;
  std::vector<std::string> words;
  FuzzOptions fuzz;
  AdoptOptions adopt;
};

void add_selection(CLI::App& command, Arguments& given) {
  command.add_option("--filter", given.run.selection.filters,
                     "Only cases whose ID matches GLOB; may be given again");
  command.add_option("--exclude", given.run.selection.excludes,
                     "None whose ID matches GLOB; may be given again");
  command.add_option("--level", given.levels, "Only rules of these levels: must,should,may")->delimiter(',');
  command.add_option("--profile", given.run.selection.profile,
                     "A named part of the catalogue: see 'list --profiles'");
}

void add_run_options(CLI::App& command, Arguments& given) {
  RunOptions& run = given.run;
  command.add_option("--target", run.target,
                     "TARGET.toml: the gateway; without it the embedded reference, in memory");
  add_selection(command, given);
  command.add_option("--shard", given.shard, "I/N: the I-th of N parts");
  command.add_option("--repeat", run.repeat, "Run each case so often")->check(CLI::Range(1, 10'000));
  command
      .add_option("--confirm", run.confirm, "A failure on the network counts when it came so often in a row")
      ->check(CLI::Range(1, 100));
  command.add_option("--seed", run.seed, "Of everything random: the same seed, the same messages");
  command.add_flag("--fail-fast", run.fail_fast, "End with the first failure");
  command.add_option("--timeout-scale", run.timeout_scale, "Every wait so many times as long")
      ->check(CLI::Range(0.1, 100.0));
  command.add_option("--out", run.folder, "Folder of reports and evidence")->capture_default_str();
  command.add_flag("--no-reports", run.no_reports, "Write nothing");
  command.add_option("--evidence", run.evidence, "Of which cases: failures, all, none")
      ->check(CLI::IsMember({"failures", "all", "none"}));
  command.add_option("--compare", run.compare, "An earlier report.json, which the page compares with");
  command.add_flag("--resume", run.resume, "Go on with the run that the folder holds");
  command.add_option("--waivers", run.waivers,
                     "A file of expected failures, in the place of the target file's");
}

void add_catalogue_commands(CLI::App& app, Arguments& given) {
  add_run_options(*app.add_subcommand("run", "Run cases and write reports"), given);
  CLI::App& list = *app.add_subcommand("list", "The catalogue: ID, level, side, what a case needs");
  add_selection(list, given);
  list.add_flag_callback("--profiles", [&] { given.words = {"profiles"}; }, "The profiles");
  app.add_subcommand("explain", "What a case does, by which rule, and what is lawful")
      ->add_option("ID", given.id)
      ->required();
  app.add_subcommand("coverage", "The ledger of normative sentences, by document")
      ->add_flag_callback("--all", [&] { given.words = {"all"}; }, "Each sentence");
}

void add_report_commands(CLI::App& app, Arguments& given) {
  CLI::App& prove = *app.add_subcommand("prove", "Every case against every wrong gateway, in memory");
  add_selection(prove, given);
  prove.add_option("--out", given.out, "A JSON file of the matrix");
  prove.add_flag_callback(
      "--quick", [&] { given.words = {"quick"}; }, "Each defect against the cases of its own rule only");
  CLI::App& diff =
      *app.add_subcommand("diff", "What differs between two runs; exit code 1 where something does");
  diff.add_option("RUN", given.file, "report.json or its folder")->required();
  diff.add_option("OTHER", given.second)->required();
  CLI::App& waive = *app.add_subcommand("waive", "A file of waivers for what failed in a run");
  waive.add_option("RUN", given.file)->required();
  waive.add_option("--out", given.out, "Written there, which must not be there yet; else printed");
  CLI::App& bundle =
      *app.add_subcommand("bundle", "One zip for the vendor: report, captures, keys, how to repeat");
  bundle.add_option("RUN", given.file)->required();
  bundle.add_option("--out", given.out, "The file")->required();
}

void add_target_commands(CLI::App& app, Arguments& given) {
  app.add_subcommand("init", "Write a commented target file")->add_option("FILE", given.file)->required();
  CLI::App& check = *app.add_subcommand("check", "Try a target step by step, and explain the first failure");
  check.add_option("TARGET", given.file)->required();
  check.add_option("--timeout-scale", given.run.timeout_scale)->check(CLI::Range(0.1, 100.0));
  CLI::App& fuzz = *app.add_subcommand(
      "fuzz", "Mutated messages, before and after IKE_AUTH, with a liveness check as oracle");
  fuzz.add_option("--target", given.fuzz.target, "TARGET.toml; without it the embedded reference");
  fuzz.add_option("--seed", given.fuzz.seed, "Of the first round; each next one has the next");
  fuzz.add_option("--rounds", given.fuzz.rounds, "Sessions")->capture_default_str();
  fuzz.add_option("--messages", given.fuzz.messages, "Of each")->capture_default_str();
  fuzz.add_option("--rate", given.fuzz.rate, "Messages a second, at the most")->capture_default_str();
  fuzz.add_option("--out", given.fuzz.folder, "Folder of what is found")->capture_default_str();
  app.add_subcommand("seeds", "The catalogue's messages as seeds of the fuzz targets")
      ->add_option("FOLDER", given.file, "fuzz/corpus, say")
      ->required();
  CLI::App& adopt = *app.add_subcommand(
      "adopt", "A numbered case, and the wrong gateway that it fails, of a crash that fuzzing has found");
  adopt.add_option("FILE", given.adopt.file, "found-SEED.jsonl of 'fuzz', or a datagram of IKE as it is")
      ->required();
  adopt.add_option("--rule", given.adopt.rule, "The sentence that it is about, by its ID in the register")
      ->required();
  adopt.add_option("--root", given.adopt.root, "The project's folder")->capture_default_str();
  app.add_subcommand("completion", "A script for the shell")
      ->add_option("SHELL", given.id, "bash")
      ->required()
      ->check(CLI::IsMember({"bash"}));
}

// With which a run can be repeated, anywhere: its reports are the same wherever they are written.
std::vector<std::string> to_repeat(const std::vector<std::string>& words) {
  std::vector<std::string> kept;
  for (auto word = words.begin(); word != words.end(); ++word)
    if (*word == "--out")
      word = std::min(std::next(word), std::prev(words.end()));
    else if (!word->starts_with("--out=") && *word != "--resume")
      kept.push_back(*word);
  return kept;
}

int dispatch(CLI::App& app, Arguments& given, const std::vector<std::string>& words) {
  given.run.selection.levels = levels_of(given.levels);
  if (const auto shard = read_shard(given.shard, given.run.selection); !shard)
    throw CLI::ValidationError(to_string(shard.error()));
  given.run.arguments = to_repeat(words);
  const auto got = [&](std::string_view name) { return app.got_subcommand(std::string(name)); };
  if (got("run")) return run_command(given.run);
  if (got("list")) return list_command(given.run.selection, !given.words.empty());
  if (got("explain")) return explain_command(given.id);
  if (got("coverage")) return coverage_command(!given.words.empty());
  if (got("prove")) return prove_command(given.run.selection, given.out, !given.words.empty());
  if (got("diff")) return diff_command(given.file, given.second);
  if (got("waive")) return waive_command(given.file, given.out);
  if (got("bundle")) return bundle_command(given.file, given.out);
  if (got("init")) return init_command(given.file);
  if (got("check")) return check_command(given.file, given.run.timeout_scale);
  if (got("fuzz")) return fuzz_command(given.fuzz);
  if (got("adopt")) return adopt_command(given.adopt);
  if (got("seeds")) return seeds_command(given.file);
  return completion_command(given.id, app);
}

}  // namespace
}  // namespace mpsec::conformance

int main(int argc, char** argv) {
  using namespace mpsec::conformance;
  CLI::App app{"Tries an IPsec gateway against the sentences of its specifications (docs/your-gateway.md)."};
  app.require_subcommand(1);
  app.set_version_flag("--version", MPSEC_VERSION);
  app.footer(
      "Exit codes: 0 as expected, 1 a case failed, 2 usage or configuration, 3 target lost or unreachable,\n"
      "4 our own fault (or the disk's), 5 no case matched.");
  Arguments given;
  add_catalogue_commands(app, given);
  add_report_commands(app, given);
  add_target_commands(app, given);
  std::vector<std::string> words(argv + 1, argv + argc);
  try {
    app.parse(argc, argv);
    return dispatch(app, given, words);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? as_expected : wrong_usage;
  }
}
