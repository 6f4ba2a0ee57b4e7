// Whole messages: what decodes encodes to itself, errors say where, completion makes a message right.
#include "wire/ike/message.hpp"

#include <gtest/gtest.h>

#include "wire/ike/complete.hpp"

namespace mpsec::wire::ike {
namespace {

Transform transform(TransformType type, std::uint16_t id, std::uint16_t key_bits = 0) {
  Transform made{.type = type, .id = id};
  if (key_bits > 0) made.attributes.push_back({.value = key_bits});
  return made;
}

Message ike_sa_init() {
  Message message{.header = {.initiator_spi = IkeSpi(0x0102030405060708), .initiator = true}};
  Proposal proposal{.transforms = {transform(TransformType::encryption, 12, 256),
                                   transform(TransformType::pseudorandom_function, 5),
                                   transform(TransformType::integrity, 12),
                                   transform(TransformType::key_exchange, 31)}};
  message.payloads = {make_payload(SecurityAssociation{{proposal}}),
                      make_payload(KeyExchange{.method = 31, .data = Octets(32, 7)}),
                      make_payload(Nonce{Octets(32, 9)}),
                      make_payload(make_notify(NotifyType::cookie, Octets(8, 1)))};
  EXPECT_TRUE(complete(message));
  return message;
}

TEST(IkeMessage, WhatIsEncodedDecodesToTheSame) {
  const Message message = ike_sa_init();
  const Octets octets = encode(message);
  const auto decoded = decode_message(octets);
  ASSERT_TRUE(decoded) << to_string(decoded.error());
  EXPECT_EQ(*decoded, message);
  EXPECT_EQ(encode(*decoded), octets);
  EXPECT_EQ(find<KeyExchange>(decoded->payloads)->method, 31);
  EXPECT_NE(find_notify(decoded->payloads, NotifyType::cookie), nullptr);
}

TEST(IkeMessage, AnErrorNamesPathPlaceAndClause) {
  Octets octets = encode(ike_sa_init());
  octets[28 + 4 + 8 + 12 + 3] = 7;  // the second transform's length
  const auto refused = decode_message(octets);
  ASSERT_FALSE(refused);
  EXPECT_EQ(
      to_string(refused.error()),
      "IKE_SA_INIT/SA/Proposal[0]/Transform[1]/Transform ID @ 0x3a: need 2 octets, have 1 (RFC 7296 3.3.2)");
}

}  // namespace
}  // namespace mpsec::wire::ike
