// Two gateways in the simulated network: that the world carries them through, and sees when they disagree.
#include "sim/ike/ike_message_match.hpp"
#include "sim/ike/test_ends.hpp"

namespace mpsec::sim::test {
namespace {

using wire::ike::ExchangeType;

TEST(IkeWorld, CarriesAnIkeSaFromItsFirstMessageToItsLast) {
  Ends ends;
  ends.initiate();
  ASSERT_TRUE(ends.world.run_until_quiet(silence));
  EXPECT_EQ(ends.differences(), "");
  EXPECT_EQ(ends.children(), 1u);
  ends.close(ends.ia);
  ASSERT_TRUE(ends.world.run_until_quiet(silence));
  for (const HostId id : {ends.ia, ends.ib})
    EXPECT_EQ(leftovers(ends.world, id), std::vector<std::string>());
  EXPECT_TRUE(ends.world.network().counters().balanced());
}

// Everything that was sent, with its time.
std::vector<std::pair<Instant, Octets>> transcript(std::uint64_t seed) {
  Ends ends(seed);
  std::vector<Recorded> sent;
  ends.world.network().add_tap(
      recorder(sent, [](const Sighting& sighting) { return sighting.what == Sighting::What::sent; }));
  ends.world.network().connect_rest(
      ends.world.network().internet(),
      ends.world.network().add_link("rough", {.delay = 50ms, .jitter = 20ms, .loss = 0.2, .duplicate = 0.1}));
  ends.initiate();
  EXPECT_TRUE(ends.world.run_until_quiet(silence));
  std::vector<std::pair<Instant, Octets>> result;
  for (const Recorded& one : sent)
    result.emplace_back(one.sighting.at, Octets(one.packet.octets().begin(), one.packet.octets().end()));
  return result;
}

TEST(IkeWorld, IsTheSameForTheSameSeed) {
  EXPECT_EQ(transcript(3), transcript(3));
  EXPECT_NE(transcript(3), transcript(4));
}

TEST(IkeWorld, StopsAtItsBounds) {
  Ends ends;
  EXPECT_FALSE(ends.world.run_until([] { return false; }, {.time = 5s}));
  EXPECT_EQ(ends.world.now(), Instant{5s});
  ends.initiate();
  EXPECT_FALSE(ends.world.run_until([] { return false; }, {.steps = 2}));
  EXPECT_TRUE(ends.world.run_until([&] { return ends.children() == 1; }));
  EXPECT_TRUE(ends.world.run_for(10s));
}

TEST(IkeWorld, ScriptsACollision) {
  Ends ends;
  ends.initiate();
  ASSERT_TRUE(ends.world.run_until_quiet(silence));
  auto& script = ends.world.network().script();
  const IkeMessageMatch request{.source = ends.b.address(),
                                .destination = {},
                                .exchange = ExchangeType::create_child_sa,
                                .response = false,
                                .message_id = {}};
  const auto late = script.add({"B's CREATE_CHILD_SA comes 3 s late", request, 1, Delayed{3s}, true});
  ends.rekey_child(ends.ia);
  ends.rekey_child(ends.ib);
  ASSERT_TRUE(ends.world.run_until_quiet(silence));
  EXPECT_GE(script.applied(late), 1u);
  EXPECT_EQ(ends.differences(), "") << ends.log();
  EXPECT_EQ(ends.children(), 1u);
}

TEST(IkeWorld, SeesWhenTheEndsDisagree) {
  for (const std::string_view lost : {"B", "A"}) {
    Ends ends;
    ends.world.set_actions_tap([lost](const IkeHost& host, ike::Actions& actions) {
      if (host.name == lost) actions.sad.clear();
    });
    ends.initiate();
    ASSERT_TRUE(ends.world.run_until_quiet(silence));
    EXPECT_EQ(disagreements(ends.world, ends.ia, ends.ib).size(), 2u) << ends.differences();
    ends.close(ends.ia);
    ends.world.network().detach(ends.world.network().internet(), ends.b.address());
    EXPECT_NE(leftovers(ends.world, ends.ib), std::vector<std::string>());
    EXPECT_NE(ends.differences(), "");
  }
}

// A few seeds of what the soak does by the thousand.
TEST(IkeWorld, EndsAgreeAfterRekeysOverARoughNetwork) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Ends ends(seed);
    Network& network = ends.world.network();
    const LinkId rough = network.add_link("rough", {.delay = 50ms,
                                                    .jitter = 10ms,
                                                    .loss = 0.05,
                                                    .duplicate = 0.1,
                                                    .duplicate_after = 500ms,
                                                    .reorder = 0.2,
                                                    .reorder_by = 2s});
    network.connect_rest(network.internet(), rough);
    ends.initiate();
    ASSERT_TRUE(ends.world.run_until_quiet(silence)) << seed;
    SeededRng chance(seed);
    for (int i = 0; i < 4; ++i) {
      const HostId id = chance.below(2) == 0 ? ends.ia : ends.ib;
      chance.below(3) == 0 ? ends.rekey_ike(id) : ends.rekey_child(id);
      ASSERT_TRUE(ends.world.run_for(std::chrono::milliseconds(chance.below(3000))));
    }
    ASSERT_TRUE(ends.world.run_until_quiet(silence)) << seed;
    EXPECT_EQ(ends.differences(), "") << "seed " << seed << "\n" << ends.log();
    ends.close(ends.ib);
    ASSERT_TRUE(ends.world.run_until_quiet(silence)) << seed;
    for (const HostId id : {ends.ia, ends.ib})
      EXPECT_EQ(leftovers(ends.world, id), std::vector<std::string>()) << "seed " << seed << "\n"
                                                                       << ends.log();
    EXPECT_TRUE(network.counters().balanced());
  }
}

}  // namespace
}  // namespace mpsec::sim::test
