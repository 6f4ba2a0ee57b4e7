// What became of packets. Every one that was not delivered has exactly one cause.
#pragma once

#include <array>
#include <cstdint>
#include <numeric>
#include <string_view>

namespace mpsec::sim {

enum class Drop : std::uint8_t {
  lost,              // the link's chance
  link_down,         // the link was down when the packet came to it
  too_big,           // larger than the link's MTU; nothing is fragmented on the way
  queue_full,        // of a link with a rate
  no_route,          // nobody has the address
  script,            // a rule of the script says so
  not_translatable,  // came to a NAT, and is no whole UDP datagram
  no_mapping,        // came from outside to a NAT, to a port that it maps to nobody
  filtered,          // there is a mapping, but not for this sender
  no_port_left,      // every port of the NAT is taken
  count_,
};
inline constexpr std::size_t drop_causes = static_cast<std::size_t>(Drop::count_);
std::string_view to_string(Drop cause);  // "queue_full"

// The law: sent + duplicated = delivered + dropped() + in_flight.
struct Counters {
  std::uint64_t sent = 0;        // by hosts; of a link: come to it
  std::uint64_t duplicated = 0;  // made on the way
  std::uint64_t delivered = 0;   // to hosts; of a link: come out of it
  std::uint64_t in_flight = 0;
  std::array<std::uint64_t, drop_causes> dropped_by{};

  std::uint64_t dropped(Drop cause) const { return dropped_by[static_cast<std::size_t>(cause)]; }
  std::uint64_t dropped() const {
    return std::accumulate(dropped_by.begin(), dropped_by.end(), std::uint64_t{0});
  }
  bool balanced() const { return sent + duplicated == delivered + dropped() + in_flight; }
  bool operator==(const Counters&) const = default;
};

}  // namespace mpsec::sim
