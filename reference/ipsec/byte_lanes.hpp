// Sixteen octets side by side: the one SIMD width that every machine we build for has.
#pragma once

#include <bit>
#include <cstdint>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace mpsec::ipsec {

using ByteLanes = std::uint8_t __attribute__((vector_size(16)));

inline ByteLanes in_all_lanes(std::uint8_t value) {
  return ByteLanes{} + value;
}

// Not zero in the lanes where `left` is above `right`.
inline ByteLanes excess(ByteLanes left, ByteLanes right) {
#if defined(__SSE2__)
  return std::bit_cast<ByteLanes>(_mm_subs_epu8(std::bit_cast<__m128i>(left), std::bit_cast<__m128i>(right)));
#else
  return std::bit_cast<ByteLanes>(left > right);
#endif
}

// Bit i is set if lane i is zero.
inline std::uint32_t zero_lanes(ByteLanes lanes) {
#if defined(__SSE2__)
  return static_cast<std::uint32_t>(
      _mm_movemask_epi8(_mm_cmpeq_epi8(std::bit_cast<__m128i>(lanes), _mm_setzero_si128())));
#else
  std::uint32_t bits = 0;
  for (int i = 0; i < 16; ++i)
    bits |= std::uint32_t{lanes[i] == 0} << i;
  return bits;
#endif
}

}  // namespace mpsec::ipsec
