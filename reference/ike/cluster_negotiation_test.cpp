// Founding and joining over IKE_AUTH and CREATE_CHILD_SA, the fallback to one ordinary SA, and joins that are
// refused: by cause, and with what is there left as it is.
#include "ike/child_negotiation.hpp"
#include "ike/test_clusters.hpp"

namespace mpsec::ike::test {
namespace {

using namespace wire::ike;

TEST(Clusters, TheFirstSaFoundsAndTheSecondPathJoins) {
  Clustered world;
  world.up();
  EXPECT_EQ(world.only_cluster(world.a), world.only_cluster(world.b));
  EXPECT_NE(world.only_cluster(world.a), ClusterId{0});
  ASSERT_EQ(world.a.installed.size(), 2u);
  for (const auto& [id, child] : world.a.installed) {
    EXPECT_EQ(child.cluster->founds, id == ChildId{1});
    EXPECT_EQ(child.cluster->own_window, 4096u);
    EXPECT_EQ(child.cluster->peer_window, 8192u);
    EXPECT_EQ(child.inbound->replay_window, 4096u);
  }
  for (const auto& [id, child] : world.b.installed)
    EXPECT_EQ(child.inbound->replay_window, 8192u);
  EXPECT_EQ(world.a.count<ClusterFounded>(), 1u);
  EXPECT_EQ(world.b.count<ClusterJoined>(), 2u);
}

TEST(Clusters, EitherEndAddsSubSasToTheSameIkeSa) {
  Clustered world;
  world.initiate(world.a);
  world.deliver_all();
  world.create_child(world.a);
  world.create_child(world.b);
  EXPECT_EQ(world.seen(), "1 cluster of 3 sub-SAs") << world.a.log();
}

TEST(Clusters, DuplicationNeedsBothEnds) {
  for (const bool b_wants : {false, true}) {
    const auto wanting = [](bool wants) {
      return clustered(4096,
                       [wants](PeerConfiguration& peer) { peer.children[0].cluster->duplication = wants; });
    };
    Clustered world(wanting(true), wanting(b_wants));
    world.up();
    for (const End* end : {&world.a, &world.b})
      for (const auto& [id, child] : end->installed)
        EXPECT_EQ(child.cluster->duplication, b_wants);
  }
}

TEST(Clusters, WithoutAntiReplayThereIsNoWindow) {
  const EndOptions options =
      clustered(4096, [](PeerConfiguration& peer) { peer.children[0].cluster->anti_replay = false; });
  Clustered world(options, options);
  world.up();
  for (const auto& [id, child] : world.b.installed) {
    EXPECT_FALSE(child.inbound->anti_replay);
    EXPECT_EQ(child.cluster->peer_window, 0u);
  }
}

// --- a peer that knows no clusters, or wants none

TEST(Clusters, WithAPeerWithoutThemThereIsOneOrdinarySa) {
  Clustered world(clustered(), EndOptions{});
  world.initiate(world.a);
  world.deliver_all();
  EXPECT_EQ(world.seen(), "0 clusters of  sub-SAs") << world.a.log();
  ASSERT_EQ(world.a.installed.size(), 1u);
  EXPECT_FALSE(world.a.installed.begin()->second.cluster);
  EXPECT_EQ(world.a.installed.begin()->second.inbound->replay_window, 64u);
  // No more sub-SAs are asked for; a rekey is an ordinary one.
  const IkeSaId id = World::only(world.a).id;
  const auto refused = world.at(world.a, [&](Engine& engine, Actions& actions) {
    return engine.create_child(id, "net", world.now, actions);
  });
  ASSERT_FALSE(refused);
  EXPECT_TRUE(world.wire.empty());
  world.rekey_child(world.a);
  world.deliver_all();
  EXPECT_EQ(world.disagreement(), "");
  EXPECT_EQ(world.a.count<NegotiationFailed>(), 0u) << world.a.log();
}

TEST(Clusters, WhatWeSayOfThemIsNothingToAPeerThatHasNotSaidThatItKnowsThem) {
  Bender tap;
  EndOptions a = clustered();
  a.tap = &tap;
  tap.out = remove_vendor_id;  // the notifies alone
  Clustered world(a, clustered());
  world.initiate(world.a);
  world.deliver_all();
  EXPECT_EQ(world.seen(), "0 clusters of  sub-SAs") << world.a.log();
  EXPECT_EQ(world.a.installed.size(), 1u);
}

TEST(Clusters, NothingOfThemIsSaidWithoutConfiguration) {
  Bender tap;
  bool said = false;
  tap.out = [&](Message& message) {
    said = said || find<VendorId>(message.payloads) != nullptr ||
           notify_in(message, NotifyType::sa_cluster_join) != nullptr ||
           notify_in(message, NotifyType::sa_cluster_supported) != nullptr;
  };
  EndOptions a;
  a.tap = &tap;
  Clustered world(a, clustered());
  world.initiate(world.a);
  world.deliver_all();
  EXPECT_EQ(world.disagreement(), "");
  EXPECT_FALSE(said);
}

// --- joins that are refused

struct Forgery {
  const char* name;
  void (*bend)(Message&, ClusterId founded);
  const char* told;  // by the responder; "": it sees no join
};
void PrintTo(const Forgery& what, std::ostream* out) {
  *out << what.name;
}

void other_sequence_numbers(Message& message, ClusterId) {
  for (Payload& payload : message.payloads)
    if (auto* sa = std::get_if<SecurityAssociation>(&payload.body))
      for (Transform& transform : sa->proposals.at(0).transforms)
        if (transform.type == TransformType::sequence_numbers) transform.id = 1;
}
void fewer_addresses(Message& message, ClusterId) {
  for (Payload& payload : message.payloads)
    if (auto* selectors = std::get_if<TrafficSelectorsResponder>(&payload.body))
      selectors->selectors.at(0).end_v4.back() = 0x7f;
}

const Forgery forgeries[] = {
    {"unknown_cluster",
     [](Message& message, ClusterId) {
       bend_join(message, [](SaClusterJoin& join) { join.cluster.value ^= 1; });
     },
     "unknown cluster"},
    {"no_cluster",
     [](Message& message, ClusterId) {
       bend_join(message, [](SaClusterJoin& join) { join.cluster = ClusterId{0}; });
     },
     "malformed"},
    {"truncated",
     [](Message& message, ClusterId) {
       if (Notify* join = notify_in(message, NotifyType::sa_cluster_join)) join->data.pop_back();
       EXPECT_TRUE(complete(message));
     },
     "malformed"},
    {"twice",
     [](Message& message, ClusterId) {
       message.payloads.push_back(message.payloads.back());
       EXPECT_TRUE(complete(message));
     },
     "malformed"},
    {"a_window_of_nothing",
     [](Message& message, ClusterId) { bend_join(message, [](SaClusterJoin& join) { join.window = 0; }); },
     "malformed"},
    {"founded_once_more",
     [](Message& message, ClusterId) { bend_join(message, [](SaClusterJoin& join) { join.founds = true; }); },
     "malformed"},
    {"a_window_below_32",
     [](Message& message, ClusterId) { bend_join(message, [](SaClusterJoin& join) { join.window = 31; }); },
     "malformed"},
    {"a_window_above_2_to_31",
     [](Message& message, ClusterId) {
       bend_join(message, [](SaClusterJoin& join) { join.window = 0x8000'0001u; });
     },
     "malformed"},
    {"a_window_without_anti_replay",
     [](Message& message, ClusterId) {
       bend_join(message, [](SaClusterJoin& join) { join.anti_replay = false; });
     },
     "malformed"},
    {"without_anti_replay",
     [](Message& message, ClusterId) {
       bend_join(message, [](SaClusterJoin& join) { join.anti_replay = false, join.window = 0; });
     },
     "unequal field: anti-replay"},
    {"another_window",
     [](Message& message, ClusterId) { bend_join(message, [](SaClusterJoin& join) { join.window *= 2; }); },
     "unequal field: window"},
    {"extended_sequence_numbers", other_sequence_numbers, "unequal field: extended sequence numbers"},
    {"other_selectors", fewer_addresses, "unequal field: selectors"},
};

// On the founder's own IKE SA, and on another path's: in CREATE_CHILD_SA and in IKE_AUTH.
class ForgedJoins : public testing::TestWithParam<std::tuple<Forgery, bool>> {};

TEST_P(ForgedJoins, AreRefusedAndChangeNothing) {
  const auto& [forgery, other_path] = GetParam();
  Bender tap;
  EndOptions a = clustered(), b = clustered(8192);
  a.tap = &tap;
  b.child_proposals[0].sequence_numbers = {SequenceNumbers::no_extended, SequenceNumbers::extended};
  Clustered world(a, b);
  world.initiate(world.a);
  world.deliver_all();
  const ClusterId founded = world.only_cluster(world.b);
  tap.out = [&, bend = forgery.bend](Message& message) {
    if (notify_in(message, NotifyType::sa_cluster_join) != nullptr) bend(message, founded);
  };
  if (other_path) {
    world.initiate(world.a, world.a.second_path());
    world.deliver_all();
  } else {
    world.create_child(world.a);
  }
  EXPECT_EQ(refusal_told_by(world.b), forgery.told);
  EXPECT_EQ(refusal_told_by(world.a), std::string("the peer: ") + forgery.told);
  EXPECT_EQ(world.seen(), "1 cluster of 1 sub-SAs") << world.a.log() << "--\n" << world.b.log();
  EXPECT_EQ(world.a.engine().ike_sas(), other_path ? 2u : 1u);  // the IKE SA stays, without the child
}

std::string name_of_forgery(const testing::TestParamInfo<ForgedJoins::ParamType>& of) {
  return std::get<0>(of.param).name + std::string(std::get<1>(of.param) ? "_in_ike_auth" : "");
}
INSTANTIATE_TEST_SUITE_P(Clusters, ForgedJoins,
                         testing::Combine(testing::ValuesIn(forgeries), testing::Bool()), name_of_forgery);

TEST(Clusters, AnotherIdentityDoesNotComeIn) {
  Bender tap;
  EndOptions a = clustered(), b = clustered(8192);
  a.tap = &tap;
  a.change = [](Configuration& whole) {
    PeerConfiguration other = whole.peers[0];
    other.name = "as another";
    other.local_id = ipsec::Identity::fqdn("c.example");
    whole.peers.push_back(std::move(other));
  };
  b.change = [](Configuration& whole) {
    PeerConfiguration other = whole.peers[0];
    other.name = "another";
    other.remote_id = ipsec::Identity::fqdn("c.example");
    whole.peers.push_back(std::move(other));
  };
  b.change_pad = [](ipsec::PadEntry& entry) {
    entry.identities.push_back(ipsec::IdentityPattern::dns("c.example").value());
  };
  for (const bool founds : {false, true}) {
    Clustered world(a, b);
    world.initiate(world.a);
    world.deliver_all();
    const ClusterId founded = world.only_cluster(world.b);
    tap.out = [&](Message& message) {
      bend_join(message, [&](SaClusterJoin& join) { join.cluster = founded, join.founds = founds; });
    };
    world.at(world.a, [&](Engine& engine, Actions& actions) {
      return engine.initiate("as another", world.a.second_path(), world.now, actions);
    });
    world.deliver_all();
    tap.out = [](Message&) {};
    // Whoever founds under an ID in use is refused for that, whoever it is.
    EXPECT_EQ(refusal_told_by(world.b), founds ? "malformed" : "another identity pair or PAD entry");
    EXPECT_EQ(world.seen(), "1 cluster of 1 sub-SAs") << world.b.log();
  }
}

// A PAD that has changed since: the same identity is let in by another entry.
TEST(Clusters, AnotherPadEntryDoesNotComeIn) {
  Clustered world;
  world.initiate(world.a);
  world.deliver_all();
  Engine& engine = world.b.engine();
  const PeerConfiguration& peer = engine.configuration().peers[0];
  const ClusterStatus founded = engine.cluster_status().at(0);
  Payloads request;
  append_cluster(request, {.id = founded.id, .own_window = 4096}, wish());
  const SaClusterSupported supported;
  Children none(engine, IkeSaId{99});
  for (const std::uint32_t entry : {1u, 2u}) {
    ipsec::PadEntry pad;
    pad.id = ipsec::PadEntryId{entry};
    const ChildContext context{engine, peer,  &pad,    founded.remote_id, none,      world.b.path(),
                               {},     false, nullptr, nullptr,           &supported};
    const auto granted = grant_cluster(peer.children[0], request, context, nullptr);
    EXPECT_EQ(granted.has_value(), entry == 1);
    if (granted) continue;
    EXPECT_EQ(refused_join(granted.error().to_notify())->reason, ClusterRefusal::other_peer);
  }
  EXPECT_EQ(world.seen(), "1 cluster of 1 sub-SAs");
}

// Configurations of their own for each path, so that the second may differ.
EndOptions by_path(const IpAddress& second, std::uint32_t window, void (*change_second)(PeerConfiguration&)) {
  EndOptions options = clustered(window);
  options.change = [second, change_second](Configuration& whole) {
    PeerConfiguration other = whole.peers[0];
    other.name = "by the second path";
    other.local_address = second;
    change_second(other);
    whole.peers.insert(whole.peers.begin(), std::move(other));
  };
  return options;
}
void join_by_second_path(Clustered& world) {
  world.initiate(world.a);
  world.deliver_all();
  world.at(world.a, [&](Engine& engine, Actions& actions) {
    return engine.initiate("by the second path", world.a.second_path(), world.now, actions);
  });
  world.deliver_all();
}

TEST(Clusters, ModeIsEqualAndMembershipIsConfigured) {
  const auto transport = [](PeerConfiguration& peer) { peer.children[0].mode = ipsec::Mode::transport; };
  const auto none = [](PeerConfiguration& peer) { peer.children[0].cluster.reset(); };
  const auto same = [](PeerConfiguration&) {};
  Clustered world(by_path(ip("198.51.100.1"), 4096, transport), by_path(ip("198.51.100.2"), 8192, transport));
  join_by_second_path(world);
  EXPECT_EQ(refusal_told_by(world.b), "unequal field: mode");
  EXPECT_EQ(world.seen(), "1 cluster of 1 sub-SAs");
  Clustered other(by_path(ip("198.51.100.1"), 4096, same), by_path(ip("198.51.100.2"), 8192, none));
  join_by_second_path(other);
  EXPECT_EQ(refusal_told_by(other.b), "not configured");
  EXPECT_EQ(other.seen(), "1 cluster of 1 sub-SAs");
}

TEST(Clusters, TakeAsManySubSasAsBothEndsAllow) {
  Bender tap;
  EndOptions a = clustered();
  a.tap = &tap;
  const EndOptions b =
      clustered(8192, [](PeerConfiguration& peer) { peer.children[0].cluster->most_sub_sas = 2; });
  Clustered world(a, b);
  world.up();
  EXPECT_FALSE(world.at(world.a, [&](Engine& engine, Actions& actions) {
    return engine.initiate("peer", world.a.path(), world.now, actions);
  }));
  world.create_child(world.a);  // our own limit
  EXPECT_EQ(refusal_told_by(world.b), "");
  EXPECT_EQ(world.seen(), "1 cluster of 2 sub-SAs");
  // An initiator that believes in more.
  Clustered bold(a, b);
  tap.in = [](Message& message) {
    Notify* notify = notify_in(message, NotifyType::sa_cluster_supported);
    if (notify != nullptr) notify->data.back() = 63;
  };
  bold.up();
  bold.create_child(bold.a);
  EXPECT_EQ(refusal_told_by(bold.b), "too many sub-SAs");
  EXPECT_EQ(bold.seen(), "1 cluster of 2 sub-SAs");
  bold.at(bold.a, [&](Engine& engine, Actions& actions) {
    return engine.rekey_child(engine.status().at(0).children.at(0).id, bold.now, actions);
  });
  bold.deliver_all();
  EXPECT_EQ(bold.seen(), "1 cluster of 2 sub-SAs") << "a rekey is not one more";
}

TEST(Clusters, ConfigurationsThatCannotWorkAreRefused) {
  const auto why = [](void (*change)(PeerConfiguration&)) {
    Configuration whole;
    EndOptions options = clustered(4096, change);
    PeerConfiguration peer;
    peer.credential = std::make_shared<PreSharedKeyCredential>(secret("key"));
    peer.proposals = options.ike_proposals;
    peer.children.resize(1);
    peer.children[0].name = "net";
    peer.children[0].proposals = options.child_proposals;
    peer.children[0].selectors = {ipsec::Selector{}};
    options.change_peer(peer);
    whole.peers.push_back(std::move(peer));
    const auto checked = check(whole);
    return checked ? std::string() : to_string(checked.error());
  };
  EXPECT_EQ(why([](PeerConfiguration&) {}), "");
  EXPECT_NE(why([](auto& peer) { peer.children[0].cluster->name.clear(); }).find("cluster/name"),
            std::string::npos);
  EXPECT_NE(why([](auto& peer) { peer.children[0].cluster->most_sub_sas = 65'537; }).find("found 65537"),
            std::string::npos);
  EXPECT_NE(why([](auto& peer) { peer.children[0].cluster->window = 3; }).find("cluster/window"),
            std::string::npos);
  EXPECT_NE(why([](auto& peer) {
              peer.children.push_back(peer.children[0]);
              peer.children[1].name = "net 2";
              peer.children[1].cluster->window = 64;
            }).find("differs"),
            std::string::npos);
}

}  // namespace
}  // namespace mpsec::ike::test
