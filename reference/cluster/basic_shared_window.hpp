// The shared window's algorithm over any atomics: the engine's are the machine's, those of a test take turns.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>

#include "cluster/window_ring.hpp"
#include "ipsec/replay_window.hpp"

namespace mpsec::cluster {

// What the window has judged so far.
struct WindowReport {
  std::uint64_t accepted = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t too_old = 0;  // after their ICV was found right
  std::uint64_t late_authentic =
      0;  // those within the history that had not been seen: the window was too small
  std::uint64_t size_that_would_have_held = 0;  // all of those; 0 if there was none
};

// Two things are shared: `top`, the highest number accepted, and the ring of bits. Whoever sets a bit first
// has the number. The bit is set before the top is raised, so a number counts as accepted from the moment the
// top has reached it, and whoever refuses because of a bit helps: it raises the top to that bit's number
// before it returns. So every history of calls is one that a single thread could have had ("linearizable"),
// with the numbers of one call in some order.
//
// A word is taken over only by numbers a lap higher. The ring is at least 32 numbers longer than the window,
// so what it said was below the window of the taker.
//
// Atomics has a type Word (load, compare_exchange, will_be_written, initially 0) for what decides, and a type
// Counter for what is only reported. They are sequentially consistent.
template <class Atomics, class Ring = WindowRing<Atomics>>
class BasicSharedWindow {
 public:
  using Verdict = ipsec::ReplayVerdict;
  using Hint = ipsec::AntiReplay::Hint;

  // `history` numbers, at least `size`, are remembered.
  BasicSharedWindow(std::uint32_t size, bool extended, std::uint32_t history)
      : size_(size),
        extended_(extended),
        history_(std::max(history, size)),
        ring_(std::max(std::bit_ceil(std::uint64_t{history_} + Ring::block_numbers),
                       std::uint64_t{Ring::smallest})) {}

  void check(std::span<const std::uint32_t> on_wire, std::span<Hint> hints) const {
    if (on_wire.empty()) return;
    top_.will_be_written();  // by accept(), in most cases; as will be the word, which a number's low half
                             // names
    ring_.will_be_marked(Ring::block_of(on_wire[0]));
    const View view = look();
    // What is remembered and not below 1: near the beginning that is less than the history.
    //= profile/6/high-half-from-the-clusters-top
    const auto reach = static_cast<std::uint32_t>(
        std::clamp<std::uint64_t>(view.top + (view.top != ~std::uint64_t{0}), size_, history_));
    for (std::size_t i = 0; i < on_wire.size(); ++i) {
      hints[i] =
          extended_ ? ipsec::infer_number(view.top, reach, on_wire[i]) : Hint{on_wire[i], Verdict::fresh};
      if (hints[i].verdict == Verdict::fresh) hints[i].verdict = hint(hints[i].number, view);
    }
  }

  void accept(std::span<const std::uint64_t> numbers, std::span<Verdict> verdicts) {
    if (numbers.empty()) return;
    // Both lines come from another core, most of the time: at once, and for writing at the first read.
    top_.will_be_written();
    ring_.will_be_marked(Ring::block_of(numbers[0]));
    View view = look();
    for (std::size_t at = 0; at < numbers.size();)
      at += accept_block(numbers.subspan(at), verdicts.subspan(at), view);
    publish(view);
    if (view.accepted != 0) accepted_.fetch_add(view.accepted);
  }

  std::uint64_t top() const { return look().top; }

  // Raises the floor, which decides, and then the top; neither ever goes back.
  void resynchronise(std::uint64_t number) {
    raise(floor_, number);
    raise_top(number);
  }

  WindowReport report() const {
    return {accepted_.load(), duplicates_.load(), too_old_.load(), late_authentic_.load(), held_by_.load()};
  }
  std::uint32_t size() const { return size_; }
  std::size_t memory_octets() const { return sizeof *this + ring_.memory_octets(); }

 protected:
  using Word = typename Atomics::Word;
  using Counter = typename Atomics::Counter;

  // The window as one call sees it.
  struct View {
    std::uint64_t top;  // what counts for this call: the shared one, or its own numbers and those it met
    std::uint64_t published;  // up to here the shared top is known to be
    std::uint64_t floor;      // everything up to here counts as seen
    std::uint64_t lowest;     // that may still be accepted
    std::uint32_t accepted = 0;
  };

  View look() const {
    View view{};
    view.floor = floor_.load();
    view.published = std::max(top_.load(), view.floor);
    reach(view, view.published);
    return view;
  }
  void reach(View& view, std::uint64_t number) const {
    view.top = std::max(view.top, number);
    view.lowest = std::max(view.top >= size_ ? view.top - size_ + 1 : 1, view.floor + 1);
  }
  bool within(std::uint64_t number, const View& view) const { return view.top - number < size_; }

  Verdict hint(std::uint64_t number, const View& view) const {
    if (number > view.top) return Verdict::fresh;
    if (number >= view.lowest) {
      const auto seen = ring_.look(number);
      if (seen == Ring::Seen::no) return Verdict::fresh;
      return seen == Ring::Seen::yes ? Verdict::duplicate : Verdict::too_old;
    }
    if (number != 0 && within(number, view)) return Verdict::duplicate;  // at or below the floor
    return may_be_lost(number, view) ? Verdict::fresh : Verdict::too_old;
  }

