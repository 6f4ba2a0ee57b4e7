// The hash under all check values of the open providers: 64-bit FNV-1a, its result stretched by SplitMix64.
#pragma once

#include "base/octets.hpp"
#include "base/rng.hpp"

namespace mpsec::crypto {

class Fnv {
 public:
  void take_in(OctetView octets) noexcept {
    for (const std::uint8_t octet : octets)
      hash_ = (hash_ ^ octet) * 0x00000100000001b3;
  }
  void take_in_length(std::uint64_t length) noexcept {
    std::uint8_t octets[8];
    store_be(octets, length);
    take_in(octets);
  }
  // Fills `out` with as many octets as it has.
  void spell(MutableOctets out) const noexcept { SeededRng(hash_).fill(out); }

 private:
  std::uint64_t hash_ = 0xcbf29ce484222325;
};

}  // namespace mpsec::crypto
