// What a cluster refuses: the field is named, and nothing is changed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cluster/sa_cluster.hpp"
#include "cluster/test_cluster.hpp"

namespace mpsec::cluster {
namespace {

using namespace test;
using testing::HasSubstr;

struct Unequal {
  const char* name;
  void (*change)(ipsec::InboundParameters&);
};

//= profile/3/equal-over-the-cluster
//= profile/4/esn-on-all-or-none
TEST(SaCluster, RefusesUnequalSubSasNamingTheField) {
  const Unequal all[] = {
      {"mode", [](auto& sa) { sa.mode = ipsec::Mode::transport; }},
      {"extended sequence numbers", [](auto& sa) { sa.extended_sequence_numbers = false; }},
      {"anti-replay", [](auto& sa) { sa.anti_replay = false; }},
      {"replay window", [](auto& sa) { sa.replay_window = 64; }},
      {"selectors", [](auto& sa) { sa.selectors = {ipsec::Selector{}}; }},
  };
  Pair pair(1);
  for (const auto& [name, change] : all) {
    auto parameters = inbound_parameters(pair.receiver.cluster().parameters(), 2);
    change(parameters);
    const auto joined = pair.receiver.cluster().join(SubSaId{2}, std::move(parameters));
    ASSERT_FALSE(joined) << name;
    EXPECT_THAT(to_string(joined.error()), HasSubstr(name));
  }
  EXPECT_EQ(pair.receiver.cluster().sub_sas(), 1u);
  EXPECT_EQ(pair.receiver.path().inbound_sas(), 1u);
  EXPECT_EQ(pair.receiver.cluster().core()->sub_sas(), 1u);
  EXPECT_TRUE(pair.receiver.join(2)) << "and the place is still free";
}

//= profile/3/free-for-each-sub-sa
//= draft-zhang/3.1/members-are-set-up-independently
//= draft-zhang/3/paths-may-differ
//= draft-zhang/3.5/same-or-different-routes
TEST(SaCluster, TakesSubSasThatDifferInWhatIsFree) {
  Pair pair(1);
  const ClusterParameters& cluster = pair.receiver.cluster().parameters();
  auto plan = ipsec::test::SaPlan{.encryption = crypto::EncryptionId::aes_cbc,
                                  .key_octets = 32,
                                  .integrity = crypto::IntegrityId::hmac_sha2_256_128,
                                  .extended = true,
                                  .udp = true,
                                  .outer_v6 = true};
  auto in = ipsec::test::inbound_parameters(plan);
  in.spi = Spi{0x2000}, in.replay_window = cluster.replay_window;
  auto out = ipsec::test::outbound_parameters(plan);
  out.spi = Spi{0x2000};
  ASSERT_TRUE(pair.receiver.cluster().join(SubSaId{2}, std::move(in)));
  ASSERT_TRUE(pair.sender.cluster().join(SubSaId{2}, std::move(out)));
  plan = {.protocol = ipsec::Protocol::ah, .integrity = crypto::IntegrityId::hmac_sha1_96, .extended = true};
  in = ipsec::test::inbound_parameters(plan), in.spi = Spi{0x3000}, in.replay_window = cluster.replay_window;
  out = ipsec::test::outbound_parameters(plan), out.spi = Spi{0x3000};
  ASSERT_TRUE(pair.receiver.cluster().join(SubSaId{3}, std::move(in)));
  ASSERT_TRUE(pair.sender.cluster().join(SubSaId{3}, std::move(out)));
  for (std::uint64_t number = 1; number <= 6; ++number) {
    const auto sent = pair.send();
    EXPECT_EQ(pair.receiver.receive(sent.packet).number, number);
  }
}

//= profile/3/one-to-65536-sub-sas
TEST(SaCluster, RefusesMoreSubSasThanAllowed) {
  ClusterParameters parameters = plain_cluster();
  parameters.most_sub_sas = 2;
  Pair pair(2, parameters);
  const auto joined = pair.sender.join(3);
  ASSERT_FALSE(joined);
  EXPECT_THAT(to_string(joined.error()), HasSubstr("2 sub-SAs, as many as it may"));
  EXPECT_TRUE(pair.sender.cluster().leave(SubSaId{1}));
  EXPECT_TRUE(pair.sender.join(3));
}

TEST(SaCluster, AFailureOfTheSadOrOfTheKeysLeavesEverythingAsItWas) {
  Pair pair(1);
  auto same_spi = inbound_parameters(pair.receiver.cluster().parameters(), 1);
  EXPECT_FALSE(pair.receiver.cluster().join(SubSaId{2}, std::move(same_spi)));
  auto no_key = outbound_parameters(pair.receiver.cluster().parameters(), 2);
  no_key.encryption_key = {};
  EXPECT_FALSE(pair.receiver.cluster().join(SubSaId{2}, std::move(no_key)));
  EXPECT_FALSE(pair.receiver.cluster().join(SubSaId{1}, inbound_parameters(plain_cluster(), 5)));
  auto weightless = outbound_parameters(pair.receiver.cluster().parameters(), 2);
  EXPECT_FALSE(pair.receiver.cluster().join(SubSaId{2}, std::move(weightless), 0));
  EXPECT_EQ(pair.receiver.cluster().sub_sas(), 1u);
  EXPECT_EQ(pair.receiver.cluster().core()->sub_sas(), 1u);
  EXPECT_TRUE(pair.receiver.receive(pair.send().packet).delivered);
}

//= profile/8/shared-numbers-to-an-ordinary-peer
TEST(SaCluster, RefusesImpossibleParametersNamingThem) {
  struct Case {
    const char* name;
    void (*change)(ClusterParameters&);
  };
  const Case cases[] = {
      {"most sub-SAs", [](auto& c) { c.most_sub_sas = 0; }},
      {"most sub-SAs", [](auto& c) { c.most_sub_sas = 65537; }},
      {"replay window", [](auto& c) { c.replay_window = 31; }},
      {"duplication", [](auto& c) { c.duplication = true, c.anti_replay = false; }},
      {"extended sequence numbers", [](auto& c) { c.peer = PeerKind::ordinary; }},
      {"last sequence number",
       [](auto& c) { c.extended_sequence_numbers = false, c.last_sequence_number = 0xffffffff; }},
  };
  for (const auto& [name, change] : cases) {
    ClusterParameters parameters = plain_cluster();
    change(parameters);
    const auto checked = ClusterParameters::check(parameters);
    ASSERT_FALSE(checked) << name;
    EXPECT_THAT(to_string(checked.error()), HasSubstr(name));
  }
}

// With ESN, a cluster was let in that continued behind the last number that its counter gives.
TEST(ClusterReview, N014AClusterIsContinuedWhereNumbersAreLeft) {
  ClusterParameters parameters = plain_cluster();
  for (const bool extended : {false, true}) {
    parameters.extended_sequence_numbers = extended;
    parameters.last_sequence_number = SharedSequence::limit(extended) - 1;
    EXPECT_TRUE(ClusterParameters::check(parameters));
    EXPECT_EQ(ClusterCore(parameters).sequence().left(), 1u);
    ++parameters.last_sequence_number;
    const auto checked = ClusterParameters::check(parameters);
    ASSERT_FALSE(checked);
    EXPECT_THAT(to_string(checked.error()),
                HasSubstr(extended ? "expected less than 18446462598732840960, found 18446462598732840960"
                                   : "expected less than 4294967295, found 4294967295"));
  }
}

}  // namespace
}  // namespace mpsec::cluster
