#include "ipsec/box_tree_plan.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

// The tree is a hierarchy of bounding boxes, as ray tracers build them: every box is in one leaf only, so
// memory is linear, but a point may lie in several children of a node. What a bad division costs is time,
// never a wrong answer.
//
// A set of boxes is halved, and its parts again, until there are enough parts for the children of a node.
// Three kinds of halving are tried: by where the boxes are on an axis; by how long they are on an axis, which
// keeps the few wide ones from spoiling the bounds of the many narrow ones; and, near the root, by place in
// the order, which pays where the first few boxes catch most points. The one with the least expected cost
// wins:
//
//     cost of a half  =  chance that a search reaches it  *  sqrt(boxes * leaves expected to be met inside)
//
// The chance is that of a point to lie within the half's bounds and in none of the boxes placed before its
// first. The leaves to be met are estimated for a regular grid of the half's boxes, see leaves_met(). The
// estimate alone would find all divisions along that grid equally good, the number of boxes alone would find
// nothing gained by taking narrow and wide ones apart; their mean has the sense of both.

namespace mpsec::ipsec {
namespace {

// Further down, cuts by order would go on taking a few first boxes from a long rest, for the sake of points
// that hardly ever get there, and leave the rest unsorted for those that do.
constexpr std::size_t halvings_by_order = 6;
constexpr std::size_t bin_count = 32;
constexpr std::size_t cut_kinds = 2 * axis_count + 1;  // position on an axis, length on an axis, order

std::uint32_t length(const RankBox& box, std::size_t axis) {
  return box.last[axis] - box.first[axis] + 1;
}

// What has to be known of a set of boxes to tell its cost.
struct Summary {
  RankBox bounds;
  std::uint32_t count = 0;
  std::uint32_t first_place = std::numeric_limits<std::uint32_t>::max();  // within the set being halved
  std::array<double, axis_count> fourth_powers{};                         // sums of length^4

  Summary() {
    bounds.first.fill(std::numeric_limits<std::uint32_t>::max());
    bounds.last.fill(0);
  }
  void extend(const RankBox& box) {
    for (std::size_t axis = 0; axis < axis_count; ++axis) {
      bounds.first[axis] = std::min(bounds.first[axis], box.first[axis]);
      bounds.last[axis] = std::max(bounds.last[axis], box.last[axis]);
    }
  }
  void add(const RankBox& box, std::uint32_t place) {
    extend(box);
    ++count;
    first_place = std::min(first_place, place);
    for (std::size_t axis = 0; axis < axis_count; ++axis) {
      const double square = double(length(box, axis)) * length(box, axis);
      fourth_powers[axis] += square * square;
    }
  }
  void add(const Summary& other) {
    if (other.count == 0) return;
    extend(other.bounds);
    count += other.count;
    first_place = std::min(first_place, other.first_place);
    for (std::size_t axis = 0; axis < axis_count; ++axis)
      fourth_powers[axis] += other.fourth_powers[axis];
  }
};

// The share of `whole` that `part` takes up.
double volume(const RankBox& part, const RankBox& whole) {
  double share = 1;
  for (std::size_t axis = 0; axis < axis_count; ++axis)
    share *= double(length(part, axis)) / length(whole, axis);
  return share;
}

// How many leaves a point within the bounds meets, if the boxes are put in a grid of g_0 * g_1 * ... cells,
// one leaf each: a leaf is as long as its cell plus the longest of its boxes, which the root of the doubled
// mean fourth power stands for. The grid is refined, cell by half cell, where the boxes are shortest against
// it.
double leaves_met(const Summary& boxes) {
  const double leaves = double(boxes.count) / BoxTreePlan::fan_out;
  std::array<double, axis_count> reach;
  std::array<double, axis_count> cells;
  cells.fill(1);
  for (std::size_t axis = 0; axis < axis_count; ++axis) {
    const double whole = length(boxes.bounds, axis);
    reach[axis] = whole == 1 ? 1 : std::sqrt(std::sqrt(2 * boxes.fourth_powers[axis] / boxes.count)) / whole;
  }
  for (double left = leaves; left > 1; left /= 2) {
    std::size_t best = 0;
    for (std::size_t axis = 1; axis < axis_count; ++axis) {
      if (reach[axis] * cells[axis] < reach[best] * cells[best]) best = axis;
    }
    cells[best] *= 2;
  }
  double met = leaves;
  for (std::size_t axis = 0; axis < axis_count; ++axis)
    met *= std::min(1.0, 1 / cells[axis] + reach[axis]);
  return met + std::log2(std::max(leaves, 1.0)) / 2 + 1;  // and the nodes on the way
}

// A set of boxes on its way into the tree: items[begin .. end) of the planner, in order.
struct Part {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::size_t halvings = 0;
  RankBox bounds{};

