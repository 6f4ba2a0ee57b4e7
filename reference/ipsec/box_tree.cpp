#include "ipsec/box_tree.hpp"

#include <cassert>

namespace mpsec::ipsec {

template <class Number>
BoxTree<Number>::BoxTree(std::vector<Box> boxes) {
  assert(std::ranges::is_sorted(boxes, {}, &Box::order));
  const BoxTreePlan plan = plan_box_tree(ranked(boxes));
  place_boxes(plan, boxes);
  nodes_.resize(plan.nodes.size());
  // Children stand behind their parents, so that from the back all bounds are known in time.
  std::vector<Box> bounds(plan.nodes.size());
  for (std::size_t i = plan.nodes.size(); i-- > 0;) {
    const BoxTreePlan::Node& planned = plan.nodes[i];
    const Box* children = (planned.is_leaf ? boxes_.data() : bounds.data()) + planned.first_child;
    bounds[i] = children[0];
    for (std::size_t axis = 0; axis < axis_count; ++axis) {
      for (std::uint32_t child = 1; child < planned.count; ++child) {
        bounds[i].first.set(axis, std::min(bounds[i].first[axis], children[child].first[axis]));
        bounds[i].last.set(axis, std::max(bounds[i].last[axis], children[child].last[axis]));
      }
    }
    nodes_[i].lanes_in_use = static_cast<std::uint16_t>((1u << planned.count) - 1);
    nodes_[i].first_child = planned.first_child | (planned.is_leaf ? is_box : 0);
    nodes_[i].order = children[0].order;
    set_lanes(nodes_[i], bounds[i], {children, planned.count});
  }
}

// The rank of both ends of every box on every axis.
template <class Number>
std::vector<RankBox> BoxTree<Number>::ranked(const std::vector<Box>& boxes) {
  std::vector<RankBox> ranks(boxes.size());
  std::vector<Number> ends;
  for (std::size_t axis = 0; axis < axis_count; ++axis) {
    ends.clear();
    for (const Box& box : boxes) {
      ends.push_back(box.first[axis]);
      ends.push_back(box.last[axis]);
    }
    std::ranges::sort(ends);
    ends.erase(std::ranges::unique(ends).begin(), ends.end());
    const auto rank = [&](Number end) {
      return static_cast<std::uint32_t>(std::ranges::lower_bound(ends, end) - ends.begin());
    };
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      ranks[i].first[axis] = rank(boxes[i].first[axis]);
      ranks[i].last[axis] = rank(boxes[i].last[axis]);
    }
  }
  return ranks;
}

template <class Number>
void BoxTree<Number>::place_boxes(const BoxTreePlan& plan, const std::vector<Box>& boxes) {
  boxes_.reserve(plan.sequence.size());
  for (const std::uint32_t place : plan.sequence)
    boxes_.push_back(boxes[place]);
}

template <class Number>
void BoxTree<Number>::set_lanes(Node& node, const Box& bounds, std::span<const Box> children) {
  for (std::size_t axis = 0; axis < axis_count; ++axis) {
    // Ports and protocol start at 65535 at the latest: the base is kept in 16 bits.
    const Number base = axis < 2 ? bounds.first[axis] : std::min<Number>(bounds.first[axis], 0xffff);
    if (axis < 2)
      node.address_base[axis] = base;
    else
      node.base[axis - 2] = static_cast<std::uint16_t>(base);
    unsigned shift = 0;
    while (static_cast<Number>(bounds.last[axis] - base) >> shift >= outside)
      ++shift;
    node.shift[axis] = static_cast<std::uint8_t>(shift);
    for (std::size_t child = 0; child < children.size(); ++child) {
      node.first[axis][child] = step<Number>(children[child].first[axis], base, shift);
      node.last[axis][child] = step<Number>(children[child].last[axis], base, shift);
    }
  }
}

template class BoxTree<std::uint32_t>;
template class BoxTree<AddressNumber>;

}  // namespace mpsec::ipsec
