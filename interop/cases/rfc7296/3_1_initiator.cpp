// RFC 7296 3: the form of what an initiator sends in the initial exchanges.
#include "crypto/key_exchange.hpp"
#include "interop/suite/moves.hpp"

namespace mpsec::conformance {

using namespace wire::ike;

namespace {

const SecurityAssociation& offers_of(Tester& t, const Message& message) {
  const auto* sa = find<SecurityAssociation>(message.payloads);
  if (sa == nullptr || sa->proposals.empty()) t.fail("an SA payload with a proposal", "none");
  return *sa;
}

const Message& init_of(const IkeSession& sa) {
  return sa.waiting.front();
}

bool has_type(const Proposal& proposal, TransformType type) {
  return std::ranges::any_of(proposal.transforms, [&](const Transform& one) { return one.type == type; });
}

bool is_combined(const Transform& one) {
  return one.type == TransformType::encryption && one.id >= 14 && one.id <= 28 && one.id != 23;
}

// The IKE_AUTH request, with what came before it.
struct Opened {
  IkeSession& sa;
  Message init, auth;
};
Opened open_initiation(Tester& t) {
  IkeSession& sa = t.await_init_request();
  Message init = init_of(sa);
  return t.control([&] { return Opened{sa, std::move(init), expect_auth_request(t, sa)}; });
}

}  // namespace

MPSEC_CASE(
        .id = "rfc7296/3.1/ike-sa-init-request-has-a-first-messages-header",
        .rules = {"rfc7296/3.1/responders-spi-is-zero-at-first", "rfc7296/3.1/initiators-spi-is-never-zero",
                  "rfc7296/2.2/id-counts-the-exchanges",
                  "rfc7296/3.1/initiator-flag-of-the-original-initiator",
                  "rfc7296/3.1/response-flag-is-clear-in-requests"},
        .side = Side::initiator, .hooks = {Hook::initiate},
        .does = "The tester looks at the header of the target's IKE_SA_INIT request.",
        .lawful =
            "The initiator's SPI is not zero and the responder's is, the Message ID is 0, the Initiator "
            "flag is set and the Response flag is clear.",
        .run = [](Tester& t) {
          const IkeHeader& header = init_of(t.await_init_request()).header;
          t.check(header.initiator_spi != IkeSpi{0}, "an initiator's SPI", "zero");
          t.check(header.responder_spi == IkeSpi{0}, "zero for the responder's SPI", "another value");
          t.check(header.message_id == MessageId(0), "Message ID 0", "another one");
          t.check(header.initiator, "the Initiator flag", "a request of the initiator without it");
          t.check(!header.response, "no Response flag", "a request with it");
        });

MPSEC_CASE(
        .id = "rfc7296/3.1/initiator-says-version-2-0-and-no-other-flags",
        .rules = {"rfc7296/3.1/unused-flags-are-sent-as-zero", "rfc7296/3.1/version-flag-is-sent-as-zero",
                  "rfc7296/3.1/major-version-is-2", "rfc7296/3.1/minor-version-is-0"},
        .side = Side::initiator, .hooks = {Hook::initiate},
        .does = "The tester looks at versions and flags of the target's IKE_SA_INIT and IKE_AUTH requests.",
        .lawful = "The version is 2.0; the Version flag and the flags without a name are clear.",
        .run = [](Tester& t) {
          const Opened opened = open_initiation(t);
          for (const Message* one : {&opened.init, &opened.auth}) {
            t.check(one->header.major_version == 2, "major version 2", "another one");
            t.check(one->header.minor_version == 0, "minor version 0", "another one");
            t.check(!one->header.higher_version, "a Version flag of zero", "one that is set");
            t.check(one->header.reserved_high == 0 && one->header.reserved_low == 0, "unused flags of zero",
                    "one that is set");
          }
        });

MPSEC_CASE(
        .id = "rfc7296/3.1/initiators-ike-auth-request-is-exchange-1",
        .rules = {"rfc7296/2.2/id-counts-the-exchanges", "rfc7296/1/ike-auth-before-any-other",
                  "rfc7296/3.1/initiator-flag-of-the-original-initiator",
                  "rfc7296/3.1/response-flag-is-clear-in-requests"},
        .side = Side::initiator, .hooks = {Hook::initiate},
        .does = "The tester answers the target's IKE_SA_INIT request and looks at the request that follows.",
        .lawful = "It is IKE_AUTH under Message ID 1, the Initiator flag set and the Response flag clear.",
        .run = [](Tester& t) {
          const Opened opened = open_initiation(t);
          t.check(opened.auth.header.message_id == MessageId(1), "Message ID 1", "another one");
          t.check(opened.auth.header.initiator, "the Initiator flag", "a request of the initiator without");
          t.check(!opened.auth.header.response, "no Response flag", "a request with it");
        });

MPSEC_CASE(
        .id = "rfc7296/3.2/initiator-sends-no-critical-payloads",
        .rules = {"rfc7296/3.2/payloads-of-this-document-are-not-critical"}, .side = Side::initiator,
        .hooks = {Hook::initiate},
        .does = "The tester looks at the payload headers of the target's IKE_SA_INIT and IKE_AUTH requests.",
        .lawful = "No payload of a type that RFC 7296 defines has the critical flag.", .run = [](Tester& t) {
          const Opened opened = open_initiation(t);
          for (const Message* one : {&opened.init, &opened.auth})
            for (const Payload& payload : one->payloads)
              t.check(!payload.header.critical || std::holds_alternative<UnknownPayload>(payload.body),
                      "no critical payloads", "a critical one");
        });

MPSEC_CASE(
        .id = "rfc7296/3.2/initiator-sends-reserved-fields-as-zero",
        .rules = {"rfc7296/2.5/reserved-is-sent-as-zero", "rfc7296/3.2/reserved-bits-of-a-payload-are-zero",
                  "rfc7296/3.3.1/reserved-of-a-proposal-is-zero",
                  "rfc7296/3.3.2/reserved-of-a-transform-is-zero", "rfc7296/3.5/reserved-of-an-id-is-zero",
                  "rfc7296/3.8/reserved-of-auth-is-zero", "rfc7296/3.13/reserved-of-selectors-is-zero"},
        .side = Side::initiator, .hooks = {Hook::initiate},
        .does = "The tester looks at the RESERVED fields of the target's IKE_SA_INIT and IKE_AUTH requests.",
        .lawful = "All are zero: of payload headers, proposals, transforms, KE, ID, AUTH and selectors.",
        .run = [](Tester& t) {
          const Opened opened = open_initiation(t);
          const auto zero = [&](std::uint64_t value, std::string_view of) {
            t.check(value == 0, std::string("zero for RESERVED of ") + std::string(of), "another value");
          };
          for (const Message* one : {&opened.init, &opened.auth}) {
            for (const Payload& payload : one->payloads)
              zero(payload.header.reserved, "a payload header");
            for (const Proposal& proposal : offers_of(t, *one).proposals) {
              zero(proposal.reserved, "a proposal");
              for (const Transform& transform : proposal.transforms)
                zero(transform.reserved_1 | transform.reserved_2, "a transform");
            }
          }
          if (const auto* ke = find<KeyExchange>(opened.init.payloads)) zero(ke->reserved, "KE");
          const Payloads& auth = opened.auth.payloads;
          if (const auto* id = find<IdentificationInitiator>(auth)) zero(id->reserved, "IDi");
          if (const auto* proof = find<Authentication>(auth)) zero(proof->reserved, "AUTH");
          if (const auto* ts = find<TrafficSelectorsInitiator>(auth)) zero(ts->reserved, "TSi");
          if (const auto* ts = find<TrafficSelectorsResponder>(auth)) zero(ts->reserved, "TSr");
        });

MPSEC_CASE(
        .id = "rfc7296/3.3/initiator-numbers-its-proposals-from-1",
        .rules = {"rfc7296/3.3/first-proposal-has-number-one", "rfc7296/3.3.1/proposals-count-from-one",
                  "rfc7296/3.3/each-proposal-number-is-one-more"},
        .side = Side::initiator, .hooks = {Hook::initiate},
        .does = "The tester looks at the proposals of the target's IKE_SA_INIT and IKE_AUTH requests.",
        .lawful = "The first has number 1, and each further one the next number.", .run = [](Tester& t) {
          const Opened opened = open_initiation(t);
          for (const Message* one : {&opened.init, &opened.auth}) {
            std::uint8_t next = 1;
            for (const Proposal& proposal : offers_of(t, *one).proposals)
              t.check(proposal.number == next++, "proposals numbered 1, 2, 3", "another number");
          }
        });

MPSEC_CASE(
        .id = "rfc7296/3.3.1/initiators-proposals-have-spis-as-their-protocol-asks",
        .rules = {"rfc7296/3.3.1/spi-size-by-protocol", "rfc7296/3.3.1/first-ike-proposal-has-no-spi"},
        .side = Side::initiator, .hooks = {Hook::initiate},
        .does = "The tester looks at the proposals of the target's IKE_SA_INIT and IKE_AUTH requests.",
        .lawful = "Those for IKE have no SPI, those for ESP or AH one of four octets that is not zero.",
        .run = [](Tester& t) {
          const Opened opened = open_initiation(t);
          for (const Proposal& proposal : offers_of(t, opened.init).proposals)
            t.check(proposal.protocol == ProtocolId::ike && proposal.spi_size == 0,
                    "proposals for IKE without an SPI", "another one");
          for (const Proposal& proposal : offers_of(t, opened.auth).proposals)
            t.check(proposal.protocol != ProtocolId::ike && proposal.spi_size == 4 &&
                        child_spi(proposal.spi) != Spi(0),
                    "proposals for ESP or AH with an SPI of four octets", "another one");
        });

MPSEC_CASE(
        .id = "rfc7296/3.3.3/initiator-offers-every-mandatory-transform-type",
        .rules = {"rfc7296/3.3.3/mandatory-and-optional-transform-types"}, .side = Side::initiator,
        .hooks = {Hook::initiate},
        .does = "The tester looks at the transforms of the target's IKE_SA_INIT and IKE_AUTH requests.",
        .lawful =
            "Proposals for IKE have a cipher, a PRF, a group, and integrity unless the cipher brings it; "
            "those for ESP a cipher and extended sequence numbers or none.",
        .run = [](Tester& t) {
          const Opened opened = open_initiation(t);
          for (const Proposal& proposal : offers_of(t, opened.init).proposals) {
            for (const TransformType type : {TransformType::encryption, TransformType::pseudorandom_function,
                                             TransformType::key_exchange})
              t.check(has_type(proposal, type), "a cipher, a PRF and a group", "one of them is not offered");
            t.check(has_type(proposal, TransformType::integrity) ||
                        std::ranges::any_of(proposal.transforms, is_combined),
                    "integrity, or a cipher that brings it", "neither");
          }
          for (const Proposal& proposal : offers_of(t, opened.auth).proposals)
            t.check((has_type(proposal, TransformType::encryption) || proposal.protocol == ProtocolId::ah) &&
                        has_type(proposal, TransformType::sequence_numbers),
                    "a cipher and ESN or no ESN", "one of them is not offered");
        });

MPSEC_CASE(
        .id = "rfc7296/3.3/initiator-offers-combined-ciphers-without-integrity",
        .rules = {"rfc7296/3.3/combined-algorithm-excludes-integrity",
                  "rfc7296/3.3/combined-ciphers-in-their-own-proposal",
                  "rfc7296/3.3/combined-algorithm-stands-without-integrity"},
        .side = Side::initiator, .hooks = {Hook::initiate},
        .does = "The tester looks at the transforms of the target's IKE_SA_INIT request.",
        .lawful = "A proposal with a combined-mode cipher has no other ciphers, and no integrity but NONE.",
        .run = [](Tester& t) {
          const Message init = init_of(t.await_init_request());
          for (const Proposal& proposal : offers_of(t, init).proposals) {
            if (std::ranges::none_of(proposal.transforms, is_combined)) continue;
            for (const Transform& one : proposal.transforms)
              t.check((one.type != TransformType::encryption || is_combined(one)) &&
                          (one.type != TransformType::integrity || one.id == 0),
                      "combined-mode ciphers by themselves", "other ciphers or integrity beside them");
          }
        });

MPSEC_CASE(
        .id = "rfc7296/3.3.5/initiator-offers-aes-with-a-key-length",
        .rules = {"rfc7296/3.3.5/key-length-where-the-transform-needs-it",
                  "rfc7296/3.3.5/key-length-is-of-two-octets",
                  "rfc7296/3.3.5/key-length-in-bits-and-network-order", "rfc7296/3.3/one-attribute-of-a-type",
                  "rfc7296/3.3/each-key-length-has-its-own-transform",
                  "rfc7296/2.13/variable-key-has-a-stated-size"},
        .side = Side::initiator, .hooks = {Hook::initiate},
        .does = "The tester looks at the ciphers of the target's IKE_SA_INIT and IKE_AUTH requests.",
        .lawful =
            "Every AES transform has one Key Length, in the form of two octets, of 128, 192 or 256 bits.",
        .run = [](Tester& t) {
          const Opened opened = open_initiation(t);
          for (const Message* one : {&opened.init, &opened.auth})
            for (const Proposal& proposal : offers_of(t, *one).proposals)
              for (const Transform& cipher : proposal.transforms) {
                if (cipher.type != TransformType::encryption || cipher.id < 12 || cipher.id > 20) continue;
                t.check(cipher.attributes.size() == 1, "one attribute", "another number of them");
                const Attribute& length = cipher.attributes.at(0);
                t.check(length.is_short && length.type == AttributeType::key_length,
                        "a Key Length in the short form", "another attribute");
                t.check(length.value == 128 || length.value == 192 || length.value == 256,
                        "128, 192 or 256 bits", "another number");
              }
        });

MPSEC_CASE(
        .id = "rfc7296/3.4/initiators-ke-payload-is-of-its-first-group",
        .rules = {"rfc7296/3.4/ke-group-is-the-first-proposed",
                  "rfc7296/3.4/ke-group-is-one-of-the-sa-payload"},
        .side = Side::initiator, .hooks = {Hook::initiate},
        .does = "The tester looks at the KE payload of the target's IKE_SA_INIT request.",
        .lawful =
            "Its group is one that the SA payload beside it offers, and the first of the first proposal.",
        .run = [](Tester& t) {
          const Message init = init_of(t.await_init_request());
          const auto* ke = find<KeyExchange>(init.payloads);
          if (ke == nullptr) t.fail("a KE payload", "none");
          bool offered = false;
          for (const Proposal& proposal : offers_of(t, init).proposals)
            for (const Transform& one : proposal.transforms)
              offered |= one.type == TransformType::key_exchange && one.id == ke->method;
          t.check(offered, "a KE payload of a group that is offered", "one of another group");
          const auto& first = offers_of(t, init).proposals.at(0).transforms;
          const auto group = std::ranges::find(first, TransformType::key_exchange, &Transform::type);
          t.check(group == first.end() || group->id == ke->method,
                  "a KE payload of the first group of the first proposal", "one of a later group");
        });

MPSEC_CASE(
        .id = "rfc7296/2.10/initiators-nonces-are-long-enough-and-differ",
        .rules = {"rfc7296/2.10/nonce-size", "rfc7296/3.9/nonce-of-16-to-256-octets",
                  "rfc7296/2.10/nonces-are-random", "rfc7296/3.9/nonces-are-not-used-again",
                  "rfc7296/2.6/ike-spis-are-unique"},
        .side = Side::initiator, .hooks = {Hook::initiate},
        .does = "The target is told to initiate, its IKE SA is deleted, and it is told again.",
        .lawful = "The nonces have 16 to 256 octets and differ, and so do the SPIs.", .run = [](Tester& t) {
          const auto [sa, first, auth] = open_initiation(t);
          t.control([&, &session = sa, &request = auth] {
            session.send(session.auth_response(request));
            t.expect_no_error(delete_ike(t, session));
          });
          t.call(Hook::initiate);
          const Instant until = t.now() + t.request_patience();
          Octets other;
          while (const auto arrived = t.receive_unknown(until - t.now())) {
            const auto message = decode_message(arrived->octets);
            if (!message || message->header.initiator_spi == first.header.initiator_spi) continue;
            if (const auto* nonce = find<Nonce>(message->payloads)) other = nonce->data;
            break;
          }
          if (other.empty())
            t.control([&] { t.fail("a second IKE_SA_INIT request with an SPI of its own", "none"); });
          const auto* nonce = find<Nonce>(first.payloads);
          if (nonce == nullptr) t.fail("a nonce", "none");
          t.check(nonce->data.size() >= 16 && nonce->data.size() <= 256, "16 to 256 octets",
                  "another number");
          t.check(other.size() >= 16 && other.size() <= 256, "16 to 256 octets", "another number");
          t.check(nonce->data != other, "a new nonce", "the same once more");
        });

MPSEC_CASE(
        .id = "rfc7296/1.2/initiator-protects-ike-auth-and-offers-no-group-in-it",
        .rules = {"rfc7296/1.2/all-after-ike-sa-init-is-protected", "rfc7296/1.2/no-key-exchange-in-ike-auth",
                  "rfc7296/1.2/no-group-is-left-out-and-not-none",
                  "rfc7296/3.1/encrypted-payload-is-the-last"},
        .side = Side::initiator, .hooks = {Hook::initiate},
        .does = "The tester looks at the target's IKE_AUTH request.",
        .lawful = "It is one Encrypted payload; its proposals have no group but NONE.", .run = [](Tester& t) {
          const Opened opened = open_initiation(t);
          const auto outside = decode_message(opened.sa.last_received);
          t.check(outside && !outside->payloads.empty() &&
                      (std::holds_alternative<Encrypted>(outside->payloads.back().body) ||
                       std::holds_alternative<EncryptedFragment>(outside->payloads.back().body)),
                  "an Encrypted payload as the last", "another one");
          for (const Proposal& proposal : offers_of(t, opened.auth).proposals)
            for (const Transform& one : proposal.transforms)
              t.check(one.type != TransformType::key_exchange || one.id == 0, "no group", "a group");
        });

MPSEC_CASE(
        .id = "rfc7296/2.15/initiator-proves-itself-over-what-it-sent",
        .rules = {"rfc7296/2.15/signed-octets", "rfc7296/2.15/shared-key-mac", "rfc7296/2.15/key-pad"},
        .side = Side::initiator, .hooks = {Hook::initiate},
        .does = "The tester verifies the AUTH payload of the target's IKE_AUTH request.",
        .lawful = "It is right for the request as it was sent, the tester's nonce and the target's ID.",
        .run = [](Tester& t) {
          const Opened opened = open_initiation(t);
          t.check(opened.sa.proof_is_good(opened.auth), "an AUTH payload that is right", "one that is not");
        });

MPSEC_CASE(
        .id = "rfc7296/3.13.1/initiator-writes-all-ports-as-0-to-65535",
        .rules = {"rfc7296/3.13.1/any-port-is-0-to-65535",
                  "rfc7296/3.13.1/start-port-0-where-ports-do-not-matter",
                  "rfc7296/3.13.1/end-port-65535-where-ports-do-not-matter",
                  "rfc7296/3.13.1/any-and-opaque-ports"},
        .side = Side::initiator, .hooks = {Hook::initiate},
        .does = "The tester looks at the selectors of the target's IKE_AUTH request.",
        .lawful = "A selector of any protocol has the ports 0 to 65535.", .run = [](Tester& t) {
          const Opened opened = open_initiation(t);
          const auto judge = [&](const TrafficSelectors* all) {
            if (all == nullptr || all->selectors.empty()) t.fail("selectors", "none");
            for (const TrafficSelector& one : all->selectors)
              t.check(one.ip_protocol != 0 || (one.start_port == 0 && one.end_port == 65535),
                      "ports 0 to 65535", "other ports");
          };
          judge(find<TrafficSelectorsInitiator>(opened.auth.payloads));
          judge(find<TrafficSelectorsResponder>(opened.auth.payloads));
        });

MPSEC_CASE(
        .id = "rfc7296/2.9.1/initiator-proposes-no-traffic-beyond-its-policy",
        .rules = {"rfc7296/2.9.1/no-selectors-against-own-policy"}, .side = Side::initiator,
        .hooks = {Hook::initiate},
        .does = "The tester compares the selectors of the target's IKE_AUTH request with its description.",
        .lawful = "TSi is within the target's network, and TSr within the tester's.", .run = [](Tester& t) {
          const Opened opened = open_initiation(t);
          const auto judge = [&](const TrafficSelectors* all, const ipsec::AddressRange& net) {
            if (all == nullptr) t.fail("selectors", "none");
            for (const TrafficSelector& one : all->selectors)
              t.check(one.start_address() >= net.first && one.end_address() <= net.last,
                      "addresses of the configured networks", "others");
          };
          judge(find<TrafficSelectorsInitiator>(opened.auth.payloads), t.target().target_net);
          judge(find<TrafficSelectorsResponder>(opened.auth.payloads), t.target().tester_net);
        });

}  // namespace mpsec::conformance
