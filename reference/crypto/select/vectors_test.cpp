// A few values that the RFCs print, for every provider of this machine: the laws of providers_test.cpp hold
// as well for a wrong algorithm. The whole collections are run by mpsec-vectors.
#include <gtest/gtest.h>

#include "crypto/provider.hpp"
#include "crypto/select/select_provider.hpp"

namespace mpsec::crypto {
namespace {

struct MacVector {
  std::string_view origin;
  IntegrityId id;
  std::string_view key;
  std::string_view text;
  std::string_view icv;
};

constexpr std::string_view xcbc_key = "000102030405060708090a0b0c0d0e0f";
constexpr std::string_view cmac_key = "2b7e151628aed2a6abf7158809cf4f3c";

constexpr MacVector mac_vectors[] = {
    {"RFC 3566 4 #1", IntegrityId::aes_xcbc_96, xcbc_key, "", "75f0251d528ac01c4573dfd5"},
    {"RFC 3566 4 #2", IntegrityId::aes_xcbc_96, xcbc_key, "000102", "5b376580ae2f19afe7219cee"},
    {"RFC 3566 4 #3", IntegrityId::aes_xcbc_96, xcbc_key, xcbc_key, "d2a246fa349b68a79998a439"},
    {"RFC 3566 4 #4", IntegrityId::aes_xcbc_96, xcbc_key, "000102030405060708090a0b0c0d0e0f10111213",
     "47f51b4564966215b8985c63"},
    {"RFC 4494 5 #1", IntegrityId::aes_cmac_96, cmac_key, "", "bb1d6929e95937287fa37d12"},
    {"RFC 4494 5 #2", IntegrityId::aes_cmac_96, cmac_key, "6bc1bee22e409f96e93d7e117393172a",
     "070a16b46b4d4144f79bdd9d"},
    {"RFC 4494 5 #3", IntegrityId::aes_cmac_96, cmac_key,
     "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411",
     "dfa66747de9ae63030ca3261"},
    {"RFC 4868 2.7.2.1 AUTH256-1", IntegrityId::hmac_sha2_256_128,
     "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
     "198a607eb44bfbc69903a0f1cf2bbdc5"},
    {"RFC 4868 2.7.2.2 AUTH384-1", IntegrityId::hmac_sha2_384_192,
     "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
     "4869205468657265", "b6a8d5636f5c6a7224f9977dcf7ee6c7fb6d0c48cbdee973"},
    {"RFC 2202 2 #1", IntegrityId::hmac_md5_96, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
     "9294727a3638bb1c13f48ef8"},
    {"RFC 2202 3 #1", IntegrityId::hmac_sha1_96, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
     "4869205468657265", "b617318655057264e28bc0b6"},
};

TEST(Vectors, IntegrityCheckValues) {
  for (const auto& provider : available_providers())
    for (const MacVector& vector : mac_vectors) {
      const IntegrityTransform& transform = **find(vector.id);
      if (!provider->supports(transform)) continue;
      const Octets text = hex(vector.text);
      Octets icv(transform.icv_octets);
      MacJob job{.text = text, .trailer = {}, .icv = icv.data(), .iv = nullptr};
      provider->mac(transform, hex(vector.key)).value()->sign({&job, 1});
      EXPECT_EQ(to_hex(icv), vector.icv) << vector.origin << " with " << provider->name();
    }
}

TEST(Vectors, CounterMode) {  // RFC 3686 6 #2
  for (const auto& provider : available_providers()) {
    const EncryptionTransform& transform = **find(EncryptionId::aes_ctr);
    if (!provider->supports(transform)) continue;
    const Octets nonce_and_iv = hex("006cb6db c0543b59da48d90b");
    Octets text = hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
    CipherJob job{.iv = nonce_and_iv.data(), .text = text};
    provider->cipher(transform, hex("7e24067817fae0d743d6ce1f32539163")).value()->encrypt({&job, 1});
    EXPECT_EQ(to_hex(text), "5104a106168a72d9790d41ee8edad388eb2e1efc46da57c8fce630df9141be28")
        << provider->name();
  }
}

TEST(Vectors, ChaCha20Poly1305InEsp) {  // RFC 7634 appendix A
  for (const auto& provider : available_providers()) {
    const EncryptionTransform& transform = **find(EncryptionId::chacha20_poly1305);
    if (!provider->supports(transform)) continue;
    const Octets nonce = hex("a0a1a2a31011121314151617");
    const Octets associated = hex("0102030400000005");
    const Octets plaintext =
        hex("45000054a6f200004001e778c6336405c000020508005b7a3a080000553bec100007362708090a0b0c0d0e0f10111213"
            "1415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363701020204");
    Octets text = plaintext;
    Octets icv(16);
    AeadJob job{.nonce = nonce.data(), .associated = associated, .text = text, .icv = icv.data()};
    const auto aead =
        provider->aead(transform, hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"))
            .value();
    aead->seal({&job, 1});
    EXPECT_EQ(to_hex(OctetView(text).first(16)), "24039428b97f417e3c13753a4f05087b") << provider->name();
    EXPECT_EQ(to_hex(icv), "76aaa8266b7fb0f7b11b369907e1ad43") << provider->name();
    aead->open({&job, 1});
    EXPECT_TRUE(job.authentic);
    EXPECT_EQ(text, plaintext);
  }
}

// The GMAC of ESP authenticates the header, the IV and the text, in the order of the packet (RFC 4543 3.5
// figure 4).
TEST(Vectors, GmacInEspIsTheGmacOfThePacket) {
  for (const auto& provider : available_providers()) {
    const EncryptionTransform& in_esp = **find(EncryptionId::null_auth_aes_gmac);
    const IntegrityTransform& in_ah = **find(IntegrityId::aes_128_gmac);
    if (!provider->supports(in_esp) || !provider->supports(in_ah)) continue;
    const Octets key = hex("000102030405060708090a0b0c0d0e0f"), salt = hex("a0a1a2a3"),
                 iv = hex("1011121314151617");
    const Octets header = hex("0102030400000005");
    Octets text = hex("4500001cdead"), icv(16), nonce = salt, key_and_salt = key, packet = header;
    append(nonce, iv);
    append(key_and_salt, salt);
    append(packet, iv);
    append(packet, text);

    AeadJob sealed{.nonce = nonce.data(), .associated = header, .text = text, .icv = icv.data()};
    provider->aead(in_esp, key).value()->seal({&sealed, 1});
    EXPECT_EQ(to_hex(text), "4500001cdead") << "the text passes clear";
    MacJob job{.text = packet, .trailer = {}, .icv = icv.data(), .iv = iv.data()};
    provider->mac(in_ah, key_and_salt).value()->verify({&job, 1});
    EXPECT_TRUE(job.authentic) << provider->name();
  }
}

}  // namespace
}  // namespace mpsec::crypto
