// IKEv2 in memory, both ends in one thread: handshakes beside their bare cryptography, rekeys, what an IKE SA
// costs in octets, and what a flood of IKE_SA_INIT costs.
// depends: ike crypto_openssl OpenSSL::Crypto
#include <benchmark/benchmark.h>
#include <malloc.h>

#include "crypto/openssl/openssl_ike_provider.hpp"
#include "crypto/openssl/openssl_provider.hpp"
#include "crypto/openssl/test_pki.hpp"
#include "ike/keys.hpp"
#include "ike/protection.hpp"
#include "ike/signature_authentication.hpp"
#include "ike/test_pair.hpp"
#include "support/comparison.hpp"

namespace mpsec::bench {
namespace {

using namespace std::chrono_literals;
using namespace ike;
using crypto::KeyExchangeId;
namespace pki = crypto::test_pki;

const crypto::Provider& ciphers() {
  static const auto made = crypto::make_openssl_provider();
  return *made;
}
const crypto::IkeProvider& ike_provider() {
  static const auto made = crypto::make_openssl_ike_provider();
  return *made;
}

// What is in use, as malloc counts it, its own bookkeeping included.
double allocated() {
  const struct mallinfo2 info = ::mallinfo2();
  return static_cast<double>(info.uordblks + info.hblkhd);
}

test::PairSettings with_pre_shared_key(KeyExchangeId group) {
  auto settings = test::pre_shared_key_settings(ciphers(), ike_provider());
  settings.group = group;
  return settings;
}

// Both ends hold one certificate, which is for both names, from one authority.
struct Certified {
  explicit Certified(crypto::KeyKind kind)
      : authority({.common_name = "authority", .alternative_names = "", .authority = true, .key = kind}),
        own({.alternative_names = "DNS:a.example,DNS:b.example", .key = kind}, &authority) {}

  test::PairSettings settings() const {
    const auto library = crypto::make_openssl_pki();
    const std::shared_ptr<crypto::CertificateStore> store = library->certificate_store();
    store->add_anchor(authority.certificate());
    static const auto provider = crypto::make_openssl_pki();
    SignatureChecker::Settings checking;
    checking.anchors["authority"] = store;
    checking.at_start = pki::midday;
    auto settings = with_pre_shared_key(KeyExchangeId::curve25519);
    settings.credential =
        std::make_shared<SignatureCredential>(own.private_key(), std::vector{own.certificate()});
    settings.checker = std::make_shared<SignatureChecker>(std::move(checking), *provider);
    settings.authenticate = [](ipsec::PadEntry& entry) {
      ipsec::Certificate by_certificate;
      by_certificate.trust_anchors = {"authority"};
      entry.authentication.emplace_back(std::move(by_certificate));
    };
    return settings;
  }

  pki::Authority authority, own;
};

void close_all(test::GatewayPair& pair) {
  for (const IkeStatus& sa : pair.a.engine().status())
    pair.at(pair.a, [&](Engine& engine, Actions& actions) {
      static_cast<void>(engine.close(sa.id, pair.now, actions));
    });
  pair.deliver_all();
  pair.run_for(1min);  // until what repeats its last reply is gone too
}

// What one end computes of IKE_SA_INIT and IKE_AUTH with a shared key, and nothing else: keys, both AUTH
// values, its message sealed and the peer's opened, the hashes of NAT detection.
class BareEnd {
 public:
  explicit BareEnd(KeyExchangeId group)
      : suite_(ike_suite({{crypto::EncryptionId::aes_gcm_16, 128, {}}, crypto::PrfId::hmac_sha2_256, group})
                   .value()),
        child_(esp_protection({crypto::EncryptionId::aes_gcm_16, 128, {}}).value()) {}

  void compute(OctetView shared_secret, Rng& rng) {
    const Nonces nonces{nonce_, nonce_};
    const IkeKeys keys =
        derive_ike_keys(ike_provider(), suite_, nonces, shared_secret, {IkeSpi{1}, IkeSpi{2}}).value();
    for (const SecretOctets* key : {&keys.pi, &keys.pr})
      authenticate(key->view());
    auto sealer = MessageSealer::create(ciphers(), suite_.protection, keys.ei.view(), {}).value();
    auto opener = MessageOpener::create(ciphers(), suite_.protection, keys.ei.view(), {}).value();
    Octets message(header_octets, 0);
    static_cast<void>(sealer.seal(message, plain_, rng));
    benchmark::DoNotOptimize(opener.open(message, header_octets));
    benchmark::DoNotOptimize(
        derive_child_keys(ike_provider(), *suite_.prf, keys.d.view(), {}, nonces, child_));
    for (int hash = 0; hash < 4; ++hash)
      benchmark::DoNotOptimize(ike_provider().sha1({OctetView(nonce_).first(22)}));
  }

