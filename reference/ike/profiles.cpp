#include "ike/profiles.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace mpsec::ike {
namespace {

using crypto::EncryptionId;
using crypto::IntegrityId;
using crypto::KeyExchangeId;
using crypto::PrfId;
using crypto::Requirement;

using enum crypto::Requirement;

template <class Id>
struct Level {
  Id id;
  Requirement requirement;
};

//= rfc8247/2.1/levels-of-encryption
constexpr Level<EncryptionId> encryption_levels[] = {
    {EncryptionId::aes_cbc, must},      {EncryptionId::chacha20_poly1305, should},
    {EncryptionId::aes_gcm_16, should}, {EncryptionId::aes_ccm_8, should},
    {EncryptionId::triple_des, may},    {EncryptionId::des, must_not},
    {EncryptionId::null, must_not},
};

//= rfc8247/2.3/levels-of-integrity
constexpr Level<IntegrityId> integrity_levels[] = {
    {IntegrityId::hmac_sha2_256_128, must},  {IntegrityId::hmac_sha2_512_256, should},
    {IntegrityId::hmac_sha1_96, must_minus}, {IntegrityId::aes_xcbc_96, should},
    {IntegrityId::hmac_md5_96, must_not},    {IntegrityId::des_mac, must_not},
    {IntegrityId::kpdk_md5, must_not},
};

template <class Id, std::size_t count>
Requirement level_of(const Level<Id> (&levels)[count], Id id) {
  const auto found = std::ranges::find(levels, id, &Level<Id>::id);
  return found == std::end(levels) ? may : found->requirement;
}

// In our order of preference; what a profile does not admit is left out.
constexpr EncryptionId encryption_preference[] = {
    EncryptionId::aes_gcm_16, EncryptionId::chacha20_poly1305, EncryptionId::aes_ccm_16,
    EncryptionId::aes_gcm_12, EncryptionId::aes_ccm_12,        EncryptionId::aes_gcm_8,
    EncryptionId::aes_ccm_8,  EncryptionId::aes_cbc,           EncryptionId::aes_ctr,
    EncryptionId::triple_des,
};
constexpr IntegrityId integrity_preference[] = {
    IntegrityId::hmac_sha2_256_128, IntegrityId::hmac_sha2_512_256, IntegrityId::hmac_sha2_384_192,
    IntegrityId::aes_cmac_96,       IntegrityId::aes_xcbc_96,       IntegrityId::hmac_sha1_96,
    IntegrityId::hmac_md5_96,
};
constexpr PrfId prf_preference[] = {
    PrfId::hmac_sha2_256, PrfId::hmac_sha2_512, PrfId::hmac_sha2_384, PrfId::aes128_cmac,
    PrfId::aes128_xcbc,   PrfId::hmac_sha1,     PrfId::hmac_md5,
};
constexpr KeyExchangeId key_exchange_preference[] = {
    KeyExchangeId::curve25519, KeyExchangeId::ecp_256,   KeyExchangeId::ecp_384,   KeyExchangeId::ecp_521,
    KeyExchangeId::curve448,   KeyExchangeId::modp_3072, KeyExchangeId::modp_4096, KeyExchangeId::modp_6144,
    KeyExchangeId::modp_8192,  KeyExchangeId::modp_2048, KeyExchangeId::modp_1536, KeyExchangeId::modp_1024,
    KeyExchangeId::modp_768,
};

// RFC 8247 was written before x25519 was common: it alone is recommended though not mentioned there.
Requirement requirement_of(KeyExchangeId id) {
  if (id == KeyExchangeId::curve25519) return should;
  const auto found = crypto::find(id);
  return found ? (*found)->requirement : may;
}

Requirement requirement_of(PrfId id) {
  const auto found = crypto::find(id);
  return found ? (*found)->requirement : may;
}

Requirement child_requirement(EncryptionId id) {
  const auto found = crypto::find(id);
  return found ? (*found)->requirement : may;
}

Requirement child_requirement(IntegrityId id) {
  const auto found = crypto::find(id);
  return found ? (*found)->requirement : may;
}

template <class Id, std::size_t count, class RequirementOf>
std::vector<Id> admitted(const Id (&preference)[count], Profile profile, RequirementOf requirement) {
  std::vector<Id> ids;
  std::ranges::copy_if(preference, std::back_inserter(ids),
                       [&](Id id) { return admits(profile, requirement(id)); });
  return ids;
}

// Long keys first; 192 bits are nobody's first choice, and stand at MAY throughout.
std::vector<AllowedEncryption> with_key_bits(const std::vector<EncryptionId>& ids, Profile profile) {
  std::vector<AllowedEncryption> all;
  for (const EncryptionId id : ids) {
    if ((*crypto::find(id))->key_sizes.size() == 1) {
      all.push_back({id, std::nullopt});
      continue;
    }
    all.push_back({id, std::uint16_t{256}});
    all.push_back({id, std::uint16_t{128}});
    if (profile != Profile::recommended) all.push_back({id, std::uint16_t{192}});
  }
  return all;
}

std::vector<KeyExchangeId> optional_key_exchange(Profile profile) {
  auto ids = admitted(key_exchange_preference, profile, [](KeyExchangeId id) { return requirement_of(id); });
  ids.push_back(KeyExchangeId::none);
  return ids;
}

Result<> admit(Profile profile, std::string_view name, Requirement requirement, std::string_view document) {
  if (admits(profile, requirement)) return {};
  return std::unexpected(Error{.blame = Blame::local_fault,
                               .path = std::string(name),
                               .offset = {},
                               .why = fmt::format("the profile \"{}\" does not admit it: its level is {}",
                                                  to_string(profile), crypto::to_string(requirement)),
                               .clause = std::string(document)});
}

// Checks a list; `requirement` says the level of an ID.
template <class Id, class RequirementOf>
Result<> admit_all(const std::vector<Id>& ids, Profile profile, std::string_view document,
                   RequirementOf requirement) {
  for (const Id id : ids) {
    const auto found = crypto::find(id);
    if (!found) continue;
    if (Result<> fine = admit(profile, (*found)->name, requirement(id), document); !fine) return fine;
  }
  return {};
}

std::vector<EncryptionId> ids_of(const std::vector<AllowedEncryption>& allowed) {
  std::vector<EncryptionId> ids;
  std::ranges::transform(allowed, std::back_inserter(ids), &AllowedEncryption::id);
  return ids;
}

constexpr auto of_ike = [](auto id) { return ike_requirement(id); };
constexpr auto of_child = [](auto id) { return child_requirement(id); };
constexpr auto of_registry = [](auto id) { return requirement_of(id); };

}  // namespace

