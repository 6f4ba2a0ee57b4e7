// Each choice by lot.
#pragma once

#include <algorithm>
#include <array>

#include "base/rng.hpp"
#include "cluster/path_scheduler.hpp"

namespace mpsec::cluster {

// Every path is as likely as every other, whatever the flow and whatever was chosen before: who sees one path
// learns nothing about the others. Each call draws anew, for up to `burst` packets; nothing of a row is left
// over for the next call. A row itself shows that its packets were sent together: 1 shows least.
class RandomScheduler final : public PathScheduler {
 public:
  // `rng` stays.
  explicit RandomScheduler(Rng& rng, std::uint32_t burst = 1) : rng_(rng), burst_(std::max(burst, 1u)) {}

  void on_paths(std::span<const PathView> paths) override {
    count_ = static_cast<std::uint32_t>(paths.size());
    if (count_ > 0) biased_below_ = -count_ % count_;
  }
  Choice choose(std::uint64_t, std::uint32_t wanted) noexcept override {
    return {draw(), std::min(wanted, burst_), std::nullopt};
  }

 private:
  // Lemire's way to [0, count_): the upper half of a product. Too small a lower half is drawn again, so that
  // no path is likelier than others.
  std::uint32_t draw() noexcept {
    std::uint64_t product = std::uint64_t{next()} * count_;
    while (static_cast<std::uint32_t>(product) < biased_below_)
      product = std::uint64_t{next()} * count_;
    return static_cast<std::uint32_t>(product >> 32);
  }
  // Drawn many at a time: a call of a generator fit for secrets costs more than its octets.
  std::uint32_t next() noexcept {
    if (used_ == drawn_.size()) {
      rng_.fill(drawn_);
      used_ = 0;
    }
    used_ += 4;
    return load_be<std::uint32_t>(drawn_.data() + used_ - 4);
  }

  Rng& rng_;
  std::uint32_t burst_;
  std::uint32_t count_ = 0;
  std::uint32_t biased_below_ = 0;  // 2^32 mod count_
  std::array<std::uint8_t, 256> drawn_{};
  std::size_t used_ = drawn_.size();
};

}  // namespace mpsec::cluster
