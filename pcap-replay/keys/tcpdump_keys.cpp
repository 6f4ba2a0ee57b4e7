#include "pcap-replay/keys/tcpdump_keys.hpp"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <iterator>
#include <optional>

#include "pcap-replay/keys/key_text.hpp"

namespace mpsec::replay {
namespace {

using crypto::EncryptionId;
using crypto::IntegrityId;

struct Cipher {
  std::string_view name;
  std::optional<EncryptionId> id;  // none: tcpdump may know it, we do not
  std::size_t key_octets = 0;
};

// Names of tcpdump's manual page and of OpenSSL, which tcpdump asks; without the ending "-cbc".
constexpr Cipher ciphers[] = {
    {"3des", EncryptionId::triple_des, 24},
    {"des3", EncryptionId::triple_des, 24},
    {"des-ede3", EncryptionId::triple_des, 24},
    {"aes128", EncryptionId::aes_cbc, 16},
    {"aes192", EncryptionId::aes_cbc, 24},
    {"aes256", EncryptionId::aes_cbc, 32},
    {"aes-128", EncryptionId::aes_cbc, 16},
    {"aes-192", EncryptionId::aes_cbc, 24},
    {"aes-256", EncryptionId::aes_cbc, 32},
    {"none", EncryptionId::null, 0},
    {"null", EncryptionId::null, 0},
    {"des", {}},
    {"blowfish", {}},
    {"bf", {}},
    {"rc3", {}},
    {"cast128", {}},
    {"cast5", {}},
    {"camellia128", {}},
    {"camellia192", {}},
    {"camellia256", {}},
};

constexpr std::uint8_t icv_octets = 12;

bool strip(std::string& name, std::string_view ending) {
  if (!name.ends_with(ending)) return false;
  name.resize(name.size() - ending.size());
  return true;
}

class Parser {
 public:
  Parser(std::string_view text, std::string_view file) : text_(text), file_(file) {}

  Result<KeyFile> parse() {
    for (TextReader lines(text_); auto words = lines.next_words();) {
      if (words->peek().text == "file") {
        found_.warnings.push_back(misread(file_, words->rest(),
                                          "another key file is named here: give it with --keys",
                                          Blame::no_common_ground));
        continue;
      }
      if (auto read = read_line(*words); !read) return std::unexpected(std::move(read).error());
    }
    // Lines for one SA come before those for all the rest.
    std::ranges::move(for_the_rest_, std::back_inserter(found_.entries));
    return std::move(found_);
  }

 private:
  Result<> read_line(LineReader& words) {
    KeyEntry entry;
    const Word first = words.next();
    entry.where = fmt::format("{}:{}", file_, first.line);
    Word key = first;
    if (!words.at_end() || first.text.find('@') != std::string_view::npos) {
      if (auto named = read_name(first, entry); !named) return named;
      key = words.next();
    }
    if (!words.at_end() && words.rest().text.front() != '#')
      return std::unexpected(expected_secret(file_, words.rest(), "the end of the line"));
    return read_key(key, std::move(entry));
  }

  // "spi@address"
  Result<> read_name(const Word& word, KeyEntry& entry) {
    const std::size_t at = word.text.find('@');
    const auto spi = number_of(word.text.substr(0, at));
    if (at == std::string_view::npos || !spi || *spi > 0xffffffff)
      return std::unexpected(expected(file_, word, "SPI@address, the SPI decimal or 0x-hexadecimal"));
    entry.spi = SpiMatch::exactly(static_cast<std::uint32_t>(*spi));
    const Word address = word.part(at + 1);
    const auto parsed = IpAddress::parse(address.text);
    if (!parsed) return std::unexpected(expected(file_, address, "an IPv4 or IPv6 address"));
    entry.destination = AddressMatch::exactly(*parsed);
    return {};
  }

  // "algorithm:secret"
  Result<> read_key(const Word& word, KeyEntry entry) {
    const std::size_t colon = word.text.find(':');
    if (colon == std::string_view::npos)
      return std::unexpected(expected_secret(file_, word, "algorithm:secret"));
    std::string name;
    for (const char c : word.text.substr(0, colon))
      name += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const bool has_icv = strip(name, "-hmac96");
    strip(name, "-cbc");
    const auto* cipher = std::ranges::find(ciphers, std::string_view(name), &Cipher::name);
    if (cipher == std::end(ciphers))
      return std::unexpected(
          expected(file_, word.part(0, colon), "an algorithm such as aes256-cbc-hmac96 or 3des-cbc-hmac96"));
    if (!cipher->id) {
      found_.warnings.push_back(misread(file_, word,
                                        fmt::format("{} is not supported", word.text.substr(0, colon)),
                                        Blame::no_common_ground));
      return {};
    }
    const Word secret_word = word.part(colon + 1);
    auto secret = secret_word.text.starts_with("0x")
                      ? secret_from_hex(file_, secret_word)
                      : Result<SecretOctets>(secret_from_text(secret_word.text));
    if (!secret) return std::unexpected(std::move(secret).error());
    if (auto split = split_key(secret_word, *cipher, has_icv, *secret, entry); !split) return split;
    (entry.spi == SpiMatch::any() ? for_the_rest_ : found_.entries).push_back(std::move(entry));
    return {};
  }

  Result<> split_key(const Word& at, const Cipher& cipher, bool has_icv, const SecretOctets& secret,
                     KeyEntry& entry) {
    if (secret.size() < cipher.key_octets)
      return std::unexpected(misread(
          file_, at,
          fmt::format("expected a key of at least {} octets, found {}", cipher.key_octets, secret.size())));
    const std::size_t rest = secret.size() - cipher.key_octets;
    const bool authenticates = has_icv && (rest == 16 || rest == 20);
    if (rest != 0 && !authenticates && *cipher.id != EncryptionId::null)
      found_.warnings.push_back(misread(
          file_, at,
          fmt::format(
              "{} octets behind the cipher's key are no key of HMAC-MD5 (16) or HMAC-SHA1 (20) with -hmac96: "
              "ICVs are not checked",
              rest)));
    ipsec::InboundParameters& parameters = entry.parameters;
    parameters.encryption = *cipher.id;
    parameters.encryption_key = SecretOctets(secret.view().first(cipher.key_octets));
    parameters.allow_no_integrity = !authenticates;
    parameters.unverified_icv_octets = has_icv && !authenticates ? icv_octets : std::uint8_t{0};
    if (!authenticates) return {};
    parameters.integrity = rest == 20 ? IntegrityId::hmac_sha1_96 : IntegrityId::hmac_md5_96;
    parameters.integrity_key = SecretOctets(secret.view().last(rest));
    return {};
  }

  std::string_view text_;
  std::string_view file_;
  KeyFile found_;
  std::vector<KeyEntry> for_the_rest_;  // lines without SPI
};

}  // namespace

Result<KeyFile> parse_tcpdump_keys(std::string_view text, std::string_view file) {
  return Parser(text, file).parse();
}

}  // namespace mpsec::replay
