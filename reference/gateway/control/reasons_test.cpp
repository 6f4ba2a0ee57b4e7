// What an administrator reads where a peer cannot be spoken to: one line that says why.
#include <gmock/gmock.h>

#include "crypto/openssl/test_pki.hpp"
#include "gateway/control/report_lines.hpp"
#include "gateway/core/test_gateways.hpp"
#include "ike/signature_authentication.hpp"

namespace mpsec::gateway::test {
namespace {

using crypto::test_pki::Authority;
using crypto::test_pki::Wish;
using testing::HasSubstr;

using Change = std::function<void(Settings&)>;

// The lines of the second gateway that say what failed when the first one, changed so, begins with it.
std::vector<std::string> reasons(const Change& change, const Change& of_second = [](Settings&) {}) {
  World world({.start = Start::none, .change = change}, {.start = Start::none, .change = of_second});
  world.now = Instant{std::chrono::seconds(crypto::test_pki::midday)};
  world.at(world.a, [&](Core& core, Output& output) { return core.initiate("peer", "", world.now, output); })
      .value();
  world.deliver_all();
  std::vector<std::string> lines;
  for (const Report& report : world.b.reports)
    if (const auto* event = std::get_if<ike::Event>(&report);
        event != nullptr && std::holds_alternative<ike::NegotiationFailed>(*event))
      lines.push_back(to_text_line({world.now, "b"}, report));
  return lines;
}

TEST(Reasons, OfWhatIsConfigured) {
  const std::pair<Change, const char*> cases[] = {
      {[](Settings& of) {
         of.ike.peers[0].credential = std::make_shared<ike::PreSharedKeyCredential>(secret("another"));
       },
       "IKE_AUTH/AUTH: the shared key does not match"},
      {[](Settings& of) { of.ike.peers[0].local_id = ipsec::Identity::fqdn("g9.example"); }, "g9.example"},
      {[](Settings& of) { of.ike.peers[0].proposals[0].key_exchange = {crypto::KeyExchangeId::ecp_256}; },
       "expected one of Curve25519, found"},
      {[](Settings& of) { of.ike.peers[0].children[0].proposals[0].encryption[0].key_bits = 256; },
       "expected one of ENCR_AES_GCM_16-128, found ENCR_AES_GCM_16-256"},
      {[](Settings& of) {
         of.ike.peers[0].children[0].selectors[0].local = {ipsec::AddressRange::parse("10.9.0.0/16").value()};
         of.policies[0].selectors = of.ike.peers[0].children[0].selectors;
       },
       "TSi, TSr: nothing of what is proposed is allowed; proposed: local 10.2.0.0-10.2.255.255 protocol any "
       "port 0-65535, remote 10.9.0.0-10.9.255.255 protocol any port 0-65535; allowed: local "},
  };
  for (const auto& [change, why] : cases) {
    const auto lines = reasons(change);
    ASSERT_EQ(lines.size(), 1u) << why;
    EXPECT_THAT(lines[0], HasSubstr(why));
  }
}

// The first gateway proves who it is with this certificate; the second knows the root.
class Certificates : public testing::Test {
 protected:
  std::vector<std::string> reasons_with(const Authority& own, const Octets& revocation_list = {}) {
    const auto certified = [&](Settings& of) {
      of.ike.peers[0].credential = std::make_shared<ike::SignatureCredential>(
          own.private_key(), std::vector{own.certificate()}, std::vector<std::array<std::uint8_t, 20>>{});
    };
    const auto checking = [&](Settings& of) {
      auto store = crypto::make_openssl_pki()->certificate_store();
      store->add_anchor(root.certificate());
      if (!revocation_list.empty()) {
        EXPECT_TRUE(store->add_revocation_list(revocation_list));
      }
      of.anchors["root"] = std::move(store);
      of.pad[0].authentication.clear();
      ipsec::Certificate permitted;
      permitted.trust_anchors = {"root"};
      of.pad[0].authentication.emplace_back(std::move(permitted));
    };
    return reasons(certified, checking);
  }

  static Wish wish() { return {.common_name = "g1", .alternative_names = "DNS:g1.example"}; }
  Authority root{Wish{.common_name = "root", .alternative_names = "", .authority = true}};
  Authority stranger{Wish{.common_name = "stranger", .alternative_names = "", .authority = true}};
};

TEST_F(Certificates, ExpiredOneIsNamed) {
  Wish late = wish();
  late.not_after = crypto::test_pki::midday - 10;
  EXPECT_THAT(reasons_with(Authority(late, &root)), testing::ElementsAre(HasSubstr("expired")));
}

TEST_F(Certificates, OneOfAnotherAuthorityIsNamed) {
  EXPECT_THAT(reasons_with(Authority(wish(), &stranger)), testing::ElementsAre(HasSubstr("issuer")));
}

TEST_F(Certificates, OneOfAnotherNameIsNamed) {
  Wish other = wish();
  other.alternative_names = "DNS:g7.example";
  EXPECT_THAT(reasons_with(Authority(other, &root)), testing::ElementsAre(HasSubstr("g1.example")));
}

TEST_F(Certificates, RevokedOneIsNamed) {
  const Authority own(wish(), &root);
  EXPECT_THAT(reasons_with(own, root.revoke({&own})), testing::ElementsAre(HasSubstr("revoked")));
}

}  // namespace
}  // namespace mpsec::gateway::test
