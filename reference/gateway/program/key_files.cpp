#include "gateway/program/key_files.hpp"

#include <cstdio>
#include <fmt/format.h>

namespace mpsec::gateway {

Result<std::unique_ptr<KeyFiles>> KeyFiles::open(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (!error) std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
  if (error) {
    return std::unexpected(Error{
        Blame::local_fault, folder.string(), std::nullopt,
        fmt::format("cannot be made a folder for keys: {}; name another one in key_log", error.message()),
        ""});
  }
  std::unique_ptr<KeyFiles> files(new KeyFiles(folder));
  if (auto written = files->log_.write_new(folder.string()); !written)
    return std::unexpected(std::move(written).error());
  return files;
}

void KeyFiles::ike_sa(const IkeSaKeys& keys) {
  log_.ike_sa(keys);
  save();
}

void KeyFiles::child_sa(const ipsec::InboundParameters& inbound, const ipsec::OutboundParameters& outbound) {
  log_.child_sa(inbound, outbound);
  save();
}

// A trace is worth less than the service: what cannot be written is said, and the gateway goes on.
void KeyFiles::save() {
  if (auto written = log_.write_new(folder_.string()); !written)
    fmt::print(stderr, "mpsec-gateway: {}\n", to_string(written.error()));
}

}  // namespace mpsec::gateway
