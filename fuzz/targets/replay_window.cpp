// The ring against a set: two octets of window size, then signed 16-bit steps from the top.
// depends: ipsec fuzz_support
#include "ipsec/replay_window.hpp"

#include <set>

#include "base/octets.hpp"
#include "support/require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  const std::uint32_t window_size = 32 + (size < 2 ? 0 : mpsec::load_be<std::uint16_t>(octets) % 4096u);
  mpsec::ipsec::ReplayWindow window(window_size, true);
  std::set<std::uint64_t> seen;
  for (std::size_t at = 2; at + 2 <= size; at += 2) {
    const auto top = static_cast<std::int64_t>(window.top()),
               number = top + static_cast<std::int16_t>(mpsec::load_be<std::uint16_t>(octets + at));
    if (number < 0) continue;
    const auto verdict = window.accept(static_cast<std::uint64_t>(number));
    const bool within = number != 0 && (number > top || top - number < window_size);
    const bool expected = within && seen.insert(static_cast<std::uint64_t>(number)).second;
    mpsec::fuzz::require((verdict == mpsec::ipsec::ReplayVerdict::fresh) == expected,
                         "the ring accepts what the set accepts");
  }
  return 0;
}
