// Every interleaving of a small scene: a few calls on a few threads, whose atomic steps are taken one at a
// time in all possible orders, and each outcome held against the set model.
#pragma once

#include <algorithm>
#include <cstdint>
#include <fmt/format.h>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "cluster/test_window_model.hpp"

namespace mpsec::cluster::interleavings {

// The words of a scene, by the order in which they were made. Words never written are 0 and not listed.
using Memory = std::map<std::uint32_t, std::uint64_t>;

struct Access {
  std::uint32_t word;
  bool exchanges;
  std::uint64_t expected, desired;

  // Takes the step; returns what the word was.
  std::uint64_t apply(Memory& memory) const {
    const auto found = memory.find(word);
    const std::uint64_t was = found == memory.end() ? 0 : found->second;
    if (exchanges && was == expected) memory[word] = desired;
    return was;
  }
};

// A call is a function of what its steps read. So it needs no thread of its own: to go on with it, it is run
// again from its beginning, fed with what it read before, until it wants a step that is not in the log.
class Stepper {
 public:
  struct Wants {
    Access access;
  };

  static std::uint64_t step(const Access& access) {
    if (memory) return access.apply(*memory);
    if (at == log->size()) throw Wants{access};
    return (*log)[at++];
  }

  static inline Memory* memory = nullptr;  // where steps are taken at once: the scene's preparation
  static inline const std::vector<std::uint64_t>* log = nullptr;
  static inline std::size_t at = 0;
  static inline std::uint32_t words = 0;
};

struct SteppedAtomics {
  class Word {
   public:
    std::uint64_t load() const { return Stepper::step({word_, false, 0, 0}); }
    bool compare_exchange(std::uint64_t& expected, std::uint64_t desired) {
      const std::uint64_t was = Stepper::step({word_, true, expected, desired});
      return was == expected || (expected = was, false);
    }

    void will_be_written() const {}

   private:
    std::uint32_t word_ = Stepper::words++;
  };
  // What is only reported decides nothing and takes no step.
  struct Counter {
    std::uint64_t load() const { return 0; }
    bool compare_exchange(std::uint64_t&, std::uint64_t) { return true; }
    std::uint64_t fetch_add(std::uint64_t) { return 0; }
  };
};

// One call of a thread: accept() of the numbers, or resynchronise() to the first.
struct Call {
  std::vector<std::uint64_t> numbers;
  bool resynchronises = false;
};
inline Call accept(std::vector<std::uint64_t> numbers) {
  return {std::move(numbers), false};
}
inline Call resynchronise(std::uint64_t number) {
  return {{number}, true};
}

struct Scene {
  std::vector<Call> before;  // what has happened already
  std::vector<std::vector<Call>> threads;
};

struct Outcome {
  double interleavings = 0;
  std::optional<std::string> broken;  // the first history that no order of the calls explains
};

template <class Window>
class Explorer {
 public:
  static constexpr std::uint32_t size = 32;

  explicit Explorer(Scene scene)
      : scene_((Stepper::words = 0, std::move(scene))), window_(size, true, 4 * size) {
    for (const auto& thread : scene_.threads)
      for (const Call& call : thread)
        calls_.push_back(&call);
  }

  Outcome explore() {
    State start;
    Stepper::memory = &start.memory;
    for (const Call& call : scene_.before)
      run(call);
    Stepper::memory = nullptr;
    std::uint32_t first = 0;
    for (const auto& thread : scene_.threads) {
      start.threads.push_back({first, first + static_cast<std::uint32_t>(thread.size()), {}});
      first += static_cast<std::uint32_t>(thread.size());
    }
    start.results.resize(first);
    outcome_.interleavings = visit(start);
    return outcome_;
  }

 private:
  struct Thread {
    std::uint32_t call, end;         // the call it is in
    std::vector<std::uint64_t> log;  // what the call has read
  };
  struct CallResult {
    std::uint32_t after = 0;  // the calls that had returned when this one began
    bool returned = false;
    std::vector<ipsec::ReplayVerdict> verdicts;
  };
  struct State {
    Memory memory;
    std::vector<Thread> threads;
    std::vector<CallResult> results;
  };

  // How many interleavings lead on from here. States that are equal in all that matters are visited once.
  double visit(const State& state) {
    const std::string key = text_of(state);
    if (const auto known = visited_.find(key); known != visited_.end()) return known->second;
    double ways = 0;
    for (std::size_t thread = 0; thread < state.threads.size() && !outcome_.broken; ++thread) {
      if (state.threads[thread].call == state.threads[thread].end) continue;
      State next = state;
      advance(next, thread);
      ways += visit(next);
    }
    if (ways == 0 && !outcome_.broken) {
      ways = 1;
      if (!explained(state, 0, WindowModel(size))) outcome_.broken = describe(state);
    }
    return visited_[key] = ways;
  }

