// What sequence and window cost a packet with 1 to 1,024 workers, more than any machine here has: a discrete
// simulation from measured costs of a cache line. And the window that leases and unequal paths need.
// depends: cluster fmt::fmt

//   experiment_cluster_workers workers [LOCAL TRANSFER WORK] > workers.csv    costs in cycles, WORK for each
//   packet experiment_cluster_workers window > window.csv
#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <functional>
#include <queue>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/window_size.hpp"

namespace mpsec::experiments {
namespace {

// Cycles. The defaults were measured by bench_cluster_sequence: an atomic addition to a line that is here,
// and to one that another core has. Work: sealing 1420 octets with AES-GCM.
struct Costs {
  double local = 12, transfer = 290, work = 600;
};

// A line that is written is at one worker at a time; the others queue for it, and nothing hides the waiting.
// So the figures are upper bounds: a core that asks twice while the line is on its way to it pays once.
class Line {
 public:
  // A worker wants it at `now`, and keeps it for `held` once it has it. Returns when it is done.
  double write(double now, std::size_t worker, double held, const Costs& costs) {
    const double begin = std::max(now, free_at_);
    free_at_ = begin + (owner_ == worker ? 0 : costs.transfer) + held;
    owner_ = worker;
    return free_at_;
  }

 private:
  double free_at_ = 0;
  std::size_t owner_ = ~std::size_t{0};
};

// How one round of a worker, over 32 packets, uses the shared lines. `hot` is written by all; lines of the
// ring are shared only where neighbours in a block go to different workers.
struct Way {
  const char* name;
  unsigned writes;  // of the hot line in a round
  double held;      // cycles of each that the line is kept, beside `local`
  unsigned others;  // other lines that come from another core in a round
};
constexpr double packets = 32;
constexpr Way ways[] = {
    {"sequence one by one", 32, 0, 0},
    {"sequence in batches of 8", 4, 0, 0},
    {"sequence leased by 32", 1, 0, 0},
    // Lock, judge, unlock, for hint and decision; waiting for a lock is waiting for its line.
    {"window by mutex", 64, 40, 64},
    // Hint and decision read or write the top; a bit's word was another worker's before.
    {"window one by one", 64, 0, 32},
    {"window in batches of 32", 2, 0, 1},
};

// Cycles of a packet beside its work, when `workers` do nothing else.
double overhead(const Way& way, std::size_t workers, const Costs& costs) {
  struct Turn {
    double at;
    std::size_t worker;
    bool operator>(const Turn& other) const { return at > other.at; }
  };
  std::priority_queue<Turn, std::vector<Turn>, std::greater<>> turns;
  // One write and what lies between it and the next make a turn.
  const double between =
      (packets * costs.work + (workers > 1 ? way.others * costs.transfer : 0)) / way.writes;
  for (std::size_t worker = 0; worker < workers; ++worker)
    turns.push({between * static_cast<double>(worker) / static_cast<double>(workers), worker});
  Line hot;
  const std::size_t rounds = 40, all = workers * way.writes * rounds;
  double end = 0;
  for (std::size_t turn = 0; turn < all; ++turn) {
    const auto [at, worker] = turns.top();
    turns.pop();
    end = hot.write(at, worker, costs.local + way.held, costs) + between;
    turns.push({end, worker});
  }
  return end / (static_cast<double>(rounds) * packets) - costs.work;
}

void print_workers(const Costs& costs) {
  fmt::print("workers");
  for (const Way& way : ways)
    fmt::print(",{}", way.name);
  for (std::size_t workers = 1; workers <= 1024; workers *= 2) {
    fmt::print("\n{}", workers);
    for (const Way& way : ways)
      fmt::print(",{:.2f}", overhead(way, workers, costs));
  }
  fmt::print("\n");
}

// The window that would have held everything: paths of evenly spread delay, a worker for each, which sends
// its lease at an even pace and then takes the next. The workers' leases begin at different moments.
std::uint64_t window_that_holds(std::size_t paths, std::uint32_t lease, double skew, double rate) {
  struct Arrival {
    double at;
    std::uint64_t number;
    bool operator<(const Arrival& other) const { return at < other.at; }
  };
  const auto count = static_cast<std::uint64_t>(3 * skew * rate) + 20 * paths * lease;
  const double pace = static_cast<double>(paths) / rate;  // between two packets of a worker
  std::vector<Arrival> arrivals;
  std::uint64_t taken = 0;
  for (std::uint64_t turn = 0; taken < count; ++turn) {
    const std::size_t path = turn % paths;
    const double begin = static_cast<double>(turn * lease) / rate;
    const double delay = paths == 1 ? 0 : skew * static_cast<double>(path) / static_cast<double>(paths - 1);
    for (std::uint32_t i = 0; i < lease; ++i)
      arrivals.push_back({begin + i * pace + delay, ++taken});
  }
  std::stable_sort(arrivals.begin(), arrivals.end());
  std::uint64_t top = 0, most = 1;
  for (const Arrival& arrival : arrivals) {
    top = std::max(top, arrival.number);
    most = std::max(most, top - arrival.number + 1);
  }
  return most;
}

void print_window() {
  constexpr double rate = 1e6;
  fmt::print("paths,lease,skew_ms,simulated,configured\n");
  for (const double skew_ms : {0.0, 1.0, 10.0, 100.0})
    for (const std::uint32_t lease : {1u, 8u, 32u, 64u})
      for (std::uint32_t paths = 1; paths <= 64; paths *= 2) {
        const auto configured =
            cluster::window_needed({.workers = paths,
                                    .lease = lease,
                                    .skew = Duration(static_cast<Duration::rep>(skew_ms * 1e6)),
                                    .packets_per_second = static_cast<std::uint64_t>(rate)});
        fmt::print("{},{},{},{},{}\n", paths, lease, skew_ms,
                   window_that_holds(paths, lease, skew_ms / 1e3, rate), configured);
      }
}

}  // namespace
}  // namespace mpsec::experiments

int main(int argc, char** argv) {
  using namespace mpsec::experiments;
  const std::string_view what = argc > 1 ? argv[1] : "";
  if (what == "window" && argc == 2) return print_window(), 0;
  if (what == "workers" && argc == 2) return print_workers({}), 0;
  if (what == "workers" && argc == 5)
    return print_workers({std::atof(argv[2]), std::atof(argv[3]), std::atof(argv[4])}), 0;
  fmt::print(stderr, "expected: {} workers [LOCAL TRANSFER WORK], or: {} window\n", argv[0], argv[0]);
  return 2;
}
