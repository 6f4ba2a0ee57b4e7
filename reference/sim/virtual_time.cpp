#include "sim/virtual_time.hpp"

#include <algorithm>

namespace mpsec::sim {

VirtualTime::EventId VirtualTime::at(Instant when, Deed deed) {
  const EventId id{std::max(when, now_), inserted_++};
  events_.emplace(id, std::move(deed));
  return id;
}

std::optional<Instant> VirtualTime::next() const {
  if (events_.empty()) return std::nullopt;
  return events_.begin()->first.first;
}

bool VirtualTime::step() {
  if (events_.empty()) return false;
  auto event = events_.extract(events_.begin());
  now_ = event.key().first;
  event.mapped()();
  return true;
}

void VirtualTime::run_until(Instant end) {
  while (!events_.empty() && events_.begin()->first.first <= end)
    step();
  now_ = std::max(now_, end);
}

}  // namespace mpsec::sim
