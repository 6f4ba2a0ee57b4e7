// The streaming metrics against models that say what the RFCs define and nothing more: quadratic, whole
// sample in hand.
#include <algorithm>
#include <functional>
#include <gtest/gtest.h>
#include <map>
#include <rapidcheck/gtest.h>
#include <set>
#include <vector>

#include "base/rng.hpp"
#include "cluster/reordering_metrics.hpp"

namespace mpsec::cluster {
namespace {

struct Sample {
  std::uint64_t number;
  std::int64_t time;
  std::uint32_t octets;
};
using Samples = std::vector<Sample>;

ReorderingReport measured(const Samples& samples, const ReorderingOptions& options) {
  ReorderingMetrics metrics(options);
  for (const Sample& sample : samples)
    metrics.arrival(SequenceNumber(sample.number), Instant(Duration(sample.time)), sample.octets);
  return metrics.report();
}

// Streams as networks make them: mostly in order, with jumps back and ahead, losses and copies.
rc::Gen<Samples> streams(std::uint64_t reach) {
  return rc::gen::map(
      rc::gen::container<std::vector<std::pair<int, std::uint64_t>>>(
          rc::gen::pair(rc::gen::inRange(0, 10), rc::gen::inRange<std::uint64_t>(1, reach + 1))),
      [reach](const std::vector<std::pair<int, std::uint64_t>>& steps) {
        Samples samples;
        std::uint64_t next = 5 * reach;
        std::uint64_t highest = next;
        for (const auto& [kind, distance] : steps) {
          std::uint64_t number = next;
          if (kind >= 8) number = highest - std::min(distance, reach);  // late or a copy
          if (kind == 7) number = highest + distance;                   // ahead
          if (kind < 8) next = number + 1;
          highest = std::max(highest, number);
          samples.push_back({number, static_cast<std::int64_t>(samples.size() * 10 + distance),
                             static_cast<std::uint32_t>(40 + distance)});
        }
        return samples;
      });
}

Samples without_copies(const Samples& samples) {
  Samples unique;
  std::set<std::uint64_t> seen;
  for (const Sample& sample : samples)
    if (seen.insert(sample.number).second) unique.push_back(sample);
  return unique;
}

// The smallest index j with s[j] > s[i], or i if there is none: then the packet is in order (4.2.2).
std::size_t earliest_larger(const Samples& s, std::size_t i) {
  for (std::size_t j = 0; j < i; ++j)
    if (s[j].number > s[i].number) return j;
  return i;
}

template <class Key>
std::map<Key, std::uint64_t> counted(const std::vector<Key>& values) {
  std::map<Key, std::uint64_t> counts;
  for (const Key& value : values)
    ++counts[value];
  return counts;
}

std::map<std::uint64_t, std::uint64_t> counted(const CountHistogram& histogram) {
  std::map<std::uint64_t, std::uint64_t> counts;
  for (std::uint64_t value = 0; value < histogram.counts().size(); ++value)
    if (histogram.count(value) != 0) counts[value] = histogram.count(value);
  return counts;
}

MagnitudeHistogram magnitudes(const std::vector<std::int64_t>& values) {
  MagnitudeHistogram histogram;
  for (const std::int64_t value : values)
    histogram.add(value);
  return histogram;
}

void same(const MagnitudeHistogram& left, const MagnitudeHistogram& right) {
  RC_ASSERT(left.counts() == right.counts());
  RC_ASSERT(left.minimum() == right.minimum());
  RC_ASSERT(left.maximum() == right.maximum());
  RC_ASSERT(left.mean() == right.mean());
}

// Many late packets or copies may follow one another: then a value is larger than the bound on numbers, and
// the histogram says "beyond".
void same_within_limit(const CountHistogram& histogram, std::vector<std::uint64_t> values,
                       std::uint64_t limit) {
  RC_ASSERT(histogram.maximum() == (values.empty() ? 0 : *std::ranges::max_element(values)));
  const auto beyond = std::erase_if(values, [limit](std::uint64_t value) { return value > limit; });
  RC_ASSERT(histogram.beyond() == beyond);
  RC_ASSERT(counted(histogram) == counted(values));
}

constexpr std::uint64_t reach = 24;

RC_GTEST_PROP(ReorderingModel, ExtentLateTimeAndByteOffset, ()) {
  const Samples samples = *streams(reach);
  const Samples s = without_copies(samples);
  std::vector<std::uint64_t> extents;
  std::vector<std::int64_t> late_times, byte_offsets;
  for (std::size_t i = 0; i < s.size(); ++i) {
    const std::size_t j = earliest_larger(s, i);
    if (j == i) continue;
    extents.push_back(i - j);
    late_times.push_back(s[i].time - s[j].time);
    std::int64_t octets = 0;
    for (std::size_t k = j; k < i; ++k)
      octets += s[k].number > s[i].number ? s[k].octets : 0;
    byte_offsets.push_back(octets);
  }
  const auto report = measured(samples, {.bound = reach});
  RC_ASSERT(report.beyond_bound == 0u);
  RC_ASSERT(report.received == s.size());
  RC_ASSERT(report.duplicates == samples.size() - s.size());
  RC_ASSERT(report.reordered == extents.size());
  same_within_limit(report.extent.extent(), extents, reach);
  same(report.extent.late_time(), magnitudes(late_times));
  same(report.extent.byte_offset(), magnitudes(byte_offsets));
}

RC_GTEST_PROP(ReorderingModel, GapsBetweenReorderingDiscontinuities, ()) {
  const Samples samples = *streams(reach);
  const Samples s = without_copies(samples);
  std::map<std::size_t, std::size_t> found;  // discontinuity j -> the first i that showed it
  for (std::size_t i = 0; i < s.size(); ++i)
    if (const std::size_t j = earliest_larger(s, i); j != i) found.emplace(j, i);
  std::vector<std::int64_t> gaps, gap_times;
  for (auto at = found.begin(); at != found.end(); ++at) {
    if (at == found.begin() || std::prev(at)->second >= at->second) continue;
    const std::size_t before = std::prev(at)->first;
    gaps.push_back(static_cast<std::int64_t>(at->first - before));
    gap_times.push_back(s[at->first].time - s[before].time);
  }
  const auto report = measured(samples, {.bound = reach});
  RC_ASSERT(report.extent.reordering_discontinuities() == found.size());
  same(report.extent.gap(), magnitudes(gaps));
  same(report.extent.gap_time(), magnitudes(gap_times));
}

RC_GTEST_PROP(ReorderingModel, DiscontinuitiesLossAndRuns, ()) {
  const Samples samples = *streams(reach);
  const Samples s = without_copies(samples);
  std::uint64_t discontinuities = 0, run = 0, runs = 0, squares = 0, in_order = 0;
  std::uint64_t next = s.empty() ? 0 : s[0].number;
  std::set<std::uint64_t> came;
  for (const Sample& sample : s) {
    came.insert(sample.number);
    if (sample.number >= next) {
      discontinuities += sample.number > next ? 1 : 0;
      next = sample.number + 1;
      ++run;
      ++in_order;
    } else {
      squares += run * run;
      run = 0;
      ++runs;
    }
  }
  std::uint64_t lost = 0, gaps = 0;
  for (const std::uint64_t number : came) {
    const auto after = came.upper_bound(number);
    if (after == came.end() || *after == number + 1) continue;
    ++gaps;
    lost += *after - number - 1;
  }
  const auto report = measured(samples, {.bound = reach});
  RC_ASSERT(report.discontinuities == discontinuities);
  RC_ASSERT(report.lost == lost);
  RC_ASSERT(report.gaps == gaps);
  RC_ASSERT(report.free_runs.runs == runs);
  RC_ASSERT(report.free_runs.square_sum == squares);
  RC_ASSERT(report.free_runs.in_order == in_order);
  RC_ASSERT(report.free_runs.current_length == run);
}

RC_GTEST_PROP(ReorderingModel, NReordering, ()) {
  const Samples s = *streams(reach);
  std::vector<std::uint64_t> degrees;
  for (std::size_t i = 0; i < s.size(); ++i) {
    std::uint64_t n = 0;
    while (n < i && s[i - n - 1].number > s[i].number)
      ++n;
    if (n != 0) degrees.push_back(n);
  }
  const auto report = measured(s, {.bound = reach});
  same_within_limit(report.n_reordering, degrees, reach);
  for (std::uint64_t n = 1; n < reach; ++n)
    RC_ASSERT(report.n_reordered(n) == static_cast<std::uint64_t>(std::ranges::count_if(
                                           degrees, [n](auto degree) { return degree >= n; })));
}

// RFC 5236 7.1, step by step.
struct DensityModel {
  std::map<std::int64_t, std::uint64_t> frequencies;
  std::uint64_t discarded = 0;

