// What the end of a lifetime does, and what a NAT's mapping asks for.
#include "ike/test_world.hpp"
#include "wire/ike/complete.hpp"

namespace mpsec::ike::test {
namespace {

using namespace wire::ike;

bool is_keepalive(const Datagram& datagram) {
  return datagram.octets == Octets{0xff};
}

// Child SAs of A live twenty seconds, and are rekeyed after ten.
EndOptions short_lived() {
  EndOptions options;
  options.change_peer = [](PeerConfiguration& peer) {
    peer.children[0].lifetime = {10s, 20s, 0};
    peer.liveness_after = {};
  };
  return options;
}

// B lets nothing be rekeyed.
Bender refusing() {
  Bender bender;
  bender.out = [](Message& message) {
    if (!message.header.response || message.header.exchange_type != ExchangeType::create_child_sa) return;
    message.payloads.clear();
    message.payloads.push_back(make_payload(make_notify(NotifyType::no_proposal_chosen)));
    EXPECT_TRUE(complete(message));
  };
  return bender;
}

// N021: the child was deleted, and the IKE SA lived on without it.
TEST(Lifetimes, N021AChildThatCannotBeRekeyedEndsItsIkeSa) {
  Bender refuses = refusing();
  EndOptions b;
  b.tap = &refuses;
  World world(short_lived(), b);
  world.establish();
  world.run_for(19s);
  EXPECT_EQ(world.only(world.a).children.size(), 1u);
  world.run_for(2s);
  EXPECT_TRUE(world.a.engine().status().empty()) << world.a.log();
  EXPECT_NE(world.a.log().find("refused to rekey it"), std::string::npos) << world.a.log();
  EXPECT_EQ(world.disagreement(), "");
  EXPECT_TRUE(world.a.installed.empty());
}

// A limit of octets or packets ends a child as that of time does.
TEST(Lifetimes, AHardLimitOfTrafficEndsTheIkeSaOnlyIfRekeyingWasRefused) {
  for (const bool refuse : {false, true}) {
    Bender refuses = refuse ? refusing() : Bender{};
    EndOptions b;
    b.tap = &refuses;
    World world(short_lived(), b);
    world.establish();
    if (refuse) world.run_for(11s);
    const ChildId child = world.only(world.a).children.at(0).id;
    world.at(world.a, [&](Engine& engine, Actions& actions) {
      return engine.on_lifetime(child, true, world.now, actions), 0;
    });
    world.deliver_all();
    EXPECT_EQ(world.a.engine().status().empty(), refuse) << world.a.log();
    EXPECT_TRUE(world.a.installed.empty());
    EXPECT_EQ(world.disagreement(), "");
  }
}

TEST(Lifetimes, AChildThatIsRekeyedEndsNothing) {
  World world(short_lived());
  world.establish();
  world.run_for(60s);
  EXPECT_EQ(world.only(world.a).children.size(), 1u);
  EXPECT_EQ(world.disagreement(), "");
}

// --- keepalives

class SentAt final : public Traffic {
 public:
  std::optional<Instant> when;
  std::optional<Instant> last_sent(ChildId) const override { return when; }
};

// How many keepalives A sends in `during`.
std::size_t keepalives(World& world, Duration during) {
  std::size_t count = 0;
  const Instant until = world.now + during;
  for (auto next = world.a.engine().next_deadline(); next && *next <= until;
       next = world.a.engine().next_deadline()) {
    world.now = std::max(world.now, *next);
    world.at(world.a,
             [&](Engine& engine, Actions& actions) { return engine.on_time(world.now, actions), 0; });
    count += static_cast<std::size_t>(std::ranges::count_if(world.wire, is_keepalive));
    world.wire.clear();
  }
  world.now = until;
  return count;
}

// N022: keepalives went beside the traffic that kept the mapping already.
//= rfc3948/4/keepalive-only-if-nothing-else-was-sent
TEST(Keepalives, N022AreSentOnlyWhereNothingElseWas) {
  SentAt traffic;
  EndOptions a;
  a.traffic = &traffic;
  a.change_peer = [](PeerConfiguration& peer) { peer.keepalive_every = 20s, peer.liveness_after = {}; };
  World world(a);
  world.nat_port_of_a = 40000;
  world.establish();
  EXPECT_EQ(keepalives(world, 61s), 3u);
  traffic.when = world.now + 5s;
  EXPECT_EQ(keepalives(world, 24s), 0u) << "the last packet is 19 seconds old";
  EXPECT_EQ(keepalives(world, 1s), 1u) << "it is 20 seconds old";
}

}  // namespace
}  // namespace mpsec::ike::test
