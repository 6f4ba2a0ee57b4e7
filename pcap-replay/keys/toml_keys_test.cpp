#include "pcap-replay/keys/toml_keys.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mpsec::replay {
namespace {

using crypto::EncryptionId;
using crypto::IntegrityId;
using testing::HasSubstr;

KeyFile parsed(std::string_view text) {
  auto keys = parse_toml_keys(text, "keys.toml");
  if (!keys) ADD_FAILURE() << to_string(keys.error());
  return keys ? *std::move(keys) : KeyFile{};
}

std::string refused(std::string_view text) {
  const auto keys = parse_toml_keys(text, "keys.toml");
  return keys ? "nothing" : to_string(keys.error());
}

TEST(TomlKeys, ReadsAllThereIs) {
  const KeyFile keys = parsed(R"(
[[sa]]
spi = 0x1001
mode = "transport"
source = "198.51.100.0/24"
destination = "203.0.113.1"
encryption = "ENCR_AES_CBC"
encryption_key = "00010203 04050607 08090a0b 0c0d0e0f"
integrity = "hmac_sha2_256_128"
integrity_key = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
extended_sequence_numbers = true
replay_window = 128
udp = { source_port = 4501 }
selectors = [ { source = ["10.1.0.0/16"], protocol = 6, destination_port = 80 } ]
)");
  ASSERT_EQ(keys.entries.size(), 1u);
  const KeyEntry& esp = keys.entries[0];
  EXPECT_EQ(esp.where, "keys.toml:2");
  EXPECT_EQ(esp.spi, SpiMatch::exactly(0x1001));
  EXPECT_TRUE(esp.mode_known);
  EXPECT_EQ(esp.parameters.mode, ipsec::Mode::transport);
  EXPECT_TRUE(esp.source.matches(ip("198.51.100.9")));
  EXPECT_EQ(esp.parameters.encryption, EncryptionId::aes_cbc);
  EXPECT_EQ(to_hex(esp.parameters.encryption_key.view()), "000102030405060708090a0b0c0d0e0f");
  EXPECT_EQ(esp.parameters.integrity, IntegrityId::hmac_sha2_256_128);
  EXPECT_TRUE(esp.parameters.extended_sequence_numbers);
  EXPECT_EQ(esp.parameters.replay_window, 128u);
  EXPECT_EQ(esp.parameters.udp->source_port, 4501);
  EXPECT_EQ(esp.parameters.udp->destination_port, 4500);
  ASSERT_EQ(esp.parameters.selectors.size(), 1u);
  EXPECT_EQ(esp.parameters.selectors[0].local_port, ipsec::PortSelector::one(80));
}

TEST(TomlKeys, ReadsAnAhSa) {
  const KeyFile keys = parsed(R"(
[[sa]]
protocol = "ah"
integrity = "AUTH_HMAC_SHA1_96"
integrity_key = "000102030405060708090a0b0c0d0e0f10111213"
replay_window = 0
)");
  const KeyEntry& ah = keys.entries.at(0);
  EXPECT_EQ(ah.parameters.protocol, ipsec::Protocol::ah);
  EXPECT_FALSE(ah.mode_known);
  EXPECT_FALSE(ah.parameters.anti_replay);
  EXPECT_EQ(ah.spi, SpiMatch::any());
}

const std::string head = "[[sa]]\nencryption = \"AES_GCM_16\"\n";
const std::string good = head + "encryption_key = \"000102030405060708090a0b0c0d0e0f10111213\"\n";

TEST(TomlKeys, ReadsTheLeast) {
  EXPECT_EQ(parsed(good).entries.at(0).parameters.encryption, EncryptionId::aes_gcm_16);
  EXPECT_FALSE(parsed(good).entries.at(0).window_known);
}

TEST(TomlKeys, NamesWhatIsWrong) {
  EXPECT_EQ(refused(""), "keys.toml:1:1: keys/sa: expected one or more tables [[sa]] or [[ike]], found none");
  EXPECT_THAT(refused("[[sa]\n"), HasSubstr("keys.toml:1:"));
  EXPECT_EQ(refused("[[sa]]\nspi = 1\n"), "keys.toml:2:7: expected a value \"encryption\", found none");
  EXPECT_EQ(refused(good + "spi = -1\n"),
            "keys.toml:4:7: sa[0]/spi: expected a number from 0 to 4294967295, found -1");
  EXPECT_EQ(refused(good + "spi = \"x\"\n"),
            "keys.toml:4:7: sa[0]/spi: expected a number from 0 to 4294967295, found a text");
  EXPECT_THAT(refused(good + "spy = 1\n"),
              HasSubstr("keys.toml:4:1: sa[0]: expected one of spi, protocol, mode"));
  EXPECT_EQ(refused(good + "mode = \"beet\"\n"),
            "keys.toml:4:8: sa[0]/mode: expected \"tunnel\" or \"transport\", found \"beet\"");
  EXPECT_THAT(refused(good + "source = \"x\"\n"), HasSubstr("keys.toml:4:10: sa[0]/source: "));
  EXPECT_THAT(refused("[[sa]]\nencryption = \"ROT13\"\n"),
              HasSubstr("keys.toml:2:14: sa[0]/encryption: expected one of"));
  EXPECT_EQ(refused(head + "encryption_key = \"00\"\n"),
            "keys.toml:3:18: expected a key of 20, 28, 36 octets for ENCR_AES_GCM_16, found 1");
  EXPECT_EQ(refused(head),
            "keys.toml:2:14: expected a key of 20, 28, 36 octets for ENCR_AES_GCM_16, found 0");
  EXPECT_EQ(refused(good + "replay_window = 5\n"),
            "keys.toml:4:17: sa[0]/replay_window: expected 0, or 32 to 1048576");
  EXPECT_EQ(refused(good + "udp = true\n"),
            "keys.toml:4:7: sa[0]/udp: expected a table { source_port = ..., destination_port = ... }");
  EXPECT_THAT(refused(good + "udp = { port = 1 }\n"),
              HasSubstr("sa[0]/udp: expected one of source_port, destination_port, found \"port\""));
  EXPECT_THAT(refused(good + "selectors = [ { source = \"x\" } ]\n"),
              HasSubstr("sa[0]/selectors[0]/source: expected a list"));
  EXPECT_THAT(refused(good + "selectors = [ { source_port = 1 } ]\n"), HasSubstr("keys.toml:4:"));
  EXPECT_EQ(refused(good + "extended_sequence_numbers = 1\n"),
            "keys.toml:4:29: sa[0]/extended_sequence_numbers: expected true or false, found a whole number");
}

TEST(TomlKeys, NeverShowsAKey) {
  EXPECT_EQ(refused(head + "encryption_key = \"deadbeefzz\"\n"),
            "keys.toml:3:27: expected a hexadecimal digit of the key, found another character");
  EXPECT_THAT(refused(head + "encryption_key = \"deadbeef\n"), Not(HasSubstr("deadbeef")));
}

}  // namespace
}  // namespace mpsec::replay
