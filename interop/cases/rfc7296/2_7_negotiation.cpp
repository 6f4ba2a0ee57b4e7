// RFC 7296 2.7 and 3.3: what is agreed on, the target being the responder.
#include <algorithm>
#include <map>

#include "interop/suite/need.hpp"
#include "interop/suite/ways.hpp"

namespace mpsec::conformance {

using namespace wire::ike;
using enum NotifyType;

namespace {

using BendProposal = std::function<void(Proposal&)>;

// All proposals of IKE_SA_INIT bent so.
Opening bent_proposals(const BendProposal& bend) {
  return {.init = [=](Message& message) {
    for (Proposal& one : body_of<SecurityAssociation>(message).proposals)
      bend(one);
  }};
}

// A proposal of that kind stands in front of the usual ones.
Opening proposal_in_front(const BendProposal& bend) {
  return {.init = [=](Message& message) {
    auto& proposals = body_of<SecurityAssociation>(message).proposals;
    Proposal first = proposals.at(0);
    bend(first);
    proposals.insert(proposals.begin(), first);
    for (std::size_t i = 0; i < proposals.size(); ++i)
      proposals[i].number = static_cast<std::uint8_t>(i + 1);
  }};
}

void without(Proposal& proposal, TransformType type) {
  std::erase_if(proposal.transforms, [&](const Transform& one) { return one.type == type; });
}

void unknown_cipher(Proposal& proposal) {
  for (Transform& one : proposal.transforms)
    if (one.type == TransformType::encryption) one.id = 1000, one.attributes.clear();
}

const Proposal& answered_in(Tester& t, const Message& response) {
  const auto* sa = find<SecurityAssociation>(response.payloads);
  t.check(sa != nullptr && !sa->proposals.empty(), "an SA payload with a proposal", "none");
  return sa->proposals.at(0);
}

// One transform of each type that the answer has.
void check_one_of_each(Tester& t, const Proposal& answered) {
  std::map<TransformType, int> count;
  for (const Transform& one : answered.transforms)
    ++count[one.type];
  for (const auto& [type, many] : count)
    t.check(many == 1, "one transform of each type", "several of one type");
}

}  // namespace

MPSEC_CASE(
        .id = "rfc7296/2.7/one-transform-of-each-type-is-chosen",
        .rules = {"rfc7296/2.7/one-transform-of-each-type",
                  "rfc7296/3.3.6/one-of-several-transforms-is-chosen",
                  "rfc7296/3.3/several-transforms-in-a-proposal",
                  "rfc7296/3.3.6/one-complete-set-is-selected"},
        .side = Side::responder, .does = "The tester offers all that the target is said to allow.",
        .lawful = "The answer has one proposal with one transform of each type.", .run = [](Tester& t) {
          const Message response = expect_init_taken(t, {});
          check_one_of_each(t, answered_in(t, response));
        });

MPSEC_CASE(
        .id = "rfc7296/2.7/one-transform-of-each-type-is-chosen-for-a-child",
        .rules = {"rfc7296/2.7/example-of-one-cipher-and-one-integrity",
                  "rfc7296/2.7/one-transform-of-each-type"},
        .side = Side::responder,
        .does = "The tester offers for the child all that the target is said to allow.",
        .lawful = "The answer has one proposal with one transform of each type.", .run = [](Tester& t) {
          const auto [sa, response] = ask_auth(t);
          const Proposal& answered = answered_in(t, response);
          t.check(need<SecurityAssociation>(response.payloads).proposals.size() == 1, "one proposal",
                  "several");
          check_one_of_each(t, answered);
        });

MPSEC_CASE(
        .id = "rfc7296/3.3.1/number-of-the-accepted-proposal-comes-back",
        .rules = {"rfc7296/3.3.1/answer-keeps-the-proposal-number",
                  "rfc7296/2.7/responder-takes-one-proposal-or-none",
                  "rfc7296/3.3.6/one-of-several-proposals-is-chosen",
                  "rfc7296/3.3/several-proposals-in-an-sa-payload"},
        .side = Side::responder,
        .does = "A proposal with a cipher that nobody knows stands in front of the usual ones.",
        .lawful = "The answer has one proposal, with a number above 1.", .run = [](Tester& t) {
          t.half_open();
          const Message response = expect_init_taken(t, proposal_in_front(unknown_cipher));
          const Proposal& answered = answered_in(t, response);
          t.check(need<SecurityAssociation>(response.payloads).proposals.size() == 1, "one proposal",
                  "several");
          t.check(answered.number > 1, "the number of the accepted proposal", "that of the first");
        });

MPSEC_CASE(
        .id = "rfc7296/2.7/answer-has-the-protocol-of-the-offer",
        .rules = {"rfc7296/2.7/answer-keeps-the-protocol"}, .side = Side::responder,
        .does = "The tester offers the IKE SA.", .lawful = "The accepted proposal is for IKE.",
        .run = [](Tester& t) {
          const Message response = expect_init_taken(t, {});
          t.check(answered_in(t, response).protocol == ProtocolId::ike, "a proposal for IKE",
                  "another protocol");
        });

MPSEC_CASE(
        .id = "rfc7296/3.3.6/attributes-come-back-unmodified",
        .rules = {"rfc7296/3.3.6/attributes-come-back-unmodified",
                  "rfc7296/2.13/variable-key-has-a-stated-size", "rfc7296/2.7/one-suite-out-of-the-offer",
                  "rfc7296/3.3.5/key-length-in-bits-and-network-order"},
        .side = Side::responder, .does = "The tester looks at the transforms in the IKE_SA_INIT response.",
        .lawful = "Each was offered just so, attributes included.", .run = [](Tester& t) {
          IkeSession& sa = t.begin({});
          Message request = sa.init_request();
          const Message response = ask_init(t, sa);
          const Proposal& answered = answered_in(t, response);
          for (const Transform& chosen : answered.transforms) {
            const auto same = [&](const Transform& one) {
              return one.type == chosen.type && one.id == chosen.id && one.attributes == chosen.attributes;
            };
            const auto& offered = body_of<SecurityAssociation>(request).proposals;
            t.check(
                std::ranges::any_of(
                    offered, [&](const Proposal& one) { return std::ranges::any_of(one.transforms, same); }),
                "a transform as it was offered", "another");
          }
        });

MPSEC_CASE(
        .id = "rfc7296/3.3.1/ike-sa-init-answer-has-no-spi",
        .rules = {"rfc7296/3.3.1/first-ike-proposal-has-no-spi", "rfc7296/3.3.1/spi-size-by-protocol"},
        .side = Side::responder, .does = "The tester looks at the SA payload in the IKE_SA_INIT response.",
        .lawful = "Its proposal has an SPI Size of zero.", .run = [](Tester& t) {
          const Message response = expect_init_taken(t, {});
          t.check(answered_in(t, response).spi_size == 0, "SPI Size 0", "an SPI");
        });

MPSEC_CASE(
        .id = "rfc7296/3.3.1/esp-answer-has-an-spi-of-four-octets",
        .rules = {"rfc7296/3.3.1/spi-size-by-protocol", "rfc7296/3.3.1/spi-names-one-sa"},
        .side = Side::responder,
        .does = "The tester looks at the SA payload in the IKE_AUTH responses of two IKE SAs.",
        .lawful = "Each proposal has an SPI of four octets, beyond 255, and they differ.",
        .run = [](Tester& t) {
          std::vector<Spi> spis;
          for (int i = 0; i < 2; ++i) {
            const auto [sa, response] = ask_auth(t);
            const auto spi = child_spi(answered_in(t, response).spi);
            t.check(spi && spi->value > 255, "an SPI of four octets beyond 255", "another");
            spis.push_back(*spi);
          }
          t.check(spis.at(0) != spis[1], "an SPI for each child", "one for both");
        });

MPSEC_CASE(
        .id = "rfc7296/3.3/combined-cipher-comes-back-without-integrity",
        .rules = {"rfc7296/3.3/combined-algorithm-excludes-integrity",
                  "rfc7296/3.3/combined-algorithm-stands-without-integrity"},
        .side = Side::responder, .does = "The tester offers what the target allows, and looks at the answer.",
        .lawful = "Beside a combined-mode cipher the answer has no integrity algorithm, or NONE.",
        .run = [](Tester& t) {
          IkeSession& sa = t.half_open();
          if (sa.suite().protection.integrity != nullptr) t.unsupported("the target prefers other ciphers");
          const Message response = expect_init_taken(t, {});
          for (const Transform& one : answered_in(t, response).transforms)
            t.check(one.type != TransformType::integrity || one.id == 0, "no integrity algorithm", "one");
        });

MPSEC_CASE(
        .id = "rfc7296/3.3.4/unknown-cipher-is-refused",
        .rules = {"rfc7296/3.3.4/suite-not-allowed-is-refused",
                  "rfc7296/3.3.4/offer-is-compared-with-the-configuration"},
        .side = Side::responder, .does = "All that the tester offers has a cipher that nobody knows.",
        .lawful = "NO_PROPOSAL_CHOSEN.",
        .run = [](Tester& t) { expect_init_refused(t, bent_proposals(unknown_cipher), no_proposal_chosen); });

MPSEC_CASE(
        .id = "rfc7296/5/ike-sa-without-encryption-is-refused",
        .rules = {"rfc7296/5/null-encryption-never-for-ike"}, .side = Side::responder,
        .does = "The tester offers ENCR_NULL for the IKE SA.", .lawful = "NO_PROPOSAL_CHOSEN.",
        .run = [](Tester& t) {
          expect_init_refused(t, bent_proposals([](Proposal& proposal) {
                                for (Transform& one : proposal.transforms)
                                  if (one.type == TransformType::encryption)
                                    one.id = 11, one.attributes.clear();
                              }),
                              no_proposal_chosen);
        });

MPSEC_CASE(
        .id = "rfc7296/3.3.6/unknown-transform-type-spoils-its-proposal",
        .rules = {"rfc7296/3.3.6/proposal-with-an-unknown-type-is-unacceptable"}, .side = Side::responder,
        .does = "All proposals have a transform of type 200 beside the usual ones.",
        .lawful = "NO_PROPOSAL_CHOSEN.", .run = [](Tester& t) {
          expect_init_refused(
              t, bent_proposals([](Proposal& proposal) {
                proposal.transforms.push_back({.type = static_cast<TransformType>(200), .id = 1});
              }),
              no_proposal_chosen);
        });

MPSEC_CASE(
        .id = "rfc7296/3.3.6/unknown-transform-type-spoils-no-other-proposal",
        .rules = {"rfc7296/3.3.6/proposal-with-an-unknown-type-is-unacceptable"}, .side = Side::responder,
        .does = "A proposal with a transform of type 200 stands in front of the usual ones.",
        .lawful = "Another proposal is taken.", .run = [](Tester& t) {
          t.half_open();
          const Message response = expect_init_taken(
              t, proposal_in_front([](Proposal& proposal) {
                proposal.transforms.push_back({.type = static_cast<TransformType>(200), .id = 1});
              }));
          t.check(answered_in(t, response).number > 1, "another than the first proposal", "the first");
        });

MPSEC_CASE(
        .id = "rfc7296/3.3.6/unknown-attribute-spoils-its-transform",
        .rules = {"rfc7296/3.3.6/transform-with-an-unknown-attribute-is-unacceptable"},
        .side = Side::responder, .does = "All transforms have an attribute of type 1000.",
        .lawful = "NO_PROPOSAL_CHOSEN.", .run = [](Tester& t) {
          expect_init_refused(
              t, bent_proposals([](Proposal& proposal) {
                for (Transform& one : proposal.transforms)
                  one.attributes.push_back({.type = static_cast<AttributeType>(1000), .value = 1});
              }),
              no_proposal_chosen);
        });

MPSEC_CASE(
        .id = "rfc7296/3.3.3/ike-proposal-without-a-prf-is-refused",
        .rules = {"rfc7296/3.3.3/mandatory-and-optional-transform-types",
                  "rfc7296/3.3.3/all-types-of-a-protocol-are-understood"},
        .side = Side::responder, .does = "No proposal has a PRF.", .lawful = "NO_PROPOSAL_CHOSEN.",
        .hint = "A transform that has to be there, and may not.", .run = [](Tester& t) {
          expect_init_refused(
              t, bent_proposals([](Proposal& one) { without(one, TransformType::pseudorandom_function); }),
              no_proposal_chosen);
        });

MPSEC_CASE(
        .id = "rfc7296/3.3.3/ike-proposal-without-a-group-is-refused",
        .rules = {"rfc7296/3.3.3/mandatory-and-optional-transform-types"}, .side = Side::responder,
        .does = "No proposal has a key exchange group.", .lawful = "NO_PROPOSAL_CHOSEN.",
        .hint = "A transform that has to be there, and may not.", .run = [](Tester& t) {
          expect_init_refused(
              t, bent_proposals([](Proposal& one) { without(one, TransformType::key_exchange); }),
              no_proposal_chosen);
        });

MPSEC_CASE(
        .id = "rfc7296/3.3.5/aes-without-a-key-length-is-refused",
        .rules = {"rfc7296/3.3.5/cipher-without-its-key-length-is-refused"}, .side = Side::responder,
        .does = "The ciphers, all of them AES, have no Key Length.", .lawful = "NO_PROPOSAL_CHOSEN.",
        .run = [](Tester& t) {
          expect_init_refused(t, bent_proposals([](Proposal& proposal) {
                                for (Transform& one : proposal.transforms)
                                  if (one.type == TransformType::encryption)
                                    one.id = 12, one.attributes.clear();
                              }),
                              no_proposal_chosen);
        });

MPSEC_CASE(
        .id = "rfc7296/3.3.5/key-of-no-bits-is-refused",
        .rules = {"rfc7296/3.3.4/offer-is-compared-with-the-configuration"}, .side = Side::responder,
        .does = "The ciphers have a Key Length of 0.", .lawful = "NO_PROPOSAL_CHOSEN.",
        .hint = "Key material of no octets.", .run = [](Tester& t) {
          expect_init_refused(t, bent_proposals([](Proposal& proposal) {
                                for (Transform& one : proposal.transforms)
                                  for (Attribute& attribute : one.attributes)
                                    attribute.value = 0;
                              }),
                              no_proposal_chosen);
        });

}  // namespace mpsec::conformance
