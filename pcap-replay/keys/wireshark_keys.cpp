#include "pcap-replay/keys/wireshark_keys.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <optional>

#include "pcap-replay/keys/key_text.hpp"
#include "pcap-replay/keys/quoted_fields.hpp"

namespace mpsec::replay {
namespace {

using crypto::EncryptionId;
using crypto::IntegrityId;

struct Encryption {
  std::string_view name;  // without the document in brackets
  std::optional<EncryptionId> id;
};

constexpr Encryption encryptions[] = {
    {"NULL", EncryptionId::null},
    {"TripleDES-CBC", EncryptionId::triple_des},
    {"AES-CBC", EncryptionId::aes_cbc},
    {"AES-CTR", EncryptionId::aes_ctr},
    {"DES-CBC", {}},
    {"CAST5-CBC", {}},
    {"BLOWFISH-CBC", {}},
    {"TWOFISH-CBC", {}},
    {"AES-GCM",
     EncryptionId::aes_gcm_16},  // the only name until Wireshark 3.0; "ANY n bit" then gave the ICV's size
    {"AES-GCM with 8 octet ICV", EncryptionId::aes_gcm_8},
    {"AES-GCM with 12 octet ICV", EncryptionId::aes_gcm_12},
    {"AES-GCM with 16 octet ICV", EncryptionId::aes_gcm_16},
    {"ChaCha20 with Poly1305", EncryptionId::chacha20_poly1305},
};

struct Authentication {
  std::string_view name;
  IntegrityId id;
  std::uint8_t unchecked_octets;  // of an ICV that nobody can check
};

constexpr Authentication authentications[] = {
    {"NULL", IntegrityId::none, 0},
    {"HMAC-SHA-1-96", IntegrityId::hmac_sha1_96, 0},
    {"HMAC-SHA-256-96", IntegrityId::none, 12},
    {"HMAC-SHA-256-128", IntegrityId::hmac_sha2_256_128, 0},
    {"HMAC-SHA-384-192", IntegrityId::hmac_sha2_384_192, 0},
    {"HMAC-SHA-512-256", IntegrityId::hmac_sha2_512_256, 0},
    {"HMAC-MD5-96", IntegrityId::hmac_md5_96, 0},
    {"MAC-RIPEMD-160-96", IntegrityId::none, 12},
    {"AES-XCBC-MAC-96", IntegrityId::aes_xcbc_96, 0},
    {"ANY 64 bit authentication", IntegrityId::none, 8},
    {"ANY 96 bit authentication", IntegrityId::none, 12},
    {"ANY 128 bit authentication", IntegrityId::none, 16},
    {"ANY 192 bit authentication", IntegrityId::none, 24},
    {"ANY 256 bit authentication", IntegrityId::none, 32},
};

enum Column : std::size_t {
  protocol,
  source,
  destination,
  spi,
  encryption,
  encryption_key,
  authentication,
  authentication_key,
  sequence_numbers
};
constexpr std::size_t needed_columns = sequence_numbers;
constexpr std::string_view column_names[] = {
    "protocol",       "source address",     "destination address",   "SPI", "encryption", "encryption key",
    "authentication", "authentication key", "sequence number length"};

// "AES-CBC [RFC3602]" -> "AES-CBC"
std::string_view without_document(std::string_view name) {
  return name.substr(0, std::min(name.find(" ["), name.size()));
}

template <class Algorithm, std::size_t Count>
const Algorithm* find(const Algorithm (&table)[Count], std::string_view name) {
  const auto* found = std::ranges::find(table, without_document(name), &Algorithm::name);
  return found == std::end(table) ? nullptr : found;
}

class Parser {
 public:
  Parser(std::string_view text, std::string_view file) : text_(text), file_(file) {}

  Result<KeyFile> parse() {
    for (TextReader lines(text_); auto words = lines.next_words();) {
      auto fields = split_fields(file_, words->rest());
      if (!fields) return std::unexpected(std::move(fields).error());
      if (auto read = read_line(*fields); !read) return std::unexpected(std::move(read).error());
    }
    return std::move(found_);
  }

 private:
  Result<> read_line(const QuotedFields& fields) {
    if (fields.size() < needed_columns)
      return std::unexpected(misread(file_, fields.end(),
                                     fmt::format("expected a comma and the {}, found the end of the line",
                                                 column_names[fields.size()])));
    KeyEntry entry;
    entry.where = fmt::format("{}:{}", file_, fields.end().line);
    for (const auto step : {&Parser::read_addresses, &Parser::read_spi, &Parser::read_sequence_numbers})
      if (auto read = (this->*step)(fields, entry); !read) return read;
    return read_algorithms(fields, std::move(entry));
  }

  Result<> read_addresses(const QuotedFields& fields, KeyEntry& entry) {
    const Word family = fields[protocol];
    if (family.text != "IPv4" && family.text != "IPv6")
      return std::unexpected(expected(file_, family, "\"IPv4\" or \"IPv6\""));
    entry.version = family.text == "IPv4" ? IpVersion::v4 : IpVersion::v6;
    for (const Column column : {source, destination}) {
      auto match = AddressMatch::parse(fields[column].text);
      if (!match || (match->range && match->range->first.version() != *entry.version))
        return std::unexpected(
            expected(file_, fields[column], fmt::format("\"*\", an {} address or prefix", family.text)));
      (column == source ? entry.source : entry.destination) = *match;
    }
    return {};
  }

