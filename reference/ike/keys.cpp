#include "ike/keys.hpp"

#include <algorithm>

namespace mpsec::ike {
namespace {

// Takes secrets off a stream, from the front and without gaps.
class Cutter {
 public:
  explicit Cutter(OctetView stream) : rest_(stream) {}
  SecretOctets take(std::size_t octets) {
    SecretOctets taken(rest_.first(octets));
    rest_ = rest_.subspan(octets);
    return taken;
  }

 private:
  OctetView rest_;
};

SecretOctets joined(std::initializer_list<OctetView> parts) {
  std::size_t octets = 0;
  for (const OctetView part : parts)
    octets += part.size();
  SecretOctets all(octets);
  auto to = all.writable().begin();
  for (const OctetView part : parts)
    to = std::ranges::copy(part, to).out;
  return all;
}

// The key of the first PRF call. Two PRFs with keys of one size take half from each nonce.
//= rfc7296/2.14/short-nonces-for-xcbc-and-cmac
SecretOctets nonce_key(const crypto::PrfTransform& prf, const Nonces& nonces) {
  const auto part = [&prf](OctetView nonce) {
    return prf.short_nonces ? nonce.first(std::min<std::size_t>(nonce.size(), 8)) : nonce;
  };
  return joined({part(nonces.initiator), part(nonces.responder)});
}

ChildKeys take_child_keys(Cutter& stream, const Protection& child) {
  SecretOctets encryption = stream.take(child.encryption_octets());
  return {std::move(encryption), stream.take(child.integrity_octets())};
}

}  // namespace

IkeKeys IkeKeys::clone() const {
  return {d.clone(), ai.clone(), ar.clone(), ei.clone(), er.clone(), pi.clone(), pr.clone()};
}

//= rfc7296/2.14/skeyseed-from-nonces-and-shared-secret
Result<SecretOctets> skeyseed(const crypto::IkeProvider& provider, const crypto::PrfTransform& prf,
                              const Nonces& nonces, OctetView shared_secret) {
  const auto keyed = provider.prf(prf, nonce_key(prf, nonces).view());
  if (!keyed) return std::unexpected(keyed.error());
  return crypto::output_of(**keyed, {shared_secret});
}

//= rfc7296/2.18/rekeyed-skeyseed-under-the-old-prf
Result<SecretOctets> skeyseed_of_rekey(const crypto::IkeProvider& provider, const crypto::PrfTransform& prf,
                                       OctetView sk_d, const Nonces& nonces, OctetView shared_secret) {
  const auto keyed = provider.prf(prf, sk_d);
  if (!keyed) return std::unexpected(keyed.error());
  return crypto::output_of(**keyed, {shared_secret, nonces.initiator, nonces.responder});
}

//= rfc7296/2.14/seven-keys-in-order
Result<IkeKeys> expand(const crypto::IkeProvider& provider, const Suite& suite, OctetView skeyseed,
                       const Nonces& nonces, const IkeSpis& spis) {
  const auto keyed = provider.prf(*suite.prf, skeyseed);
  if (!keyed) return std::unexpected(keyed.error());
  Octets spi_octets;
  append_be(spi_octets, spis.initiator.value);
  append_be(spi_octets, spis.responder.value);
  const SecretOctets seed = joined({nonces.initiator, nonces.responder, spi_octets});

  //= rfc7296/2.13/sk-d-and-sk-p-have-the-preferred-length
  const std::size_t prf_octets = suite.prf->key_octets;
  const std::size_t encryption_octets = suite.protection.encryption_octets();
  const std::size_t integrity_octets = suite.protection.integrity_octets();
  const auto stream =
      crypto::prf_plus(**keyed, seed.view(), 3 * prf_octets + 2 * integrity_octets + 2 * encryption_octets);
  if (!stream) return std::unexpected(stream.error());
  Cutter cutter(stream->view());
  IkeKeys keys;
  keys.d = cutter.take(prf_octets);
  keys.ai = cutter.take(integrity_octets);
  keys.ar = cutter.take(integrity_octets);
  keys.ei = cutter.take(encryption_octets);
  keys.er = cutter.take(encryption_octets);
  keys.pi = cutter.take(prf_octets);
  keys.pr = cutter.take(prf_octets);
  return keys;
}

Result<IkeKeys> derive_ike_keys(const crypto::IkeProvider& provider, const Suite& suite, const Nonces& nonces,
                                OctetView shared_secret, const IkeSpis& spis) {
  const auto seed = skeyseed(provider, *suite.prf, nonces, shared_secret);
  if (!seed) return std::unexpected(seed.error());
  return expand(provider, suite, seed->view(), nonces, spis);
}

Result<IkeKeys> derive_rekeyed_ike_keys(const crypto::IkeProvider& provider,
                                        const crypto::PrfTransform& old_prf, OctetView old_sk_d,
                                        const Suite& suite, const Nonces& nonces, OctetView shared_secret,
                                        const IkeSpis& spis) {
  const auto seed = skeyseed_of_rekey(provider, old_prf, old_sk_d, nonces, shared_secret);
  if (!seed) return std::unexpected(seed.error());
  return expand(provider, suite, seed->view(), nonces, spis);
}

//= rfc7296/2.17/keymat-with-and-without-a-new-secret
Result<SecretOctets> keymat(const crypto::IkeProvider& provider, const crypto::PrfTransform& prf,
                            OctetView sk_d, OctetView shared_secret, const Nonces& nonces,
                            std::size_t octets) {
  const auto keyed = provider.prf(prf, sk_d);
  if (!keyed) return std::unexpected(keyed.error());
  const SecretOctets seed = joined({shared_secret, nonces.initiator, nonces.responder});
  return crypto::prf_plus(**keyed, seed.view(), octets);
}

//= rfc7296/2.17/initiator-to-responder-first
//= rfc7296/2.17/encryption-key-before-integrity-key
Result<ChildKeyPair> derive_child_keys(const crypto::IkeProvider& provider, const crypto::PrfTransform& prf,
                                       OctetView sk_d, OctetView shared_secret, const Nonces& nonces,
                                       const Protection& child) {
  const std::size_t octets = child.encryption_octets() + child.integrity_octets();
  const auto stream = keymat(provider, prf, sk_d, shared_secret, nonces, 2 * octets);
  if (!stream) return std::unexpected(stream.error());
  Cutter cutter(stream->view());
  ChildKeys first = take_child_keys(cutter, child);
  return ChildKeyPair{std::move(first), take_child_keys(cutter, child)};
}

}  // namespace mpsec::ike
