#include "cluster/n_reordering.hpp"

namespace mpsec::cluster {

std::uint64_t NReordering::start_run(std::uint64_t number, std::uint64_t floor) {
  if (!runs_.empty()) runs_.back().length = arrivals_ - runs_.back().index;
  while (!runs_.empty() && runs_.back().number > number)
    runs_.pop_back();
  std::uint64_t before = 0;  // the last arrival with a number not larger
  if (!runs_.empty()) {
    Run& run = runs_.back();
    if (number - run.number < run.length) run.length = number - run.number + 1;  // a copy from inside the run
    before = run.index + run.length - 1;
  }
  // Of the runs wholly below the floor only the latest can be the answer.
  while (runs_.size() > 1 && runs_[runs_.begin() + 1].number + runs_[runs_.begin() + 1].length <= floor)
    runs_.pop_front();
  runs_.push_back({number, arrivals_, 1});
  next_number_ = number + 1;
  return arrivals_ - 1 - before;
}

}  // namespace mpsec::cluster
