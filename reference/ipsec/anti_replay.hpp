// The receiver's memory of which sequence numbers it has seen (RFC 4303 3.4.3 and Appendix A).
#pragma once

#include <cstdint>
#include <span>

namespace mpsec::ipsec {

// redundant: came before by another SA of the cluster, as the sender meant it; this one brings it for the
// first time.
enum class ReplayVerdict : std::uint8_t { fresh, duplicate, too_old, below_zero, redundant };

// A seam: an SA has a window of its own, the sub-SAs of a cluster share one.
class AntiReplay {
 public:
  // What can be said before the ICV is checked. The verdict is a hint: another packet with the same number
  // may be accepted in between. The number is the full one, its high half inferred where numbers are
  // extended.
  struct Hint {
    std::uint64_t number = 0;
    ReplayVerdict verdict = ReplayVerdict::fresh;
  };

  virtual ~AntiReplay() = default;
  // Judges the numbers as they are on the wire; changes nothing. `hints` is as long as `on_wire`.
  virtual void check(std::span<const std::uint32_t> on_wire, std::span<Hint> hints) const noexcept = 0;
  // After the ICVs were found right: takes each number, in order, and says whether it was fresh. Only this
  // accepts. `verdicts` is as long as `numbers`.
  virtual void accept(std::span<const std::uint64_t> numbers, std::span<ReplayVerdict> verdicts) noexcept = 0;
  // The highest number accepted so far; 0 before the first.
  virtual std::uint64_t top() const noexcept = 0;
  // Sets the highest number after re-synchronisation (RFC 4303 A3.2) or a counter transfer; what was seen is
  // forgotten, and everything up to `number` counts as seen.
  virtual void resynchronise(std::uint64_t number) noexcept = 0;
};

}  // namespace mpsec::ipsec
