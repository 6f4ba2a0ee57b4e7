// What a flood of IKE_SA_INIT requests leaves behind, and how large an IKE SA is that stays.
#include <gtest/gtest.h>
#include <malloc.h>

#include "crypto/open/open_ike_provider.hpp"
#include "crypto/open/open_provider.hpp"
#include "ike/test_pair.hpp"

#if defined(__SANITIZE_ADDRESS__)
#define MPSEC_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MPSEC_ASAN 1
#endif
#endif
#if MPSEC_ASAN
#include <sanitizer/allocator_interface.h>
#endif

namespace mpsec::ike::test {
namespace {

// Octets in use. The address sanitizer's allocator is asked by its own name: malloc's statistics know nothing
// of it.
std::size_t allocated() {
#if MPSEC_ASAN
  return __sanitizer_get_current_allocated_bytes();
#else
  return mallinfo2().uordblks;
#endif
}

// False with an allocator that does not say, as the thread sanitizer's does not.
bool memory_is_counted() {
  const std::size_t before = allocated();
  const auto block = std::make_unique<Octets>(1 << 16);
  return allocated() >= before + block->size();
}

class Memory : public testing::Test {
 protected:
  void SetUp() override {
    if (!memory_is_counted()) GTEST_SKIP() << "this allocator does not tell what is in use";
  }

  std::unique_ptr<crypto::Provider> provider_ = crypto::make_open_provider();
  std::unique_ptr<crypto::IkeProvider> ike_provider_ = crypto::make_open_ike_provider();
};

#ifdef NDEBUG
constexpr std::size_t attempts = 100'000;
#else
constexpr std::size_t attempts = 20'000;  // slow, and as telling
#endif

PairSettings without_cookies(const crypto::Provider& provider, const crypto::IkeProvider& ike_provider) {
  PairSettings settings = pre_shared_key_settings(provider, ike_provider);
  settings.cookies = {.demand_from = 2 * attempts, .relax_below = 2 * attempts};
  return settings;
}

TEST_F(Memory, OfHalfOpenAttemptsIsGivenBack) {
  GatewayPair pair(without_cookies(*provider_, *ike_provider_));
  pair.initiate(pair.a);
  const Datagram sent = pair.take();
  Datagram request{sent.remote, sent.local, sent.octets};
  Engine& responder = pair.b.engine();
  Actions actions;
  std::uint64_t last_spi = 0;

  const std::size_t before = allocated();
  std::array<std::size_t, 2> peaks{};
  for (std::size_t& peak : peaks) {
    for (std::size_t i = 0; i < attempts; ++i) {
      store_be(request.octets.data(), ++last_spi);
      actions.clear();
      responder.receive(request, pair.now, actions);
    }
    EXPECT_EQ(responder.half_open(), attempts);
    peak = allocated() - before;
    pair.now += std::chrono::seconds(31);
    actions = {};
    responder.on_time(pair.now, actions);
    actions = {};
    EXPECT_EQ(responder.half_open(), 0u);
    EXPECT_EQ(responder.ike_sas(), 0u);
    EXPECT_FALSE(responder.next_deadline());
    EXPECT_LE(allocated(), before + 32 * 1024) << "octets stay of " << peak;
  }
  EXPECT_LE(peaks[1], peaks[0] + peaks[0] / 100);
  RecordProperty("octets_of_a_half_open_attempt", static_cast<int>(peaks[0] / attempts));
}

TEST_F(Memory, OfAnEstablishedIkeSaWithOneChild) {
  constexpr std::size_t count = 200;
  GatewayPair pair(without_cookies(*provider_, *ike_provider_));
  const auto establish = [&] {
    pair.initiate(pair.a);
    EXPECT_TRUE(pair.deliver_all());
  };
  establish();
  pair.wire.shrink_to_fit();
  const std::size_t before = allocated();
  for (std::size_t i = 0; i < count; ++i)
    establish();
  const auto status = pair.b.engine().status();
  ASSERT_EQ(status.size(), count + 1);
  const std::size_t of_both_ends = (allocated() - before) / count;
  EXPECT_LE(of_both_ends / 2, 8192u);
}

}  // namespace
}  // namespace mpsec::ike::test
