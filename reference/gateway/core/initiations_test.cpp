#include "gateway/core/initiations.hpp"

#include <gmock/gmock.h>

namespace mpsec::gateway {
namespace {

using namespace std::chrono_literals;
using ike::IkeSaId;
using testing::ElementsAre;
using testing::IsEmpty;
using PathName = Initiations::PathName;

// A peer with so many paths; of a cluster that IKE does not speak of, or of none.
Settings settings(Start start, std::size_t paths, bool by_configuration) {
  Settings settings;
  PeerSettings& peer = settings.peers["b"];
  peer.start = start;
  peer.retry = 5s;
  for (std::size_t i = 1; i <= paths; ++i)
    peer.paths.push_back({.name = std::to_string(i), .local = {}, .remote = {}});
  ike::PeerConfiguration& its = settings.ike.peers.emplace_back();
  its.name = "b";
  its.children.emplace_back().policy = ipsec::PolicyId{1};
  ipsec::Policy& policy = settings.policies.emplace_back();
  policy.id = ipsec::PolicyId{1};
  policy.protect.emplace().by = ipsec::ClusterId{1};
  settings.clusters["net"].id = ipsec::ClusterId{1};
  settings.clusters["net"].negotiated = !by_configuration;
  return settings;
}

const PathName first{"b", "1"}, second{"b", "2"}, third{"b", "3"};

TEST(Initiations, BeginAllPathsAtOnceWhereIkeTellsThemApart) {
  Initiations all;
  all.configure(settings(Start::at_once, 2, false), Instant{});
  EXPECT_EQ(all.next_deadline(), Instant{});
  EXPECT_THAT(all.due(Instant{}), ElementsAre(first, second));
  EXPECT_THAT(all.due(Instant{4s}), IsEmpty());
  EXPECT_EQ(all.next_deadline(), Instant{5s});
  all.began(first, IkeSaId{1}, Instant{});
  EXPECT_THAT(all.due(Instant{5s}), ElementsAre(second)) << "nobody has said that it is there";
}

TEST(Initiations, BeginOnePathAfterTheOtherWhereOnlyFilesTellThemApart) {
  Initiations all;
  all.configure(settings(Start::at_once, 3, true), Instant{});
  EXPECT_THAT(all.due(Instant{}), ElementsAre(first));
  all.began(first, IkeSaId{1}, Instant{});
  EXPECT_EQ(all.next_deadline(), std::nullopt);
  all.established(IkeSaId{1});
  EXPECT_THAT(all.due(Instant{1s}), ElementsAre(second));
  all.began(second, IkeSaId{2}, Instant{1s});
  all.gone(IkeSaId{2}, Instant{2s});
  EXPECT_THAT(all.due(Instant{2s}), ElementsAre(third)) << "another one waits for nobody now";
  all.began(third, std::nullopt, Instant{2s});
  EXPECT_EQ(all.next_deadline(), Instant{7s});
  EXPECT_THAT(all.due(Instant{7s}), ElementsAre(second)) << "of those that are due one";
}

TEST(Initiations, APacketAsksForAllPathsOfASeries) {
  Initiations all;
  all.configure(settings(Start::on_traffic, 2, true), Instant{});
  EXPECT_EQ(all.next_deadline(), std::nullopt);
  EXPECT_EQ(all.wanted("b", Instant{}), first);
  EXPECT_EQ(all.wanted("b", Instant{}), std::nullopt);
  all.began(first, IkeSaId{1}, Instant{});
  EXPECT_THAT(all.due(Instant{}), IsEmpty());
  all.established(IkeSaId{1});
  EXPECT_THAT(all.due(Instant{}), ElementsAre(second));
}

TEST(Initiations, FollowAnIkeSaThroughItsRekey) {
  Initiations all;
  all.configure(settings(Start::at_once, 1, false), Instant{});
  ASSERT_THAT(all.due(Instant{}), ElementsAre(first));
  all.began(first, IkeSaId{1}, Instant{});
  all.replaced(IkeSaId{1}, IkeSaId{2});
  all.gone(IkeSaId{1}, Instant{1s});
  EXPECT_EQ(all.sa_of(first), IkeSaId{2});
  all.gone(IkeSaId{2}, Instant{1s});
  EXPECT_EQ(all.sa_of(first), std::nullopt);
  EXPECT_EQ(all.next_deadline(), Instant{6s});
}

TEST(Initiations, WhatIsThereOutlivesNewSettings) {
  Initiations all;
  all.configure(settings(Start::at_once, 2, false), Instant{});
  ASSERT_EQ(all.due(Instant{}).size(), 2u);
  all.began(first, IkeSaId{1}, Instant{});
  all.configure(settings(Start::at_once, 1, false), Instant{1s});
  EXPECT_EQ(all.sa_of(first), IkeSaId{1});
  EXPECT_EQ(all.next_deadline(), std::nullopt);
  all.gone(IkeSaId{1}, Instant{1s});
  EXPECT_EQ(all.next_deadline(), Instant{6s});
}

}  // namespace
}  // namespace mpsec::gateway
