// Those that look at the catalogue, and at runs that were.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>
#include <unistd.h>

#include "interop/prove/prove.hpp"
#include "interop/report/formats.hpp"
#include "interop/runner/commands.hpp"
#include "interop/runner/exit_code.hpp"
#include "interop/runner/ladder_check.hpp"
#include "interop/runner/opening.hpp"
#include "interop/runner/waivers.hpp"

namespace mpsec::conformance {
namespace {

int fail(const Error& error, int code) {
  fmt::print(stderr, "mpsec-conformance: {}\n", to_string(error));
  return code;
}

// A run by its report or by the folder that holds it.
Result<Run> read_run(const std::string& path) {
  return read_json_file(std::filesystem::is_directory(path) ? path + "/report.json" : path);
}

template <class Kind>
std::string words(SetOf<Kind> set) {
  std::string text;
  for (unsigned i = 0; i < static_cast<unsigned>(Kind::count_); ++i)
    if (set.has(static_cast<Kind>(i)))
      text += fmt::format("{}{}", text.empty() ? "" : " ", to_string(static_cast<Kind>(i)));
  return text;
}

// Whole, or not at all; never over what is there.
Result<> write_new(const std::string& path, std::string_view text) {
  const auto failed = [&](std::string why) {
    return std::unexpected(Error{Blame::local_fault, path, std::nullopt, std::move(why), ""});
  };
  if (std::filesystem::exists(path)) return failed("it is there already; name another file, or remove it");
  const std::string part = path + ".part";
  std::ofstream file(part, std::ios::binary);
  file << text;
  file.close();
  std::error_code error;
  if (file) std::filesystem::rename(part, path, error);
  if (file && !error) return {};
  const std::string why = error ? error.message() : std::strerror(errno);
  std::filesystem::remove(part, error);
  return failed(fmt::format("cannot be written: {}", why));
}

// Those whose rule one of the cases tries; all of them where all cases are there.
std::vector<const Defect*> defects_against(const std::vector<const Case*>& cases) {
  std::vector<const Defect*> wrong;
  for (const Defect& one : defects()) {
    const bool tried = std::ranges::any_of(cases, [&](const Case* each) {
      return std::ranges::find(each->rules, one.rule) != each->rules.end();
    });
    if (tried || cases.size() == catalogue().size()) wrong.push_back(&one);
  }
  return wrong;
}

// A line for each defect, and the same for programs.
nlohmann::json printed(const Proof& proof) {
  nlohmann::json matrix = nlohmann::json::object();
  for (std::size_t i = 0; i < proof.defects.size(); ++i) {
    const Defect& defect = *proof.defects[i];
    nlohmann::json killers = nlohmann::json::array();
    for (const Case* killer : proof.killers[i])
      killers.push_back(killer->id);
    fmt::print("{:<70} {:>3}  {}\n", defect.id, proof.killers[i].size(),
               proof.killers[i].empty() ? std::string_view("-") : proof.killers[i].front()->id);
    matrix[std::string(defect.id)] = {{"rule", defect.rule}, {"does", defect.does}, {"failed", killers}};
  }
  return matrix;
}

}  // namespace

int list_command(const Selection& selection, bool profiles_only) {
  if (profiles_only) {
    for (const Profile& one : profiles())
      fmt::print("{:<14} {}\n", one.name, one.holds);
    return as_expected;
  }
  const Register& rules = embedded_register();
  const auto cases = choose(catalogue(), selection, rules);
  if (!cases) return fail(cases.error(), wrong_usage);
  for (const Case* one : *cases) {
    const Rule* const rule = rules.find(one->rules.front());
    const std::string needs =
        words(one->features) + (one->hooks.empty() ? "" : " hooks: ") + words(one->hooks);
    fmt::print("{:<80} {:<10} {:<9} {}\n", one->id, rule == nullptr ? "?" : rule->level, to_string(one->side),
               needs);
  }
  fmt::print("{} cases\n", cases->size());
  return cases->empty() ? nothing_matched : as_expected;
}

int explain_command(const std::string& id) {
  const auto& all = catalogue();
  const auto one = std::ranges::find(all, id, &Case::id);
  if (one == all.end()) {
    fmt::print(stderr, "mpsec-conformance: there is no case '{}'\n", id);
    for (const Case& near : all)
      if (near.id.find(id) != std::string_view::npos) fmt::print(stderr, "  {}\n", near.id);
    return nothing_matched;
  }
  fmt::print("{}\n\n", one->id);
  for (const std::string_view name : one->rules) {
    const Rule* const rule = embedded_register().find(name);
    if (rule != nullptr) fmt::print("{} ({}): {}\n", rule->clause(), rule->level, rule->words);
  }
  fmt::print("\nThe target is: {}\nIt does:       {}\nLawful:        {}\n", to_string(one->side), one->does,
             one->lawful);
  if (!one->hint.empty()) fmt::print("Hint:          {}\n", one->hint);
  if (!one->features.empty()) fmt::print("Features:      {}\n", words(one->features));
  if (!one->hooks.empty()) fmt::print("Hooks:         {}\n", words(one->hooks));
  Opened opened = open_target("", 1);
  const Outcome outcome = run_case(*one, *opened.target, opened.providers(), 1);
  fmt::print("\nLadder against the embedded reference ({}):\n", to_string(outcome.verdict));
  for (const Step& step : outcome.steps)
    fmt::print("  {} {}\n",
               step.kind == Step::Kind::sent       ? "tester ->"
               : step.kind == Step::Kind::received ? "       <-"
                                                   : "         ",
               step.text);
  return as_expected;
}

int coverage_command(bool all) {
  const Register& rules = embedded_register();
  std::map<std::string_view, std::vector<std::string_view>> cases;
  for (const Case& one : catalogue())
    for (const std::string_view rule : one.rules)
      cases[rule].push_back(one.id);
  fmt::print("{:<14} {:>7} {:>7} {:>11} {:>13} {:>7} {:>8}\n", "document", "rules", "a case", "untestable",
             "out of scope", "next", "nothing");
  for (const std::string& document : rules.documents()) {
    std::map<std::string_view, std::size_t> counts;
    std::size_t total = 0;
    for (const Rule& rule : rules.rules()) {
      if (rule.document != document) continue;
      ++total;
      const std::string_view kind = cases.contains(rule.id)      ? "case"
                                    : !rule.untestable.empty()   ? "untestable"
                                    : !rule.out_of_scope.empty() ? "out of scope"
                                    : !rule.next.empty()         ? "next"
                                                                 : "nothing";
      ++counts[kind];
      if (all) {
        const std::string why = kind == "case" ? std::string(cases[rule.id].front())
                                               : rule.untestable + rule.out_of_scope + rule.next;
        fmt::print("  {:<12} {:<72} {}\n", kind, rule.id, why);
      }
    }
    fmt::print("{:<14} {:>7} {:>7} {:>11} {:>13} {:>7} {:>8}\n", document, total, counts["case"],
               counts["untestable"], counts["out of scope"], counts["next"], counts["nothing"]);
  }
  fmt::print("{} cases\n", catalogue().size());
  return as_expected;
}

int prove_command(const Selection& selection, const std::string& out, bool quick) {
  const auto cases = choose(catalogue(), selection, embedded_register());
  if (!cases) return fail(cases.error(), wrong_usage);
  const std::vector<const Defect*> wrong = defects_against(*cases);
  if (wrong.empty()) {
    fmt::print(stderr, "mpsec-conformance: no case, or no defect of its rule, matches\n");
    return nothing_matched;
  }
  const bool terminal = ::isatty(STDERR_FILENO) != 0;
  const Proof proof = prove(*cases, wrong, quick ? Pairs::own_rule : Pairs::all,
                            std::max(1u, std::thread::hardware_concurrency()), [&](std::size_t done) {
                              if (terminal) fmt::print(stderr, "\r{} of {} defects", done, wrong.size());
                            });
  if (terminal) fmt::print(stderr, "\r\x1b[K");
  const nlohmann::json matrix = printed(proof);
  const auto gaps = proof.gaps();
  for (const std::string& gap : gaps)
    fmt::print("GAP {}\n", gap);
  fmt::print("{} cases, {} defects; cases that a defect trips: median {}, 90th percentile {}; {} gaps\n",
             cases->size(), wrong.size(), proof.tripped().median, proof.tripped().ninetieth, gaps.size());
  if (!out.empty())
    if (const auto written = write_new(out, matrix.dump(1) + "\n"); !written)
      return fail(written.error(), harness_fault);
  return gaps.empty() ? as_expected : case_failed;
}

int diff_command(const std::string& before, const std::string& after) {
  const auto first = read_run(before), second = read_run(after);
  if (!first) return fail(first.error(), wrong_usage);
  if (!second) return fail(second.error(), wrong_usage);
  const auto differing = changes(*first, *second);
  fmt::print("{}", to_text(differing, Look{.colours = false, .width = 120}));
  fmt::print("{} cases differ\n", differing.size());
  return differing.empty() ? as_expected : case_failed;
}

int waive_command(const std::string& path, const std::string& out) {
  const auto run = read_run(path);
  if (!run) return fail(run.error(), wrong_usage);
  const std::string text = waivers_for(*run);
  if (out.empty()) {
    fmt::print("{}", text);
    return as_expected;
  }
  if (const auto written = write_new(out, text); !written) return fail(written.error(), wrong_usage);
  fmt::print("{}: give each failure its reason, and name the file in the target file as waivers\n", out);
  return as_expected;
}

int init_command(const std::string& file) {
  if (const auto written = write_new(file, example_target_file()); !written)
    return fail(written.error(), wrong_usage);
  fmt::print("{0}: set its addresses and names, then: mpsec-conformance check {0}\n", file);
  return as_expected;
}

int check_command(const std::string& file, double timeout_scale) {
  Opened opened = open_target(file, timeout_scale);
  if (!opened.target) {
    for (const Error& error : opened.errors)
      fmt::print(stderr, "mpsec-conformance: {}\n", to_string(error));
    return opened.exit;
  }
  bool all = true, reached = false;
  check_target(*opened.target, opened.providers(), [&](const CheckStep& step) {
    all &= step.works;
    reached |= step.works;
    fmt::print("{:<14} {:<5} {}\n", step.name, step.works ? "works" : "FAILS", step.found);
    if (!step.cause.empty())
      fmt::print("               likely: {}\n               try:    {}\n", step.cause, step.remedy);
  });
  return all ? as_expected : reached ? wrong_usage : target_lost;
}

int completion_command(const std::string&, const CLI::App& app) {
  std::string commands;
  std::string options;
  for (const CLI::App* command : app.get_subcommands({})) {
    commands += command->get_name() + " ";
    for (const CLI::Option* option : command->get_options())
      for (const std::string& name : option->get_lnames())
        if (options.find("--" + name + " ") == std::string::npos) options += "--" + name + " ";
  }
  fmt::print(
      "# source <(mpsec-conformance completion bash)\n_mpsec_conformance() {{\n  local "
      "word=${{COMP_WORDS[COMP_CWORD]}}\n"
      "  if [[ $COMP_CWORD == 1 ]]; then COMPREPLY=($(compgen -W '{}' -- \"$word\"))\n"
      "  elif [[ $word == -* ]]; then COMPREPLY=($(compgen -W '{}' -- \"$word\"))\n"
      "  elif [[ ${{COMP_WORDS[1]}} == explain ]]; then\n"
      "    COMPREPLY=($(compgen -W \"$(mpsec-conformance list | sed '$d' | cut -d' ' -f1)\" -- \"$word\"))\n"
      "  else COMPREPLY=($(compgen -f -- \"$word\")); fi\n}}\ncomplete -F _mpsec_conformance "
      "mpsec-conformance\n",
      commands, options);
  return as_expected;
}

}  // namespace mpsec::conformance
