// What the seams cost. `tap`: the engine with a tap that does nothing is held against the engine without one,
// so that the call alone shows; it is the only seam that is called for each packet. `policies`: the policies
// that the engine comes with are held against ones that do nothing, so that their own work shows too.
// depends: ipsec crypto_openssl crypto_ipsec_mb bench_support
#include <fmt/format.h>

#include "crypto/ipsec_mb/ipsec_mb_provider.hpp"
#include "crypto/openssl/openssl_provider.hpp"
#include "ipsec/packet_tap.hpp"
#include "support/comparison.hpp"
#include "support/esp_gateway.hpp"

namespace mpsec::bench {
namespace {

using namespace ipsec;

struct NoLifetime final : LifetimePolicy {
  std::size_t charge(const Lifetime&, LifetimeUse&, std::span<const std::uint32_t> octets,
                     Instant) noexcept override {
    return octets.size();
  }
};
struct NoInboundPolicy final : InboundPolicy {
  void judge_trailers(std::span<const Trailer> trailers, std::span<Discard> verdicts) noexcept override {
    std::fill_n(verdicts.begin(), trailers.size(), Discard::none);
  }
  void judge_selectors(const SelectorMatcher&, std::span<const PacketSelectors> packets,
                       std::span<Discard> verdicts) noexcept override {
    std::fill_n(verdicts.begin(), packets.size(), Discard::none);
  }
};
struct NoWindow final : AntiReplay {
  void check(std::span<const std::uint32_t> on_wire, std::span<Hint> hints) const noexcept override {
    for (std::size_t i = 0; i < on_wire.size(); ++i)
      hints[i] = {on_wire[i], ReplayVerdict::fresh};
  }
  void accept(std::span<const std::uint64_t> numbers, std::span<ReplayVerdict> verdicts) noexcept override {
    std::fill_n(verdicts.begin(), numbers.size(), ReplayVerdict::fresh);
  }
  std::uint64_t top() const noexcept override { return 0; }
  void resynchronise(std::uint64_t) noexcept override {}
};
struct NoTap final : PacketTap {
  void before_sealing(PacketBuffer&, MutableOctets) noexcept override {}
  void after_opening(PacketBuffer&, MutableOctets) noexcept override {}
};

enum class Subject : std::uint8_t { policies, tap };

void compare(benchmark::State& state, Subject subject, bool sending, std::size_t batch) {
  auto provider = crypto::make_ipsec_mb_provider(crypto::Tier::best);
  if (!provider) provider = crypto::make_openssl_provider();
  NoLifetime lifetime;
  NoInboundPolicy inbound;
  NoTap tap;
  const EspPlan plan{.inner_octets = 64, .batch = batch};
  EspParts empty, usual;
  if (subject == Subject::policies)
    empty = {.lifetime = &lifetime, .inbound = &inbound, .window = std::make_shared<NoWindow>()};
  else
    usual.tap = &tap;
  EspGateway floor(*provider, plan, empty), ours(*provider, plan, usual);
  auto prepare = [&] {
    for (EspGateway* gateway : {&floor, &ours}) {
      gateway->refill();
      if (!sending) gateway->send();
    }
  };
  auto run = [&](EspGateway& gateway) { sending ? gateway.send() : gateway.receive(); };
  against_the_floor(state, prepare, [&] { run(floor); }, [&] { run(ours); }, batch, plan.inner_octets);
  const bool whole = sending ? floor.all_sent() && ours.all_sent() : ours.all_received();
  if (!whole) state.SkipWithError("not every packet came through");
}

const bool entered = [] {
  for (const Subject subject : {Subject::policies, Subject::tap})
    for (const bool sending : {true, false})
      for (const std::size_t batch : {1u, 32u}) {
        const auto name = fmt::format("seams/{}/{}/batch:{}", subject == Subject::tap ? "tap" : "policies",
                                      sending ? "send" : "receive", batch);
        benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) {
          compare(state, subject, sending, batch);
        })->MinTime(0.05);
      }
  return true;
}();

}  // namespace
}  // namespace mpsec::bench
