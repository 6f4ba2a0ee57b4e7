// A cluster's packets by two workers, against the same by one.
// depends: gateway_workers crypto_openssl crypto_ipsec_mb bench_support

// Two sub-SAs. With one worker a data path has both; with two, the second sub-SA is a further worker's, whose
// packets the first thread hands over. Inbound: the first thread finds each packet's owner, copies what is
// not its own, and opens the rest. Outbound: each thread seals half of the packets over both sub-SAs, with
// numbers of its own leases. One and two take turns. What is measured is the processor's time that each
// thread uses, in ns for each packet of all; waiting is none. `ratio` is the time of one worker to that of
// the busier of two: what two workers get done on two processors that have nothing else to do. 2 is the best
// there is.
#include <atomic>
#include <ctime>
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

// Of the calling thread.
std::uint64_t processor_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
}

// What a thread has used for its share of a round, each a sample.
class Used {
 public:
  template <class Call>
  void take(Call call) {
    const std::uint64_t from = processor_ns();
    call();
    add(processor_ns() - from);
  }
  void add(std::uint64_t ns) { samples_.push_back(static_cast<double>(ns) / packets); }
  double quartile() {
    std::ranges::sort(samples_);
    return samples_[samples_.size() / 4];
  }

 private:
  std::vector<double> samples_;
};

// The worker's thread, in and out, for as long as it lives.
class Thread {
 public:
  Thread(End& end, Packets& own) : desk_(end.crew.desk(1)), own_(own), thread_([this] { run(); }) {}
  ~Thread() {
    stop_ = true;
    thread_.join();
  }
  // Seals the batches from `first` on, while the caller seals those before.
  void begin(std::size_t first) { done = 0, first_ = first; }
  // Until so many packets are sealed or opened.
  void wait_for(std::size_t count) const {
    while (done < count)
      std::this_thread::yield();
  }
  std::uint64_t take_used() { return used_.exchange(0); }
  std::atomic<std::size_t> done = 0;

 private:
  void run() {
    WorkerOutput output;
    while (!stop_) {
      const std::uint64_t from = processor_ns();
      std::size_t count = 0;
      while (desk_.receive_next({}, output))
        count += leave(output);
      for (std::size_t at = first_.exchange(batches); at < batches; ++at)
        desk_.send(own_.of(at), {}, output, [&] { count += leave(output); });
      if (count == 0) {
        std::this_thread::yield();
        continue;
      }
      used_ += processor_ns() - from;
      done += count;
    }
  }
  std::size_t leave(WorkerOutput& output) {
    const std::size_t count = output.inside.size() + output.outside.size();
    output.clear();
    desk_.finish();
    return count;
  }

  Desk& desk_;
  Packets& own_;
  std::atomic<bool> stop_ = false;
  std::atomic<std::size_t> first_ = batches;
  std::atomic<std::uint64_t> used_ = 0;
  std::thread thread_;
};

std::unique_ptr<crypto::Provider> provider_of(bool ipsec_mb) {
  return ipsec_mb ? crypto::make_ipsec_mb_provider(crypto::Tier::best) : crypto::make_openssl_provider();
}

void forget_news(End& end) {
  while (auto news = end.crew.desk(1).news())
    end.crew.desk(1).give_back(std::move(news));
}

void tell(benchmark::State& state, Used& one, Used& first, Used& second) {
  state.counters["one_ns"] = one.quartile();
  state.counters["first_ns"] = first.quartile();
  state.counters["second_ns"] = second.quartile();
  state.counters["ratio"] = one.quartile() / std::max(first.quartile(), second.quartile());
}

void out(benchmark::State& state, std::size_t octets, bool ipsec_mb) {
  const auto provider = provider_of(ipsec_mb);
  if (!provider) return state.SkipWithError("this machine lacks the library");
  End alone(0, *provider), both(1, *provider);
  Packets all(octets);
  Thread worker(both, all);
  cluster::ClusterEnd::Actions actions;
  Used one, first, second;
  for (auto _ : state) {
    std::size_t sealed = 0;
    const auto seal_some = [&](End& end, std::size_t count) {
      for (std::size_t i = 0; i < count; ++i)
        sealed += seal(end, all.of(i), actions);
    };
    all.reset();
    one.take([&] { seal_some(alone, batches); });
    all.reset();
    worker.begin(batches / 2);
    first.take([&] { seal_some(both, batches / 2); });
    worker.wait_for(packets / 2);
    second.add(worker.take_used());
    forget_news(both);
    if (sealed != packets + packets / 2) return state.SkipWithError("not every packet was sealed");
  }
  tell(state, one, first, second);
}

void in(benchmark::State& state, std::size_t octets, bool ipsec_mb) {
  const auto provider = provider_of(ipsec_mb);
  if (!provider) return state.SkipWithError("this machine lacks the library");
  End peer_of_one(0, *provider), peer_of_two(0, *provider), alone(0, *provider), both(1, *provider);
  Packets all(octets), none(octets);
  Thread worker(both, none);
  cluster::ClusterEnd::Actions actions;
  Used one, first, second;
  for (auto _ : state) {
    std::size_t opened = 0;
    const auto open = [&](End& end, std::span<PacketBuffer> sealed) {
      actions.clear();
      end.ends.receive(sealed, {}, actions);
      opened += actions.packets.deliveries.size();
    };
    seal_all(peer_of_one, all);
    one.take([&] {
      for (std::size_t i = 0; i < batches; ++i)
        open(alone, all.of(i));
    });
    seal_all(peer_of_two, all);
    worker.done = 0;
    first.take([&] {
      for (std::size_t i = 0; i < batches; ++i)
        open(both, both.crew.hand_over(all.of(i)));
    });
    worker.wait_for(packets / 2);
    second.add(worker.take_used());
    forget_news(both);
    if (opened != packets + packets / 2) return state.SkipWithError("not every packet was opened");
  }
  tell(state, one, first, second);
}

BENCHMARK_CAPTURE(out, ipsec_mb_1420, 1420, true)->MinTime(0.5)->UseRealTime();
BENCHMARK_CAPTURE(out, openssl_1420, 1420, false)->MinTime(0.5)->UseRealTime();
BENCHMARK_CAPTURE(in, ipsec_mb_1420, 1420, true)->MinTime(0.5)->UseRealTime();
BENCHMARK_CAPTURE(in, openssl_1420, 1420, false)->MinTime(0.5)->UseRealTime();

}  // namespace
}  // namespace mpsec::bench
