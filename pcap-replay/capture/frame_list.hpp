// Which frames of a capture something happened to.
#pragma once

#include <cstdint>
#include <vector>

namespace mpsec::replay {

// The first ones, and how many in all.
class FrameList {
 public:
  static constexpr std::size_t most_kept = 1000;

  void add(std::uint64_t frame) {
    ++count_;
    if (kept_.size() < most_kept) kept_.push_back(frame);
  }
  std::uint64_t count() const { return count_; }
  const std::vector<std::uint64_t>& kept() const { return kept_; }

 private:
  std::uint64_t count_ = 0;
  std::vector<std::uint64_t> kept_;
};

}  // namespace mpsec::replay
