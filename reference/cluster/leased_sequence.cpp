#include "cluster/leased_sequence.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace mpsec::cluster {

namespace {

Result<> refused(std::string field, std::string why) {
  return std::unexpected(Error{.blame = Blame::local_fault,
                               .path = std::move(field),
                               .offset = std::nullopt,
                               .why = std::move(why),
                               .clause = ""});
}

}  // namespace

//= profile/4/leases-of-at-most-64
Result<> LeaseRules::check() const {
  if (numbers < 1 || numbers > largest)
    return refused("lease numbers", fmt::format("expected 1 to {}, found {}", largest, numbers));
  if (peer_window < smallest_peer_window || peer_window > largest_peer_window)
    return refused("lease peer window", fmt::format("expected {} to {}, found {}", smallest_peer_window,
                                                    largest_peer_window, peer_window));
  if (time <= Duration::zero())
    return refused("lease time", fmt::format("expected more than 0 ns, found {} ns", time.count()));
  return {};
}

//= profile/4/lease-left-behind
//= profile/4/lease-has-a-time
void LeasedSequence::begin_batch(Instant now) noexcept {
  now_ = now;
  if (held_.count == 0) return;
  if (now - taken_at_ >= rules_.time)
    abandon_into(report_.abandoned_by_time);
  else if (const std::uint64_t behind = shared_.last_used() - held_.first; behind > rules_.peer_window / 4)
    abandon_into(report_.abandoned_behind);
  else
    report_.largest_displacement = std::max(report_.largest_displacement, behind);
}

//= draft-zhang/3.2/any-method-to-get-numbers
ipsec::SequenceSource::Range LeasedSequence::take(std::uint32_t wanted) noexcept {
  if (wanted == 0) return {};
  if (held_.count == 0) {
    held_ = shared_.take(std::clamp(wanted, rules_.numbers, LeaseRules::largest));
    if (held_.count == 0) return {};
    taken_at_ = now_;
    report_.leases += 1;
    report_.taken += held_.count;
  }
  const Range given{held_.first, std::min(wanted, held_.count)};
  held_ = {held_.first + given.count, held_.count - given.count};
  report_.sent += given.count;
  return given;
}

void LeasedSequence::abandon() noexcept {
  abandon_into(report_.abandoned_by_time);
}

LeaseReport LeasedSequence::report() const noexcept {
  LeaseReport report = report_;
  report.held = held_.count;
  return report;
}

//= profile/4/abandoned-numbers-are-never-sent
void LeasedSequence::abandon_into(std::uint64_t& counter) noexcept {
  counter += held_.count;
  held_ = {};
}

}  // namespace mpsec::cluster
