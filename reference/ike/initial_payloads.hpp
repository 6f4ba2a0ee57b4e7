// Payloads that both ends of the initial exchanges make and read.
#pragma once

#include "crypto/key_exchange.hpp"
#include "ike/authentication.hpp"
#include "ike/refusal.hpp"
#include "ike/types.hpp"
#include "ipsec/identity.hpp"
#include "wire/ike/message.hpp"

namespace mpsec::ike {

//= rfc7296/2.10/nonce-size
// Enough for every PRF: half the key of the largest is 32 octets.
inline constexpr std::size_t nonce_octets = 32;
Octets make_nonce(Rng& rng);

wire::ike::Payload key_exchange_payload(const crypto::KeyExchange& own);
// SIGNATURE_HASH_ALGORITHMS and IKEV2_FRAGMENTATION_SUPPORTED, as far as we want them.
void append_init_notifies(wire::ike::Payloads& payloads, bool fragmentation);
// SET_WINDOW_SIZE.
wire::ike::Notify window_notify(std::uint32_t size);
// What the peer says it can check: its hashes, and the authorities of its CERTREQ payloads.
PeerAbilities abilities_of(const wire::ike::Payloads& payloads);

// Of the two ID payloads, the one of that role.
wire::ike::Payload identity_payload(Role role, const ipsec::Identity& identity);
// The body octets, type and reserved field first, as a proof covers them; nothing if there is no such
// payload.
struct ReadIdentity {
  ipsec::Identity identity;
  Octets body;
};
Granted<ReadIdentity> read_identity(Role role, const wire::ike::Payloads& payloads);

// The parts of an IKE_SA_INIT, or of a rekey of an IKE SA, that must be there.
struct KeyMaterial {
  const wire::ike::SecurityAssociation* sa;
  const wire::ike::KeyExchange* key_exchange;
  const wire::ike::Nonce* nonce;
};
//= rfc7296/2.10/nonce-size
Granted<KeyMaterial> require_key_material(const wire::ike::Payloads& payloads);

//= rfc7296/2.5/unknown-critical-payload-is-rejected
// The type of the first payload that is critical and unknown.
std::optional<std::uint8_t> unknown_critical(const wire::ike::Payloads& payloads);
// The first error Notify; nothing if there is none.
const wire::ike::Notify* first_error(const wire::ike::Payloads& payloads);
Error error_of(const wire::ike::Notify& notify, std::string_view exchange);

}  // namespace mpsec::ike
