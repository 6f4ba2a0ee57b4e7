// A consistent hash from keys to slots, of which some work.
#pragma once

#include <cstdint>
#include <vector>

namespace mpsec::cluster {

// AnchorHash (Mendelson, Vargaftik, Barabash, Lorenz, Keslassy, Orda: "AnchorHash: A Scalable Consistent
// Hash"): each working slot gets an equal share of the keys; a slot that stops gives its keys away, evenly,
// and no other key moves; a slot that starts takes its share from all. A key costs about 1 + ln(slots /
// working) steps, and a change a handful.
//
// A slot that stopped remembers who worked then (`working_`: how many). A key that hits it is hashed again,
// over those; so it takes the way it would have taken had the slot never been.
class AnchorHash {
 public:
  explicit AnchorHash(std::uint32_t slots);

  std::uint32_t slots() const { return static_cast<std::uint32_t>(stopped_with_.size()); }
  std::uint32_t working() const { return working_; }
  // The slot that stopped last works again; there must be one. Its number.
  std::uint32_t start();
  // The slot must work.
  void stop(std::uint32_t slot);
  // There must be a working slot.
  std::uint32_t slot_of(std::uint64_t key) const noexcept;

 private:
  std::vector<std::uint32_t>
      stopped_with_;  // slot -> how many went on when it stopped; 0: it works, or none went on
  std::vector<std::uint32_t> place_;      // slot -> its place in order_
  std::vector<std::uint32_t> order_;      // the first working_ of it work
  std::vector<std::uint32_t> successor_;  // slot -> who took its place when it stopped
  std::vector<std::uint32_t> stopped_;    // the last one at the end
  std::uint32_t working_;
};

}  // namespace mpsec::cluster
