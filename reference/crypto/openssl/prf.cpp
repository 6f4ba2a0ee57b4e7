// The pseudorandom functions are the MACs of the packet path, at full length and under keys of any length.
#include <algorithm>

#include "crypto/openssl/evp.hpp"
#include "crypto/openssl/evp_ike.hpp"

namespace mpsec::crypto::evp {
namespace {

class MacPrf final : public Prf {
 public:
  explicit MacPrf(std::unique_ptr<Mac> mac) : mac_(std::move(mac)) {}

  std::size_t output_octets() const noexcept override { return mac_->icv_octets(); }

  void compute(std::initializer_list<OctetView> parts, std::uint8_t* output) noexcept override {
    Octets joined;
    OctetView text;
    if (parts.size() == 1) {
      text = *parts.begin();
    } else {
      std::size_t octets = 0;
      for (const OctetView part : parts)
        octets += part.size();
      joined.reserve(octets);  // so that no copy of a secret is left behind by growth
      for (const OctetView part : parts)
        append(joined, part);
      text = joined;
    }
    MacJob job{.text = text, .trailer = {}, .icv = output, .iv = nullptr};
    mac_->sign({&job, 1});
    wipe(joined);
  }

 private:
  std::unique_ptr<Mac> mac_;
};

// The MAC at its full length, under a key that has the right size.
IntegrityTransform whole(IntegrityId id, std::size_t octets) {
  IntegrityTransform transform = **find(id);
  transform.icv_octets = static_cast<std::uint8_t>(octets);
  return transform;
}

constexpr std::size_t aes_key_octets = 16;

}  // namespace

// A key longer than the block is hashed first (RFC 2104 2).
std::unique_ptr<Prf> make_hmac_prf(const DigestAlgorithm& digest, OctetView key) {
  const auto digest_octets = static_cast<std::size_t>(EVP_MD_get_size(digest.get()));
  const IntegrityTransform transform = whole(IntegrityId::hmac_sha1_160, digest_octets);
  if (key.size() <= static_cast<std::size_t>(EVP_MD_get_block_size(digest.get())))
    return std::make_unique<MacPrf>(make_hmac(digest, key, transform));
  SecretOctets hashed(digest_octets);
  must(EVP_Digest(key.data(), key.size(), hashed.writable().data(), nullptr, digest.get(), nullptr) == 1,
       "a long key");
  return std::make_unique<MacPrf>(make_hmac(digest, hashed.view(), transform));
}

//= rfc4434/2/key-padded-or-shortened-to-128-bits
//= rfc4615/3/key-of-another-length-is-maced-under-zero
std::unique_ptr<Prf> make_cbc_mac_prf(const CipherAlgorithm& aes_128_cbc, IntegrityId id, OctetView key) {
  const IntegrityTransform transform = whole(id, aes_key_octets);
  const auto keyed = [&](OctetView right_size) {
    return std::make_unique<MacPrf>(make_cbc_mac(aes_128_cbc, right_size, transform));
  };
  if (key.size() == aes_key_octets) return keyed(key);
  SecretOctets fitted(aes_key_octets);
  if (id == IntegrityId::aes_xcbc_96 && key.size() < aes_key_octets)
    std::ranges::copy(key, fitted.writable().begin());
  else
    fitted = output_of(*keyed(fitted.view()), {key});
  return keyed(fitted.view());
}

}  // namespace mpsec::crypto::evp
