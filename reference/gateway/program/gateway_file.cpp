#include "gateway/program/gateway_file.hpp"

#include "base/secret.hpp"
#include "gateway/settings/disk_sources.hpp"

namespace mpsec::gateway {

std::expected<Settings, std::vector<Error>> read_gateway_file(const std::filesystem::path& file,
                                                              const crypto::PkiProvider& pki,
                                                              crypto::CalendarSeconds now,
                                                              const std::function<void(const Error&)>& warn) {
  auto octets = read_whole_file(file);
  if (!octets) {
    octets.error().why = "cannot be read: " + octets.error().why;
    return std::unexpected(std::vector{std::move(octets).error()});
  }
  const SecretOctets document(*std::move(octets));
  const std::string_view text(reinterpret_cast<const char*>(document.view().data()), document.size());
  auto settings = read_settings(text, file, disk_sources(pki, now));
  if (settings)
    for (const Error& warning : settings->warnings)
      warn(warning);
  return settings;
}

}  // namespace mpsec::gateway
