// What the data path reports, and what the peer is told of it; what is asked for because of a packet.
#include "ike/narrowing.hpp"
#include "ike/test_world.hpp"
#include "wire/ike/complete.hpp"

namespace mpsec::ike::test {
namespace {

using namespace wire::ike;

const StrayPacket stray{{{ip("192.0.2.1"), 0}, {ip("192.0.2.2"), 0}}, Spi{0x12345678}};

void report(World& world, End& end, const StrayPacket& packet) {
  world.at(end, [&](Engine& engine, Actions& actions) {
    return engine.on_stray_packet(packet, world.now, actions), 0;
  });
}

std::vector<PeerReported> reports(const End& end) {
  std::vector<PeerReported> all;
  for (const Event& event : end.events)
    if (const auto* one = std::get_if<PeerReported>(&event)) all.push_back(*one);
  return all;
}

//= rfc7296/1.5/invalid-spi-over-the-ike-sa
TEST(StrayPackets, AreToldOfOverTheIkeSa) {
  World world;
  world.establish();
  report(world, world.a, stray);
  ASSERT_EQ(world.wire.size(), 1u);
  world.deliver_all();
  const auto told = reports(world.b);
  ASSERT_EQ(told.size(), 1u) << world.b.log();
  EXPECT_EQ(told[0].type, NotifyType::invalid_spi);
  EXPECT_EQ(told[0].data, spi_octets(stray.spi));
  EXPECT_EQ(world.disagreement(), "");
}

TEST(StrayPackets, AreToldOfSeldom) {
  World world;
  world.establish();
  for (int i = 0; i < 1000; ++i) {
    report(world, world.a, stray);
    world.deliver_all();
  }
  EXPECT_LE(reports(world.b).size(), 3u);
}

//= rfc7296/1.5/invalid-spi-without-an-ike-sa
TEST(StrayPackets, OfStrangersAreAnsweredUnprotectedAndSeldom) {
  World world;
  for (int i = 0; i < 1000; ++i)
    report(world, world.a, {{{ip("192.0.2.1"), 4500}, {ip("192.0.2.2"), 40000}}, Spi{0x12345678}});
  EXPECT_LE(world.wire.size(), 10u);
  ASSERT_GE(world.wire.size(), 1u);
  const Datagram sent = world.take();
  EXPECT_EQ(sent.remote, (Endpoint{ip("192.0.2.2"), 40000}));
  const auto message = decode_message(OctetView(sent.octets).subspan(4));
  ASSERT_TRUE(message);
  EXPECT_EQ(message->header.exchange_type, ExchangeType::informational);
  EXPECT_TRUE(message->header.initiator);
  EXPECT_FALSE(message->header.response);
  const Notify* notify = find_notify(message->payloads, NotifyType::invalid_spi);
  ASSERT_NE(notify, nullptr);
  EXPECT_EQ(notify->data, spi_octets(Spi{0x12345678}));
}

//= rfc7296/1.5/unprotected-invalid-spi-is-not-answered
TEST(StrayPackets, UnprotectedReportIsAHintAndNotAnswered) {
  World world;
  world.establish();
  World lost;  // a B that has forgotten everything
  report(lost, lost.b, {{{ip("192.0.2.2"), 0}, {ip("192.0.2.1"), 0}}, Spi{0x12345678}});
  const Datagram told = lost.take();
  world.deliver(told);
  ASSERT_EQ(world.wire.size(), 1u) << "one liveness check";
  world.deliver_all();
  EXPECT_EQ(world.disagreement(), "");
  EXPECT_TRUE(reports(world.a).empty());
  world.deliver(told);
  EXPECT_TRUE(world.wire.empty()) << "hints are limited";
  World stranger;
  stranger.deliver(told);
  EXPECT_TRUE(stranger.wire.empty());
}

//= rfc7296/3.10.1/invalid-selectors-holds-the-packets-start
TEST(WrongSelectors, AreToldOfWhereItIsAllowed) {
  for (const bool allowed : {true, false}) {
    EndOptions a;
    a.change = [allowed](Configuration& configuration) { configuration.tell_invalid_selectors = allowed; };
    World world(a);
    world.establish();
    const Spi inbound = world.only(world.a).children[0].inbound;
    const Octets packet(1000, 0x45);
    world.at(world.a, [&](Engine& engine, Actions& actions) {
      return engine.on_wrong_selectors(ipsec::Protocol::esp, inbound, packet, world.now, actions), 0;
    });
    world.deliver_all();
    const auto told = reports(world.b);
    ASSERT_EQ(told.size(), allowed ? 1u : 0u) << world.b.log();
    if (!allowed) continue;
    EXPECT_EQ(told[0].type, NotifyType::invalid_selectors);
    EXPECT_EQ(told[0].spi, spi_octets(inbound));
    EXPECT_EQ(told[0].data, Octets(128, 0x45));
    EXPECT_EQ(world.disagreement(), "");
  }
}

// B believes that A keeps four replies, and sends ahead of what A takes.
//= rfc7296/2.3/invalid-message-id-is-optional-and-a-request
TEST(MessageIds, BeyondTheWindowAreToldOfWhereAskedFor) {
  for (const bool tell : {true, false}) {
    Bender bender;
    bender.out = [](Message& message) {
      for (Payload& payload : message.payloads)
        if (auto* notify = std::get_if<Notify>(&payload.body);
            notify != nullptr && notify->type == NotifyType::set_window_size)
          notify->data = {0, 0, 0, 4};
    };
    EndOptions a;
    a.tap = &bender;
    a.change_peer = [](PeerConfiguration& peer) { peer.window = 2; };
    a.change = [tell](Configuration& configuration) { configuration.tell_invalid_message_id = tell; };
    World world(a);
    world.establish();
    for (int i = 0; i < 3; ++i)
      world.check_liveness(world.b);
    ASSERT_EQ(world.wire.size(), 3u);
    world.deliver(world.take(2));
    ASSERT_EQ(world.wire.size(), tell ? 3u : 2u) << world.a.log();
    world.deliver_all();
    const auto told = reports(world.b);
    ASSERT_EQ(told.size(), tell ? 1u : 0u) << world.b.log();
    if (tell) {
      EXPECT_EQ(told[0].type, NotifyType::invalid_message_id);
      EXPECT_EQ(told[0].data, (Octets{0, 0, 0, 2}));
    }
    world.run_for(5s);
    EXPECT_EQ(world.disagreement(), "");
  }
}

// --- what a packet asks for (RFC 7296 2.9)

const ipsec::PacketSelectors waiting{.local = ipsec::number_of(ip("10.1.0.43")),
                                     .remote = ipsec::number_of(ip("10.2.0.7")),
                                     .local_port = 4711,
                                     .remote_port = 80,
                                     .protocol = 6};

void initiate_for(World& world, const ipsec::PacketSelectors& packet) {
  world
      .at(world.a,
          [&](Engine& engine, Actions& actions) {
            return engine.initiate("peer", world.a.path(), world.now, actions, &packet);
          })
      .value();
}

std::vector<std::vector<ipsec::Selector>> carried(World& world, End& end) {
  std::vector<std::vector<ipsec::Selector>> all;
  for (const ChildStatus& child : world.only(end).children)
    all.push_back(child.selectors);
  return all;
}

//= rfc7296/2.9/specific-selectors-of-the-packet-come-first
TEST(Acquire, PutsThePacketFirst) {
  Bender bender;
  std::vector<TrafficSelector> first;
  bender.out = [&](Message& message) {
    if (const auto* body = find<TrafficSelectorsInitiator>(message.payloads))
      first.push_back(body->selectors.at(0));
    if (const auto* body = find<TrafficSelectorsResponder>(message.payloads))
      first.push_back(body->selectors.at(0));
  };
  EndOptions a;
  a.tap = &bender;
  World world(a);
  initiate_for(world, waiting);
  world.deliver_all();
  EXPECT_EQ(world.disagreement(), "") << world.a.log() << world.b.log();
  ASSERT_EQ(first.size(), 2u);
  EXPECT_EQ(to_string(first[0]), "10.1.0.43-10.1.0.43 protocol 6 port 4711-4711");
  EXPECT_EQ(to_string(first[1]), "10.2.0.7-10.2.0.7 protocol 6 port 80-80");
  world
      .at(world.a,
          [&](Engine& engine, Actions& actions) {
            return engine.create_child(world.only(world.a).id, "net", world.now, actions, &waiting);
          })
      .value();
  world.deliver_all();
  ASSERT_EQ(first.size(), 4u);
  EXPECT_EQ(first[2], first[0]);
  EXPECT_EQ(world.disagreement(), "");
}

// B takes only a part of what A asks for: with the packet it takes the part that the packet is in.
TEST(Acquire, NarrowingKeepsThePacket) {
  EndOptions b;
  b.change_peer = [](PeerConfiguration& peer) {
    const auto net = [](std::string_view text) { return ipsec::AddressRange::parse(text).value(); };
    peer.children[0].selectors = {{.local = {net("10.2.1.0/24")}, .remote = {net("10.1.1.0/24")}},
                                  {.local = {net("10.2.0.0/24")}, .remote = {net("10.1.0.0/24")}}};
  };
  World world({}, b);
  initiate_for(world, waiting);
  world.deliver(world.take());
  world.deliver(world.take());
  world.deliver(world.take());
  world.deliver(world.take());
  ASSERT_EQ(world.only(world.a).children.size(), 1u) << world.a.log() << world.b.log();
  const auto first = carried(world, world.a).at(0);
  EXPECT_TRUE(std::ranges::any_of(first, [](const ipsec::Selector& one) {
    return one.local.at(0).contains(ip("10.1.0.43")) && one.remote.at(0).contains(ip("10.2.0.7"));
  }));
  //= rfc7296/2.9/additional-selectors-are-asked-for
  // ... and the other part, which goes with no other, in an SA of its own.
  world.deliver_all();
  EXPECT_EQ(world.only(world.a).children.size(), 2u) << world.a.log() << world.b.log();
  EXPECT_EQ(world.disagreement(), "");
  EXPECT_EQ(world.a.count<NegotiationFailed>(), 0u) << world.a.log();
}

// A responder that says "more is possible" without end is not followed without end.
TEST(Acquire, AdditionalSelectorsAreFollowedABoundedNumberOfTimes) {
  struct OneAtATime final : NarrowingPolicy {
    Granted<Narrowed> narrow(const NarrowingRequest& request) const override {
      Narrowed narrowed{request.proposed, true};
      for (auto* side : {&narrowed.selectors.local, &narrowed.selectors.remote}) {
        side->resize(1);
        const IpAddress first = side->front().start_address();
        side->front() = TrafficSelector::range(first, first, 0);
      }
      return narrowed;
    }
  };
  EndOptions b;
  b.narrowing = std::make_shared<OneAtATime>();
  World world({}, b);
  world.initiate(world.a);
  world.deliver_all();
  EXPECT_EQ(world.only(world.a).children.size(), 17u);
  EXPECT_EQ(world.disagreement(), "");
}

//= rfc7296/2.9/single-pair-is-asked-for-where-required
TEST(Acquire, SinglePairIsAskedForWhereRequired) {
  struct OnePair final : NarrowingPolicy {
    StandardNarrowing standard;
    Granted<Narrowed> narrow(const NarrowingRequest& request) const override {
      for (const auto& side : {request.proposed.local, request.proposed.remote})
        for (const TrafficSelector& selector : side)
          if (selector.start_address() != selector.end_address())
            return std::unexpected(
                Refusal{NotifyType::single_pair_required,
                        {Blame::no_common_ground, "TSi, TSr", std::nullopt, "ranges", ""}});
      return standard.narrow(request);
    }
  };
  for (const bool with_packet : {true, false}) {
    EndOptions b;
    b.narrowing = std::make_shared<OnePair>();
    World world({}, b);
    with_packet ? initiate_for(world, waiting) : static_cast<void>(world.initiate(world.a));
    world.deliver_all();
    EXPECT_EQ(world.disagreement(), "") << world.a.log() << world.b.log();
    ASSERT_EQ(world.only(world.a).children.size(), with_packet ? 1u : 0u) << world.a.log();
    if (!with_packet) continue;
    const auto all = carried(world, world.a);
    for (const ipsec::Selector& selector : all.at(0)) {
      EXPECT_EQ(selector.local.at(0), ipsec::AddressRange::of(ip("10.1.0.43")));
      EXPECT_EQ(selector.remote.at(0), ipsec::AddressRange::of(ip("10.2.0.7")));
    }
  }
}

TEST(Acquire, ChildIsChosenByThePacket) {
  EndOptions a, b;
  const auto second = [](std::string_view local, std::string_view remote) {
    return [=](PeerConfiguration& peer) {
      ChildConfiguration other = peer.children[0];
      other.name = "other";
      other.selectors = {{.local = {ipsec::AddressRange::parse(local).value()},
                          .remote = {ipsec::AddressRange::parse(remote).value()}}};
      peer.children.push_back(other);
    };
  };
  a.change_peer = second("10.11.0.0/16", "10.12.0.0/16");
  b.change_peer = second("10.12.0.0/16", "10.11.0.0/16");
  World world(a, b);
  ipsec::PacketSelectors packet = waiting;
  packet.local = ipsec::number_of(ip("10.11.0.1"));
  packet.remote = ipsec::number_of(ip("10.12.0.1"));
  initiate_for(world, packet);
  for (int i = 0; i < 4; ++i)
    world.deliver(world.take());
  ASSERT_EQ(world.only(world.a).children.size(), 1u) << world.a.log();
  EXPECT_EQ(world.only(world.a).children[0].name, "other");
  world.deliver_all();
  EXPECT_EQ(world.only(world.a).children.size(), 2u);
  EXPECT_EQ(world.disagreement(), "");
}

// --- traffic, limits

void traffic(World& world, End& end, const AcceptedTraffic& accepted) {
  world.at(end, [&](Engine& engine, Actions& actions) {
    return engine.on_traffic(accepted, world.now, actions), 0;
  });
}

// A is behind a NAT, which B sees as another port; the NAT forgets it and takes a new one.
//= rfc7296/2.23/address-update-only-by-a-new-packet
TEST(Traffic, MovesThePeerBehindItsNat) {
  World world;
  world.nat_port_of_a = 10000;
  world.initiate(world.a);
  world.deliver_all();
  ASSERT_TRUE(world.only(world.b).peer_is_behind_nat) << world.b.log();
  const ChildStatus child = world.only(world.b).children.at(0);
  const Path before = world.only(world.b).path;
  Path after = before;
  after.remote.port = 20000;

  traffic(world, world.b, {.inbound = child.inbound, .udp = after, .newest = false});
  EXPECT_EQ(world.only(world.b).path, before) << "not newer than others";
  traffic(world, world.b,
          {.protocol = ipsec::Protocol::ah, .inbound = child.inbound, .udp = after, .newest = true});
  EXPECT_EQ(world.only(world.b).path, before) << "no such SA";
  traffic(world, world.b, {.inbound = child.inbound, .udp = after, .newest = true});
  EXPECT_EQ(world.only(world.b).path, after);
  EXPECT_EQ(world.b.installed.begin()->second.outbound->udp->destination_port, 20000);
  EXPECT_EQ(world.b.count<PeerMoved>(), 1u);
  // IKE goes there too, and a child made from now on.
  world.nat_port_of_a = 20000;
  world.rekey_child(world.b);
  ASSERT_EQ(world.wire.size(), 1u);
  EXPECT_EQ(world.wire.front().remote.port, 20000);
  world.deliver_all();
  EXPECT_EQ(world.disagreement(), "");
  EXPECT_EQ(world.b.installed.begin()->second.outbound->udp->destination_port, 20000);

  // A, which is behind the NAT itself, moves for nobody.
  const Path own = world.only(world.a).path;
  Path other = own;
  other.remote.port = 30000;
  traffic(world, world.a,
          {.inbound = world.only(world.a).children.at(0).inbound, .udp = other, .newest = true});
  EXPECT_EQ(world.only(world.a).path, own);
}

TEST(Traffic, SoftLimitIsFollowedOnceByARekey) {
  EndOptions a;
  a.change_peer = [](PeerConfiguration& peer) {
    peer.children[0].rekey_after_octets = 1'000'000;
    peer.children[0].rekey_after_packets = 1000;
  };
  World world(a);
  world.establish();
  const auto& installed = world.a.installed.begin()->second;
  EXPECT_EQ(installed.inbound->lifetime.soft.octets, 1'000'000u);
  EXPECT_EQ(installed.outbound->lifetime.soft.packets, 1000u);
  const ChildId before = world.only(world.a).children.at(0).id;
  const auto limit = [&](bool hard) {
    world.at(world.a, [&](Engine& engine, Actions& actions) {
      return engine.on_lifetime(before, hard, world.now, actions), 0;
    });
  };
  for (int i = 0; i < 10; ++i)
    limit(false);
  EXPECT_EQ(world.wire.size(), 1u);
  world.deliver_all();
  ASSERT_EQ(world.only(world.a).children.size(), 1u);
  EXPECT_NE(world.only(world.a).children[0].id, before);
  for (int i = 0; i < 10; ++i)
    limit(true);  // it is gone: nothing happens
  EXPECT_TRUE(world.wire.empty());
  EXPECT_EQ(world.disagreement(), "");
}

}  // namespace
}  // namespace mpsec::ike::test
