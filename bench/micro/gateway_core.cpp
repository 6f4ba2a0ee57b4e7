// Many tunnels between two cores in memory, one after the other: what each event costs must not depend on how
// many SAs are there.
// depends: gateway_core crypto_openssl
#include <benchmark/benchmark.h>
#include <malloc.h>

#include "gateway/core/test_gateways.hpp"
#include "support/comparison.hpp"

namespace mpsec::bench {
namespace {

using namespace gateway;
using gateway::test::Gateway;
using gateway::test::Plan;
using gateway::test::World;

constexpr std::uint32_t most_tunnels = 1000;

// Memory that comes from the system little by little costs more than a tunnel does, and the first of them
// find some that was used before.
const bool comes_at_once = ::mallopt(M_TOP_PAD, 64 << 20) == 1;

IpAddress client(std::uint32_t number) {
  return IpAddress::v4(0x0a010000u + number);
}

// So many peers of one gateway, each with an IKE SA and a Child SA of its own.
Plan many_clients(std::uint32_t count) {
  Plan plan;
  plan.start = Start::none;
  plan.change = [count](Settings& settings) {
    const auto peer = settings.ike.peers[0];
    const auto beside = settings.peers.at("peer");
    const auto policy = settings.policies[0];
    settings.ike.peers.clear(), settings.peers.clear(), settings.policies.clear();
    for (std::uint32_t i = 0; i < count; ++i) {
      auto& one = settings.ike.peers.emplace_back(peer);
      one.name = fmt::format("peer {}", i);
      one.local_id = ipsec::Identity::fqdn(fmt::format("c{}.example", i));
      auto& child = one.children[0];
      child.name = fmt::format("net {}", i);
      child.policy = ipsec::PolicyId{i + 1};
      child.selectors[0].local = {{client(i), client(i)}};
      settings.peers[one.name] = beside;
      auto& its = settings.policies.emplace_back(policy);
      its.id = child.policy;
      its.selectors = child.selectors;
    }
  };
  return plan;
}

// The gateway that takes all of them.
Plan for_all() {
  Plan plan;
  plan.start = Start::none;
  plan.change = [](Settings& settings) {
    settings.ike.peers[0].remote_id.reset();
    settings.pad[0].identities = {ipsec::IdentityPattern::dns(".example").value()};
    settings.cookies = {.demand_from = 1u << 20, .relax_below = 1u << 20};
  };
  return plan;
}

// As the program does: after each event it asks when the next one is.
void ask(World& world) {
  for (Gateway* one : {&world.a, &world.b})
    benchmark::DoNotOptimize(one->core().next_deadline());
}

void begin(World& world, std::uint32_t number) {
  world
      .at(world.a,
          [&](Core& core, Output& output) {
            return core.initiate(fmt::format("peer {}", number), "", world.now, output);
          })
      .value();
  ask(world);
  while (!world.wire.empty())
    world.deliver(1), ask(world);
}

// The cost of a tunnel while there are few and when there are many; `ratio`: of these.
void tunnels(benchmark::State& state) {
  Samples few, many;
  if (!comes_at_once) return state.SkipWithError("the allocator takes no advice");
  for (auto _ : state) {
    World world(many_clients(most_tunnels), for_all());
    for (std::uint32_t i = 0; i < most_tunnels; ++i) {
      if (i < 50)
        few.take([&] { begin(world, i); });
      else if (i >= most_tunnels - 50)
        many.take([&] { begin(world, i); });
      else
        begin(world, i);
    }
    if (world.b.core().status().ike_sas.size() != most_tunnels)
      return state.SkipWithError("not every tunnel is there");
  }
  const double to_us = 1e6 / cycles_per_second();
  state.counters["few_us"] = few.quartile() * to_us;
  state.counters["many_us"] = many.quartile() * to_us;
  state.counters["ratio"] = many.quartile() / few.quartile();
}
BENCHMARK(tunnels)->Iterations(2)->Unit(benchmark::kMillisecond);

// They go again, one after the other.
void ends(benchmark::State& state) {
  Samples few, many;
  for (auto _ : state) {
    World world(many_clients(most_tunnels), for_all());
    for (std::uint32_t i = 0; i < most_tunnels; ++i)
      begin(world, i);
    const Status status = world.a.core().status();
    for (std::size_t left = most_tunnels; left-- > 0;) {
      const auto end = [&] {
        world
            .at(world.a,
                [&](Core& core, Output& output) {
                  return core.terminate_ike(status.ike_sas[left].ike.id, world.now, output);
                })
            .value();
        ask(world);
        while (!world.wire.empty())
          world.deliver(1), ask(world);
      };
      if (left < 50)
        few.take(end);
      else if (left >= most_tunnels - 50)
        many.take(end);
      else
        end();
    }
  }
  const double to_us = 1e6 / cycles_per_second();
  state.counters["few_us"] = few.quartile() * to_us;
  state.counters["many_us"] = many.quartile() * to_us;
  state.counters["ratio"] = many.quartile() / few.quartile();
}
BENCHMARK(ends)->Iterations(2)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace mpsec::bench
