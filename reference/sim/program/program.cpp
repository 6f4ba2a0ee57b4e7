#include "sim/program/program.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <memory>
#include <optional>
#include <sys/stat.h>

#include "crypto/open/open_provider.hpp"
#include "crypto/select/select_provider.hpp"
#include "sim/cluster/balance.hpp"
#include "sim/cluster/figures.hpp"
#include "sim/cluster/read_scenario.hpp"
#include "sim/cluster/report.hpp"
#include "sim/scenarios/scenarios.hpp"

namespace mpsec::sim {
namespace {

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

template <class... Args>
void say(std::FILE* stream, fmt::format_string<Args...> format, Args&&... args) {
  fmt::print(stream, "{}\n", fmt::format(format, std::forward<Args>(args)...));
}

std::unexpected<Error> failed(const std::string& path, std::string_view what) {
  return std::unexpected(Error{.blame = Blame::local_fault,
                               .path = path,
                               .offset = std::nullopt,
                               .why = fmt::format("{}: {}", what, std::strerror(errno)),
                               .clause = {}});
}

Result<std::string> read_file(const std::string& path) {
  static constexpr std::size_t largest = std::size_t{1} << 20;
  const File file(std::fopen(path.c_str(), "rb"), std::fclose);
  if (!file) return failed(path, "cannot be opened");
  std::string text(largest + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  if (std::ferror(file.get()) != 0) return failed(path, "cannot be read");
  if (text.size() <= largest) return text;
  errno = EFBIG;
  return failed(path, "is no scenario");
}

Result<> write_file(const std::string& path, std::string_view text) {
  File file(std::fopen(path.c_str(), "wb"), std::fclose);
  if (!file) return failed(path, "cannot be opened for writing");
  const bool written = std::fwrite(text.data(), 1, text.size(), file.get()) == text.size();
  if (std::fclose(file.release()) != 0 || !written) return failed(path, "cannot be written");
  return {};
}

// By its name, or else by its path.
Result<Scenario> find_and_read(const std::string& name) {
  if (const KnownScenario* known = find_scenario(name)) return read_scenario(known->text, name + ".toml");
  auto text = read_file(name);
  if (!text) {
    text.error().why += fmt::format("; it is no scenario's name either ({})", "mpsec-sim --list has them");
    return std::unexpected(text.error());
  }
  return read_scenario(*text, name);
}

std::string stem(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  if (name.ends_with(".toml")) name.resize(name.size() - std::strlen(".toml"));
  std::ranges::replace_if(name, [](char c) { return c == '\'' || c == '\n' || c == '\\'; }, '_');
  return name;
}

// In a shell's single quotes.
std::string quoted(std::string_view text) {
  std::string result = "'";
  for (const char c : text)
    result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

void draw(const std::string& directory, std::FILE* err) {
  if (std::system("command -v gnuplot >/dev/null 2>&1") != 0)
    return say(err, "gnuplot is not there (package gnuplot-nox): no plots; the data are in {}/*.csv",
               directory);
  const std::string command = fmt::format("cd {} && gnuplot plots.gp", quoted(directory));
  if (std::system(command.c_str()) != 0) say(err, "gnuplot failed; the data are in {}/*.csv", directory);
}

Result<> write_results(const ProgramOptions& options, const RunName& name, const World& world,
                       std::FILE* err) {
  const std::string& directory = options.directory;
  if (::mkdir(directory.c_str(), 0777) != 0 && errno != EEXIST) return failed(directory, "cannot be made");
  std::vector<ReportFile> files = data_files(world);
  files.push_back({"plots.gp", plot_script(name, world)});
  files.push_back({"report.json", json_report(name, world)});
  for (const ReportFile& file : files)
    if (auto written = write_file(directory + "/" + file.name, file.content); !written) return written;
  if (options.plots) draw(directory, err);
  return {};
}

}  // namespace

int run(const ProgramOptions& options, std::FILE* out, std::FILE* err) {
  auto refuse = [err](const Error& error) {
    say(err, "mpsec-sim: {}", to_string(error));
    return exit_refused;
  };
  const auto scenario = find_and_read(options.scenario);
  if (!scenario) return refuse(scenario.error());
  auto provider = options.real_crypto
                      ? crypto::select_provider()
                      : Result<std::unique_ptr<crypto::Provider>>(crypto::make_open_provider());
  if (!provider) return refuse(provider.error());
  auto world = World::make(*scenario, **provider, options.seed);
  if (!world) return refuse(world.error());
  if (auto ran = (*world)->run(); !ran) return refuse(ran.error());

  const RunName name{stem(options.scenario), options.seed};
  fmt::print(out, "{}", options.json ? json_report(name, **world) : text_report(name, **world));
  bool good = is_balanced(balance_of(**world));
  for (const std::string& one : unmet(*scenario, figures_of(**world))) {
    say(err, "mpsec-sim: {}: not as expected: {}", name.scenario, one);
    good = false;
  }
  if (options.directory.empty()) return good ? exit_holds : exit_unmet;
  if (auto written = write_results(options, name, **world, err); !written) {
    say(err, "mpsec-sim: {}", to_string(written.error()));
    good = false;
  }
  return good ? exit_holds : exit_unmet;
}

int list(std::FILE* out) {
  for (const KnownScenario& known : known_scenarios()) {
    const auto scenario = read_scenario(known.text, known.name);
    say(out, "{:<26} {}", known.name, scenario ? scenario->title : to_string(scenario.error()));
  }
  return exit_holds;
}

}  // namespace mpsec::sim
