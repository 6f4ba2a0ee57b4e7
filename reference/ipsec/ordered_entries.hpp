// The list behind SPD and PAD: entries with ids, in the order that an administrator gives them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <fmt/format.h>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.hpp"

namespace mpsec::ipsec {

// Of an Entry it uses the member `id`, describe(entry) and validate(entry). Places count from 0; an entry
// keeps its id when it moves. All refusals are local faults and cite `clause`.
template <class Entry>
class OrderedEntries {
 public:
  using Id = decltype(Entry::id);
  using List = std::vector<std::shared_ptr<const Entry>>;

  // `noun` is what an entry is called where there is none: "policy 7".
  OrderedEntries(std::string_view noun, std::string_view clause) : noun_(noun), clause_(clause) {}

  const List& list() const { return list_; }
  const Entry* find(Id id) const {
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? nullptr : found->second;
  }

  // Puts the entry before the one that is now at `place`. Refuses an invalid entry, an id that is taken,
  // naming both entries, and a place beyond the end.
  Result<> insert(Entry entry, std::size_t place) {
    if (auto valid = validate(entry); !valid) return valid;
    if (const Entry* holder = find(entry.id))
      return fault(describe(entry), fmt::format("its id is that of {}", describe(*holder)));
    if (place > list_.size()) return beyond_the_end(entry, place, list_.size());
    auto held = std::make_shared<const Entry>(std::move(entry));
    by_id_[held->id] = held.get();
    list_.insert(list_.begin() + static_cast<std::ptrdiff_t>(place), std::move(held));
    return {};
  }

  Result<> remove(Id id) {
    const auto place = place_of(id);
    if (!place) return std::unexpected(place.error());
    by_id_.erase(id);
    list_.erase(list_.begin() + static_cast<std::ptrdiff_t>(*place));
    return {};
  }

  // Takes the entry out and puts it back so that it stands at `place`.
  Result<> move(Id id, std::size_t place) {
    const auto from = place_of(id);
    if (!from) return std::unexpected(from.error());
    if (place >= list_.size()) return beyond_the_end(*find(id), place, list_.size() - 1);
    const auto first = list_.begin() + static_cast<std::ptrdiff_t>(std::min(*from, place));
    const auto last = list_.begin() + static_cast<std::ptrdiff_t>(std::max(*from, place)) + 1;
    std::rotate(first, *from < place ? first + 1 : last - 1, last);
    return {};
  }

 private:
  Result<std::size_t> place_of(Id id) const {
    const Entry* entry = find(id);
    if (entry == nullptr)
      return fault(fmt::format("{} {}", noun_, id.value), fmt::format("there is no {} with this id", noun_));
    const auto found = std::ranges::find(list_, entry, &std::shared_ptr<const Entry>::get);
    return static_cast<std::size_t>(found - list_.begin());
  }
  std::unexpected<Error> beyond_the_end(const Entry& entry, std::size_t place, std::size_t most) const {
    return fault(describe(entry), fmt::format("place {} is beyond the end; allowed: 0 to {}", place, most));
  }
  std::unexpected<Error> fault(std::string path, std::string why) const {
    return std::unexpected(Error{.blame = Blame::local_fault,
                                 .path = std::move(path),
                                 .offset = std::nullopt,
                                 .why = std::move(why),
                                 .clause = std::string(clause_)});
  }

  std::string_view noun_, clause_;
  List list_;
  std::unordered_map<Id, const Entry*> by_id_;
};

}  // namespace mpsec::ipsec
