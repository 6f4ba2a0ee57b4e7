#include "cluster/n_reordering.hpp"

#include <algorithm>

namespace mpsec::cluster {

std::uint64_t NReordering::start_run(std::uint64_t number, std::uint64_t floor) {
  if (!runs_.empty()) runs_.back().length = arrivals_ - runs_.back().index;
  while (!runs_.empty() && runs_.back().number > number)
    runs_.pop_back();
  std::uint64_t before = 0;  // the last arrival with a number not larger
  if (!runs_.empty()) {
    Run& run = runs_.back();
    before = run.index + std::min(number - run.number, run.length - 1);
    // A copy from inside the run: from now on it is the last with its number.
    run.length = std::min(number - run.number, run.length);
    if (run.length == 0) runs_.pop_back();
  }
  // Of the runs wholly below the floor only the latest can be the answer.
  while (runs_.size() > 1 && runs_[runs_.begin() + 1].number + runs_[runs_.begin() + 1].length <= floor)
    runs_.pop_front();
  runs_.push_back({number, arrivals_, 1});
  next_number_ = number + 1;
  return arrivals_ - 1 - before;
}

}  // namespace mpsec::cluster
