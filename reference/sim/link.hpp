// One direction of a path, and what it does to packets.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "base/rng.hpp"
#include "sim/counters.hpp"

namespace mpsec::sim {

// Everything may be changed while packets are on their way; those keep their fate.
struct LinkProfile {
  bool up = true;
  Duration delay{0};
  Duration jitter{0};    // delays differ by up to this, and packets stay in their order
  double loss = 0;       // probabilities of a packet, from 0 to 1
  double duplicate = 0;  // a copy follows, behind the packet by up to `duplicate_after`
  Duration duplicate_after{0};
  double reorder = 0;  // a packet is held back by up to `reorder_by` while others pass it
  Duration reorder_by{0};
  double corrupt = 0;                   // one bit is wrong
  std::uint64_t octets_per_second = 0;  // 0: without limit
  std::size_t queue_octets = 0;         // that may wait for their turn under that limit; 0: any number
  std::size_t mtu = 0;                  // octets of the largest IP packet; 0: any

  bool operator==(const LinkProfile&) const = default;
};

// The fates of packets in the order of their coming; it does not hold them.
class Link {
 public:
  // The chances of a link depend on its seed and its own packets alone, and each packet takes the same number
  // of them: more loss on a link changes nothing on another, nor who else is held back on this one.
  Link(std::string name, const LinkProfile& profile, std::uint64_t seed)
      : name_(std::move(name)), profile_(profile), rng_(seed) {}

  const std::string& name() const { return name_; }
  const LinkProfile& profile() const { return profile_; }
  void change(const LinkProfile& profile) { profile_ = profile; }
  const Counters& counters() const { return counters_; }

  struct Passage {
    Instant arrival;
    std::optional<Instant> copy;                 // when the copy arrives
    std::optional<std::uint64_t> corrupt_bit{};  // counted modulo the bits that there are
  };
  std::variant<Passage, Drop> enter(std::size_t octets, Instant now);
  void left() {
    --counters_.in_flight;
    ++counters_.delivered;
  }

 private:
  struct Chances {
    double loss, duplicate, reorder, corrupt, jitter, duplicate_after, reorder_by;
    std::uint64_t bit;
  };
  Chances draw();
  std::optional<Drop> refuse(std::size_t octets, Instant now, const Chances& chances);
  Instant serialised(std::size_t octets, Instant now);

  std::string name_;
  LinkProfile profile_;
  SeededRng rng_;
  Counters counters_;
  Instant idle_from_{};       // the sender's end has put everything on the line by then
  Instant latest_arrival_{};  // of what was not held back
};

}  // namespace mpsec::sim
