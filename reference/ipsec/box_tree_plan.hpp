// How to lay boxes out in a tree so that few nodes have to be looked at: the slow half of BoxTree, in
// coordinates that no longer know an address family.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "ipsec/selector_box.hpp"

namespace mpsec::ipsec {

// A box whose coordinates are ranks: places in the sorted list of all the ends that occur on an axis. So a
// length is a share of the ends, and a point drawn by rank falls where the rules are.
struct RankBox {
  std::array<std::uint32_t, axis_count> first;
  std::array<std::uint32_t, axis_count> last;
};

struct BoxTreePlan {
  static constexpr std::size_t fan_out = 16;
  // Bounds for whoever walks the tree: no path is longer, whatever the boxes are.
  static constexpr std::size_t halvings_by_cost = 48;
  static constexpr std::size_t longest_path = halvings_by_cost + 32;

  // A leaf's children are the boxes sequence[first_child ...]; an inner node's the nodes nodes[first_child
  // ...]. Either way `count` of them, from 1 to fan_out, the one with the lowest-placed box first.
  struct Node {
    std::uint32_t first_child = 0;
    std::uint32_t count = 0;
    bool is_leaf = false;
  };
  std::vector<Node> nodes;  // parents before children, the root first; empty if there are no boxes
  std::vector<std::uint32_t> sequence;  // places in `boxes`; one that can never come first may be missing
};

// Plans for the search of the first of `boxes` (in their order, fewer than 2^30) that contains a point. Takes
// time O(n log n) and memory O(n), whatever the boxes are.
BoxTreePlan plan_box_tree(std::span<const RankBox> boxes);

}  // namespace mpsec::ipsec
