// The round trip of a path, smoothed.
#pragma once

#include <algorithm>
#include <optional>

#include "base/clock.hpp"

namespace mpsec::cluster {

// Two moving averages as TCP keeps them (RFC 6298 2): of the samples, where a new one counts an eighth, and
// of how far they are from it, where a new one counts a quarter. So a single late answer moves little, and a
// path whose samples differ much is waited for longer.
class RoundTrip {
 public:
  // A sample must be of one sending and its answer. Where a request was sent again nobody knows which sending
  // was answered: such a time is no sample.
  void sample(Duration time) {
    time = std::max(time, Duration{});
    if (!smoothed_) {
      smoothed_ = time;
      deviation_ = time / 2;
      return;
    }
    const Duration off = time > *smoothed_ ? time - *smoothed_ : *smoothed_ - time;
    deviation_ += (off - deviation_) / 4;
    *smoothed_ += (time - *smoothed_) / 8;
  }
  void forget() { *this = RoundTrip{}; }

  std::optional<Duration> smoothed() const { return smoothed_; }
  Duration deviation() const { return deviation_; }
  // How long to wait for an answer before it counts as missing.
  Duration patience() const {
    using namespace std::chrono_literals;
    return smoothed_ ? std::clamp<Duration>(*smoothed_ + 4 * deviation_, 200ms, 60s) : Duration(1s);
  }

 private:
  std::optional<Duration> smoothed_;
  Duration deviation_{};
};

}  // namespace mpsec::cluster
