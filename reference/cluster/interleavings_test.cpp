// The shared window under every interleaving of small scenes, and windows with one thing left out, of which
// each must be caught by a scene.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "cluster/basic_shared_window.hpp"
#include "cluster/test_interleavings.hpp"

namespace mpsec::cluster {
namespace {

using namespace interleavings;
using SteppedRing = WindowRing<SteppedAtomics>;
using SteppedWindow = BasicSharedWindow<SteppedAtomics>;

constexpr std::uint64_t lap = SteppedRing::smallest;
constexpr std::uint64_t epoch = lap << SteppedRing::epoch_bits;

// The scenes' window has 32 numbers.
const Scene same_number_twice{{accept({3})}, {{accept({5})}, {accept({5})}}};
const Scene same_number_three_times{{accept({3})}, {{accept({5})}, {accept({5})}, {accept({5})}}};
const Scene neighbours_in_a_word{{}, {{accept({5}), accept({6})}, {accept({6}), accept({5})}}};
const Scene number_against_a_jump_by_a_lap{{accept({10})},
                                           {{accept({6})}, {accept({6 + lap})}, {accept({6})}}};
const Scene writer_late_by_a_lap{{accept({10})}, {{accept({7})}, {accept({7 + lap}), accept({8 + lap})}}};
const Scene late_writer_then_a_number_of_the_new_lap{
    {accept({10})}, {{accept({7})}, {accept({8 + lap}), accept({7 + lap})}, {accept({7 + lap})}}};
const Scene two_jumps{{accept({5})}, {{accept({6 + lap})}, {accept({6 + 2 * lap})}, {accept({6})}}};
const Scene duplicate_while_the_top_lags{{accept({70})}, {{accept({100})}, {accept({100}), accept({60})}}};
const Scene too_old_while_the_top_lags{{accept({70})},
                                       {{accept({60 + lap})}, {accept({60}), accept({61})}, {accept({65})}}};
const Scene resynchronised_beside_accept{
    {accept({20})}, {{resynchronise(50)}, {accept({50}), accept({21})}, {accept({51}), accept({19})}}};
const Scene resynchronised_twice{{accept({20})}, {{resynchronise(50)}, {resynchronise(40), accept({45})}}};
const Scene batches{{accept({20})}, {{accept({25, 25 + lap, 26, 27})}, {accept({25 + lap}), accept({26})}}};
const Scene batches_that_meet{{}, {{accept({1, 2, 33, 34})}, {accept({34, 2, 40})}}};
const Scene late_number_twice{{accept({50})},
                              {{accept({100}), accept({40})}, {accept({40})}, {accept({40})}}};
const Scene late_in_a_batch{{accept({50})}, {{accept({100, 40})}, {accept({40})}}};
const Scene into_a_new_epoch{{accept({epoch - 10}), accept({epoch - 9})},
                             {{accept({epoch + 1})}, {accept({epoch - 9}), accept({epoch - 8})}}};

template <class Window>
Outcome explored(const Scene& scene) {
  return Explorer<Window>(scene).explore();
}

class Interleavings : public testing::TestWithParam<std::pair<const char*, Scene>> {};

TEST_P(Interleavings, AreAllExplainedByOneThread) {
  const Outcome outcome = explored<SteppedWindow>(GetParam().second);
  EXPECT_FALSE(outcome.broken) << *outcome.broken;
  EXPECT_GE(outcome.interleavings, 100);
  RecordProperty("interleavings", fmt::format("{:.0f}", outcome.interleavings));
}

#define SCENE(name) std::pair<const char*, Scene>(#name, name)
INSTANTIATE_TEST_SUITE_P(SharedWindow, Interleavings,
                         testing::Values(SCENE(same_number_twice), SCENE(same_number_three_times),
                                         SCENE(neighbours_in_a_word), SCENE(number_against_a_jump_by_a_lap),
                                         SCENE(writer_late_by_a_lap),
                                         SCENE(late_writer_then_a_number_of_the_new_lap), SCENE(two_jumps),
                                         SCENE(duplicate_while_the_top_lags),
                                         SCENE(too_old_while_the_top_lags),
                                         SCENE(resynchronised_beside_accept), SCENE(resynchronised_twice),
                                         SCENE(batches), SCENE(batches_that_meet), SCENE(late_number_twice),
                                         SCENE(late_in_a_batch), SCENE(into_a_new_epoch)),
                         [](const auto& scene) { return scene.param.first; });

// Scenes that nobody thought of: three threads, numbers around two laps.
RC_GTEST_PROP(InterleavingsOfChance, AreAllExplainedByOneThread, ()) {
  const auto number =
      rc::gen::element<std::uint64_t>(5, 6, 30, 37, 38, 69, 5 + lap, 6 + lap, 37 + lap, 5 + 2 * lap);
  const auto call = rc::gen::weightedOneOf<Call>(
      {{8, rc::gen::map(rc::gen::container<std::vector<std::uint64_t>>(1, number), accept)},
       {3, rc::gen::map(rc::gen::container<std::vector<std::uint64_t>>(2, number), accept)},
       {2, rc::gen::map(number, resynchronise)}});
  const std::vector<std::vector<std::size_t>> shapes{{1, 1, 1}, {2, 2}, {1, 3}};
  Scene scene;
  scene.before = *rc::gen::container<std::vector<Call>>(2, call);
  for (const std::size_t calls : *rc::gen::elementOf(shapes))
    scene.threads.push_back(*rc::gen::container<std::vector<Call>>(calls, call));
  const Outcome outcome = explored<SteppedWindow>(scene);
  if (outcome.broken) RC_FAIL(*outcome.broken);
}

// --- Windows with one thing left out ---

// Sets its bit in whatever lap the word belongs to by now.
struct RingWithoutTheTagCheck : SteppedRing {
  using SteppedRing::SteppedRing;
  Marked mark(std::uint64_t block, std::uint32_t mask) {
    Marked marked = SteppedRing::mark(block, mask);
    while (marked.overtaken) {
      block = block_of(marked.highest);
      marked = SteppedRing::mark(block, mask);
    }
    return marked;
  }
};

// Words of bits alone, as in a window of one writer, that nobody clears.
struct RingOfPlainBits : SteppedRing {
  using SteppedRing::SteppedRing;
  Marked mark(std::uint64_t block, std::uint32_t mask) {
    return SteppedRing::mark(block % (lap / block_numbers), mask);
  }
};

// Looks first and sets the bit later, without noticing what happened in between.
struct RingThatLooksBeforeItSets : SteppedRing {
  using SteppedRing::SteppedRing;
  Marked mark(std::uint64_t block, std::uint32_t mask) {
    const auto seen = look(highest_of(block, mask));
    if (seen != Seen::no) return {seen == Seen::overtaken, mask, 0};
    const Marked marked = SteppedRing::mark(block, mask);
    return {marked.overtaken, 0, marked.highest};
  }
};

// Says nothing of the numbers that overtook it: who is refused because of them raises no top.
struct RingThatDoesNotHelp : SteppedRing {
  using SteppedRing::SteppedRing;
  Marked mark(std::uint64_t block, std::uint32_t mask) {
    const Marked marked = SteppedRing::mark(block, mask);
    return {marked.overtaken, marked.before, 0};
  }
};

template <class Ring>
using With = BasicSharedWindow<SteppedAtomics, Ring>;

// Raises the top for numbers of its own alone.
struct WindowThatDoesNotHelp : SteppedWindow {
  using SteppedWindow::SteppedWindow;
  void accept(std::span<const std::uint64_t> numbers, std::span<Verdict> verdicts) {
    View view = look();
    accept_block(numbers, verdicts, view);
    if (verdicts[0] == Verdict::fresh) publish(view);
  }
};

// Raises the top before it has the number.
struct WindowThatRaisesFirst : SteppedWindow {
  using SteppedWindow::SteppedWindow;
  void accept(std::span<const std::uint64_t> numbers, std::span<Verdict> verdicts) {
    View view = look();
    if (numbers[0] >= view.lowest) reach(view, numbers[0]);
    publish(view);
    accept_block(numbers, verdicts, view);
  }
};

// Raises the top alone, and lets what is below it still be accepted.
struct WindowWithoutAFloor : SteppedWindow {
  using SteppedWindow::SteppedWindow;
  void resynchronise(std::uint64_t number) { raise_top(number); }
};

// Marks late numbers before others can know that they are late.
struct WindowThatMarksLateNumbersUnannounced : SteppedWindow {
  using SteppedWindow::SteppedWindow;
  void accept(std::span<const std::uint64_t> numbers, std::span<Verdict> verdicts) {
    View view = look();
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      if (numbers[i] < view.lowest) view.published = view.top;  // a lie
      accept_block(numbers.subspan(i, 1), verdicts.subspan(i, 1), view);
    }
    raise_top(view.top);
  }
};

TEST(BrokenWindow, WithoutTheTagCheckIsCaught) {
  EXPECT_TRUE(explored<With<RingWithoutTheTagCheck>>(writer_late_by_a_lap).broken);
}
TEST(BrokenWindow, OfPlainBitsWithoutLapsIsCaught) {
  EXPECT_TRUE(explored<With<RingOfPlainBits>>(writer_late_by_a_lap).broken);
}
TEST(BrokenWindow, ThatLooksBeforeItSetsIsCaught) {
  EXPECT_TRUE(explored<With<RingThatLooksBeforeItSets>>(same_number_twice).broken);
}
TEST(BrokenWindow, WhoseRefusedWritersDoNotRaiseTheTopIsCaught) {
  EXPECT_TRUE(explored<With<RingThatDoesNotHelp>>(too_old_while_the_top_lags).broken);
}
TEST(BrokenWindow, WhoseDuplicatesDoNotRaiseTheTopIsCaught) {
  EXPECT_TRUE(explored<WindowThatDoesNotHelp>(duplicate_while_the_top_lags).broken);
}
TEST(BrokenWindow, ThatRaisesTheTopBeforeItHasTheNumberIsCaught) {
  const Scene scene{{accept({70})}, {{accept({110})}, {accept({75}), accept({110})}}};
  EXPECT_TRUE(explored<WindowThatRaisesFirst>(scene).broken);
}
TEST(BrokenWindow, ThatMarksLateNumbersUnannouncedIsCaught) {
  EXPECT_TRUE(explored<WindowThatMarksLateNumbersUnannounced>(late_in_a_batch).broken);
}
TEST(BrokenWindow, WithoutAFloorIsCaught) {
  EXPECT_TRUE(explored<WindowWithoutAFloor>(resynchronised_beside_accept).broken);
}

}  // namespace
}  // namespace mpsec::cluster