  Result<> read_spi(const QuotedFields& fields, KeyEntry& entry) {
    const Word word = fields[spi];
    if (word.text == "*") return {};
    if (const auto number = number_of(word.text); number && *number <= 0xffffffff) {
      entry.spi = SpiMatch::exactly(static_cast<std::uint32_t>(*number));
      return {};
    }
    if (auto match = with_wildcards(word.text)) {
      entry.spi = *match;
      return {};
    }
    return std::unexpected(
        expected(file_, word, "an SPI: \"*\", 0x and up to eight digits, or eight with '*' among them"));
  }

  // "0x1234****"
  static std::optional<SpiMatch> with_wildcards(std::string_view text) {
    if (text.size() != 10 || !text.starts_with("0x")) return std::nullopt;
    SpiMatch match;
    for (const char c : text.substr(2)) {
      const auto number = c == '*' ? 0 : number_of(std::string("0x") + c);
      if (!number) return std::nullopt;
      match.value = match.value << 4 | static_cast<std::uint32_t>(*number);
      match.mask = match.mask << 4 | (c == '*' ? 0u : 0xfu);
    }
    return match;
  }

  Result<> read_sequence_numbers(const QuotedFields& fields, KeyEntry& entry) {
    if (fields.size() == needed_columns) return {};
    const Word length = fields[sequence_numbers];
    if (length.text != "32-bit" && length.text != "64-bit")
      return std::unexpected(expected(file_, length, "\"32-bit\" or \"64-bit\""));
    entry.parameters.extended_sequence_numbers = length.text == "64-bit";
    if (fields.size() == needed_columns + 1) return {};
    return std::unexpected(expected(file_, fields[needed_columns + 1], "the end of the line"));
  }

  Result<> read_algorithms(const QuotedFields& fields, KeyEntry entry) {
    const auto* cipher = find(encryptions, fields[encryption].text);
    if (!cipher)
      return std::unexpected(
          expected(file_, fields[encryption], "a cipher's name such as \"AES-CBC [RFC3602]\""));
    const auto* check = find(authentications, fields[authentication].text);
    if (!check)
      return std::unexpected(
          expected(file_, fields[authentication], "a name such as \"HMAC-SHA-256-128 [RFC4868]\""));
    if (!cipher->id) {
      found_.warnings.push_back(misread(file_, fields[encryption],
                                        fmt::format("{} is not supported", cipher->name),
                                        Blame::no_common_ground));
      return {};
    }
    if (check->id == IntegrityId::none && check->unchecked_octets != 0 && !check->name.starts_with("ANY"))
      found_.warnings.push_back(misread(file_, fields[authentication],
                                        fmt::format("{} is not supported: ICVs are not checked", check->name),
                                        Blame::no_common_ground));
    choose(*cipher, *check, entry.parameters);
    if (auto keys = read_keys(fields, entry.parameters); !keys) return keys;
    found_.entries.push_back(std::move(entry));
    return {};
  }

  static void choose(const Encryption& cipher, const Authentication& check,
                     ipsec::InboundParameters& parameters) {
    parameters.encryption = *cipher.id;
    const auto transform = crypto::find(*cipher.id);
    if ((*transform)->combined()) {
      if (check.unchecked_octets == 8) parameters.encryption = EncryptionId::aes_gcm_8;
      if (check.unchecked_octets == 12) parameters.encryption = EncryptionId::aes_gcm_12;
      return;
    }
    parameters.integrity = check.id;
    parameters.allow_no_integrity = check.id == IntegrityId::none;
    parameters.unverified_icv_octets = check.unchecked_octets;
  }

  Result<> read_keys(const QuotedFields& fields, ipsec::InboundParameters& parameters) {
    auto cipher_key = key(fields[encryption_key]);
    if (!cipher_key) return std::unexpected(std::move(cipher_key).error());
    if (parameters.encryption != EncryptionId::null) parameters.encryption_key = *std::move(cipher_key);
    auto check_key = key(fields[authentication_key]);
    if (!check_key) return std::unexpected(std::move(check_key).error());
    if (parameters.integrity != IntegrityId::none) parameters.integrity_key = *std::move(check_key);
    if (auto checked = check_encryption_key(file_, parameters, fields[encryption_key]); !checked)
      return checked;
    return check_integrity_key(file_, parameters, fields[authentication_key]);
  }

  Result<SecretOctets> key(const Word& word) {
    const bool hexadecimal = word.text.starts_with("0x") || word.text.starts_with("0X");
    if (!hexadecimal) return secret_from_text(word.text);
    return secret_from_hex(file_, word);
  }

  std::string_view text_;
  std::string_view file_;
  KeyFile found_;
};

}  // namespace

Result<KeyFile> parse_wireshark_keys(std::string_view text, std::string_view file) {
  return Parser(text, file).parse();
}

}  // namespace mpsec::replay
