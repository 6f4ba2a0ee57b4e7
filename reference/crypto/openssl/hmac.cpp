// HMAC (RFC 2104) from two digest states that have already taken in the padded key, so that a packet costs no
// key block. EVP_MAC would copy the same states, behind more calls: measured 10 % slower at 64 octets.
#include <algorithm>
#include <array>
#include <cstring>

#include "crypto/openssl/evp.hpp"

namespace mpsec::crypto::evp {
namespace {

constexpr std::size_t largest_block = 128;  // SHA-384 and SHA-512

class Hmac final : public Mac {
 public:
  Hmac(DigestAlgorithm digest, OctetView key, std::uint8_t icv_octets)
      : inner_(EVP_MD_CTX_new()),
        outer_(EVP_MD_CTX_new()),
        work_(EVP_MD_CTX_new()),
        digest_octets_(static_cast<std::size_t>(EVP_MD_get_size(digest.get()))),
        icv_octets_(icv_octets) {
    must(inner_ && outer_ && work_, "a digest context");
    must(absorb_key(inner_.get(), digest.get(), key, 0x36) &&
             absorb_key(outer_.get(), digest.get(), key, 0x5c),
         "an HMAC key");
  }
  Hmac(const Hmac& other)
      : inner_(EVP_MD_CTX_new()),
        outer_(EVP_MD_CTX_new()),
        work_(EVP_MD_CTX_new()),
        digest_octets_(other.digest_octets_),
        icv_octets_(other.icv_octets_) {
    must(inner_ && outer_ && work_ && EVP_MD_CTX_copy_ex(inner_.get(), other.inner_.get()) == 1 &&
             EVP_MD_CTX_copy_ex(outer_.get(), other.outer_.get()) == 1,
         "a digest context");
  }
  Hmac& operator=(const Hmac&) = delete;
  ~Hmac() override = default;

  std::size_t icv_octets() const noexcept override { return icv_octets_; }

  void sign(std::span<MacJob> jobs) noexcept override {
    Digest digest;
    for (MacJob& job : jobs) {
      must(compute(job, digest), "to sign");
      std::memcpy(job.icv, digest.data(), icv_octets_);
    }
  }

  void verify(std::span<MacJob> jobs) noexcept override {
    Digest digest;
    for (MacJob& job : jobs)
      job.authentic = compute(job, digest) &&
                      equal_in_constant_time({digest.data(), icv_octets_}, {job.icv, icv_octets_});
  }

  std::unique_ptr<Mac> clone() const override { return std::make_unique<Hmac>(*this); }

 private:
  using Digest = std::array<std::uint8_t, EVP_MAX_MD_SIZE>;

  static bool absorb_key(EVP_MD_CTX* context, const EVP_MD* digest, OctetView key,
                         std::uint8_t pad) noexcept {
    std::array<std::uint8_t, largest_block> block = {};
    const auto block_octets = static_cast<std::size_t>(EVP_MD_get_block_size(digest));
    std::ranges::copy(key, block.begin());
    for (std::uint8_t& octet : block)
      octet ^= pad;
    const bool done = EVP_DigestInit_ex2(context, digest, nullptr) == 1 &&
                      EVP_DigestUpdate(context, block.data(), block_octets) == 1;
    wipe(block);
    return done;
  }

  bool compute(const MacJob& job, Digest& digest) noexcept {
    EVP_MD_CTX* work = work_.get();
    return EVP_MD_CTX_copy_ex(work, inner_.get()) == 1 && take_in(work, job.text) &&
           take_in(work, job.trailer) && EVP_DigestFinal_ex(work, digest.data(), nullptr) == 1 &&
           EVP_MD_CTX_copy_ex(work, outer_.get()) == 1 && take_in(work, {digest.data(), digest_octets_}) &&
           EVP_DigestFinal_ex(work, digest.data(), nullptr) == 1;
  }

  static bool take_in(EVP_MD_CTX* context, OctetView octets) noexcept {
    return octets.empty() || EVP_DigestUpdate(context, octets.data(), octets.size()) == 1;
  }

  DigestContext inner_;
  DigestContext outer_;
  DigestContext work_;
  std::size_t digest_octets_;
  std::size_t icv_octets_;
};

}  // namespace

std::unique_ptr<Mac> make_hmac(DigestAlgorithm digest, OctetView key, const IntegrityTransform& transform) {
  return std::make_unique<Hmac>(std::move(digest), key, transform.icv_octets);
}

}  // namespace mpsec::crypto::evp
