#include "ike/negotiation.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <string>
#include <utility>

#include "ike/negotiation_candidates.hpp"

namespace mpsec::ike {
namespace {

using namespace negotiation;
using wire::ike::Proposal;
using wire::ike::SecurityAssociation;
using wire::ike::Transform;

constexpr std::size_t most_proposals = 255, most_reasons = 4, most_names = 6;

std::unexpected<Error> fail(Blame blame, std::string path, std::string why, std::string clause) {
  return std::unexpected(Error{.blame = blame,
                               .path = std::move(path),
                               .offset = std::nullopt,
                               .why = std::move(why),
                               .clause = std::move(clause)});
}

std::string name_of(TransformType type, const Candidate& candidate) {
  std::string name = wire::ike::transform_name(type, candidate.id);
  return candidate.key_bits ? fmt::format("{}-{}", name, *candidate.key_bits) : name;
}

std::string names_of(TransformType type, const Candidates& candidates) {
  std::vector<std::string> names;
  for (const Candidate& candidate : candidates) {
    if (names.size() == most_names) {
      names.emplace_back("...");
      break;
    }
    names.push_back(name_of(type, candidate));
  }
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

// Those of a type that are understood, in the order of the proposal.
Candidates candidates_in(const Proposal& proposal, TransformType type) {
  Candidates candidates;
  for (const Transform& transform : proposal.transforms)
    if (transform.type == type)
      if (const auto candidate = candidate_of(transform)) candidates.push_back(*candidate);
  return candidates;
}

bool has_type(const Proposal& proposal, TransformType type) {
  return std::ranges::any_of(proposal.transforms,
                             [type](const Transform& each) { return each.type == type; });
}

SecurityAssociation payload_of(const std::vector<AllowedSet>& sets, OctetView spi) {
  SecurityAssociation payload;
  for (const AllowedSet& set : sets) {
    Proposal proposal;
    //= rfc7296/3.3.1/proposals-count-from-one
    proposal.number = static_cast<std::uint8_t>(payload.proposals.size() + 1);
    proposal.protocol = set.protocol;
    proposal.spi_size = static_cast<std::uint8_t>(spi.size());
    proposal.spi.assign(spi.begin(), spi.end());
    for (const TypeRule& rule : type_rules)
      for (const Candidate& candidate : set.of(rule.type))
        proposal.transforms.push_back(transform_of(rule.type, candidate));
    payload.proposals.push_back(std::move(proposal));
  }
  return payload;
}

template <class OurProposal>
Result<SecurityAssociation> offer_of(std::span<const OurProposal> proposals, OctetView spi) {
  const auto sets = allowed_sets(proposals);
  if (!sets) return std::unexpected(sets.error());
  if (sets->empty() || sets->size() > most_proposals)
    return fail(Blame::local_fault, "proposals",
                fmt::format("expected 1 to {}, found {}", most_proposals, sets->size()), "RFC 7296 3.3.1");
  return payload_of(*sets, spi);
}

// One candidate of a type out of what both allow; nothing if there is none.
std::optional<Candidate> pick(const Candidates& ours, const Candidates& theirs, Preference preference,
                              const std::optional<Candidate>& first) {
  const auto in = [](const Candidates& list, const Candidate& one) {
    return std::ranges::find(list, one) != list.end();
  };
  if (first && in(ours, *first) && in(theirs, *first)) return first;
  const auto& [leading, other] =
      preference == Preference::ours ? std::tie(ours, theirs) : std::tie(theirs, ours);
  for (const Candidate& candidate : leading)
    if (in(other, candidate)) return candidate;
  return std::nullopt;
}

using Reason = std::string;
using Matched = std::expected<std::vector<Transform>, Reason>;

// Whether the proposal as a whole is one that we could understand; nothing: it is.
std::optional<Reason> objection(const AllowedSet& ours, const Proposal& theirs,
                                const ChoiceContext& context) {
  //= rfc7296/2.7/answer-keeps-the-protocol
  if (theirs.protocol != ours.protocol)
    return fmt::format("expected protocol {}, found {}", to_string(ours.protocol),
                       to_string(theirs.protocol));
  //= rfc7296/3.3.1/spi-size-by-protocol
  if (theirs.spi.size() != context.spi_octets)
    return fmt::format("expected an SPI of {} octets, found {}", context.spi_octets, theirs.spi.size());
  if (!theirs.spi.empty() && std::ranges::all_of(theirs.spi, [](std::uint8_t octet) { return octet == 0; }))
    return "expected an SPI, found zero";
  //= rfc7296/3.3.6/proposal-with-an-unknown-type-is-unacceptable
  for (const Transform& transform : theirs.transforms) {
    const std::size_t index = AllowedSet::index_of(transform.type);
    if (index >= type_rules.size() || type_rules[index].in(theirs.protocol) == Presence::absent)
      return fmt::format("transform type {} is not one of protocol {}", static_cast<unsigned>(transform.type),
                         to_string(theirs.protocol));
  }
  return std::nullopt;
}

//= rfc7296/2.7/one-transform-of-each-type
//= rfc7296/3.3.6/attributes-come-back-unmodified
Matched match(const AllowedSet& ours, const Proposal& theirs, const ChoiceContext& context) {
  if (auto reason = objection(ours, theirs, context)) return std::unexpected(std::move(*reason));
  std::vector<Transform> transforms;
  for (const TypeRule& rule : type_rules) {
    const bool optional = rule.in(ours.protocol) == Presence::optional;
    const Candidates found = candidates_in(theirs, rule.type);
    Candidates allowed = ours.of(rule.type);
    if (optional && allowed.empty()) allowed.push_back({.id = none});
    if (!has_type(theirs, rule.type)) {
      const bool may_miss = rule.in(ours.protocol) != Presence::mandatory &&
                            std::ranges::find(allowed, Candidate{}) != allowed.end();
      if (may_miss || rule.in(ours.protocol) == Presence::absent) continue;
    }
    std::optional<Candidate> first;
    if (rule.type == TransformType::key_exchange)
      first = Candidate{
          .id = static_cast<std::uint16_t>(context.key_exchange.value_or(crypto::KeyExchangeId::none))};
    const auto candidate = pick(allowed, found, context.preference, first);
    if (!candidate)
      return std::unexpected(fmt::format("{}: expected one of {}, found {}", short_name(rule.type),
                                         names_of(rule.type, allowed), names_of(rule.type, found)));
    transforms.push_back(transform_of(rule.type, *candidate));
  }
  return transforms;
}

// Tries the pairs of proposals in the order of preference, and remembers why they fail.
class Choice {
 public:
  explicit Choice(const ChoiceContext& context) : context_(context) {}

  //= rfc7296/2.7/responder-takes-one-proposal-or-none
  Result<ChosenSuite> among(const std::vector<AllowedSet>& ours, const SecurityAssociation& theirs) {
    if (context_.preference == Preference::ours) {
      for (const AllowedSet& set : ours)
        for (const Proposal& proposal : theirs.proposals)
          if (attempt(set, proposal)) return std::move(*chosen_);
    } else {
      for (const Proposal& proposal : theirs.proposals)
        for (const AllowedSet& set : ours)
          if (attempt(set, proposal)) return std::move(*chosen_);
    }
    const std::string why =
        reasons_.empty() ? "no proposals to choose from" : fmt::format("{}", fmt::join(reasons_, "; "));
    return fail(Blame::no_common_ground, "SA", why, "RFC 7296 2.7");
  }

 private:
  bool attempt(const AllowedSet& set, const Proposal& proposal) {
    auto transforms = match(set, proposal, context_);
    if (transforms) {
      chosen_ = suite_of(proposal, std::move(*transforms));
      return true;
    }
    if (reasons_.size() < most_reasons)
      reasons_.push_back(fmt::format("Proposal {}: {}", proposal.number, transforms.error()));
    return false;
  }

  const ChoiceContext& context_;
  std::optional<ChosenSuite> chosen_;
  std::vector<std::string> reasons_;
};

template <class OurProposal>
Result<ChosenSuite> choose_from(std::span<const OurProposal> ours, const SecurityAssociation& theirs,
                                const ChoiceContext& context) {
  const auto sets = allowed_sets(ours);
  if (!sets) return std::unexpected(sets.error());
  return Choice(context).among(*sets, theirs);
}

}  // namespace

ChildProposal ChildProposal::without_key_exchange() const {
  ChildProposal copy = *this;
  copy.key_exchange.clear();
  return copy;
}

Result<SecurityAssociation> offer(std::span<const IkeProposal> proposals, OctetView spi) {
  return offer_of(proposals, spi);
}

Result<SecurityAssociation> offer(std::span<const ChildProposal> proposals, OctetView spi) {
  return offer_of(proposals, spi);
}

Result<ChosenSuite> choose(std::span<const IkeProposal> ours, const SecurityAssociation& theirs,
                           const ChoiceContext& context) {
  return choose_from(ours, theirs, context);
}

Result<ChosenSuite> choose(std::span<const ChildProposal> ours, const SecurityAssociation& theirs,
                           const ChoiceContext& context) {
  return choose_from(ours, theirs, context);
}

//= rfc7296/3.3.1/answer-keeps-the-proposal-number
SecurityAssociation answer(const ChosenSuite& chosen, OctetView spi) {
  Proposal proposal;
  proposal.number = chosen.number;
  proposal.protocol = chosen.protocol;
  proposal.spi_size = static_cast<std::uint8_t>(spi.size());
  proposal.spi.assign(spi.begin(), spi.end());
  proposal.transforms = chosen.transforms;
  return {{std::move(proposal)}};
}

//= rfc7296/1.3/other-group-than-the-kei-is-asked-for
//= rfc7296/3.3.6/none-passes-over-the-ke-payload
std::optional<crypto::KeyExchangeId> group_to_ask_for(const ChosenSuite& chosen,
                                                      std::optional<crypto::KeyExchangeId> key_exchange) {
  if (chosen.key_exchange == crypto::KeyExchangeId::none || chosen.key_exchange == key_exchange)
    return std::nullopt;
  return chosen.key_exchange;
}

bool may_retry_with(crypto::KeyExchangeId asked, const SecurityAssociation& offered,
                    crypto::KeyExchangeId sent) {
  if (asked == sent || asked == crypto::KeyExchangeId::none) return false;
  const Candidate wanted{.id = static_cast<std::uint16_t>(asked)};
  return std::ranges::any_of(offered.proposals, [&](const Proposal& proposal) {
    const Candidates groups = candidates_in(proposal, TransformType::key_exchange);
    return std::ranges::find(groups, wanted) != groups.end();
  });
}

}  // namespace mpsec::ike
