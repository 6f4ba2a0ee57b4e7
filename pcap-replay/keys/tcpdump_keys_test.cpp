#include "pcap-replay/keys/tcpdump_keys.hpp"

#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pcap-replay/keys/key_file.hpp"

namespace mpsec::replay {
namespace {

using crypto::EncryptionId;
using crypto::IntegrityId;
using testing::HasSubstr;

KeyFile parsed(std::string_view text) {
  auto keys = parse_tcpdump_keys(text, "keys");
  if (!keys) ADD_FAILURE() << to_string(keys.error());
  return keys ? *std::move(keys) : KeyFile{};
}

std::string refused(std::string_view text) {
  const auto keys = parse_tcpdump_keys(text, "keys");
  return keys ? "nothing" : to_string(keys.error());
}

TEST(TcpdumpKeys, ReadsOneSaALine) {
  const KeyFile keys = parsed(
      "# comment\n\n"
      "0x12345678@192.0.2.45 3des-cbc-hmac96:0x43434545464649494a4a4c4c4f4f51515252545457575840\r\n"
      "  4097@2001:db8::1\taes128-cbc:0123456789abcdef   # trailing\n");
  ASSERT_EQ(keys.entries.size(), 2u);
  const KeyEntry& first = keys.entries[0];
  EXPECT_EQ(first.where, "keys:3");
  EXPECT_EQ(first.spi, SpiMatch::exactly(0x12345678));
  EXPECT_EQ(first.destination, AddressMatch::exactly(ip("192.0.2.45")));
  EXPECT_EQ(first.source, AddressMatch::any());
  EXPECT_FALSE(first.mode_known);
  EXPECT_EQ(first.parameters.encryption, EncryptionId::triple_des);
  EXPECT_EQ(to_hex(first.parameters.encryption_key.view()),
            "43434545464649494a4a4c4c4f4f51515252545457575840");
  EXPECT_EQ(first.parameters.integrity, IntegrityId::none);
  EXPECT_TRUE(first.parameters.allow_no_integrity);
  EXPECT_EQ(first.parameters.unverified_icv_octets, 12);
  const KeyEntry& second = keys.entries[1];
  EXPECT_EQ(second.spi, SpiMatch::exactly(4097));
  EXPECT_EQ(second.destination, AddressMatch::exactly(ip("2001:db8::1")));
  EXPECT_EQ(second.parameters.encryption_key.size(), 16u);
  EXPECT_EQ(second.parameters.unverified_icv_octets, 0);
}

TEST(TcpdumpKeys, ALineWithoutSpiIsForTheRest) {
  const KeyFile keys = parsed("aes256-hmac96:0123456789abcdef0123456789abcdef\n0x1000@192.0.2.1 none:\n");
  ASSERT_EQ(keys.entries.size(), 2u);
  EXPECT_EQ(keys.entries[0].parameters.encryption, EncryptionId::null);
  EXPECT_EQ(keys.entries[1].spi, SpiMatch::any());
  EXPECT_EQ(keys.entries[1].destination, AddressMatch::any());
}

TEST(TcpdumpKeys, WhatFollowsTheCipherKeyAuthenticates) {
  const std::string cipher_key(32, '1');
  const KeyFile keys = parsed("aes128-cbc-hmac96:0x" + cipher_key + std::string(40, '2') + "\n" +
                              "aes128-cbc-hmac96:0x" + cipher_key + std::string(32, '3') + "\n");
  EXPECT_EQ(keys.entries.at(0).parameters.integrity, IntegrityId::hmac_sha1_96);
  EXPECT_EQ(to_hex(keys.entries.at(0).parameters.integrity_key.view()), std::string(40, '2'));
  EXPECT_FALSE(keys.entries.at(0).parameters.allow_no_integrity);
  EXPECT_EQ(keys.entries.at(1).parameters.integrity, IntegrityId::hmac_md5_96);
  EXPECT_TRUE(keys.warnings.empty());
}

TEST(TcpdumpKeys, AKeyTooLongIsCutAsTcpdumpDoes) {
  const KeyFile keys = parsed("aes128-cbc-hmac96:0x" + std::string(40, '1'));
  EXPECT_EQ(keys.entries.at(0).parameters.encryption_key.size(), 16u);
  EXPECT_EQ(keys.entries.at(0).parameters.unverified_icv_octets, 12);
  ASSERT_EQ(keys.warnings.size(), 1u);
  EXPECT_THAT(to_string(keys.warnings[0]), HasSubstr("keys:1:19: 4 octets behind the cipher's key"));
}

TEST(TcpdumpKeys, ReadsAllNamesOfTheCiphersWeHave) {
  for (const char* name :
       {"3des", "3des-cbc", "des3", "aes192-cbc-hmac96", "AES-192-CBC-hmac96", "aes-192-hmac96"})
    EXPECT_EQ(parsed(std::string(name) + ":0123456789abcdef01234567").entries.size(), 1u) << name;
}

TEST(TcpdumpKeys, CiphersWeLackAreWarnings) {
  for (const char* name : {"des-cbc", "blowfish-cbc", "rc3-cbc", "cast128-cbc", "camellia256-cbc-hmac96"}) {
    const KeyFile keys = parsed(std::string(name) + ":01234567");
    EXPECT_TRUE(keys.entries.empty()) << name;
    ASSERT_EQ(keys.warnings.size(), 1u) << name;
    EXPECT_EQ(to_string(keys.warnings[0]), "keys:1:1: " + std::string(name) + " is not supported");
  }
}

TEST(TcpdumpKeys, AnotherFileIsNotFollowed) {
  const KeyFile keys = parsed("file other.txt\n");
  EXPECT_TRUE(keys.entries.empty());
  EXPECT_THAT(to_string(keys.warnings.at(0)), HasSubstr("keys:1:1: another key file is named here"));
}

TEST(TcpdumpKeys, NamesWhatIsWrong) {
  EXPECT_EQ(refused("\n1g@192.0.2.1 aes128:x"),
            "keys:2:1: expected SPI@address, the SPI decimal or 0x-hexadecimal, found \"1g@192.0.2.1\"");
  EXPECT_EQ(
      refused("0x100000000@192.0.2.1 aes128:x"),
      "keys:1:1: expected SPI@address, the SPI decimal or 0x-hexadecimal, found \"0x100000000@192.0.2.1\"");
  EXPECT_EQ(refused("0x1000@192.0.2 aes128:x"),
            "keys:1:8: expected an IPv4 or IPv6 address, found \"192.0.2\"");
  EXPECT_EQ(refused("0x1000@192.0.2.1"), "keys:1:17: expected algorithm:secret, found the end of the line");
  EXPECT_THAT(refused("0x1000@192.0.2.1 rot13:x"), HasSubstr("keys:1:18: expected an algorithm such as"));
  EXPECT_EQ(refused("0x1000@192.0.2.1 aes128:0xzz"),
            "keys:1:27: expected a hexadecimal digit of the key, found another character");
  EXPECT_EQ(refused("0x1000@192.0.2.1 aes128:0xaa"),
            "keys:1:25: expected a key of at least 16 octets, found 1");
  EXPECT_EQ(refused("0x1000@192.0.2.1 aes128:x more"),
            "keys:1:27: expected the end of the line, found something else of 4 characters");
}

TEST(TcpdumpKeys, NeverShowsAKey) {
  EXPECT_EQ(refused("0x1000@192.0.2.1 0xdeadbeef"),
            "keys:1:18: expected algorithm:secret, found something else of 10 characters");
  EXPECT_THAT(refused("0x1000@192.0.2.1 aes128:0xdeadbeefq"), Not(HasSubstr("deadbeef")));
}

TEST(TcpdumpKeys, ReadsTcpdumpsOwnSample) {
  const std::string path = MPSEC_SHARED_DIR "/data/tcpdump/esp-secrets.txt";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no ../shared/data/tcpdump";
  const auto keys = load_keys(path);
  ASSERT_TRUE(keys) << to_string(keys.error());
  EXPECT_EQ(keys->entries.size(), 3u);
  for (const KeyEntry& entry : keys->entries)
    EXPECT_EQ(entry.parameters.unverified_icv_octets, 12);
}

}  // namespace
}  // namespace mpsec::replay
