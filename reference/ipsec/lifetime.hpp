// How long an SA may be used (RFC 4301 4.4.2.1): by time, octets and packets, each with a soft limit that
// asks for a successor and a hard limit that ends it.
#pragma once

#include <cstdint>
#include <limits>
#include <span>

#include "base/clock.hpp"

namespace mpsec::ipsec {

struct LifetimeLimit {
  std::uint64_t octets = std::numeric_limits<std::uint64_t>::max();  // of the packets protected, inner size
  std::uint64_t packets = std::numeric_limits<std::uint64_t>::max();
  Instant until = Instant::max();

  bool operator==(const LifetimeLimit&) const = default;
};

struct Lifetime {
  LifetimeLimit soft, hard;
  bool operator==(const Lifetime&) const = default;
};

// What was used so far, and what was already said about it.
struct LifetimeUse {
  std::uint64_t octets = 0;
  std::uint64_t packets = 0;
  bool soft_reached = false;
  bool hard_reached = false;
  bool soft_told = false;
  bool hard_told = false;
};

// A seam: charges packets to an SA.
class LifetimePolicy {
 public:
  virtual ~LifetimePolicy() = default;
  // How many of the packets, from the front, are still within the hard limits. Those are charged;
  // soft_reached and hard_reached are set as limits are met. Called with packets that passed every check: a
  // replay uses nothing.
  virtual std::size_t charge(const Lifetime& lifetime, LifetimeUse& use,
                             std::span<const std::uint32_t> octets, Instant now) noexcept = 0;
};

class StandardLifetimePolicy final : public LifetimePolicy {
 public:
  std::size_t charge(const Lifetime& lifetime, LifetimeUse& use, std::span<const std::uint32_t> octets,
                     Instant now) noexcept override;
};

}  // namespace mpsec::ipsec
