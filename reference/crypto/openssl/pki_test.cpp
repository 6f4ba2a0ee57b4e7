#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>

#include "base/rng.hpp"
#include "crypto/openssl/test_pki.hpp"

namespace mpsec::crypto {
namespace {

using test_pki::Authority;
using test_pki::midday;
using test_pki::Wish;

constexpr KeyKind all_kinds[] = {KeyKind::rsa,        KeyKind::rsa_pss,    KeyKind::ecdsa_p256,
                                 KeyKind::ecdsa_p384, KeyKind::ecdsa_p521, KeyKind::ed25519,
                                 KeyKind::ed448};

const Authority& holder(KeyKind kind) {
  static std::map<KeyKind, Authority> made;
  return made.try_emplace(kind, Wish{.key = kind}).first->second;
}

void expect_sound(const PrivateKey& key, const SignatureAlgorithm& algorithm, EcdsaForm form) {
  const std::string name =
      std::string(algorithm.name) + " under " + std::string(to_string(key.public_key().kind()));
  const Octets first = hex("0102"), second = hex("03");
  const auto signature = key.sign(algorithm, {first, second}, form);
  ASSERT_TRUE(signature) << name;
  const PublicKey& checker = key.public_key();
  EXPECT_TRUE(checker.verify(algorithm, {hex("01"), {}, hex("0203")}, *signature, form)) << name;
  EXPECT_FALSE(checker.verify(algorithm, {first}, *signature, form)) << name;
  for (std::size_t i = 0; i < signature->size(); ++i) {
    Octets altered = *signature;
    altered[i] ^= static_cast<std::uint8_t>(1u << (i % 8));
    EXPECT_FALSE(checker.verify(algorithm, {first, second}, altered, form)) << name << " octet " << i;
    const auto cut = checker.verify(algorithm, {first, second}, OctetView(*signature).first(i), form);
    ASSERT_FALSE(cut) << name << " cut to " << i;
    if (form == EcdsaForm::fixed) {
      EXPECT_EQ(cut.error(), SignatureFault::wrong_length);
    }
  }
}

TEST(Signatures, OfEveryAlgorithmAreTakenWholeAndUnalteredOnly) {
  for (const KeyKind kind : all_kinds)
    for (const SignatureAlgorithm& algorithm : signature_algorithms()) {
      const auto key = holder(kind).private_key();
      ASSERT_EQ(key->public_key().kind(), kind);
      if (algorithm.fits(kind)) {
        expect_sound(*key, algorithm, EcdsaForm::der);
        continue;
      }
      EXPECT_EQ(key->sign(algorithm, {}).error(), SignatureFault::wrong_key);
      EXPECT_EQ(key->public_key().verify(algorithm, {}, {}).error(), SignatureFault::wrong_key);
    }
}

//= rfc4754/7/fixed-lengths-of-r-and-s
TEST(Signatures, InFixedFormBindTheCurveToOneHash) {
  for (const KeyKind kind : {KeyKind::ecdsa_p256, KeyKind::ecdsa_p384, KeyKind::ecdsa_p521})
    for (const SignatureAlgorithm& algorithm : signature_algorithms()) {
      const auto key = holder(kind).private_key();
      if (algorithm.scheme == SignatureScheme::ecdsa && algorithm.hash == natural_hash(kind)) {
        const std::size_t octets = 2 * ((key->public_key().bits() + 7) / 8);
        for (int i = 0; i < 20; ++i)
          EXPECT_EQ(key->sign(algorithm, {}, EcdsaForm::fixed)->size(), octets);
        expect_sound(*key, algorithm, EcdsaForm::fixed);
      } else {
        EXPECT_EQ(key->sign(algorithm, {}, EcdsaForm::fixed).error(), SignatureFault::wrong_key);
      }
    }
}

struct KnownIdentifier {
  SignatureScheme scheme;
  HashId hash;
  std::string_view der;
};

// As RFC 7427 A and RFC 8420 A print them.
constexpr KnownIdentifier identifiers[] = {
    {SignatureScheme::rsa_pkcs1, HashId::sha1, "300d06092a864886f70d0101050500"},
    {SignatureScheme::rsa_pkcs1, HashId::sha2_256, "300d06092a864886f70d01010b0500"},
    {SignatureScheme::rsa_pkcs1, HashId::sha2_384, "300d06092a864886f70d01010c0500"},
    {SignatureScheme::rsa_pkcs1, HashId::sha2_512, "300d06092a864886f70d01010d0500"},
    {SignatureScheme::ecdsa, HashId::sha1, "300906072a8648ce3d0401"},
    {SignatureScheme::ecdsa, HashId::sha2_256, "300a06082a8648ce3d040302"},
    {SignatureScheme::ecdsa, HashId::sha2_384, "300a06082a8648ce3d040303"},
    {SignatureScheme::ecdsa, HashId::sha2_512, "300a06082a8648ce3d040304"},
    {SignatureScheme::rsa_pss, HashId::sha1,
     "303e06092a864886f70d01010a3031a00b300906052b0e03021a0500a118301606092a864886f70d010108300906052b0e03021"
     "a0500"
     "a203020114a303020101"},
    {SignatureScheme::rsa_pss, HashId::sha2_256,
     "304606092a864886f70d01010a3039a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096"
     "08648"
     "0165030402010500a203020120a303020101"},
    {SignatureScheme::ed25519, HashId::identity, "300506032b6570"},
    {SignatureScheme::ed448, HashId::identity, "300506032b6571"},
};

//= rfc7427/3/identifier-behind-its-length
TEST(DigitalSignature, IsReadByTheRfcsIdentifiers) {
  for (const KnownIdentifier& known : identifiers) {
    const SignatureAlgorithm* algorithm = find_signature(known.scheme, known.hash);
    ASSERT_NE(algorithm, nullptr);
    EXPECT_EQ(to_hex(algorithm->identifier()), known.der) << algorithm->name;
    const Octets data = write_digital_signature(*algorithm, hex("abcd"));
    const auto read = read_digital_signature(data);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->algorithm, algorithm);
    EXPECT_EQ(to_hex(read->signature), "abcd");
    for (std::size_t octets = 0; octets + 2 < data.size(); ++octets)
      EXPECT_FALSE(read_digital_signature(OctetView(data).first(octets)));
    for (std::size_t i = 0; i + 2 < data.size(); ++i) {
      Octets altered = data;
      altered[i] ^= 0x80;
      EXPECT_FALSE(read_digital_signature(altered)) << algorithm->name << " octet " << i;
    }
  }
  const auto defaults = read_digital_signature(hex("0f 300d06092a864886f70d01010a3000"));
  ASSERT_TRUE(defaults);
  EXPECT_EQ(defaults->algorithm->name, "RSASSA-PSS with SHA1");
}

//= rfc7427/4/hash-picked-from-the-peers-list
TEST(DigitalSignature, IsChosenAmongTheHashesOfThePeer) {
  using enum HashId;
  const auto name = [](KeyKind kind, std::vector<HashId> hashes,
                       LegacyHashes legacy = LegacyHashes::refused) {
    const SignatureAlgorithm* chosen = choose_signature(kind, hashes, legacy);
    return chosen == nullptr ? std::string_view("none") : chosen->name;
  };
  EXPECT_EQ(name(KeyKind::rsa, {sha1, sha2_512, sha2_256}), "RSASSA-PSS with SHA2-256");
  EXPECT_EQ(name(KeyKind::rsa, {sha1, sha2_512}), "RSASSA-PSS with SHA2-512");
  EXPECT_EQ(name(KeyKind::ecdsa_p384, {sha2_256, sha2_384}), "ECDSA with SHA2-384");
  EXPECT_EQ(name(KeyKind::ecdsa_p384, {sha2_256}), "ECDSA with SHA2-256");
  EXPECT_EQ(name(KeyKind::ed25519, {sha2_256}), "none");
  EXPECT_EQ(name(KeyKind::ed25519, {identity}), "Ed25519");
  EXPECT_EQ(name(KeyKind::rsa, {sha1}), "none");
  EXPECT_EQ(name(KeyKind::rsa, {sha1}, LegacyHashes::taken), "RSASSA-PSS with SHA1");
  EXPECT_EQ(announced_hashes().size() + 1, announced_hashes(LegacyHashes::taken).size());
}

TEST(Keys, AreReadToTheirEndAndOfKindsThatServe) {
  const auto pki = make_openssl_pki();
  Octets key = holder(KeyKind::ecdsa_p256).private_key_der();
  EXPECT_TRUE(pki->private_key(key));
  for (std::size_t octets = 0; octets < key.size(); ++octets)
    EXPECT_FALSE(pki->private_key(OctetView(key).first(octets)));
  key.push_back(0);
  EXPECT_EQ(pki->private_key(key).error().blame, Blame::malformed);
  const test_pki::Key agreement = test_pki::make_key("X25519");
  EXPECT_EQ(pki->private_key(test_pki::der(agreement.get(), i2d_PrivateKey)).error().blame,
            Blame::no_common_ground);
  const auto edwards = holder(KeyKind::ed25519).private_key();
  EXPECT_EQ(pki->public_key(edwards->public_key().info()).value()->kind(), KeyKind::ed25519);
  const std::string text = "-----BEGIN PUBLIC KEY-----\n!\n";
  EXPECT_FALSE(pki->public_key(OctetView(reinterpret_cast<const std::uint8_t*>(text.data()), text.size())));
}

//= rfc4945/3.1.2/domains-compared-whole
TEST(Certificate, SpeaksForItsNamesOnly) {
  const Authority peer(
      Wish{.common_name = "gw",
           .alternative_names = "DNS:gw.example,email:Ops@gw.example,IP:192.0.2.1,IP:2001:db8::1"});
  const auto certificate = peer.certificate();
  const auto speaks = [&](NameType type, std::string_view text) {
    return certificate->speaks_for(type, Octets(text.begin(), text.end()));
  };
  EXPECT_TRUE(speaks(NameType::fqdn, "gw.example"));
  EXPECT_TRUE(speaks(NameType::fqdn, "GW.Example"));
  EXPECT_FALSE(speaks(NameType::fqdn, "example"));
  EXPECT_FALSE(speaks(NameType::fqdn, "*.example"));
  EXPECT_FALSE(speaks(NameType::fqdn, "gw"));
  EXPECT_TRUE(speaks(NameType::rfc822_address, "Ops@GW.example"));
  EXPECT_FALSE(speaks(NameType::rfc822_address, "ops@gw.example"));
  EXPECT_TRUE(certificate->speaks_for(NameType::ipv4_address, hex("c0000201")));
  EXPECT_FALSE(certificate->speaks_for(NameType::ipv4_address, hex("c0000202")));
  EXPECT_FALSE(certificate->speaks_for(NameType::ipv4_address, hex("20010db8000000000000000000000001")));
  EXPECT_TRUE(certificate->speaks_for(NameType::ipv6_address, hex("20010db8000000000000000000000001")));
  EXPECT_TRUE(certificate->speaks_for(NameType::distinguished_name, certificate->subject()));
  EXPECT_TRUE(certificate->speaks_for(NameType::distinguished_name, hex("300d310b300906035504030c024757")));
  EXPECT_FALSE(certificate->speaks_for(NameType::distinguished_name, hex("3000")));
  EXPECT_EQ(certificate->not_before(), 1'000'000'000);
  EXPECT_EQ(certificate->not_after(), 2'000'000'000);
}

TEST(Certificate, IsReadToItsEnd) {
  const auto pki = make_openssl_pki();
  Octets der = holder(KeyKind::ecdsa_p256).der();
  EXPECT_TRUE(std::ranges::equal(pki->certificate(der).value()->der(), der));
  for (std::size_t octets = 0; octets < der.size(); ++octets)
    EXPECT_FALSE(pki->certificate(OctetView(der).first(octets)));
  der.push_back(0);
  EXPECT_FALSE(pki->certificate(der));
}

// A root, an intermediate under it, a peer under that.
struct Chain {
  explicit Chain(Wish peer_wish = {},
                 Wish intermediate_wish = {.common_name = "intermediate", .authority = true})
      : root({.common_name = "root", .authority = true}),
        intermediate(intermediate_wish, &root),
        peer(peer_wish, &intermediate) {}

  std::string verdict(CalendarSeconds now = midday, const ChainPolicy& policy = {},
                      const std::vector<Octets>& lists = {},
                      const std::vector<Octets>& offered_lists = {}) const {
    const auto store = make_openssl_pki()->certificate_store();
    store->add_anchor(root.certificate());
    for (const Octets& list : lists)
      EXPECT_TRUE(store->add_revocation_list(list));
    const CertificatePointer offered[] = {intermediate.certificate()};
    const std::vector<OctetView> views(offered_lists.begin(), offered_lists.end());
    const auto judged = store->judge(*peer.certificate(), offered, now, policy, views);
    return judged ? "taken" : std::string(to_string(judged.error().fault));
  }

  Authority root;
  Authority intermediate;
  Authority peer;
};

TEST(Chain, IsJudgedByTime) {
  const Chain chain;
  EXPECT_EQ(chain.verdict(), "taken");
  EXPECT_EQ(chain.verdict(999'999'999), "not-yet-valid");
  EXPECT_EQ(chain.verdict(1'000'000'000), "taken");
  EXPECT_EQ(chain.verdict(2'000'000'001), "expired");
  EXPECT_EQ(Chain({.not_after = midday - 1}).verdict(), "expired");
  EXPECT_EQ(Chain({}, {.common_name = "i", .authority = true, .not_after = midday - 1}).verdict(), "expired");
}

TEST(Chain, IsJudgedByUsage) {
  EXPECT_EQ(Chain({.key_usage = "digitalSignature"}).verdict(), "taken");
  EXPECT_EQ(Chain({.key_usage = "nonRepudiation"}).verdict(), "taken");
  EXPECT_EQ(Chain({.key_usage = "keyEncipherment"}).verdict(), "wrong-usage");
  EXPECT_EQ(Chain({.extended_usage = "ipsecIKE"}).verdict(), "taken");
  EXPECT_EQ(Chain({.extended_usage = "serverAuth,anyExtendedKeyUsage"}).verdict(), "taken");
  EXPECT_EQ(Chain({.extended_usage = "serverAuth"}).verdict(), "wrong-usage");
  EXPECT_EQ(Chain({}, {.common_name = "no authority"}).verdict(), "wrong-usage");
}

TEST(Chain, IsJudgedByLengthAndAnchor) {
  const Chain chain;
  EXPECT_EQ(chain.verdict(midday, {.most_intermediates = 1}), "taken");
  EXPECT_EQ(chain.verdict(midday, {.most_intermediates = 0}), "chain-too-long");
  const auto empty = make_openssl_pki()->certificate_store();
  const CertificatePointer offered[] = {chain.intermediate.certificate(), chain.root.certificate()};
  const auto judged = empty->judge(*chain.peer.certificate(), offered, midday);
  ASSERT_FALSE(judged);
  EXPECT_EQ(judged.error().fault, CertificateFault::untrusted);
  EXPECT_EQ(error_of(judged.error()).blame, Blame::no_common_ground);
}

//= rfc7296/3.6/crl-in-a-cert-payload
TEST(Chain, IsJudgedByOfferedRevocationListsWhereThereAreNoOthers) {
  const Chain chain;
  const Octets none_of_root = chain.root.revoke({}), none = chain.intermediate.revoke({});
  const Octets revoked = chain.intermediate.revoke({&chain.peer});
  const Octets forged = Chain().intermediate.revoke({});  // of the same name, by another key
  const ChainPolicy required{.revocation = RevocationCheck::required};
  EXPECT_EQ(chain.verdict(midday, required, {}, {none, none_of_root}), "taken");
  EXPECT_EQ(chain.verdict(midday, required, {none_of_root}, {none}), "taken");
  EXPECT_EQ(chain.verdict(midday, required, {}, {none}), "no-revocation-list");
  EXPECT_EQ(chain.verdict(midday, required, {none_of_root}, {forged}), "bad-signature");
  EXPECT_EQ(chain.verdict(midday, required, {none_of_root}, {revoked}), "revoked");
  EXPECT_EQ(chain.verdict(midday, {}, {}, {revoked}), "revoked");
  // What the store knows is not hidden by what the peer would rather show, nor by what cannot be read.
  EXPECT_EQ(chain.verdict(midday, {}, {revoked}, {none}), "revoked");
  EXPECT_EQ(chain.verdict(midday, {}, {}, {Octets(10, 0x30)}), "taken");
}

TEST(Chain, IsJudgedByRevocationLists) {
  const Chain chain;
  const Octets none_of_root = chain.root.revoke({}), none = chain.intermediate.revoke({});
  const Octets revoked = chain.intermediate.revoke({&chain.peer});
  const ChainPolicy required{.revocation = RevocationCheck::required};
  EXPECT_EQ(chain.verdict(midday, {}, {revoked}), "revoked");
  EXPECT_EQ(chain.verdict(midday, {}, {chain.root.revoke({&chain.intermediate})}), "revoked");
  EXPECT_EQ(chain.verdict(midday, {.revocation = RevocationCheck::none}, {revoked}), "taken");
  EXPECT_EQ(chain.verdict(midday, required), "no-revocation-list");
  EXPECT_EQ(chain.verdict(midday, required, {none}), "no-revocation-list");
  EXPECT_EQ(chain.verdict(midday, required, {none, none_of_root}), "taken");
  EXPECT_EQ(chain.verdict(midday, required, {none_of_root, chain.intermediate.revoke({}, 1, midday - 1)}),
            "no-revocation-list");
  const Chain stranger;
  EXPECT_EQ(chain.verdict(midday, required, {none_of_root, stranger.intermediate.revoke({})}),
            "bad-signature");
}

TEST(Chain, WithOneOctetAlteredIsRefused) {
  const Chain chain;
  const auto pki = make_openssl_pki();
  const auto store = pki->certificate_store();
  store->add_anchor(chain.root.certificate());
  EXPECT_THAT(store->anchor_key_hashes(), testing::ElementsAre(chain.root.certificate()->key_hash()));
  const CertificatePointer offered[] = {chain.intermediate.certificate()};
  const Octets der = chain.peer.der();
  for (std::size_t i = 0; i < der.size(); ++i) {
    Octets altered = der;
    altered[i] ^= 1;
    const auto certificate = pki->certificate(altered);
    if (certificate) {
      EXPECT_FALSE(store->judge(**certificate, offered, midday)) << "octet " << i;
    }
  }
}

}  // namespace
}  // namespace mpsec::crypto
