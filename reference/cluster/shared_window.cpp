#include "cluster/shared_window.hpp"

namespace mpsec::cluster {

//= rfc4303/3.4.3/duplicates-rejected-before-the-icv
//= profile/6/hint-before-the-icv
//= profile/6/high-half-from-the-clusters-top
void SharedWindow::check(std::span<const std::uint32_t> on_wire, std::span<Hint> hints) const noexcept {
  window_.check(on_wire, hints);
}

//= rfc4303/3.4.3/window-updated-only-after-icv
//= profile/6/decision-after-the-icv
//= profile/6/accepted-once
//= draft-zhang/3.3/check-is-against-the-cluster
//= draft-zhang/3.3/window-works-as-before
void SharedWindow::accept(std::span<const std::uint64_t> numbers,
                          std::span<ipsec::ReplayVerdict> verdicts) noexcept {
  window_.accept(numbers, verdicts);
}

//= profile/6/resynchronisation
void SharedWindow::resynchronise(std::uint64_t number) noexcept {
  window_.resynchronise(number);
}

}  // namespace mpsec::cluster
