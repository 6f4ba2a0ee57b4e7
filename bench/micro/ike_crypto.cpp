// A key exchange through our interface, beside the same through libcrypto's EVP alone: a pair made and a
// secret derived, what each side of an IKE SA does. Then the keys of an IKE SA, and messages.
// depends: crypto crypto_openssl ike OpenSSL::Crypto
#include <array>
#include <benchmark/benchmark.h>
#include <memory>
#include <openssl/ec.h>
#include <openssl/evp.h>

#include "base/rng.hpp"
#include "crypto/openssl/openssl_ike_provider.hpp"
#include "crypto/openssl/openssl_provider.hpp"
#include "ike/keys.hpp"
#include "ike/protection.hpp"

namespace {

using namespace mpsec;

const crypto::IkeProvider& provider() {
  static const auto made = crypto::make_openssl_ike_provider();
  return *made;
}

void exchange(benchmark::State& state, crypto::KeyExchangeId id) {
  SeededRng rng(1);
  const crypto::KeyExchangeTransform& transform = **crypto::find(id);
  const auto peer = provider().key_exchange(transform, rng).value();
  for (auto _ : state) {
    const auto pair = provider().key_exchange(transform, rng).value();
    benchmark::DoNotOptimize(pair->shared_secret(peer->public_value()));
  }
}

// The pair is of libcrypto's own making, from its own generator.
void bare_evp(benchmark::State& state, const char* algorithm, const char* group) {
  const auto generate = [&] {
    return std::shared_ptr<EVP_PKEY>(
        group == nullptr ? EVP_PKEY_Q_keygen(nullptr, nullptr, algorithm) : EVP_EC_gen(group), EVP_PKEY_free);
  };
  const auto peer = generate();
  std::array<unsigned char, 128> secret;
  for (auto _ : state) {
    const auto own = generate();
    EVP_PKEY_CTX* context = EVP_PKEY_CTX_new_from_pkey(nullptr, own.get(), nullptr);
    std::size_t octets = secret.size();
    EVP_PKEY_derive_init(context);
    EVP_PKEY_derive_set_peer(context, peer.get());
    EVP_PKEY_derive(context, secret.data(), &octets);
    EVP_PKEY_CTX_free(context);
    benchmark::DoNotOptimize(secret);
  }
}

BENCHMARK_CAPTURE(exchange, x25519, crypto::KeyExchangeId::curve25519);
BENCHMARK_CAPTURE(bare_evp, x25519, "X25519", nullptr);
BENCHMARK_CAPTURE(exchange, ecp_256, crypto::KeyExchangeId::ecp_256);
BENCHMARK_CAPTURE(bare_evp, ecp_256, "EC", "P-256");
BENCHMARK_CAPTURE(exchange, ecp_384, crypto::KeyExchangeId::ecp_384);
BENCHMARK_CAPTURE(bare_evp, ecp_384, "EC", "P-384");
BENCHMARK_CAPTURE(exchange, modp_2048, crypto::KeyExchangeId::modp_2048);

ike::Protection gcm() {
  return *ike::ike_protection(
      {.encryption = crypto::EncryptionId::aes_gcm_16, .key_bits = std::uint16_t{128}, .integrity = {}});
}

void ike_keys(benchmark::State& state) {
  const ike::Suite suite{gcm(), *crypto::find(crypto::PrfId::hmac_sha2_256),
                         *crypto::find(crypto::KeyExchangeId::curve25519)};
  const Octets ni(32, 1), nr(32, 2), secret(32, 3);
  for (auto _ : state)
    benchmark::DoNotOptimize(
        ike::derive_ike_keys(provider(), suite, {ni, nr}, secret, {IkeSpi(1), IkeSpi(2)}));
}
BENCHMARK(ike_keys);

void seal_and_open(benchmark::State& state) {
  const auto ciphers = crypto::make_openssl_provider();
  const Octets key(20), plain(static_cast<std::size_t>(state.range(0)));
  auto sealer = ike::MessageSealer::create(*ciphers, gcm(), key, {}).value();
  auto opener = ike::MessageOpener::create(*ciphers, gcm(), key, {}).value();
  SeededRng rng(1);
  for (auto _ : state) {
    Octets message(32);
    benchmark::DoNotOptimize(sealer.seal(message, plain, rng));
    benchmark::DoNotOptimize(opener.open(message, 32));
  }
}
BENCHMARK(seal_and_open)->Arg(64)->Arg(1200);

}  // namespace
