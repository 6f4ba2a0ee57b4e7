#include "crypto/open/open_provider.hpp"

#include "base/secret.hpp"
#include "crypto/open/fnv.hpp"

namespace mpsec::crypto {
namespace {

constexpr std::size_t longest_icv = 32;

class OpenAead final : public Aead {
 public:
  OpenAead(const EncryptionTransform& transform, OctetView key) : transform_(transform), key_(key) {}

  std::size_t nonce_octets() const noexcept override { return transform_.salt_octets + transform_.iv_octets; }
  std::size_t icv_octets() const noexcept override { return transform_.icv_octets; }

  void seal(std::span<AeadJob> jobs) noexcept override {
    for (AeadJob& job : jobs)
      compute(job, {job.icv, icv_octets()});
  }

  void open(std::span<AeadJob> jobs) noexcept override {
    std::uint8_t expected[longest_icv];
    for (AeadJob& job : jobs) {
      compute(job, {expected, icv_octets()});
      job.authentic = equal_in_constant_time({expected, icv_octets()}, {job.icv, icv_octets()});
    }
  }

  std::unique_ptr<Aead> clone() const override { return std::make_unique<OpenAead>(transform_, key_.view()); }

 private:
  void compute(const AeadJob& job, MutableOctets icv) const noexcept {
    open_check_value({key_.view(), {job.nonce, nonce_octets()}, job.associated, job.text}, icv);
  }

  EncryptionTransform transform_;
  SecretOctets key_;
};

class OpenCipher final : public Cipher {
 public:
  explicit OpenCipher(std::size_t iv_octets) : iv_octets_(iv_octets) {}

  std::size_t iv_octets() const noexcept override { return iv_octets_; }
  void encrypt(std::span<CipherJob>) noexcept override {}
  void decrypt(std::span<CipherJob>) noexcept override {}
  std::unique_ptr<Cipher> clone() const override { return std::make_unique<OpenCipher>(iv_octets_); }

 private:
  std::size_t iv_octets_;
};

class OpenMac final : public Mac {
 public:
  OpenMac(const IntegrityTransform& transform, OctetView key) : transform_(transform), key_(key) {}

  std::size_t icv_octets() const noexcept override { return transform_.icv_octets; }
  std::size_t iv_octets() const noexcept override { return transform_.iv_octets; }

  void sign(std::span<MacJob> jobs) noexcept override {
    for (MacJob& job : jobs)
      compute(job, {job.icv, icv_octets()});
  }

  void verify(std::span<MacJob> jobs) noexcept override {
    std::uint8_t expected[longest_icv];
    for (MacJob& job : jobs) {
      compute(job, {expected, icv_octets()});
      job.authentic = equal_in_constant_time({expected, icv_octets()}, {job.icv, icv_octets()});
    }
  }

  std::unique_ptr<Mac> clone() const override { return std::make_unique<OpenMac>(transform_, key_.view()); }

 private:
  void compute(const MacJob& job, MutableOctets icv) const noexcept {
    Fnv hash;
    for (const OctetView part : {key_.view(), OctetView(job.iv, iv_octets())}) {
      hash.take_in(part);
      hash.take_in_length(part.size());
    }
    hash.take_in(job.text);
    hash.take_in(job.trailer);
    hash.take_in_length(job.text.size() + job.trailer.size());
    hash.spell(icv);
  }

  IntegrityTransform transform_;
  SecretOctets key_;
};

class OpenProvider final : public Provider {
 public:
  std::string_view name() const noexcept override { return "open"; }
  std::string description() const override { return "open: no secrecy, check values anyone can compute"; }

  bool supports(const EncryptionTransform& transform) const noexcept override {
    return transform.kind != CipherKind::unsupported;
  }
  bool supports(const IntegrityTransform& transform) const noexcept override { return transform.supported; }

  Result<std::unique_ptr<Aead>> aead(const EncryptionTransform& transform, OctetView key) const override {
    if (Result<> checked = check_aead(transform, key); !checked) return std::unexpected(checked.error());
    return std::make_unique<OpenAead>(transform, key);
  }

  Result<std::unique_ptr<Cipher>> cipher(const EncryptionTransform& transform, OctetView key) const override {
    if (Result<> checked = check_cipher(transform, key); !checked) return std::unexpected(checked.error());
    return std::make_unique<OpenCipher>(transform.salt_octets + transform.iv_octets);
  }

  Result<std::unique_ptr<Mac>> mac(const IntegrityTransform& transform, OctetView key) const override {
    if (Result<> checked = check_mac(transform, key); !checked) return std::unexpected(checked.error());
    return std::make_unique<OpenMac>(transform, key);
  }
};

}  // namespace

void open_check_value(std::initializer_list<OctetView> parts, MutableOctets icv) noexcept {
  Fnv hash;
  for (const OctetView part : parts) {
    hash.take_in(part);
    hash.take_in_length(part.size());
  }
  hash.spell(icv);
}

std::unique_ptr<Provider> make_open_provider() {
  return std::make_unique<OpenProvider>();
}

}  // namespace mpsec::crypto
