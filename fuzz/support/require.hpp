// What a fuzz target says when a law does not hold.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace mpsec::fuzz {

// Ends the run, so that the fuzzer keeps the input, unless `law` holds; `what` is the law in words.
inline void require(bool law, const char* what) {
  if (law) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

}  // namespace mpsec::fuzz
