#include "crypto/openssl/openssl_pki.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

#include "crypto/openssl/evp_pki.hpp"

namespace mpsec::crypto {
namespace {

// libcrypto would ask at the terminal for the password of an encrypted key.
int no_password(char*, int, int, void*) {
  return 0;
}

template <class Made>
Result<Made> made_or(evp::Key key, Made (*make)(evp::Key), std::string_view what) {
  if (!key) return std::unexpected(evp::unreadable(what));
  Made made = make(std::move(key));
  if (!made) return std::unexpected(evp::unusable_key(what));
  return made;
}

class OpensslPki final : public PkiProvider {
 public:
  Result<std::shared_ptr<const PrivateKey>> private_key(OctetView pem_or_der) const override {
    ERR_set_mark();
    evp::Key key = evp::read_object<evp::Key>(
        pem_or_der,
        [](const unsigned char** at, long octets) { return d2i_AutoPrivateKey(nullptr, at, octets); },
        [](BIO* stream) { return PEM_read_bio_PrivateKey(stream, nullptr, no_password, nullptr); });
    ERR_pop_to_mark();
    return made_or(std::move(key), evp::make_private_key, "private key");
  }

  Result<std::shared_ptr<const PublicKey>> public_key(OctetView pem_or_der) const override {
    ERR_set_mark();
    evp::Key key = evp::read_object<evp::Key>(
        pem_or_der, [](const unsigned char** at, long octets) { return d2i_PUBKEY(nullptr, at, octets); },
        [](BIO* stream) { return PEM_read_bio_PUBKEY(stream, nullptr, no_password, nullptr); });
    ERR_pop_to_mark();
    return made_or(std::move(key), evp::make_public_key, "public key");
  }

  Result<CertificatePointer> certificate(OctetView pem_or_der) const override {
    return evp::make_certificate(pem_or_der);
  }

  std::unique_ptr<CertificateStore> certificate_store() const override {
    return evp::make_certificate_store();
  }
};

}  // namespace

std::unique_ptr<PkiProvider> make_openssl_pki() {
  return std::make_unique<OpensslPki>();
}

}  // namespace mpsec::crypto
