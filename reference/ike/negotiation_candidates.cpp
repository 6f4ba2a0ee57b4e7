#include "ike/negotiation_candidates.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace mpsec::ike::negotiation {
namespace {

bool is_combined(const AllowedEncryption& encryption) {
  const auto transform = crypto::find(encryption.id);
  return transform && (*transform)->combined();
}

template <class Number>
Candidates candidates(const std::vector<Number>& numbers) {
  Candidates result;
  for (const Number number : numbers)
    result.push_back({.id = static_cast<std::uint16_t>(number), .key_bits = std::nullopt});
  return result;
}

// Where NONE would leave the SA without what it needs.
template <class Number>
Candidates mandatory_candidates(const std::vector<Number>& numbers) {
  Candidates result = candidates(numbers);
  std::erase_if(result, [](const Candidate& each) { return each.id == none; });
  return result;
}

// A list of nothing but NONE is the same as none at all: the type is left out (RFC 7296 3.3.3).
template <class Number>
Candidates optional_candidates(const std::vector<Number>& numbers) {
  Candidates result = candidates(numbers);
  const bool only_none = std::ranges::all_of(result, [](const Candidate& each) { return each.id == none; });
  return only_none ? Candidates{} : result;
}

Candidates ciphers(const std::vector<AllowedEncryption>& encryption, bool combined) {
  Candidates result;
  for (const AllowedEncryption& each : encryption)
    if (is_combined(each) == combined)
      result.push_back({.id = static_cast<std::uint16_t>(each.id), .key_bits = each.key_bits});
  return result;
}

// Adds `common` with the one kind of ciphers and with the other.
//= rfc7296/3.3/combined-ciphers-in-their-own-proposal
//= rfc5282/8/no-integrity-beside-combined-ciphers
void add_by_cipher_kind(std::vector<AllowedSet>& sets, const AllowedSet& common,
                        const std::vector<AllowedEncryption>& encryption) {
  const bool combined_first = !encryption.empty() && is_combined(encryption.front());
  for (const bool combined : {combined_first, !combined_first}) {
    AllowedSet set = common;
    set.of(TransformType::encryption) = ciphers(encryption, combined);
    if (set.of(TransformType::encryption).empty()) continue;
    if (combined) set.of(TransformType::integrity).clear();
    sets.push_back(std::move(set));
  }
}

std::unexpected<Error> empty_list(std::size_t proposal, std::string_view list) {
  return std::unexpected(Error{.blame = Blame::local_fault,
                               .path = fmt::format("proposals[{}]/{}", proposal, list),
                               .offset = std::nullopt,
                               .why = "expected at least one, found none",
                               .clause = "RFC 7296 3.3.3"});
}

// Names the first list that the protocol cannot do without.
Result<> check_complete(const AllowedSet& set, std::size_t proposal) {
  for (const TypeRule& rule : type_rules)
    if (rule.in(set.protocol) == Presence::mandatory && set.of(rule.type).empty())
      return empty_list(proposal, short_name(rule.type));
  return {};
}

}  // namespace

Presence TypeRule::in(ProtocolId protocol) const {
  switch (protocol) {
    case ProtocolId::ike:
      return ike;
    case ProtocolId::esp:
      return esp;
    case ProtocolId::ah:
      return ah;
    default:
      return Presence::absent;
  }
}

Result<std::vector<AllowedSet>> allowed_sets(std::span<const IkeProposal> proposals) {
  std::vector<AllowedSet> sets;
  for (std::size_t i = 0; i < proposals.size(); ++i) {
    const IkeProposal& proposal = proposals[i];
    AllowedSet common{.protocol = ProtocolId::ike};
    common.of(TransformType::pseudorandom_function) = candidates(proposal.prf);
    common.of(TransformType::integrity) = mandatory_candidates(proposal.integrity);
    common.of(TransformType::key_exchange) = mandatory_candidates(proposal.key_exchange);
    if (proposal.encryption.empty()) return empty_list(i, short_name(TransformType::encryption));
    const std::size_t before = sets.size();
    add_by_cipher_kind(sets, common, proposal.encryption);
    for (std::size_t set = before; set < sets.size(); ++set) {
      if (auto complete = check_complete(sets[set], i); !complete) return std::unexpected(complete.error());
      const auto cipher = sets[set].of(TransformType::encryption).front();
      if (!is_combined({.id = static_cast<crypto::EncryptionId>(cipher.id)}) &&
          sets[set].of(TransformType::integrity).empty())
        return empty_list(i, short_name(TransformType::integrity));
    }
  }
  return sets;
}

