// Keys that make and check signatures.
#include <array>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <optional>

#include "crypto/openssl/evp_pki.hpp"

namespace mpsec::crypto::evp {
namespace {

using SignaturePair = std::unique_ptr<ECDSA_SIG, Release<ECDSA_SIG_free>>;

// libcrypto's complaints about a peer's octets are no news to anybody: they are dropped.
class Silence {
 public:
  Silence() { ERR_set_mark(); }
  ~Silence() { ERR_pop_to_mark(); }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;
};

std::optional<KeyKind> curve_of(EVP_PKEY* key) {
  std::array<char, 64> name = {};
  if (EVP_PKEY_get_group_name(key, name.data(), name.size(), nullptr) != 1) return std::nullopt;
  const std::string_view curve(name.data());
  if (curve == "prime256v1") return KeyKind::ecdsa_p256;
  if (curve == "secp384r1") return KeyKind::ecdsa_p384;
  if (curve == "secp521r1") return KeyKind::ecdsa_p521;
  return std::nullopt;
}

std::optional<KeyKind> kind_of(EVP_PKEY* key) {
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
      return KeyKind::rsa;
    case EVP_PKEY_RSA_PSS:
      return KeyKind::rsa_pss;
    case EVP_PKEY_EC:
      return curve_of(key);
    case EVP_PKEY_ED25519:
      return KeyKind::ed25519;
    case EVP_PKEY_ED448:
      return KeyKind::ed448;
    default:
      return std::nullopt;
  }
}

const char* digest_name(HashId hash) {
  switch (hash) {
    case HashId::sha1:
      return "SHA1";
    case HashId::sha2_256:
      return "SHA2-256";
    case HashId::sha2_384:
      return "SHA2-384";
    case HashId::sha2_512:
      return "SHA2-512";
    default:
      return nullptr;  // the message itself
  }
}

// Of r and of s; 0 for keys that are not on a curve of ECDSA.
std::size_t number_octets(KeyKind kind) {
  switch (kind) {
    case KeyKind::ecdsa_p256:
      return 32;
    case KeyKind::ecdsa_p384:
      return 48;
    case KeyKind::ecdsa_p521:
      return 66;
    default:
      return 0;
  }
}

//= rfc4754/7/fixed-lengths-of-r-and-s
bool lawful(const SignatureAlgorithm& algorithm, KeyKind kind, EcdsaForm form) {
  if (!algorithm.fits(kind)) return false;
  return form == EcdsaForm::der || (number_octets(kind) != 0 && algorithm.hash == natural_hash(kind));
}

// The salt is as long as the hash value, which is what the identifiers say (RFC 7427 A.4).
bool set_padding(EVP_PKEY_CTX* context, const SignatureAlgorithm& algorithm) {
  if (algorithm.scheme == SignatureScheme::rsa_pkcs1)
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1;
  if (algorithm.scheme == SignatureScheme::rsa_pss)
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
  return true;
}

Octets joined(MessageParts message) {
  Octets all;
  for (const OctetView part : message)
    append(all, part);
  return all;
}

// A signature in the fixed form, as DER; nothing for one of another length.
std::optional<Octets> der_of(OctetView fixed, std::size_t octets) {
  if (fixed.size() != 2 * octets) return std::nullopt;
  const SignaturePair pair(ECDSA_SIG_new());
  Number r = number(fixed.first(octets)), s = number(fixed.subspan(octets));
  must(pair && ECDSA_SIG_set0(pair.get(), r.release(), s.release()) == 1, "a signature's numbers");
  unsigned char* der = nullptr;
  const int length = i2d_ECDSA_SIG(pair.get(), &der);
  must(length > 0, "a signature's numbers");
  Octets made(der, der + length);
  OPENSSL_free(der);
  return made;
}

Octets fixed_of(OctetView der, std::size_t octets) {
  const unsigned char* at = der.data();
  const SignaturePair pair(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  must(pair != nullptr, "its own signature");
  Octets fixed(2 * octets);
  const MutableOctets out = fixed;
  write_number(ECDSA_SIG_get0_r(pair.get()), out.first(octets));
  write_number(ECDSA_SIG_get0_s(pair.get()), out.subspan(octets));
  return fixed;
}

class OpensslPublicKey final : public PublicKey {
 public:
  OpensslPublicKey(Key key, KeyKind kind, Octets info)
      : key_(std::move(key)), kind_(kind), info_(std::move(info)) {}

  KeyKind kind() const noexcept override { return kind_; }
  unsigned bits() const noexcept override { return static_cast<unsigned>(EVP_PKEY_get_bits(key_.get())); }
  OctetView info() const noexcept override { return info_; }

  std::expected<void, SignatureFault> verify(const SignatureAlgorithm& algorithm, MessageParts message,
                                             OctetView signature, EcdsaForm form) const override {
    if (!lawful(algorithm, kind_, form)) return std::unexpected(SignatureFault::wrong_key);
    std::optional<Octets> der;
    if (form == EcdsaForm::fixed) {
      der = der_of(signature, number_octets(kind_));
      if (!der) return std::unexpected(SignatureFault::wrong_length);
      signature = *der;
    }
    const Silence silence;
    const DigestContext context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* parameters = nullptr;
    const bool authentic = context &&
                           EVP_DigestVerifyInit_ex(context.get(), &parameters, digest_name(algorithm.hash),
                                                   nullptr, nullptr, key_.get(), nullptr) == 1 &&
                           set_padding(parameters, algorithm) &&
                           check(context.get(), algorithm, message, signature);
    if (!authentic) return std::unexpected(SignatureFault::not_authentic);
    return {};
  }

 private:
  static bool check(EVP_MD_CTX* context, const SignatureAlgorithm& algorithm, MessageParts message,
                    OctetView signature) {
    if (algorithm.hash == HashId::identity) {
      const Octets whole = joined(message);
      return EVP_DigestVerify(context, signature.data(), signature.size(), whole.data(), whole.size()) == 1;
    }
    for (const OctetView part : message)
      if (EVP_DigestVerifyUpdate(context, part.data(), part.size()) != 1) return false;
    return EVP_DigestVerifyFinal(context, signature.data(), signature.size()) == 1;
  }

  Key key_;
  KeyKind kind_;
  Octets info_;
};

class OpensslPrivateKey final : public PrivateKey {
 public:
  OpensslPrivateKey(Key key, std::shared_ptr<const PublicKey> public_key)
      : key_(std::move(key)), public_key_(std::move(public_key)) {}

  const PublicKey& public_key() const noexcept override { return *public_key_; }

  std::expected<Octets, SignatureFault> sign(const SignatureAlgorithm& algorithm, MessageParts message,
                                             EcdsaForm form) const override {
    const KeyKind kind = public_key_->kind();
    if (!lawful(algorithm, kind, form)) return std::unexpected(SignatureFault::wrong_key);
    const Silence silence;
    const DigestContext context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* parameters = nullptr;
    // An RSASSA-PSS key may bind itself to one hash, and a small RSA key has no room for a long one.
    if (!context ||
        EVP_DigestSignInit_ex(context.get(), &parameters, digest_name(algorithm.hash), nullptr, nullptr,
                              key_.get(), nullptr) != 1 ||
        !set_padding(parameters, algorithm))
      return std::unexpected(SignatureFault::wrong_key);
    const Octets whole = joined(message);
    Octets signature(static_cast<std::size_t>(EVP_PKEY_get_size(key_.get())));
    std::size_t octets = signature.size();
    if (EVP_DigestSign(context.get(), signature.data(), &octets, whole.data(), whole.size()) != 1)
      return std::unexpected(SignatureFault::wrong_key);
    signature.resize(octets);
    return form == EcdsaForm::fixed ? fixed_of(signature, number_octets(kind)) : signature;
  }

 private:
  Key key_;
  std::shared_ptr<const PublicKey> public_key_;
};

}  // namespace

Stream stream_over(OctetView octets) {
  Stream stream(BIO_new_mem_buf(octets.data(), static_cast<int>(octets.size())));
  must(stream != nullptr, "a buffer");
  return stream;
}

bool is_pem(OctetView octets) {
  const std::string_view text(reinterpret_cast<const char*>(octets.data()), octets.size());
  return text.find("-----BEGIN ") != std::string_view::npos && !text.starts_with('\x30');
}

Error unreadable(std::string_view what) {
  return Error{.blame = Blame::malformed,
               .path = std::string(what),
               .offset = {},
               .why = "neither PEM nor DER of this kind, or octets are left behind it",
               .clause = {}};
}

Error unusable_key(std::string_view what) {
  return Error{.blame = Blame::no_common_ground,
               .path = std::string(what),
               .offset = {},
               .why = "expected a key of RSA, ECDSA over P-256, P-384 or P-521, Ed25519 or Ed448",
               .clause = {}};
}

std::shared_ptr<const PublicKey> make_public_key(Key key, Octets info) {
  const std::optional<KeyKind> kind = kind_of(key.get());
  if (!kind) return nullptr;
  return std::make_shared<OpensslPublicKey>(std::move(key), *kind, std::move(info));
}

std::shared_ptr<const PublicKey> make_public_key(Key key) {
  Octets info = as_der([&](unsigned char** der) { return i2d_PUBKEY(key.get(), der); });
  return make_public_key(std::move(key), std::move(info));
}

std::shared_ptr<const PrivateKey> make_private_key(Key key) {
  must(EVP_PKEY_up_ref(key.get()) == 1, "a key");
  auto public_key = make_public_key(Key(key.get()));
  if (!public_key) return nullptr;
  return std::make_shared<OpensslPrivateKey>(std::move(key), std::move(public_key));
}

}  // namespace mpsec::crypto::evp
