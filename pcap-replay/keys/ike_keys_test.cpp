// Keys of IKE SAs: Wireshark's table and the tables [[ike]] of our own key file.
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pcap-replay/keys/ike_algorithms.hpp"
#include "pcap-replay/keys/ike_table.hpp"
#include "pcap-replay/keys/key_file.hpp"
#include "pcap-replay/keys/toml_keys.hpp"

namespace mpsec::replay {
namespace {

using crypto::EncryptionId;
using crypto::IntegrityId;
using testing::HasSubstr;
using testing::StartsWith;

std::string key(std::size_t octets) {
  return std::string(octets * 2, 'a');
}

std::string line(std::string_view cipher, std::size_t key_octets, std::string_view integrity,
                 std::size_t icv_key_octets) {
  return "0123456789abcdef,FEDCBA9876543210," + key(key_octets) + "," + key(key_octets) + ",\"" +
         std::string(cipher) + "\"," + key(icv_key_octets) + "," + key(icv_key_octets) + ",\"" +
         std::string(integrity) + "\"\n";
}

TEST(IkeAlgorithms, AreKnownByTheNamesOfAllVersions) {
  struct Case {
    std::string_view name;
    EncryptionId id;
    std::size_t key_octets;
  };
  for (const Case& one : {Case{"3DES [RFC2451]", EncryptionId::triple_des, 0},
                          {"AES-CBC-192 [RFC3602]", EncryptionId::aes_cbc, 24},
                          {"AES-CTR-256 [RFC5930]", EncryptionId::aes_ctr, 32},
                          {"AES-CCM-128 with 8 octet ICV [RFC5282]", EncryptionId::aes_ccm_8, 16},
                          {"AES-GCM-192 with 12 octet ICV [RFC5282]", EncryptionId::aes_gcm_12, 24},
                          {"AES-GCM-256 with a 16 octet ICV", EncryptionId::aes_gcm_16, 32},
                          {"ChaCha20 with Poly1305 [RFC7634]", EncryptionId::chacha20_poly1305, 0},
                          {"CHACHA20_POLY1305", EncryptionId::chacha20_poly1305, 0},
                          {"ENCR_AES_GCM_16", EncryptionId::aes_gcm_16, 0},
                          {"NULL [RFC2410]", EncryptionId::null, 0}}) {
    const auto cipher = ike_cipher_named(one.name);
    ASSERT_TRUE(cipher) << one.name;
    EXPECT_EQ(cipher->id, one.id) << one.name;
    EXPECT_EQ(cipher->key_octets, one.key_octets) << one.name;
  }
  for (const char* wrong : {"", "AES", "AES-CBC-100", "AES-GCM-128 with 15 octet ICV",
                            "AES-CBC-128 with 8 octet ICV", "BLOWFISH", "AES-CBC-128-256"})
    EXPECT_FALSE(ike_cipher_named(wrong)) << wrong;
  for (const crypto::IntegrityTransform& transform : crypto::integrity_transforms()) {
    if (!transform.supported || transform.iv_octets != 0) continue;
    const auto found = ike_integrity_named(transform.name);
    ASSERT_TRUE(found) << transform.name;
    EXPECT_EQ(found->id, transform.id);
  }
  EXPECT_EQ(ike_integrity_named("ANY 160-bits of Authentication [No Checking]")->unchecked_octets, 20);
  EXPECT_TRUE(ike_integrity_named("HMAC_SHA2_256_96 [draft-ietf-ipsec-ciph-sha-256-00]")->lacking);
  EXPECT_FALSE(ike_integrity_named("HMAC_SHA3_256"));
}

TEST(IkeTable, ReadsQuotedAndBareFields) {
  const std::string bare = line("AES-CBC-128 [RFC3602]", 16, "HMAC_SHA1_96 [RFC2404]", 20);
  const auto read = parse_ike_table("# comment\n\n" + bare + "\n" +
                                        "\"0123456789abcdef\" , \"fedcba9876543210\",\"" + key(20) + "\",\t" +
                                        key(20) + ",\"AES-GCM-128 \\x77ith 16 octet ICV\",,\"\",\"NONE\"\r\n",
                                    "table");
  ASSERT_TRUE(read) << to_string(read.error());
  ASSERT_EQ(read->ike.size(), 2u);
  const IkeKeyEntry &first = read->ike[0], &second = read->ike[1];
  EXPECT_EQ(first.where, "table:3");
  EXPECT_EQ(first.initiator_spi, IkeSpi{0x0123456789abcdef});
  EXPECT_EQ(first.responder_spi, IkeSpi{0xfedcba9876543210});
  EXPECT_EQ(first.messages->integrity, IntegrityId::hmac_sha1_96);
  EXPECT_EQ(first.messages->ar.size(), 20u);
  EXPECT_EQ(second.messages->encryption, EncryptionId::aes_gcm_16);
  EXPECT_TRUE(second.messages->icv_checked());
  EXPECT_EQ(detect_key_format("# c\n" + bare), KeyFormat::ikev2);
}

TEST(IkeTable, WarnsOfWhatCannotBeChecked) {
  const auto read = parse_ike_table(line("AES-CTR-128 [RFC5930]", 20, "HMAC_SHA2_256_96", 0), "table");
  ASSERT_TRUE(read) << to_string(read.error());
  EXPECT_FALSE(read->ike[0].messages->icv_checked());
  EXPECT_EQ(read->ike[0].messages->unchecked_icv_octets, 12);
  ASSERT_EQ(read->warnings.size(), 1u);
  EXPECT_THAT(read->warnings[0].path, StartsWith("table:1:"));
}

TEST(IkeTable, SaysWhereAndWhatIsAllowed) {
  const std::string spis = "0123456789abcdef,fedcba9876543210,";
  struct Case {
    std::string text;
    std::string_view why;
  };
  for (const Case& one : {
           Case{"0123456789abcde,fe",
                "table:1:1: expected an SPI of 16 hexadecimal digits, found something else of 15 characters"},
           {"0123456789abcdeg,fe", "table:1:1: expected an SPI of 16 hexadecimal digits"},
           {"0123456789abcdef",
            "table:1:17: expected a comma and the responder's SPI, found the end of the line; a line has 8 "
            "fields"},
           {spis + key(16), "table:1:67: expected a comma and the key SK_er"},
           {"\n" + line("AES-CBC-128", 15, "NONE", 0),
            "table:2:35: expected a key of 16 octets for ENCR_AES_CBC, salt included, found 15"},
           {line("AES-CBC-128", 16, "HMAC_SHA1_96", 19),
            "table:1:115: expected a key of 20 octets for AUTH_HMAC_SHA1_96, found 19"},
           {line("ROT13", 16, "NONE", 0), "table:1:101: expected a cipher's name: 3DES, AES-CBC-128,"},
           {line("AES-CBC-128", 16, "CRC", 0), "expected an integrity algorithm's name: NONE, HMAC_MD5_96"},
           {spis + "zz,", "table:1:35: expected a hexadecimal digit of the key"},
           {spis + "abc,", "table:1:35: expected an even number of hexadecimal digits"},
           {spis + "\"" + key(16), "expected a closing quotation mark"},
           {spis + key(16) + " " + key(16),
            "expected a comma or the end of the line, found something else of 32 characters"},
           {line("AES-CBC-128", 16, "NONE\",\"more", 0),
            "expected the end of the line, found something else of 4 characters"},
       }) {
    // What is incomplete is filled up, so that the error is the one meant.
    std::string text = one.text;
    if (text.ends_with(",")) text += key(16) + ",\"AES-CBC-128\",,,\"NONE\"";
    const auto read = parse_ike_table(text, "table");
    ASSERT_FALSE(read) << text;
    EXPECT_THAT(to_string(read.error()), HasSubstr(one.why)) << text;
    EXPECT_THAT(to_string(read.error()), testing::Not(HasSubstr("aaaaaaaaaaaaaaaa")));
  }
}

// Cut at every length and damaged at every octet: an error has a place, and no key in it.
TEST(IkeTable, DamageIsToldWithItsPlaceAndWithoutTheKey) {
  const std::string spis = "0123456789abcdef,fedcba9876543210,", secret = "5ec12e7";
  const std::string keys = "00" + secret + "1" + key(11) + ",";
  const std::string whole = spis + keys + keys + "\"AES-CBC-128 [RFC3602]\"," + key(20) + "," + key(20) +
                            ",\"HMAC_SHA1_96 [RFC2404]\"\n";
  ASSERT_TRUE(parse_ike_table(whole, "table"));
  const auto expect_a_place = [&](const std::string& text) {
    const auto read = parse_ike_table(text, "table");
    if (read) return;
    const std::string told = to_string(read.error());
    EXPECT_THAT(told, testing::MatchesRegex("table:[0-9]+:[0-9]+: expected .*(found|have) .*")) << text;
    EXPECT_THAT(told, testing::Not(HasSubstr(secret))) << text;
  };
  for (std::size_t at = 0; at < whole.size(); ++at) {
    expect_a_place(whole.substr(0, at));
    for (const char flip : {'\x01', '\x10', '\x40', '\x7f'}) {
      std::string text = whole;
      text[at] = static_cast<char>(text[at] ^ flip);
      expect_a_place(text);
    }
  }
}

TEST(IkeTable, ReadsWiresharksOwn) {
  const std::filesystem::path path =
      std::filesystem::path(MPSEC_SHARED_DIR) / "data/wireshark/ikev2_decryption_table";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is absent";
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  ASSERT_EQ(detect_key_format(text), KeyFormat::ikev2);
  const auto read = parse_keys(text, "table");
  ASSERT_TRUE(read) << to_string(read.error());
  EXPECT_EQ(read->ike.size(), static_cast<std::size_t>(std::ranges::count(text, '\n')));
  EXPECT_TRUE(read->warnings.empty());
}

constexpr std::string_view toml_spis =
    "[[ike]]\ninitiator_spi = \"0123456789abcdef\"\nresponder_spi = \"fedcba9876543210\"\n";

TEST(IkeToml, ReadsAllThatThereIs) {
  const auto read = parse_toml_keys(
      std::string(toml_spis) + "encryption = \"AES_CBC\"\nsk_ei = \"" + key(16) + "\"\nsk_er = \"" + key(16) +
          "\"\nintegrity = \"HMAC_SHA2_256_128\"\nsk_ai = \"" + key(32) + "\"\nsk_ar = \"" + key(32) +
          "\"\nsk_d = \"00 11\"\nprf = \"HMAC_SHA2_256\"\ng_ir = [\"0102\", \"03:04\"]\n",
      "keys");
  ASSERT_TRUE(read) << to_string(read.error());
  const IkeKeyEntry& entry = read->ike.at(0);
  EXPECT_EQ(entry.responder_spi, IkeSpi{0xfedcba9876543210});
  EXPECT_EQ(entry.messages->ei.size(), 16u);
  EXPECT_EQ(to_hex(entry.d.view()), "0011");
  EXPECT_EQ(entry.prf, crypto::PrfId::hmac_sha2_256);
  ASSERT_EQ(entry.shared_secrets.size(), 2u);
  EXPECT_EQ(to_hex(entry.shared_secrets[1].view()), "0304");
  EXPECT_FALSE(parse_toml_keys(std::string(toml_spis) + "sk_d = \"00\"\n", "keys")->ike.at(0).messages);
}

TEST(IkeToml, SaysWhereAndWhatIsAllowed) {
  const auto refused = [](std::string text) { return to_string(parse_toml_keys(text, "keys").error()); };
  EXPECT_THAT(refused("[[ike]]\ninitiator_spi = \"12\"\n"),
              HasSubstr("keys:2:17: ike[0]/initiator_spi: expected an SPI: a text of 16 hexadecimal digits"));
  EXPECT_THAT(refused(std::string(toml_spis) + "colour = 1\n"),
              HasSubstr("ike[0]: expected one of initiator_spi"));
  EXPECT_THAT(refused(std::string(toml_spis) + "prf = \"ROT13\"\n"),
              HasSubstr("keys:4:7: ike[0]/prf: expected one of"));
  EXPECT_THAT(refused(std::string(toml_spis) + "g_ir = \"00\"\n"),
              HasSubstr("expected a list of shared secrets"));
  EXPECT_THAT(refused(std::string(toml_spis) + "sk_ei = \"00\"\n"),
              HasSubstr("the algorithm that sk_ei and sk_er are for"));
  EXPECT_THAT(refused(std::string(toml_spis) + "encryption = \"AES_CBC\"\nsk_ei = \"" + key(16) +
                      "\"\nsk_er = \"" + key(16) + "\"\n"),
              HasSubstr("expected an algorithm, or unverified_icv_octets"));
  EXPECT_THAT(
      refused(std::string(toml_spis) + "encryption = \"AES_GCM_16\"\nsk_ei = \"00\"\nsk_er = \"00\"\n"),
      HasSubstr("expected a key of 20, 28, 36 octets for ENCR_AES_GCM_16, salt included, found 1"));
  EXPECT_THAT(refused("ike = 3\n"), HasSubstr("ike: expected one or more tables [[ike]]"));
}

}  // namespace
}  // namespace mpsec::replay
