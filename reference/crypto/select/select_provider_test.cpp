#include "crypto/select/select_provider.hpp"

#include <gtest/gtest.h>

#include "crypto/ipsec_mb/ipsec_mb_provider.hpp"

namespace mpsec::crypto {
namespace {

TEST(SelectProvider, TheBestLacksNothing) {
  const auto best = select_provider().value();
  for (const EncryptionTransform& transform : encryption_transforms())
    EXPECT_EQ(best->supports(transform), transform.kind != CipherKind::unsupported) << transform.name;
  for (const IntegrityTransform& transform : integrity_transforms())
    EXPECT_EQ(best->supports(transform), transform.supported) << transform.name;
  EXPECT_TRUE(best->cipher(**find(EncryptionId::triple_des), Octets(24)));
  EXPECT_TRUE(best->aead(**find(EncryptionId::aes_gcm_16), Octets(16)));
  EXPECT_TRUE(best->mac(**find(IntegrityId::hmac_sha2_256_128), Octets(32)));
}

TEST(SelectProvider, AnUnknownNameIsAnsweredWithTheAllowedOnes) {
  const auto refused = select_provider("gnutls");
  ASSERT_FALSE(refused);
  EXPECT_EQ(to_string(refused.error()),
            "crypto provider: expected one of best, openssl, ipsec_mb, open, found \"gnutls\"");
}

TEST(SelectProvider, GivesWhatWasAskedForOrSaysWhyNot) {
  for (const std::string_view name : {"openssl", "open"})
    EXPECT_EQ(select_provider(name).value()->name(), name);
  std::string why;
  const bool here = make_ipsec_mb_provider(Tier::best, &why) != nullptr;
  const auto fast = select_provider("ipsec_mb");
  ASSERT_EQ(fast.has_value(), here);
  if (here)
    EXPECT_EQ((*fast)->name(), "ipsec_mb");
  else
    EXPECT_NE(fast.error().why.find(why), std::string::npos);
}

TEST(SelectProvider, TheOpenOneIsNeverAvailableUnasked) {
  const auto providers = available_providers();
  ASSERT_FALSE(providers.empty());
  EXPECT_EQ(providers.front()->name(), "openssl");
  for (const auto& provider : providers)
    EXPECT_NE(provider->name(), "open");
}

}  // namespace
}  // namespace mpsec::crypto
