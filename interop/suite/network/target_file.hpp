// The file that says where a target is and what it is (docs/your-gateway.md).
#pragma once

#include <expected>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/io/outside.hpp"
#include "gateway/settings/read_settings.hpp"
#include "interop/suite/network/hook_commands.hpp"
#include "interop/suite/target.hpp"

namespace mpsec::conformance {

struct TargetFile {
  Description description;
  std::vector<ike::Path> paths;                // the ports those of IKE_SA_INIT
  std::vector<gateway::ListenAddress> listen;  // of the tester
  std::uint16_t local_nat_port = 4500, remote_nat_port = 4500;
  HookCommands::Settings hooks;
  std::filesystem::path waivers;  // empty: none
  Duration answers_within{};      // 0: measured
};

// Reads and checks the whole document. All that is wrong is told, each with the path "FILE:LINE:COLUMN"; no
// error shows a key.
std::expected<TargetFile, std::vector<Error>> read_target_file(std::string_view document,
                                                               const std::filesystem::path& file,
                                                               const gateway::SettingsSources& sources);

// A commented example, which reads without an error once its addresses are set.
std::string_view example_target_file();

}  // namespace mpsec::conformance
