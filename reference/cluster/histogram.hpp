// Counts of values: one bucket a value where values are small, one a power of two where they are not.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace mpsec::cluster {

constexpr std::uint64_t saturating_add(std::uint64_t left, std::uint64_t right) {
  return left > std::numeric_limits<std::uint64_t>::max() - right ? std::numeric_limits<std::uint64_t>::max()
                                                                  : left + right;
}

// Exact counts of the values 0 .. limit; larger values are counted together in beyond(). Memory follows
// the largest value seen, never the limit.
class CountHistogram {
 public:
  explicit CountHistogram(std::uint64_t limit) : limit_(limit) {}

  void add(std::uint64_t value) {
    ++total_;
    sum_ = saturating_add(sum_, value);
    if (value > maximum_) maximum_ = value;
    if (value > limit_) {
      ++beyond_;
      return;
    }
    if (value >= counts_.size()) counts_.resize(std::min(limit_ + 1, std::bit_ceil(value + 1)));
    ++counts_[value];
  }

  // `times` packets had the value 0, which callers on a fast path count for themselves.
  void add_zeros(std::uint64_t times) {
    if (times == 0) return;
    if (counts_.empty()) counts_.resize(1);
    counts_[0] += times;
    total_ += times;
  }

  std::uint64_t count(std::uint64_t value) const { return value < counts_.size() ? counts_[value] : 0; }
  // counts()[v] packets had the value v; may end in zeros.
  const std::vector<std::uint64_t>& counts() const { return counts_; }
  std::size_t memory_octets() const { return counts_.capacity() * sizeof(std::uint64_t); }
  std::uint64_t beyond() const { return beyond_; }
  std::uint64_t total() const { return total_; }      // beyond() included
  std::uint64_t maximum() const { return maximum_; }  // beyond() included; 0 when nothing was added
  double mean() const { return total_ == 0 ? 0.0 : static_cast<double>(sum_) / static_cast<double>(total_); }

 private:
  std::uint64_t limit_;
  std::vector<std::uint64_t> counts_;
  std::uint64_t beyond_ = 0;
  std::uint64_t total_ = 0;
  std::uint64_t sum_ = 0;
  std::uint64_t maximum_ = 0;
};

// Counts by magnitude: bucket 0 holds the values <= 0, bucket b the values in [2^(b-1), 2^b).
class MagnitudeHistogram {
 public:
  void add(std::int64_t value) {
    minimum_ = total_ == 0 ? value : std::min(minimum_, value);
    maximum_ = total_ == 0 ? value : std::max(maximum_, value);
    ++total_;
    sum_ += static_cast<double>(value);
    const std::size_t bucket =
        value <= 0 ? 0 : static_cast<std::size_t>(std::bit_width(static_cast<std::uint64_t>(value)));
    if (bucket >= counts_.size()) counts_.resize(bucket + 1);
    ++counts_[bucket];
  }

  const std::vector<std::uint64_t>& counts() const { return counts_; }
  std::uint64_t total() const { return total_; }
  std::int64_t minimum() const { return minimum_; }  // 0 when nothing was added
  std::int64_t maximum() const { return maximum_; }
  double mean() const { return total_ == 0 ? 0.0 : sum_ / static_cast<double>(total_); }

 private:
  std::vector<std::uint64_t> counts_;
  std::uint64_t total_ = 0;
  double sum_ = 0.0;
  std::int64_t minimum_ = 0;
  std::int64_t maximum_ = 0;
};

}  // namespace mpsec::cluster
