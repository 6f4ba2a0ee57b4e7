// The initiator's check of the responder's choice (RFC 7296 2.7, 3.3.6).
#include <algorithm>
#include <fmt/format.h>
#include <string>
#include <utility>

#include "ike/negotiation_candidates.hpp"

namespace mpsec::ike {
namespace {

using namespace negotiation;
using wire::ike::Proposal;
using wire::ike::SecurityAssociation;
using wire::ike::Transform;

std::unexpected<Error> misbehaved(std::string path, std::string why, std::string clause = "RFC 7296 3.3.6") {
  return std::unexpected(Error{.blame = Blame::peer_misbehaved,
                               .path = std::move(path),
                               .offset = std::nullopt,
                               .why = std::move(why),
                               .clause = std::move(clause)});
}

// The same offer, whatever the reserved fields say.
bool same(const Transform& one, const Transform& other) {
  return one.type == other.type && one.id == other.id && one.attributes == other.attributes;
}

std::size_t count_of(const Proposal& proposal, TransformType type) {
  return static_cast<std::size_t>(std::ranges::count_if(
      proposal.transforms, [type](const Transform& each) { return each.type == type; }));
}

Result<> check_spi(const Proposal& offered, const Proposal& answered) {
  if (answered.spi.size() != offered.spi.size())
    return misbehaved("SA/Proposal[0]/SPI Size",
                      fmt::format("expected {}, found {}", offered.spi.size(), answered.spi.size()),
                      "RFC 7296 3.3.1");
  const auto is_zero = [](std::uint8_t octet) { return octet == 0; };
  if (!answered.spi.empty() && std::ranges::all_of(answered.spi, is_zero))
    return misbehaved("SA/Proposal[0]/SPI", "expected an SPI, found zero", "RFC 7296 3.3.1");
  return {};
}

//= rfc7296/2.7/one-transform-of-each-type
Result<> check_transforms(const Proposal& offered, const Proposal& answered) {
  for (std::size_t i = 0; i < answered.transforms.size(); ++i) {
    const Transform& transform = answered.transforms[i];
    const auto equal = [&](const Transform& each) { return same(each, transform); };
    if (std::ranges::none_of(offered.transforms, equal))
      return misbehaved(fmt::format("SA/Proposal[0]/Transform[{}]", i),
                        fmt::format("{} was not offered so in proposal {}",
                                    wire::ike::transform_name(transform.type, transform.id), offered.number));
  }
  for (const TypeRule& rule : type_rules) {
    const std::size_t expected = count_of(offered, rule.type) == 0 ? 0 : 1;
    if (const std::size_t found = count_of(answered, rule.type); found != expected)
      return misbehaved("SA/Proposal[0]",
                        fmt::format("{}: expected {} transform{}, found {}", short_name(rule.type), expected,
                                    expected == 1 ? "" : "s", found),
                        "RFC 7296 2.7");
  }
  return {};
}

}  // namespace

//= rfc7296/3.3.6/initiator-checks-the-accepted-offer
Result<ChosenSuite> check_answer(const SecurityAssociation& offered, const SecurityAssociation& answered) {
  if (answered.proposals.size() != 1)
    return misbehaved("SA", fmt::format("expected 1 proposal, found {}", answered.proposals.size()),
                      "RFC 7296 2.7");
  const Proposal& accepted = answered.proposals.front();
  const auto by_number = [&](const Proposal& each) { return each.number == accepted.number; };
  const auto proposal = std::ranges::find_if(offered.proposals, by_number);
  if (proposal == offered.proposals.end())
    return misbehaved("SA/Proposal[0]/Proposal Num",
                      fmt::format("expected 1 to {}, found {}", offered.proposals.size(), accepted.number),
                      "RFC 7296 3.3.1");
  if (accepted.protocol != proposal->protocol)
    return misbehaved(
        "SA/Proposal[0]/Protocol ID",
        fmt::format("expected {}, found {}", to_string(proposal->protocol), to_string(accepted.protocol)),
        "RFC 7296 2.7");
  if (auto right = check_spi(*proposal, accepted); !right) return std::unexpected(right.error());
  if (auto right = check_transforms(*proposal, accepted); !right) return std::unexpected(right.error());
  return suite_of(accepted, accepted.transforms);
}

}  // namespace mpsec::ike
