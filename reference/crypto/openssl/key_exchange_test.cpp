#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <set>

#include "crypto/openssl/openssl_ike_provider.hpp"

namespace mpsec::crypto {
namespace {

using enum KeyExchangeId;
using Fault = PublicValueFault;

const IkeProvider& provider() {
  static const auto made = make_openssl_ike_provider();
  return *made;
}

std::unique_ptr<KeyExchange> pair_of(const KeyExchangeTransform& transform, std::uint64_t seed) {
  SeededRng rng(seed);
  return provider().key_exchange(transform, rng).value();
}

std::vector<const KeyExchangeTransform*> computable() {
  std::vector<const KeyExchangeTransform*> all;
  for (const KeyExchangeTransform& transform : key_exchange_transforms())
    if (provider().supports(transform)) all.push_back(&transform);
  return all;
}

std::string hex_of(const SecretOctets& secret) {
  return to_hex(secret.view());
}

TEST(KeyExchange, EveryUsableMethodIsComputed) {
  for (const KeyExchangeTransform& transform : key_exchange_transforms()) {
    const bool usable =
        transform.kind != KeyExchangeKind::none && transform.kind != KeyExchangeKind::unsupported;
    EXPECT_EQ(provider().supports(transform), usable) << transform.name;
    SeededRng rng(1);
    EXPECT_EQ(provider().key_exchange(transform, rng).has_value(), usable) << transform.name;
  }
}

TEST(KeyExchange, BothSidesDeriveTheSameSecretOfTheFixedLength) {
  for (const KeyExchangeTransform* transform : computable()) {
    std::set<std::string> secrets;
    for (std::uint64_t seed = 1; seed < 4; ++seed) {
      const auto ours = pair_of(*transform, seed), theirs = pair_of(*transform, seed + 100);
      ASSERT_EQ(ours->public_value().size(), transform->public_octets) << transform->name;
      const auto here = ours->shared_secret(theirs->public_value());
      const auto there = theirs->shared_secret(ours->public_value());
      ASSERT_TRUE(here && there) << transform->name;
      EXPECT_EQ(here->size(), transform->shared_octets) << transform->name;
      EXPECT_EQ(hex_of(*here), hex_of(*there)) << transform->name;
      secrets.insert(hex_of(*here));
    }
    EXPECT_EQ(secrets.size(), 3u) << transform->name;
  }
}

TEST(KeyExchange, TheSameRandomOctetsMakeTheSamePair) {
  for (const KeyExchangeTransform* transform : computable()) {
    const auto first = pair_of(*transform, 7), second = pair_of(*transform, 7),
               other = pair_of(*transform, 8);
    EXPECT_TRUE(std::ranges::equal(first->public_value(), second->public_value())) << transform->name;
    EXPECT_FALSE(std::ranges::equal(first->public_value(), other->public_value())) << transform->name;
  }
}

//= rfc8031/3.1/public-value-of-another-length-refused
//= rfc7296/3.4/modp-value-has-the-length-of-the-modulus
TEST(KeyExchange, EveryOtherLengthIsRefused) {
  for (const KeyExchangeTransform* transform : computable()) {
    const auto ours = pair_of(*transform, 1);
    for (std::size_t octets = 0; octets <= transform->public_octets + 1u; ++octets) {
      if (octets == transform->public_octets) continue;
      const auto secret = ours->shared_secret(Octets(octets, 2));
      ASSERT_FALSE(secret) << transform->name << " " << octets;
      EXPECT_EQ(secret.error(), Fault::wrong_length);
    }
  }
}

// A public value that is a small number, or such a number below the prime.
Octets small_number(const KeyExchangeTransform& transform, std::uint8_t value) {
  Octets octets(transform.public_octets);
  octets.back() = value;
  return octets;
}

std::optional<Fault> fault_of(KeyExchangeId id, const Octets& peer_public) {
  const auto secret = pair_of(**find(id), 1)->shared_secret(peer_public);
  return secret ? std::nullopt : std::optional(secret.error());
}

//= rfc6989/2.1/public-value-between-1-and-p-minus-1
TEST(KeyExchange, ModpValuesOutOfRangeAreRefused) {
  for (const KeyExchangeTransform* transform : computable()) {
    if (transform->kind != KeyExchangeKind::modp_safe && transform->kind != KeyExchangeKind::modp_subgroup)
      continue;
    EXPECT_EQ(fault_of(transform->id, small_number(*transform, 0)), Fault::out_of_range) << transform->name;
    EXPECT_EQ(fault_of(transform->id, small_number(*transform, 1)), Fault::out_of_range) << transform->name;
    const bool subgroup = transform->kind == KeyExchangeKind::modp_subgroup;
    EXPECT_EQ(fault_of(transform->id, small_number(*transform, 2)) == std::nullopt, !subgroup);
    EXPECT_EQ(fault_of(transform->id, Octets(transform->public_octets, 0xff)), Fault::out_of_range);
  }
  // The primes of RFC 3526 end in 64 ones, so p-1 and p-2 are told by their last octet.
  Octets near_prime =
      hex("ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404ddef"
          "9519b3"
          "cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7edee386bfb5a"
          "899fa5"
          "ae9f24117c4b1fe649286651ece65381ffffffffffffffff");
  EXPECT_EQ(fault_of(modp_1024, near_prime), Fault::out_of_range);
  near_prime.back() = 0xfe;
  EXPECT_EQ(fault_of(modp_1024, near_prime), Fault::out_of_range);
  near_prime.back() = 0xfd;
  EXPECT_EQ(fault_of(modp_1024, near_prime), std::nullopt);
}

//= rfc8247/2.4/order-always-checked-in-groups-23-and-24
TEST(KeyExchange, ValuesOutsideASmallSubgroupAreRefused) {
  for (const KeyExchangeId id : {modp_1024_160, modp_2048_224, modp_2048_256})
    EXPECT_EQ(fault_of(id, small_number(**find(id), 2)), Fault::wrong_order);
}

//= rfc6989/2.3/point-satisfies-the-curve-equation
TEST(KeyExchange, PointsOffTheCurveAreRefused) {
  for (const KeyExchangeTransform* transform : computable()) {
    if (transform->kind != KeyExchangeKind::ecp) continue;
    EXPECT_EQ(fault_of(transform->id, Octets(transform->public_octets)), Fault::off_curve);
    EXPECT_EQ(fault_of(transform->id, Octets(transform->public_octets, 0xff)), Fault::out_of_range);
    const auto lawful = pair_of(*transform, 5);
    const Octets point(lawful->public_value().begin(), lawful->public_value().end());
    for (const std::size_t place : {std::size_t{transform->shared_octets} - 1, point.size() - 1}) {
      Octets altered = point;
      altered[place] ^= 1;
      EXPECT_EQ(fault_of(transform->id, altered), Fault::off_curve) << transform->name << " " << place;
    }
  }
}

// P-256's x = 5 is on the curve; x + p names the same point once reduced.
TEST(KeyExchange, CoordinatesArePrintedInOneWayOnly) {
  const Octets reduced =
      hex("0000000000000000000000000000000000000000000000000000000000000005"
          "459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc");
  EXPECT_EQ(fault_of(ecp_256, reduced), std::nullopt);
  Octets unreduced = reduced;
  std::ranges::copy(hex("ffffffff00000001000000000000000000000001000000000000000000000004"),
                    unreduced.begin());
  EXPECT_EQ(fault_of(ecp_256, unreduced), Fault::out_of_range);
}

//= rfc7748/6.1/all-zero-secret-refused
TEST(KeyExchange, PointsOfSmallOrderAreRefused) {
  EXPECT_EQ(fault_of(curve25519, Octets(32)), Fault::zero_secret);
  EXPECT_EQ(fault_of(curve25519, hex("0100000000000000000000000000000000000000000000000000000000000000")),
            Fault::zero_secret);
  EXPECT_EQ(fault_of(curve25519, hex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")),
            Fault::zero_secret);
  EXPECT_EQ(fault_of(curve448, Octets(56)), Fault::zero_secret);
}

TEST(KeyExchange, PrivateValuesOutOfRangeAreOurFault) {
  for (const KeyExchangeTransform* transform : computable()) {
    const auto refused =
        provider().key_exchange_from(*transform, Octets(transform->shared_octets + 1u, 0xff));
    ASSERT_FALSE(refused) << transform->name;
    EXPECT_EQ(refused.error().blame, Blame::local_fault);
  }
  EXPECT_FALSE(provider().key_exchange_from(**find(ecp_256), Octets(32)));
  EXPECT_FALSE(provider().key_exchange_from(**find(modp_2048), Octets(256)));
}

TEST(Prf, GivesTheSameForOneTextInAnyParts) {
  for (const PrfTransform& transform : prf_transforms()) {
    EXPECT_EQ(provider().supports(transform), transform.supported) << transform.name;
    if (!transform.supported) continue;
    rc::check(std::string(transform.name), [&] {
      const auto key = *rc::gen::container<Octets>(rc::gen::arbitrary<std::uint8_t>());
      const auto text = *rc::gen::container<Octets>(rc::gen::arbitrary<std::uint8_t>());
      const std::size_t cut = *rc::gen::inRange<std::size_t>(0, text.size() + 1);
      const auto prf = provider().prf(transform, key).value();
      const OctetView view(text);
      const SecretOctets whole = output_of(*prf, {view});
      const SecretOctets parts = output_of(*prf, {view.first(cut), view.subspan(cut)});
      RC_ASSERT(whole.size() == transform.output_octets);
      RC_ASSERT(std::ranges::equal(whole.view(), parts.view()));
    });
  }
}

//= rfc7296/2.13/not-defined-beyond-255-blocks
TEST(Prf, PlusEndsAfter255Blocks) {
  const auto prf = provider().prf(**find(PrfId::hmac_sha1), hex("6b")).value();
  const Octets seed = hex("73");
  const auto longest = prf_plus(*prf, seed, 255 * 20);
  ASSERT_TRUE(longest);
  EXPECT_EQ(longest->size(), 255u * 20);
  EXPECT_FALSE(prf_plus(*prf, seed, 255 * 20 + 1));
  const auto shorter = prf_plus(*prf, seed, 33);
  EXPECT_TRUE(std::ranges::equal(shorter->view(), longest->view().first(33)));
  EXPECT_TRUE(prf_plus(*prf, seed, 0)->empty());
}

TEST(Prf, AcceptsKeysOfEveryLength) {
  for (const PrfTransform& transform : prf_transforms()) {
    if (!transform.supported) continue;
    std::set<std::string> outputs;
    for (std::size_t octets = 0; octets < 300; octets += 7)
      outputs.insert(hex_of(output_of(**provider().prf(transform, Octets(octets, 0x5a)), {hex("00")})));
    EXPECT_EQ(outputs.size(), 43u) << transform.name;
  }
}

}  // namespace
}  // namespace mpsec::crypto
