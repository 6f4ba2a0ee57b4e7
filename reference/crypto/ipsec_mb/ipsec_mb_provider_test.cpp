// What is particular to this provider; the laws that it shares with the others are tried in crypto/select.
#include "crypto/ipsec_mb/ipsec_mb_provider.hpp"

#include <gtest/gtest.h>
#include <thread>

#include "crypto/openssl/openssl_provider.hpp"

namespace mpsec::crypto {
namespace {

class IpsecMb : public testing::Test {
 protected:
  void SetUp() override {
    std::string why;
    fast_ = make_ipsec_mb_provider(Tier::best, &why);
    if (!fast_) GTEST_SKIP() << why;
  }

  static Octets some(std::size_t octets) {
    Octets all(octets);
    SeededRng(octets).fill(all);
    return all;
  }

  std::unique_ptr<Provider> fast_;
  std::unique_ptr<Provider> portable_ = make_openssl_provider();
};

TEST(IpsecMbTiers, AnAbsentTierSaysWhy) {
  for (const Tier tier : {Tier::best, Tier::sse, Tier::avx2, Tier::avx512}) {
    std::string why;
    const auto provider = make_ipsec_mb_provider(tier, &why);
    EXPECT_NE(provider == nullptr, why.empty());
    if (!provider) continue;
    EXPECT_NE(provider->description().find("intel-ipsec-mb 1."), std::string::npos);
  }
}

TEST_F(IpsecMb, LacksOnlyTripleDes) {
  for (const EncryptionTransform& transform : encryption_transforms())
    EXPECT_EQ(fast_->supports(transform),
              transform.kind != CipherKind::unsupported && transform.id != EncryptionId::triple_des)
        << transform.name;
  const auto refused = fast_->cipher(**find(EncryptionId::triple_des), Octets(24));
  ASSERT_FALSE(refused);
  EXPECT_EQ(to_string(refused.error()), "ENCR_3DES: the provider ipsec_mb lacks this algorithm");
}

TEST_F(IpsecMb, TextsThatTheLanesCannotCountAreComputedAllTheSame) {
  for (const IntegrityTransform& transform : integrity_transforms()) {
    if (!transform.supported || transform.iv_octets != 0) continue;
    const Octets key = some(transform.key_octets), trailer = some(4);
    for (const std::size_t octets : {65530u, 65531u, 65535u, 70000u}) {
      const Octets text = some(octets);
      Octets ours(transform.icv_octets), theirs(transform.icv_octets);
      MacJob job{.text = text, .trailer = trailer, .icv = ours.data(), .iv = nullptr};
      MacJob expected{.text = text, .trailer = trailer, .icv = theirs.data(), .iv = nullptr};
      const auto mac = fast_->mac(transform, key).value();
      mac->sign({&job, 1});
      portable_->mac(transform, key).value()->sign({&expected, 1});
      EXPECT_EQ(ours, theirs) << transform.name << " of " << octets;
      mac->verify({&job, 1});
      EXPECT_TRUE(job.authentic);
    }
  }
}

TEST_F(IpsecMb, CombinedAndPlainCiphersTakeLongTextsToo) {
  for (const EncryptionTransform& transform : encryption_transforms()) {
    if (!transform.combined() || !fast_->supports(transform)) continue;
    const Octets key = some(32), nonce = some(12), associated = some(200);
    for (const std::size_t octets : {100u, 65535u, 70000u}) {
      Octets text = some(octets), icv(16);
      AeadJob job{.nonce = nonce.data(), .associated = associated, .text = text, .icv = icv.data()};
      fast_->aead(transform, key).value()->seal({&job, 1});
      portable_->aead(transform, key).value()->open({&job, 1});
      EXPECT_TRUE(job.authentic) << transform.name << " of " << octets;
      EXPECT_EQ(text, some(octets));
    }
  }
  for (const EncryptionId id : {EncryptionId::aes_cbc, EncryptionId::aes_ctr}) {
    const Octets key = some(32), iv = some(16);
    Octets text = some(65536);
    CipherJob job{.iv = iv.data(), .text = text};
    fast_->cipher(**find(id), key).value()->encrypt({&job, 1});
    portable_->cipher(**find(id), key).value()->decrypt({&job, 1});
    EXPECT_EQ(text, some(65536));
  }
}

// As ESP lays it out: the ICV right behind the text, so that the trailer stands in its place for a while.
TEST_F(IpsecMb, AnIcvBehindTheTextIsPutBackAfterTheTrailerStoodThere) {
  const IntegrityTransform& transform = **find(IntegrityId::hmac_sha2_256_128);
  const Octets key = some(32), trailer = some(4);
  const auto mac = fast_->mac(transform, key).value();
  std::vector<Octets> packets;
  std::vector<MacJob> jobs;
  for (std::size_t i = 0; i < 100; ++i)
    packets.push_back(some(200 + i));
  for (Octets& packet : packets) {
    const std::size_t text = packet.size() - transform.icv_octets;
    jobs.push_back({.text = OctetView(packet).first(text),
                    .trailer = trailer,
                    .icv = packet.data() + text,
                    .iv = nullptr});
  }
  mac->sign(jobs);
  const std::vector<Octets> signed_packets = packets;
  mac->verify(jobs);
  for (const MacJob& job : jobs)
    EXPECT_TRUE(job.authentic);
  EXPECT_EQ(packets, signed_packets);

  packets[7].back() ^= 1;
  const Octets damaged = packets[7];
  mac->verify(jobs);
  for (std::size_t i = 0; i < jobs.size(); ++i)
    EXPECT_EQ(jobs[i].authentic, i != 7);
  EXPECT_EQ(packets[7], damaged);
  portable_->mac(transform, key).value()->verify(jobs);
  EXPECT_TRUE(jobs[0].authentic && !jobs[7].authentic);
}

TEST_F(IpsecMb, ClonesWorkInThreadsOfTheirOwn) {
  const EncryptionTransform& transform = **find(EncryptionId::aes_ccm_16);
  const Octets key = some(16), nonce = some(11);
  const auto original = fast_->aead(transform, key).value();
  const auto sealed_by = [&](Aead& aead) {
    Octets all;
    for (std::size_t i = 0; i < 200; ++i) {
      Octets text = some(i), icv(16);
      AeadJob job{.nonce = nonce.data(), .associated = {}, .text = text, .icv = icv.data()};
      aead.seal({&job, 1});
      append(all, icv);
    }
    return all;
  };
  Octets in_one, in_other;
  std::thread one([&, copy = original->clone()] { in_one = sealed_by(*copy); });
  std::thread other([&, copy = original->clone()] { in_other = sealed_by(*copy); });
  one.join();
  other.join();
  EXPECT_EQ(in_one, sealed_by(*original));
  EXPECT_EQ(in_other, in_one);
}

}  // namespace
}  // namespace mpsec::crypto
