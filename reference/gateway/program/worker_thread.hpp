// The thread of a further worker: its desk between a queue of the tunnel interface and the sockets.
#pragma once

#include <atomic>
#include <mutex>
#include <thread>

#include "gateway/io/outside.hpp"
#include "gateway/io/source_teller.hpp"
#include "gateway/io/tun.hpp"
#include "gateway/program/clock.hpp"
#include "gateway/workers/desk.hpp"

namespace mpsec::gateway {

// A descriptor that one thread makes readable for another.
class Bell {
 public:
  static Result<Bell> make();
  void ring() const;
  void silence() const;
  int descriptor() const { return event_.number(); }

 private:
  FileDescriptor event_;
};

class WorkerThread {
 public:
  // All outlive it but the sender. `core` is rung when there is something for the core.
  struct Sides {
    Desk& desk;
    TunQueue& tun;
    std::unique_ptr<Outside::Sender> outside;
    const SourceTeller* teller;  // null: sources are not told
    const RunningClock& clock;
    const Bell& core;
  };
  // Fails (local fault) where the system has no descriptor left.
  static Result<std::unique_ptr<WorkerThread>> make(Sides sides);
  // Ends the thread. What it has in hand is sent first.
  ~WorkerThread();

  // With the rights that the calling thread has now. Fails (local fault) where the system allows no more
  // threads.
  Result<> start();

  // --- other threads
  void wake() const { bell_.ring(); }
  struct Counters {
    OutsideCounters outside;
    TunCounters tun;
  };
  Counters counters() const;
  std::vector<PathReport> take_reports();

 private:
  WorkerThread(Sides sides, Bell bell) : sides_(std::move(sides)), bell_(std::move(bell)) {}
  void run();
  bool turn();
  void put_out();
  void tell();
  void wait();

  Sides sides_;
  Bell bell_;
  std::atomic<bool> stopping_ = false;
  bool told_ = true;  // the core, of all that there is

  PacketBatch batch_;
  std::vector<OctetView> views_;
  WorkerOutput output_;
  std::optional<Instant> deadline_;

  mutable std::mutex mutex_;  // of what is between the threads
  Counters counters_;
  std::vector<PathReport> reports_;
  std::thread thread_;
};

}  // namespace mpsec::gateway
