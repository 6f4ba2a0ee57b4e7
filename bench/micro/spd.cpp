// Policy lookup without any cache of flows: what each packet of a flow costs, and what the first one does.
// depends: ipsec bench_support fmt::fmt
#include <fmt/format.h>
#include <memory>

#include "support/comparison.hpp"
#include "support/policy_mix.hpp"

namespace mpsec::bench {
namespace {

constexpr std::size_t burst = 64;

struct Workload {
  std::shared_ptr<const ipsec::SpdSnapshot> snapshot;
  std::vector<ipsec::PacketSelectors> packets;  // every one a flow of its own
};

Workload workload(PolicyKind kind, IpVersion version, std::size_t count) {
  PolicyMix mix(kind, version);
  const auto snapshot = mix.spd(count).snapshot();
  return {snapshot, mix.packets(snapshot->policies(), 1 << 15)};
}

// `ns`: the quartile on the fast side of lookups in bursts of 64, so that other work of the machine counts
// less.
void lookup(benchmark::State& state, PolicyKind kind, IpVersion version, std::size_t count) {
  const auto [snapshot, packets] = workload(kind, version, count);
  Samples samples;
  std::size_t next = 0, found = 0, looked_up = 0;
  for (auto _ : state) {
    const std::span batch(packets.data() + next, burst);
    samples.take([&] {
      for (const auto& packet : batch)
        found += snapshot->find(packet) != nullptr;
    });
    next = (next + burst) % packets.size();
    looked_up += burst;
  }
  state.counters["ns"] = samples.quartile() / burst / cycles_per_second() * 1e9;
  state.counters["matched"] = static_cast<double>(found) / static_cast<double>(looked_up);
  state.counters["octets/policy"] = static_cast<double>(snapshot->octets()) / static_cast<double>(count);
}

void compile(benchmark::State& state, PolicyKind kind, std::size_t count) {
  const ipsec::Spd spd = PolicyMix(kind, IpVersion::v4).spd(count);
  for (auto _ : state)
    benchmark::DoNotOptimize(ipsec::SpdSnapshot(spd.policies()).octets());
}

void read_selectors(benchmark::State& state, std::string_view packet_in_hex) {
  const Octets packet = hex(packet_in_hex);
  for (auto _ : state) {
    OctetView view = packet;
    benchmark::DoNotOptimize(view);
    benchmark::DoNotOptimize(ipsec::selectors_of(view, ipsec::Direction::outbound));
  }
}

void register_all() {
  benchmark::RegisterBenchmark("selectors_of/v4_udp", read_selectors,
                               "4500001c000000004011000000000000 0000 0000 01f4119400080000");
  benchmark::RegisterBenchmark(
      "selectors_of/v6_udp", read_selectors,
      "6000000000081140 20010db8000000000000000000000001 20010db8000000000000000000000002 01f4119400080000");
  for (const PolicyKind kind : policy_kinds) {
    for (const IpVersion version : {IpVersion::v4, IpVersion::v6}) {
      for (const std::size_t count : {10, 1'000, 100'000}) {
        const std::string name =
            fmt::format("spd/{}/v{}/{}", to_string(kind), static_cast<int>(version), count);
        benchmark::RegisterBenchmark(name.c_str(), lookup, kind, version, count)->Iterations(4096);
      }
    }
    benchmark::RegisterBenchmark(fmt::format("spd_compile/{}/v4/100000", to_string(kind)).c_str(), compile,
                                 kind, std::size_t{100'000})
        ->Unit(benchmark::kMillisecond)
        ->Iterations(1);
  }
}
[[maybe_unused]] const bool registered = (register_all(), true);

}  // namespace
}  // namespace mpsec::bench
