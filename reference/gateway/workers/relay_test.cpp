#include "gateway/workers/relay.hpp"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>
#include <thread>

namespace mpsec::gateway {
namespace {

// Takes in others until it has `room`.
struct Numbers {
  static constexpr std::size_t room = 4;
  std::vector<int> all;
  bool absorb(const Numbers& later) {
    if (all.size() + later.all.size() > room) return false;
    all.insert(all.end(), later.all.begin(), later.all.end());
    return true;
  }
  void clear() { all.clear(); }
};

// Whatever is put comes once and in order, and no more batches are ever there than were made.
RC_GTEST_PROP(Relay, KeepsOrderAndBound, ()) {
  const auto batches = *rc::gen::inRange<std::size_t>(1, 6);
  Relay<Numbers> relay(batches);
  std::vector<int> put, taken;
  std::vector<std::unique_ptr<Numbers>> in_hand;
  std::size_t waiting = 0;
  for (const int step : *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 5))) {
    if (step > 1) {  // a batch of that many
      auto batch = relay.empty();
      if (!batch) continue;
      RC_ASSERT(batch->all.empty());
      for (int i = 0; i < step; ++i)
        batch->all.push_back(static_cast<int>(put.size())), put.push_back(static_cast<int>(put.size()));
      const bool wake = relay.put(std::move(batch));
      RC_ASSERT(wake == (waiting == 0));
      waiting += static_cast<std::size_t>(step);
    } else if (auto batch = relay.take()) {
      taken.insert(taken.end(), batch->all.begin(), batch->all.end());
      waiting -= batch->all.size();
      if (step == 0)
        relay.give_back(std::move(batch));
      else
        in_hand.push_back(std::move(batch));
    }
    RC_ASSERT(in_hand.size() <= batches);
  }
  for (auto& batch : in_hand)
    relay.give_back(std::move(batch));
  while (auto batch = relay.take()) {
    taken.insert(taken.end(), batch->all.begin(), batch->all.end());
    relay.give_back(std::move(batch));
  }
  RC_ASSERT(taken == put);
  for (std::size_t i = 0; i < batches; ++i)
    RC_ASSERT(relay.empty() != nullptr);
  RC_ASSERT(relay.empty() == nullptr);
}

TEST(Relay, SmallBatchesShareOne) {
  Relay<Numbers> relay(2);
  for (int i = 0; i < 4; ++i) {
    auto batch = relay.empty();
    ASSERT_TRUE(batch) << i;
    batch->all = {i};
    EXPECT_EQ(relay.put(std::move(batch)), i == 0);
  }
  EXPECT_THAT(relay.take()->all, testing::ElementsAre(0, 1, 2, 3));
}

TEST(Relay, CarriesAllBetweenTwoThreads) {
  constexpr int count = 20'000;
  Relay<Numbers> relay(3);
  std::thread other([&relay] {
    for (int i = 0; i < count;) {
      auto batch = relay.empty();
      if (!batch) {
        std::this_thread::yield();
        continue;
      }
      batch->all.push_back(i++);
      relay.put(std::move(batch));
    }
  });
  std::vector<int> taken;
  while (taken.size() < count) {
    auto batch = relay.take();
    if (!batch) {
      std::this_thread::yield();
      continue;
    }
    taken.insert(taken.end(), batch->all.begin(), batch->all.end());
    relay.give_back(std::move(batch));
  }
  other.join();
  EXPECT_TRUE(std::ranges::is_sorted(taken));
  EXPECT_EQ(taken.back(), count - 1);
}

}  // namespace
}  // namespace mpsec::gateway