Requirement ike_requirement(EncryptionId id) {
  return level_of(encryption_levels, id);
}

Requirement ike_requirement(IntegrityId id) {
  return level_of(integrity_levels, id);
}

std::string_view to_string(Profile profile) {
  switch (profile) {
    case Profile::recommended:
      return "recommended";
    case Profile::permitted:
      return "permitted";
    case Profile::legacy:
      return "legacy";
  }
  return "unknown";
}

bool admits(Profile profile, Requirement requirement) {
  switch (requirement) {
    case must:
    case must_minus:
    case should:
    case should_plus:
      return true;
    case may:
      return profile != Profile::recommended;
    case should_not:
    case must_not:
      return profile == Profile::legacy;
  }
  return false;
}

IkeProposal ike_proposal(Profile profile) {
  return {.encryption = with_key_bits(admitted(encryption_preference, profile, of_ike), profile),
          .prf = admitted(prf_preference, profile, of_registry),
          .integrity = admitted(integrity_preference, profile, of_ike),
          .key_exchange = admitted(key_exchange_preference, profile, of_registry)};
}

ChildProposal esp_proposal(Profile profile) {
  return {
      .protocol = wire::ike::ProtocolId::esp,
      .encryption = with_key_bits(admitted(encryption_preference, profile, of_child), profile),
      .integrity = admitted(integrity_preference, profile, of_child),
      .key_exchange = optional_key_exchange(profile),
      .sequence_numbers = {wire::ike::SequenceNumbers::extended, wire::ike::SequenceNumbers::no_extended}};
}

ChildProposal ah_proposal(Profile profile) {
  ChildProposal proposal = esp_proposal(profile);
  proposal.protocol = wire::ike::ProtocolId::ah;
  proposal.encryption.clear();
  return proposal;
}

Result<> check(const IkeProposal& proposal, Profile profile) {
  if (auto fine = admit_all(ids_of(proposal.encryption), profile, "RFC 8247 2.1", of_ike); !fine) return fine;
  if (auto fine = admit_all(proposal.prf, profile, "RFC 8247 2.2", of_registry); !fine) return fine;
  if (auto fine = admit_all(proposal.integrity, profile, "RFC 8247 2.3", of_ike); !fine) return fine;
  return admit_all(proposal.key_exchange, profile, "RFC 8247 2.4", of_registry);
}

Result<> check(const ChildProposal& proposal, Profile profile) {
  if (auto fine = admit_all(ids_of(proposal.encryption), profile, "RFC 8221 5", of_child); !fine) return fine;
  if (auto fine = admit_all(proposal.integrity, profile, "RFC 8221 6", of_child); !fine) return fine;
  const auto of_optional = [](KeyExchangeId id) {
    return id == KeyExchangeId::none ? must : requirement_of(id);
  };
  return admit_all(proposal.key_exchange, profile, "RFC 8247 2.4", of_optional);
}

}  // namespace mpsec::ike
