#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/rng.hpp"
#include "crypto/open/open_provider.hpp"
#include "crypto/openssl/openssl_ike_provider.hpp"
#include "crypto/openssl/openssl_provider.hpp"
#include "ike/keys.hpp"
#include "ike/profiles.hpp"
#include "ike/protection.hpp"

namespace mpsec::ike {
namespace {

using crypto::EncryptionId;
using crypto::IntegrityId;

// Every protection that an IKE SA can have.
std::vector<Protection> all_protections() {
  std::vector<Protection> all;
  for (const crypto::EncryptionTransform& encryption : crypto::encryption_transforms())
    for (const std::uint8_t key : encryption.key_sizes)
      for (const crypto::IntegrityTransform& integrity : crypto::integrity_transforms()) {
        const auto bits = static_cast<std::uint16_t>(key * 8);
        ProtectionChoice choice{.encryption = encryption.id, .key_bits = bits, .integrity = integrity.id};
        if (encryption.key_sizes.size() == 1) choice.key_bits.reset();
        if (auto protection = ike_protection(choice)) all.push_back(*protection);
      }
  return all;
}

struct Ends {
  MessageSealer sealer;
  MessageOpener opener;
};

Ends ends_of(const crypto::Provider& provider, const Protection& protection, std::uint64_t first_iv = 0) {
  SeededRng rng(3);
  Octets encryption(protection.encryption_octets()), integrity(protection.integrity_octets());
  rng.fill(encryption);
  rng.fill(integrity);
  return {MessageSealer::create(provider, protection, encryption, integrity, first_iv).value(),
          MessageOpener::create(provider, protection, encryption, integrity).value()};
}

// An IKE header and an SK header of 4 octets, or with 4 more of SKF.
constexpr std::size_t sk_at = 28;
Octets header(std::size_t sk_octets = 4) {
  Octets message(sk_at + sk_octets);
  SeededRng(9).fill(message);
  return message;
}

class Providers : public testing::TestWithParam<bool> {
 protected:
  Providers() : provider(GetParam() ? crypto::make_open_provider() : crypto::make_openssl_provider()) {}
  std::unique_ptr<crypto::Provider> provider;
};
INSTANTIATE_TEST_SUITE_P(Protection, Providers, testing::Bool(),
                         [](const auto& of) { return of.param ? "open" : "openssl"; });

TEST_P(Providers, OpenGivesBackWhatWasSealedUnderEverySuite) {
  for (const Protection& protection : all_protections()) {
    Ends ends = ends_of(*provider, protection);
    const BodyLayout layout = body_layout(protection);
    rc::check(to_string(protection), [&] {
      const auto plain = *rc::gen::container<Octets>(rc::gen::arbitrary<std::uint8_t>());
      Octets message = header(*rc::gen::element(4, 8));
      const std::size_t body_at = message.size();
      RC_ASSERT(set_lengths(message, sk_at, layout.sealed(plain.size())).has_value());
      SeededRng rng(*rc::gen::arbitrary<std::uint64_t>());
      RC_ASSERT(ends.sealer.seal(message, plain, rng).has_value());
      RC_ASSERT(message.size() == body_at + layout.sealed(plain.size()));
      RC_ASSERT(load_be<std::uint32_t>(message.data() + 24) == message.size());
      RC_ASSERT(load_be<std::uint16_t>(message.data() + sk_at + 2) == message.size() - sk_at);
      const auto opened = ends.opener.open(message, body_at);
      RC_ASSERT(opened.has_value());
      RC_ASSERT(std::ranges::equal(*opened, plain));
    });
  }
}

//= rfc7296/3.14/checksum-over-the-encrypted-message
//= rfc5282/5.1/associated-data-from-header-to-payload-header
TEST_P(Providers, EveryAlteredOctetAndEveryTruncationIsRefused) {
  for (const Protection& protection : all_protections()) {
    Ends ends = ends_of(*provider, protection);
    Octets message = header(8);
    const std::size_t body_at = message.size();
    SeededRng rng(1);
    ASSERT_TRUE(ends.sealer.seal(message, hex("2900000800004001"), rng));
    for (std::size_t i = 0; i < message.size(); ++i) {
      Octets altered = message;
      altered[i] ^= static_cast<std::uint8_t>(1u << (i % 8));
      const auto opened = ends.opener.open(altered, body_at);
      ASSERT_FALSE(opened) << to_string(protection) << " octet " << i;
      EXPECT_EQ(opened.error(), OpenFault::not_authentic);
    }
    for (std::size_t octets = 0; octets < message.size(); ++octets) {
      Octets cut(message.begin(), message.begin() + static_cast<std::ptrdiff_t>(octets));
      EXPECT_FALSE(ends.opener.open(cut, body_at)) << to_string(protection) << " cut to " << octets;
    }
    EXPECT_TRUE(ends.opener.open(message, body_at)) << to_string(protection);
  }
}

//= rfc7296/3.14/any-aligned-padding-accepted
TEST_P(Providers, AnyAlignedPaddingIsAccepted) {
  for (const Protection& protection : all_protections()) {
    Ends ends = ends_of(*provider, protection);
    const Octets plain = hex("0102030405");
    SeededRng rng(1);
    for (unsigned padding = 0; padding < 256; ++padding) {
      Octets message = header();
      const bool aligned = (plain.size() + padding + 1) % body_layout(protection).block == 0;
      const auto sealed = ends.sealer.seal(message, plain, rng, static_cast<std::uint8_t>(padding));
      ASSERT_EQ(sealed.has_value(), aligned) << to_string(protection) << " " << padding;
      if (!aligned) continue;
      const auto opened = ends.opener.open(message, header().size());
      ASSERT_TRUE(opened) << to_string(protection) << " " << padding;
      EXPECT_TRUE(std::ranges::equal(*opened, plain));
    }
  }
}

TEST(Protection, CountsAllButNullAndImplicitIvs) {
  // CBC and CTR of three key sizes and 3DES, each with eleven integrity algorithms; 18 GCM and CCM; ChaCha20.
  EXPECT_EQ(all_protections().size(), 7u * 9u + 18u + 1u);
}

//= rfc5282/3.1/iv-used-once-under-a-key
TEST(Protection, CounterIvsAreUsedOnceAndThenEnd) {
  const auto provider = crypto::make_openssl_provider();
  const Protection gcm =
      *ike_protection({.encryption = EncryptionId::aes_gcm_16, .key_bits = 128, .integrity = {}});
  Ends ends = ends_of(*provider, gcm, ~std::uint64_t{1});
  SeededRng rng(1);
  for (const std::string_view iv : {"fffffffffffffffe", "ffffffffffffffff"}) {
    Octets message = header();
    ASSERT_TRUE(ends.sealer.seal(message, {}, rng));
    EXPECT_EQ(to_hex(OctetView(message).subspan(header().size(), 8)), iv);
  }
  Octets message = header();
  const auto sealed = ends.sealer.seal(message, {}, rng);
  ASSERT_FALSE(sealed);
  EXPECT_EQ(sealed.error(), SealFault::ivs_exhausted);
  EXPECT_EQ(message, header());
}

TEST(Protection, ATooLongPadLengthIsSaidOfAuthenticMessagesOnly) {
  const auto open = crypto::make_open_provider();
  const Protection gcm =
      *ike_protection({.encryption = EncryptionId::aes_gcm_16, .key_bits = 128, .integrity = {}});
  const Octets key(20);
  auto opener = MessageOpener::create(*open, gcm, key, {}).value();
  Octets message = header();
  append(message, hex("0000000000000000 010203 04"));
  Octets nonce(4);
  append(nonce, OctetView(message).subspan(32, 8));
  message.resize(message.size() + 16);
  const MutableOctets view = message;
  crypto::open_check_value({OctetView(key).first(16), nonce, view.first(32), view.subspan(40, 4)},
                           view.subspan(44));
  const auto opened = opener.open(message, 32);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error(), OpenFault::bad_padding);
}

TEST(Protection, FragmentsFitTheirLimit) {
  for (const Protection& protection : all_protections()) {
    const BodyLayout layout = body_layout(protection);
    for (std::size_t limit = 0; limit < 200; ++limit) {
      const std::size_t plain = layout.most_plain(limit);
      if (plain != 0) {
        EXPECT_LE(layout.sealed(plain), limit);
      }
      EXPECT_GT(layout.sealed(plain + 1), limit);
    }
  }
}

TEST(Protection, RefusesKeysOfWrongSizeAndMessagesTooLong) {
  const auto provider = crypto::make_openssl_provider();
  const Protection gcm =
      *ike_protection({.encryption = EncryptionId::aes_gcm_16, .key_bits = 128, .integrity = {}});
  EXPECT_FALSE(MessageSealer::create(*provider, gcm, Octets(16), {}));
  EXPECT_FALSE(MessageOpener::create(*provider, gcm, Octets(20), Octets(1)));
  Octets message = header();
  EXPECT_TRUE(set_lengths(message, sk_at, 65531));
  EXPECT_FALSE(set_lengths(message, sk_at, 65532));
}

struct RefusedSuite {
  SuiteChoice choice;
  std::string_view path;
};

TEST(Suite, RefusesWhatDoesNotFit) {
  const auto choice = [](std::optional<EncryptionId> encryption, std::optional<std::uint16_t> bits,
                         std::optional<IntegrityId> integrity) {
    return SuiteChoice{
        {encryption, bits, integrity}, crypto::PrfId::hmac_sha2_256, crypto::KeyExchangeId::curve25519};
  };
  const auto sha2 = IntegrityId::hmac_sha2_256_128;
  const RefusedSuite table[] = {
      {choice({}, {}, sha2), "IKE SA/encryption"},
      {choice(EncryptionId::null, {}, sha2), "ENCR_NULL"},
      {choice(EncryptionId::null_auth_aes_gmac, 128, {}), "ENCR_NULL_AUTH_AES_GMAC"},
      {choice(EncryptionId::aes_gcm_16_iiv, 128, {}), "ENCR_AES_GCM_16_IIV"},
      {choice(EncryptionId::aes_cbc, 128, {}), "ENCR_AES_CBC"},
      {choice(EncryptionId::aes_cbc, 128, IntegrityId::none), "ENCR_AES_CBC"},
      {choice(EncryptionId::aes_cbc, {}, sha2), "ENCR_AES_CBC/Key Length"},
      {choice(EncryptionId::aes_cbc, 129, sha2), "ENCR_AES_CBC/Key Length"},
      {choice(EncryptionId::chacha20_poly1305, 256, {}), "ENCR_CHACHA20_POLY1305/Key Length"},
      {choice(EncryptionId::aes_gcm_16, 128, sha2), "ENCR_AES_GCM_16"},
      {choice(EncryptionId::aes_cbc, 128, IntegrityId::aes_128_gmac), "AUTH_AES_128_GMAC"},
      {choice(EncryptionId::blowfish, 128, sha2), "ENCR_BLOWFISH"},
      {choice(EncryptionId{999}, 128, sha2), "encryption transform"},
  };
  for (const RefusedSuite& refused : table) {
    const auto suite = ike_suite(refused.choice);
    ASSERT_FALSE(suite) << refused.path;
    EXPECT_EQ(suite.error().path, refused.path) << to_string(suite.error());
    EXPECT_EQ(suite.error().blame, Blame::no_common_ground);
  }
  SuiteChoice no_exchange = choice(EncryptionId::aes_gcm_16, 128, {});
  EXPECT_EQ(to_string(*ike_suite(no_exchange)), "ENCR_AES_GCM_16-128/PRF_HMAC_SHA2_256/Curve25519");
  no_exchange.key_exchange = crypto::KeyExchangeId::none;
  EXPECT_FALSE(ike_suite(no_exchange));
}

TEST(Keys, HaveTheLengthsOfTheirSuite) {
  const auto provider = crypto::make_openssl_ike_provider();
  for (const Protection& protection : all_protections())
    for (const crypto::PrfTransform& prf : crypto::prf_transforms()) {
      if (!prf.supported) continue;
      const Suite suite{protection, &prf, *crypto::find(crypto::KeyExchangeId::curve25519)};
      const Octets ni(32, 1), nr(32, 2), secret(32, 3);
      const IkeKeys keys =
          derive_ike_keys(*provider, suite, {ni, nr}, secret, {IkeSpi(4), IkeSpi(5)}).value();
      EXPECT_EQ(keys.d.size(), prf.key_octets);
      EXPECT_EQ(keys.pr.size(), prf.key_octets);
      EXPECT_EQ(keys.ai.size(), protection.integrity_octets());
      EXPECT_EQ(keys.er.size(), protection.encryption_octets());
    }
}

//= rfc7296/2.17/keymat-with-and-without-a-new-secret
TEST(Keys, OfChildrenAreCutFromKeymat) {
  const auto provider = crypto::make_openssl_ike_provider();
  const crypto::PrfTransform& prf = **crypto::find(crypto::PrfId::hmac_sha2_256);
  const Protection ccm =
      *esp_protection({.encryption = EncryptionId::aes_ccm_16, .key_bits = 256, .integrity = {}});
  const Octets sk_d(32, 1), ni(16, 2), nr(16, 3), secret(32, 4);
  for (const OctetView shared : {OctetView{}, OctetView(secret)}) {
    const auto stream = keymat(*provider, prf, sk_d, shared, {ni, nr}, 70).value();
    const auto pair = derive_child_keys(*provider, prf, sk_d, shared, {ni, nr}, ccm).value();
    EXPECT_TRUE(std::ranges::equal(pair.initiator_to_responder.encryption.view(), stream.view().first(35)));
    EXPECT_TRUE(std::ranges::equal(pair.responder_to_initiator.encryption.view(), stream.view().subspan(35)));
  }
}

bool proposes(const IkeProposal& proposal, EncryptionId id) {
  return std::ranges::any_of(proposal.encryption, [id](const auto& allowed) { return allowed.id == id; });
}

TEST(Profiles, LeaveLegacyOutUnlessAskedFor) {
  for (const Profile profile : {Profile::recommended, Profile::permitted, Profile::legacy}) {
    const IkeProposal proposal = ike_proposal(profile);
    EXPECT_TRUE(check(proposal, profile)) << to_string(profile);
    EXPECT_TRUE(check(esp_proposal(profile), profile)) << to_string(profile);
    EXPECT_TRUE(check(ah_proposal(profile), profile)) << to_string(profile);
    EXPECT_TRUE(proposes(proposal, EncryptionId::aes_cbc));
    EXPECT_FALSE(proposes(proposal, EncryptionId::null));
    EXPECT_EQ(proposes(proposal, EncryptionId::triple_des), profile != Profile::recommended);
    const bool weak = std::ranges::find(proposal.key_exchange, crypto::KeyExchangeId::modp_1024) !=
                      proposal.key_exchange.end();
    EXPECT_EQ(weak, profile == Profile::legacy);
    EXPECT_EQ(proposal.key_exchange.front(), crypto::KeyExchangeId::curve25519);
  }
  EXPECT_FALSE(check(ike_proposal(Profile::legacy), Profile::permitted));
  EXPECT_FALSE(check(ike_proposal(Profile::permitted), Profile::recommended));
  const auto refused = check(IkeProposal{.prf = {crypto::PrfId::hmac_md5}}, Profile::permitted);
  ASSERT_FALSE(refused);
  EXPECT_EQ(
      to_string(refused.error()),
      "PRF_HMAC_MD5: the profile \"permitted\" does not admit it: its level is MUST NOT (RFC 8247 2.2)");
}

// Whatever is proposed makes a suite that fits.
TEST(Profiles, ProposeSuitesThatFit) {
  const IkeProposal proposal = ike_proposal(Profile::legacy);
  for (const AllowedEncryption& encryption : proposal.encryption)
    for (const IntegrityId integrity : proposal.integrity) {
      const bool combined = (*crypto::find(encryption.id))->combined();
      const auto suite =
          ike_suite({{encryption.id, encryption.key_bits, combined ? IntegrityId::none : integrity},
                     proposal.prf.front(),
                     proposal.key_exchange.back()});
      EXPECT_TRUE(suite);
    }
}

}  // namespace
}  // namespace mpsec::ike
