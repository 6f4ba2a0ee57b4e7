#include "cluster/reorder_policy.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace mpsec::cluster {
namespace {

Error unfit(const char* field, std::string why) {
  return {.blame = Blame::local_fault,
          .path = fmt::format("adaptive reordering/{}", field),
          .offset = std::nullopt,
          .why = std::move(why),
          .clause = ""};
}

}  // namespace

Result<> AdaptiveRelease::check(const AdaptiveOptions& options) {
  const auto ns = [](Duration duration) { return duration.count(); };
  if (options.least < Duration::zero() || options.least > options.bound)
    return std::unexpected(unfit("least", fmt::format("expected 0 to the bound of {} ns, found {} ns",
                                                      ns(options.bound), ns(options.least))));
  if (options.margin < Duration::zero() || options.margin > options.bound)
    return std::unexpected(unfit("margin", fmt::format("expected 0 to the bound of {} ns, found {} ns",
                                                       ns(options.bound), ns(options.margin))));
  if (options.period <= Duration::zero())
    return std::unexpected(
        unfit("period", fmt::format("expected more than 0, found {} ns", ns(options.period))));
  if (options.paths == 0 || options.paths > AdaptiveOptions::most_paths)
    return std::unexpected(unfit(
        "paths", fmt::format("expected 1 to {}, found {}", AdaptiveOptions::most_paths, options.paths)));
  return {};
}

AdaptiveRelease::AdaptiveRelease(const AdaptiveOptions& options)
    : options_(options), paths_(options.paths), worst_(options.bound) {}

//= profile/7/adaptive-within-the-bound
//= draft-zhang/3.7/reorder-algorithm-is-local
ReorderPolicy::Patience AdaptiveRelease::patience(Instant now) noexcept {
  end_periods(now);
  return {std::max(options_.least, std::min(options_.bound, worst_ + options_.margin)), any_distance};
}

void AdaptiveRelease::on_late(std::uint32_t path, Duration lateness, Instant now) noexcept {
  end_periods(now);
  const Duration known = std::clamp(lateness, Duration::zero(), options_.bound);
  Path& late = paths_[std::min<std::size_t>(path, paths_.size() - 1)];
  late.worst = std::max(late.worst, known);
  worst_ = std::max(worst_, known);
}

Duration AdaptiveRelease::lateness(std::uint32_t path) const {
  const Path& asked = paths_[std::min<std::size_t>(path, paths_.size() - 1)];
  return std::max(asked.smoothed, asked.worst);
}

void AdaptiveRelease::end_periods(Instant now) noexcept {
  if (!started_) {
    started_ = true;
    period_began_ = now;
  }
  if (now - period_began_ < options_.period) return;
  const std::int64_t ended = (now - period_began_) / options_.period;
  period_began_ += ended * options_.period;
  worst_ = Duration::zero();
  for (Path& path : paths_) {
    // After so many periods next to nothing of the old value is left.
    for (std::int64_t period = 0; period < std::min<std::int64_t>(ended, 64); ++period) {
      path.smoothed = std::max(path.worst, path.smoothed - (path.smoothed - path.worst) / 4);
      path.worst = Duration::zero();
    }
    worst_ = std::max(worst_, path.smoothed);
  }
}

}  // namespace mpsec::cluster
