#include "pcap-replay/keys/ike_table.hpp"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>

#include "pcap-replay/keys/ike_algorithms.hpp"
#include "pcap-replay/keys/quoted_fields.hpp"

namespace mpsec::replay {
namespace {

enum Column : std::size_t { spi_i, spi_r, sk_ei, sk_er, encryption, sk_ai, sk_ar, integrity, columns };

constexpr std::string_view column_names[] = {"initiator's SPI", "responder's SPI", "key SK_ei", "key SK_er",
                                             "encryption",      "key SK_ai",       "key SK_ar", "integrity"};
constexpr std::size_t spi_digits = 16;

constexpr std::string_view allowed_ciphers =
    "a cipher's name: 3DES, AES-CBC-128, AES-CTR-128, \"AES-GCM-128 with 16 octet ICV\", "
    "\"AES-CCM-128 with 16 octet ICV\" (keys of 128, 192, 256 bits, ICVs of 8, 12, 16 octets), "
    "ChaCha20-Poly1305, NULL";
constexpr std::string_view allowed_integrity =
    "an integrity algorithm's name: NONE, HMAC_MD5_96, HMAC_MD5_128, HMAC_SHA1_96, HMAC_SHA1_160, "
    "HMAC_SHA2_256_128, HMAC_SHA2_384_192, HMAC_SHA2_512_256, AES_XCBC_96, AES_CMAC_96, \"ANY "
    "n-bits of Authentication\" (64, 96, 128, 160, 192, 256)";

bool is_hexadecimal(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return std::isxdigit(c) != 0; });
}

class Parser {
 public:
  Parser(std::string_view text, std::string_view file) : text_(text), file_(file) {}

  Result<KeyFile> parse() {
    for (TextReader lines(text_); auto words = lines.next_words();) {
      auto fields = split_fields(file_, words->rest(), BareFields::allowed);
      if (!fields) return std::unexpected(std::move(fields).error());
      if (auto read = read_line(*fields); !read) return std::unexpected(std::move(read).error());
    }
    return std::move(found_);
  }

 private:
  Result<> read_line(const QuotedFields& fields) {
    IkeKeyEntry entry;
    entry.where = fmt::format("{}:{}", file_, fields.end().line);
    for (const Column column : {spi_i, spi_r}) {
      if (auto there = require(fields, column); !there) return there;
      auto spi = read_spi(fields[column]);
      if (!spi) return std::unexpected(std::move(spi).error());
      (column == spi_i ? entry.initiator_spi : entry.responder_spi) = *spi;
    }
    if (auto there = require(fields, integrity); !there) return there;
    if (fields.size() > columns)
      return std::unexpected(expected_secret(file_, fields[columns], "the end of the line"));
    IkeMessageKeys& keys = entry.messages.emplace();
    if (auto read = read_protection(fields, keys); !read) return read;
    found_.ike.push_back(std::move(entry));
    return {};
  }

  Result<> require(const QuotedFields& fields, Column column) const {
    if (fields.size() > column) return {};
    return std::unexpected(
        misread(file_, fields.end(),
                fmt::format("expected a comma and the {}, found the end of the line; a line has {} fields",
                            column_names[fields.size()], static_cast<std::size_t>(columns))));
  }

  Result<IkeSpi> read_spi(const Word& word) const {
    if (word.text.size() != spi_digits || !is_hexadecimal(word.text))
      return std::unexpected(expected_secret(file_, word, "an SPI of 16 hexadecimal digits"));
    const auto number = number_of("0x" + std::string(word.text));
    return IkeSpi{number.value_or(0)};
  }

  Result<> read_protection(const QuotedFields& fields, IkeMessageKeys& keys) {
    const auto cipher = ike_cipher_named(fields[encryption].text);
    if (!cipher) return std::unexpected(expected(file_, fields[encryption], allowed_ciphers));
    const auto check = ike_integrity_named(fields[integrity].text);
    if (!check) return std::unexpected(expected(file_, fields[integrity], allowed_integrity));
    keys.encryption = cipher->id;
    const bool combined = (*crypto::find(cipher->id))->combined();
    keys.integrity = combined ? crypto::IntegrityId::none : check->id;
    keys.unchecked_icv_octets = combined ? 0 : check->unchecked_octets;
    if (check->lacking && !combined)
      found_.warnings.push_back(misread(file_, fields[integrity],
                                        "this integrity algorithm is not supported: ICVs are not checked",
                                        Blame::no_common_ground));
    return read_keys(fields, cipher->key_octets, keys);
  }

  Result<> read_keys(const QuotedFields& fields, std::size_t cipher_key_octets, IkeMessageKeys& keys) const {
    const std::pair<Column, SecretOctets*> all[] = {
        {sk_ei, &keys.ei}, {sk_er, &keys.er}, {sk_ai, &keys.ai}, {sk_ar, &keys.ar}};
    for (const auto& [column, key] : all) {
      auto read = secret_from_hex(file_, fields[column]);
      if (!read) return std::unexpected(std::move(read).error());
      *key = *std::move(read);
    }
    return check_ike_keys(file_, keys, cipher_key_octets,
                          {fields[sk_ei], fields[sk_er], fields[sk_ai], fields[sk_ar]});
  }

  std::string_view text_;
  std::string_view file_;
  KeyFile found_;
};

}  // namespace

Result<KeyFile> parse_ike_table(std::string_view text, std::string_view file) {
  return Parser(text, file).parse();
}

bool looks_like_ike_table(std::string_view line) {
  if (line.starts_with('"')) line.remove_prefix(1);
  if (line.size() <= spi_digits || !is_hexadecimal(line.substr(0, spi_digits))) return false;
  line.remove_prefix(spi_digits);
  if (line.starts_with('"')) line.remove_prefix(1);
  const std::size_t at = line.find_first_not_of(" \t");
  return at != std::string_view::npos && line[at] == ',';
}

}  // namespace mpsec::replay
