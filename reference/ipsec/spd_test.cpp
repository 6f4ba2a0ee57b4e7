#include "ipsec/spd.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "ipsec/policy_generators.hpp"

namespace mpsec::ipsec {
namespace {

Selector between(std::string_view local, std::string_view remote) {
  Selector selector;
  selector.local = {*AddressRange::parse(local)};
  selector.remote = {*AddressRange::parse(remote)};
  return selector;
}

PacketSelectors packet(std::string_view local, std::string_view remote,
                       Direction direction = Direction::outbound) {
  return {.local = number_of(ip(local)),
          .remote = number_of(ip(remote)),
          .local_port = 1000,
          .remote_port = 80,
          .protocol = 6,
          .version = ip(local).version(),
          .direction = direction};
}

std::string fault(const Result<>& result) {
  return result ? "accepted" : to_string(result.error());
}

TEST(Spd, TakesTheFirstMatchInOrder) {
  Spd spd;
  ASSERT_TRUE(spd.append(make_policy(1, Action::bypass, between("10.0.0.0/24", "10.1.0.0/16"))));
  ASSERT_TRUE(spd.append(make_policy(2, Action::protect, between("10.0.0.0/8", "10.0.0.0/8"))));
  ASSERT_TRUE(spd.append(make_policy(3, Action::discard, {})));
  const auto snapshot = spd.snapshot();
  EXPECT_EQ(snapshot->find(packet("10.0.0.1", "10.1.2.3"))->id, PolicyId{1});
  EXPECT_EQ(snapshot->find(packet("10.0.1.1", "10.1.2.3"))->id, PolicyId{2});
  EXPECT_EQ(snapshot->find(packet("10.0.1.1", "11.1.2.3"))->id, PolicyId{3});
  EXPECT_EQ(snapshot->find(packet("2001:db8::1", "2001:db8::2"))->id, PolicyId{3});
}

TEST(Spd, NoMatchIsNoPolicy) {
  Spd spd;
  EXPECT_EQ(spd.snapshot()->find(packet("10.0.0.1", "10.1.2.3")), nullptr);
  ASSERT_TRUE(spd.append(make_policy(1, Action::bypass, between("10.0.0.0/24", "10.1.0.0/16"))));
  EXPECT_EQ(spd.snapshot()->find(packet("10.0.1.1", "10.1.2.3")), nullptr);
}

TEST(Spd, KeepsDirectionsApart) {
  Spd spd;
  Policy out = make_policy(1, Action::bypass, {}), in = make_policy(2, Action::discard, {});
  out.inbound = false;
  in.outbound = false;
  ASSERT_TRUE(spd.append(out));
  ASSERT_TRUE(spd.append(in));
  EXPECT_EQ(spd.snapshot()->find(packet("10.0.0.1", "10.1.2.3"))->id, PolicyId{1});
  EXPECT_EQ(spd.snapshot()->find(packet("10.0.0.1", "10.1.2.3", Direction::inbound))->id, PolicyId{2});
}

TEST(Spd, ProtectAppliesToClearTextThatArrives) {
  Spd spd;
  ASSERT_TRUE(spd.append(make_policy(1, Action::protect, between("10.0.0.0/8", "10.0.0.0/8"))));
  ASSERT_TRUE(spd.append(make_policy(2, Action::bypass, {})));
  EXPECT_EQ(spd.snapshot()->find(packet("10.0.0.1", "10.1.2.3", Direction::inbound))->action,
            Action::protect);
}

TEST(Spd, EditsKeepIdsAndOrder) {
  Spd spd;
  for (const std::uint32_t id : {1u, 2u, 3u, 4u})
    ASSERT_TRUE(spd.append(make_policy(id, Action::bypass, {})));
  const auto ids = [&] {
    std::vector<std::uint32_t> result;
    for (const auto& each : spd.policies())
      result.push_back(each->id.value);
    return result;
  };
  ASSERT_TRUE(spd.move(PolicyId{4}, 0));
  EXPECT_THAT(ids(), testing::ElementsAre(4, 1, 2, 3));
  ASSERT_TRUE(spd.move(PolicyId{4}, 2));
  EXPECT_THAT(ids(), testing::ElementsAre(1, 2, 4, 3));
  ASSERT_TRUE(spd.remove(PolicyId{2}));
  ASSERT_TRUE(spd.insert(make_policy(9, Action::discard, {}), 1));
  EXPECT_THAT(ids(), testing::ElementsAre(1, 9, 4, 3));
  EXPECT_EQ(spd.snapshot()->find(packet("10.0.0.1", "10.1.2.3"))->id, PolicyId{1});
}

TEST(Spd, CompilesOnlyAfterAChangeAndLeavesOldSnapshotsAlone) {
  Spd spd;
  ASSERT_TRUE(spd.append(make_policy(1, Action::bypass, {})));
  const auto before = spd.snapshot();
  EXPECT_EQ(spd.snapshot(), before);
  ASSERT_TRUE(spd.remove(PolicyId{1}));
  EXPECT_EQ(spd.snapshot()->find(packet("10.0.0.1", "10.1.2.3")), nullptr);
  EXPECT_EQ(before->find(packet("10.0.0.1", "10.1.2.3"))->id, PolicyId{1});
}

TEST(Spd, RefusesWhatCannotBe) {
  Spd spd;
  ASSERT_TRUE(spd.append(make_policy(1, Action::bypass, {}, "first")));
  EXPECT_EQ(fault(spd.append(make_policy(1, Action::discard, {}, "second"))),
            "policy 1 'second': its id is that of policy 1 'first' (RFC 4301 4.4.1)");
  EXPECT_THAT(fault(spd.insert(make_policy(2, Action::bypass, {}), 2)),
              testing::HasSubstr("allowed: 0 to 1"));
  EXPECT_THAT(fault(spd.move(PolicyId{1}, 1)), testing::HasSubstr("allowed: 0 to 0"));
  EXPECT_THAT(fault(spd.remove(PolicyId{7})), testing::HasSubstr("no policy with this id"));
  EXPECT_THAT(fault(spd.move(PolicyId{7}, 0)), testing::HasSubstr("no policy with this id"));
  EXPECT_EQ(spd.policies().size(), 1u);
}

TEST(Spd, FindsAPolicyByPeer) {
  Spd spd;
  Policy named = make_policy(1, Action::protect, between("10.0.0.0/8", "0.0.0.0/0"));
  named.peers = {Identity::rfc822("mozart@foo.example.com"), Identity::fqdn("foo.example.com")};
  named.by_peer_only = true;
  ASSERT_TRUE(spd.append(named));
  EXPECT_EQ(spd.snapshot()->find(Identity::fqdn("foo.example.com"))->id, PolicyId{1});
  EXPECT_EQ(spd.snapshot()->find(Identity::rfc822("foo.example.com")), nullptr);
  EXPECT_EQ(spd.snapshot()->find(packet("10.0.0.1", "10.1.2.3")), nullptr);
}

// The ordered search of RFC 4301 4.4.1, to the letter.
const Policy* by_definition(const PolicyList& policies, const PacketSelectors& packet) {
  for (const auto& each : policies) {
    if (!each->applies(packet.direction) || each->by_peer_only) continue;
    for (const Selector& selector : each->selectors) {
      if (matches(selector, packet)) return each.get();
    }
  }
  return nullptr;
}

RC_GTEST_PROP(Spd, LookupIsTheOrderedSearchAfterAnyEdits, ()) {
  Spd spd;
  const auto edits = static_cast<std::uint32_t>(*rc::gen::inRange(1, 60));
  for (std::uint32_t id = 1; id <= edits; ++id) {
    const auto place = *rc::gen::inRange<std::size_t>(0, spd.policies().size() + 1);
    RC_ASSERT(spd.insert(*some_policy(id), place).has_value());
    const PolicyId other = spd.policies()[*rc::gen::inRange<std::size_t>(0, spd.policies().size())]->id;
    if (*rc::gen::inRange(0, 5) == 0) RC_ASSERT(spd.remove(other).has_value());
    if (spd.find(other) != nullptr && *rc::gen::inRange(0, 3) == 0)
      RC_ASSERT(spd.move(other, *rc::gen::inRange<std::size_t>(0, spd.policies().size())).has_value());
  }
  const auto snapshot = spd.snapshot();
  for (int i = 0; i < 30; ++i) {
    const PacketSelectors arriving = *some_packet();
    RC_ASSERT(snapshot->find(arriving) == by_definition(spd.policies(), arriving));
  }
}

}  // namespace
}  // namespace mpsec::ipsec
