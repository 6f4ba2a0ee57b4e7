#include "cluster/anchor_hash.hpp"

#include <numeric>

namespace mpsec::cluster {
namespace {

// The finaliser of SplitMix64: keys may be anything, and each slot sees them mixed in its own way.
std::uint64_t mixed(std::uint64_t key, std::uint64_t slot) {
  std::uint64_t z = key + (slot + 1) * 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

// Onto [0, bound), by the upper half.
std::uint32_t scaled(std::uint64_t hash, std::uint32_t bound) {
  return static_cast<std::uint32_t>(((hash >> 32) * bound) >> 32);
}

}  // namespace

AnchorHash::AnchorHash(std::uint32_t slots)
    : stopped_with_(slots), place_(slots), order_(slots), successor_(slots), working_(slots) {
  std::iota(place_.begin(), place_.end(), 0u);
  order_ = successor_ = place_;
  stopped_.reserve(slots);
  while (working_ > 0)
    stop(working_ - 1);
}

std::uint32_t AnchorHash::start() {
  const std::uint32_t slot = stopped_.back();
  stopped_.pop_back();
  const std::uint32_t moved = order_[working_];  // who took the place of `slot`
  place_[moved] = working_++;
  order_[place_[slot]] = slot;
  successor_[slot] = slot;
  stopped_with_[slot] = 0;
  return slot;
}

void AnchorHash::stop(std::uint32_t slot) {
  stopped_.push_back(slot);
  const std::uint32_t last = order_[--working_];
  stopped_with_[slot] = working_;
  successor_[slot] = last;
  order_[place_[slot]] = last;
  place_[last] = place_[slot];
}

std::uint32_t AnchorHash::slot_of(std::uint64_t key) const noexcept {
  std::uint32_t slot = scaled(mixed(key, ~std::uint64_t{0}), slots());
  while (const std::uint32_t then = stopped_with_[slot]) {
    std::uint32_t next = scaled(mixed(key, slot), then);
    // A place of that time leads to who stood there: later ones are followed back to whom they followed.
    while (stopped_with_[next] >= then)
      next = successor_[next];
    slot = next;
  }
  return slot;
}

}  // namespace mpsec::cluster
