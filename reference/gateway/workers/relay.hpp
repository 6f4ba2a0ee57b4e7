// A bounded way for batches from one thread to another, and back for what they were in.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace mpsec::gateway {

// One thread puts, another takes. A Batch has clear() and absorb(const Batch&), which is false where it has
// no room. So many batches are made at the start, and no more: where all are on their way, whoever puts has
// to keep or to drop what it has. Nobody waits.
template <class Batch>
class Relay {
 public:
  explicit Relay(std::size_t batches) {
    for (std::size_t i = 0; i < batches; ++i)
      empty_.push_back(std::make_unique<Batch>());
  }

  // --- who puts
  // nullptr: all are on their way.
  std::unique_ptr<Batch> empty() {
    const std::lock_guard lock(mutex_);
    if (empty_.empty()) return nullptr;
    auto batch = std::move(empty_.back());
    empty_.pop_back();
    return batch;
  }
  // True where nothing was waiting: the other side has to be woken. Where something is, the last of it takes
  // in what is in this batch, if it can: small batches do not use up a way that has room.
  bool put(std::unique_ptr<Batch> batch) {
    const std::lock_guard lock(mutex_);
    if (!full_.empty() && full_.back()->absorb(*batch)) {
      batch->clear();
      empty_.push_back(std::move(batch));
      return false;
    }
    full_.push_back(std::move(batch));
    return full_.size() == 1;
  }

  // --- who takes
  // In the order in which they were put. nullptr: nothing is there.
  std::unique_ptr<Batch> take() {
    const std::lock_guard lock(mutex_);
    if (full_.empty()) return nullptr;
    auto batch = std::move(full_.front());
    full_.pop_front();
    return batch;
  }
  void give_back(std::unique_ptr<Batch> batch) {
    batch->clear();
    const std::lock_guard lock(mutex_);
    empty_.push_back(std::move(batch));
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<Batch>> empty_;
  std::deque<std::unique_ptr<Batch>> full_;
};

}  // namespace mpsec::gateway
