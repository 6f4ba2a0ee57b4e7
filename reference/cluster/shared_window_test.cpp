#include "cluster/shared_window.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <vector>

#include "cluster/test_window_model.hpp"

namespace mpsec::cluster {
namespace {

using ipsec::AntiReplay;
using ipsec::ReplayVerdict;
using ipsec::ReplayWindow;

ReplayVerdict accept_one(AntiReplay& window, std::uint64_t number) {
  ReplayVerdict verdict;
  window.accept({&number, 1}, {&verdict, 1});
  return verdict;
}

std::vector<ReplayVerdict> accept_all(AntiReplay& window, const std::vector<std::uint64_t>& numbers) {
  std::vector<ReplayVerdict> verdicts(numbers.size());
  window.accept(numbers, verdicts);
  return verdicts;
}

AntiReplay::Hint check_one(const AntiReplay& window, std::uint32_t on_wire) {
  AntiReplay::Hint hint;
  window.check({&on_wire, 1}, {&hint, 1});
  return hint;
}

// Batches of steps that stay near the top, with leaps now and then, some of them over many laps and epochs.
rc::Gen<std::vector<std::vector<std::int64_t>>> batches() {
  const auto step =
      rc::gen::weightedOneOf<std::int64_t>({{8, rc::gen::inRange<std::int64_t>(-70, 70)},
                                            {2, rc::gen::inRange<std::int64_t>(-5000, 5000)},
                                            {1, rc::gen::inRange<std::int64_t>(-100'000, 10'000'000'000)},
                                            {1, rc::gen::inRange<std::int64_t>(0, std::int64_t{1} << 55)}});
  return rc::gen::container<std::vector<std::vector<std::int64_t>>>(
      rc::gen::container<std::vector<std::int64_t>>(step));
}

std::vector<std::uint64_t> numbers_from(std::uint64_t top, const std::vector<std::int64_t>& steps) {
  std::vector<std::uint64_t> numbers;
  for (const std::int64_t step : steps)
    numbers.push_back(
        static_cast<std::uint64_t>(std::max<std::int64_t>(0, static_cast<std::int64_t>(top) + step)));
  return numbers;
}

RC_GTEST_PROP(SharedWindow, EqualsTheSetModelInBatches, ()) {
  const auto size = *rc::gen::oneOf(rc::gen::inRange(32u, 200u), rc::gen::element(1024u, 2047u, 4096u));
  const auto history = *rc::gen::element(0u, 1u, 5000u);
  SharedWindow window(size, true, history);
  WindowModel model(size);
  for (const auto& steps : *batches()) {
    if (*rc::gen::inRange(0, 20) == 0) {
      const auto number = model.top() + static_cast<std::uint64_t>(*rc::gen::inRange(0, 3000)) - 100;
      if (number < (1ull << 63)) window.resynchronise(number), model.resynchronise(number);
    }
    const auto numbers = numbers_from(model.top(), steps);
    const auto verdicts = accept_all(window, numbers);
    for (std::size_t i = 0; i < numbers.size(); ++i)
      RC_ASSERT(verdicts[i] == model.accept(numbers[i]));
    RC_ASSERT(window.top() == model.top());
  }
}

// Hints and decisions, one by one; the number that is accepted is the one that was inferred, as in an SA.
//= draft-zhang/3.3/window-works-as-before
RC_GTEST_PROP(SharedWindow, JudgesAsTheWindowOfOneWriter, (bool extended)) {
  const auto size = *rc::gen::inRange(32u, 3000u);
  SharedWindow shared(size, extended, 1);  // no history: infers as ReplayWindow does
  ReplayWindow single(size, extended);
  const auto first = *rc::gen::element<std::uint64_t>(1, 0xfffffff0, 0x1'0000'0000, 0x7'ffff'fff0);
  RC_ASSERT(accept_one(shared, extended ? first : 1) == accept_one(single, extended ? first : 1));
  for (const auto& steps : *batches())
    for (const std::uint64_t number : numbers_from(single.top(), steps)) {
      const auto on_wire = static_cast<std::uint32_t>(number);
      const auto expected = check_one(single, on_wire), hint = check_one(shared, on_wire);
      RC_ASSERT(hint.number == expected.number);
      RC_ASSERT(hint.verdict == expected.verdict);
      if (expected.verdict == ReplayVerdict::below_zero) continue;
      RC_ASSERT(accept_one(shared, hint.number) == accept_one(single, hint.number));
      RC_ASSERT(shared.top() == single.top());
    }
}

//= profile/6/hint-before-the-icv
RC_GTEST_PROP(SharedWindow, CheckNeverChangesAnything, (const std::vector<std::uint32_t>& probes)) {
  SharedWindow window(64, true);
  accept_one(window, 100);
  for (const std::uint32_t probe : probes)
    check_one(window, probe);
  RC_ASSERT(window.top() == 100u);
  RC_ASSERT(accept_one(window, 100) == ReplayVerdict::duplicate);
  RC_ASSERT(accept_one(window, 99) == ReplayVerdict::fresh);
}

TEST(SharedWindow, KeepsExactlyItsSize) {
  for (const std::uint32_t size : {32u, 33u, 64u, 100u, 2016u, 2017u, 1u << 20}) {
    SharedWindow window(size, false);
    accept_one(window, 2 * size);
    EXPECT_EQ(check_one(window, size + 1).verdict, ReplayVerdict::fresh) << size;
    EXPECT_EQ(accept_one(window, size), ReplayVerdict::too_old) << size;
    EXPECT_EQ(accept_one(window, size + 1), ReplayVerdict::fresh) << size;
  }
}

TEST(SharedWindow, InfersTheHighHalfForALateJoiner) {
  SharedWindow window(64, true);
  accept_one(window, 0x5'0000'0010);
  EXPECT_EQ(check_one(window, 0x11).number, 0x5'0000'0011u);
  EXPECT_EQ(check_one(window, 0xffff'fff5).number, 0x4'ffff'fff5u);
  EXPECT_EQ(check_one(window, 0xffff'fff5).verdict, ReplayVerdict::fresh);
}

//= profile/6/resynchronisation
TEST(SharedWindow, TakesNothingUpToTheResynchronisedNumberAndNeverGoesBack) {
  SharedWindow window(64, true);
  window.resynchronise(1ull << 40);
  EXPECT_EQ(accept_one(window, 1ull << 40), ReplayVerdict::duplicate);
  EXPECT_EQ(accept_one(window, (1ull << 40) - 5), ReplayVerdict::duplicate);
  EXPECT_EQ(accept_one(window, (1ull << 40) + 3), ReplayVerdict::fresh);
  window.resynchronise(7);
  EXPECT_EQ(window.top(), (1ull << 40) + 3);
  EXPECT_EQ(accept_one(window, (1ull << 40) + 2), ReplayVerdict::fresh);
}

// The word that number 6 had in the ring now belongs to the next lap. A writer who has looked at the window
// before is with the ring already: `Scenes` of interleavings_test.cpp have the same with the whole window.
//= profile/6/late-writers-mark-nothing
TEST(SharedWindow, AWriterLateByAWholeRingLapMustNotSetABitInARecycledWord) {
  using Ring = WindowRing<MachineAtomics>;
  Ring ring(Ring::smallest);
  const std::uint64_t lap = Ring::smallest;
  EXPECT_FALSE(ring.mark(Ring::block_of(5 + lap), Ring::bit_of(5 + lap)).overtaken);
  const auto late = ring.mark(Ring::block_of(6), Ring::bit_of(6));
  EXPECT_TRUE(late.overtaken);
  EXPECT_EQ(late.highest, 5 + lap);
  EXPECT_EQ(ring.look(6 + lap), Ring::Seen::no) << "the late writer's bit would be taken for this one";
  EXPECT_EQ(ring.look(6), Ring::Seen::overtaken);
  EXPECT_EQ(ring.look(5 + lap), Ring::Seen::yes);
}

// Near the beginning fewer numbers are remembered than later: what is not there is not below the window.
//= profile/6/high-half-from-the-clusters-top
TEST(SharedWindow, InfersFromNoMoreThanThereHasBeen) {
  const std::uint32_t size = 64;
  SharedWindow window(size, true);
  EXPECT_EQ(accept_one(window, 2 * size), ReplayVerdict::fresh);
  const auto far = check_one(window, 0xfffffffb);  // 2^32 - 5
  EXPECT_EQ(far.number, 0xfffffffbu);
  EXPECT_EQ(far.verdict, ReplayVerdict::fresh);
  SharedWindow young(size, true);
  EXPECT_EQ(check_one(young, 0xffffffff).verdict, ReplayVerdict::below_zero) << "as RFC 4303 A2.2 has it";
}

TEST(SharedWindow, ComparesLapsAcrossTheWrapOfTheirTags) {
  SharedWindow window(32, true, 1);
  const std::uint64_t lap = WindowRing<MachineAtomics>::smallest;
  EXPECT_EQ(accept_one(window, 100), ReplayVerdict::fresh);
  EXPECT_EQ(accept_one(window, 100 + (lap << 32)), ReplayVerdict::fresh) << "the same tag, 2^32 laps later";
  EXPECT_EQ(accept_one(window, 99 + (lap << 32)), ReplayVerdict::fresh);
  EXPECT_EQ(accept_one(window, 99 + (lap << 32) + (lap << 31)), ReplayVerdict::fresh);
  EXPECT_EQ(accept_one(window, 100 + (lap << 32) + (lap << 31)), ReplayVerdict::fresh);
}

// Other words than those of the steps keep their bits for 2^32 laps, but for the sweeps.
TEST(SharedWindow, SweepsWordsThatLeapsPassedOver) {
  SharedWindow window(32, true, 1);
  const std::uint64_t lap = WindowRing<MachineAtomics>::smallest;
  accept_one(window, 1000);
  for (std::uint64_t laps = 1; laps <= 1u << 10; ++laps)
    ASSERT_EQ(accept_one(window, 1 + laps * (lap << 22)), ReplayVerdict::fresh);
  EXPECT_EQ(accept_one(window, 1000 + (lap << 32)), ReplayVerdict::fresh);
}

// A window of 64 that would have had to be 100: number 1 comes when the top is 100.
TEST(SharedWindow, ReportsAWindowTooSmallAndTheSizeThatWouldHaveHeld) {
  SharedWindow window(64, false);
  accept_all(window, {100, 99, 98, 97});
  EXPECT_EQ(accept_one(window, 1), ReplayVerdict::too_old);
  EXPECT_EQ(accept_one(window, 30), ReplayVerdict::too_old);
  WindowReport report = window.report();
  EXPECT_EQ(report.late_authentic, 2u);
  EXPECT_EQ(report.size_that_would_have_held, 100u);
  EXPECT_EQ(accept_one(window, 1), ReplayVerdict::too_old) << "the same packet again";
  EXPECT_EQ(accept_one(window, 99), ReplayVerdict::duplicate);
  report = window.report();
  EXPECT_EQ(report.late_authentic, 2u) << "a replay says nothing of the window";
  EXPECT_EQ(report.accepted, 4u);
  EXPECT_EQ(report.duplicates, 1u);
  EXPECT_EQ(report.too_old, 3u);
}

TEST(SharedWindow, DoesNotTakeAReplayFromBelowTheWindowForALostPacket) {
  SharedWindow window(64, false);
  accept_all(window, {10, 200});
  EXPECT_EQ(accept_one(window, 10), ReplayVerdict::too_old);
  EXPECT_EQ(window.report().late_authentic, 0u);
}

TEST(SharedWindow, SaysNothingOfNumbersBelowItsHistory) {
  SharedWindow window(64, false, 256);
  accept_one(window, 1000);
  EXPECT_EQ(accept_one(window, 744), ReplayVerdict::too_old);
  EXPECT_EQ(window.report().late_authentic, 0u);
  EXPECT_EQ(accept_one(window, 745), ReplayVerdict::too_old);
  EXPECT_EQ(window.report().size_that_would_have_held, 256u);
}

// Forged packets get no further than the hint: none of them is counted, and of the packets below the window
// no more than one in 16 accepted costs an ICV.
//= profile/6/late-and-authentic
TEST(SharedWindow, LetsABoundedShareOfLateNumbersPassTheHint) {
  for (const bool extended : {false, true}) {
    SharedWindow window(64, extended);
    EXPECT_EQ(check_one(window, 1).verdict, ReplayVerdict::fresh);
    for (std::uint64_t number = 200; number < 200 + 64; ++number)
      accept_one(window, number);
    std::size_t passed = 0;
    for (std::uint32_t number = 100; number < 200; ++number) {
      const auto hint = check_one(window, number);
      EXPECT_EQ(hint.number, number);
      passed += hint.verdict == ReplayVerdict::fresh;
    }
    EXPECT_EQ(passed, 4u);
    EXPECT_EQ(window.report().late_authentic, 0u);
  }
}

TEST(SharedWindow, NeedsAQuarterOctetForEachNumberRemembered) {
  EXPECT_LE(SharedWindow(1u << 20, true, 1u << 20).memory_octets(), (1u << 19) + 1024);
  EXPECT_LE(SharedWindow(1024, true).memory_octets(), 2 * 1024u + 1024u);
}

}  // namespace
}  // namespace mpsec::cluster
