// RFC 7296 1, 1.2 and 2.13 to 2.17: the initial exchanges, the target being the responder.
#include <algorithm>

#include "interop/suite/ways.hpp"

namespace mpsec::conformance {

using namespace wire::ike;

namespace {

// A group that the provider knows and the target does not allow.
std::optional<crypto::KeyExchangeId> other_group(const Tester& t) {
  using enum crypto::KeyExchangeId;
  for (const auto group : {modp_2048, ecp_384, ecp_521, modp_3072, ecp_256, curve25519})
    if (std::ranges::none_of(t.target().ike_proposals, [&](const ike::IkeProposal& one) {
          return std::ranges::find(one.key_exchange, group) != one.key_exchange.end();
        }))
      return group;
  return std::nullopt;
}

// Offers that group first and the target's behind it, with a KE payload of the first.
Opening other_group_first(const Tester& t) {
  const auto group = other_group(t);
  if (!group) throw Stop{Verdict::unsupported, {}, "the target allows all groups that the tester has"};
  Opening opening;
  opening.proposals = t.target().ike_proposals;
  for (auto& one : *opening.proposals)
    one.key_exchange.insert(one.key_exchange.begin(), *group);
  return opening;
}

// The target's proposals with ciphers only that need an integrity algorithm beside them.
Opening separate_integrity(const Tester& t) {
  const auto combined = [](const ike::AllowedEncryption& one) {
    return one.id != crypto::EncryptionId::aes_cbc;
  };
  Opening opening;
  opening.proposals = t.target().ike_proposals;
  opening.child.proposals = t.target().child_proposals;
  for (auto& one : *opening.proposals)
    std::erase_if(one.encryption, combined);
  for (auto& one : *opening.child.proposals)
    std::erase_if(one.encryption, combined);
  std::erase_if(*opening.proposals, [](const auto& one) { return one.encryption.empty(); });
  std::erase_if(*opening.child.proposals, [](const auto& one) { return one.encryption.empty(); });
  if (opening.proposals->empty() || opening.child.proposals->empty())
    throw Stop{Verdict::unsupported, {}, "the target does not allow AES-CBC"};
  return opening;
}

}  // namespace

MPSEC_CASE(
        .id = "rfc7296/1.2/initial-exchanges-make-an-ike-sa-and-a-child",
        .rules = {"rfc7296/4/four-messages-make-two-sas",
                  "rfc7296/2.14/skeyseed-from-nonces-and-shared-secret", "rfc7296/2.14/seven-keys-in-order",
                  "rfc7296/2.14/lengths-of-sk-d-and-sk-p",
                  "rfc7296/2.13/sk-d-and-sk-p-have-the-preferred-length",
                  "rfc7296/2.17/keymat-with-and-without-a-new-secret",
                  "rfc7296/2.17/initiator-to-responder-first"},
        .side = Side::responder,
        .does = "The tester makes the initial exchanges and pings a host behind the target.",
        .lawful = "Two requests and two responses give an IKE SA and a Child SA that carries the ping.",
        .hint = "Keys: SKEYSEED, the order in which the seven keys are cut, KEYMAT.",
        .run = [](Tester& t) { t.expect_alive(expect_established(t, {})); });

MPSEC_CASE(
        .id = "rfc7296/2.17/cipher-and-integrity-algorithm-get-their-keys-in-order",
        .rules = {"rfc7296/2.17/encryption-key-before-integrity-key", "rfc7296/2.14/seven-keys-in-order"},
        .side = Side::responder,
        .does = "The initial exchanges with AES-CBC and an integrity algorithm for both SAs, and a ping.",
        .lawful = "The ping is answered under keys cut as 2.14 and 2.17 have it.", .run = [](Tester& t) {
          t.establish();
          expect_established(t, separate_integrity(t));
        });

MPSEC_CASE(
        .id = "rfc7296/2.15/target-proves-itself-over-the-signed-octets",
        .rules = {"rfc7296/2.15/signed-octets", "rfc7296/2.15/shared-key-mac", "rfc7296/2.15/key-pad",
                  "rfc7296/2.15/shared-secret-has-no-terminator"},
        .side = Side::responder,
        .does = "The tester makes the initial exchanges and checks the target's AUTH.",
        .lawful =
            "It proves the target's identity over its IKE_SA_INIT response, the tester's nonce and its ID.",
        .run = [](Tester& t) {
          const auto [sa, response] = ask_auth(t);
          t.expect_no_error(response);
          t.check(sa.proof_is_good(response), "an AUTH payload that proves the target's identity",
                  "one that does not");
        });

MPSEC_CASE(
        .id = "rfc7296/1.2/response-to-ike-auth-is-protected",
        .rules = {"rfc7296/1.2/all-after-ike-sa-init-is-protected",
                  "rfc7296/3.1/encrypted-payload-is-the-last", "rfc7296/3.14/encrypted-payload-comes-last"},
        .side = Side::responder, .does = "The tester makes the initial exchanges.",
        .lawful = "The IKE_AUTH response is one Encrypted payload and nothing beside it.",
        .run = [](Tester& t) {
          const auto [sa, response] = ask_auth(t);
          const auto outer = decode_message(sa.last_received);
          const bool sealed = outer && outer->payloads.size() == 1 &&
                              (std::holds_alternative<Encrypted>(outer->payloads[0].body) ||
                               std::holds_alternative<EncryptedFragment>(outer->payloads[0].body));
          t.check(sealed, "an Encrypted payload alone", "other payloads outside of it");
        });

MPSEC_CASE(
        .id = "rfc7296/1.2/other-group-is-asked-for-by-invalid-ke-payload",
        .rules = {"rfc7296/1.2/invalid-ke-payload-names-the-group",
                  "rfc7296/3.4/other-group-is-refused-with-invalid-ke-payload"},
        .side = Side::responder,
        .does =
            "The tester offers a group that the target does not allow and others behind it, with a KE "
            "payload of the first.",
        .lawful = "INVALID_KE_PAYLOAD names, in two octets, a group that was offered and is allowed.",
        .run = [](Tester& t) {
          t.half_open();
          IkeSession& sa = t.begin(other_group_first(t));
          const Message response = ask_init(t, sa);
          t.expect_notify(response, NotifyType::invalid_ke_payload);
          const Notify* refusal = find_notify(response.payloads, NotifyType::invalid_ke_payload);
          t.check(refusal->data.size() == 2, "a group in two octets", "another number of octets");
          const auto named = static_cast<crypto::KeyExchangeId>(load_be<std::uint16_t>(refusal->data.data()));
          t.check(std::ranges::any_of(t.target().ike_proposals,
                                      [&](const ike::IkeProposal& one) {
                                        return std::ranges::find(one.key_exchange, named) !=
                                               one.key_exchange.end();
                                      }),
                  "a group that was offered and is allowed", "another");
          t.expect_target_alive();
        });

MPSEC_CASE(
        .id = "rfc7296/2.6/refusal-of-a-group-has-no-responder-spi",
        .rules = {"rfc7296/2.6/refusal-has-no-responder-spi"}, .side = Side::responder,
        .does = "The tester makes the target answer IKE_SA_INIT with INVALID_KE_PAYLOAD.",
        .lawful = "The responder's SPI in the header is zero, for there is no IKE SA.", .run = [](Tester& t) {
          IkeSession& sa = t.begin(other_group_first(t));
          const Message response = t.control([&] { return ask_init(t, sa); });
          t.expect_notify(response, NotifyType::invalid_ke_payload);
          t.check(response.header.responder_spi == IkeSpi{0}, "zero as the responder's SPI", "an SPI");
        });

MPSEC_CASE(
        .id = "rfc7296/1.2/child-of-ike-auth-has-no-group",
        .rules = {"rfc7296/1.2/no-key-exchange-in-ike-auth"}, .side = Side::responder,
        .does =
            "The tester makes the initial exchanges and looks at the SA payload in the IKE_AUTH response.",
        .lawful = "It has no key exchange transform, or NONE.", .run = [](Tester& t) {
          const auto [sa, response] = ask_auth(t);
          const auto* answered = find<SecurityAssociation>(response.payloads);
          t.control([&] { t.check(answered != nullptr, "an SA payload", "none"); });
          for (const Transform& one : answered->proposals.at(0).transforms)
            t.check(one.type != TransformType::key_exchange || one.id == 0, "no group, or NONE", "a group");
        });

}  // namespace mpsec::conformance
