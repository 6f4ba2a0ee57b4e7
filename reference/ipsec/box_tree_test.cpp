#include "ipsec/box_tree.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <type_traits>

#include "base/rng.hpp"

namespace mpsec::ipsec {
namespace {

// Boxes of many kinds from one seed: wide, narrow and single-valued on each axis by turns, at the ends of the
// axes and in clusters, so that all ways to divide them are taken.
template <class Number>
class Boxes {
 public:
  explicit Boxes(std::uint64_t seed) : rng_(seed), clusters_(1 + rng_.below(5)) {}

  std::vector<SelectorBox<Number>> some(std::size_t count) {
    std::vector<SelectorBox<Number>> boxes(count);
    std::uint32_t order = 0;
    for (auto& box : boxes) {
      for (std::size_t axis = 0; axis < axis_count; ++axis)
        set_range(box, axis);
      box.order = order += static_cast<std::uint32_t>(rng_.below(2));
    }
    return boxes;
  }

  // At, or next to, an end of one of the boxes on every axis: where mistakes would show.
  SelectorPoint<Number> near_the_ends_of(const std::vector<SelectorBox<Number>>& boxes) {
    SelectorPoint<Number> point;
    const auto& home = boxes[rng_.below(boxes.size())];
    for (std::size_t axis = 0; axis < axis_count; ++axis) {
      const auto& box = rng_.below(4) == 0 ? boxes[rng_.below(boxes.size())] : home;
      const Number end = rng_.below(2) == 0 ? box.first[axis] : box.last[axis];
      const Number inside = end + static_cast<Number>(rng_.below(3)) - 1;
      point.set(axis, std::min(inside, last_value(axis)));
    }
    return point;
  }

 private:
  static Number last_value(std::size_t axis) {
    return axis < 2 ? static_cast<Number>(~Number{0}) : axis < 4 ? unavailable_port : unavailable_protocol;
  }
  Number value(std::size_t axis) {
    const Number last = last_value(axis);
    Number wide = static_cast<Number>(rng_.next_u64());
    if constexpr (sizeof(Number) > 8) wide = wide << 64 | rng_.next_u64();
    if (rng_.below(2) == 0)
      wide = last / static_cast<Number>(clusters_) * static_cast<Number>(rng_.below(clusters_)) +
             static_cast<Number>(rng_.below(300));
    return axis < 2 ? wide : wide % (last + 1);
  }
  void set_range(SelectorBox<Number>& box, std::size_t axis) {
    const Number one = value(axis), other = value(axis), last = last_value(axis);
    box.first.set(axis, one);
    box.last.set(axis, one);
    switch (rng_.below(4)) {
      case 0:
        box.first.set(axis, 0), box.last.set(axis, last);
        break;
      case 1:
        box.first.set(axis, std::min(one, other)), box.last.set(axis, std::max(one, other));
        break;
      case 2:
        box.last.set(axis, last - one < 20 ? last : one + static_cast<Number>(rng_.below(20)));
        break;
      default:
        break;
    }
  }

  SeededRng rng_;
  std::uint64_t clusters_;
};

template <class Number>
const SelectorBox<Number>* first_by_definition(const std::vector<SelectorBox<Number>>& boxes,
                                               const SelectorPoint<Number>& low,
                                               const SelectorPoint<Number>& high, std::uint32_t limit) {
  const auto found = std::ranges::find_if(
      boxes, [&](const auto& box) { return box.order < limit && box.contains(low, high); });
  return found == boxes.end() ? nullptr : &*found;
}

template <class Number>
std::uint32_t order_of(const SelectorBox<Number>* box) {
  return box == nullptr ? ~0u : box->order;
}

template <class Number>
void check_against_ordered_search(std::uint64_t seed, std::size_t count) {
  Boxes<Number> generator(seed);
  SeededRng rng(seed ^ 0xff);
  const auto boxes = generator.some(count);
  const BoxTree<Number> tree(boxes);
  for (int i = 0; i < 100; ++i) {
    const auto point = generator.near_the_ends_of(boxes);
    const auto limit =
        rng.below(2) == 0 ? BoxTree<Number>::no_limit : static_cast<std::uint32_t>(rng.below(count));
    RC_ASSERT(order_of(tree.find(point, limit)) == order_of(first_by_definition(boxes, point, point, limit)));
    const auto& inner = boxes[rng.below(count)];
    RC_ASSERT(order_of(tree.find(inner.first, inner.last, inner.order)) ==
              order_of(first_by_definition(boxes, inner.first, inner.last, inner.order)));
  }
}

RC_GTEST_PROP(BoxTree, FindsWhatAnOrderedSearchFindsAmongIpv4Boxes, (std::uint64_t seed)) {
  check_against_ordered_search<std::uint32_t>(seed, static_cast<std::size_t>(*rc::gen::inRange(1, 700)));
}

RC_GTEST_PROP(BoxTree, FindsWhatAnOrderedSearchFindsAmongIpv6Boxes, (std::uint64_t seed)) {
  check_against_ordered_search<AddressNumber>(seed, static_cast<std::size_t>(*rc::gen::inRange(1, 300)));
}

TEST(BoxTree, IsEmptyWithoutBoxes) {
  EXPECT_EQ(BoxTree<std::uint32_t>{}.find({}), nullptr);
  EXPECT_EQ(BoxTree<std::uint32_t>(std::vector<SelectorBox<std::uint32_t>>{}).find({}), nullptr);
}

// What would make a tree with copies of wide boxes explode, and a greedy division go one box at a time.
TEST(BoxTree, StaysLinearWhateverTheBoxesAre) {
  constexpr std::uint32_t count = 20'000;
  std::vector<SelectorBox<std::uint32_t>> nested(count), crossed(count), equal(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    for (auto* boxes : {&nested, &crossed, &equal}) {
      (*boxes)[i].order = i;
      (*boxes)[i].last = {
          {0xffffffff, 0xffffffff}, {unavailable_port, unavailable_port}, unavailable_protocol};
    }
    nested[i].first.address = {0x80000000 - i, 0x80000000 - i};
    nested[i].last.address = {0x80000000 + i, 0x80000000 + i};
    crossed[i].first.address[i % 2] = crossed[i].last.address[i % 2] = i;
  }
  const SelectorPoint<std::uint32_t> centre{{0x80000000, 0x80000000}, {1, 1}, 6};
  for (const auto* boxes : {&nested, &crossed, &equal}) {
    const BoxTree<std::uint32_t> tree(*boxes);
    EXPECT_LE(tree.octets(), count * 192u);
    EXPECT_EQ(order_of(tree.find(centre)), order_of(first_by_definition(*boxes, centre, centre, ~0u)));
  }
  const SelectorPoint<std::uint32_t> cross{{19'998, 19'999}, {1, 1}, 6};
  EXPECT_EQ(BoxTree<std::uint32_t>(crossed).find(cross)->order, 19'998u);
}

}  // namespace
}  // namespace mpsec::ipsec
