#include "ike/cookie_jar.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "crypto/openssl/openssl_ike_provider.hpp"

namespace mpsec::ike {
namespace {

using std::chrono::seconds;

const Octets nonce = hex("000102030405060708090a0b0c0d0e0f");

Instant at(int second) {
  return Instant(seconds(second));
}

class Cookies : public testing::Test {
 protected:
  std::unique_ptr<crypto::IkeProvider> provider = crypto::make_openssl_ike_provider();
  SeededRng rng{1};
  std::unique_ptr<StatelessCookieJar> jar =
      std::move(StatelessCookieJar::make({.demand_from = 10, .relax_below = 4, .rotation = seconds(60)},
                                         *provider, rng, at(0))
                    .value());
  CookieRequest request{nonce, {ip("192.0.2.1"), 500}, IkeSpi(0x0123456789abcdef)};
};

//= rfc7296/2.6/cookie-binds-nonce-address-and-spi
TEST_F(Cookies, AreGoodForTheSameRequestOnly) {
  const Cookie cookie = jar->cookie_for(request, at(0));
  ASSERT_GE(cookie.size, 1u);
  ASSERT_LE(cookie.size, 64u);
  EXPECT_TRUE(jar->accepts(request, cookie.view(), at(1)));
  const Octets other_nonce = hex("ff0102030405060708090a0b0c0d0e0f");
  const CookieRequest others[] = {{other_nonce, request.source, request.initiator_spi},
                                  {nonce, {ip("192.0.2.2"), 500}, request.initiator_spi},
                                  {nonce, {ip("192.0.2.1"), 501}, request.initiator_spi},
                                  {nonce, {ip("2001:db8::1"), 500}, request.initiator_spi},
                                  {nonce, request.source, IkeSpi(1)}};
  for (const CookieRequest& other : others)
    EXPECT_FALSE(jar->accepts(other, cookie.view(), at(1)));
}

TEST_F(Cookies, AreRefusedWhenAnyBitDiffersOrOctetsLack) {
  const Cookie cookie = jar->cookie_for(request, at(0));
  for (std::size_t bit = 0; bit < cookie.size * 8; ++bit) {
    Cookie forged = cookie;
    forged.octets[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    EXPECT_FALSE(jar->accepts(request, forged.view(), at(0))) << "bit " << bit;
  }
  for (std::size_t size = 0; size < cookie.size; ++size)
    EXPECT_FALSE(jar->accepts(request, cookie.view().first(size), at(0)));
  EXPECT_FALSE(jar->accepts(request, OctetView(cookie.octets), at(0)));
}

//= rfc7296/2.6/old-secret-is-good-for-a-short-time
TEST_F(Cookies, OutliveOneChangeOfTheSecretNotTwo) {
  const Cookie cookie = jar->cookie_for(request, at(59));
  EXPECT_TRUE(jar->accepts(request, cookie.view(), at(60))) << "the secret before this one";
  EXPECT_NE(jar->cookie_for(request, at(60)).octets, cookie.octets);
  EXPECT_TRUE(jar->accepts(request, cookie.view(), at(119)));
  EXPECT_FALSE(jar->accepts(request, cookie.view(), at(120)));
}

TEST_F(Cookies, AreNotGoodAfterALongSilence) {
  const Cookie cookie = jar->cookie_for(request, at(0));
  EXPECT_FALSE(jar->accepts(request, cookie.view(), at(120)));
}

//= rfc7296/2.6/cookies-while-many-are-half-open
TEST_F(Cookies, AreDemandedWithHysteresis) {
  const std::pair<std::size_t, bool> course[] = {{0, false}, {9, false}, {10, true}, {11, true},
                                                 {4, true},  {3, false}, {9, false}, {10, true}};
  for (const auto& [half_open, demanded] : course)
    EXPECT_EQ(jar->demanded(half_open), demanded) << half_open;
}

TEST_F(Cookies, CanBeDemandedAlways) {
  const auto always = StatelessCookieJar::make({.demand_from = 0}, *provider, rng, at(0));
  ASSERT_TRUE(always);
  EXPECT_TRUE((*always)->demanded(0));
}

}  // namespace
}  // namespace mpsec::ike
