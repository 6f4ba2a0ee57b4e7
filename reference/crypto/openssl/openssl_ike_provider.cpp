#include "crypto/openssl/openssl_ike_provider.hpp"

#include <fmt/format.h>
#include <map>
#include <openssl/crypto.h>
#include <set>

#include "crypto/openssl/evp_ike.hpp"
#include "crypto/provider.hpp"

namespace mpsec::crypto {
namespace {

struct PrfDigest {
  PrfId id;
  const char* name;
};

constexpr PrfDigest prf_digests[] = {
    {PrfId::hmac_md5, "MD5"},           {PrfId::hmac_sha1, "SHA1"},
    {PrfId::hmac_sha2_256, "SHA2-256"}, {PrfId::hmac_sha2_384, "SHA2-384"},
    {PrfId::hmac_sha2_512, "SHA2-512"},
};

Error refused_private_value(const KeyExchangeTransform& transform) {
  return Error{.blame = Blame::local_fault,
               .path = std::string(transform.name) + "/private value",
               .offset = {},
               .why = "the group has no such private value",
               .clause = {}};
}

// Groups are made once: their precomputation costs more than an exchange.
class OpensslIkeProvider final : public IkeProvider {
 public:
  OpensslIkeProvider() : aes_128_cbc_(evp::fetch_cipher("AES-128-CBC")) {
    for (const PrfDigest& line : prf_digests)
      digests_[line.id] = evp::fetch_digest(line.name);
    for (const KeyExchangeTransform& transform : key_exchange_transforms())
      make_group(transform);
  }

  std::string description() const override {
    return std::string("OpenSSL ") + OpenSSL_version(OPENSSL_VERSION_STRING);
  }

  bool supports(const PrfTransform& transform) const noexcept override {
    return is_cbc_mac(transform) ? aes_128_cbc_ != nullptr : digest_of(transform) != nullptr;
  }

  bool supports(const KeyExchangeTransform& transform) const noexcept override {
    switch (transform.kind) {
      case KeyExchangeKind::modp_safe:
      case KeyExchangeKind::modp_subgroup:
        return modp_.contains(transform.id);
      case KeyExchangeKind::ecp:
        return curves_.contains(transform.id);
      case KeyExchangeKind::montgomery:
        return montgomery_.contains(transform.id);
      case KeyExchangeKind::none:
      case KeyExchangeKind::unsupported:
        return false;
    }
    return false;
  }

  Result<std::unique_ptr<Prf>> prf(const PrfTransform& transform, OctetView key) const override {
    if (!supports(transform)) return std::unexpected(not_supported(transform.name, "openssl"));
    if (!is_cbc_mac(transform)) return evp::make_hmac_prf(digest_of(transform), key);
    return evp::make_cbc_mac_prf(
        aes_128_cbc_,
        transform.id == PrfId::aes128_xcbc ? IntegrityId::aes_xcbc_96 : IntegrityId::aes_cmac_96, key);
  }

  Result<evp::Pair> key_exchange(const KeyExchangeTransform& transform, Rng& rng) const override {
    return pair(transform, rng);
  }

  Result<evp::Pair> key_exchange_from(const KeyExchangeTransform& transform,
                                      OctetView private_value) const override {
    return pair(transform, private_value);
  }

  Sha1Digest sha1(std::initializer_list<OctetView> parts) const noexcept override {
    Sha1Digest digest{};
    const evp::DigestContext context(EVP_MD_CTX_new());
    const evp::DigestAlgorithm& algorithm = digests_.at(PrfId::hmac_sha1);
    bool done = context && algorithm && EVP_DigestInit_ex2(context.get(), algorithm.get(), nullptr) == 1;
    for (const OctetView part : parts)
      done = done && EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1;
    if (!done || EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) != 1) fatal("openssl", "SHA-1");
    return digest;
  }

 private:
  static bool is_cbc_mac(const PrfTransform& transform) noexcept {
    return transform.id == PrfId::aes128_xcbc || transform.id == PrfId::aes128_cmac;
  }

  evp::DigestAlgorithm digest_of(const PrfTransform& transform) const noexcept {
    const auto found = digests_.find(transform.id);
    return found == digests_.end() ? nullptr : found->second;
  }

  void make_group(const KeyExchangeTransform& transform) {
    if (transform.kind == KeyExchangeKind::modp_safe || transform.kind == KeyExchangeKind::modp_subgroup) {
      if (auto group = evp::make_modp_group(transform)) modp_[transform.id] = std::move(group);
    } else if (transform.kind == KeyExchangeKind::ecp) {
      if (evp::Group group = evp::make_ecp_group(transform)) curves_[transform.id] = std::move(group);
    } else if (transform.kind == KeyExchangeKind::montgomery) {
      if (evp::has_montgomery(transform)) montgomery_.insert(transform.id);
    }
  }

  // `source` is an Rng& or the octets of a private value.
  template <class Source>
  Result<evp::Pair> pair(const KeyExchangeTransform& transform, Source&& source) const {
    if (!supports(transform)) return std::unexpected(not_supported(transform.name, "openssl"));
    evp::Pair made;
    if (transform.kind == KeyExchangeKind::montgomery)
      made = evp::make_montgomery_pair(transform, source);
    else if (transform.kind == KeyExchangeKind::ecp)
      made = evp::make_ecp_pair(curves_.at(transform.id), transform, source);
    else
      made = evp::make_modp_pair(modp_.at(transform.id), source);
    if (!made) return std::unexpected(refused_private_value(transform));
    return made;
  }

  evp::CipherAlgorithm aes_128_cbc_;
  std::map<PrfId, evp::DigestAlgorithm> digests_;
  std::map<KeyExchangeId, std::shared_ptr<const evp::ModpGroup>> modp_;
  std::map<KeyExchangeId, evp::Group> curves_;
  std::set<KeyExchangeId> montgomery_;  // asked once: libcrypto looks the algorithm up by its name each time
};

}  // namespace

std::unique_ptr<IkeProvider> make_openssl_ike_provider() {
  return std::make_unique<OpensslIkeProvider>();
}

}  // namespace mpsec::crypto
