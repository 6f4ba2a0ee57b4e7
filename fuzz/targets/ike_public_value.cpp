// A peer's public value, the first octet choosing the group: a secret of the fixed length, or a reason.
// depends: crypto crypto_openssl
#include "base/rng.hpp"
#include "crypto/openssl/openssl_ike_provider.hpp"
#include "support/require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  using namespace mpsec::crypto;
  static const auto provider = make_openssl_ike_provider();
  if (size == 0) return 0;
  const auto transforms = key_exchange_transforms();
  const KeyExchangeTransform& transform = transforms[octets[0] % transforms.size()];
  if (!provider->supports(transform) || transform.public_octets > 256) return 0;
  mpsec::SeededRng rng(1);
  const mpsec::OctetView peer_public(octets + 1, size - 1);
  const auto secret = provider->key_exchange(transform, rng).value()->shared_secret(peer_public);
  if (secret)
    mpsec::fuzz::require(secret->size() == transform.shared_octets, "the secret has its fixed length");
  else
    mpsec::fuzz::require(!error_of(secret.error(), transform, size - 1).why.empty(), "a refusal says why");
  return 0;
}