  DensityModel(const Samples& arrivals, std::int64_t threshold) : arrivals_(arrivals) {
    while (window_.size() < static_cast<std::size_t>(threshold) + 1 && position_ < arrivals_.size()) {
      const auto number = static_cast<std::int64_t>(arrivals_[position_++].number);
      if (std::ranges::find(window_, number) == window_.end()) window_.push_back(number);
    }
    while (!window_.empty()) {
      if (!holds(window_, index_) && !holds(buffer_, index_)) {
        const std::int64_t smallest =
            std::min(*std::ranges::min_element(window_),
                     buffer_.empty() ? INT64_MAX : *std::ranges::min_element(buffer_));
        index_ = index_ < smallest ? smallest : index_ + 1;
        continue;
      }
      place(threshold);
      next_arrival();
    }
  }

 private:
  static bool holds(const std::vector<std::int64_t>& numbers, std::int64_t number) {
    return std::ranges::find(numbers, number) != numbers.end();
  }

  void place(std::int64_t threshold) {
    const std::int64_t number = window_.front();
    window_.erase(window_.begin());
    const std::int64_t displacement = index_ - number;
    if (std::abs(displacement) > threshold) {
      ++discarded;
      return;
    }
    ++frequencies[displacement];
    std::erase(buffer_, index_);
    if (displacement < 0) buffer_.push_back(number);
    ++index_;
  }

