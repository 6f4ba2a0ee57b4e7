// Two threads that take turns, neither of which can be kept out by a busy other.
#pragma once

#include <mutex>

namespace mpsec::gateway {

// A mutex alone lets who has just unlocked it lock it again before a waiting thread has woken. Here the next
// turn is asked for at a door, which who waits for its turn keeps closed.
class TurnLock {
 public:
  void lock() {
    const std::lock_guard door(door_);
    turn_.lock();
  }
  void unlock() { turn_.unlock(); }

 private:
  std::mutex door_, turn_;
};

}  // namespace mpsec::gateway
