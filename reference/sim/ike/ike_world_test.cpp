// Two gateways in the simulated network: that the world carries them through, and sees when they disagree.
#include "sim/ike/ike_world.hpp"

#include <fmt/ranges.h>

#include "ike/test_world.hpp"
#include "sim/ike/ike_message_match.hpp"

namespace mpsec::sim {
namespace {

using namespace std::chrono_literals;
using ike::test::End, ike::test::EndOptions;
using wire::ike::ExchangeType;

constexpr Duration silence = 40s;  // longer than any pause between retransmissions (1 s doubled, 5 tries)

// Gateway A at `a`, in the Internet or behind NATs, and B in the Internet.
struct Ends {
  explicit Ends(std::uint64_t seed = 1, EndOptions options = quiet(),
                std::string_view a_address = "192.0.2.1", std::optional<NatProfile> nat = {})
      : world(seed),
        a("a.example", "b.example", ip(a_address), ip("203.0.113.2"), options, seed),
        b("b.example", "a.example", ip("203.0.113.2"), ip(a_address), options, seed + 1000) {
    RealmId a_realm = world.network().internet();
    if (nat) {
      box = world.network().add_nat(a_realm, ip("198.51.100.1"), *nat);
      a_realm = box.realm;
    }
    ia = world.add("A", a_realm, {a.address()}, a.engine());
    ib = world.add("B", world.network().internet(), {b.address()}, b.engine());
  }
  // Without liveness checks, so that there is such a thing as quiet.
  static EndOptions quiet() {
    EndOptions options;
    options.change_peer = [](ike::PeerConfiguration& peer) {
      peer.liveness_after = 0s;
      peer.keepalive_every = 0s;
    };
    return options;
  }
  void initiate() {
    ASSERT_TRUE(world.command(ia, [this](ike::Engine& engine, Instant now, ike::Actions& actions) {
      return engine.initiate("peer", a.path(), now, actions);
    }));
  }
  // The command on the first IKE SA, or its first child, of a host.
  void rekey_child(HostId id) {
    world.command(id, [](ike::Engine& engine, Instant now, ike::Actions& actions) {
      for (const auto& sa : engine.status())
        for (const auto& child : sa.children)
          return engine.rekey_child(child.id, now, actions).has_value();
      return false;
    });
  }
  void rekey_ike(HostId id) {
    world.command(id, [](ike::Engine& engine, Instant now, ike::Actions& actions) {
      const auto all = engine.status();
      return !all.empty() && engine.rekey_ike(all.front().id, now, actions).has_value();
    });
  }
  void close(HostId id) {
    world.command(id, [](ike::Engine& engine, Instant now, ike::Actions& actions) {
      for (const auto& sa : engine.status())
        static_cast<void>(engine.close(sa.id, now, actions));
      return 0;
    });
  }
  std::string differences() const { return fmt::format("{}", fmt::join(disagreements(world, ia, ib), "\n")); }
  std::size_t children() const {
    std::size_t count = 0;
    for (const auto& sa : world.host(ia).engine->status())
      count += sa.children.size();
    return count;
  }
  std::string log() const {
    std::string text;
    for (const HostId id : {ia, ib})
      for (const auto& told : world.host(id).events)
        text += fmt::format("{} {}\n", world.host(id).name, ike::to_string(told.event));
    return text;
  }

  IkeWorld world;
  End a, b;
  HostId ia, ib;
  Network::Inside box;
};

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

TEST(IkeWorld, FollowsAPeerBehindANatThatForgets) {
  EndOptions options;
  options.change_peer = [](ike::PeerConfiguration& peer) { peer.liveness_after = 10s; };
  Ends ends(1, options, "10.0.0.1", NatProfile{.preserve_ports = false, .timeout = 60s});
  ends.initiate();
  ASSERT_TRUE(ends.world.run_until([&] { return ends.children() == 1; }, {.time = 10s}));
  ASSERT_TRUE(ends.world.run_for(5s));
  EXPECT_EQ(ends.differences(), "");
  const auto before = ends.b.engine().status().at(0);
  EXPECT_TRUE(before.peer_is_behind_nat);
  EXPECT_FALSE(before.we_are_behind_nat);
  EXPECT_EQ(before.path.local.port, 4500);
  EXPECT_EQ(before.path.remote.address, ip("198.51.100.1"));

  ends.world.network().nat(ends.box.nat).reboot();
  ASSERT_TRUE(ends.world.run_for(60s));
  EXPECT_EQ(ends.differences(), "") << ends.log();
  const auto all = ends.b.engine().status();
  ASSERT_EQ(all.size(), 1u) << ends.log();
  const auto mapped = ends.world.network().nat(ends.box.nat).mapped({ip("10.0.0.1"), 4500});
  EXPECT_EQ(all[0].path.remote, mapped);
  EXPECT_NE(all[0].path.remote, before.path.remote);
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
}  // namespace mpsec::sim