  void next_arrival() {
    while (position_ < arrivals_.size()) {
      const auto number = static_cast<std::int64_t>(arrivals_[position_++].number);
      if (number < index_ || holds(buffer_, number) || holds(window_, number)) continue;
      window_.push_back(number);
      return;
    }
  }

  const Samples& arrivals_;
  std::size_t position_ = 0;
  std::int64_t index_ = 1;
  std::vector<std::int64_t> window_;
  std::vector<std::int64_t> buffer_;
};

RC_GTEST_PROP(ReorderingModel, ReorderDensity, ()) {
  const auto threshold = *rc::gen::inRange<std::int64_t>(0, 40);
  const Samples s = *streams(*rc::gen::element<std::uint64_t>(8, 24, 2000));
  const DensityModel model(s, threshold);
  const auto report = measured(s, {.displacement_threshold = static_cast<std::uint64_t>(threshold)});
  std::uint64_t counted = 0;
  for (const auto& [displacement, frequency] : model.frequencies) {
    RC_ASSERT(report.density.frequency(displacement) == frequency);
    counted += frequency;
  }
  RC_ASSERT(report.density.counted() == counted);
  RC_ASSERT(report.density.discarded() == model.discarded);
}

RC_GTEST_PROP(ReorderingModel, ReorderBufferDensity, ()) {
  const auto threshold = *rc::gen::inRange<std::uint64_t>(0, 12);
  const Samples s = *streams(*rc::gen::element<std::uint64_t>(8, 24, 2000));
  std::map<std::uint64_t, std::uint64_t> frequencies;
  std::set<std::uint64_t> buffer;
  std::uint64_t expected = s.empty() ? 0 : s[0].number;
  for (const Sample& sample : s) {
    if (sample.number < expected || !buffer.insert(sample.number).second) continue;
    if (buffer.size() > threshold && !buffer.contains(expected)) expected = *buffer.begin();  // deemed lost
    for (; buffer.contains(expected); ++expected)
      buffer.erase(expected);
    ++frequencies[buffer.size()];
  }
  const auto report = measured(s, {.buffer_threshold = threshold});
  RC_ASSERT(counted(report.buffer_density.occupancy()) == frequencies);
}

// A larger bound costs memory and changes nothing that the smaller one told exactly.
RC_GTEST_PROP(ReorderingModel, TheBoundIsNoPartOfTheResult, ()) {
  const Samples s = *streams(2000);
  const auto narrow = measured(s, {.bound = 2000});
  const auto wide = measured(s, {.bound = 1 << 16});
  RC_ASSERT(narrow.beyond_bound == 0u);
  RC_ASSERT(narrow.reordered == wide.reordered);
  RC_ASSERT(narrow.duplicates == wide.duplicates);
  RC_ASSERT(narrow.lost == wide.lost);
  RC_ASSERT(narrow.gaps == wide.gaps);
  RC_ASSERT(narrow.extent.extent().maximum() == wide.extent.extent().maximum());
  same(narrow.extent.byte_offset(), wide.extent.byte_offset());
  same(narrow.extent.gap(), wide.extent.gap());
}

// Beyond the bound late packets and copies cannot be told apart: they are counted, copies "at least" and lost
// numbers "at most", and all else stays exact.
RC_GTEST_PROP(ReorderingModel, BeyondTheBoundCountsAreAtLeast, ()) {
  const Samples samples = *streams(200);
  const auto bound = *rc::gen::inRange<std::uint64_t>(1, 60);
  Samples s;  // without the copies that can be told
  std::set<std::uint64_t> came;
  std::vector<std::uint64_t> extents;
  std::uint64_t duplicates = 0, beyond = 0, late = 0;
  for (const Sample& sample : samples) {
    const bool known = !came.insert(sample.number).second;
    if (sample.number + bound < *came.rbegin()) {
      s.push_back(sample);
      ++beyond;
    } else if (known) {
      ++duplicates;
    } else {
      s.push_back(sample);
      const std::size_t i = s.size() - 1, j = earliest_larger(s, i);
      if (j != i) extents.push_back(i - j);
      late += j != i ? 1 : 0;
    }
  }
  const auto report = measured(samples, {.bound = bound});
  RC_ASSERT(report.beyond_bound == beyond);
  RC_ASSERT(report.duplicates == duplicates);
  RC_ASSERT(report.reordered == late + beyond);
  RC_ASSERT(report.received == s.size());
  same_within_limit(report.extent.extent(), extents, bound);
  const std::uint64_t true_duplicates = samples.size() - came.size();
  RC_ASSERT(report.duplicates <= true_duplicates);
  RC_ASSERT(true_duplicates <= report.duplicates + report.beyond_bound);
  const std::uint64_t span = came.empty() ? 0 : *came.rbegin() - report.lowest + 1;
  RC_ASSERT(report.lost >= span - std::min<std::uint64_t>(span, came.size()));
  RC_CLASSIFY(beyond != 0, "beyond the bound");
}

// Streams made to be remembered: memory stays within a constant of the bound, however many packets come.
TEST(ReorderingModel, MemoryFollowsTheBoundAndNotTheStream) {
  constexpr std::uint64_t bound = 1024, packets = 200'000, far = 1 << 20;
  SeededRng rng(5);
  const std::pair<const char*, std::function<std::uint64_t(std::uint64_t)>> worst[] = {
      {"one number again and again", [](std::uint64_t) { return 7; }},
      {"a run, and a copy from inside it", [](std::uint64_t i) { return i < 100 ? i : 50 + i % 2; }},
      {"falling", [](std::uint64_t i) { return far - i; }},
      {"falling behind a leader",
       [](std::uint64_t i) { return i % bound == 0 ? far + i : far + bound - i % bound; }},
      {"every other number lost", [](std::uint64_t i) { return 2 * i; }},
      {"every other number late by the bound", [](std::uint64_t i) { return i % 2 == 0 ? i + bound : i; }},
      {"all beyond the bound but one", [](std::uint64_t i) { return i == 0 ? far : i; }},
      {"far apart", [](std::uint64_t i) { return i * far; }},
      {"at random", [&](std::uint64_t) { return rng.next_u64(); }},
      {"at random within the bound", [&](std::uint64_t i) { return i + rng.below(bound); }},
  };
  for (const auto& [name, number] : worst) {
    ReorderingMetrics metrics({.bound = bound, .displacement_threshold = bound, .buffer_threshold = bound});
    for (std::uint64_t i = 0; i < packets; ++i)
      metrics.arrival(SequenceNumber(number(i)), {}, 100);
    EXPECT_LE(metrics.memory_octets(), 512 * bound) << name;
  }
}

}  // namespace
}  // namespace mpsec::cluster
