// IKE_AUTH by signatures under certificates: every kind of key, in the words of RFC 7427 and in those before
// it; and what a certificate must not be.
#include "crypto/openssl/openssl_pki.hpp"
#include "crypto/openssl/test_pki.hpp"
#include "ike/signature_authentication.hpp"
#include "ike/test_world.hpp"
#include "wire/ike/complete.hpp"

namespace mpsec::ike::test {
namespace {

using crypto::KeyKind;
using crypto::test_pki::Authority;
using crypto::test_pki::Wish;

struct Case {
  Wish a{.common_name = "a", .alternative_names = "DNS:a.example"};
  bool revoked = false;
  bool foreign = false;  // by an authority that nobody trusts
  bool sha1 = false;     // B takes it
  std::size_t fragment_beyond = 1280;
  bool revocation_required = false;
  // Both ends have a stranger's certificate too, and that first; the other's authority may be known.
  bool choice = false, authority_known = false;
};

// Two ends with certificates of one authority.
class Certified {
 public:
  explicit Certified(const Case& what, MessageTap* tap = nullptr)
      : a_(what.a, what.foreign ? &stranger_ : &root_), world_(end(a_, what, tap), end(b_, what, tap)) {}
  World& world() { return world_; }

 private:
  EndOptions end(const Authority& own, const Case& what, MessageTap* tap) {
    auto store = pki_->certificate_store();
    store->add_anchor(root_.certificate());
    if (what.revoked) {
      EXPECT_TRUE(store->add_revocation_list(root_.revoke({&a_})));
    }
    SignatureChecker::Settings settings;
    settings.anchors["root"] = std::move(store);
    settings.at_start = crypto::test_pki::midday;
    settings.sha1 = what.sha1;
    if (what.revocation_required) settings.policy.revocation = crypto::RevocationCheck::required;
    EndOptions options;
    options.tap = tap;
    options.checker = std::make_shared<StandardProofChecker>(std::vector{StandardProofChecker::Line{
        SignatureChecker::methods(), std::make_shared<SignatureChecker>(std::move(settings), *pki_)}});
    options.change_pad = [](ipsec::PadEntry& entry) {
      entry.authentication.clear();
      ipsec::Certificate permitted;
      permitted.trust_anchors = {"root"};
      entry.authentication.emplace_back(std::move(permitted));
    };
    const std::shared_ptr<const Credential> credential = credential_of(own, what);
    options.change_peer = [credential, beyond = what.fragment_beyond](PeerConfiguration& peer) {
      peer.credential = credential;
      peer.fragment_beyond = beyond;
    };
    return options;
  }

  std::shared_ptr<const Credential> credential_of(const Authority& own, const Case& what) const {
    std::vector<std::array<std::uint8_t, 20>> authorities;
    if (what.authority_known) authorities.push_back(root_.certificate()->key_hash());
    auto good = std::make_shared<SignatureCredential>(own.private_key(), std::vector{own.certificate()},
                                                      std::move(authorities));
    if (!what.choice) return good;
    const Authority other({.common_name = "other", .alternative_names = "DNS:a.example,DNS:b.example"},
                          &stranger_);
    auto useless =
        std::make_shared<SignatureCredential>(other.private_key(), std::vector{other.certificate()});
    return std::make_shared<CredentialChoice>(
        std::vector<std::shared_ptr<const SignatureCredential>>{useless, good});
  }

 public:
  Octets revoke(bool a) const { return root_.revoke(a ? std::vector{&a_} : std::vector<const Authority*>{}); }

