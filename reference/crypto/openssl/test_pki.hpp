// Keys and certificates made on the spot, for tests: nothing here is stored, and nothing expires.
#pragma once

#include <memory>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "crypto/openssl/openssl_pki.hpp"

namespace mpsec::crypto::test_pki {

struct Release {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(X509_CRL* list) const { X509_CRL_free(list); }
};
using Key = std::unique_ptr<EVP_PKEY, Release>;

inline Key make_key(const char* algorithm) {
  EVP_PKEY_CTX* context = EVP_PKEY_CTX_new_from_name(nullptr, algorithm, nullptr);
  EVP_PKEY* key = nullptr;
  EVP_PKEY_keygen_init(context);
  EVP_PKEY_generate(context, &key);
  EVP_PKEY_CTX_free(context);
  return Key(key);
}

inline Key make_key(KeyKind kind) {
  switch (kind) {
    case KeyKind::rsa:
      return make_key("RSA");
    case KeyKind::rsa_pss:
      return make_key("RSA-PSS");
    case KeyKind::ecdsa_p256:
      return Key(EVP_EC_gen("P-256"));
    case KeyKind::ecdsa_p384:
      return Key(EVP_EC_gen("P-384"));
    case KeyKind::ecdsa_p521:
      return Key(EVP_EC_gen("P-521"));
    case KeyKind::ed25519:
      return make_key("ED25519");
    case KeyKind::ed448:
      return make_key("ED448");
  }
  return nullptr;
}

// The DER that libcrypto's i2d functions write.
template <class Object, class Write>
Octets der(Object* object, Write write) {
  unsigned char* octets = nullptr;
  const int length = write(object, &octets);
  Octets made(octets, octets + length);
  OPENSSL_free(octets);
  return made;
}

// What a certificate says; the defaults are those of a peer's.
struct Wish {
  std::string common_name = "peer";
  std::string alternative_names = "DNS:peer.example";
  bool authority = false;
  std::string key_usage = {};       // "digitalSignature", or none
  std::string extended_usage = {};  // "ipsecIKE", or none
  CalendarSeconds not_before = 1'000'000'000;
  CalendarSeconds not_after = 2'000'000'000;
  KeyKind key = KeyKind::ecdsa_p256;
};
// A time at which certificates made from the defaults are valid.
inline constexpr CalendarSeconds midday = 1'500'000'000;

// A certificate with its key; one without an issuer signs itself.
class Authority {
 public:
  explicit Authority(const Wish& wish, const Authority* issuer = nullptr)
      : key_(make_key(wish.key)), x509_(X509_new()) {
    const Authority& signer = issuer == nullptr ? *this : *issuer;
    X509_set_version(x509_.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x509_.get()), ++serials());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x509_.get()), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(wish.common_name.c_str()), -1, -1, 0);
    X509_set_issuer_name(x509_.get(), X509_get_subject_name(signer.x509_.get()));
    ASN1_TIME_set(X509_getm_notBefore(x509_.get()), wish.not_before);
    ASN1_TIME_set(X509_getm_notAfter(x509_.get()), wish.not_after);
    X509_set_pubkey(x509_.get(), key_.get());
    if (wish.authority) extend(NID_basic_constraints, "critical,CA:TRUE");
    if (!wish.alternative_names.empty()) extend(NID_subject_alt_name, wish.alternative_names);
    if (!wish.key_usage.empty()) extend(NID_key_usage, wish.key_usage);
    if (!wish.extended_usage.empty()) extend(NID_ext_key_usage, wish.extended_usage);
    X509_sign(x509_.get(), signer.key_.get(), signer.digest());
  }

  Octets der() const { return test_pki::der(x509_.get(), i2d_X509); }
  Octets private_key_der() const { return test_pki::der(key_.get(), i2d_PrivateKey); }
  CertificatePointer certificate() const { return make_openssl_pki()->certificate(der()).value(); }
  std::shared_ptr<const PrivateKey> private_key() const {
    return make_openssl_pki()->private_key(private_key_der()).value();
  }

  // A list that revokes these, current from `from` to `until`.
  Octets revoke(const std::vector<const Authority*>& revoked, CalendarSeconds from = 1'000'000'000,
                CalendarSeconds until = 2'000'000'000) const {
    const std::unique_ptr<X509_CRL, Release> list(X509_CRL_new());
    X509_CRL_set_version(list.get(), 1);
    X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(x509_.get()));
    const std::unique_ptr<ASN1_TIME, decltype(&ASN1_STRING_free)> begin(ASN1_TIME_set(nullptr, from),
                                                                        ASN1_STRING_free);
    const std::unique_ptr<ASN1_TIME, decltype(&ASN1_STRING_free)> end(ASN1_TIME_set(nullptr, until),
                                                                      ASN1_STRING_free);
    X509_CRL_set1_lastUpdate(list.get(), begin.get());
    X509_CRL_set1_nextUpdate(list.get(), end.get());
    for (const Authority* one : revoked) {
      X509_REVOKED* entry = X509_REVOKED_new();
      X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(one->x509_.get()));
      X509_REVOKED_set_revocationDate(entry, begin.get());
      X509_CRL_add0_revoked(list.get(), entry);
    }
    X509_CRL_sign(list.get(), key_.get(), digest());
    return test_pki::der(list.get(), i2d_X509_CRL);
  }

 private:
  static long& serials() {
    static long last = 0;
    return last;
  }
  const EVP_MD* digest() const {
    const int id = EVP_PKEY_get_base_id(key_.get());
    return id == EVP_PKEY_ED25519 || id == EVP_PKEY_ED448 ? nullptr : EVP_sha256();
  }
  void extend(int nid, const std::string& value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
    X509_add_ext(x509_.get(), extension, -1);
    X509_EXTENSION_free(extension);
  }

  Key key_;
  std::unique_ptr<X509, Release> x509_;
};

}  // namespace mpsec::crypto::test_pki
