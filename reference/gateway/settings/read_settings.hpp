// The gateway's file.
#pragma once

#include <expected>
#include <filesystem>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "crypto/certificate.hpp"
#include "gateway/settings/settings.hpp"

namespace mpsec::gateway {

// What reading needs of the world. Names of files in the document are relative to the document's folder.
struct SettingsSources {
  // Octets of a file that the document names; the error says what the system said.
  std::function<Result<Octets>(const std::filesystem::path&)> read_file;
  const crypto::PkiProvider& pki;
  // Whether others than its owner can read a file with a key, which is a warning; null: nobody looks.
  std::function<bool(const std::filesystem::path&)> is_open_to_others = nullptr;
  // By which our own certificates are warned of that are not valid; nothing: nobody looks.
  std::optional<crypto::CalendarSeconds> now = std::nullopt;
};

// Reads and checks the whole document (docs/gateway.md): keys that nobody knows, values out of range, names
// that stand for nothing, algorithms, certificates that do not fit their key, selectors that overlap for two
// peers. `file` is its name for errors. No copy of a secret is left behind but the caller's own `document`,
// and no error or warning shows one.
//
// All that is wrong is told, in the order of the file, each with the path "FILE:LINE:COLUMN".
std::expected<Settings, std::vector<Error>> read_settings(std::string_view document,
                                                          const std::filesystem::path& file,
                                                          const SettingsSources& sources);

}  // namespace mpsec::gateway
