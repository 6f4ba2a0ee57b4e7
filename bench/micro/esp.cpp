// The whole path of ESP against the floor.
// depends: ipsec crypto_openssl crypto_ipsec_mb bench_support

// Sending: ten policies, the choice among the SAs, header, number, encryption. Receiving: SPI lookup, window
// of 1024, extended numbers, decryption, decapsulation, selectors. The floor: the library's direct call on
// the octets that ESP hands it, AAD 12. `of_floor` is the share of the floor's speed; the Gb/s count the
// inner packet.
#include <fmt/format.h>

#include "crypto/openssl/openssl_provider.hpp"
#include "support/comparison.hpp"
#include "support/crypto_floor.hpp"
#include "support/esp_gateway.hpp"

namespace mpsec::bench {
namespace {

constexpr std::size_t associated_octets = 12;

struct Subject {
  FloorLibrary library;
  crypto::Tier tier;
  bool sending;
  EspPlan plan;
};

void run(benchmark::State& state, const Subject& subject) {
  const EspPlan& plan = subject.plan;
  const auto provider = subject.library == FloorLibrary::openssl
                            ? crypto::make_openssl_provider()
                            : crypto::make_ipsec_mb_provider(subject.tier);
  const auto floor =
      make_floor(subject.library, subject.tier, FloorAlgorithm::aes_128_gcm_16, Octets(16, 0x5a));
  if (!floor || !provider) return state.SkipWithError("this machine lacks the library or the tier");
  // In transport mode the IP header stays outside.
  const std::size_t text = plan.inner_octets - (plan.mode == ipsec::Mode::transport ? 20 : 0);
  FloorBatch batch(*floor, plan.batch, sealed_octets(text), associated_octets);
  EspGateway gateway(*provider, plan);
  state.counters["octets/SA"] =
      static_cast<double>(subject.sending ? gateway.outbound_sa_octets() : gateway.inbound_sa_octets());
  if (subject.sending) {
    against_the_floor(
        state, [&] { gateway.refill(); }, [&] { floor->seal(batch.packets()); }, [&] { gateway.send(); },
        plan.batch, plan.inner_octets);
    if (!gateway.all_sent()) state.SkipWithError("not every packet was protected");
  } else {
    against_the_floor(
        state,
        [&] {
          batch.restore();
          gateway.refill();
          gateway.send();
        },
        [&] { benchmark::DoNotOptimize(floor->open(batch.packets())); }, [&] { gateway.receive(); },
        plan.batch, plan.inner_octets);
    if (!gateway.all_received()) state.SkipWithError("not every packet was delivered");
  }
}

void enter(const Subject& subject) {
  const std::string library = subject.library == FloorLibrary::openssl
                                  ? "openssl"
                                  : "ipsec_mb-" + std::string(crypto::to_string(subject.tier));
  const std::string name =
      fmt::format("{}/{}/{}/{}/batch:{}/sas:{}", subject.sending ? "send" : "receive",
                  subject.plan.mode == ipsec::Mode::tunnel ? "tunnel" : "transport", library,
                  subject.plan.inner_octets, subject.plan.batch, subject.plan.sas);
  benchmark::RegisterBenchmark(name.c_str(), [subject](benchmark::State& state) {
    run(state, subject);
  })->MinTime(0.03);
}

void enter_sizes(FloorLibrary library, crypto::Tier tier, ipsec::Mode mode, std::size_t sas) {
  for (const std::size_t octets : {64u, 256u, 576u, 1420u, 8960u})
    for (const std::size_t batch : {1u, 32u})
      for (const bool sending : {true, false})
        enter({library, tier, sending, {sas, octets, batch, mode}});
}

const bool entered = [] {
  using enum ipsec::Mode;
  for (const auto mode : {tunnel, transport})
    for (const std::size_t sas : {1u, 1000u}) {
      enter_sizes(FloorLibrary::ipsec_mb, crypto::Tier::best, mode, sas);
      enter_sizes(FloorLibrary::openssl, crypto::Tier::best, mode, sas);
    }
  for (const auto tier : {crypto::Tier::sse, crypto::Tier::avx2, crypto::Tier::avx512})
    enter_sizes(FloorLibrary::ipsec_mb, tier, tunnel, 1);
  return true;
}();

}  // namespace
}  // namespace mpsec::bench
