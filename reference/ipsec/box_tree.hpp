// The first of many overlapping boxes that contains a point: what a policy lookup comes down to.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include "base/huge_pages.hpp"
#include "ipsec/box_tree_plan.hpp"
#include "ipsec/byte_lanes.hpp"
#include "ipsec/selector_box.hpp"

namespace mpsec::ipsec {

// Immutable once built. The answer is that of a search through all boxes in order: a node is passed over only
// if no box below it can contain the point, or if none there comes before the best one found; and what a leaf
// offers is held against the exact box. Memory is linear in the number of boxes; the time depends on how they
// overlap, and at the very worst every node is looked at once (a sixteenth of a linear search).
template <class Number>
class BoxTree {
 public:
  using Box = SelectorBox<Number>;
  using Point = SelectorPoint<Number>;
  static constexpr std::uint32_t no_limit = ~std::uint32_t{0};

  BoxTree() = default;
  // Boxes of ascending order; several may have the same.
  explicit BoxTree(std::vector<Box> boxes);

  // The box of the lowest order, but below `limit`, that contains the point; nullptr if there is none.
  const Box* find(const Point& point, std::uint32_t limit = no_limit) const {
    return search(Single{point}, limit);
  }
  // The same for all points from `low` to `high`.
  const Box* find(const Point& low, const Point& high, std::uint32_t limit) const {
    return search(Span{low, high}, limit);
  }

  std::size_t octets() const { return nodes_.size() * sizeof(Node) + boxes_.size() * sizeof(Box); }

 private:
  static constexpr std::uint32_t is_box = 1u << 31;  // in the name of a child: it is a box, not a node
  static constexpr std::uint8_t outside = 0xff;      // no lane reaches so far

  // The bounds of up to sixteen children, each end rounded outwards to one of 255 steps across the bounds of
  // the node. IPv4: three cache lines, IPv6: four.
  struct alignas(64) Node {
    ByteLanes first[axis_count];
    ByteLanes last[axis_count];
    std::array<Number, 2> address_base;
    std::array<std::uint16_t, 3> base;             // ports and protocol
    std::array<std::uint8_t, axis_count> shift{};  // one step is 2^shift
    std::uint16_t lanes_in_use = 0;                // bit i: child i is there
    std::uint32_t order = 0;                       // lowest below this node
    std::uint32_t first_child = 0;                 // in nodes_; with is_box, in boxes_
  };

  template <class Coordinate>
  static std::uint8_t step(Coordinate value, Coordinate base, unsigned shift) {
    const Coordinate steps = static_cast<Coordinate>(value - base) >> shift;
    return steps < outside ? static_cast<std::uint8_t>(steps) : outside;
  }
  static std::uint8_t step_on_axis(const Node& node, std::size_t axis, const Point& point) {
    if (axis < 2) return step<Number>(point.address[axis], node.address_base[axis], node.shift[axis]);
    const std::uint32_t value = axis < 4 ? point.port[axis - 2] : point.protocol;
    return step<std::uint32_t>(value, node.base[axis - 2], node.shift[axis]);
  }
  // Children of one node that have still to be looked at, in ascending order.
  struct Step {
    std::uint32_t first_child;
    std::uint32_t children;  // bit i: child i

    std::uint32_t first() const {
      return first_child + static_cast<std::uint32_t>(std::countr_zero(children));
    }
    std::uint32_t take_first() {
      const std::uint32_t taken = first();
      children &= children - 1;
      return taken;
    }
  };

  // What is looked for: one point, whose coordinates need be stepped only once, or all between two.
  struct Single {
    const Point& low;
    static constexpr bool is_single = true;
  };
  struct Span {
    const Point& low;
    const Point& high;
    static constexpr bool is_single = false;
  };
  template <class Sought>
  static std::uint32_t children_around(const Node& node, const Sought& sought);
  template <class Sought>
  static bool contains(const Box& box, const Sought& sought) {
    if constexpr (Sought::is_single)
      return box.contains(sought.low);
    else
      return box.contains(sought.low, sought.high);
  }
  template <class Sought>
  const Box* search(const Sought& sought, std::uint32_t limit) const;
  void prefetch(std::uint32_t node) const {
    const auto* line = reinterpret_cast<const char*>(&nodes_[node]);
    for (std::size_t i = 0; i < sizeof(Node); i += 64)
      __builtin_prefetch(line + i);
  }

  static_assert(sizeof(Node) == (sizeof(Number) == 4 ? 192 : 256));

  static std::vector<RankBox> ranked(const std::vector<Box>& boxes);
  void place_boxes(const BoxTreePlan& plan, const std::vector<Box>& boxes);
  void set_lanes(Node& node, const Box& bounds, std::span<const Box> children);

  HugePageVector<Node> nodes_;
  HugePageVector<Box> boxes_;  // those of a leaf side by side
};

template <class Number>
template <class Sought>
inline std::uint32_t BoxTree<Number>::children_around(const Node& node, const Sought& sought) {
  ByteLanes missed{};
  for (std::size_t axis = 0; axis < axis_count; ++axis) {
    const ByteLanes low = in_all_lanes(step_on_axis(node, axis, sought.low));
    ByteLanes high = low;
    if constexpr (!Sought::is_single) high = in_all_lanes(step_on_axis(node, axis, sought.high));
    missed |= excess(node.first[axis], low) | excess(high, node.last[axis]);
  }
  return zero_lanes(missed) & node.lanes_in_use;
}

template <class Number>
template <class Sought>
inline auto BoxTree<Number>::search(const Sought& sought, std::uint32_t limit) const -> const Box* {
  const Box* best = nullptr;
  if (nodes_.empty()) return best;
  std::array<Step, BoxTreePlan::longest_path> unfinished;  // on the path from the root to here
  std::size_t depth = 0;
  Step step{nodes_[0].first_child, children_around(nodes_[0], sought)};
  for (;;) {
    if (step.children == 0) {
      if (depth == 0) return best;
      step = unfinished[--depth];
    }
    const std::uint32_t child = step.take_first();
    if ((child & is_box) != 0) {
      const Box& box = boxes_[child & ~is_box];
      if (box.order < limit && !contains(box, sought)) continue;
      if (box.order < limit) best = &box, limit = box.order;
      step.children = 0;  // what follows is of higher order
      continue;
    }
    const Node& node = nodes_[child];
    if (step.children != 0) prefetch(step.first());
    if (node.order >= limit) {
      step.children = 0;
      continue;
    }
    unfinished[depth] = step;
    depth += step.children != 0;
    step = {node.first_child, children_around(node, sought)};
  }
}

static_assert(sizeof(SelectorBox<std::uint32_t>) == 64 && sizeof(SelectorBox<AddressNumber>) == 128);

extern template class BoxTree<std::uint32_t>;
extern template class BoxTree<AddressNumber>;

}  // namespace mpsec::ipsec
