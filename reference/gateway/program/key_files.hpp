// The keys of all SAs as Wireshark's tables, where somebody asks for it: a folder that its owner alone reads.
#pragma once

#include <filesystem>
#include <memory>

#include "ike/actions.hpp"
#include "ike/seams.hpp"
#include "ipsec/sa.hpp"
#include "trace/wireshark_key_log.hpp"

namespace mpsec::gateway {

class KeyFiles final : public ike::KeyLog {
 public:
  // Makes the folder (0700) where it is not there. Fails with why it cannot be written to.
  static Result<std::unique_ptr<KeyFiles>> open(const std::filesystem::path& folder);

  void ike_sa(const IkeSaKeys& keys) override;
  void child_sa(const ipsec::InboundParameters& inbound, const ipsec::OutboundParameters& outbound) override;

 private:
  explicit KeyFiles(std::filesystem::path folder) : folder_(std::move(folder)) {}
  void save();

  std::filesystem::path folder_;
  trace::WiresharkKeyLog log_;
};

}  // namespace mpsec::gateway
