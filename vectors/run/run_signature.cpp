#include "vectors/run/run_signature.hpp"

#include <fmt/format.h>

#include "crypto/openssl/openssl_pki.hpp"

namespace mpsec::vectors {
namespace {

using Cause = NotRunnable::Cause;
using crypto::HashId;
using crypto::SignatureScheme;

const crypto::PkiProvider& libcrypto() {
  static const auto provider = crypto::make_openssl_pki();
  return *provider;
}

SignatureScheme scheme_of(SignatureCase::Scheme scheme) {
  switch (scheme) {
    case SignatureCase::Scheme::rsa_pkcs1:
      return SignatureScheme::rsa_pkcs1;
    case SignatureCase::Scheme::rsa_pss:
      return SignatureScheme::rsa_pss;
    case SignatureCase::Scheme::ecdsa:
      return SignatureScheme::ecdsa;
    case SignatureCase::Scheme::ed25519:
      return SignatureScheme::ed25519;
    case SignatureCase::Scheme::ed448:
      break;
  }
  return SignatureScheme::ed448;
}

std::optional<HashId> hash_of(const SignatureCase& signature) {
  switch (signature.hash_bits) {
    case 0:
      return HashId::identity;
    case 160:
      return HashId::sha1;
    case 256:
      return HashId::sha2_256;
    case 384:
      return HashId::sha2_384;
    case 512:
      return HashId::sha2_512;
    default:
      return std::nullopt;
  }
}

}  // namespace

Outcome run_signature(const SignatureCase& signature, const Expectation& expectation) {
  const auto hash = hash_of(signature);
  const crypto::SignatureAlgorithm* const algorithm =
      hash ? crypto::find_signature(scheme_of(signature.scheme), *hash) : nullptr;
  if (algorithm == nullptr)
    return Outcome::not_run(Cause::unsupported,
                            fmt::format("no signature of IKE is over SHA-{}", signature.hash_bits));
  const auto key = libcrypto().public_key(signature.public_key);
  if (!key)
    return Outcome::not_run(
        key.error().blame == Blame::no_common_ground ? Cause::unsupported : Cause::outside_ipsec,
        "public key: " + key.error().why);
  if (!algorithm->fits((*key)->kind()))
    return Outcome::not_run(Cause::outside_ipsec, fmt::format("{} with a key of kind {}", algorithm->name,
                                                              to_string((*key)->kind())));
  const auto form = signature.fixed_form ? crypto::EcdsaForm::fixed : crypto::EcdsaForm::der;
  if (signature.fixed_form && crypto::natural_hash((*key)->kind()) != *hash)
    return Outcome::not_run(Cause::outside_ipsec, "the fixed form with another hash than the curve's");
  const auto verified = (*key)->verify(*algorithm, {signature.message}, signature.signature, form);
  if (!verified) {
    const bool length = verified.error() == crypto::SignatureFault::wrong_length && expectation.reason &&
                        *expectation.reason == Reason::wrong_length;
    return judge_tried(expectation, {length ? Reason::wrong_length : Reason::signature,
                                     std::string(to_string(verified.error()))});
  }
  if (expectation.verdict != Expectation::Verdict::refuse) return Outcome::passed();
  return Outcome::failed(fmt::format("expected {}, got verified", to_string(expectation)));
}

}  // namespace mpsec::vectors
