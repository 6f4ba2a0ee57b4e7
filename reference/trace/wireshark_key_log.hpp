// Keys for Wireshark: the files ikev2_decryption_table and esp_sa of its configuration folder.
#pragma once

#include <string>
#include <vector>

#include "base/secret.hpp"
#include "ike/engine.hpp"

namespace mpsec::trace {

// Keeps the keys of every SA it is told of; whoever gives one to an engine has asked for that.
class WiresharkKeyLog final : public ike::KeyLog {
 public:
  // From Wireshark 4.2 on a line of esp_sa ends with the length of sequence numbers. Before, ESN could not be
  // told, and the ICVs of such SAs come out as wrong.
  enum class EspColumns { eight, nine };
  explicit WiresharkKeyLog(EspColumns columns = EspColumns::eight) : columns_(columns) {}

  void ike_sa(const IkeSaKeys& keys) override;
  void child_sa(const ipsec::InboundParameters& inbound, const ipsec::OutboundParameters& outbound) override;

  // What Wireshark has no name for, each as "ESP 00001234: ENCR_AES_GCM_16_IIV, NONE"; AH is clear anyway and
  // not here. Of those there is no line.
  const std::vector<std::string>& unnamed() const { return unnamed_; }
  std::size_t ike_sas() const { return ike_lines_.size(); }
  std::size_t esp_sas() const { return esp_lines_.size(); }

  // Both files into `folder`, which must be there; mode 0600, each whole or as it was. Fails (local fault)
  // naming the file. WIRESHARK_CONFIG_DIR=folder makes tshark use them.
  Result<> write(const std::string& folder) const;
  // Adds what has come since it was called last, at a cost that does not depend on what is
  // there already; at first, and after a failure, all of it, as write() does.
  Result<> write_new(const std::string& folder);

 private:
  void esp_sa(const ipsec::SaParameters& sa);

  EspColumns columns_;
  std::vector<SecretOctets> ike_lines_, esp_lines_;
  std::size_t ike_written_ = 0, esp_written_ = 0;  // by write_new()
  bool whole_ = false;                             // both files are there as it wrote them
  std::vector<std::string> unnamed_;
};

}  // namespace mpsec::trace
