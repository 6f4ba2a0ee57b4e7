// One thing done by several threads at once, measured only while all of them run.
#pragma once

#include <algorithm>
#include <atomic>
#include <barrier>
#include <chrono>
#include <cstdint>
#include <pthread.h>
#include <thread>
#include <vector>

#include "support/comparison.hpp"

namespace mpsec::bench {

// What a packet costs a thread, in cycles of the time-stamp counter.
struct CrewCost {
  double quartile = 0, median = 0;
  std::size_t samples = 0;  // kept, of all threads
};

// Each of `threads` threads repeats call(thread), which is over `packets` packets; a sample is 32 of them. It
// counts only if each other thread did about as many meanwhile: on a machine with other work a thread often
// runs alone, and then nothing is contended, or is put aside, and then it costs nothing of its own. Ends with
// enough samples, or after `patience` without.
template <class Call>
class Crew {
 public:
  Crew(std::size_t threads, std::size_t packets, Call call)
      : packets_(packets), call_(std::move(call)), places_(threads), kept_(threads) {}

  CrewCost run() {
    std::barrier start(static_cast<std::ptrdiff_t>(places_.size()));
    {
      std::vector<std::jthread> threads;
      for (std::size_t thread = 0; thread < places_.size(); ++thread)
        threads.emplace_back([&, thread] {
          stay_on(thread);
          start.arrive_and_wait();
          work(thread);
        });
    }
    std::vector<double> all;
    for (const auto& of_thread : kept_)
      all.insert(all.end(), of_thread.begin(), of_thread.end());
    if (all.empty()) return {};
    std::ranges::sort(all);
    return {all[all.size() / 4], all[all.size() / 2], all.size()};
  }

 private:
  static constexpr std::size_t repeats = 32, enough = 1024;
  static constexpr std::chrono::seconds patience{2};
  struct alignas(64) Place {
    std::atomic<std::uint64_t> done{0};
    bool satisfied = false;  // its own thread's
  };

  // Each on a processor of its own, as far as there are so many.
  static void stay_on(std::size_t thread) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(thread % std::thread::hardware_concurrency(), &set);
    pthread_setaffinity_np(pthread_self(), sizeof set, &set);
  }
  // All threads go on until each has enough: none is measured alone.
  void work(std::size_t thread) {
    const auto begin = std::chrono::steady_clock::now();
    std::vector<std::uint64_t> before(places_.size());
    for (std::size_t round = 0; satisfied_ < places_.size(); ++round) {
      for (std::size_t other = 0; other < places_.size(); ++other)
        before[other] = places_[other].done.load(std::memory_order_relaxed);
      const std::uint64_t from = cycles();
      for (std::size_t i = 1; i <= repeats; ++i) {
        call_(thread);
        places_[thread].done.store(before[thread] + i, std::memory_order_relaxed);
      }
      const std::uint64_t spent = cycles() - from;
      std::vector<double>& kept = kept_[thread];
      if (round > 16 && together(before) && kept.size() < enough)
        kept.push_back(static_cast<double>(spent) / static_cast<double>(repeats * packets_));
      const bool over = (round & 255) == 0 && std::chrono::steady_clock::now() - begin > patience;
      if (!places_[thread].satisfied && (kept.size() == enough || over)) {
        places_[thread].satisfied = true;
        ++satisfied_;
      }
    }
  }
  bool together(const std::vector<std::uint64_t>& before) const {
    for (std::size_t other = 0; other < places_.size(); ++other) {
      const std::uint64_t did = places_[other].done.load(std::memory_order_relaxed) - before[other];
      if (did < repeats / 2 || did > repeats * 2) return false;
    }
    return true;
  }

  std::size_t packets_;
  Call call_;
  std::vector<Place> places_;
  std::vector<std::vector<double>> kept_;
  std::atomic<std::size_t> satisfied_{0};
};

template <class Call>
CrewCost crew_cost(std::size_t threads, std::size_t packets, Call call) {
  return Crew<Call>(threads, packets, std::move(call)).run();
}

}  // namespace mpsec::bench