 private:
  static constexpr std::size_t header_octets = 32;
  SecretOctets prf(OctetView key, std::initializer_list<OctetView> parts) const {
    const auto keyed = ike_provider().prf(*suite_.prf, key).value();
    return crypto::output_of(*keyed, parts);
  }
  void authenticate(OctetView sk_p) const {
    const SecretOctets identity = prf(sk_p, {OctetView(nonce_).first(15)});
    const SecretOctets key = prf(hex("6b6579"), {OctetView(nonce_).first(17)});
    benchmark::DoNotOptimize(prf(key.view(), {init_, nonce_, identity.view()}));
  }

  Suite suite_;
  Protection child_;
  Octets nonce_ = Octets(32, 1), init_ = Octets(260, 2), plain_ = Octets(190, 3);  // as long as a handshake's
};

void bare_key_exchange(KeyExchangeId group, Rng& rng) {
  const crypto::KeyExchangeTransform& transform = **crypto::find(group);
  const auto a = ike_provider().key_exchange(transform, rng).value();
  const auto b = ike_provider().key_exchange(transform, rng).value();
  benchmark::DoNotOptimize(a->shared_secret(b->public_value()));
  benchmark::DoNotOptimize(b->shared_secret(a->public_value()));
}

// One end's: its AUTH made, the peer's AUTH and certificate checked.
void bare_signatures(const crypto::PrivateKey& key, const crypto::PublicKey& authority) {
  const auto* algorithm = crypto::choose_signature(key.public_key().kind(), crypto::announced_hashes());
  static const Octets message(400, 1);
  const Octets signature = key.sign(*algorithm, {message}).value();
  benchmark::DoNotOptimize(key.public_key().verify(*algorithm, {message}, signature));
  benchmark::DoNotOptimize(authority.verify(*algorithm, {message}, signature));
}

// Runs the handshake and its bare cryptography in turns. `ratio`: ours over all its bare cryptography;
// `ratio_to_asymmetric`: over its key exchange and signatures alone.
template <class Bare>
void handshakes(benchmark::State& state, const test::PairSettings& settings, Bare asymmetric) {
  test::GatewayPair pair(settings);
  BareEnd end(settings.group);
  SeededRng rng(2);
  const Octets secret(32, 4);
  Samples of_asymmetric, of_bare, of_ours;
  for (auto _ : state) {
    of_asymmetric.take(asymmetric);
    of_bare.take([&] {
      asymmetric();
      end.compute(secret, rng);
      end.compute(secret, rng);
    });
    of_ours.take([&] {
      pair.initiate(pair.a);
      pair.deliver_all();
    });
    const auto made = pair.b.engine().status();
    if (made.size() != 1 || made[0].children.size() != 1) return state.SkipWithError("no SA was made");
    close_all(pair);
  }
  state.counters["bare_us"] = of_bare.quartile() / cycles_per_second() * 1e6;
  state.counters["handshake_us"] = of_ours.quartile() / cycles_per_second() * 1e6;
  state.counters["handshakes/s"] = cycles_per_second() / of_ours.quartile();
  state.counters["ratio"] = of_ours.quartile() / of_bare.quartile();
  state.counters["ratio_to_asymmetric"] = of_ours.quartile() / of_asymmetric.quartile();
}

void handshake_psk(benchmark::State& state, KeyExchangeId group) {
  SeededRng rng(1);
  handshakes(state, with_pre_shared_key(group), [&] { bare_key_exchange(group, rng); });
}
BENCHMARK_CAPTURE(handshake_psk, x25519, KeyExchangeId::curve25519)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(handshake_psk, ecp_256, KeyExchangeId::ecp_256)->Unit(benchmark::kMicrosecond);

void handshake_certificate(benchmark::State& state, crypto::KeyKind kind) {
  const Certified certified(kind);
  const auto key = certified.own.private_key();
  const auto authority = certified.authority.private_key();
  SeededRng rng(1);
  handshakes(state, certified.settings(), [&] {
    bare_key_exchange(KeyExchangeId::curve25519, rng);
    for (int end = 0; end < 2; ++end)
      bare_signatures(*key, authority->public_key());
  });
}
BENCHMARK_CAPTURE(handshake_certificate, x25519_ecdsa_p256, crypto::KeyKind::ecdsa_p256)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(handshake_certificate, x25519_rsa_2048, crypto::KeyKind::rsa)
    ->Unit(benchmark::kMicrosecond);

// `command(engine, status, now, actions)` at A and all that follows, the Delete of what was replaced too.
template <class Command>
void rekeys(benchmark::State& state, Command command) {
  test::GatewayPair pair(with_pre_shared_key(KeyExchangeId::curve25519));
  pair.initiate(pair.a);
  pair.deliver_all();
  Samples samples;
  for (auto _ : state) {
    const auto all = pair.a.engine().status();
    if (all.size() != 1 || all[0].children.size() != 1) return state.SkipWithError("the SA is gone");
    samples.take([&] {
      pair.at(pair.a, [&](Engine& engine, Actions& actions) {
        static_cast<void>(command(engine, all[0], pair.now, actions));
      });
      pair.deliver_all();
    });
    pair.now += 1ms;
  }
  state.counters["rekey_us"] = samples.quartile() / cycles_per_second() * 1e6;
  state.counters["rekeys/s"] = cycles_per_second() / samples.quartile();
}

void rekey_child(benchmark::State& state) {
  rekeys(state, [](Engine& engine, const IkeStatus& sa, Instant now, Actions& actions) {
    return engine.rekey_child(sa.children[0].id, now, actions);
  });
}
BENCHMARK(rekey_child)->Unit(benchmark::kMicrosecond);

void rekey_ike(benchmark::State& state) {
  rekeys(state, [](Engine& engine, const IkeStatus& sa, Instant now, Actions& actions) {
    return engine.rekey_ike(sa.id, now, actions);
  });
}
BENCHMARK(rekey_ike)->Unit(benchmark::kMicrosecond);

// Of one end: the mean of initiators and responders, the engine's tables included.
void octets_of_an_ike_sa_with_a_child(benchmark::State& state) {
  constexpr int sas = 1000;
  for (auto _ : state) {
    test::GatewayPair pair(with_pre_shared_key(KeyExchangeId::curve25519));
    pair.initiate(pair.a);  // what is made once and stays
    pair.deliver_all();
    const double before = allocated();
    for (int i = 0; i < sas; ++i) {
      pair.initiate(pair.a);
      pair.deliver_all();
    }
    if (pair.b.engine().ike_sas() != sas + 1) return state.SkipWithError("not every SA was made");
    state.counters["octets"] = (allocated() - before) / (2 * sas);
  }
}
BENCHMARK(octets_of_an_ike_sa_with_a_child)->Iterations(1)->Unit(benchmark::kMillisecond);

// IKE_SA_INIT requests, each from another address and with another SPI and nonce.
class Flood {
 public:
  explicit Flood(std::size_t cookies_from)
      : pair_([&] {
          auto settings = with_pre_shared_key(KeyExchangeId::curve25519);
          settings.cookies = {.demand_from = cookies_from, .relax_below = cookies_from};
          return settings;
        }()) {
    pair_.initiate(pair_.a);
    const Datagram sent = pair_.take();
    request_ = {sent.remote, sent.local, sent.octets};
  }

