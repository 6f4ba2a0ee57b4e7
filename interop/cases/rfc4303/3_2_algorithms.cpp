// RFC 4303 3.2: what protects an SA, and that something does.
#include "interop/suite/esp_steps.hpp"

namespace mpsec::conformance {
namespace {

using crypto::EncryptionId;
using crypto::IntegrityId;

ike::ChildProposal of(EncryptionId encryption, std::optional<std::uint16_t> bits, IntegrityId integrity) {
  ike::ChildProposal one;
  one.encryption = {{encryption, bits}};
  if (integrity != IntegrityId::none) one.integrity = {integrity};
  return one;
}

// A child with the algorithms that the case wishes for carries pings of several lengths.
void tries(Tester& t, const ike::ChildProposal& proposal) {
  Opening opening;
  opening.child.proposals = std::vector{proposal};
  IkeSession& sa = t.half_open(opening);
  const Message response = t.control([&] { return t.ask(sa, sa.auth_request()); });
  t.expect_no_error(response);
  EspChild* const child = sa.take_auth(response);
  t.check(child != nullptr, "a Child SA with the algorithms that were offered", "none");
  for (int i = 0; i < 3; ++i)
    t.ping(*child);
}

// Asks for a child whose proposals are stripped to one encryption transform and the kind of numbers.
void tries_without_integrity(Tester& t, std::uint16_t encryption,
                             std::vector<wire::ike::Attribute> attributes) {
  Opening opening;
  opening.auth = [&](Message& message) {
    for (wire::ike::Payload& payload : message.payloads) {
      auto* sa = std::get_if<wire::ike::SecurityAssociation>(&payload.body);
      if (sa == nullptr) continue;
      sa->proposals.resize(1);
      auto& transforms = sa->proposals.at(0).transforms;
      std::erase_if(transforms, [](const wire::ike::Transform& one) {
        return one.type == wire::ike::TransformType::encryption ||
               one.type == wire::ike::TransformType::integrity;
      });
      transforms.insert(transforms.begin(), wire::ike::Transform{.id = encryption, .attributes = attributes});
      transforms.insert(transforms.begin() + 1,
                        wire::ike::Transform{.type = wire::ike::TransformType::integrity, .id = 0});
    }
  };
  IkeSession& sa = t.half_open(opening);
  const Message response = t.control([&] { return t.ask(sa, sa.auth_request()); });
  sa.next_request = 2;
  t.check(wire::ike::find<wire::ike::SecurityAssociation>(response.payloads) == nullptr, "no Child SA",
          "one");
  t.expect_notify(response, NotifyType::no_proposal_chosen);
  t.expect_alive(sa);
}

const std::vector cbc_and_sha2 = {of(EncryptionId::aes_cbc, 256, IntegrityId::hmac_sha2_512_256)};
const std::vector gcm_256 = {of(EncryptionId::aes_gcm_16, 256, IntegrityId::none)};
const std::vector chacha = {of(EncryptionId::chacha20_poly1305, {}, IntegrityId::none)};
const std::vector null_and_sha2 = {of(EncryptionId::null, {}, IntegrityId::hmac_sha2_256_128)};
const std::vector gmac = {of(EncryptionId::null_auth_aes_gmac, 128, IntegrityId::none)};
const std::vector gcm_implicit_iv = {of(EncryptionId::aes_gcm_16_iiv, 128, IntegrityId::none)};

}  // namespace

MPSEC_CASE(
        .id = "rfc4303/1/aes-cbc-with-hmac-sha2-512",
        .rules = {"rfc4303/1/both-services-together-are-supported"},
        .wishes = {.child_proposals = cbc_and_sha2},
        .does = "The child has AES-CBC of 256 bits and HMAC-SHA2-512-256.", .lawful = "Pings go through it.",
        .run = [](Tester& t) { tries(t, cbc_and_sha2[0]); });

MPSEC_CASE(
        .id = "rfc4303/1/aes-gcm-of-256-bits", .rules = {"rfc4303/1/both-services-together-are-supported"},
        .wishes = {.child_proposals = gcm_256}, .does = "The child has AES-GCM of 256 bits.",
        .lawful = "Pings go through it.", .run = [](Tester& t) { tries(t, gcm_256[0]); });

MPSEC_CASE(
        .id = "rfc4303/1/chacha20-poly1305", .rules = {"rfc4303/1/both-services-together-are-supported"},
        .wishes = {.child_proposals = chacha}, .does = "The child has ChaCha20-Poly1305.",
        .lawful = "Pings go through it.", .run = [](Tester& t) { tries(t, chacha[0]); });

MPSEC_CASE(
        .id = "rfc4303/1/integrity-alone-with-null-encryption",
        .rules = {"rfc4303/1/integrity-only-is-supported", "rfc4303/1/integrity-only-is-negotiable",
                  "rfc4303/3.2.1/encryption-may-be-null"},
        .wishes = {.child_proposals = null_and_sha2},
        .does = "The child has NULL encryption and HMAC-SHA2-256-128.", .lawful = "Pings go through it.",
        .run = [](Tester& t) { tries(t, null_and_sha2[0]); });

MPSEC_CASE(
        .id = "rfc4543/3.5/integrity-alone-by-gmac",
        .rules = {"rfc4543/3.5/aad-is-spi-sequence-number-and-payload-with-iv",
                  "rfc4543/3.2/nonce-is-salt-then-iv", "rfc4303/1/integrity-only-is-supported"},
        .wishes = {.child_proposals = gmac}, .does = "The child has ENCR_NULL_AUTH_AES_GMAC.",
        .lawful = "Pings go through it.", .run = [](Tester& t) { tries(t, gmac[0]); });

MPSEC_CASE(
        .id = "rfc8750/4/aes-gcm-with-an-implicit-iv",
        .rules = {"rfc8750/4/implicit-iv-is-the-sequence-number"},
        .wishes = {.child_proposals = gcm_implicit_iv}, .does = "The child has AES-GCM with an implicit IV.",
        .lawful = "Pings go through it.", .run = [](Tester& t) { tries(t, gcm_implicit_iv[0]); });

MPSEC_CASE(
        .id = "rfc4303/3.2/neither-encryption-nor-integrity-is-refused",
        .rules = {"rfc4303/3.2/null-encryption-and-no-integrity-must-not-meet",
                  "rfc4303/3.2/one-of-the-services-is-always-chosen",
                  "rfc4303/5/both-algorithms-are-never-null"},
        .side = Side::responder,
        .does = "The tester asks for a child with NULL encryption and integrity NONE.",
        .lawful = "The child is refused with NO_PROPOSAL_CHOSEN; the IKE SA lives.",
        .run = [](Tester& t) { tries_without_integrity(t, 11, {}); });

MPSEC_CASE(
        .id = "rfc8221/4/encryption-without-integrity-is-refused",
        .rules = {"rfc8221/4/encryption-without-authentication-must-not-be-used",
                  "rfc4303/1/confidentiality-only-may-be-supported"},
        .side = Side::responder, .does = "The tester asks for a child with AES-CBC and integrity NONE.",
        .lawful = "The child is refused with NO_PROPOSAL_CHOSEN; the IKE SA lives.",
        .run = [](Tester& t) { tries_without_integrity(t, 12, {{.value = 128}}); });

}  // namespace mpsec::conformance
