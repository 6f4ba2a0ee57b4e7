// Two gateways with several workers each, every one of which has its own thread: for the thread sanitizer.
#include <atomic>
#include <deque>
#include <gtest/gtest.h>
#include <mutex>
#include <set>
#include <thread>

#include "gateway/core/test_gateways.hpp"

namespace mpsec::gateway::test {
namespace {

constexpr std::size_t packets_each = 600, most_on_their_way = 256;

// As the operating system's: several threads may ask at once.
class SharedRng final : public Rng {
 public:
  explicit SharedRng(std::uint64_t seed) : rng_(seed) {}
  void fill(MutableOctets out) override {
    const std::lock_guard lock(mutex_);
    rng_.fill(out);
  }

 private:
  std::mutex mutex_;
  SeededRng rng_;
};

using OnTheWay = std::variant<Datagram, Octets>;

class Inbox {
 public:
  void put(OnTheWay one) {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(one));
  }
  std::vector<OnTheWay> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(waiting_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<OnTheWay> waiting_;
};

// A gateway with its threads: one of the core, and one of each further worker.
class Threads {
 public:
  Threads(std::uint32_t end, const Plan& plan)
      : forth_(end == 1),
        rng_(end),
        core_(Core::make(settings(end, plan), {rng_, *provider_, *ike_provider_, *pki_}, Instant{}).value()) {
  }

  Core& core() { return *core_; }
  Inbox inbox;
  Inbox* peer = nullptr;
  std::multiset<Octets> delivered() const { return delivered_; }
  std::size_t count() const { return count_; }
  Threads* other = nullptr;

  // The core's turn: what has come, what workers tell, a packet of its own.
  void core_turn() {
    now_ = now_.load() + 100us;
    std::deque<ipsec::HeldPacket> held;
    std::vector<ipsec::PacketBuffer> batch;
    const auto receive = [&] {
      if (!batch.empty()) core_->receive(batch, now(), output_);
      batch.clear();
    };
    for (OnTheWay& one : inbox.take()) {
      if (auto* datagram = std::get_if<Datagram>(&one)) {
        receive();
        core_->receive_ike(*datagram, now(), output_);
      } else {
        batch.push_back(held.emplace_back(std::get<Octets>(one)).buffer());
      }
    }
    receive();
    if (const auto due = core_->next_deadline(); due && *due <= now()) core_->on_time(now(), output_);
    put_out();
    for (std::size_t number = 1; number <= core_->crew()->size(); ++number) {
      Desk& desk = core_->crew()->desk(number);
      while (auto news = desk.news()) {
        core_->take_news(*news, now(), output_);
        put_out();
        desk.give_back(std::move(news));
      }
    }
  }
  void core_send(const Octets& packet) {
    ipsec::HeldPacket held(packet);
    core_->send({&held.buffer(), 1}, now(), output_);
    put_out();
  }
  void rekey() {
    for (const IkeReport& sa : core_->status().ike_sas)
      if (!sa.children.empty())
        static_cast<void>(core_->rekey_child(sa.children.front().ike.id, now(), output_));
    put_out();
  }
  // A worker's thread, which sends packets of its own.
  void worker_run(std::size_t number, const std::atomic<bool>& stop) {
    Desk& desk = core_->crew()->desk(number);
    WorkerOutput output;
    std::size_t sent = 0;
    while (!stop) {
      while (desk.receive_next(now(), output))
        put_out(desk, output);
      if (sent < packets_each && sent_ < other->count() + most_on_their_way) {
        ipsec::HeldPacket held(marked(number, sent++));
        ++sent_;
        desk.send({&held.buffer(), 1}, now(), output, [&] { put_out(desk, output); });
      } else {
        std::this_thread::yield();
      }
    }
  }
  Octets marked(std::size_t number, std::size_t index) const {
    Octets marked = packet(forth_, static_cast<std::uint8_t>(number));
    store_be(marked.data() + marked.size() - 5, static_cast<std::uint32_t>(index));
    return marked;
  }

