// A cluster's packets by two workers, against the same by one.
// depends: gateway_workers crypto_openssl crypto_ipsec_mb bench_support

// Two sub-SAs. With one worker a data path has both; with two, the second sub-SA is a further worker's, whose
// packets the first thread hands over. Inbound: the first thread finds each packet's owner, copies what is
// not its own, and opens the rest. Outbound: each thread seals half of the packets over both sub-SAs, with
// numbers of its own leases. One and two take turns. `ratio` is the time of one worker to that of two: 2
// would be two whole processors, and on a machine with other work it is less.
#include <atomic>
#include <thread>

#include "cluster/cluster_end.hpp"
#include "cluster/round_robin.hpp"
#include "crypto/openssl/openssl_provider.hpp"
#include "gateway/workers/crew.hpp"
#include "ipsec/sa_test_support.hpp"
#include "support/comparison.hpp"
#include "support/crypto_floor.hpp"

namespace mpsec::bench {
namespace {

using namespace ipsec;
using gateway::Desk;
using gateway::WorkerOutput;

constexpr std::size_t batch = 64, batches = 32, packets = batch * batches;
constexpr std::uint32_t window = 65536;
constexpr ClusterId cluster_id{7};

cluster::ClusterParameters cluster_parameters() {
  cluster::ClusterParameters parameters;
  parameters.id = cluster_id;
  parameters.replay_window = parameters.peer_window = window;
  return parameters;
}
InboundParameters inbound(std::uint32_t index) {
  auto parameters = test::inbound_parameters({.extended = true, .window = window, .seed = index + 1});
  parameters.spi = Spi{0x1000 + index};
  parameters.selectors = cluster_parameters().selectors;
  return parameters;
}
OutboundParameters outbound(std::uint32_t index) {
  auto parameters = test::outbound_parameters({.extended = true, .seed = index + 1});
  parameters.spi = Spi{0x1000 + index};
  parameters.selectors = cluster_parameters().selectors;
  return parameters;
}

Spd protect_all() {
  Spd spd;
  Policy policy;
  policy.id = PolicyId{1}, policy.action = Action::protect;
  policy.selectors = {Selector{}};
  policy.protect = ProtectSpec{};
  policy.protect->endpoints = TunnelEndpoints{ip("192.0.2.1"), ip("198.51.100.1")};
  policy.protect->by = cluster_id;
  if (!spd.append(policy)) std::abort();
  return spd;
}

// One end: the core's data path, and `further` workers beside it.
struct End {
  End(std::size_t further, const crypto::Provider& provider)
      : path({}, {rng, lifetime, policy}), ends(path, provider), crew(further, {}, {rng, provider}) {
    Spd spd = protect_all();
    path.use(spd), crew.use(spd);
    const auto scheduler = [] { return std::make_unique<cluster::RoundRobin>(32); };
    const cluster::LeaseRules leases{.numbers = 64, .peer_window = window};
    const auto* made = ends.found(cluster_parameters(), {.scheduler = scheduler(), .leases = leases}).value();
    crew.take_part(
            made->core(),
            [&]() -> Result<gateway::Worker::Part> { return gateway::Worker::Part{scheduler(), leases}; })
        .value();
    for (std::uint32_t index = 1; index <= 2; ++index) {
      const cluster::SubSaId sub_sa{index};
      const std::size_t owner = crew.size() == 0 ? 0 : index - 1;
      if (owner == 0) {
        ends.join(cluster_id, sub_sa, inbound(index), {}).value();
        crew.joined_core(cluster_id);
      } else {
        ends.join_elsewhere(cluster_id, sub_sa, {}).value();
        crew.join(owner, cluster_id, sub_sa, inbound(index)).value();
      }
      OutboundParameters parameters = outbound(index);
      crew.join(cluster_id, sub_sa, parameters, 1).value();
      ends.join(cluster_id, sub_sa, std::move(parameters), {}).value();
    }
    crew.offer(cluster_id, cluster_id);
  }

  SeededRng rng{1};
  StandardLifetimePolicy lifetime;
  StandardInboundPolicy policy;
  DataPath path;
  cluster::ClusterEnd ends;
  gateway::Crew crew;
};

// Storage of all packets of a round.
class Packets {
 public:
  explicit Packets(std::size_t octets)
      : clear_(test::udp_packet(false, octets - 28)),
        storage_(packets, Octets(default_headroom + octets + default_tailroom)),
        all_(packets) {}
  void reset() {
    for (std::size_t i = 0; i < packets; ++i) {
      std::ranges::copy(clear_, storage_[i].begin() + default_headroom);
      all_[i] = PacketBuffer(storage_[i], default_headroom, clear_.size());
    }
  }
  std::span<PacketBuffer> of(std::size_t index) { return std::span(all_).subspan(index * batch, batch); }

