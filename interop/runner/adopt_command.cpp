// Writes the numbered case and its wrong gateway into the project.
#include <charconv>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <sstream>

#include "interop/report/register.hpp"
#include "interop/runner/adopt.hpp"
#include "interop/runner/commands.hpp"
#include "interop/runner/exit_code.hpp"

namespace mpsec::conformance {
namespace {

constexpr unsigned last_number = 9999;

int fail(std::string path, std::string why, int code) {
  const Error error{Blame::local_fault, std::move(path), std::nullopt, std::move(why), ""};
  fmt::print(stderr, "mpsec-conformance: {}\n", to_string(error));
  return code;
}

// One more than the highest of NNNN.cpp.
unsigned next_number(const std::filesystem::path& cases) {
  unsigned highest = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(cases, error)) {
    const std::string name = entry.path().stem().string();
    unsigned number = 0;
    const auto read = std::from_chars(name.data(), name.data() + name.size(), number);
    if (read.ec == std::errc{} && read.ptr == name.data() + name.size()) highest = std::max(highest, number);
  }
  return highest + 1;
}

bool write(const std::filesystem::path& path, std::string_view text) {
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (file) return true;
  std::filesystem::remove(path, error);
  return false;
}

}  // namespace

int adopt_command(const AdoptOptions& options) {
  const std::filesystem::path root(options.root);
  if (!std::filesystem::is_directory(root / "interop/cases"))
    return fail(options.root, "no interop/cases in it: name the project's folder by --root", wrong_usage);
  if (embedded_register().find(options.rule) == nullptr)
    return fail(options.rule, "no such rule in the register; 'mpsec-conformance coverage --all' names them",
                wrong_usage);
  std::ifstream file(options.file, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return fail(options.file, "cannot be read", wrong_usage);
  auto datagrams = read_found(text.str(), options.file);
  if (!datagrams) return fail(datagrams.error().path, datagrams.error().why, wrong_usage);

  const Found found{next_number(root / "interop/cases/found"), options.rule, *std::move(datagrams)};
  if (found.number > last_number) return fail(options.root, "its numbers are used up", wrong_usage);
  const std::string name = fmt::format("found/{:04}.cpp", found.number);
  const auto one = root / "interop/cases" / name, other = root / "interop/defects" / name;
  if (!write(one, case_of(found))) return fail(one.string(), "cannot be written", harness_fault);
  if (!write(other, defect_of(found))) {
    std::error_code error;
    std::filesystem::remove(one, error);
    return fail(other.string(), "cannot be written", harness_fault);
  }
  fmt::print("{}\n{}\nBuild, then 'mpsec-conformance prove --quick' holds the one to the other.\n",
             one.string(), other.string());
  return as_expected;
}

}  // namespace mpsec::conformance
