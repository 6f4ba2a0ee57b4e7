#include "ike/negotiation.hpp"

#include <algorithm>
#include <functional>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <set>
#include <tuple>

namespace mpsec::ike {
namespace {

using crypto::EncryptionId;
using crypto::IntegrityId;
using crypto::KeyExchangeId;
using crypto::PrfId;
using wire::ike::AttributeType;
using wire::ike::ProtocolId;
using wire::ike::SecurityAssociation;
using wire::ike::SequenceNumbers;
using wire::ike::Transform;
using wire::ike::TransformType;

const AllowedEncryption cbc128{EncryptionId::aes_cbc, 128}, cbc256{EncryptionId::aes_cbc, 256},
    gcm128{EncryptionId::aes_gcm_16, 128};
const Octets child_spi = hex("c0000001"), other_spi = hex("c0000002");

IkeProposal ike_mixed() {
  return {.encryption = {gcm128, cbc256, cbc128},
          .prf = {PrfId::hmac_sha2_256, PrfId::hmac_sha1},
          .integrity = {IntegrityId::hmac_sha2_256_128, IntegrityId::hmac_sha1_96},
          .key_exchange = {KeyExchangeId::curve25519, KeyExchangeId::modp_2048}};
}

ChildProposal esp_cbc() {
  return {.encryption = {cbc128}, .integrity = {IntegrityId::hmac_sha2_256_128}};
}

SecurityAssociation offered(const IkeProposal& proposal) {
  return offer(std::span(&proposal, 1), {}).value();
}
SecurityAssociation offered(const ChildProposal& proposal) {
  return offer(std::span(&proposal, 1), child_spi).value();
}
Result<ChosenSuite> chosen(const IkeProposal& ours, const SecurityAssociation& theirs,
                           const ChoiceContext& context = {}) {
  return choose(std::span(&ours, 1), theirs, context);
}
Result<ChosenSuite> chosen(const ChildProposal& ours, const SecurityAssociation& theirs,
                           ChoiceContext context = {}) {
  context.spi_octets = 4;
  return choose(std::span(&ours, 1), theirs, context);
}

//= rfc7296/3.3/combined-ciphers-in-their-own-proposal
//= rfc7296/3.3.1/proposals-count-from-one
TEST(Negotiation, OffersCombinedCiphersApart) {
  const SecurityAssociation payload = offered(ike_mixed());
  ASSERT_EQ(payload.proposals.size(), 2u);
  EXPECT_EQ(payload.proposals[0].number, 1);
  EXPECT_EQ(payload.proposals[1].number, 2);
  const auto integrity = [](const Transform& each) { return each.type == TransformType::integrity; };
  EXPECT_TRUE(std::ranges::none_of(payload.proposals[0].transforms, integrity));
  EXPECT_EQ(std::ranges::count_if(payload.proposals[1].transforms, integrity), 2);
}

TEST(Negotiation, RefusesToOfferWhatLacksAType) {
  IkeProposal proposal = ike_mixed();
  proposal.integrity.clear();
  const auto refused = offer(std::span(&proposal, 1), {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(to_string(refused.error()),
            "proposals[0]/INTEG: expected at least one, found none (RFC 7296 3.3.3)");
  ChildProposal child = esp_cbc();
  child.sequence_numbers.clear();
  EXPECT_FALSE(offer(std::span(&child, 1), child_spi));
  EXPECT_FALSE(offer(std::span<const IkeProposal>(), {}));
}

TEST(Negotiation, FollowsOurOrderOrTheirs) {
  IkeProposal ours = ike_mixed(), theirs = ike_mixed();
  std::ranges::reverse(theirs.encryption);
  std::ranges::reverse(theirs.prf);
  EXPECT_EQ(chosen(ours, offered(theirs))->encryption, gcm128);
  EXPECT_EQ(chosen(ours, offered(theirs))->number, 2) << "of the proposal that holds it";
  const auto by_theirs = chosen(ours, offered(theirs), {.preference = Preference::theirs});
  EXPECT_EQ(by_theirs->encryption, cbc128);
  EXPECT_EQ(by_theirs->prf, PrfId::hmac_sha1);
}

TEST(Negotiation, TakesTheGroupOfTheKePayloadWhereBothAllowIt) {
  const auto suite = chosen(ike_mixed(), offered(ike_mixed()), {.key_exchange = KeyExchangeId::modp_2048});
  EXPECT_EQ(suite->key_exchange, KeyExchangeId::modp_2048);
  EXPECT_FALSE(group_to_ask_for(*suite, KeyExchangeId::modp_2048));
}

//= rfc7296/1.3/other-group-than-the-kei-is-asked-for
//= rfc7296/3.3.6/none-passes-over-the-ke-payload
TEST(Negotiation, AsksForTheChosenGroup) {
  IkeProposal ours = ike_mixed();
  ours.key_exchange = {KeyExchangeId::curve25519};
  const SecurityAssociation theirs = offered(ike_mixed());
  const auto suite = chosen(ours, theirs, {.key_exchange = KeyExchangeId::modp_2048});
  EXPECT_EQ(group_to_ask_for(*suite, KeyExchangeId::modp_2048), KeyExchangeId::curve25519);
  EXPECT_EQ(group_to_ask_for(*suite, std::nullopt), KeyExchangeId::curve25519);
  EXPECT_TRUE(may_retry_with(KeyExchangeId::curve25519, theirs, KeyExchangeId::modp_2048));
  EXPECT_FALSE(may_retry_with(KeyExchangeId::modp_2048, theirs, KeyExchangeId::modp_2048)) << "was sent";
  EXPECT_FALSE(may_retry_with(KeyExchangeId::modp_1024, theirs, KeyExchangeId::modp_2048))
      << "was not offered";
  EXPECT_FALSE(may_retry_with(KeyExchangeId::none, theirs, KeyExchangeId::modp_2048));
  EXPECT_FALSE(group_to_ask_for(ChosenSuite{}, KeyExchangeId::modp_2048)) << "NONE takes any";
}

// What a peer may do to a proposal, and whether it then fits ours.
struct Bend {
  const char* name;
  std::function<void(wire::ike::Proposal&)> bend;
  bool fits;
};

Transform transform(TransformType type, std::uint16_t id) {
  Transform made;
  made.type = type;
  made.id = id;
  return made;
}

auto erase(TransformType type) {
  return [type](wire::ike::Proposal& proposal) {
    std::erase_if(proposal.transforms, [type](const Transform& each) { return each.type == type; });
  };
}

auto add(TransformType type, std::uint16_t id) {
  return [type, id](wire::ike::Proposal& proposal) { proposal.transforms.push_back(transform(type, id)); };
}

const std::vector<Bend> esp_bends = {
    {"nothing", [](auto&) {}, true},
    {"no ENCR", erase(TransformType::encryption), false},
    {"no INTEG", erase(TransformType::integrity), false},
    {"no ESN", erase(TransformType::sequence_numbers), false},
    {"D-H NONE", add(TransformType::key_exchange, 0), true},
    {"only a D-H group that we do not want", add(TransformType::key_exchange, 14), false},
    {"PRF in ESP", add(TransformType::pseudorandom_function, 5), false},
    {"transform type 6", add(TransformType::additional_key_exchange_1, 0), false},
    {"transform type 0", add(static_cast<TransformType>(0), 0), false},
    {"unknown transform ID beside", add(TransformType::integrity, 999), true},
    {"another protocol", [](auto& proposal) { proposal.protocol = ProtocolId::ah; }, false},
    {"SPI of 8", [](auto& proposal) { proposal.spi.resize(8, 1); }, false},
    {"SPI 0", [](auto& proposal) { proposal.spi.assign(4, 0); }, false},
    {"reserved fields set", [](auto& proposal) { proposal.reserved = proposal.transforms[0].reserved_2 = 7; },
     true},
    {"no key length", [](auto& proposal) { proposal.transforms[0].attributes.clear(); }, false},
    {"key length 192", [](auto& proposal) { proposal.transforms[0].attributes[0].value = 192; }, false},
    {"key length twice",
     [](auto& proposal) {
       proposal.transforms[0].attributes.push_back(proposal.transforms[0].attributes[0]);
     },
     false},
    {"key length in the long form",
     [](auto& proposal) {
       proposal.transforms[0].attributes[0] = {.is_short = false, .length = 2, .long_value = {0, 128}};
     },
     false},
    {"unknown attribute",
     [](auto& proposal) {
       proposal.transforms[0].attributes.push_back({.type = AttributeType(99), .value = 1});
     },
     false},
    {"unknown attribute on INTEG",
     [](auto& proposal) { proposal.transforms[1].attributes.push_back({.value = 128}); }, false},
};

//= rfc7296/3.3.6/proposal-with-an-unknown-type-is-unacceptable
//= rfc7296/3.3.6/transform-with-an-unknown-attribute-is-unacceptable
//= rfc7296/3.3.3/mandatory-and-optional-transform-types
TEST(Negotiation, JudgesEspProposalsByTheRules) {
  for (const Bend& bend : esp_bends) {
    SecurityAssociation theirs = offered(esp_cbc());
    bend.bend(theirs.proposals[0]);
    const auto suite = chosen(esp_cbc(), theirs);
    EXPECT_EQ(suite.has_value(), bend.fits) << bend.name << ": " << (suite ? "" : to_string(suite.error()));
    if (suite) {
      EXPECT_TRUE(check_answer(theirs, answer(*suite, other_spi))) << bend.name;
    }
    theirs.proposals.push_back(offered(esp_cbc()).proposals[0]);
    theirs.proposals[1].number = 2;
    EXPECT_EQ(chosen(esp_cbc(), theirs)->number, bend.fits ? 1 : 2) << bend.name << ": others go on as usual";
  }
}

TEST(Negotiation, SaysWhyNothingFits) {
  ChildProposal ours = esp_cbc();
  ours.integrity = {IntegrityId::hmac_sha2_512_256};
  const auto none = chosen(ours, offered(esp_cbc()));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().blame, Blame::no_common_ground);
  EXPECT_EQ(to_string(none.error()),
            "SA: Proposal 1: INTEG: expected one of AUTH_HMAC_SHA2_512_256, found AUTH_HMAC_SHA2_256_128 "
            "(RFC 7296 2.7)");
  EXPECT_EQ(chosen(ours, {}).error().why, "no proposals to choose from");
}

// INTEG NONE beside a combined-mode cipher is lawful, and comes back.
TEST(Negotiation, ReturnsTheNoneThatWasOffered) {
  ChildProposal ours = esp_cbc();
  ours.encryption = {gcm128};
  SecurityAssociation theirs = offered(ours);
  theirs.proposals[0].transforms.push_back(transform(TransformType::integrity, 0));
  const auto suite = chosen(ours, theirs);
  ASSERT_TRUE(suite);
  EXPECT_EQ(suite->integrity, IntegrityId::none);
  EXPECT_EQ(suite->transforms.size(), 3u);
  EXPECT_TRUE(check_answer(theirs, answer(*suite, other_spi)));
  theirs.proposals[0].transforms.back().id = 12;
  EXPECT_FALSE(chosen(ours, theirs)) << "no integrity beside a combined-mode cipher";
}

//= rfc7296/3.3.6/initiator-checks-the-accepted-offer
TEST(Negotiation, CatchesAnswersThatWereNotOffered) {
  ChildProposal proposal = esp_cbc();
  proposal.encryption = {cbc128, cbc256};
  const SecurityAssociation payload = offered(proposal);
  const SecurityAssociation good = answer(chosen(proposal, payload).value(), other_spi);
  const Bend bends[] = {
      {"nothing", [](auto&) {}, true},
      {"number", [](auto& answered) { answered.number = 2; }, false},
      {"number 0", [](auto& answered) { answered.number = 0; }, false},
      {"protocol", [](auto& answered) { answered.protocol = ProtocolId::ah; }, false},
      {"no SPI", [](auto& answered) { answered.spi.clear(); }, false},
      {"SPI 0", [](auto& answered) { answered.spi.assign(4, 0); }, false},
      {"two ciphers",
       [&](auto& answered) { answered.transforms.push_back(payload.proposals[0].transforms[1]); }, false},
      {"the same cipher twice", [](auto& answered) { answered.transforms.push_back(answered.transforms[0]); },
       false},
      {"no integrity", [](auto& answered) { answered.transforms.erase(answered.transforms.begin() + 1); },
       false},
      {"another key length", [](auto& answered) { answered.transforms[0].attributes[0].value = 192; }, false},
      {"a type that was not offered",
       [](auto& answered) { answered.transforms.push_back(transform(TransformType::key_exchange, 0)); },
       false},
      {"reserved fields", [](auto& answered) { answered.transforms[0].reserved_1 = 1; }, true},
  };
  for (const Bend& bend : bends) {
    SecurityAssociation answered = good;
    bend.bend(answered.proposals[0]);
    const auto checked = check_answer(payload, answered);
    EXPECT_EQ(checked.has_value(), bend.fits) << bend.name;
    if (!checked) {
      EXPECT_EQ(checked.error().blame, Blame::peer_misbehaved) << bend.name;
    }
  }
  EXPECT_FALSE(check_answer(payload, {}));
  EXPECT_FALSE(check_answer(payload, {{good.proposals[0], good.proposals[0]}}));
}

}  // namespace
}  // namespace mpsec::ike
