// What the reorder buffer costs a packet, against handing the same packets on as they come.
// depends: cluster bench_support
#include "cluster/reorder_buffer.hpp"

#include <array>
#include <cstring>
#include <numeric>

#include "base/rng.hpp"
#include "support/comparison.hpp"

namespace mpsec::cluster {
namespace {

constexpr std::uint64_t packets = 1 << 15;
constexpr std::size_t packet_octets = 1420;

struct Arrived {
  std::uint64_t number;
  std::uint32_t path;
};

// Round robin over `paths`, of which each is up to `skew` packets slower than the fastest; one packet in
// `loss` is lost.
std::vector<Arrived> arrivals(std::uint32_t paths, std::uint64_t skew, std::uint64_t loss) {
  SeededRng rng(1);
  std::vector<std::uint64_t> delays(paths);
  for (std::uint64_t& delay : delays)
    delay = skew == 0 ? 0 : rng.below(skew + 1);
  std::vector<std::pair<std::uint64_t, Arrived>> sent;
  for (std::uint64_t number = 1; number <= packets; ++number) {
    const auto path = static_cast<std::uint32_t>(number % paths);
    if (loss == 0 || rng.below(loss) != 0) sent.push_back({number + delays[path], {number, path}});
  }
  std::ranges::stable_sort(sent, {}, [](const auto& packet) { return packet.first; });
  std::vector<Arrived> arrived;
  for (const auto& packet : sent)
    arrived.push_back(packet.second);
  return arrived;
}

struct Handle {
  const std::uint8_t* octets;
};
struct Copy {
  std::array<std::uint8_t, packet_octets> octets;
};

Handle packet_of(const std::uint8_t* received, Handle*) {
  return {received};
}
Copy packet_of(const std::uint8_t* received, Copy*) {
  Copy copy;
  std::memcpy(copy.octets.data(), received, packet_octets);
  return copy;
}
struct Setting {
  explicit Setting(const benchmark::State& state)
      : arrived(arrivals(static_cast<std::uint32_t>(state.range(0)),
                         static_cast<std::uint64_t>(state.range(1)),
                         static_cast<std::uint64_t>(state.range(2)))),
        live(static_cast<std::size_t>(state.range(0))) {
    std::iota(live.begin(), live.end(), 0u);
    options.fifo_paths = state.range(3) != 0;
    if (state.range(4) != 0) options.flows = {.buckets = 1024};
  }

  std::vector<Arrived> arrived;
  std::vector<std::uint32_t> live;
  std::vector<std::uint8_t> received = std::vector<std::uint8_t>(64 * packet_octets, 7);
  ReorderOptions options{.limits = {.packets = 4096, .octets = std::uint64_t{1} << 30}};
};

constexpr auto deliver = [](auto&& packet, SequenceNumber) { benchmark::DoNotOptimize(packet); };

template <class Packet>
Packet received(const Setting& setting, std::uint64_t number) {
  return packet_of(&setting.received[number % 64 * packet_octets], static_cast<Packet*>(nullptr));
}

template <class Packet>
void hand_on(const Setting& setting) {
  for (const Arrived& packet : setting.arrived)
    deliver(received<Packet>(setting, packet.number), SequenceNumber(packet.number));
}

template <class Packet>
void put_in_order(const Setting& setting, ReorderBuffer<Packet>& buffer) {
  Instant now{};
  for (const Arrived& packet : setting.arrived)
    buffer.arrive(SequenceNumber(packet.number), packet.path, packet.path, packet_octets,
                  received<Packet>(setting, packet.number), now += Duration(100), deliver);
}

// The floor makes each packet and hands it on. ns is per packet, ns_held what a packet that had to wait cost
// more than the floor.
template <class Packet>
void through_the_buffer(benchmark::State& state) {
  const Setting setting(state);
  ReorderCounters counters;
  bench::Samples of_floor, of_ours;
  for (auto _ : state) {
    ReorderBuffer<Packet> buffer(setting.options,
                                 std::make_unique<ReleaseByTime>(std::chrono::milliseconds(1)));
    if (!buffer.on_paths(setting.live)) return state.SkipWithError("too many paths");
    of_floor.take([&] { hand_on<Packet>(setting); });
    of_ours.take([&] { put_in_order(setting, buffer); });
    counters = buffer.counters();
  }
  const auto packets_in = static_cast<double>(setting.arrived.size());
  const double scale = 1e9 / bench::cycles_per_second() / packets_in;
  const double floor = of_floor.quartile() * scale, ours = of_ours.quartile() * scale;
  state.counters["floor_ns"] = floor;
  state.counters["ns"] = ours;
  state.counters["held_share"] = static_cast<double>(counters.held) / packets_in;
  state.counters["most_held"] = static_cast<double>(counters.most_packets);
  if (counters.held != 0)
    state.counters["ns_held"] = (ours - floor) * packets_in / static_cast<double>(counters.held);
}

void cases(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"paths", "skew", "loss", "fifo", "flows"})->Unit(benchmark::kMillisecond);
  bench->Args({1, 0, 0, 0, 0})->Args({64, 0, 0, 1, 0})->Args({64, 0, 0, 1, 1});
  bench->Args({2, 16, 0, 0, 0})->Args({64, 64, 0, 0, 0})->Args({64, 1000, 0, 0, 0});
  bench->Args({64, 64, 0, 1, 0})
      ->Args({64, 1000, 0, 1, 0})
      ->Args({64, 1000, 100, 0, 0})
      ->Args({64, 1000, 100, 1, 0});
  bench->Args({64, 1000, 0, 1, 1})->Args({64, 1000, 100, 1, 1});
}
BENCHMARK(through_the_buffer<Handle>)->Apply(cases);
BENCHMARK(through_the_buffer<Copy>)->Apply(cases);

}  // namespace
}  // namespace mpsec::cluster
