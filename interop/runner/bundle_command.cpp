// One zip of a run, for whoever has to find the fault.
#include <archive.h>
#include <archive_entry.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <memory>

#include "gateway/settings/disk_sources.hpp"
#include "interop/report/formats.hpp"
#include "interop/report/words.hpp"
#include "interop/runner/commands.hpp"
#include "interop/runner/exit_code.hpp"

namespace mpsec::conformance {
namespace {

std::unexpected<Error> failed(const std::string& what, std::string why) {
  return std::unexpected(Error{Blame::local_fault, what, std::nullopt, std::move(why), ""});
}

class Zip {
 public:
  explicit Zip(const std::string& path)
      : path_(path), archive_(::archive_write_new(), &::archive_write_free) {
    ::archive_write_set_format_zip(archive_.get());
    opened_ = ::archive_write_open_filename(archive_.get(), path.c_str()) == ARCHIVE_OK;
  }
  Result<> add(const std::string& name, OctetView octets) {
    if (!opened_) return failed(path_, error());
    const std::unique_ptr<archive_entry, void (*)(archive_entry*)> entry(::archive_entry_new(),
                                                                         &::archive_entry_free);
    ::archive_entry_set_pathname(entry.get(), name.c_str());
    ::archive_entry_set_size(entry.get(), static_cast<la_int64_t>(octets.size()));
    ::archive_entry_set_filetype(entry.get(), AE_IFREG);
    ::archive_entry_set_perm(entry.get(), 0600);
    if (::archive_write_header(archive_.get(), entry.get()) != ARCHIVE_OK ||
        ::archive_write_data(archive_.get(), octets.data(), octets.size()) !=
            static_cast<la_ssize_t>(octets.size()))
      return failed(path_, error());
    return {};
  }
  Result<> close() {
    if (::archive_write_close(archive_.get()) != ARCHIVE_OK) return failed(path_, error());
    return {};
  }

 private:
  std::string error() const {
    const char* const text = ::archive_error_string(archive_.get());
    return fmt::format("cannot be written: {}", text == nullptr ? "no reason is given" : text);
  }
  std::string path_;
  std::unique_ptr<::archive, int (*)(::archive*)> archive_;
  bool opened_ = false;
};

std::string how_to_repeat(const Run& run) {
  const std::string command = "mpsec-conformance " + shell_text(run.arguments);
  std::string text = fmt::format(
      "What was found in {}.\n\nreport.html shows it; it needs no network. To repeat it:\n\n    {}\n\n",
      run.target.name, command);
  for (const auto& [name, version] : run.versions)
    text += fmt::format("{} {}\n", name, version);
  text +=
      "\nEach folder of evidence has a capture and the keys of that case's SAs. To read one in Wireshark:\n\n"
      "    WIRESHARK_CONFIG_DIR=evidence/CASE wireshark -r evidence/CASE/packets.pcapng\n\n"
      "The keys are those of tests; whoever has them can read what these captures hold, and nothing else.\n";
  return text;
}

Result<> fill(Zip& zip, const std::filesystem::path& folder, const Run& run) {
  const std::string repeat = how_to_repeat(run);
  if (auto added =
          zip.add("README.txt", {reinterpret_cast<const std::uint8_t*>(repeat.data()), repeat.size()});
      !added)
    return added;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    const auto octets = gateway::read_whole_file(entry.path());
    if (!octets) return std::unexpected(octets.error());
    if (auto added = zip.add(std::filesystem::relative(entry.path(), folder).string(), *octets); !added)
      return added;
  }
  return zip.close();
}

}  // namespace

int bundle_command(const std::string& path, const std::string& out) {
  const std::filesystem::path folder = std::filesystem::is_directory(path)
                                           ? std::filesystem::path(path)
                                           : std::filesystem::path(path).parent_path();
  const auto run = read_json_file((folder / "report.json").string());
  const auto tell = [](const Error& error, int code) {
    fmt::print(stderr, "mpsec-conformance: {}\n", to_string(error));
    return code;
  };
  if (!run) return tell(run.error(), wrong_usage);
  if (std::filesystem::exists(out))
    return tell(failed(out, "it is there already; name another file, or remove it").error(), wrong_usage);
  const std::string part = out + ".part";
  Result<> filled{};
  {
    Zip zip(part);
    filled = fill(zip, folder, *run);
  }
  std::error_code error;
  if (filled)
    std::filesystem::permissions(
        part, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write, error);
  if (filled) std::filesystem::rename(part, out, error);
  if (filled && !error) {
    fmt::print("{}\n", out);
    return as_expected;
  }
  const std::string why = error.message();
  std::filesystem::remove(part, error);
  return tell(filled ? failed(out, why).error() : filled.error(), harness_fault);
}

}  // namespace mpsec::conformance