 private:
  std::unique_ptr<crypto::PkiProvider> pki_ = crypto::make_openssl_pki();
  Authority root_{Wish{.common_name = "root", .alternative_names = "", .authority = true}};
  Authority stranger_{Wish{.common_name = "stranger", .alternative_names = "", .authority = true}};
  Authority a_;
  Authority b_{Wish{.common_name = "b", .alternative_names = "DNS:b.example"}, &root_};
  World world_;
};

// Takes SIGNATURE_HASH_ALGORITHMS out: the peers are of before RFC 7427.
class WithoutHashes final : public MessageTap {
 public:
  void outgoing(wire::ike::Message& message) override {
    const auto count = std::erase_if(message.payloads, [](const wire::ike::Payload& payload) {
      const auto* notify = std::get_if<wire::ike::Notify>(&payload.body);
      return notify != nullptr && notify->type == wire::ike::NotifyType::signature_hash_algorithms;
    });
    if (count != 0) {
      EXPECT_TRUE(complete(message));
    }
  }
  void incoming(wire::ike::Message&) override {}
};

std::size_t established(Certified& certified) {
  World& world = certified.world();
  world.initiate(world.a);
  world.deliver_all();
  EXPECT_EQ(world.disagreement(), "") << world.a.log() << world.b.log();
  return world.a.engine().ike_sas();
}

class EveryKey : public testing::TestWithParam<KeyKind> {};

TEST_P(EveryKey, ProvesByADigitalSignature) {
  Certified certified({.a = {.common_name = "a", .alternative_names = "DNS:a.example", .key = GetParam()}});
  EXPECT_EQ(established(certified), 1u) << certified.world().b.log();
}

TEST_P(EveryKey, ProvesByTheMethodsBeforeRfc7427WhereItHasOne) {
  WithoutHashes tap;
  Certified certified(
      {.a = {.common_name = "a", .alternative_names = "DNS:a.example", .key = GetParam()}, .sha1 = true},
      &tap);
  const bool has_one = GetParam() != KeyKind::ed25519;
  World& world = certified.world();
  world.initiate(world.a);
  world.deliver_all();
  world.run_for(5min);
  EXPECT_EQ(world.a.engine().ike_sas(), has_one ? 1u : 0u) << world.a.log() << world.b.log();
}

INSTANTIATE_TEST_SUITE_P(Keys, EveryKey,
                         testing::Values(KeyKind::rsa, KeyKind::ecdsa_p256, KeyKind::ecdsa_p384,
                                         KeyKind::ecdsa_p521, KeyKind::ed25519),
                         [](const auto& key) {
                           std::string name(crypto::to_string(key.param));
                           std::erase_if(name, [](char letter) { return !std::isalnum(letter); });
                           return name;
                         });

TEST(CertificateAuthentication, CertificatesThatMustNotBeTaken) {
  const Wish a{.common_name = "a", .alternative_names = "DNS:a.example"};
  Wish late = a, early = a, other = a;
  late.not_after = crypto::test_pki::midday - 10;
  early.not_before = crypto::test_pki::midday + 1000;
  other.alternative_names = "DNS:c.example";
  const std::pair<std::string_view, Case> cases[] = {
      {"expired", {.a = late}},
      {"not yet valid", {.a = early}},
      {"of another name", {.a = other}},
      {"revoked", {.a = a, .revoked = true}},
      {"of a stranger", {.a = a, .foreign = true}},
  };
  for (const auto& [name, what] : cases) {
    Certified certified(what);
    EXPECT_EQ(established(certified), 0u) << name;
    EXPECT_NE(certified.world().a.log().find("AUTHENTICATION_FAILED"), std::string::npos) << name;
  }
}

//= rfc7296/3.7/certificate-is-chosen-by-the-authorities-named
TEST(CertificateAuthentication, CertificateIsChosenByTheAuthoritiesNamed) {
  Certified known({.choice = true, .authority_known = true});
  EXPECT_EQ(established(known), 1u) << known.world().b.log();
  Certified unknown({.choice = true});
  EXPECT_EQ(established(unknown), 0u);
}

// Puts a CERT payload behind the first of each IKE_AUTH message.
class OneMoreCertificate final : public MessageTap {
 public:
  wire::ike::Certificate more;
  void outgoing(wire::ike::Message& message) override {
    auto at = std::ranges::find_if(message.payloads, [](const auto& payload) {
      return std::holds_alternative<wire::ike::Certificate>(payload.body);
    });
    if (at == message.payloads.end()) return;
    message.payloads.insert(at + 1, wire::ike::make_payload(more));
    EXPECT_TRUE(complete(message));
  }
  void incoming(wire::ike::Message&) override {}
};

//= rfc7296/3.6/crl-in-a-cert-payload
TEST(CertificateAuthentication, RevocationListsOfThePeerServeWhereThereAreNoOthers) {
  OneMoreCertificate tap;
  tap.more.encoding = wire::ike::CertificateEncoding::crl;
  Certified none({.revocation_required = true});
  EXPECT_EQ(established(none), 0u);
  Certified good({.revocation_required = true}, &tap);
  tap.more.data = good.revoke(false);
  EXPECT_EQ(established(good), 1u) << good.world().b.log();
  Certified revoked({.revocation_required = true}, &tap);
  tap.more.data = revoked.revoke(true);
  EXPECT_EQ(established(revoked), 0u);
  Certified optional({}, &tap);
  tap.more.data = optional.revoke(true);
  EXPECT_EQ(established(optional), 0u);
}

TEST(CertificateAuthentication, UnreadableHelpIsPassedOver) {
  OneMoreCertificate tap;
  tap.more.data = {1, 2, 3};
  Certified certified({}, &tap);
  EXPECT_EQ(established(certified), 1u) << certified.world().b.log();
}

TEST(CertificateAuthentication, Sha1IsRefusedUnlessAskedFor) {
  WithoutHashes tap;
  Certified certified({.a = {.common_name = "a", .alternative_names = "DNS:a.example", .key = KeyKind::rsa}},
                      &tap);
  EXPECT_EQ(established(certified), 0u);
  EXPECT_NE(certified.world().b.log().find("SHA-1"), std::string::npos) << certified.world().b.log();
}

TEST(CertificateAuthentication, LongMessagesGoInFragments) {
  Certified certified({.a = {.common_name = "a", .alternative_names = "DNS:a.example", .key = KeyKind::rsa},
                       .fragment_beyond = 576});
  World& world = certified.world();
  world.initiate(world.a);
  world.deliver(world.take());
  world.deliver(world.take());
  EXPECT_GT(world.wire.size(), 2u);
  for (const Datagram& datagram : world.wire)
    EXPECT_LE(datagram.octets.size() + 28, 576u);
  // The first fragment is lost once; all come again, in disorder.
  static_cast<void>(world.take());
  world.deliver_all();
  EXPECT_EQ(world.b.engine().status().at(0).state, IkeState::init_answered);
  world.run_for(3s);
  EXPECT_EQ(world.disagreement(), "") << world.a.log() << world.b.log();
  EXPECT_EQ(world.a.engine().status().at(0).state, IkeState::established);
}

}  // namespace
}  // namespace mpsec::ike::test
