// Every exchange in which both ends act at once, or in which messages come late, twice, never or from an
// end that errs: plays/*.txt has the scripts, and what must be said, done and left.
#include <cstdlib>
#include <iostream>

#include "ike/test_scenes.hpp"
#include "wire/ike/complete.hpp"

namespace mpsec::ike::test {
namespace {

class Scenes : public testing::TestWithParam<Scene> {};

TEST_P(Scenes, Play) {
  const Scene& scene = GetParam();
  if (!scene.later.empty()) GTEST_SKIP() << "of a later step: " << scene.later;
  const std::vector<Outcome> outcomes = play_out(scene);
  EXPECT_EQ(outcomes.size(), 2u) << "no seed makes those nonces the lowest";
  for (const Outcome& outcome : outcomes) {
    EXPECT_EQ(outcome.scene.text(), scene.text()) << scene.play;
    for (const std::string& complaint : outcome.complaints)
      ADD_FAILURE() << complaint;
  }
}

// The children of a cluster come and go as all others do, and belong to it all the while.
TEST_P(Scenes, PlayWithAClusterIsTheSame) {
  const Scene& scene = GetParam();
  if (!scene.later.empty()) GTEST_SKIP() << "of a later step: " << scene.later;
  const std::vector<Outcome> outcomes = play_out(scene, nullptr, true);
  EXPECT_EQ(outcomes.size(), 2u) << "no seed makes those nonces the lowest";
  for (const Outcome& outcome : outcomes) {
    EXPECT_EQ(outcome.scene.text(), scene.text()) << scene.play;
    for (const std::string& complaint : outcome.complaints)
      ADD_FAILURE() << complaint;
  }
}

std::string name_of_test(const testing::TestParamInfo<Scene>& info) {
  return name_of(info.param);
}

INSTANTIATE_TEST_SUITE_P(Child, Scenes, testing::ValuesIn(scenes_of("child")), name_of_test);
INSTANTIATE_TEST_SUITE_P(ChildRekey, Scenes, testing::ValuesIn(scenes_of("child_rekey")), name_of_test);
INSTANTIATE_TEST_SUITE_P(ChildRekeyCollision, Scenes, testing::ValuesIn(scenes_of("child_rekey_collision")),
                         name_of_test);
INSTANTIATE_TEST_SUITE_P(IkeRekey, Scenes, testing::ValuesIn(scenes_of("ike_rekey")), name_of_test);
INSTANTIATE_TEST_SUITE_P(MessageIds, Scenes, testing::ValuesIn(scenes_of("message_ids")), name_of_test);

// What collisions are known by, each with a scene at least.
constexpr const char* kinds[] = {"child create, duplicate",
                                 "child create with IKE rekey",
                                 "child create, multiple key exchanges",
                                 "child delete, regular",
                                 "child delete, collision",
                                 "child delete, drop",
                                 "child delete with IKE rekey",
                                 "child delete with IKE delete",
                                 "child rekey, regular",
                                 "child rekey, invalid KE",
                                 "child rekey, ignoring a soft expire",
                                 "child rekey, handling a hard expire",
                                 "child rekey, the responder deletes",
                                 "child rekey, the responder lost the SA",
                                 "child rekey, incorrect delete",
                                 "child rekey, delete timeout",
                                 "child rekey collision",
                                 "child rekey collision, mixed groups",
                                 "child rekey collision, delayed response",
                                 "child rekey collision, delayed request",
                                 "child rekey collision, delayed request with delete",
                                 "child rekey collision, invalid KE",
                                 "child rekey collision, incorrect delete",
                                 "child rekey collision, delete",
                                 "child rekey collision, dropped delete",
                                 "child rekey collision, dropped rekey",
                                 "child rekey with IKE rekey",
                                 "child rekey with IKE delete",
                                 "IKE rekey, regular",
                                 "IKE rekey, invalid KE",
                                 "IKE rekey collision",
                                 "IKE rekey collision, mixed groups",
                                 "IKE rekey collision, invalid KE",
                                 "IKE rekey collision, delayed response",
                                 "IKE rekey collision, dropped request",
                                 "IKE rekey collision, delayed request",
                                 "IKE rekey collision, delayed request and delete",
                                 "IKE rekey collision, delete",
                                 "IKE rekey collision, dropped delete",
                                 "message IDs, retransmit",
                                 "message IDs, replay",
                                 "message IDs, beyond the window",
                                 "message ID sync, responder",
                                 "message ID sync, retransmit",
                                 "message ID sync, replay",
                                 "message ID sync, disabled",
                                 "message ID sync, sender too low",
                                 "message ID sync, update received",
                                 "message ID sync, active"};

TEST(SceneList, EveryKindOfCollisionHasOne) {
  std::vector<Scene> all;
  for (const char* file : {"child", "child_rekey", "child_rekey_collision", "ike_rekey", "message_ids"})
    std::ranges::move(scenes_of(file), std::back_inserter(all));
  for (const char* kind : kinds)
    EXPECT_TRUE(std::ranges::any_of(all, [&](const Scene& scene) { return scene.title.starts_with(kind); }))
        << kind;
}

// --- wrong policies, so that it is seen that the scenes can fail

struct HighestGoes final : StandardCollisionPolicy {
  bool ours_is_redundant(const NoncePair& ours, const NoncePair& theirs) const override {
    return !StandardCollisionPolicy::ours_is_redundant(ours, theirs);
  }
};
struct OursGoes final : StandardCollisionPolicy {
  bool ours_is_redundant(const NoncePair&, const NoncePair&) const override { return true; }
};
struct OursStays final : StandardCollisionPolicy {
  bool ours_is_redundant(const NoncePair&, const NoncePair&) const override { return false; }
};
struct NothingElseGoesOn final : StandardCollisionPolicy {
  using Answer = CollisionAnswer;
  Answer on_rekey_child(IkeState, std::optional<ChildState>, bool) const override { return Answer::proceed; }
  Answer on_create_child(IkeState) const override { return Answer::proceed; }
  Answer on_delete_child(std::optional<ChildState>) const override { return Answer::proceed; }
  Answer on_rekey_ike(IkeState, bool) const override { return Answer::proceed; }
};
struct AlwaysLater final : StandardCollisionPolicy {
  using Answer = CollisionAnswer;
  Answer on_rekey_child(IkeState, std::optional<ChildState>, bool) const override {
    return Answer::temporary_failure;
  }
  Answer on_rekey_ike(IkeState, bool) const override { return Answer::temporary_failure; }
};
struct NothingFound final : StandardCollisionPolicy {
  CollisionAnswer on_rekey_child(IkeState, std::optional<ChildState>, bool) const override {
    return CollisionAnswer::not_found;
  }
};

// The first scene of a file in which that policy shows; MPSEC_EVERY_SCENE=1 counts them all.
std::string noticed_by(const std::string& file, const CollisionPolicy& bent) {
  std::vector<std::string> found;
  for (const Scene& scene : scenes_of(file)) {
    if (!scene.later.empty()) continue;
    const auto outcomes = play_out(scene, &bent);
    const bool same = std::ranges::all_of(outcomes, [&](const Outcome& one) {
      return one.complaints.empty() && one.scene.text() == scene.text();
    });
    if (same && outcomes.size() == 2) continue;
    found.push_back(name_of(scene));
    if (std::getenv("MPSEC_EVERY_SCENE") == nullptr) break;
  }
  return found.empty() ? "" : fmt::format("{} and {} others", found[0], found.size() - 1);
}

TEST(BentPolicies, AreNoticed) {
  const HighestGoes highest;
  const OursGoes goes;
  const OursStays stays;
  const NothingElseGoesOn nothing_else;
  const AlwaysLater later;
  const NothingFound not_found;
  const std::tuple<std::string_view, const CollisionPolicy*, std::vector<std::string>> bends[] = {
      {"the highest nonce goes", &highest, {"child_rekey_collision", "ike_rekey"}},
      {"ours goes", &goes, {"child_rekey_collision", "ike_rekey"}},
      {"ours stays", &stays, {"child_rekey_collision", "ike_rekey"}},
      {"as if nothing else went on",
       &nothing_else,
       {"child", "child_rekey", "child_rekey_collision", "ike_rekey"}},
      {"always later", &later, {"child_rekey", "child_rekey_collision", "ike_rekey"}},
      {"never found", &not_found, {"child_rekey", "child_rekey_collision"}},
  };
  for (const auto& [name, policy, files] : bends)
    for (const std::string& file : files) {
      const std::string scene = noticed_by(file, *policy);
      EXPECT_NE(scene, "") << name << " is not noticed in " << file;
      std::cout << name << ", " << file << ": " << scene << "\n";
    }
}

// --- what the scenes found wrong once, by number

// 001: who deletes a child stops sending on it with the Delete: the peer closes its half at once.
TEST(CollisionFindings, N001NothingIsSentOnAChildThatWeDelete) {
  World world;
  world.establish();
  world.delete_child(world.a);
  EXPECT_FALSE(world.a.installed.begin()->second.outbound);
  EXPECT_TRUE(world.a.installed.begin()->second.inbound) << "what is on its way is received";
  world.deliver_all();
  EXPECT_TRUE(world.a.installed.empty() && world.b.installed.empty());
}

// 002: of two rekeyings the peer's is the redundant one, whose answer it may not even have: when the old
// child is gone, that child is not the one to send on.
TEST(CollisionFindings, N002NothingIsSentOnThePeersRedundantChild) {
  bool tried = false;
  for (std::uint64_t seed = 1; seed < 20 && !tried; ++seed) {
    Play play({}, seed);
    play.establish();
    play.run("A:rekey(1) B:rekey(1) a1? b1? b1! b2? b2!");
    const End& b = play.world().b;
    const bool sends = b.installed.contains(ChildId{2}) && b.installed.at(ChildId{2}).outbound;
    play.run("all");
    if (Play::has(play.world().b) != "i1 c3") continue;  // A's nonces were not the lowest
    tried = true;
    EXPECT_FALSE(sends) << Play::told(b);
    EXPECT_TRUE(play.complaints().empty());
  }
  EXPECT_TRUE(tried);
}

// --- RFC 6023

EndOptions childless() {
  EndOptions options;
  options.change_peer = [](PeerConfiguration& peer) { peer.childless = true; };
  return options;
}

// Takes away what `unwanted` names, on the way out.
class Censor final : public MessageTap {
 public:
  explicit Censor(std::function<bool(const wire::ike::Payload&)> unwanted) : unwanted_(std::move(unwanted)) {}
  void outgoing(wire::ike::Message& message) override {
    if (std::erase_if(message.payloads, unwanted_) != 0) {
      EXPECT_TRUE(complete(message));
    }
  }
  void incoming(wire::ike::Message&) override {}

