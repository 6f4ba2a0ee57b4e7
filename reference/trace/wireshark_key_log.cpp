#include "trace/wireshark_key_log.hpp"

#include <cassert>
#include <fmt/format.h>
#include <span>

#include "trace/files/private_file.hpp"
#include "trace/wireshark_names.hpp"

namespace mpsec::trace {
namespace {

// A line that may hold keys: it never moves, so that no copy stays behind.
class SecretLine {
 public:
  SecretLine() { octets_.reserve(most_octets); }
  SecretLine(const SecretLine&) = delete;
  SecretLine& operator=(const SecretLine&) = delete;
  ~SecretLine() { wipe(octets_); }

  SecretLine& text(std::string_view text) {
    for (const char c : text)
      add(c);
    return *this;
  }
  SecretLine& key(OctetView key) {
    for (const std::uint8_t octet : key) {
      add("0123456789abcdef"[octet >> 4]);
      add("0123456789abcdef"[octet & 15]);
    }
    return *this;
  }
  SecretOctets take() {
    add('\n');
    return SecretOctets(std::move(octets_));
  }

 private:
  static constexpr std::size_t most_octets = 2048;
  void add(char c) {
    assert(octets_.size() < most_octets);
    octets_.push_back(static_cast<std::uint8_t>(c));
  }
  Octets octets_;
};

std::string_view name_of(crypto::EncryptionId id) {
  const auto transform = crypto::find(id);
  return transform ? (*transform)->name : "an unknown cipher";
}

std::string_view name_of(crypto::IntegrityId id) {
  const auto transform = crypto::find(id);
  return transform ? (*transform)->name : "an unknown integrity algorithm";
}

Result<> write_lines(const std::string& path, const std::vector<SecretOctets>& lines) {
  auto file = PrivateFile::create(path);
  if (!file) return std::unexpected(std::move(file).error());
  for (const SecretOctets& line : lines)
    file->write(line.view());
  return file->commit();
}

Result<> append_lines(const std::string& path, std::span<const SecretOctets> lines) {
  for (const SecretOctets& line : lines)
    if (auto added = append_to_private_file(path, line.view()); !added) return added;
  return {};
}

}  // namespace

void WiresharkKeyLog::ike_sa(const IkeSaKeys& keys) {
  const ike::Protection& protection = keys.suite.protection;
  const auto cipher = wireshark_ike_encryption(protection.encryption->id, protection.cipher_key_octets);
  const auto integrity =
      protection.integrity == nullptr ? crypto::IntegrityId::none : protection.integrity->id;
  const auto check = wireshark_ike_integrity(integrity);
  if (!cipher || !check) {
    unnamed_.push_back(
        fmt::format("IKE {}: {}", ike::to_string(keys.spis), ike::to_string(keys.suite.protection)));
    return;
  }
  SecretLine line;
  line.text(fmt::format("{:016x},{:016x},", keys.spis.initiator.value, keys.spis.responder.value));
  line.key(keys.keys.ei.view()).text(",").key(keys.keys.er.view());
  line.text(fmt::format(",\"{}\",", cipher->name));
  if (check->takes_key) line.key(keys.keys.ai.view());
  line.text(",");
  if (check->takes_key) line.key(keys.keys.ar.view());
  ike_lines_.push_back(line.text(fmt::format(",\"{}\"", check->name)).take());
}

void WiresharkKeyLog::child_sa(const ipsec::InboundParameters& inbound,
                               const ipsec::OutboundParameters& outbound) {
  esp_sa(inbound);
  esp_sa(outbound);
}

void WiresharkKeyLog::esp_sa(const ipsec::SaParameters& sa) {
  if (sa.protocol != ipsec::Protocol::esp) return;
  const auto cipher = wireshark_esp_encryption(sa.encryption);
  const auto check = wireshark_esp_integrity(sa.integrity);
  if (!cipher || !check) {
    unnamed_.push_back(
        fmt::format("ESP {:08x}: {}, {}", sa.spi.value, name_of(sa.encryption), name_of(sa.integrity)));
    return;
  }
  // In UDP there may be a NAT: the capture's addresses need not be ours.
  const bool any = sa.udp.has_value();
  SecretLine line;
  line.text(fmt::format("\"{}\",\"{}\",\"{}\",\"0x{:08x}\",\"{}\",\"", sa.source.is_v4() ? "IPv4" : "IPv6",
                        any ? "*" : to_string(sa.source), any ? "*" : to_string(sa.destination), sa.spi.value,
                        cipher->name));
  if (cipher->takes_key) line.text("0x").key(sa.encryption_key.view());
  line.text(fmt::format("\",\"{}\",\"", check->name));
  if (check->takes_key) line.text("0x").key(sa.integrity_key.view());
  line.text("\"");
  if (columns_ == EspColumns::nine) line.text(sa.extended_sequence_numbers ? ",\"64-bit\"" : ",\"32-bit\"");
  esp_lines_.push_back(line.take());
}

Result<> WiresharkKeyLog::write(const std::string& folder) const {
  if (auto written = write_lines(folder + "/ikev2_decryption_table", ike_lines_); !written) return written;
  return write_lines(folder + "/esp_sa", esp_lines_);
}

Result<> WiresharkKeyLog::write_new(const std::string& folder) {
  auto written = whole_ ? Result<>{} : write(folder);
  if (whole_) {
    written = append_lines(folder + "/ikev2_decryption_table", std::span(ike_lines_).subspan(ike_written_));
    if (written) written = append_lines(folder + "/esp_sa", std::span(esp_lines_).subspan(esp_written_));
  }
  whole_ = written.has_value();
  ike_written_ = ike_lines_.size();
  esp_written_ = esp_lines_.size();
  return written;
}

}  // namespace mpsec::trace
