// Randomness as the engine sees it: asked for through an interface, never taken.
#pragma once

#include <cstdint>

#include "base/octets.hpp"

namespace mpsec {

class Rng {
 public:
  virtual ~Rng() = default;
  // Fills `out` with octets no observer can predict (SeededRng excepted).
  virtual void fill(MutableOctets out) = 0;

  std::uint64_t next_u64();
  // A number in [0, bound), without modulo bias. `bound` must not be 0.
  std::uint64_t below(std::uint64_t bound);
};

// SplitMix64: the same octets for the same seed on every machine. For tests, simulations and fuzzing only.
class SeededRng final : public Rng {
 public:
  explicit SeededRng(std::uint64_t seed) : state_(seed) {}
  void fill(MutableOctets out) override;

 private:
  std::uint64_t state_;
};

}  // namespace mpsec
