// What a person writes down of a run: two gateways, the paths between them, traffic, what happens meanwhile,
// who attacks, and what should come of it. All of it with the values that stand when a scenario says nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "sim/link.hpp"

namespace mpsec::sim {

// The gateways of the draft's figure, by their places in every list of two.
enum class End : std::uint8_t { sgw1, sgw2 };
constexpr End opposite(End end) {
  return end == End::sgw1 ? End::sgw2 : End::sgw1;
}
constexpr std::size_t place(End end) {
  return static_cast<std::size_t>(end);
}
std::string_view to_string(End end);  // "SGW1"

struct ClusterPlan {
  std::string scheduler = "round-robin burst=1";  // cluster::make_scheduler
  std::uint32_t window = 4096;                    // numbers, at both ends
  bool extended_sequence_numbers = true;
  bool duplication = false;
  std::uint32_t lease = 0;  // numbers; 0: no leases
  Duration lease_time = std::chrono::milliseconds(10);
  std::uint64_t last_sequence_number = 0;  // what was sent before
};

enum class ReorderBy : std::uint8_t { none, time, gap, adaptive };
struct ReorderPlan {
  ReorderBy policy = ReorderBy::none;
  Duration hold = std::chrono::milliseconds(50);  // time: how long; adaptive: at most
  std::uint64_t gap = 256;                        // gap: numbers
  std::uint32_t packets = 4096;                   // limits
  std::uint64_t octets = std::uint64_t{8} << 20;
  Duration limit = std::chrono::milliseconds(250);
  bool drop_late = false;
  bool per_flow = false;  // order within flows alone
  bool fifo_paths = false;
};

struct ProbePlan {
  Duration interval = std::chrono::milliseconds(100);  // 0: none
};

struct PathPlan {
  std::string name;
  LinkProfile there, back;  // from SGW1 to SGW2, and back
  std::uint32_t weight = 1;
  std::uint32_t path_mtu = 1500;
  std::optional<Duration> lifetime;  // of its sub-SAs: hard
};

enum class ArrivalProcess : std::uint8_t { constant, poisson };
struct FlowPlan {
  End from = End::sgw1;
  std::uint32_t count = 1;
  double packets_per_second = 1000;  // each
  std::uint32_t octets = 512;        // of the inner IP packet
  ArrivalProcess arrivals = ArrivalProcess::constant;
  Duration start{0};
  std::optional<Duration> stop;
};

struct SetLink {  // a path's links have other profiles from now on
  std::size_t path;
  LinkProfile there, back;
};
struct SetPathUp {
  std::size_t path;
  bool up;
};
struct JoinPath {
  std::size_t path;
};
struct LeavePath {
  std::size_t path;
  bool all = false;  // every sub-SA of the path, as when its IKE SA is deleted; else the oldest
};
struct RekeyPath {
  std::size_t path;
};
struct AbandonLeases {  // workers that stop with their leases in hand
  End end = End::sgw1;
  std::uint32_t workers = 1;
  std::uint32_t numbers = 64;  // each
};
using Deed = std::variant<SetLink, SetPathUp, JoinPath, LeavePath, RekeyPath, AbandonLeases>;
struct Happening {
  Duration at{0};
  std::optional<Duration> every;  // again and again, until `until`
  Duration until{0};
  Deed deed;
};

enum class AttackKind : std::uint8_t {
  replay,       // packets seen on `path`, again, on `over`
  foreign_spi,  // packets seen on `path`, with the SPI of another sub-SA
  flood,        // garbage under a known SPI, with plausible numbers
  far_ahead,    // the same with numbers far ahead
  hold_back,    // delays a share of the path's packets
};
std::string_view to_string(AttackKind kind);
struct AttackPlan {
  AttackKind kind = AttackKind::replay;
  std::size_t path = 0;  // where it listens
  std::size_t over = 0;  // where it sends
  double packets_per_second = 1000;
  std::uint64_t ahead = 1'000'000;               // far_ahead
  double share = 0.1;                            // hold_back, 0 to 1
  Duration by = std::chrono::milliseconds(100);  // hold_back
  Duration start{0};
  std::optional<Duration> stop;
};

enum class Relation : std::uint8_t { equal, at_most, at_least, below, above };
struct Expectation {
  std::string figure;  // by its name in the report: "discards.replay_duplicate"
  Relation relation = Relation::equal;
  double value = 0;
  std::string text;  // as it was written
};

struct Scenario {
  std::string title;
  Duration duration = std::chrono::seconds(1);  // traffic
  Duration drain = std::chrono::seconds(1);     // and then no more of it
  ClusterPlan cluster;
  ReorderPlan reordering;
  ProbePlan probes;
  std::vector<PathPlan> paths;
  std::vector<FlowPlan> flows;
  std::vector<Happening> happenings;
  std::vector<AttackPlan> attacks;
  std::vector<Expectation> expectations;
};

}  // namespace mpsec::sim