 private:
  void put_out() {
    for (Datagram& datagram : output_.ike)
      peer->put(Datagram{datagram.remote, datagram.local, std::move(datagram.octets)});
    put_out(output_.outside, output_.inside);
    output_.clear();
  }
  void put_out(Desk& desk, WorkerOutput& output) {
    put_out(output.outside, output.inside);
    output.clear();
    static_cast<void>(desk.finish());
  }
  void put_out(std::span<const ipsec::PacketBuffer> outside, std::span<const ipsec::PacketBuffer> inside) {
    for (const ipsec::PacketBuffer& packet : outside)
      peer->put(Octets(packet.view().begin(), packet.view().end()));
    const std::lock_guard lock(mutex_);
    for (const ipsec::PacketBuffer& packet : inside)
      delivered_.emplace(packet.view().begin(), packet.view().end()), ++count_;
  }

  Instant now() const { return Instant(now_.load()); }

  bool forth_;
  std::atomic<Duration> now_ = Duration{};  // the core's thread moves it on
  SharedRng rng_;
  std::unique_ptr<crypto::Provider> provider_ = crypto::make_openssl_provider();
  std::unique_ptr<crypto::IkeProvider> ike_provider_ = crypto::make_openssl_ike_provider();
  std::unique_ptr<crypto::PkiProvider> pki_ = crypto::make_openssl_pki();
  std::unique_ptr<Core> core_;
  Output output_;
  std::mutex mutex_;
  std::multiset<Octets> delivered_;
  std::atomic<std::size_t> count_ = 0, sent_ = 0;
};

Plan plan(std::uint32_t workers, bool ordered) {
  Plan plan;
  plan.paths = 4;
  plan.cluster = true;
  plan.change = [workers, ordered](Settings& settings) {
    settings.workers = workers;
    ClusterSettings& cluster = settings.clusters["net"];
    cluster.scheduler = "round-robin burst=1";
    cluster.leases = cluster::LeaseRules{.numbers = 8, .time = 10s};
    if (ordered) cluster.reordering.emplace();
  };
  return plan;
}

bool all_paths(Threads& gateway) {
  const Status status = gateway.core().status();
  return status.clusters.size() == 1 && status.clusters[0].valid_sub_sas == 4;
}

// Packets of the workers of both ends, the core's among them, while Child SAs are rekeyed.
void run(Threads& a, Threads& b, std::size_t workers) {
  a.peer = &b.inbox, b.peer = &a.inbox;
  a.other = &b, b.other = &a;
  a.core_send(a.marked(0, 0));
  while (!all_paths(a) || !all_paths(b))
    a.core_turn(), b.core_turn();
  const std::size_t before = b.count();
  std::atomic<bool> stop = false;
  std::vector<std::thread> threads;
  for (Threads* one : {&a, &b}) {
    for (std::size_t number = 1; number < workers; ++number)
      threads.emplace_back([one, number, &stop] { one->worker_run(number, stop); });
    threads.emplace_back([one, &stop] {
      for (int turn = 0; !stop; ++turn) {
        one->core_turn();
        if (turn % 200 == 100 && turn < 1000) one->rekey();
      }
    });
  }
  const std::size_t each = (workers - 1) * packets_each;
  while (a.count() < each || b.count() < before + each)
    std::this_thread::yield();
  stop = true;
  for (std::thread& thread : threads)
    thread.join();
}

class WorkersThreads : public testing::TestWithParam<std::tuple<std::uint32_t, bool>> {};
INSTANTIATE_TEST_SUITE_P(Some, WorkersThreads, testing::Combine(testing::Values(2u, 3u), testing::Bool()));

TEST_P(WorkersThreads, DeliverEachPacketOnce) {
  const auto [workers, ordered] = GetParam();
  Threads a(1, plan(workers, ordered)), b(2, plan(workers, ordered));
  run(a, b, workers);
  for (auto [from, to] : {std::pair{&a, &b}, {&b, &a}}) {
    const auto delivered = to->delivered();
    for (std::size_t number = 1; number < workers; ++number)
      for (std::size_t index = 0; index < packets_each; ++index)
        EXPECT_EQ(delivered.count(from->marked(number, index)), 1u) << number << " " << index;
    EXPECT_EQ(to->core().counters().between_workers, 0u);
  }
}

}  // namespace
}  // namespace mpsec::gateway::test