  // A number below the window that was never seen says, if it is authentic, that the window is too small. One
  // such packet for each 16 accepted has its ICV judged for that.
  //= profile/6/late-and-authentic
  bool may_be_lost(std::uint64_t number, const View& view) const {
    if (number <= view.floor || view.top - number >= history_) return false;
    if (ring_.look(number) != Ring::Seen::no) return false;
    if (judged_late_.load() >= accepted_.load() / 16) return false;
    judged_late_.fetch_add(1);
    return true;
  }

  // Judges the first numbers, those of one block that are not below the window, with one step on their word.
  // Returns how many it judged.
  std::size_t accept_block(std::span<const std::uint64_t> numbers, std::span<Verdict> verdicts, View& view) {
    if (numbers[0] < view.lowest) {
      verdicts[0] = refuse_below(numbers[0], view);
      return 1;
    }
    const std::uint64_t block = Ring::block_of(numbers[0]);
    std::uint32_t mask = 0;
    std::size_t count = 0;
    for (; count < numbers.size() && Ring::block_of(numbers[count]) == block && numbers[count] >= view.lowest;
         ++count)
      mask |= Ring::bit_of(numbers[count]);
    leap(Ring::highest_of(block, mask), view);
    const auto marked = ring_.mark(block, mask);
    if (marked.overtaken) {
      reach(view, marked.highest);
      std::ranges::fill(verdicts.first(count), Verdict::too_old);
      too_old_.fetch_add(count);
      return count;
    }
    reach(view, Ring::highest_of(block, mask));
    if ((marked.before & mask) == 0 && static_cast<std::size_t>(std::popcount(mask)) == count) {
      std::ranges::fill(verdicts.first(count), Verdict::fresh);
      view.accepted += static_cast<std::uint32_t>(count);
    } else {
      tell_apart(numbers.first(count), verdicts, marked.before, view);
    }
    return count;
  }

  // Which of the numbers of a block had their bits set before.
  void tell_apart(std::span<const std::uint64_t> numbers, std::span<Verdict> verdicts, std::uint32_t before,
                  View& view) {
    const std::uint64_t shared_top = top_.load();
    const std::uint64_t lowest = shared_top >= size_ ? shared_top - size_ + 1 : 1;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const std::uint32_t bit = Ring::bit_of(numbers[i]);
      if ((before & bit) == 0) {
        verdicts[i] = Verdict::fresh;
        view.accepted += 1;
      } else {
        // Meanwhile below the window: its bit may be one of refuse_below().
        verdicts[i] = numbers[i] < lowest ? Verdict::too_old : Verdict::duplicate;
        (numbers[i] < lowest ? too_old_ : duplicates_).fetch_add(1);
      }
      before |= bit;
    }
  }

  // The number is authentic all the same. If nobody has seen it, it is lost to a window too small; its bit is
  // set, so that its copies do not count again. That bit must not be taken for one of a number accepted: the
  // top which the number is too old for is published first.
  Verdict refuse_below(std::uint64_t number, View& view) {
    if (number != 0 && number <= view.floor && within(number, view)) {
      duplicates_.fetch_add(1);
      return Verdict::duplicate;
    }
    too_old_.fetch_add(1);
    if (number <= view.floor || view.top - number >= history_) return Verdict::too_old;
    publish(view);
    const auto marked = ring_.mark(Ring::block_of(number), Ring::bit_of(number));
    if (!marked.overtaken && (marked.before & Ring::bit_of(number)) == 0) {
      late_authentic_.fetch_add(1);
      raise(held_by_, view.top - number + 1);
    }
    return Verdict::too_old;
  }

  // A step so far that laps could not be compared raises the top first, which sweeps the ring. The engine's
  // numbers are at most 2^32 above a top: it never comes to this.
  void leap(std::uint64_t number, View& view) {
    if (number <= view.top || number - view.top <= ring_.numbers() << Ring::epoch_bits) return;
    reach(view, number);
    publish(view);
  }

  void publish(View& view) {
    if (view.top == view.published) return;
    raise_top(view.top);
    view.published = view.top;
  }
  void raise_top(std::uint64_t number) {
    const std::uint64_t from = raise(top_, number);
    if (from < number && !ring_.same_epoch(from, number)) ring_.sweep(from, number);
  }
  // Returns what the word was: below `number` if it was this call that raised it.
  template <class Cell>
  static std::uint64_t raise(Cell& cell, std::uint64_t number) {
    std::uint64_t from = cell.load();
    while (from < number && !cell.compare_exchange(from, number)) {
    }
    return from;
  }

  std::uint32_t size_;
  bool extended_;
  std::uint32_t history_;
  Ring ring_;
  // What every call writes lies together, apart from what is only read.
  alignas(64) Word top_;
  Word floor_;
  Counter accepted_;
  alignas(64) mutable Counter judged_late_;
  Counter duplicates_, too_old_, late_authentic_, held_by_;
};

}  // namespace mpsec::cluster