  std::uint32_t size() const { return end - begin; }
};

// Where to divide: boxes whose bin is at most `last_bin` go to the first half.
struct Cut {
  std::size_t kind = 0;
  std::size_t last_bin = 0;
  double cost = std::numeric_limits<double>::infinity();
};

class Planner {
 public:
  explicit Planner(std::span<const RankBox> boxes) : boxes_(boxes), items_(boxes.size()) {
    std::iota(items_.begin(), items_.end(), 0u);
    free_after_.resize(boxes.size() + 1);
  }

  BoxTreePlan plan() {
    plan_.nodes.emplace_back();
    std::vector<std::pair<std::uint32_t, Part>> open{
        {0, part(0, static_cast<std::uint32_t>(items_.size()), 0)}};
    while (!open.empty()) {
      const auto [node, whole] = open.back();
      open.pop_back();
      if (whole.size() <= BoxTreePlan::fan_out) {
        make_leaf(node, whole);
        continue;
      }
      const std::vector<Part> parts = divide(whole);
      const auto first_child = static_cast<std::uint32_t>(plan_.nodes.size());
      plan_.nodes[node] = {first_child, static_cast<std::uint32_t>(parts.size()), false};
      plan_.nodes.resize(plan_.nodes.size() + parts.size());
      for (std::uint32_t i = 0; i < parts.size(); ++i)
        open.emplace_back(first_child + i, parts[i]);
    }
    return std::move(plan_);
  }

 private:
  const RankBox& box(std::uint32_t item) const { return boxes_[items_[item]]; }

  Part part(std::uint32_t begin, std::uint32_t end, std::size_t halvings) const {
    Summary summary;
    for (std::uint32_t item = begin; item < end; ++item)
      summary.extend(box(item));
    return {begin, end, halvings, summary.bounds};
  }

  void make_leaf(std::uint32_t node, const Part& whole) {
    plan_.nodes[node] = {static_cast<std::uint32_t>(plan_.sequence.size()), whole.size(), true};
    plan_.sequence.insert(plan_.sequence.end(), items_.begin() + whole.begin, items_.begin() + whole.end);
  }

  // Halves the part that most points fall into, weighed by its size, until the node is full.
  std::vector<Part> divide(const Part& whole) {
    std::vector<Part> parts{whole};
    const auto burden = [&](const Part& of) {
      return of.size() <= BoxTreePlan::fan_out ? 0 : of.size() * volume(of.bounds, whole.bounds);
    };
    while (parts.size() < BoxTreePlan::fan_out) {
      const auto heaviest = std::ranges::max_element(parts, {}, burden);
      if (burden(*heaviest) == 0) break;
      const std::optional<Part> rest = halve(*heaviest);
      if (rest) parts.push_back(*rest);
    }
    std::ranges::sort(parts, {}, [&](const Part& of) { return items_[of.begin]; });
    return parts;
  }

  // Leaves the first half in `whole` and returns the rest, which is empty if the boxes that can come first
  // turned out to be few.
  std::optional<Part> halve(Part& whole) {
    drop_unreachable(whole);
    if (whole.size() <= BoxTreePlan::fan_out) return std::nullopt;
    std::uint32_t middle = whole.begin + whole.size() / 2;
    // Beyond this depth, or where all boxes are alike, divide by order, which always halves.
    if (whole.halvings < BoxTreePlan::halvings_by_cost) {
      if (const Cut cut = best_cut(whole); std::isfinite(cut.cost)) middle = partition(whole, cut);
    }
    const Part rest = part(middle, whole.end, whole.halvings + 1);
    whole = part(whole.begin, middle, whole.halvings + 1);
    return rest;
  }

