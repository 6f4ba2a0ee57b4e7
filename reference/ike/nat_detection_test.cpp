#include "ike/nat_detection.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "crypto/openssl/openssl_ike_provider.hpp"

namespace mpsec::ike {
namespace {

using wire::ike::Notify;
using wire::ike::Payloads;

const Endpoint us{ip("192.0.2.1"), 500}, peer{ip("198.51.100.1"), 500}, mapped{ip("203.0.113.7"), 1025},
    wifi{ip("2001:db8::7"), 500};
const IkeSpis spis{IkeSpi(0x0102030405060708), IkeSpi(0)};

class NatDetection : public testing::Test {
 protected:
  // What `detector` at `local` finds in a message that left along `sent` and seems to come from `remote`.
  std::optional<NatState> found(const Path& sent, const Endpoint& local, const Endpoint& remote,
                                std::span<const Endpoint> other_sources = {}) {
    return detect_nat(*provider, spis, {local, remote},
                      nat_detection_payloads(*provider, spis, sent, other_sources));
  }
  std::unique_ptr<crypto::IkeProvider> provider = crypto::make_openssl_ike_provider();
};

TEST_F(NatDetection, HashesAsSha1) {
  EXPECT_EQ(to_hex(provider->sha1({hex("61"), hex("6263")})), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(nat_hash(*provider, spis, us),
            provider->sha1({hex("0102030405060708 0000000000000000 c0000201 01f4")}));
}

//= rfc7296/2.23/no-source-matches-peer-is-behind
//= rfc7296/2.23/destination-differs-we-are-behind
TEST_F(NatDetection, TellsWhoIsBehind) {
  const Path sent{peer, us};
  EXPECT_EQ(found(sent, us, peer), (NatState{false, false}));
  EXPECT_EQ(found(sent, us, mapped), (NatState{false, true}));
  EXPECT_EQ(found({peer, mapped}, us, peer), (NatState{true, false}));
  EXPECT_EQ(found({peer, mapped}, us, mapped), (NatState{true, true}));
  const Endpoint other_port{peer.address, 501};
  EXPECT_EQ(found(sent, us, other_port), (NatState{false, true})) << "the port counts";
}

//= rfc7296/2.23/several-sources-where-the-address-is-not-known
TEST_F(NatDetection, TakesAnyOfSeveralSources) {
  const Endpoint others[] = {wifi, mapped};
  EXPECT_EQ(found({peer, us}, us, mapped, others), (NatState{false, false}));
  EXPECT_EQ(found({peer, us}, us, Endpoint{ip("203.0.113.8"), 500}, others), (NatState{false, true}));
}

TEST_F(NatDetection, NeedsBothKinds) {
  Payloads payloads = nat_detection_payloads(*provider, spis, {peer, us});
  ASSERT_EQ(payloads.size(), 2u);
  Payloads one{payloads[0]};
  EXPECT_FALSE(detect_nat(*provider, spis, {us, peer}, one));
  EXPECT_FALSE(detect_nat(*provider, spis, {us, peer}, {}));
  std::get<Notify>(payloads[0].body).data.pop_back();
  EXPECT_EQ(detect_nat(*provider, spis, {us, peer}, payloads), (NatState{false, true})) << "a hash cut short";
}

//= rfc7296/2.23/float-to-4500
TEST_F(NatDetection, DecidesWhatFollows) {
  const Path path{us, peer};
  EXPECT_EQ(path_after_detection(path, std::nullopt), path);
  EXPECT_EQ(path_after_detection(path, NatState{}), path);
  const Path floated{{us.address, 4500}, {peer.address, 4500}};
  EXPECT_EQ(path_after_detection(path, NatState{.we_are_behind = true}), floated);
  EXPECT_EQ(path_after_detection(floated, NatState{.peer_is_behind = true}), floated);
  EXPECT_TRUE((NatState{.we_are_behind = true}).send_keepalives());
  EXPECT_TRUE((NatState{.peer_is_behind = true}).follow_peer());
  EXPECT_FALSE((NatState{.we_are_behind = true, .peer_is_behind = true}).follow_peer());
}

}  // namespace
}  // namespace mpsec::ike
