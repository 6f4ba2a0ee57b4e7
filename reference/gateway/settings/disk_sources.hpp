// What reading settings needs of the world, from the disk.
#pragma once

#include "gateway/settings/read_settings.hpp"

namespace mpsec::gateway {

// Octets of a regular file of at most 16 MiB; the error's `why` is what the system says.
Result<Octets> read_whole_file(const std::filesystem::path& path);

// `pki` stays; `now`: whether our own certificates are valid then is looked at, if given.
SettingsSources disk_sources(const crypto::PkiProvider& pki,
                             std::optional<crypto::CalendarSeconds> now = std::nullopt);

}  // namespace mpsec::gateway
