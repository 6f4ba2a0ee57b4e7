// mpsec-vectors: runs, lists and checks test vectors.
#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fnmatch.h>

#include "crypto/select/select_provider.hpp"
#include "default_paths.hpp"
#include "vectors/core/source.hpp"
#include "vectors/run/report.hpp"
#include "vectors/run/runner.hpp"

namespace mpsec::vectors {
namespace {

enum Exit : int { all_passed = 0, some_failed = 1, usage = 2, nothing_matched = 3, unreadable = 4 };

constexpr const char* exit_codes =
    "Exit codes:\n"
    "  0  everything that ran passed\n"
    "  1  a vector failed\n"
    "  2  the command line is wrong\n"
    "  3  no vector was there, or none matched\n"
    "  4  a file could not be read or breaks its format (and no vector failed)\n";

struct Options {
  std::vector<std::string> paths;
  std::string filter;
  std::string provider = "all";
  bool json = false;
};

using Providers = std::vector<std::unique_ptr<crypto::Provider>>;

bool matches(const Options& options, const Case& one) {
  return options.filter.empty() || fnmatch(options.filter.c_str(), one.id.c_str(), 0) == 0;
}

// What the options ask for. The paths that are usually there and are not go to `absent`.
Sources read_sources(const Options& options, std::vector<std::string>& absent) {
  if (!options.paths.empty()) return read_paths({options.paths.begin(), options.paths.end()});
  DefaultPaths paths = default_paths();
  absent = std::move(paths.absent);
  return read_paths(paths.here);
}

Result<Providers> providers(const Options& options, std::vector<std::string>& absent) {
  Providers providers;
  for (const char* name : {"openssl", "ipsec_mb"}) {
    if (options.provider != "all" && options.provider != name) continue;
    auto provider = crypto::select_provider(name);
    if (provider)
      providers.push_back(*std::move(provider));
    else if (options.provider == "all")
      absent.push_back(fmt::format("provider {}", to_string(provider.error())));
    else
      return std::unexpected(provider.error());
  }
  return providers;
}

int run_vectors(const Options& options) {
  std::vector<std::string> absent;
  const auto tried = providers(options, absent);
  if (!tried) {
    fmt::print(stderr, "mpsec-vectors: {}\n", to_string(tried.error()));
    return usage;
  }
  const Sources sources = read_sources(options, absent);
  std::vector<std::pair<std::string, std::string>> names;
  for (const auto& provider : *tried)
    names.emplace_back(provider->name(), provider->description());
  Report report(std::move(names));
  for (std::string& what : absent)
    report.add_skipped(std::move(what));
  for (const std::string& file : sources.passed_over)
    report.add_passed_over(file);
  for (const VectorFile& file : sources.files) {
    for (const Error& problem : file.problems)
      report.add_problem(problem);
    for (const Case& one : file.cases)
      if (matches(options, one))
        for (const auto& provider : *tried)
          report.add(file, one, provider->name(), run(one, *provider));
  }
  fmt::print("{}", options.json ? report.json().dump(1) + "\n" : report.text());
  if (report.total().failed != 0) return some_failed;
  if (report.has_problems()) return unreadable;
  return report.total().all() == 0 ? nothing_matched : all_passed;
}

Json described(const VectorFile& file, const Case& one) {
  Json description = {{"id", one.id},
                      {"file", file.name},
                      {"format", file.format},
                      {"kind", kind_of(one)},
                      {"algorithm", one.algorithm},
                      {"expect", to_string(one.expectation)},
                      {"origin", {{"document", one.origin.document}, {"section", one.origin.section}}}};
  if (const auto* why = std::get_if<NotRunnable>(&one.body)) description["not_run"] = why->reason;
  return description;
}

int report_problems(const Sources& sources) {
  std::size_t problems = 0;
  for (const VectorFile& file : sources.files)
    for (const Error& problem : file.problems) {
      fmt::print(stderr, "{}\n", to_string(problem));
      ++problems;
    }
  return problems == 0 ? all_passed : unreadable;
}

int list_vectors(const Options& options) {
  std::vector<std::string> absent;
  const Sources sources = read_sources(options, absent);
  Json list = Json::array();
  std::size_t count = 0;
  for (const VectorFile& file : sources.files)
    for (const Case& one : file.cases) {
      if (!matches(options, one)) continue;
      ++count;
      if (options.json)
        list.push_back(described(file, one));
      else
        fmt::print("{:<44} {:<10} {:<20} {:<24} {}, {}\n", one.id, kind_of(one), one.algorithm,
                   to_string(one.expectation), one.origin.document, one.origin.section);
    }
  if (options.json) fmt::print("{}\n", list.dump(1));
  for (const std::string& what : absent)
    fmt::print(stderr, "SKIPPED {}\n", what);
  const int problems = report_problems(sources);
  return count == 0 && problems == all_passed ? nothing_matched : problems;
}

int check_files(const Options& options) {
  std::vector<std::string> absent;
  const Sources sources = read_sources(options, absent);
  std::size_t cases = 0;
  Json found = Json::array();
  for (const VectorFile& file : sources.files) {
    cases += file.cases.size();
    for (const Error& problem : file.problems)
      found.push_back(to_string(problem));
  }
  const int exit = !found.empty() ? unreadable : sources.files.empty() ? nothing_matched : all_passed;
  if (options.json) {
    const Json report = {{"files", sources.files.size()},
                         {"vectors", cases},
                         {"problems", found},
                         {"passed_over", sources.passed_over},
                         {"skipped", absent}};
    fmt::print("{}\n", report.dump(1));
    return exit;
  }
  for (const std::string& what : absent)
    fmt::print("SKIPPED {}\n", what);
  for (const std::string& file : sources.passed_over)
    fmt::print("passed over: {}\n", file);
  report_problems(sources);
  fmt::print("{} files, {} vectors: {}\n", sources.files.size(), cases,
             found.empty() ? "sound" : "not sound");
  return exit;
}

void add_sources(CLI::App& command, Options& options) {
  command.add_option(
      "PATHS", options.paths,
      "Files and folders; without any our own vectors, the package of NIST CAVP files, and ../shared/data");
}

void add_filter(CLI::App& command, Options& options) {
  command.add_option("--filter", options.filter,
                     "Only vectors whose id matches this glob, as in 'rfc4231/*'");
}

int main_program(int argc, char** argv) {
  Options options;
  CLI::App app{"Runs, lists and checks test vectors: our own, Wycheproof, NIST CAVP and ACVP, whole packets"};
  app.set_version_flag("--version", MPSEC_VERSION);
  app.footer(exit_codes);
  app.require_subcommand(1);
  CLI::App* run = app.add_subcommand("run", "Try vectors with cryptographic providers and the engine");
  CLI::App* list = app.add_subcommand("list", "Name the vectors");
  CLI::App* check = app.add_subcommand("check", "Read the files and say what breaks their format");
  for (CLI::App* command : {run, list, check}) {
    add_sources(*command, options);
    command->add_flag("--json", options.json, "Say it as JSON");
    command->footer(exit_codes);
  }
  add_filter(*run, options);
  add_filter(*list, options);
  run->add_option("--provider", options.provider, "openssl, ipsec_mb, or all that are here")
      ->check(CLI::IsMember({"openssl", "ipsec_mb", "all"}));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? all_passed : usage;
  }
  if (*run) return run_vectors(options);
  return *list ? list_vectors(options) : check_files(options);
}

}  // namespace
}  // namespace mpsec::vectors

int main(int argc, char** argv) {
  return mpsec::vectors::main_program(argc, argv);
}
