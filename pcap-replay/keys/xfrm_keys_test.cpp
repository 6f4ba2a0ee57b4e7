#include "pcap-replay/keys/xfrm_keys.hpp"

#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>

namespace mpsec::replay {
namespace {

using crypto::EncryptionId;
using crypto::IntegrityId;
using ipsec::Mode;
using ipsec::Protocol;
using testing::HasSubstr;

// What iproute2 6.1 printed for SAs of a Linux 6.1 kernel.
std::string sample(const std::string& name) {
  std::ifstream file(MPSEC_SOURCE_DIR "/pcap-replay/keys/samples/" + name);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

KeyFile parsed(std::string_view text) {
  auto keys = parse_xfrm_keys(text, "xfrm");
  if (!keys) ADD_FAILURE() << to_string(keys.error());
  return keys ? *std::move(keys) : KeyFile{};
}

std::string refused(std::string_view text) {
  const auto keys = parse_xfrm_keys(text, "xfrm");
  return keys ? "nothing" : to_string(keys.error());
}

void expect_first_half(const KeyFile& keys) {
  ASSERT_EQ(keys.entries.size(), 6u);
  const auto& chacha = keys.entries[0];
  EXPECT_EQ(chacha.spi, SpiMatch::exactly(0x104));
  EXPECT_EQ(chacha.parameters.encryption, EncryptionId::chacha20_poly1305);
  EXPECT_EQ(chacha.parameters.encryption_key.size(), 36u);
  EXPECT_FALSE(chacha.window_known);
  EXPECT_EQ(chacha.destination, AddressMatch::exactly(ip("10.0.0.2")));

  const auto& without_integrity = keys.entries[1];
  EXPECT_EQ(without_integrity.version, IpVersion::v6);
  EXPECT_EQ(without_integrity.parameters.encryption, EncryptionId::triple_des);
  EXPECT_TRUE(without_integrity.parameters.allow_no_integrity);
  EXPECT_EQ(without_integrity.parameters.unverified_icv_octets, 0);

  const auto& cut_sha256 = keys.entries[2];
  EXPECT_EQ(cut_sha256.parameters.encryption, EncryptionId::null);
  EXPECT_EQ(cut_sha256.parameters.integrity, IntegrityId::none);
  EXPECT_EQ(cut_sha256.parameters.unverified_icv_octets, 12);

  const auto& ah = keys.entries[3];
  EXPECT_EQ(ah.parameters.protocol, Protocol::ah);
  EXPECT_EQ(ah.parameters.mode, Mode::transport);
  EXPECT_TRUE(ah.mode_known);
  EXPECT_EQ(ah.parameters.integrity, IntegrityId::hmac_sha1_96);
}

void expect_second_half(const KeyFile& keys) {
  ASSERT_EQ(keys.entries.size(), 6u);
  const auto& extended = keys.entries[4];
  EXPECT_TRUE(extended.parameters.extended_sequence_numbers);
  EXPECT_TRUE(extended.window_known);
  EXPECT_EQ(extended.parameters.replay_window, 128u);
  ASSERT_TRUE(extended.parameters.udp);
  EXPECT_EQ(extended.parameters.udp->destination_port, 4500);
  ASSERT_EQ(extended.parameters.selectors.size(), 1u);
  EXPECT_EQ(extended.parameters.selectors[0].protocol, ipsec::ProtocolSelector::number(6));
  EXPECT_EQ(extended.parameters.selectors[0].remote_port, ipsec::PortSelector::one(80));
  EXPECT_EQ(to_string(extended.parameters.selectors[0].remote.at(0)),
            to_string(ipsec::AddressRange::of(ip("10.0.0.2"))));

  const auto& usual = keys.entries[5];
  EXPECT_EQ(usual.parameters.mode, Mode::tunnel);
  EXPECT_EQ(usual.parameters.encryption, EncryptionId::aes_cbc);
  EXPECT_EQ(usual.parameters.integrity, IntegrityId::hmac_sha2_256_128);
  EXPECT_TRUE(usual.window_known);
  EXPECT_EQ(usual.parameters.replay_window, 32u);
  EXPECT_TRUE(usual.parameters.selectors.empty());

  ASSERT_EQ(keys.warnings.size(), 2u);
  EXPECT_THAT(to_string(keys.warnings[0]), HasSubstr("mode beet is passed over"));
  EXPECT_THAT(to_string(keys.warnings[1]),
              HasSubstr("hmac(sha256) with an ICV of 96 bits is not supported: ICVs are not checked"));
}

TEST(XfrmKeys, ReadsWhatIproute2Prints) {
  const KeyFile keys = parsed(sample("xfrm_state.txt"));
  expect_first_half(keys);
  expect_second_half(keys);
}

TEST(XfrmKeys, ReadsWhatIproute2PrintsWithStatistics) {
  const KeyFile keys = parsed(sample("xfrm_state_statistics.txt"));
  expect_first_half(keys);
  expect_second_half(keys);
}

const std::string head = "src 192.0.2.1 dst 192.0.2.2\n\tproto esp spi 0x1000 reqid 1 mode tunnel\n";

TEST(XfrmKeys, HiddenKeysAreAWarning) {
  const KeyFile keys =
      parsed(head + "\tauth-trunc hmac(md5) <<Keys hidden>> 96\n\tenc cbc(aes) <<Keys hidden>>\n");
  EXPECT_TRUE(keys.entries.empty());
  EXPECT_EQ(to_string(keys.warnings.at(0)), "xfrm:3:23: the keys are hidden: print them without 'nokeys'");
}

TEST(XfrmKeys, WhatWeLackIsAWarning) {
  EXPECT_THAT(to_string(parsed(head + "\tenc cbc(twofish) 0x00\n").warnings.at(0)),
              HasSubstr("xfrm:3:6: cbc(twofish) is not supported"));
  EXPECT_THAT(to_string(parsed(head + "\taead rfc4106(gcm(aes)) 0x00 32\n").warnings.at(0)),
              HasSubstr("with an ICV of 32 bits"));
  EXPECT_THAT(
      to_string(parsed("src 192.0.2.1 dst 192.0.2.2\n\tproto comp spi 0x1 mode tunnel\n").warnings.at(0)),
      HasSubstr("protocol comp is passed over"));
  EXPECT_THAT(to_string(parsed("src 192.0.2.1 dst 192.0.2.2\n").warnings.at(0)),
              HasSubstr("without a line \"proto ...\""));
}

TEST(XfrmKeys, NamesWhatIsWrong) {
  EXPECT_EQ(refused("\tproto esp\n"),
            "xfrm:1:2: expected \"src ADDRESS dst ADDRESS\" at the start of a line, found \"proto esp\"");
  EXPECT_EQ(refused("src 192.0.2.1 to\n"), "xfrm:1:15: expected \"dst ADDRESS\", found \"to\"");
  EXPECT_EQ(refused("src 192.0.2 dst 192.0.2.1\n"),
            "xfrm:1:5: expected an IPv4 or IPv6 address, found \"192.0.2\"");
  EXPECT_EQ(refused("src 192.0.2.1 dst ::1\n"), "xfrm:1:1: the two addresses are of different families");
  EXPECT_EQ(refused("src 192.0.2.1 dst 192.0.2.2\n\tproto esp spi x\n"),
            "xfrm:2:16: expected an SPI of 32 bits, found \"x\"");
  EXPECT_EQ(refused(head + "\tenc cbc(aes) 0x00zz\n"),
            "xfrm:3:19: expected a hexadecimal digit of the key, found another character");
  EXPECT_EQ(refused(head + "\tenc cbc(aes) 0x00\n"),
            "xfrm:3:15: expected a key of 16, 24, 32 octets for ENCR_AES_CBC, found 1");
  EXPECT_EQ(refused(head + "\tenc ecb(cipher_null)\n\tenc ecb(cipher_null)\n"),
            "xfrm:4:6: expected one cipher for an SA, found a second one");
  EXPECT_EQ(refused(head + "\treplay-window many\n"),
            "xfrm:3:16: expected the size of a replay window, found \"many\"");
  EXPECT_EQ(refused(head + "\tencap type espinudp sport 99999\n"),
            "xfrm:3:28: expected a port, found \"99999\"");
  EXPECT_EQ(refused(head + "\tsel src 10.0.0.0/33\n"),
            "xfrm:3:10: expected an address prefix, found \"10.0.0.0/33\"");
}

TEST(XfrmKeys, NeverShowsAKey) {
  EXPECT_EQ(refused(head + "\tenc cbc(aes) deadbeef\n"),
            "xfrm:3:15: expected a key as 0x and hexadecimal digits, found something else of 8 characters");
}

}  // namespace
}  // namespace mpsec::replay
