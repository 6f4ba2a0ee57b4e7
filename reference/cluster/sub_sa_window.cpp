#include "cluster/sub_sa_window.hpp"

namespace mpsec::cluster {

using ipsec::ReplayVerdict;

void SubSaWindow::check(std::span<const std::uint32_t> on_wire, std::span<Hint> hints) const noexcept {
  cluster_->check(on_wire, hints);
  for (Hint& hint : hints.first(on_wire.size()))
    if (hint.verdict == ReplayVerdict::duplicate) hint.verdict = own_.judge(hint.number);
}

//= profile/6/causes-are-counted-apart
void SubSaWindow::accept(std::span<const std::uint64_t> numbers, std::span<ReplayVerdict> verdicts) noexcept {
  cluster_->accept(numbers, verdicts);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const bool first_here = own_.accept(numbers[i]) == ReplayVerdict::fresh;
    if (verdicts[i] != ReplayVerdict::duplicate || !first_here) continue;
    ++(duplication_ ? repeated_.redundant : repeated_.not_shared);
    if (duplication_) verdicts[i] = ReplayVerdict::redundant;
  }
}

}  // namespace mpsec::cluster
