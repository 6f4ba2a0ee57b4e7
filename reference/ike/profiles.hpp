// Which algorithms to offer and take: the levels of RFC 8247 for IKE SAs and of RFC 8221 for ESP and AH, and
// proposals made after them.
#pragma once

#include <cstdint>
#include <string_view>

#include "ike/negotiation.hpp"

namespace mpsec::ike {

// The level of an algorithm for an IKE SA; `may` for what RFC 8247 does not mention (1.2). Those of PRFs and
// key exchange methods stand in their registries, those for ESP and AH in crypto/transforms.hpp.
crypto::Requirement ike_requirement(crypto::EncryptionId id);
crypto::Requirement ike_requirement(crypto::IntegrityId id);

enum class Profile : std::uint8_t {
  recommended,  // what is at MUST or SHOULD, and x25519: the default
  permitted,    // what is at MAY too
  legacy,       // all that can be computed, even at MUST NOT; only for whoever asks for it
};
std::string_view to_string(Profile profile);

bool admits(Profile profile, crypto::Requirement requirement);

// All that the profile admits, in order of preference: combined algorithms before others, 256-bit keys before
// shorter ones at the same level, elliptic curves before MODP.
IkeProposal ike_proposal(Profile profile = Profile::recommended);
// With perfect forward secrecy optional and extended sequence numbers preferred.
ChildProposal esp_proposal(Profile profile = Profile::recommended);
ChildProposal ah_proposal(Profile profile = Profile::recommended);

// Whether a configured proposal stays within a profile. Fails (local_fault) naming the algorithm, its level
// and the document that sets it; never on the strength of one that is not known here, which is another's to
// refuse.
Result<> check(const IkeProposal& proposal, Profile profile);
Result<> check(const ChildProposal& proposal, Profile profile);

}  // namespace mpsec::ike