Result<std::vector<AllowedSet>> allowed_sets(std::span<const ChildProposal> proposals) {
  std::vector<AllowedSet> sets;
  for (std::size_t i = 0; i < proposals.size(); ++i) {
    const ChildProposal& proposal = proposals[i];
    AllowedSet common{.protocol = proposal.protocol};
    common.of(TransformType::integrity) = proposal.protocol == ProtocolId::ah
                                              ? mandatory_candidates(proposal.integrity)
                                              : optional_candidates(proposal.integrity);
    common.of(TransformType::key_exchange) = optional_candidates(proposal.key_exchange);
    common.of(TransformType::sequence_numbers) = candidates(proposal.sequence_numbers);
    const std::size_t before = sets.size();
    if (proposal.protocol == ProtocolId::esp) add_by_cipher_kind(sets, common, proposal.encryption);
    if (sets.size() == before) sets.push_back(common);
    for (std::size_t set = before; set < sets.size(); ++set)
      if (auto complete = check_complete(sets[set], i); !complete) return std::unexpected(complete.error());
  }
  return sets;
}

//= rfc7296/3.3.6/transform-with-an-unknown-attribute-is-unacceptable
//= rfc7296/3.3.5/key-length-is-of-two-octets
//= rfc7296/3.3/one-attribute-of-a-type
std::optional<Candidate> candidate_of(const wire::ike::Transform& transform) {
  Candidate candidate{.id = transform.id};
  for (const wire::ike::Attribute& attribute : transform.attributes) {
    const bool is_key_length = transform.type == TransformType::encryption && attribute.is_short &&
                               attribute.type == wire::ike::AttributeType::key_length;
    if (!is_key_length || candidate.key_bits) return std::nullopt;
    candidate.key_bits = attribute.value;
  }
  return candidate;
}

wire::ike::Transform transform_of(TransformType type, const Candidate& candidate) {
  wire::ike::Transform transform;
  transform.type = type;
  transform.id = candidate.id;
  if (candidate.key_bits) transform.attributes.push_back({.value = *candidate.key_bits});
  return transform;
}

ChosenSuite suite_of(const wire::ike::Proposal& proposal, std::vector<wire::ike::Transform> transforms) {
  ChosenSuite suite{.protocol = proposal.protocol, .number = proposal.number, .spi = proposal.spi};
  for (const wire::ike::Transform& transform : transforms) {
    const Candidate candidate = candidate_of(transform).value_or(Candidate{});
    if (transform.type == TransformType::encryption)
      suite.encryption = {static_cast<crypto::EncryptionId>(candidate.id), candidate.key_bits};
    if (transform.type == TransformType::pseudorandom_function)
      suite.prf = static_cast<crypto::PrfId>(candidate.id);
    if (transform.type == TransformType::integrity)
      suite.integrity = static_cast<crypto::IntegrityId>(candidate.id);
    if (transform.type == TransformType::key_exchange)
      suite.key_exchange = static_cast<crypto::KeyExchangeId>(candidate.id);
    if (transform.type == TransformType::sequence_numbers)
      suite.extended_sequence_numbers =
          candidate.id == static_cast<std::uint16_t>(wire::ike::SequenceNumbers::extended);
  }
  suite.transforms = std::move(transforms);
  return suite;
}

std::string_view short_name(TransformType type) {
  constexpr std::array<std::string_view, type_rules.size()> names = {"ENCR", "PRF", "INTEG", "D-H", "ESN"};
  const std::size_t index = AllowedSet::index_of(type);
  return index < names.size() ? names[index] : "Transform Type";
}

}  // namespace mpsec::ike::negotiation
