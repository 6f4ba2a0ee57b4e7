// X.509 certificates, parsed by libcrypto.
#include <algorithm>
#include <cctype>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "crypto/openssl/evp_pki.hpp"

namespace mpsec::crypto::evp {
namespace {

using AlternativeNames = std::unique_ptr<GENERAL_NAMES, Release<GENERAL_NAMES_free>>;
using DistinguishedName = std::unique_ptr<X509_NAME, Release<X509_NAME_free>>;

CalendarSeconds seconds_of(const ASN1_TIME* time) {
  const std::unique_ptr<ASN1_TIME, Release<ASN1_STRING_free>> epoch(ASN1_TIME_set(nullptr, 0));
  int days = 0, seconds = 0;
  if (ASN1_TIME_diff(&days, &seconds, epoch.get(), time) != 1) return 0;
  return CalendarSeconds{days} * 86400 + seconds;
}

Octets der_of(const X509_NAME* name) {
  const unsigned char* octets = nullptr;
  std::size_t length = 0;
  must(X509_NAME_get0_der(name, &octets, &length) == 1, "a name's octets");
  return Octets(octets, octets + length);
}

OctetView octets_of(const ASN1_STRING* text) {
  return {ASN1_STRING_get0_data(text), static_cast<std::size_t>(ASN1_STRING_length(text))};
}

bool equal_without_case(OctetView left, OctetView right) {
  return std::ranges::equal(
      left, right, [](std::uint8_t a, std::uint8_t b) { return std::tolower(a) == std::tolower(b); });
}

// The local part has its case, the domain has none.
bool same_mailbox(OctetView left, OctetView right) {
  const auto at = std::ranges::find(left, std::uint8_t{'@'});
  const auto local = static_cast<std::size_t>(at - left.begin());
  return left.size() == right.size() && std::ranges::equal(left.first(local), right.first(local)) &&
         equal_without_case(left.subspan(local), right.subspan(local));
}

class OpensslCertificate final : public Certificate {
 public:
  OpensslCertificate(X509Pointer x509, std::shared_ptr<const PublicKey> public_key)
      : x509_(std::move(x509)),
        public_key_(std::move(public_key)),
        subject_(der_of(X509_get_subject_name(x509_.get()))),
        issuer_(der_of(X509_get_issuer_name(x509_.get()))),
        not_before_(seconds_of(X509_get0_notBefore(x509_.get()))),
        not_after_(seconds_of(X509_get0_notAfter(x509_.get()))) {
    der_ = as_der([&](unsigned char** der) { return i2d_X509(x509_.get(), der); });
    //= rfc7296/3.7/authority-named-by-hash-of-its-key-info
    const OctetView info = public_key_->info();
    must(EVP_Digest(info.data(), info.size(), key_hash_.data(), nullptr, EVP_sha1(), nullptr) == 1,
         "a key's hash");
  }

  X509* x509() const { return x509_.get(); }
  OctetView der() const noexcept override { return der_; }
  OctetView subject() const noexcept override { return subject_; }
  OctetView issuer() const noexcept override { return issuer_; }
  CalendarSeconds not_before() const noexcept override { return not_before_; }
  CalendarSeconds not_after() const noexcept override { return not_after_; }
  const std::shared_ptr<const PublicKey>& public_key() const noexcept override { return public_key_; }
  const std::array<std::uint8_t, 20>& key_hash() const noexcept override { return key_hash_; }

  bool speaks_for(NameType type, OctetView value) const override {
    if (type == NameType::distinguished_name) return is_subject(value);
    const AlternativeNames names(
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(x509_.get(), NID_subject_alt_name, nullptr, nullptr)));
    for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i)
      if (is_this(*sk_GENERAL_NAME_value(names.get(), i), type, value)) return true;
    return false;
  }

 private:
  // As names, not as octets: the types of strings and the case of letters tell no two apart (RFC 5280 7.1).
  bool is_subject(OctetView value) const {
    ERR_set_mark();
    const unsigned char* at = value.data();
    const DistinguishedName name(d2i_X509_NAME(nullptr, &at, static_cast<long>(value.size())));
    ERR_pop_to_mark();
    return name && at == value.data() + value.size() && !subject_is_empty() &&
           X509_NAME_cmp(name.get(), X509_get_subject_name(x509_.get())) == 0;
  }
  bool subject_is_empty() const { return X509_NAME_entry_count(X509_get_subject_name(x509_.get())) == 0; }

  //= rfc4945/3.1.2/domains-compared-whole
  static bool is_this(const GENERAL_NAME& name, NameType type, OctetView value) {
    switch (type) {
      case NameType::fqdn:
        return name.type == GEN_DNS && equal_without_case(octets_of(name.d.dNSName), value);
      case NameType::rfc822_address:
        return name.type == GEN_EMAIL && same_mailbox(octets_of(name.d.rfc822Name), value);
      case NameType::ipv4_address:
      case NameType::ipv6_address:
        return name.type == GEN_IPADD && value.size() == (type == NameType::ipv4_address ? 4u : 16u) &&
               std::ranges::equal(octets_of(name.d.iPAddress), value);
      case NameType::distinguished_name:
        return false;
    }
    return false;
  }

  X509Pointer x509_;
  std::shared_ptr<const PublicKey> public_key_;
  Octets der_;
  Octets subject_;
  Octets issuer_;
  CalendarSeconds not_before_;
  CalendarSeconds not_after_;
  std::array<std::uint8_t, 20> key_hash_ = {};
};

}  // namespace

Result<CertificatePointer> make_certificate(OctetView pem_or_der) {
  ERR_set_mark();
  auto x509 = read_object<X509Pointer>(
      pem_or_der, [](const unsigned char** at, long octets) { return d2i_X509(nullptr, at, octets); },
      [](BIO* stream) {
        return PEM_read_bio_X509(stream, nullptr, [](char*, int, int, void*) { return 0; }, nullptr);
      });
  Key key(x509 ? X509_get_pubkey(x509.get()) : nullptr);
  ERR_pop_to_mark();
  if (!x509) return std::unexpected(unreadable("certificate"));
  if (!key) return std::unexpected(unusable_key("certificate/SubjectPublicKeyInfo"));
  auto public_key = make_public_key(std::move(key), as_der([&](unsigned char** der) {
                                      return i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509.get()), der);
                                    }));
  if (!public_key) return std::unexpected(unusable_key("certificate/SubjectPublicKeyInfo"));
  return std::make_shared<OpensslCertificate>(std::move(x509), std::move(public_key));
}

// Certificates come from make_certificate and nowhere else.
X509* x509_of(const Certificate& certificate) {
  return static_cast<const OpensslCertificate&>(certificate).x509();
}

}  // namespace mpsec::crypto::evp
