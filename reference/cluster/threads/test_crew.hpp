// Several threads that begin together.
#pragma once

#include <barrier>
#include <cstddef>
#include <thread>
#include <vector>

namespace mpsec::cluster {

// Runs call(index) on `count` threads, and waits for all.
template <class Call>
void run_together(std::size_t count, Call call) {
  std::barrier start(static_cast<std::ptrdiff_t>(count));
  std::vector<std::jthread> threads;
  for (std::size_t index = 0; index < count; ++index)
    threads.emplace_back([&start, &call, index] {
      start.arrive_and_wait();
      call(index);
    });
}

}  // namespace mpsec::cluster
