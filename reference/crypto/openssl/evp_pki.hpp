// libcrypto's keys and certificates with owners. Private to this folder.
#pragma once

#include <memory>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string>

#include "crypto/certificate.hpp"
#include "crypto/openssl/evp_ike.hpp"

namespace mpsec::crypto::evp {

using X509Pointer = std::unique_ptr<X509, Release<X509_free>>;
using RevocationList = std::unique_ptr<X509_CRL, Release<X509_CRL_free>>;
using Stream = std::unique_ptr<BIO, Release<BIO_free_all>>;

Stream stream_over(OctetView octets);
bool is_pem(OctetView octets);
// For what libcrypto could not read, with its first words on it.
Error unreadable(std::string_view what);

// `info`: its SubjectPublicKeyInfo, where that has been read; libcrypto takes longer to write one than to
// check a signature. Null where the key is of no kind that serves here.
std::shared_ptr<const PublicKey> make_public_key(Key key, Octets info);
std::shared_ptr<const PublicKey> make_public_key(Key key);
std::shared_ptr<const PrivateKey> make_private_key(Key key);
Error unusable_key(std::string_view what);

Result<CertificatePointer> make_certificate(OctetView pem_or_der);
X509* x509_of(const Certificate& certificate);
std::unique_ptr<CertificateStore> make_certificate_store();

// What one of libcrypto's writers gives: write(unsigned char** der) returns the length.
template <class Write>
Octets as_der(Write write) {
  unsigned char* der = nullptr;
  const int length = write(&der);
  must(length > 0, "octets in DER");
  Octets octets(der, der + length);
  OPENSSL_free(der);
  return octets;
}

// Reads one DER or PEM object with libcrypto's readers, DER to its end; null on failure.
//   from_der(const unsigned char** at, long octets), from_pem(BIO*)
template <class Owner, class FromDer, class FromPem>
Owner read_object(OctetView octets, FromDer from_der, FromPem from_pem) {
  if (is_pem(octets)) return Owner(from_pem(stream_over(octets).get()));
  const unsigned char* at = octets.data();
  Owner object(from_der(&at, static_cast<long>(octets.size())));
  if (at != octets.data() + octets.size()) object.reset();
  return object;
}

}  // namespace mpsec::crypto::evp
