#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/select/select_provider.hpp"
#include "vectors/run/run_packet.hpp"

namespace mpsec::vectors {
namespace {

using testing::HasSubstr;
using Verdict = Outcome::Verdict;

const crypto::Provider& openssl() {
  static const auto provider = crypto::select_provider("openssl").value();
  return *provider;
}

Outcome tried(const PacketCase& packet, Expectation expectation = Expectation::pass()) {
  return run_packet(packet, expectation, openssl());
}

PacketCase chacha() {  // RFC 7634 Appendix A
  PacketCase packet;
  packet.mode = Mode::tunnel;
  packet.spi = Spi(0x01020304);
  packet.sequence = SequenceNumber(5);
  packet.encryption = PacketTransform{Algorithm::chacha20_poly1305,
                                      hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"),
                                      hex("a0a1a2a3"), 16};
  packet.iv = hex("1011121314151617");
  packet.plain =
      hex("45000054a6f200004001e778c6336405c000020508005b7a3a080000553bec100007362708090a0b0c0d0e0f10111213"
          "1415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f3031323334353637");
  packet.protected_packet =
      hex("4500008c234500004032de5bcb007199cb0071050102030400000005101112131415161724039428b97f417e3c13753a"
          "4f05087b67c352e6a7fab1b982d466ef407ae5c614ee8099d52844eb61aa95dfab4c02f72aa71e7c4c4f64c9befe2fac"
          "c638e8f3cbec163fac469b502773f6fb94e664da9165b82829f641e076aaa8266b7fb0f7b11b369907e1ad43");
  return packet;
}

TEST(RunPacket, GoesOutAndComesIn) {
  EXPECT_EQ(tried(chacha()).text, "");
  EXPECT_EQ(tried(chacha()).verdict, Verdict::passed);
}

TEST(RunPacket, NoticesADifferenceEitherWay) {
  PacketCase packet = chacha();
  packet.plain.back() ^= 1;
  EXPECT_THAT(tried(packet).text, HasSubstr("outbound: expected 4500008c"));
  packet.outbound = false;
  EXPECT_THAT(tried(packet).text, HasSubstr("inbound: expected 45000054"));
  packet = chacha();
  packet.protected_packet[8] =
      63;  // the hop limit is the sender's to choose, but then the checksum is not right
  EXPECT_THAT(tried(packet).text, HasSubstr("outbound: expected"));
  packet.outbound = false;
  packet.sequence = SequenceNumber(6);
  EXPECT_THAT(tried(packet).text, HasSubstr("inbound: expected number 6, got 5"));
}

TEST(RunPacket, WantsADiscardForItsOwnCause) {
  PacketCase packet = chacha();
  packet.protected_packet.back() ^= 1;
  EXPECT_EQ(tried(packet, Expectation::refuse(Reason::icv)).verdict, Verdict::passed);
  EXPECT_EQ(tried(packet, Expectation::refuse(Reason::padding)).text,
            "inbound: expected refusal for padding, got refusal for icv: integrity_failed");
  EXPECT_THAT(tried(chacha(), Expectation::refuse(Reason::icv)).text, HasSubstr("got accepted"));
}

TEST(RunPacket, TellsARefusedSaFromAMissingSize) {
  PacketCase packet = chacha();
  packet.encryption->key.pop_back();
  EXPECT_EQ(tried(packet, Expectation::refuse(Reason::key_size)).verdict, Verdict::passed);
  EXPECT_THAT(tried(packet).text, HasSubstr("SA/encryption key"));
  packet = chacha();
  packet.encryption->icv_size = 12;
  EXPECT_EQ(tried(packet, Expectation::refuse(Reason::icv_size)).verdict, Verdict::passed);
  EXPECT_EQ(tried(packet).verdict, Verdict::not_run);
  packet = chacha();
  packet.spi = Spi(0);
  EXPECT_THAT(tried(packet).text, HasSubstr("SA/SPI: 0 is reserved"));
}

}  // namespace
}  // namespace mpsec::vectors