 private:
  Octets clear_;
  std::vector<Octets> storage_;
  std::vector<PacketBuffer> all_;
};

std::size_t seal(End& end, std::span<PacketBuffer> clear, cluster::ClusterEnd::Actions& actions) {
  std::array<Outgoing, batch> outgoing;
  std::array<Fate, batch> fates{};
  for (std::size_t i = 0; i < batch; ++i)
    outgoing[i] = {.packet = clear[i]};
  actions.clear();
  end.ends.send(outgoing, {}, fates, actions);
  for (std::size_t i = 0; i < batch; ++i)
    clear[i] = outgoing[i].packet;
  return static_cast<std::size_t>(std::ranges::count(fates, Fate::protected_));
}

void seal_all(End& end, Packets& all) {
  cluster::ClusterEnd::Actions actions;
  all.reset();
  for (std::size_t i = 0; i < batches; ++i)
    seal(end, all.of(i), actions);
}

// The worker's thread, in and out, for as long as it lives.
class Thread {
 public:
  Thread(End& end, Packets& own) : desk_(end.crew.desk(1)), own_(own), thread_([this] { run(); }) {}
  ~Thread() {
    stop_ = true;
    thread_.join();
  }
  // Seals the batches from `first` on, while the caller seals those before.
  void begin(std::size_t first) { sealed = 0, first_ = first; }
  std::atomic<std::size_t> sealed = 0, opened = 0;

 private:
  void run() {
    WorkerOutput output;
    while (!stop_) {
      while (desk_.receive_next({}, output)) {
        const std::size_t count = output.inside.size();
        output.clear();
        desk_.finish();
        opened += count;
      }
      for (std::size_t at = first_.exchange(batches); at < batches; ++at) {
        desk_.send(own_.of(at), {}, output, [] {});
        sealed += output.outside.size();
        output.clear();
        desk_.finish();
      }
    }
  }

  Desk& desk_;
  Packets& own_;
  std::atomic<bool> stop_ = false;
  std::atomic<std::size_t> first_ = batches;
  std::thread thread_;
};

std::unique_ptr<crypto::Provider> provider_of(bool ipsec_mb) {
  return ipsec_mb ? crypto::make_ipsec_mb_provider(crypto::Tier::best) : crypto::make_openssl_provider();
}

void forget_news(End& end) {
  while (auto news = end.crew.desk(1).news())
    end.crew.desk(1).give_back(std::move(news));
}

void tell(benchmark::State& state, Samples& of_one, Samples& of_two) {
  state.counters["one_cycles"] = of_one.quartile() / packets;
  state.counters["two_cycles"] = of_two.quartile() / packets;
  state.counters["ratio"] = of_one.quartile() / of_two.quartile();
}

void out(benchmark::State& state, std::size_t octets, bool ipsec_mb) {
  const auto provider = provider_of(ipsec_mb);
  if (!provider) return state.SkipWithError("this machine lacks the library");
  End alone(0, *provider), both(1, *provider);
  Packets all(octets);
  Thread worker(both, all);
  cluster::ClusterEnd::Actions actions;
  std::size_t sealed = 0;
  const auto one = [&] {
    for (std::size_t i = 0; i < batches; ++i)
      sealed += seal(alone, all.of(i), actions);
  };
  const auto two = [&] {
    worker.begin(batches / 2);
    std::size_t own = 0;
    for (std::size_t i = 0; i < batches / 2; ++i)
      own += seal(both, all.of(i), actions);
    while (worker.sealed < packets / 2) {
    }
    sealed += own + worker.sealed;
  };
  Samples of_one, of_two;
  for (auto _ : state) {
    sealed = 0;
    all.reset();
    of_one.take(one);
    all.reset();
    of_two.take(two);
    forget_news(both);
    if (sealed != 2 * packets) return state.SkipWithError("not every packet was sealed");
  }
  tell(state, of_one, of_two);
}

void in(benchmark::State& state, std::size_t octets, bool ipsec_mb) {
  const auto provider = provider_of(ipsec_mb);
  if (!provider) return state.SkipWithError("this machine lacks the library");
  End peer_of_one(0, *provider), peer_of_two(0, *provider), alone(0, *provider), both(1, *provider);
  Packets all(octets), none(octets);
  Thread worker(both, none);
  cluster::ClusterEnd::Actions actions;
  std::size_t opened = 0;
  const auto open = [&](End& end, std::span<PacketBuffer> sealed) {
    actions.clear();
    end.ends.receive(sealed, {}, actions);
    opened += actions.packets.deliveries.size();
  };
  const auto one = [&] {
    for (std::size_t i = 0; i < batches; ++i)
      open(alone, all.of(i));
  };
  const auto two = [&] {
    worker.opened = 0;
    for (std::size_t i = 0; i < batches; ++i)
      open(both, both.crew.hand_over(all.of(i)));
    while (worker.opened + both.crew.dropped() < packets / 2) {
    }
    opened += worker.opened;
  };
  Samples of_one, of_two;
  for (auto _ : state) {
    opened = 0;
    seal_all(peer_of_one, all);
    of_one.take(one);
    seal_all(peer_of_two, all);
    of_two.take(two);
    forget_news(both);
    if (opened != 2 * packets) return state.SkipWithError("not every packet was opened");
  }
  tell(state, of_one, of_two);
}

BENCHMARK_CAPTURE(out, ipsec_mb_1420, 1420, true)->MinTime(0.5)->UseRealTime();
BENCHMARK_CAPTURE(out, openssl_1420, 1420, false)->MinTime(0.5)->UseRealTime();
BENCHMARK_CAPTURE(in, ipsec_mb_1420, 1420, true)->MinTime(0.5)->UseRealTime();
BENCHMARK_CAPTURE(in, openssl_1420, 1420, false)->MinTime(0.5)->UseRealTime();

}  // namespace
}  // namespace mpsec::bench
