#include "gateway/settings/disk_sources.hpp"

#include <fmt/format.h>
#include <fstream>
#include <system_error>

namespace mpsec::gateway {
namespace {

namespace fs = std::filesystem;

std::unexpected<Error> refuse(const fs::path& path, std::string why) {
  return std::unexpected(Error{Blame::local_fault, path.string(), std::nullopt, std::move(why), ""});
}

bool is_open_to_others(const fs::path& path) {
  constexpr fs::perms others = fs::perms::group_read | fs::perms::others_read;
  std::error_code problem;
  const fs::file_status status = fs::status(path, problem);
  return !problem && (status.permissions() & others) != fs::perms::none;
}

}  // namespace

Result<Octets> read_whole_file(const fs::path& path) {
  constexpr std::uintmax_t largest = 16u << 20;
  std::error_code problem;
  const fs::file_status status = fs::status(path, problem);
  if (problem) return refuse(path, problem.message());
  if (!fs::is_regular_file(status)) return refuse(path, "expected a regular file, found another kind");
  const std::uintmax_t size = fs::file_size(path, problem);
  if (problem) return refuse(path, problem.message());
  if (size > largest) return refuse(path, fmt::format("expected at most {} octets, found {}", largest, size));
  Octets octets(size);
  std::ifstream file(path, std::ios::binary);
  if (!file) return refuse(path, std::error_code(errno, std::generic_category()).message());
  file.read(reinterpret_cast<char*>(octets.data()), static_cast<std::streamsize>(size));
  if (file.gcount() != static_cast<std::streamsize>(size))
    return refuse(path, "it changed while it was read");
  return octets;
}

SettingsSources disk_sources(const crypto::PkiProvider& pki, std::optional<crypto::CalendarSeconds> now) {
  return {.read_file = read_whole_file, .pki = pki, .is_open_to_others = is_open_to_others, .now = now};
}

}  // namespace mpsec::gateway
