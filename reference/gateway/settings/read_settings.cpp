#include "gateway/settings/read_settings.hpp"

#include <toml++/toml.h>

#include "gateway/settings/document.hpp"
#include "gateway/settings/reading.hpp"

namespace mpsec::gateway {
namespace {

void read_all(toml::table& document, Reading& reading) {
  TableReader reader(document, "", reading.findings);
  read_gateway(reader, reading);
  read_listeners(reader, reading);
  read_tun(reader, reading);
  read_ike(reader, reading);
  read_credentials(reader, reading);
  read_authorities(reader, reading);
  read_pools(reader, reading);
  read_clusters(reader, reading);
  read_policies(reader, reading);
  read_peers(reader, reading);
  read_sas(reader, reading);
}

}  // namespace

std::expected<Settings, std::vector<Error>> read_settings(std::string_view document,
                                                          const std::filesystem::path& file,
                                                          const SettingsSources& sources) {
  Findings findings(file.string());
  Reading reading(findings, sources, file.parent_path());
  const bool parsed =
      read_document(document, findings, [&](toml::table& table) { read_all(table, reading); });
  if (parsed) check_parts(reading);
  if (findings.errors() != 0) return std::unexpected(findings.all_errors());
  reading.settings.warnings = findings.all_warnings();
  return std::move(reading.settings);
}

}  // namespace mpsec::gateway
