// What a cluster's window is, said with a set: the definition that every history of the ring must equal.
#pragma once

#include <algorithm>
#include <cstdint>
#include <set>

#include "ipsec/anti_replay.hpp"

namespace mpsec::cluster {

class WindowModel {
 public:
  explicit WindowModel(std::uint32_t size) : size_(size) {}

  ipsec::ReplayVerdict accept(std::uint64_t number) {
    if (number == 0 || (number <= top_ && top_ - number >= size_)) return ipsec::ReplayVerdict::too_old;
    if (number <= floor_ || !seen_.insert(number).second) return ipsec::ReplayVerdict::duplicate;
    top_ = std::max(top_, number);
    return ipsec::ReplayVerdict::fresh;
  }
  void resynchronise(std::uint64_t number) {
    floor_ = std::max(floor_, number);
    top_ = std::max(top_, number);
  }
  std::uint64_t top() const { return top_; }

 private:
  std::uint32_t size_;
  std::uint64_t top_ = 0, floor_ = 0;
  std::set<std::uint64_t> seen_;
};

}  // namespace mpsec::cluster
