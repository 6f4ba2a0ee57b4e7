// What a packet pays for the choice of its path, asked for one by one and in rows of 32. The floor is the
// least that a choice behind a seam can be: a virtual call that gives the next number.
// depends: cluster bench_support fmt::fmt
#include <fmt/format.h>

#include "cluster/make_scheduler.hpp"
#include "support/comparison.hpp"

namespace mpsec::bench {
namespace {

using namespace cluster;

class NextPath final : public PathScheduler {
 public:
  void on_paths(std::span<const PathView> paths) override {
    count_ = static_cast<std::uint32_t>(paths.size());
  }
  // Called in truth, as ours is, and not guessed by the compiler.
  [[gnu::noinline]] Choice choose(std::uint64_t, std::uint32_t wanted) noexcept override {
    path_ = path_ + 1 < count_ ? path_ + 1 : 0;
    return {path_, wanted, std::nullopt};
  }

 private:
  std::uint32_t count_ = 0;
  std::uint32_t path_ = 0;
};

// As measured on a network: every path differs from every other, weights too.
std::vector<PathView> paths_of(std::uint32_t count) {
  std::vector<PathView> paths;
  for (std::uint32_t id = 0; id < count; ++id)
    paths.push_back({.id = SubSaId(id),
                     .weight = 1 + id % 10,
                     .round_trip = std::chrono::microseconds(10'000 + id * 7919 % 30'011),
                     .loss = id % 8 / 100.0});
  return paths;
}

constexpr std::uint32_t packets = 1 << 12;

// The paths of so many packets. A flow has 32 packets, so each call for 32 is of a flow of its own.
void choose_for(PathScheduler& scheduler, std::uint32_t wanted, std::uint64_t& packet) {
  std::uint64_t sum = 0;
  for (std::uint32_t chosen = 0; chosen < packets;) {
    const auto choice = scheduler.choose((packet + chosen) / 32 * 0x9e3779b97f4a7c15, wanted);
    sum += choice.path;
    chosen += choice.packets;
  }
  packet += packets;
  benchmark::DoNotOptimize(sum);
}

void choose(benchmark::State& state, const std::string& name, std::uint32_t path_count,
            std::uint32_t wanted) {
  SeededRng rng(1);
  const auto ours = std::move(make_scheduler(name, rng).value());
  const std::unique_ptr<PathScheduler> floor = std::make_unique<NextPath>();
  const auto paths = paths_of(path_count);
  ours->on_paths(paths);
  floor->on_paths(paths);
  std::uint64_t of_floor = 0, of_ours = 0;
  Samples floor_samples, our_samples;
  for (auto _ : state) {
    floor_samples.take([&] { choose_for(*floor, wanted, of_floor); });
    our_samples.take([&] { choose_for(*ours, wanted, of_ours); });
  }
  const double nanoseconds = 1e9 / cycles_per_second() / packets;
  state.counters["floor_ns"] = floor_samples.quartile() * nanoseconds;
  state.counters["ns"] = our_samples.quartile() * nanoseconds;
}

const bool entered = [] {
  for (const std::string name :
       {"round-robin", "round-robin burst=1", "weighted", "weighted burst=1", "flow-hash", "least-round-trip",
        "random burst=32", "random", "adaptive", "duplicate weighted"})
    for (const std::uint32_t paths : {1u, 4u, 64u, 1024u})
      for (const std::uint32_t wanted : {1u, 32u})
        benchmark::RegisterBenchmark(fmt::format("choose/{}/paths:{}/wanted:{}", name, paths, wanted).c_str(),
                                     [=](benchmark::State& state) { choose(state, name, paths, wanted); })
            ->MinTime(0.05);
  return true;
}();

}  // namespace
}  // namespace mpsec::bench
