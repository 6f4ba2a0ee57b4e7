#include "crypto/openssl/openssl_provider.hpp"

#include <gtest/gtest.h>

namespace mpsec::crypto {
namespace {

TEST(OpensslProvider, SupportsWhatThePortableProviderMust) {
  const auto provider = make_openssl_provider();
  for (const EncryptionTransform& transform : encryption_transforms())
    EXPECT_EQ(provider->supports(transform), transform.kind != CipherKind::unsupported) << transform.name;
  for (const IntegrityTransform& transform : integrity_transforms())
    EXPECT_EQ(provider->supports(transform), transform.supported) << transform.name;
}

TEST(OpensslProvider, ObjectsOutliveTheirProvider) {
  auto provider = make_openssl_provider();
  const auto aead = provider->aead(**find(EncryptionId::aes_gcm_16), Octets(16)).value();
  provider.reset();
  const Octets nonce(12);
  Octets text(32), icv(16);
  AeadJob job{.nonce = nonce.data(), .associated = {}, .text = text, .icv = icv.data()};
  aead->seal({&job, 1});
  aead->open({&job, 1});
  EXPECT_TRUE(job.authentic);
}

TEST(OpensslProvider, NamesItsLibrary) {
  EXPECT_NE(make_openssl_provider()->description().find("OpenSSL 3."), std::string::npos);
}

TEST(OpensslRng, DoesNotRepeat) {
  const auto rng = make_openssl_rng();
  EXPECT_NE(rng->next_u64(), rng->next_u64());
  rng->fill({});
}

}  // namespace
}  // namespace mpsec::crypto
