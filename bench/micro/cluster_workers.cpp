// Two workers that receive on one cluster, against the same two on two separate SAs.
// depends: ipsec cluster crypto_openssl crypto_ipsec_mb bench_support

// Each worker has a data path and one SA of its own. In the cluster both SAs share the window, and the
// numbers come as leases of 32 hand them out: a batch of one worker lies between two of the other. All
// batches of a round are sealed beforehand; then both workers open theirs at once, as fast as they can.
// Separate SAs and cluster take turns. `ratio` is what a worker of the cluster does, of what a worker with an
// SA of its own does: 1 is no loss.
#include <barrier>
#include <thread>

#include "cluster/round_robin.hpp"
#include "cluster/sa_cluster.hpp"
#include "crypto/openssl/openssl_provider.hpp"
#include "ipsec/sa_test_support.hpp"
#include "support/comparison.hpp"
#include "support/crypto_floor.hpp"

namespace mpsec::bench {
namespace {

using namespace ipsec;

constexpr std::size_t batch = 32, rounds_of = 128;
constexpr std::uint32_t window = 65536;  // more than a worker can fall behind within a round

InboundParameters inbound(std::uint32_t worker) {
  auto parameters = test::inbound_parameters({.extended = true, .window = window, .seed = worker + 1});
  parameters.spi = Spi{0x1000 + worker};
  return parameters;
}
OutboundParameters outbound(std::uint32_t worker) {
  auto parameters = test::outbound_parameters({.extended = true, .seed = worker + 1});
  parameters.spi = Spi{0x1000 + worker};
  return parameters;
}

// One worker's data path, its SA, and what it is going to open.
class Worker {
 public:
  Worker(std::uint32_t index, const crypto::Provider& provider, std::size_t octets,
         std::shared_ptr<SequenceSource> source, std::shared_ptr<AntiReplay> shared_window)
      : clear_(test::udp_packet(false, octets - 28)),
        path_({}, {rng_, lifetime_, policy_}),
        sender_(OutboundSa::make(outbound(index), provider, std::move(source)).value()),
        storage_(rounds_of * batch, Octets(default_headroom + octets + default_tailroom)) {
    if (!path_.add(InboundSa::make(inbound(index), provider, std::move(shared_window)).value())) std::abort();
    packets_.resize(rounds_of * batch);
  }

  void seal(std::size_t number_of_batch) {
    std::array<Outgoing, batch> outgoing;
    for (std::size_t i = 0; i < batch; ++i) {
      Octets& storage = storage_[number_of_batch * batch + i];
      std::ranges::copy(clear_, storage.begin() + default_headroom);
      outgoing[i] = {.packet = PacketBuffer(storage, default_headroom, clear_.size())};
    }
    sender_->protect(outgoing, {}, {rng_, lifetime_, ah_});
    for (std::size_t i = 0; i < batch; ++i)
      packets_[number_of_batch * batch + i] = outgoing[i].packet;
  }
  // Returns the cycles that all batches took.
  std::uint64_t open_all() {
    delivered_ = 0;
    const std::uint64_t from = cycles();
    for (std::size_t at = 0; at < packets_.size(); at += batch) {
      actions_.clear();
      path_.receive(std::span(packets_).subspan(at, batch), {}, actions_);
      delivered_ += actions_.deliveries.size();
    }
    return cycles() - from;
  }
  bool all_delivered() const { return delivered_ == packets_.size(); }

 private:
  Octets clear_;
  SeededRng rng_{1};
  StandardLifetimePolicy lifetime_;
  StandardInboundPolicy policy_;
  AhAuthenticator ah_;
  DataPath path_;
  std::unique_ptr<OutboundSa> sender_;
  std::vector<Octets> storage_;
  std::vector<PacketBuffer> packets_;
  ipsec::Actions actions_;
  std::size_t delivered_ = 0;
};

struct Pair {
  std::unique_ptr<Worker> first, second;

  void seal() {
    for (std::size_t i = 0; i < rounds_of; ++i)
      first->seal(i), second->seal(i);
  }
  // Cycles a packet of a worker, both at work.
  double open() {
    std::barrier start(2);
    std::uint64_t of_second = 0;
    std::thread other([&] {
      start.arrive_and_wait();
      of_second = second->open_all();
    });
    start.arrive_and_wait();
    const std::uint64_t of_first = first->open_all();
    other.join();
    return static_cast<double>(of_first + of_second) / (2.0 * rounds_of * batch);
  }
  bool all_delivered() const { return first->all_delivered() && second->all_delivered(); }
};

void run(benchmark::State& state, std::size_t octets, bool ipsec_mb) {
  const auto provider =
      ipsec_mb ? crypto::make_ipsec_mb_provider(crypto::Tier::best) : crypto::make_openssl_provider();
  if (!provider) return state.SkipWithError("this machine lacks the library");
  auto sequence = std::make_shared<cluster::SharedSequence>(true);
  auto shared = std::make_shared<cluster::SharedWindow>(window, true, window);
  auto worker = [&](std::uint32_t index, bool in_cluster) {
    return std::make_unique<Worker>(index, *provider, octets, in_cluster ? sequence : nullptr,
                                    in_cluster ? shared : nullptr);
  };
  Pair separate{worker(0, false), worker(1, false)}, together{worker(0, true), worker(1, true)};
  std::vector<double> of_separate, of_together;
  for (auto _ : state) {
    separate.seal(), together.seal();
    of_separate.push_back(separate.open());
    of_together.push_back(together.open());
    if (!separate.all_delivered() || !together.all_delivered())
      return state.SkipWithError("not every packet was delivered");
  }
  auto quartile = [](std::vector<double>& all) {
    std::ranges::sort(all);
    return all[all.size() / 4];
  };
  const double alone = quartile(of_separate), shared_cycles = quartile(of_together);
  state.counters["separate_cycles"] = alone;
  state.counters["cluster_cycles"] = shared_cycles;
  state.counters["ratio"] = alone / shared_cycles;
}

BENCHMARK_CAPTURE(run, ipsec_mb_64, 64, true)->MinTime(0.5)->UseRealTime();
BENCHMARK_CAPTURE(run, ipsec_mb_1420, 1420, true)->MinTime(0.5)->UseRealTime();
BENCHMARK_CAPTURE(run, openssl_1420, 1420, false)->MinTime(0.5)->UseRealTime();

}  // namespace
}  // namespace mpsec::bench
