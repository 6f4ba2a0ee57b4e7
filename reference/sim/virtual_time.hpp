// A clock that jumps from event to event: what takes a day takes no time.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "base/clock.hpp"

namespace mpsec::sim {

class VirtualTime {
 public:
  using Deed = std::move_only_function<void()>;
  using EventId = std::pair<Instant, std::uint64_t>;

  explicit VirtualTime(Instant start = Instant{}) : now_(start) {}
  VirtualTime(const VirtualTime&) = delete;
  VirtualTime& operator=(const VirtualTime&) = delete;

  Instant now() const { return now_; }
  // What is due at the same time happens in the order of these calls. A time that is over means now.
  EventId at(Instant when, Deed deed);
  EventId after(Duration delay, Deed deed) { return at(now_ + delay, std::move(deed)); }
  // Nothing where it has happened already.
  void cancel(const EventId& id) { events_.erase(id); }

  std::size_t pending() const { return events_.size(); }
  std::optional<Instant> next() const;
  // Goes on to the next event and lets it happen; false if there is none.
  bool step();
  // Everything that is due up to `end`, which it then is.
  void run_until(Instant end);

 private:
  Instant now_;
  std::uint64_t inserted_ = 0;
  std::map<EventId, Deed> events_;
};

}  // namespace mpsec::sim