 private:
  std::function<bool(const wire::ike::Payload&)> unwanted_;
};

TEST(Childless, Regular) {
  World world(childless());
  world.establish();
  EXPECT_TRUE(World::only(world.a).children.empty());
  EXPECT_TRUE(world.a.installed.empty() && world.b.installed.empty());
  for (End* end : {&world.a, &world.b}) {  // children come later, from either end
    const IkeSaId sa = World::only(*end).id;
    world
        .at(*end, [&](Engine& engine,
                      Actions& actions) { return engine.create_child(sa, "net", world.now, actions); })
        .value();
    world.deliver_all();
  }
  EXPECT_EQ(world.disagreement(), "");
  EXPECT_EQ(World::only(world.a).children.size(), 2u);
}

TEST(Childless, FailureAtTheInitiatorWhosePeerDoesNotKnowIt) {
  Censor censor([](const wire::ike::Payload& payload) {
    const auto* notify = std::get_if<wire::ike::Notify>(&payload.body);
    return notify != nullptr && notify->type == wire::ike::NotifyType::childless_ikev2_supported;
  });
  EndOptions b;
  b.tap = &censor;
  World world(childless(), b);
  world.initiate(world.a);
  world.deliver_all();
  world.run_for(5min);
  EXPECT_EQ(world.a.engine().ike_sas() + world.b.engine().ike_sas(), 0u);
  EXPECT_NE(world.a.log().find("RFC 6023"), std::string::npos) << world.a.log();
}

// Traffic selectors without an SA payload: no child is made, and no more comes of it.
TEST(Childless, FailureAtTheResponderWhosePeerAsksForHalfAChild) {
  // From IKE_AUTH on: IKE_SA_INIT needs its SA payload.
  Censor late([](const wire::ike::Payload& payload) {
    const auto* sa = std::get_if<wire::ike::SecurityAssociation>(&payload.body);
    return sa != nullptr && sa->proposals.at(0).protocol != wire::ike::ProtocolId::ike;
  });
  EndOptions halved;
  halved.tap = &late;
  World broken(halved);
  broken.initiate(broken.a);
  broken.deliver_all();
  EXPECT_EQ(broken.disagreement(), "") << broken.a.log() << "--\n" << broken.b.log();
  EXPECT_EQ(broken.b.engine().ike_sas(), 1u);
  EXPECT_TRUE(broken.a.installed.empty() && broken.b.installed.empty());
  EXPECT_EQ(broken.a.engine().child_spis() + broken.b.engine().child_spis(), 0u);
}

}  // namespace
}  // namespace mpsec::ike::test
