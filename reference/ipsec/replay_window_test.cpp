#include "ipsec/replay_window.hpp"

#include <gtest/gtest.h>
#include <optional>
#include <rapidcheck/gtest.h>
#include <set>

namespace mpsec::ipsec {
namespace {

// What a window is, said with a set: the definition that the ring must equal.
class SetModel {
 public:
  explicit SetModel(std::uint32_t size) : size_(size) {}
  ReplayVerdict accept(std::uint64_t number) {
    if (number == 0 || (number <= top_ && top_ - number >= size_)) return ReplayVerdict::too_old;
    if (!seen_.insert(number).second) return ReplayVerdict::duplicate;
    top_ = std::max(top_, number);
    return ReplayVerdict::fresh;
  }
  std::uint64_t top() const { return top_; }

 private:
  std::uint32_t size_;
  std::uint64_t top_ = 0;
  std::set<std::uint64_t> seen_;
};

AntiReplay::Hint check_one(const AntiReplay& window, std::uint32_t on_wire) {
  AntiReplay::Hint hint;
  window.check({&on_wire, 1}, {&hint, 1});
  return hint;
}

// Steps that stay near the top, with leaps now and then.
rc::Gen<std::vector<std::int64_t>> steps() {
  return rc::gen::container<std::vector<std::int64_t>>(
      rc::gen::weightedOneOf<std::int64_t>({{6, rc::gen::inRange<std::int64_t>(-70, 70)},
                                            {2, rc::gen::inRange<std::int64_t>(-3000, 3000)},
                                            {1, rc::gen::inRange<std::int64_t>(-100'000, 10'000'000'000)}}));
}

RC_GTEST_PROP(ReplayWindow, EqualsTheSetModel, ()) {
  const auto size = *rc::gen::oneOf(rc::gen::inRange(32u, 200u), rc::gen::element(1024u, 2048u, 4096u));
  ReplayWindow window(size, true);
  SetModel model(size);
  for (const std::int64_t step : *steps()) {
    const std::int64_t number = static_cast<std::int64_t>(model.top()) + step;
    if (number < 0) continue;
    RC_ASSERT(window.accept(static_cast<std::uint64_t>(number)) ==
              model.accept(static_cast<std::uint64_t>(number)));
    RC_ASSERT(window.top() == model.top());
  }
}

RC_GTEST_PROP(ReplayWindow, CheckNeverChangesAnything, (const std::vector<std::uint32_t>& probes)) {
  ReplayWindow window(64, true);
  window.accept(100);
  for (const std::uint32_t probe : probes)
    check_one(window, probe);
  RC_ASSERT(window.top() == 100u);
  RC_ASSERT(window.accept(100) == ReplayVerdict::duplicate);
  RC_ASSERT(window.accept(99) == ReplayVerdict::fresh);
}

// Any number less than 2^32 - W above the top, or within the window, is inferred right from its low half.
RC_GTEST_PROP(InferNumber, FindsTheHighHalfWithinReach, ()) {
  const auto size = *rc::gen::inRange(32u, 1u << 20);
  const auto top = *rc::gen::inRange<std::uint64_t>(0, 1ull << 36);
  const std::uint64_t bottom = top >= size ? top - size + 1 : 0;
  const auto number = *rc::gen::inRange<std::uint64_t>(bottom, bottom + (1ull << 32));
  const auto hint = infer_number(top, size, static_cast<std::uint32_t>(number));
  if (top < size - 1 && number >= (1ull << 32) - (size - 1 - top))
    return;  // below zero by the RFC's rule, see next test
  RC_ASSERT(hint.verdict == ReplayVerdict::fresh);
  RC_ASSERT(hint.number == number);
}

TEST(InferNumber, DiscardsAHighHalfOfMinusOne) {
  EXPECT_EQ(infer_number(0, 64, 0xffffffff).verdict, ReplayVerdict::below_zero);
  EXPECT_EQ(infer_number(10, 64, 0xffffffff).verdict, ReplayVerdict::below_zero);
  EXPECT_EQ(infer_number(62, 64, 0xffffffff).verdict, ReplayVerdict::below_zero);
  EXPECT_EQ(infer_number(63, 64, 0xffffffff).number, 0xffffffffu);  // Case A from here on
  EXPECT_EQ(infer_number(63, 64, 0xffffffff).verdict, ReplayVerdict::fresh);
}

TEST(InferNumber, WrapsTheLowHalfIntoTheNextSubspace) {
  EXPECT_EQ(infer_number(0xffffffff, 64, 0).number, 0x100000000u);
  EXPECT_EQ(infer_number(0xffffffff, 64, 0xffffffc0).number, 0xffffffc0u);
  EXPECT_EQ(infer_number(0xffffffff, 64, 0xffffffbf).number, 0x1ffffffbfu);
  EXPECT_EQ(infer_number(0x100000005, 64, 0xfffffffe).number,
            0xfffffffeu);  // Case B: late, from before the wrap
}

TEST(InferNumber, NeverGoesBeyondTheLastNumber) {
  EXPECT_EQ(infer_number(~std::uint64_t{0}, 64, 0).verdict, ReplayVerdict::below_zero);
}

TEST(ReplayWindow, KeepsExactlyItsSize) {
  for (const std::uint32_t size : {32u, 33u, 64u, 100u, 1u << 20}) {
    ReplayWindow window(size, false);
    window.accept(2 * size);
    EXPECT_EQ(check_one(window, size + 1).verdict, ReplayVerdict::fresh) << size;
    EXPECT_EQ(check_one(window, size).verdict, ReplayVerdict::too_old) << size;
  }
}

TEST(ReplayWindow, RefusesZeroAndWithoutExtensionNeverWraps) {
  ReplayWindow window(64, false);
  EXPECT_EQ(check_one(window, 0).verdict, ReplayVerdict::too_old);
  EXPECT_EQ(window.accept(0xffffffff), ReplayVerdict::fresh);
  EXPECT_EQ(check_one(window, 1).verdict, ReplayVerdict::too_old);
}

TEST(ReplayWindow, AcceptsTheSameNumberOnceWithinABatch) {
  ReplayWindow window(64, false);
  const std::uint64_t numbers[] = {5, 5, 4, 5};
  ReplayVerdict verdicts[4];
  window.accept(numbers, verdicts);
  EXPECT_EQ(verdicts[0], ReplayVerdict::fresh);
  EXPECT_EQ(verdicts[1], ReplayVerdict::duplicate);
  EXPECT_EQ(verdicts[2], ReplayVerdict::fresh);
  EXPECT_EQ(verdicts[3], ReplayVerdict::duplicate);
}

TEST(ReplayWindow, TakesNothingUpToTheResynchronisedNumber) {
  ReplayWindow window(64, true);
  window.resynchronise(1ull << 40);
  EXPECT_EQ(window.accept(1ull << 40), ReplayVerdict::duplicate);
  EXPECT_EQ(window.accept((1ull << 40) - 5), ReplayVerdict::duplicate);
  EXPECT_EQ(window.accept((1ull << 40) + 3), ReplayVerdict::fresh);
  EXPECT_EQ(window.accept((1ull << 40) + 2), ReplayVerdict::fresh);
}

TEST(ReplayWindow, SaysWhichSizesAreAllowed) {
  EXPECT_TRUE(ReplayWindow::check_size(32));
  EXPECT_TRUE(ReplayWindow::check_size(1 << 20));
  const auto refused = ReplayWindow::check_size(31);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().why, "expected a size from 32 to 1048576, found 31");
  EXPECT_FALSE(ReplayWindow::check_size((1 << 20) + 1));
}

TEST(ReplayWindow, NeedsAnEighthOfItsSizeInOctets) {
  EXPECT_LE(ReplayWindow(1u << 20, true).memory_octets(), (1u << 17) + 64);
  EXPECT_LE(ReplayWindow(1024, true).memory_octets(), 128u + 64u);
}

}  // namespace
}  // namespace mpsec::ipsec
