#include "ike/initial_payloads.hpp"

#include <algorithm>

#include "wire/codec.hpp"

namespace mpsec::ike {

using namespace wire::ike;

namespace {

constexpr std::array known_hashes{HashAlgorithm::sha2_256, HashAlgorithm::sha2_384, HashAlgorithm::sha2_512,
                                  HashAlgorithm::identity};

Refusal missing(std::string_view payload) {
  return refusal_of(
      {Blame::malformed, std::string(payload), std::nullopt, "the payload is missing", "RFC 7296 1.2"});
}

template <class Body>
Granted<ReadIdentity> read_as(const Payloads& payloads) {
  const auto* body = find<Body>(payloads);
  if (body == nullptr) return std::unexpected(missing(Body::name));
  return ReadIdentity{{static_cast<ipsec::IdentityType>(body->type), body->data}, wire::encode(*body)};
}

}  // namespace

Octets make_nonce(Rng& rng) {
  Octets nonce(nonce_octets);
  rng.fill(nonce);
  return nonce;
}

Payload key_exchange_payload(const crypto::KeyExchange& own) {
  KeyExchange body;
  body.method = static_cast<std::uint16_t>(own.transform().id);
  body.data.assign(own.public_value().begin(), own.public_value().end());
  return make_payload(std::move(body));
}

void append_init_notifies(Payloads& payloads, bool fragmentation) {
  if (fragmentation) payloads.push_back(make_payload(make_notify(NotifyType::ikev2_fragmentation_supported)));
  Octets hashes;
  for (const HashAlgorithm hash : known_hashes)
    append_be(hashes, static_cast<std::uint16_t>(hash));
  payloads.push_back(make_payload(make_notify(NotifyType::signature_hash_algorithms, std::move(hashes))));
}

Notify window_notify(std::uint32_t size) {
  Octets data;
  append_be(data, size);
  return make_notify(NotifyType::set_window_size, std::move(data));
}

PeerAbilities abilities_of(const Payloads& payloads) {
  PeerAbilities abilities;
  if (const Notify* hashes = find_notify(payloads, NotifyType::signature_hash_algorithms)) {
    for (std::size_t i = 0; i + 2 <= hashes->data.size(); i += 2)
      abilities.hashes.push_back(static_cast<HashAlgorithm>(load_be<std::uint16_t>(hashes->data.data() + i)));
  }
  for (const auto* request : find_all<CertificateRequest>(payloads))
    abilities.certificate_requests.push_back(*request);
  abilities.childless = find_notify(payloads, NotifyType::childless_ikev2_supported) != nullptr;
  return abilities;
}

Payload identity_payload(Role role, const ipsec::Identity& identity) {
  Identification common;
  common.type = static_cast<IdType>(identity.type);
  common.data = identity.value;
  if (role == Role::initiator) return make_payload(IdentificationInitiator{std::move(common)});
  return make_payload(IdentificationResponder{std::move(common)});
}

Granted<ReadIdentity> read_identity(Role role, const Payloads& payloads) {
  return role == Role::initiator ? read_as<IdentificationInitiator>(payloads)
                                 : read_as<IdentificationResponder>(payloads);
}

Granted<KeyMaterial> require_key_material(const Payloads& payloads) {
  KeyMaterial material{find<SecurityAssociation>(payloads), find<KeyExchange>(payloads),
                       find<Nonce>(payloads)};
  if (material.sa == nullptr) return std::unexpected(missing("SA"));
  if (material.key_exchange == nullptr) return std::unexpected(missing("KE"));
  if (material.nonce == nullptr) return std::unexpected(missing("Nonce"));
  const std::size_t size = material.nonce->data.size();
  if (size < Nonce::min_octets || size > Nonce::max_octets) {
    return std::unexpected(
        refusal_of({Blame::malformed, "Nonce", std::nullopt,
                    fmt::format("16 to 256 octets are allowed, found {}", size), "RFC 7296 3.9"}));
  }
  return material;
}

std::optional<std::uint8_t> unknown_critical(const Payloads& payloads) {
  for (const Payload& payload : payloads) {
    const auto* unknown = std::get_if<UnknownPayload>(&payload.body);
    if (unknown != nullptr && payload.header.critical) return static_cast<std::uint8_t>(unknown->type);
  }
  return std::nullopt;
}

const Notify* first_error(const Payloads& payloads) {
  for (const auto* notify : find_all<Notify>(payloads))
    if (static_cast<std::uint16_t>(notify->type) < first_status) return notify;
  return nullptr;
}

Error error_of(const Notify& notify, std::string_view exchange) {
  return {Blame::no_common_ground, std::string(exchange), std::nullopt,
          fmt::format("the peer says {}", to_string(notify.type)), "RFC 7296 3.10.1"};
}

}  // namespace mpsec::ike
