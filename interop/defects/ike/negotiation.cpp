// Against RFC 7296 2.7 and 3.3.
#include <algorithm>

#include "interop/defects/bends.hpp"

namespace mpsec::conformance {

using namespace wire::ike;

namespace {

// The SA payload of an exchange's response is bent.
Bent answering_with(ExchangeType exchange, std::function<void(Proposal&)> bend) {
  return outgoing([=](Message& message) {
    auto* sa = find<SecurityAssociation>(message.payloads);
    if (message.header.exchange_type != exchange || !message.header.response || sa == nullptr) return;
    bend(sa->proposals.at(0));
    static_cast<void>(complete(message));
  });
}
Bent answering_init_with(std::function<void(Proposal&)> bend) {
  return answering_with(ExchangeType::ike_sa_init, std::move(bend));
}

// Takes an IKE_SA_INIT request whose every proposal is `wrong`.
Bent overlooking(std::function<bool(const Proposal&)> wrong) {
  return taking_for_the_last([=](const Message& message) {
    const auto* sa = find<SecurityAssociation>(message.payloads);
    return sa != nullptr && std::ranges::all_of(sa->proposals, wrong);
  });
}

bool has(const Proposal& proposal, std::function<bool(const Transform&)> kind) {
  return std::ranges::any_of(proposal.transforms, kind);
}
bool has_type(const Proposal& proposal, TransformType type) {
  return has(proposal, [=](const Transform& one) { return one.type == type; });
}
bool has_cipher(const Proposal& proposal, std::uint16_t id, std::optional<std::uint16_t> bits = {}) {
  return has(proposal, [=](const Transform& one) {
    if (one.type != TransformType::encryption || (id != 0 && one.id != id)) return false;
    return bits ? !one.attributes.empty() && one.attributes[0].value == *bits : one.attributes.empty();
  });
}
constexpr auto type_200 = static_cast<TransformType>(200);

}  // namespace

MPSEC_DEFECT(
        .id = "answers-with-two-prfs", .rule = "rfc7296/2.7/one-transform-of-each-type",
        .does = "Its IKE_SA_INIT answer has its PRF twice.", .no_ping = "Nobody can tell what was chosen.",
        .make = [] {
          return answering_init_with([](Proposal& proposal) {
            const auto prf = std::ranges::find(proposal.transforms, TransformType::pseudorandom_function,
                                               &Transform::type);
            if (prf != proposal.transforms.end()) proposal.transforms.push_back(Transform(*prf));
          });
        });

MPSEC_DEFECT(
        .id = "answers-with-two-ciphers-for-a-child",
        .rule = "rfc7296/2.7/example-of-one-cipher-and-one-integrity",
        .does = "Its IKE_AUTH answer has its cipher twice.", .no_ping = "Nobody can tell what was chosen.",
        .make = [] {
          return answering_with(ExchangeType::ike_auth, [](Proposal& proposal) {
            proposal.transforms.push_back(Transform(proposal.transforms.front()));
          });
        });

MPSEC_DEFECT(
        .id = "numbers-its-answer-1", .rule = "rfc7296/3.3.1/answer-keeps-the-proposal-number",
        .does = "Its answer has number 1, whatever was accepted.",
        .make = [] { return answering_init_with([](Proposal& proposal) { proposal.number = 1; }); });

MPSEC_DEFECT(
        .id = "answers-for-another-protocol", .rule = "rfc7296/2.7/answer-keeps-the-protocol",
        .does = "Its IKE_SA_INIT answer is for AH.", .no_ping = "Nobody can tell what was chosen.",
        .make = [] {
          return answering_init_with([](Proposal& proposal) { proposal.protocol = ProtocolId::ah; });
        });

MPSEC_DEFECT(
        .id = "answers-with-another-key-length", .rule = "rfc7296/3.3.6/attributes-come-back-unmodified",
        .does = "The Key Length in its IKE_SA_INIT answer is 64 more than what was offered.",
        .no_ping = "The ends use keys of different lengths.", .make = [] {
          return answering_init_with([](Proposal& proposal) {
            for (Transform& one : proposal.transforms)
              for (Attribute& attribute : one.attributes)
                attribute.value = static_cast<std::uint16_t>(attribute.value + 64);
          });
        });

MPSEC_DEFECT(
        .id = "answers-ike-sa-init-with-an-spi", .rule = "rfc7296/3.3.1/first-ike-proposal-has-no-spi",
        .does = "The proposal of its IKE_SA_INIT answer has an SPI of eight octets.", .make = [] {
          return answering_init_with(
              [](Proposal& proposal) { proposal.spi = Octets(8, 1), proposal.spi_size = 8; });
        });

MPSEC_DEFECT(
        .id = "gives-two-children-one-spi", .rule = "rfc7296/3.3.1/spi-names-one-sa",
        .does = "Tells all its peers the same SPI for ESP.",
        .no_ping = "Its ESP packets belong to another SA.", .make = [] {
          return answering_with(ExchangeType::ike_auth,
                                [](Proposal& proposal) { proposal.spi = Octets{1, 2, 3, 4}; });
        });

MPSEC_DEFECT(
        .id = "answers-a-combined-cipher-with-integrity",
        .rule = "rfc7296/3.3/combined-algorithm-excludes-integrity",
        .does = "Its answer has an integrity algorithm beside a combined-mode cipher.", .make = [] {
          // Only from the second IKE SA on, so that what uses it can be shown to work.
          const auto answers = std::make_shared<int>(0);
          return answering_init_with([=](Proposal& proposal) {
            if (++*answers > 1 && !has_type(proposal, TransformType::integrity))
              proposal.transforms.push_back({.type = TransformType::integrity, .id = 12});
          });
        });

MPSEC_DEFECT(
        .id = "takes-an-unknown-cipher", .rule = "rfc7296/3.3.4/suite-not-allowed-is-refused",
        .does = "Takes a cipher that nobody knows for the one it prefers.",
        .make = [] { return overlooking([](const Proposal& one) { return has_cipher(one, 1000); }); });

MPSEC_DEFECT(
        .id = "takes-null-encryption-for-ike", .rule = "rfc7296/5/null-encryption-never-for-ike",
        .does = "Takes a proposal with ENCR_NULL for an IKE SA.",
        .make = [] { return overlooking([](const Proposal& one) { return has_cipher(one, 11); }); });

MPSEC_DEFECT(
        .id = "skips-unknown-transform-types",
        .rule = "rfc7296/3.3.6/proposal-with-an-unknown-type-is-unacceptable",
        .does = "Takes a proposal as if transforms of unknown types were not there.",
        .make = [] { return overlooking([](const Proposal& one) { return has_type(one, type_200); }); });

MPSEC_DEFECT(
        .id = "refuses-all-for-an-unknown-transform-type",
        .rule = "rfc7296/3.3.6/proposal-with-an-unknown-type-is-unacceptable",
        .does = "Refuses an SA payload of which one proposal has a transform of unknown type.", .make = [] {
          return refusing([](const Message& message) {
            const auto* sa = find<SecurityAssociation>(message.payloads);
            return message.header.exchange_type == ExchangeType::ike_sa_init && sa != nullptr &&
                   has_type(sa->proposals.front(), type_200) && !has_type(sa->proposals.back(), type_200);
          });
        });

MPSEC_DEFECT(
        .id = "skips-unknown-attributes",
        .rule = "rfc7296/3.3.6/transform-with-an-unknown-attribute-is-unacceptable",
        .does = "Takes a transform as if attributes of unknown types were not there.", .make = [] {
          return overlooking([](const Proposal& proposal) {
            return has(proposal, [](const Transform& one) {
              return std::ranges::any_of(one.attributes, [](const Attribute& attribute) {
                return attribute.type == static_cast<AttributeType>(1000);
              });
            });
          });
        });

MPSEC_DEFECT(
        .id = "needs-no-prf", .rule = "rfc7296/3.3.3/mandatory-and-optional-transform-types",
        .does = "Takes a proposal for IKE without a PRF.", .make = [] {
          return overlooking(
              [](const Proposal& one) { return !has_type(one, TransformType::pseudorandom_function); });
        });

MPSEC_DEFECT(
        .id = "needs-no-group", .rule = "rfc7296/3.3.3/mandatory-and-optional-transform-types",
        .does = "Takes a proposal for IKE without a group.", .make = [] {
          return overlooking([](const Proposal& one) { return !has_type(one, TransformType::key_exchange); });
        });

MPSEC_DEFECT(
        .id = "needs-no-key-length", .rule = "rfc7296/3.3.5/cipher-without-its-key-length-is-refused",
        .does = "Takes AES without a Key Length.",
        .make = [] { return overlooking([](const Proposal& one) { return has_cipher(one, 12); }); });

MPSEC_DEFECT(
        .id = "takes-a-key-of-no-bits", .rule = "rfc7296/3.3.4/offer-is-compared-with-the-configuration",
        .does = "Takes ciphers with a Key Length of 0.",
        .make = [] { return overlooking([](const Proposal& one) { return has_cipher(one, 0, 0); }); });

}  // namespace mpsec::conformance
