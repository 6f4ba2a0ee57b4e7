// Where the core and one worker meet: two relays, and turns at the worker's data path.
#pragma once

#include <functional>
#include <mutex>

#include "gateway/workers/relay.hpp"
#include "gateway/workers/turn_lock.hpp"
#include "gateway/workers/worker.hpp"

namespace mpsec::gateway {

// Two threads, each with its half of the calls; or one, which does both. Nobody waits but for the other's
// turn, which is one batch.
class Desk {
 public:
  // Batches that may wait each way.
  static constexpr std::size_t batches = 64;

  Desk(const ipsec::DataPath::Options& options, const Worker::Seams& seams) : worker_(options, seams) {}

  // Before there are threads. Each is called by the other side, and must not call this desk.
  void wake_by(std::function<void()> worker, std::function<void()> core) {
    wake_worker_ = std::move(worker), wake_core_ = std::move(core);
  }

  // --- the core's side
  // `act` has the worker for itself.
  template <class Act>
  auto with(Act act) {
    const std::lock_guard turn(turn_);
    return act(worker_);
  }
  // A packet from the unprotected side, for an SA of this worker. Dropped where too many are waiting.
  void hand_over(OctetView packet);
  // What was handed over goes on its way.
  void send_on();
  // Behind what was handed over: packets that wait are still received. At once where nothing may wait any
  // more.
  void leave(ipsec::ClusterId cluster, cluster::SubSaId sub_sa);
  std::uint64_t dropped() const { return dropped_; }
  // nullptr: there are none.
  std::unique_ptr<News> news() { return out_.take(); }
  void give_back(std::unique_ptr<News> news) { out_.give_back(std::move(news)); }

  // --- the worker's side. What is in the output stays where it is until finish().
  // A batch of what was handed over; false where there is none.
  bool receive_next(Instant now, WorkerOutput& output);
  // `put` sends what is in the output, within the turn: what was sealed leaves before its SA can.
  template <class Put>
  void send(std::span<ipsec::PacketBuffer> packets, Instant now, WorkerOutput& output, Put put) {
    const std::lock_guard turn(turn_);
    worker_.send(packets, now, output, *news_);
    put();
  }
  void on_time(Instant now, WorkerOutput& output);
  std::optional<Instant> next_deadline();
  // False where the core is too busy to be told: to be called again, soon.
  bool finish();

 private:
  // Packets, and who leaves after them.
  struct Handed {
    struct Leave {
      ipsec::ClusterId cluster;
      cluster::SubSaId sub_sa;
    };
    PacketSlab packets;
    std::vector<Leave> leaves;
    bool absorb(Handed& later);
    void clear() { packets.clear(), leaves.clear(); }
  };

  TurnLock turn_;
  Worker worker_;
  Relay<Handed> in_{batches};
  Relay<News> out_{batches};
  std::function<void()> wake_worker_ = [] {}, wake_core_ = [] {};

  std::unique_ptr<Handed> filling_;  // the core's
  std::uint64_t dropped_ = 0;
  std::unique_ptr<Handed> working_on_;  // the worker's
  std::unique_ptr<News> news_ = std::make_unique<News>();
};

}  // namespace mpsec::gateway
