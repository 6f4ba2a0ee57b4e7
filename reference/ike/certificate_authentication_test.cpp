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
    const auto credential =
        std::make_shared<SignatureCredential>(own.private_key(), std::vector{own.certificate()});
    options.change_peer = [credential, beyond = what.fragment_beyond](PeerConfiguration& peer) {
      peer.credential = credential;
      peer.fragment_beyond = beyond;
    };
    return options;
  }

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
