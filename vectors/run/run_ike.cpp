#include "vectors/run/run_ike.hpp"

#include <fmt/format.h>

#include "crypto/openssl/openssl_ike_provider.hpp"
#include "ike/keys.hpp"
#include "ike/protection.hpp"
#include "vectors/run/choice.hpp"
#include "vectors/run/fixed_iv.hpp"

namespace mpsec::vectors {
namespace {

using Cause = NotRunnable::Cause;

const crypto::IkeProvider& libcrypto() {
  static const auto provider = crypto::make_openssl_ike_provider();
  return *provider;
}

const crypto::PrfTransform& transform_of(Algorithm prf) {
  using crypto::PrfId;
  switch (prf) {
    case Algorithm::prf_hmac_md5:
      return **crypto::find(PrfId::hmac_md5);
    case Algorithm::prf_hmac_sha1:
      return **crypto::find(PrfId::hmac_sha1);
    case Algorithm::prf_hmac_sha2_384:
      return **crypto::find(PrfId::hmac_sha2_384);
    case Algorithm::prf_hmac_sha2_512:
      return **crypto::find(PrfId::hmac_sha2_512);
    case Algorithm::prf_aes_xcbc:
      return **crypto::find(PrfId::aes128_xcbc);
    case Algorithm::prf_aes_cmac:
      return **crypto::find(PrfId::aes128_cmac);
    default:
      return **crypto::find(PrfId::hmac_sha2_256);
  }
}

// The first comparison that fails decides.
class Comparisons {
 public:
  void add(std::string_view what, const std::optional<Octets>& expected, const Result<SecretOctets>& got) {
    if (outcome_.verdict == Outcome::Verdict::failed || !expected) return;
    outcome_ = got ? compare(what, *expected, got->view())
                   : Outcome::failed(fmt::format("{}: {}", what, to_string(got.error())));
  }
  const Outcome& outcome() const { return outcome_; }

