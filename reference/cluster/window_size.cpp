#include "cluster/window_size.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "ipsec/replay_window.hpp"

namespace mpsec::cluster {

namespace {

constexpr std::uint64_t most = ~std::uint64_t{0};

std::uint64_t add(std::uint64_t a, std::uint64_t b) noexcept {
  return a > most - b ? most : a + b;
}

std::uint64_t multiply(std::uint64_t a, std::uint64_t b) noexcept {
  return b != 0 && a > most / b ? most : a * b;
}

// packets_per_second during `skew`, rounded up: whole seconds first, so that nothing is lost to overflow.
std::uint64_t numbers_during(Duration skew, std::uint64_t packets_per_second) noexcept {
  constexpr std::uint64_t second = 1'000'000'000;
  const auto nanoseconds = static_cast<std::uint64_t>(std::max<Duration::rep>(skew.count(), 0));
  const std::uint64_t rest = nanoseconds % second;
  const std::uint64_t of_whole = multiply(nanoseconds / second, packets_per_second);
  // Per second and nanosecond apart, as packets_per_second x rest may be above 2^64.
  const std::uint64_t billions = packets_per_second / second, below = packets_per_second % second;
  return add(of_whole, add(billions * rest, (below * rest + second - 1) / second));
}

}  // namespace

std::uint64_t window_needed(const Displacement& displacement) noexcept {
  return add(std::uint64_t{displacement.workers} * displacement.lease,
             numbers_during(displacement.skew, displacement.packets_per_second));
}

//= profile/6/window-size
Result<> check_window_size(std::uint32_t window, const Displacement& displacement) {
  if (const auto allowed = ipsec::ReplayWindow::check_size(window); !allowed) return allowed;
  const std::uint64_t need = window_needed(displacement);
  if (window >= need) return {};
  return std::unexpected(Error{
      .blame = Blame::local_fault,
      .path = "anti-replay window",
      .offset = std::nullopt,
      .why =
          fmt::format("need {} numbers ({} workers x lease of {} + {} us of skew x {} packets/s), have {}: "
                      "enlarge the window, or take shorter leases or paths of more equal delay",
                      need, displacement.workers, displacement.lease, displacement.skew.count() / 1000,
                      displacement.packets_per_second, window),
      .clause = "RFC 4303 3.4.3"});
}

}  // namespace mpsec::cluster
