#include "ipsec/spd_shadow.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <optional>
#include <set>

namespace mpsec::ipsec {
namespace {

// Looks for the policies before one policy that leave nothing to it.
class Search {
 public:
  Search(const SpdSnapshot& snapshot, std::size_t lookups) : snapshot_(snapshot), lookups_left_(lookups) {}

  bool exhausted() const { return lookups_left_ == 0; }

  // Places of the policies that cover the one at `place`; nullopt if it is not covered, or not provably so.
  std::optional<std::set<std::uint32_t>> covering(std::uint32_t place) {
    covering_.clear();
    const Policy& policy = *snapshot_.policies()[place];
    if (policy.by_peer_only) return std::nullopt;
    for (const Direction direction : {Direction::outbound, Direction::inbound}) {
      if (!policy.applies(direction)) continue;
      if (!covered<std::uint32_t>(policy, place, direction)) return std::nullopt;
      if (!covered<AddressNumber>(policy, place, direction)) return std::nullopt;
    }
    return covering_;
  }

 private:
  static constexpr int most_steps = 32;  // for one box

  template <class Number>
  bool covered(const Policy& policy, std::uint32_t place, Direction direction) {
    std::vector<SelectorBox<Number>> boxes;
    for (const Selector& selector : policy.selectors)
      append_boxes(selector, direction, place, boxes);
    const BoxTree<Number>& tree = snapshot_.template boxes<Number>(direction);
    return std::ranges::all_of(boxes, [&](const auto& box) { return covered(tree, box, place); });
  }

  // Cuts off what an earlier box takes around the lowest corner, and goes on with the rest: either nothing is
  // left at last, or a corner that nobody takes.
  template <class Number>
  bool covered(const BoxTree<Number>& tree, const SelectorBox<Number>& whole, std::uint32_t place) {
    std::vector<SelectorBox<Number>> open{whole};
    for (int step = 0; !open.empty(); ++step) {
      if (step == most_steps || lookups_left_ < 2) {
        lookups_left_ = lookups_left_ < 2 ? 0 : lookups_left_;
        return false;
      }
      const SelectorBox<Number> part = open.back();
      open.pop_back();
      const SelectorBox<Number>* around = tree.find(part.first, part.last, place);
      const SelectorBox<Number>* corner = around != nullptr ? around : tree.find(part.first, place);
      lookups_left_ -= around != nullptr ? 1 : 2;
      if (corner == nullptr) return false;
      covering_.insert(corner->order);
      if (around == nullptr) cut_off(part, *corner, open);
    }
    return true;
  }

  // What `taker`, which holds the lowest corner of `part`, leaves of it: a box for each axis on which it ends
  // earlier.
  template <class Number>
  static void cut_off(SelectorBox<Number> part, const SelectorBox<Number>& taker,
                      std::vector<SelectorBox<Number>>& open) {
    for (std::size_t axis = 0; axis < axis_count; ++axis) {
      if (taker.last[axis] >= part.last[axis]) continue;
      SelectorBox<Number> left = part;
      left.first.set(axis, taker.last[axis] + 1);
      open.push_back(left);
      part.last.set(axis, taker.last[axis]);
    }
  }

  const SpdSnapshot& snapshot_;
  std::size_t lookups_left_;
  std::set<std::uint32_t> covering_;
};

}  // namespace

std::string to_string(const ShadowedPolicy& shadowed) {
  std::vector<std::string> names;
  for (const auto& policy : shadowed.by)
    names.push_back(describe(*policy));
  if (names.size() == 1)
    return fmt::format("{} never applies: {} takes all its packets", describe(*shadowed.policy), names[0]);
  const std::size_t more = names.size() > 3 ? names.size() - 3 : 0;
  names.resize(names.size() - more);
  return fmt::format("{} never applies: {}{} together take all its packets", describe(*shadowed.policy),
                     fmt::join(names, ", "), more == 0 ? "" : fmt::format(" and {} more", more));
}

ShadowReport find_shadowed(const SpdSnapshot& snapshot, std::size_t lookups) {
  Search search(snapshot, lookups);
  ShadowReport report;
  for (std::uint32_t place = 0; place < snapshot.policies().size(); ++place) {
    const auto covering = search.covering(place);
    if (search.exhausted()) {
      report.complete = false;
      break;
    }
    ++report.policies_examined;
    if (!covering) continue;
    ShadowedPolicy shadowed{snapshot.policies()[place], {}};
    for (const std::uint32_t earlier : *covering)
      shadowed.by.push_back(snapshot.policies()[earlier]);
    report.shadowed.push_back(std::move(shadowed));
  }
  return report;
}

}  // namespace mpsec::ipsec