  // Notes for every place in the part which share of its points no earlier box has taken. What comes after a
  // box that fills the bounds can never be the first.
  void drop_unreachable(Part& whole) {
    double free = 1;
    for (std::uint32_t place = 0; place < whole.size(); ++place) {
      free_after_[place] = free;
      const double taken = volume(box(whole.begin + place), whole.bounds);
      if (taken == 1) whole.end = whole.begin + place + 1;
      free = std::max(free * (1 - taken), 1e-12);
    }
  }

  std::size_t bin(const Part& whole, std::uint32_t place, std::size_t kind) const {
    const RankBox& rank_box = box(whole.begin + place);
    if (kind < axis_count) {
      const std::uint64_t from = whole.bounds.first[kind];
      const std::uint64_t middle = rank_box.first[kind] - from + rank_box.last[kind] - from;
      return static_cast<std::size_t>(middle * bin_count / (2 * std::uint64_t{length(whole.bounds, kind)}));
    }
    if (kind < 2 * axis_count) return std::bit_width(length(rank_box, kind - axis_count));
    return std::bit_width(place);
  }

  double cost(const Summary& half, const RankBox& bounds) const {
    return volume(half.bounds, bounds) * free_after_[half.first_place] *
           std::sqrt(half.count * leaves_met(half));
  }

  Cut best_cut(const Part& whole) const {
    Cut best;
    const std::size_t kinds = whole.halvings < halvings_by_order ? cut_kinds : cut_kinds - 1;
    for (std::size_t kind = 0; kind < kinds; ++kind) {
      const Cut cut = best_cut_of_kind(whole, kind);
      if (cut.cost < best.cost) best = cut;
    }
    return best;
  }

  Cut best_cut_of_kind(const Part& whole, std::size_t kind) const {
    std::array<Summary, bin_count> bins;
    for (std::uint32_t place = 0; place < whole.size(); ++place)
      bins[bin(whole, place, kind)].add(box(whole.begin + place), place);

    std::array<double, bin_count> cost_from{};  // of all boxes from that bin on
    Summary rest;
    for (std::size_t i = bin_count; i-- > 1;) {
      rest.add(bins[i]);
      cost_from[i] = rest.count == 0 ? 0 : cost(rest, whole.bounds);
    }
    Cut best{.kind = kind};
    Summary first;
    for (std::size_t i = 0; i + 1 < bin_count; ++i) {
      if (bins[i].count == 0) continue;
      first.add(bins[i]);
      if (first.count == whole.size()) break;
      const double together = cost(first, whole.bounds) + cost_from[i + 1];
      if (together < best.cost) best = {kind, i, together};
    }
    return best;
  }

  // Keeps the order within both halves; returns where the second begins.
  std::uint32_t partition(const Part& whole, const Cut& cut) {
    std::uint32_t middle = whole.begin;
    second_half_.clear();
    for (std::uint32_t place = 0; place < whole.size(); ++place) {
      const std::uint32_t item = items_[whole.begin + place];
      if (bin(whole, place, cut.kind) <= cut.last_bin)
        items_[middle++] = item;
      else
        second_half_.push_back(item);
    }
    std::ranges::copy(second_half_, items_.begin() + middle);
    return middle;
  }

  std::span<const RankBox> boxes_;
  std::vector<std::uint32_t> items_;        // a permutation of the boxes' places, every open part contiguous
  std::vector<std::uint32_t> second_half_;  // while a part is being divided
  std::vector<double> free_after_;          // by place within the part that is being halved
  BoxTreePlan plan_;
};

}  // namespace

BoxTreePlan plan_box_tree(std::span<const RankBox> boxes) {
  assert(boxes.size() < (1u << 30));
  if (boxes.empty()) return {};
  return Planner(boxes).plan();
}

}  // namespace mpsec::ipsec
