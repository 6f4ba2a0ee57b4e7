#include "cluster/reorder_density.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace mpsec::cluster {

ReorderDensity::ReorderDensity(std::uint64_t threshold, std::uint64_t first)
    : threshold_(threshold),
      receive_index_(first),
      present_(2 * threshold + 2),
      early_(threshold),
      late_(threshold) {
  present_.advance(first);
}

void ReorderDensity::untidy_arrival(std::uint64_t number) {
  const bool waits_in_run = tidy_ && tidy_next_ - window_size_ <= number && number < tidy_next_;
  //= rfc5236/6/below-the-expected-or-held-already-is-a-duplicate
  if (number < receive_index_ || waits_in_run || present_.contains(number)) {
    ++ignored_;
    return;
  }
  if (tidy_ && window_size_ == 0) {
    tidy_next_ = number;
  }
  if (tidy_) leave_tidiness();
  push(number);
  present_.insert(number);
  if (window_size_ > threshold_) place_next();
  const bool one_run = window_.size() == 1 && present_.size() == window_size_;
  if (one_run && window_.front().first >= receive_index_) tidy_up();
}

void ReorderDensity::leave_tidiness() {
  tidy_ = false;
  const std::uint64_t first = tidy_next_ - window_size_;
  present_.advance(std::max(receive_index_, first));
  if (window_size_ != 0) window_.push_back({first, window_size_});
  for (std::uint64_t i = 0; i < window_size_; ++i)
    present_.insert(first + i);
}

void ReorderDensity::tidy_up() {
  tidy_ = true;
  tidy_next_ = window_.front().first + window_size_;
  window_.pop_front();
  present_.clear();
}

ReorderDensity ReorderDensity::finished() const {
  ReorderDensity whole = *this;
  if (tidy_) whole.leave_tidiness();
  while (whole.window_size_ != 0)
    whole.place_next();
  whole.late_.add_zeros(std::exchange(whole.in_place_, 0));
  return whole;
}

// Gives the receive index to the oldest waiting arrival. Where the RFC steps over lost numbers one by one
// this goes to the next one present at once: there is one, because as many numbers at or above the receive
// index are present as arrivals wait.
//= rfc5236/3.1/receive-index-skips-lost-numbers
//= rfc5236/3.3/displacement-is-receive-index-minus-number
void ReorderDensity::place_next() {
  if (!present_.contains(receive_index_)) {
    const auto next = present_.next_from(receive_index_);
    assert(next);
    receive_index_ = next.value_or(receive_index_);
  }
  const std::uint64_t number = pop();
  const bool early = number > receive_index_;
  const std::uint64_t distance = early ? number - receive_index_ : receive_index_ - number;
  if (distance > threshold_) {
    ++discarded_;
    if (early) present_.erase(number);
  } else {
    (early ? early_ : late_).add(distance);
    present_.erase(receive_index_);
    if (receive_index_ != UINT64_MAX) ++receive_index_;
  }
  present_.advance(receive_index_);
}

void ReorderDensity::push(std::uint64_t number) {
  ++window_size_;
  if (!window_.empty() && window_.back().first + window_.back().length == number)
    ++window_.back().length;
  else
    window_.push_back({number, 1});
}

std::uint64_t ReorderDensity::pop() {
  --window_size_;
  Run& run = window_.front();
  const std::uint64_t number = run.first++;
  if (--run.length == 0) window_.pop_front();
  return number;
}

std::uint64_t ReorderDensity::frequency(std::int64_t displacement) const {
  return displacement < 0 ? early_.count(static_cast<std::uint64_t>(-displacement))
                          : late_.count(static_cast<std::uint64_t>(displacement));
}

double ReorderDensity::density(std::int64_t displacement) const {
  return counted() == 0 ? 0.0 : static_cast<double>(frequency(displacement)) / static_cast<double>(counted());
}

}  // namespace mpsec::cluster
