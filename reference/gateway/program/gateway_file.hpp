// The gateway's file from the disk.
#pragma once

#include <functional>

#include "gateway/settings/read_settings.hpp"

namespace mpsec::gateway {

// What read_settings() says of the file and of those that it names, with all that it looks at: who else can
// read a key, and whether our own certificates are valid at `now`. `warn` is told of what is lawful and most
// likely not meant, in the order of the file, where nothing is wrong.
std::expected<Settings, std::vector<Error>> read_gateway_file(const std::filesystem::path& file,
                                                              const crypto::PkiProvider& pki,
                                                              crypto::CalendarSeconds now,
                                                              const std::function<void(const Error&)>& warn);

}  // namespace mpsec::gateway
