#include "ipsec/pad.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace mpsec::ipsec {
namespace {

PadRefusal refusal(PadRefusalCause cause, Blame blame, std::string path, std::string why,
                   std::string_view clause) {
  return {cause, Error{.blame = blame,
                       .path = std::move(path),
                       .offset = std::nullopt,
                       .why = std::move(why),
                       .clause = std::string(clause)}};
}

bool holds(const PadEntry& entry, const IdentityPattern& identity) {
  return std::ranges::any_of(entry.identities, [&](const auto& pattern) { return pattern.covers(identity); });
}

std::string text_of(std::span<const AddressRange> ranges) {
  std::vector<std::string> texts;
  for (const AddressRange& range : ranges)
    texts.push_back(to_string(range));
  return fmt::format("{}", fmt::join(texts, ", "));
}

// The ranges in order, those that touch or overlap as one.
std::vector<AddressRange> united(std::span<const AddressRange> ranges) {
  std::vector<AddressRange> sorted(ranges.begin(), ranges.end()), result;
  std::ranges::sort(sorted);
  for (const AddressRange& range : sorted) {
    const bool joins =
        !result.empty() && result.back().first.version() == range.first.version() &&
        (range.first <= result.back().last || number_of(range.first) - number_of(result.back().last) == 1);
    if (joins)
      result.back().last = std::max(result.back().last, range.last);
    else
      result.push_back(range);
  }
  return result;
}

// What of `asserted` lies in `authorized`, and whether that is all of it. Both united.
ChildByAddress common(std::span<const AddressRange> asserted, std::span<const AddressRange> authorized) {
  ChildByAddress result;
  for (const AddressRange& range : asserted) {
    bool inside = false;
    for (const AddressRange& allowed : authorized) {
      const AddressRange part{std::max(range.first, allowed.first), std::min(range.last, allowed.last)};
      if (part.last < part.first) continue;
      result.remote.push_back(part);
      inside |= part == range;
    }
    result.whole &= inside;
  }
  return result;
}

}  // namespace

std::string_view to_string(PadRefusalCause cause) {
  switch (cause) {
    case PadRefusalCause::malformed_identity:
      return "malformed_identity";
    case PadRefusalCause::no_entry:
      return "no_entry";
    case PadRefusalCause::method_not_permitted:
      return "method_not_permitted";
    case PadRefusalCause::identity_of_other_entry:
      return "identity_of_other_entry";
    case PadRefusalCause::no_addresses:
      return "no_addresses";
    case PadRefusalCause::addresses_not_authorized:
      return "addresses_not_authorized";
  }
  return "unknown";
}

//= rfc4301/4.4.3.4/entry-names-the-method
PadRefusal not_permitted(const PadEntry& entry, std::string_view method) {
  std::vector<std::string_view> allowed;
  for (const AuthenticationData& data : entry.authentication)
    allowed.push_back(method_of(data));
  return refusal(PadRefusalCause::method_not_permitted, Blame::no_common_ground, describe(entry),
                 fmt::format("found {}; allowed: {}", method, fmt::join(allowed, ", ")), "RFC 4301 4.4.3.4");
}

PadSnapshot::PadSnapshot(PadList entries) : entries_(std::move(entries)) {
  for (std::uint32_t place = 0; place < entries_.size(); ++place) {
    for (const IdentityPattern& pattern : entries_[place]->identities) {
      if (pattern.is_single())
        singles_.emplace(pattern.canonical(), place);  // keeps the first
      else
        groups_.emplace_back(&pattern, place);
    }
  }
}

//= rfc4301/4.4.3.1/ordered-search-of-entries
//= rfc4301/4.4.3.4/asserted-identity-locates-the-entry
PadResult<std::shared_ptr<const PadEntry>> PadSnapshot::find(const Identity& peer) const {
  const auto identity = IdentityPattern::exactly(peer);
  if (!identity) return std::unexpected(PadRefusal{PadRefusalCause::malformed_identity, identity.error()});
  const auto single = singles_.find(identity->canonical());
  std::size_t place = single == singles_.end() ? entries_.size() : single->second;
  for (const auto& [group, group_place] : groups_) {
    if (group_place >= place) break;
    if (group->covers(*identity)) place = group_place;
  }
  if (place < entries_.size()) return entries_[place];
  //= rfc4301/4.4.3/entry-for-each-peer
  return std::unexpected(refusal(PadRefusalCause::no_entry, Blame::no_common_ground, "PAD",
                                 fmt::format("no entry is for {}", to_string(peer)), "RFC 4301 4.4.3"));
}

//= rfc4301/4.4.3.4/entry-constrains-child-sas
//= rfc4301/4.4.3.4/name-or-address-finds-the-policy
PadResult<ChildLookup> PadSnapshot::authorize_child(const PadEntry& entry, const Identity& peer,
                                                    std::span<const AddressRange> remote) const {
  const auto refuse = [&](PadRefusalCause cause, std::string why) {
    return std::unexpected(
        refusal(cause, Blame::peer_misbehaved, describe(entry), std::move(why), "RFC 4301 4.4.3.3"));
  };
  const auto identity = IdentityPattern::exactly(peer);
  if (!identity) return std::unexpected(PadRefusal{PadRefusalCause::malformed_identity, identity.error()});
  if (!holds(entry, *identity))
    return refuse(PadRefusalCause::identity_of_other_entry,
                  fmt::format("the entry is not for {}", to_string(peer)));
  const auto* by_address = std::get_if<ChildrenByAddress>(&entry.children);
  if (by_address == nullptr) return ChildByName{peer};
  for (const AddressRange& range : remote) {
    if (auto valid = validate(range, "traffic selectors"); !valid)
      return refuse(PadRefusalCause::addresses_not_authorized, valid.error().why);
  }
  if (remote.empty())
    return refuse(PadRefusalCause::no_addresses,
                  fmt::format("found no remote address; allowed: {}", text_of(by_address->remote)));
  ChildByAddress child = common(united(remote), united(by_address->remote));
  if (!child.remote.empty()) return child;
  return refuse(PadRefusalCause::addresses_not_authorized,
                fmt::format("found {}; allowed: {}", text_of(remote), text_of(by_address->remote)));
}

Result<> Pad::insert(PadEntry entry, std::size_t place) {
  return entries_.insert(std::move(entry), place);
}
Result<> Pad::remove(PadEntryId id) {
  return entries_.remove(id);
}
//= rfc4301/4.4.3.1/administrator-orders-entries
Result<> Pad::move(PadEntryId id, std::size_t place) {
  return entries_.move(id, place);
}
std::shared_ptr<const PadSnapshot> Pad::snapshot() const {
  return std::make_shared<const PadSnapshot>(entries_.list());
}

}  // namespace mpsec::ipsec
