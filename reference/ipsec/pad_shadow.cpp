// Entries of the PAD that can never apply.
#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <optional>
#include <set>

#include "ipsec/pad.hpp"

namespace mpsec::ipsec {
namespace {

using Places = std::set<std::size_t>;

// The first entry before `place` that takes all of the pattern by itself.
std::optional<std::size_t> one_that_covers(const PadList& entries, std::size_t place,
                                           const IdentityPattern& pattern) {
  for (std::size_t earlier = 0; earlier < place; ++earlier) {
    for (const IdentityPattern& other : entries[earlier]->identities) {
      if (other.covers(pattern)) return earlier;
    }
  }
  return std::nullopt;
}

// Address ranges are the only patterns that several others can cover together: a sub-tree has more names
// directly below its root than anybody lists. Goes on from where the best of the ranges so far ends.
std::optional<Places> ranges_that_cover(const PadList& entries, std::size_t place,
                                        const AddressRange& range) {
  Places places;
  for (IpAddress next = range.first;;) {
    std::optional<std::pair<IpAddress, std::size_t>> best;
    for (std::size_t earlier = 0; earlier < place; ++earlier) {
      for (const IdentityPattern& pattern : entries[earlier]->identities) {
        const AddressRange* other = pattern.range();
        if (other != nullptr && other->contains(next) && (!best || best->first < other->last))
          best = {other->last, earlier};
      }
    }
    if (!best) return std::nullopt;
    places.insert(best->second);
    if (best->first >= range.last) return places;
    next = address_of(number_of(best->first) + 1, next.version());
  }
}

std::optional<Places> that_cover(const PadList& entries, std::size_t place) {
  Places all;
  for (const IdentityPattern& pattern : entries[place]->identities) {
    if (const auto one = one_that_covers(entries, place, pattern)) {
      all.insert(*one);
      continue;
    }
    const auto several = pattern.range() ? ranges_that_cover(entries, place, *pattern.range()) : std::nullopt;
    if (!several) return std::nullopt;
    all.insert(several->begin(), several->end());
  }
  return all;
}

}  // namespace

std::string to_string(const ShadowedPadEntry& shadowed) {
  std::vector<std::string> names;
  for (const auto& entry : shadowed.by)
    names.push_back(describe(*entry));
  return fmt::format("{} never applies: {} {} all its peers", describe(*shadowed.entry),
                     fmt::join(names, ", "), names.size() == 1 ? "takes" : "together take");
}

std::vector<ShadowedPadEntry> find_shadowed(const PadList& entries) {
  std::vector<ShadowedPadEntry> result;
  for (std::size_t place = 0; place < entries.size(); ++place) {
    const auto covering = that_cover(entries, place);
    if (!covering) continue;
    ShadowedPadEntry shadowed{entries[place], {}};
    for (const std::size_t earlier : *covering)
      shadowed.by.push_back(entries[earlier]);
    result.push_back(std::move(shadowed));
  }
  return result;
}

}  // namespace mpsec::ipsec
