#include "base/rng.hpp"

#include <algorithm>
#include <array>

namespace mpsec {

std::uint64_t Rng::next_u64() {
  std::array<std::uint8_t, 8> octets{};
  fill(octets);
  return load_be<std::uint64_t>(octets.data());
}

std::uint64_t Rng::below(std::uint64_t bound) {
  const std::uint64_t unbiased_from = -bound % bound;  // 2^64 mod bound
  std::uint64_t value = next_u64();
  while (value < unbiased_from)
    value = next_u64();
  return value % bound;
}

void SeededRng::fill(MutableOctets out) {
  while (!out.empty()) {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    z ^= z >> 31;
    std::array<std::uint8_t, 8> octets{};
    store_be(octets.data(), z);
    const std::size_t n = std::min(out.size(), octets.size());
    std::copy_n(octets.begin(), n, out.begin());
    out = out.subspan(n);
  }
}

}  // namespace mpsec
