// The whole path of a cluster against that of a plain SA.
// depends: ipsec cluster crypto_openssl crypto_ipsec_mb bench_support

// The floor is not the cryptography here but a plain SA in the same batch: policies, one SA, window,
// decapsulation. `of_floor` is its time divided by the cluster's: 0.95 is 5 % more. A burst is how many
// packets in a row go by one sub-SA; each change of sub-SA begins a new run.
#include <fmt/format.h>

#include "crypto/openssl/openssl_provider.hpp"
#include "support/comparison.hpp"
#include "support/crypto_floor.hpp"
#include "support/esp_gateway.hpp"

namespace mpsec::bench {
namespace {

struct Subject {
  FloorLibrary library;
  bool sending;
  std::size_t sub_sas, octets, batch;
  std::string scheduler;
};

void run(benchmark::State& state, const Subject& subject) {
  const auto provider = subject.library == FloorLibrary::openssl
                            ? crypto::make_openssl_provider()
                            : crypto::make_ipsec_mb_provider(crypto::Tier::best);
  if (!provider) return state.SkipWithError("this machine lacks the library");
  EspPlan plan{.sas = 1, .inner_octets = subject.octets, .batch = subject.batch};
  EspGateway plain(*provider, plan);
  plan.sas = subject.sub_sas;
  plan.scheduler = subject.scheduler;
  EspGateway cluster(*provider, plan);
  auto prepare = [&] {
    plain.refill(), cluster.refill();
    if (!subject.sending) plain.send(), cluster.send();
  };
  bool done = true;
  auto work = [&](EspGateway& gateway) {
    subject.sending ? gateway.send() : gateway.receive();
    done &= subject.sending ? gateway.all_sent() : gateway.all_received();
  };
  against_the_floor(
      state, prepare, [&] { work(plain); }, [&] { work(cluster); }, plan.batch, plan.inner_octets);
  if (!done) state.SkipWithError("not every packet came through");
}

void enter(const Subject& subject) {
  const std::string name =
      fmt::format("{}/{}/{}/batch:{}/sub-SAs:{}/{}", subject.sending ? "send" : "receive",
                  subject.library == FloorLibrary::openssl ? "openssl" : "ipsec_mb", subject.octets,
                  subject.batch, subject.sub_sas, subject.scheduler);
  benchmark::RegisterBenchmark(name.c_str(), [subject](benchmark::State& state) {
    run(state, subject);
  })->MinTime(0.05);
}

const bool entered = [] {
  for (const auto library : {FloorLibrary::ipsec_mb, FloorLibrary::openssl})
    for (const std::size_t octets : {64u, 1420u})
      for (const bool sending : {true, false}) {
        for (const std::size_t sub_sas : {1u, 4u})
          for (const char* scheduler : {"round-robin burst=32", "round-robin burst=8", "round-robin burst=1"})
            enter({library, sending, sub_sas, octets, 32, scheduler});
        enter({library, sending, 64, octets, 32, "round-robin burst=32"});
        enter({library, sending, 4, octets, 1, "round-robin burst=32"});
        for (const char* scheduler :
             {"weighted", "flow-hash", "least-round-trip", "random burst=32", "adaptive"})
          enter({library, sending, 4, octets, 32, scheduler});
      }
  return true;
}();

}  // namespace
}  // namespace mpsec::bench
