#include "pcap-replay/keys/toml_ike.hpp"

#include "pcap-replay/keys/toml_table.hpp"

namespace mpsec::replay {
namespace {

constexpr std::size_t most_shared_secrets = 64;  // each is tried

IkeSpi read_spi(TableReader& reader, std::string_view name) {
  constexpr std::size_t digits = 16;
  const auto text = reader.text(name);
  const auto number = text && text->size() == digits ? number_of("0x" + std::string(*text)) : std::nullopt;
  if (!number) reader.fail_last(name, "expected an SPI: a text of 16 hexadecimal digits");
  return IkeSpi{number.value_or(0)};
}

// A key, and where it stands.
SecretOctets read_key(TableReader& reader, std::string_view name, Word& at) {
  SecretOctets key = reader.secret(name);
  at = reader.last();
  return key;
}

void read_integrity(TableReader& reader, IkeMessageKeys& keys) {
  if (const auto name = reader.text("integrity")) {
    const auto transform = crypto::find_integrity(*name);
    if (!transform) return reader.fail_last("integrity", transform.error().why);
    keys.integrity = (*transform)->id;
  }
  const auto unverified = reader.number("unverified_icv_octets", 64);
  keys.unchecked_icv_octets = static_cast<std::uint8_t>(unverified.value_or(0));
  const auto cipher = crypto::find(keys.encryption);
  const bool combined = cipher && (*cipher)->combined();
  if (combined || unverified || keys.integrity != crypto::IntegrityId::none) return;
  reader.fail_last("integrity",
                   "expected an algorithm, or unverified_icv_octets; this cipher has no ICV of its own");
}

std::optional<IkeMessageKeys> read_message_keys(TableReader& reader, std::string_view file) {
  IkeMessageKeys keys;
  const auto encryption = reader.text("encryption");
  IkeKeyPlaces at;
  keys.ei = read_key(reader, "sk_ei", at.ei);
  keys.er = read_key(reader, "sk_er", at.er);
  keys.ai = read_key(reader, "sk_ai", at.ai);
  keys.ar = read_key(reader, "sk_ar", at.ar);
  if (!encryption) {
    if (!keys.ei.empty() || !keys.er.empty() || !keys.ai.empty() || !keys.ar.empty())
      reader.fail_last("encryption", "expected the algorithm that sk_ei and sk_er are for, found none");
    static_cast<void>(reader.take("integrity"));
    static_cast<void>(reader.take("unverified_icv_octets"));
    return std::nullopt;
  }
  const auto transform = crypto::find_encryption(*encryption);
  if (!transform) {
    reader.fail_last("encryption", transform.error().why);
    return std::nullopt;
  }
  keys.encryption = (*transform)->id;
  read_integrity(reader, keys);
  if (auto checked = check_ike_keys(file, keys, 0, at); !checked) reader.fail(std::move(checked).error());
  return keys;
}

void read_shared_secrets(TableReader& reader, IkeKeyEntry& entry) {
  toml::node* const node = reader.take("g_ir");
  if (!node) return;
  toml::array* const list = node->as_array();
  if (!list) return reader.fail(*node, "g_ir: expected a list of shared secrets");
  if (list->size() > most_shared_secrets)
    return reader.fail(*node, fmt::format("g_ir: expected at most {} shared secrets, found {}",
                                          most_shared_secrets, list->size()));
  for (toml::node& secret : *list)
    entry.shared_secrets.push_back(reader.secret_in(secret, "g_ir"));
}

}  // namespace

Result<IkeKeyEntry> read_ike_keys(toml::table& table, const std::string& path, std::string_view file) {
  TableReader reader(table, path, file);
  IkeKeyEntry entry;
  entry.where = fmt::format("{}:{}", file, reader.last().line);
  entry.initiator_spi = read_spi(reader, "initiator_spi");
  entry.responder_spi = read_spi(reader, "responder_spi");
  entry.messages = read_message_keys(reader, file);
  if (const auto prf = reader.text("prf")) {
    const auto transform = crypto::find_prf(*prf);
    if (transform)
      entry.prf = (*transform)->id;
    else
      reader.fail_last("prf", transform.error().why);
  }
  entry.d = reader.secret("sk_d");
  read_shared_secrets(reader, entry);
  if (auto finished = reader.finish(); !finished) return std::unexpected(std::move(finished).error());
  return entry;
}

}  // namespace mpsec::replay
