// Proposals of either kind in one form: per transform type, what is allowed in order of preference. Private
// to the negotiation.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "ike/negotiation.hpp"

namespace mpsec::ike::negotiation {

using wire::ike::ProtocolId;
using wire::ike::TransformType;

inline constexpr std::uint16_t none = 0;  // INTEG and D-H; No Extended Sequence Numbers has the same number

// What of a transform counts; a transform with anything else in it is not understood.
struct Candidate {
  std::uint16_t id = none;
  std::optional<std::uint16_t> key_bits{};
  bool operator==(const Candidate&) const = default;
};

enum class Presence : std::uint8_t { absent, optional, mandatory };

struct TypeRule {
  TransformType type;
  Presence ike, esp, ah;
  Presence in(ProtocolId protocol) const;
};

//= rfc7296/3.3.3/mandatory-and-optional-transform-types
// Integrity stands as optional for IKE: whether it may be absent depends on the cipher (RFC 5282 8).
inline constexpr std::array type_rules = {
    TypeRule{TransformType::encryption, Presence::mandatory, Presence::mandatory, Presence::absent},
    TypeRule{TransformType::pseudorandom_function, Presence::mandatory, Presence::absent, Presence::absent},
    TypeRule{TransformType::integrity, Presence::optional, Presence::optional, Presence::mandatory},
    TypeRule{TransformType::key_exchange, Presence::mandatory, Presence::optional, Presence::optional},
    TypeRule{TransformType::sequence_numbers, Presence::absent, Presence::mandatory, Presence::mandatory},
};

using Candidates = std::vector<Candidate>;

struct AllowedSet {
  ProtocolId protocol{};
  std::array<Candidates, type_rules.size()> by_type{};  // in the order of type_rules

  const Candidates& of(TransformType type) const { return by_type[index_of(type)]; }
  Candidates& of(TransformType type) { return by_type[index_of(type)]; }
  static std::size_t index_of(TransformType type) { return static_cast<std::size_t>(type) - 1; }
};

// Each proposal as one set, or as two where it mixes combined-mode ciphers with others: the kind of its first
// cipher first. Fails (local fault) on an empty list that must not be empty.
Result<std::vector<AllowedSet>> allowed_sets(std::span<const IkeProposal> proposals);
Result<std::vector<AllowedSet>> allowed_sets(std::span<const ChildProposal> proposals);

// The candidate that a transform is; nothing if it has an attribute that is not understood or not allowed.
std::optional<Candidate> candidate_of(const wire::ike::Transform& transform);
wire::ike::Transform transform_of(TransformType type, const Candidate& candidate);

// The suite that `transforms` are: one of each type, and all of them understood.
ChosenSuite suite_of(const wire::ike::Proposal& proposal, std::vector<wire::ike::Transform> transforms);

// "ENCR", "PRF", "INTEG", "D-H", "ESN"
std::string_view short_name(TransformType type);

}  // namespace mpsec::ike::negotiation
