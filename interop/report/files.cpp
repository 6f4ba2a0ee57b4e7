#include <filesystem>
#include <fmt/format.h>
#include <system_error>

#include "interop/report/formats.hpp"
#include "trace/files/private_file.hpp"

namespace mpsec::conformance {
namespace {

Result<> write(const std::string& path, std::string_view text) {
  auto file = trace::PrivateFile::create(path);
  if (!file) return std::unexpected(std::move(file).error());
  file->write({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  return file->commit();
}

}  // namespace

Result<> write_reports(const std::string& folder, const Run& run, const Register& rules, const Run* earlier) {
  std::error_code fault;
  std::filesystem::create_directories(folder, fault);
  if (fault)
    return std::unexpected(Error{Blame::local_fault,
                                 folder,
                                 std::nullopt,
                                 fmt::format("the folder cannot be made: {}", fault.message()),
                                 {}});
  // The one that the others can be made from comes first: a full disk may have room for it.
  if (auto written = write(folder + "/report.json", to_json(run)); !written) return written;
  if (auto written = write(folder + "/report.xml", to_junit(run)); !written) return written;
  if (auto written = write(folder + "/report.md", to_markdown(run)); !written) return written;
  return write(folder + "/report.html", to_html(run, rules, earlier));
}

}  // namespace mpsec::conformance
