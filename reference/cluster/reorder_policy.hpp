// How long a packet that came too early waits for those before it.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace mpsec::cluster {

// The seam. A buffer asks while it holds packets, and tells what it learns of lateness. One policy belongs to
// one buffer.
class ReorderPolicy {
 public:
  static constexpr std::uint64_t any_distance = std::numeric_limits<std::uint64_t>::max();

  struct Patience {
    Duration time;          // a packet is held for so long at most; the buffer's own limit holds besides
    std::uint64_t numbers;  // a missing number is given up once one so far above it has come; at least 1
  };

  ReorderPolicy() = default;
  ReorderPolicy(const ReorderPolicy&) = delete;
  ReorderPolicy& operator=(const ReorderPolicy&) = delete;
  virtual ~ReorderPolicy() = default;

  virtual Patience patience(Instant now) noexcept = 0;
  // False: nothing is held, and what comes late is delivered whatever the buffer's options say.
  virtual bool keeps_order() const noexcept { return true; }
  // A packet came `lateness` after the first with a higher number; it came on `path`, as arrive() named it.
  virtual void on_late(std::uint32_t path, Duration lateness, Instant now) noexcept {
    static_cast<void>(path), static_cast<void>(lateness), static_cast<void>(now);
  }
};

// Packets leave as they come.
class NoReordering final : public ReorderPolicy {
 public:
  Patience patience(Instant) noexcept override { return {Duration::zero(), 1}; }
  bool keeps_order() const noexcept override { return false; }
};

// A packet waits for `hold` at most.
class ReleaseByTime final : public ReorderPolicy {
 public:
  explicit ReleaseByTime(Duration hold) : hold_(hold) {}
  Patience patience(Instant) noexcept override { return {hold_, any_distance}; }

 private:
  Duration hold_;
};

// A missing number is given up when one has come that is `numbers` above it: for streams that never pause, as
// only the buffer's limit of time ends the wait when nothing more comes.
class ReleaseByGap final : public ReorderPolicy {
 public:
  explicit ReleaseByGap(std::uint64_t numbers) : numbers_(numbers) {}
  Patience patience(Instant) noexcept override { return {Duration::max(), numbers_}; }

 private:
  std::uint64_t numbers_;
};

struct AdaptiveOptions {
  static constexpr std::uint32_t most_paths = 256;

  Duration least{0};                                // holds never shorter than this ...
  Duration bound = std::chrono::milliseconds(100);  // ... nor longer than this, whatever the paths do
  Duration margin = std::chrono::milliseconds(1);   // added to the lateness measured
  Duration period =
      std::chrono::milliseconds(200);  // of measuring; what was worse before fades in some ten of them
  std::uint32_t paths = 64;            // measured apart; what comes from others counts as the last's
};

// Waits as long as the latest path has lately needed, and a margin.
//
// Each path's lateness is the largest of the running period; at a period's end what was measured before falls
// by a quarter of the difference. So the hold rises with the first packet that shows a need, and falls when
// the skew falls. Until something is known it is `bound`. Lost packets tell nothing and cost no patience.
//
// Who can delay a path's packets, but not make any, can raise the hold up to `bound` and no further, for as
// long as he delays and the ten periods after; nobody can lower it below what another path needs. A peer's
// own sub-SA, or who has its keys, can do the same.
class AdaptiveRelease final : public ReorderPolicy {
 public:
  explicit AdaptiveRelease(const AdaptiveOptions& options);
  // Fails naming the field, what it is and what it may be.
  static Result<> check(const AdaptiveOptions& options);

  Patience patience(Instant now) noexcept override;
  void on_late(std::uint32_t path, Duration lateness, Instant now) noexcept override;

  // What a path has lately needed, as of the last call.
  Duration lateness(std::uint32_t path) const;

 private:
  struct Path {
    Duration smoothed{0};
    Duration worst{0};  // of this period
  };

  void end_periods(Instant now) noexcept;

  AdaptiveOptions options_;
  std::vector<Path> paths_;
  Duration worst_;  // over all paths; the bound until a period has ended
  bool started_ = false;
  Instant period_began_{};
};

}  // namespace mpsec::cluster
