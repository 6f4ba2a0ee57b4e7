#include "sim/link.hpp"

#include <algorithm>
#include <cmath>

namespace mpsec::sim {
namespace {

constexpr std::uint64_t nanoseconds = 1'000'000'000;

// From [0, 1).
double fraction(Rng& rng) {
  return std::ldexp(static_cast<double>(rng.next_u64() >> 11), -53);
}

Duration share(Duration whole, double part) {
  return Duration(static_cast<Duration::rep>(static_cast<double>(whole.count()) * part));
}

}  // namespace

std::string_view to_string(Drop cause) {
  static constexpr std::string_view names[drop_causes] = {
      "lost",   "link_down",        "too_big",    "queue_full", "no_route",
      "script", "not_translatable", "no_mapping", "filtered",   "no_port_left"};
  return cause < Drop::count_ ? names[static_cast<std::size_t>(cause)] : "unknown";
}

Link::Chances Link::draw() {
  Chances chances{};
  for (double* chance : {&chances.loss, &chances.duplicate, &chances.reorder, &chances.corrupt,
                         &chances.jitter, &chances.duplicate_after, &chances.reorder_by})
    *chance = fraction(rng_);
  chances.bit = rng_.next_u64();
  return chances;
}

std::variant<Link::Passage, Drop> Link::enter(std::size_t octets, Instant now) {
  ++counters_.sent;
  const Chances chances = draw();
  if (const auto cause = refuse(octets, now, chances)) {
    ++counters_.dropped_by[static_cast<std::size_t>(*cause)];
    return *cause;
  }

  Passage passage;
  passage.arrival = serialised(octets, now) + profile_.delay + share(profile_.jitter, chances.jitter);
  if (chances.reorder < profile_.reorder) {
    passage.arrival += share(profile_.reorder_by, chances.reorder_by);
  } else {
    passage.arrival = std::max(passage.arrival, latest_arrival_);
    latest_arrival_ = passage.arrival;
  }
  ++counters_.in_flight;
  if (chances.duplicate < profile_.duplicate) {
    passage.copy = passage.arrival + share(profile_.duplicate_after, chances.duplicate_after);
    ++counters_.duplicated;
    ++counters_.in_flight;
  }
  if (chances.corrupt < profile_.corrupt) passage.corrupt_bit = chances.bit;
  return passage;
}

std::optional<Drop> Link::refuse(std::size_t octets, Instant now, const Chances& chances) {
  if (!profile_.up) return Drop::link_down;
  if (profile_.mtu != 0 && octets > profile_.mtu) return Drop::too_big;
  if (profile_.octets_per_second != 0 && profile_.queue_octets != 0 && idle_from_ > now) {
    const double seconds = std::chrono::duration<double>(idle_from_ - now).count();
    const double waiting = seconds * static_cast<double>(profile_.octets_per_second);
    if (waiting + static_cast<double>(octets) > static_cast<double>(profile_.queue_octets))
      return Drop::queue_full;
  }
  // A packet that is lost on the line has taken its time on it.
  if (chances.loss < profile_.loss) {
    serialised(octets, now);
    return Drop::lost;
  }
  return std::nullopt;
}

// When the last octet is on the line.
Instant Link::serialised(std::size_t octets, Instant now) {
  if (profile_.octets_per_second == 0) return now;
  const auto time = Duration(static_cast<Duration::rep>(octets * nanoseconds / profile_.octets_per_second));
  idle_from_ = std::max(idle_from_, now) + time;
  return idle_from_;
}

}  // namespace mpsec::sim
