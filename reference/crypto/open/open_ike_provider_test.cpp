#include "crypto/open/open_ike_provider.hpp"

#include <gtest/gtest.h>

namespace mpsec::crypto {
namespace {

TEST(OpenIkeProvider, BothEndsOfEveryGroupHaveOneSecret) {
  const auto provider = make_open_ike_provider();
  SeededRng rng(1);
  int groups = 0;
  for (const KeyExchangeTransform& transform : key_exchange_transforms()) {
    if (!provider->supports(transform)) continue;
    const auto a = provider->key_exchange(transform, rng).value();
    const auto b = provider->key_exchange(transform, rng).value();
    EXPECT_EQ(a->public_value().size(), transform.public_octets);
    const auto one = a->shared_secret(b->public_value()), other = b->shared_secret(a->public_value());
    ASSERT_TRUE(one && other) << transform.name;
    EXPECT_EQ(one->view().size(), transform.shared_octets);
    EXPECT_EQ(to_hex(one->view()), to_hex(other->view())) << transform.name;
    EXPECT_NE(to_hex(a->public_value()), to_hex(b->public_value())) << transform.name;
    ++groups;
  }
  EXPECT_GT(groups, 10);
}

TEST(OpenIkeProvider, PublicValuesThatCannotBeAreRefused) {
  const auto provider = make_open_ike_provider();
  SeededRng rng(1);
  const auto refusal = [&](KeyExchangeId id, std::size_t octets) {
    return provider->key_exchange(**find(id), rng).value()->shared_secret(Octets(octets)).error();
  };
  EXPECT_EQ(refusal(KeyExchangeId::curve25519, 31), PublicValueFault::wrong_length);
  EXPECT_EQ(refusal(KeyExchangeId::curve25519, 32), PublicValueFault::zero_secret);
  EXPECT_EQ(refusal(KeyExchangeId::modp_2048, 256), PublicValueFault::out_of_range);
}

TEST(OpenIkeProvider, PrfDependsOnKeyAndTextAndNotOnItsParts) {
  const auto provider = make_open_ike_provider();
  const auto output = [&](std::string_view key, std::initializer_list<OctetView> parts) {
    const auto prf = provider->prf(**find(PrfId::hmac_sha2_256), hex(key)).value();
    return to_hex(output_of(*prf, parts).view());
  };
  const Octets ab = hex("6162"), a = hex("61"), b = hex("62"), zero = hex("00");
  EXPECT_EQ(output("01", {ab}), output("01", {a, b}));
  EXPECT_EQ(output("01", {ab}).size(), 64u);
  EXPECT_NE(output("01", {ab}), output("02", {ab}));
  EXPECT_NE(output("01", {ab}), output("01", {b, a}));
  EXPECT_NE(output("01", {zero}), output("0100", {}));
}

}  // namespace
}  // namespace mpsec::crypto