  void advance(State& state, std::size_t index) {
    Thread& thread = state.threads[index];
    CallResult& result = state.results[thread.call];
    for (std::uint32_t call = 0; thread.log.empty() && call < calls_.size(); ++call)
      if (state.results[call].returned) result.after |= 1u << call;
    const Access access = *go_on(thread, result);
    thread.log.push_back(access.apply(state.memory));
    if (go_on(thread, result)) return;
    result.returned = true;
    thread.call += 1;
    thread.log.clear();
  }

  // The step that the call wants next; none: it has returned.
  std::optional<Access> go_on(const Thread& thread, CallResult& result) {
    Stepper::log = &thread.log;
    Stepper::at = 0;
    try {
      result.verdicts = run(*calls_[thread.call]);
      return std::nullopt;
    } catch (const Stepper::Wants& wants) {
      return wants.access;
    }
  }

  std::vector<ipsec::ReplayVerdict> run(const Call& call) {
    if (call.resynchronises)
      return window_.resynchronise(call.numbers[0]), std::vector<ipsec::ReplayVerdict>();
    std::vector<ipsec::ReplayVerdict> verdicts(call.numbers.size());
    window_.accept(call.numbers, verdicts);
    return verdicts;
  }

  // Is there an order of all numbers, each after those of calls that had returned before its own began, in
  // which the model says the same? The numbers of one call may come in any order. `done` has a bit for each
  // number.
  bool explained(const State& state, std::uint32_t done, WindowModel model) const {
    if (done == 0) {
      for (const Call& call : scene_.before)
        apply(model, call);
    }
    std::uint32_t bit = 1, returned = 0;
    for (std::uint32_t call = 0; call < calls_.size(); ++call) {
      const std::uint32_t all = ((1u << calls_[call]->numbers.size()) - 1) * bit;
      if ((done & all) == all) returned |= 1u << call;
      bit <<= calls_[call]->numbers.size();
    }
    if (done == bit - 1) return true;
    bit = 1;
    for (std::uint32_t call = 0; call < calls_.size(); ++call)
      for (std::size_t i = 0; i < calls_[call]->numbers.size(); ++i, bit <<= 1) {
        if ((done & bit) != 0 || (state.results[call].after & ~returned) != 0) continue;
        WindowModel next = model;
        const std::uint64_t number = calls_[call]->numbers[i];
        if (calls_[call]->resynchronises)
          next.resynchronise(number);
        else if (next.accept(number) != state.results[call].verdicts[i])
          continue;
        if (explained(state, done | bit, next)) return true;
      }
    return false;
  }
  static void apply(WindowModel& model, const Call& call) {
    for (const std::uint64_t number : call.numbers)
      call.resynchronises ? model.resynchronise(number) : static_cast<void>(model.accept(number));
  }

  static std::string text_of(const State& state) {
    std::string text;
    const auto add = [&](std::uint64_t number) {
      text.append(reinterpret_cast<const char*>(&number), sizeof number);
    };
    for (const auto& [word, value] : state.memory)
      add(word), add(value);
    for (const Thread& thread : state.threads) {
      add(thread.call), add(thread.log.size());
      std::ranges::for_each(thread.log, add);
    }
    for (const CallResult& result : state.results) {
      add(result.after), add(result.returned);
      for (const auto verdict : result.verdicts)
        text.push_back(static_cast<char>(verdict));
    }
    return text;
  }
  std::string describe(const State& state) const {
    static constexpr const char* names[] = {"fresh", "duplicate", "too_old", "below_zero"};
    std::string text;
    for (std::uint32_t call = 0; call < calls_.size(); ++call) {
      text += fmt::format("call {} (after {:b}):", call, state.results[call].after);
      for (std::size_t i = 0; i < calls_[call]->numbers.size(); ++i)
        text += fmt::format(" {} {}", calls_[call]->numbers[i],
                            calls_[call]->resynchronises
                                ? "resynchronised"
                                : names[static_cast<std::size_t>(state.results[call].verdicts[i])]);
      text += '\n';
    }
    return text;
  }

  Scene scene_;
  Window window_;
  std::vector<const Call*> calls_;
  std::unordered_map<std::string, double> visited_;
  Outcome outcome_;
};

}  // namespace mpsec::cluster::interleavings