  Engine& engine() { return pair_.b.engine(); }
  void one() {
    ++count_;
    request_.remote = {IpAddress::v4(0x0a000000 | (count_ & 0xffffff)), 500};
    store_be(request_.octets.data(), std::uint64_t{count_} << 32 | 1);
    actions_.clear();
    engine().receive(request_, now_, actions_);
  }
  std::size_t answers() const { return actions_.datagrams.size(); }
  void wait(Duration duration) {
    now_ += duration;
    actions_.clear();
    while (engine().next_deadline() && *engine().next_deadline() <= now_)
      engine().on_time(now_, actions_);
    actions_ = {};
  }

 private:
  test::GatewayPair pair_;
  Datagram request_;
  Actions actions_;
  Instant now_{};
  std::uint32_t count_ = 0;
};

void flood_under_cookies(benchmark::State& state) {
  Flood flood(0);
  flood.one();
  Samples samples;
  const double before = allocated();
  for (auto _ : state)
    samples.take([&] { flood.one(); });
  if (flood.answers() != 1 || flood.engine().ike_sas() != 0) return state.SkipWithError("no cookie was sent");
  state.counters["us"] = samples.quartile() / cycles_per_second() * 1e6;
  state.counters["octets_kept"] = allocated() - before;
}
BENCHMARK(flood_under_cookies)->MinTime(1);

// The state of each is forgotten after its time; memory in octets, before, with all, and afterwards.
void flood_without_cookies(benchmark::State& state) {
  constexpr int attempts = 100'000;
  for (auto _ : state) {
    Flood flood(10 * attempts);
    flood.one();
    flood.wait(31s);
    Samples samples;
    const double before = allocated();
    for (int i = 0; i < attempts; ++i)
      samples.take([&] { flood.one(); });
    if (flood.engine().half_open() != attempts) return state.SkipWithError("not all are half open");
    const double during = allocated();
    flood.wait(31s);
    state.counters["us"] = samples.quartile() / cycles_per_second() * 1e6;
    state.counters["octets_each"] = (during - before) / attempts;
    state.counters["octets_before"] = before;
    state.counters["octets_after"] = allocated();
  }
}
BENCHMARK(flood_without_cookies)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace mpsec::bench