 private:
  Outcome outcome_ = Outcome::passed();
};

// SK_d and all behind it, as many octets as the vector has: the suite's sizes play no part in it.
Result<SecretOctets> stream(const crypto::PrfTransform& prf, const IkeKeysCase& keys, OctetView skeyseed,
                            std::size_t octets) {
  const auto keyed = libcrypto().prf(prf, skeyseed);
  if (!keyed) return std::unexpected(keyed.error());
  Octets seed = keys.initiator_nonce;
  for (const Octets* part : {&keys.responder_nonce, &keys.initiator_spi, &keys.responder_spi})
    append(seed, *part);
  return crypto::prf_plus(**keyed, seed, octets);
}

std::size_t size_of(const std::optional<Octets>& octets) {
  return octets ? octets->size() : 0;
}

Reason reason_of(crypto::PublicValueFault fault) {
  switch (fault) {
    case crypto::PublicValueFault::wrong_length:
      return Reason::wrong_length;
    case crypto::PublicValueFault::out_of_range:
      return Reason::out_of_range;
    case crypto::PublicValueFault::off_curve:
      return Reason::off_curve;
    case crypto::PublicValueFault::wrong_order:
      return Reason::wrong_order;
    case crypto::PublicValueFault::zero_secret:
      return Reason::zero_secret;
  }
  return Reason::malformed;
}

Reason reason_of(ike::OpenFault fault) {
  switch (fault) {
    case ike::OpenFault::too_short:
      return Reason::too_short;
    case ike::OpenFault::misaligned:
      return Reason::misaligned;
    case ike::OpenFault::not_authentic:
      return Reason::icv;
    case ike::OpenFault::bad_padding:
      return Reason::padding;
  }
  return Reason::malformed;
}

std::expected<ike::Protection, Refusal> protection_of(const IkeMessageCase& message) {
  ike::Protection protection;
  const auto encryption = choose_encryption(message.encryption->algorithm, message.encryption->icv_size);
  if (!encryption) return std::unexpected(encryption.error());
  protection.encryption = *encryption;
  protection.cipher_key_octets = message.encryption->key.size();
  if (!message.integrity) return protection;
  const auto integrity = choose_integrity(message.integrity->algorithm, message.integrity->icv_size,
                                          message.integrity->key.size());
  if (!integrity) return std::unexpected(integrity.error());
  protection.integrity = *integrity;
  return protection;
}

Octets encryption_key(const IkeMessageCase& message) {
  Octets key = message.encryption->key;
  append(key, message.encryption->salt);
  return key;
}

Outcome seal(const IkeMessageCase& message, const ike::Protection& protection,
             const crypto::Provider& provider) {
  const std::uint64_t first_iv = message.iv.size() == 8 ? load_be<std::uint64_t>(message.iv.data()) : 0;
  auto sealer = ike::MessageSealer::create(provider, protection, encryption_key(message),
                                           message.integrity ? message.integrity->key : Octets(), first_iv);
  if (!sealer) return Outcome::failed(to_string(sealer.error()));
  FixedRng rng(message.iv);
  Octets sealed = message.clear;
  if (const auto done = sealer->seal(sealed, message.payloads, rng); !done)
    return Outcome::failed(std::string(ike::to_string(done.error())));
  return compare("sealed message", message.message, sealed);
}

Outcome open(const IkeMessageCase& message, const Expectation& expectation, const ike::Protection& protection,
             const crypto::Provider& provider) {
  auto opener = ike::MessageOpener::create(provider, protection, encryption_key(message),
                                           message.integrity ? message.integrity->key : Octets());
  if (!opener) return Outcome::failed(to_string(opener.error()));
  Octets octets = message.message;
  const auto opened = opener->open(octets, message.clear.size());
  if (!opened)
    return judge_tried(expectation, {reason_of(opened.error()), std::string(ike::to_string(opened.error()))});
  if (expectation.verdict == Expectation::Verdict::refuse)
    return Outcome::failed(fmt::format("expected {}, got opened", to_string(expectation)));
  return compare("payloads", message.payloads, *opened);
}

}  // namespace

Outcome run_prf(const PrfCase& prf, const Expectation& expectation) {
  const auto keyed = libcrypto().prf(transform_of(prf.algorithm), prf.key);
  if (!keyed) return Outcome::not_run(Cause::unsupported, to_string(keyed.error()));
  const SecretOctets output = crypto::output_of(**keyed, {prf.seed});
  const Outcome outcome = compare("output", prf.output, output.view());
  if (expectation.verdict != Expectation::Verdict::refuse) return outcome;
  return Outcome::failed("a function is never refused");
}

Outcome run_ike_keys(const IkeKeysCase& keys, const Expectation& expectation) {
  if (expectation.verdict == Expectation::Verdict::refuse)
    return Outcome::failed("a derivation of keys is never refused");
  const crypto::PrfTransform& prf = transform_of(keys.algorithm);
  const ike::Nonces nonces{keys.initiator_nonce, keys.responder_nonce};
  Comparisons comparisons;
  const auto seed = ike::skeyseed(libcrypto(), prf, nonces, keys.shared_secret);
  if (!seed) return Outcome::not_run(Cause::unsupported, to_string(seed.error()));
  comparisons.add("SKEYSEED", keys.skeyseed, seed);
  const auto all = stream(prf, keys, seed->view(), std::max<std::size_t>(size_of(keys.keys), prf.key_octets));
  comparisons.add("SK_d and the rest", keys.keys, all);
  if (!all) return comparisons.outcome();
  const OctetView sk_d = all->view().first(prf.key_octets);
  comparisons.add("KEYMAT", keys.child_keymat,
                  ike::keymat(libcrypto(), prf, sk_d, {}, nonces, size_of(keys.child_keymat)));
  comparisons.add("KEYMAT with a new secret", keys.child_keymat_with_secrecy,
                  ike::keymat(libcrypto(), prf, sk_d, keys.new_shared_secret, nonces,
                              size_of(keys.child_keymat_with_secrecy)));
  comparisons.add("SKEYSEED of the rekeying", keys.rekeyed_skeyseed,
                  ike::skeyseed_of_rekey(libcrypto(), prf, sk_d, nonces, keys.new_shared_secret));
  return comparisons.outcome();
}

Outcome run_key_exchange(const KeyExchangeCase& exchange, const Expectation& expectation) {
  const auto transform = crypto::find_key_exchange(exchange.group);
  if (!transform) return Outcome::failed(to_string(transform.error()));
  if (!libcrypto().supports(**transform))
    return Outcome::not_run(Cause::unsupported, "libcrypto has no " + exchange.group);
  const auto pair = libcrypto().key_exchange_from(**transform, exchange.private_value);
  if (!pair) return Outcome::failed(to_string(pair.error()));
  if (exchange.public_value) {
    Outcome own = compare("public value", *exchange.public_value, (*pair)->public_value());
    if (own.verdict == Outcome::Verdict::failed) return own;
  }
  const auto secret = (*pair)->shared_secret(exchange.peer_public);
  if (!secret)
    return judge_tried(expectation,
                       {reason_of(secret.error()),
                        to_string(error_of(secret.error(), **transform, exchange.peer_public.size()))});
  if (expectation.verdict == Expectation::Verdict::refuse)
    return Outcome::failed(fmt::format("expected {}, got a shared secret", to_string(expectation)));
  if (!exchange.shared_secret) return Outcome::passed();
  return compare("shared secret", *exchange.shared_secret, secret->view());
}

Outcome run_ike_message(const IkeMessageCase& message, const Expectation& expectation,
                        const crypto::Provider& provider) {
  const auto protection = protection_of(message);
  if (!protection) return judge_refusal(expectation, protection.error());
  if (!provider.supports(*protection->encryption))
    return Outcome::not_run(Cause::unsupported,
                            fmt::format("{} has no {}", provider.name(), protection->encryption->name));
  if (expectation.verdict == Expectation::Verdict::pass) {
    Outcome sealed = seal(message, *protection, provider);
    if (sealed.verdict == Outcome::Verdict::failed) return sealed;
  }
  return open(message, expectation, *protection, provider);
}

}  // namespace mpsec::vectors
