#include "cluster/unchecked_window.hpp"

#include <algorithm>

#include "ipsec/replay_window.hpp"

namespace mpsec::cluster {

using ipsec::ReplayVerdict;

//= profile/6/high-half-from-the-clusters-top
void UncheckedWindow::check(std::span<const std::uint32_t> on_wire, std::span<Hint> hints) const noexcept {
  const std::uint64_t top = this->top();
  for (std::size_t i = 0; i < on_wire.size(); ++i)
    hints[i] = extended_ ? ipsec::infer_number(top, assumed_window, on_wire[i])
                         : Hint{on_wire[i], ReplayVerdict::fresh};
}

void UncheckedWindow::accept(std::span<const std::uint64_t> numbers,
                             std::span<ReplayVerdict> verdicts) noexcept {
  if (numbers.empty()) return;
  resynchronise(*std::ranges::max_element(numbers));
  std::ranges::fill(verdicts.first(numbers.size()), ReplayVerdict::fresh);
}

void UncheckedWindow::resynchronise(std::uint64_t number) noexcept {
  std::uint64_t top = this->top();
  while (top < number && !top_.compare_exchange_weak(top, number, std::memory_order_relaxed)) {
  }
}

}  // namespace mpsec::cluster
