// Algorithms as an administrator writes them, "aes128gcm16-prfsha256-x25519", and the registries' numbers,
// both ways.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ike/negotiation.hpp"
#include "ike/suite.hpp"
#include "ipsec/sa.hpp"

namespace mpsec::gateway {

// What the words of a proposal, with '-' between, allow for an IKE SA or for a Child SA: each adds an
// algorithm to the list of its kind. Where an IKE proposal names no PRF it has those of its integrity's
// hashes.
//
// Fails (local fault) with the place in `words` as offset: on an unknown word naming the near ones, on a word
// of a kind that has no place there, on lists that do not go together. What is only discouraged is allowed:
// it was named.
Result<ike::IkeProposal> ike_proposal_of(std::string_view words);
Result<ike::ChildProposal> child_proposal_of(std::string_view words, ipsec::Protocol protocol);

// The algorithms of an SA without IKE: exactly one cipher, one integrity algorithm, or both.
Result<ike::ProtectionChoice> sa_algorithms_of(std::string_view words, ipsec::Protocol protocol);

// Words for what has such numbers; "encryption 99" and the like for what has no word.
std::string word_of(crypto::EncryptionId id, std::optional<std::uint16_t> key_bits);
std::string word_of(crypto::IntegrityId id);
std::string word_of(crypto::PrfId id);
std::string word_of(crypto::KeyExchangeId id);

// As a proposal that reads back as the same.
std::string words_of(const ike::IkeProposal& proposal);
std::string words_of(const ike::ChildProposal& proposal);
// Of an SA: "aes256gcm16", "aes128-sha256"; of an IKE SA also its PRF and key exchange.
std::string words_of(const ike::Protection& protection);
std::string words_of(const ike::Suite& suite);

}  // namespace mpsec::gateway
