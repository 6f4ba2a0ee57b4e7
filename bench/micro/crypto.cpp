// The providers' combined algorithms against the floor.
// depends: crypto_openssl crypto_ipsec_mb bench_support

// The floor is the library's direct call on the octets that ESP would hand it: `of_floor` says what our
// interface costs. The Gb/s count the inner packet.
#include <fmt/format.h>
#include <memory>
#include <vector>

#include "crypto/openssl/openssl_provider.hpp"
#include "support/comparison.hpp"
#include "support/crypto_floor.hpp"

namespace mpsec::bench {
namespace {

constexpr std::size_t associated_octets = 8;

struct Subject {
  FloorLibrary library;
  crypto::Tier tier;
  FloorAlgorithm algorithm;
  bool sealing;
  std::size_t inner_octets;
  std::size_t batch;
};

const crypto::EncryptionTransform& transform_of(FloorAlgorithm algorithm) {
  const bool chacha = algorithm == FloorAlgorithm::chacha20_poly1305;
  return *crypto::find(chacha ? crypto::EncryptionId::chacha20_poly1305 : crypto::EncryptionId::aes_gcm_16)
              .value();
}

std::unique_ptr<crypto::Aead> our_aead(const Subject& subject, OctetView key) {
  const auto provider = subject.library == FloorLibrary::openssl
                            ? crypto::make_openssl_provider()
                            : crypto::make_ipsec_mb_provider(subject.tier);
  return provider->aead(transform_of(subject.algorithm), key).value();
}

// Jobs of ours over the very octets of the floor's packets.
std::vector<crypto::AeadJob> jobs_over(std::span<const FloorPacket> packets) {
  std::vector<crypto::AeadJob> jobs;
  for (const FloorPacket& packet : packets)
    jobs.push_back(
        {.nonce = packet.nonce, .associated = packet.associated, .text = packet.text, .icv = packet.icv});
  return jobs;
}

void run(benchmark::State& state, const Subject& subject) {
  const Octets key(subject.algorithm == FloorAlgorithm::aes_128_gcm_16 ? 16 : 32, 0x5a);
  const auto floor = make_floor(subject.library, subject.tier, subject.algorithm, key);
  if (!floor) return state.SkipWithError("this machine lacks the library or the tier");
  const auto aead = our_aead(subject, key);
  FloorBatch batch(*floor, subject.batch, sealed_octets(subject.inner_octets), associated_octets);
  auto jobs = jobs_over(batch.packets());
  if (subject.sealing)
    against_the_floor(
        state, [] {}, [&] { floor->seal(batch.packets()); }, [&] { aead->seal(jobs); }, subject.batch,
        subject.inner_octets);
  else
    against_the_floor(
        state, [&] { batch.restore(); }, [&] { benchmark::DoNotOptimize(floor->open(batch.packets())); },
        [&] { aead->open(jobs); }, subject.batch, subject.inner_octets);
  if (!subject.sealing && !jobs.back().authentic) state.SkipWithError("what the floor sealed does not open");
}

void enter(const Subject& subject) {
  const std::string library = subject.library == FloorLibrary::openssl
                                  ? "openssl"
                                  : "ipsec_mb-" + std::string(crypto::to_string(subject.tier));
  const std::string name =
      fmt::format("{}/{}/{}/{}/batch:{}", subject.sealing ? "seal" : "open", to_string(subject.algorithm),
                  library, subject.inner_octets, subject.batch);
  benchmark::RegisterBenchmark(name.c_str(), [subject](benchmark::State& state) {
    run(state, subject);
  })->MinTime(0.03);
}

const bool entered = [] {
  using enum FloorAlgorithm;
  for (const FloorAlgorithm algorithm : {aes_128_gcm_16, aes_256_gcm_16, chacha20_poly1305})
    for (const auto& [library, tier] : {std::pair(FloorLibrary::openssl, crypto::Tier::best),
                                        std::pair(FloorLibrary::ipsec_mb, crypto::Tier::sse),
                                        std::pair(FloorLibrary::ipsec_mb, crypto::Tier::avx2),
                                        std::pair(FloorLibrary::ipsec_mb, crypto::Tier::avx512)})
      for (const std::size_t octets : {64u, 256u, 576u, 1420u, 8960u})
        for (const std::size_t batch : {1u, 32u})
          for (const bool sealing : {true, false})
            enter({library, tier, algorithm, sealing, octets, batch});
  return true;
}();

}  // namespace
}  // namespace mpsec::bench
