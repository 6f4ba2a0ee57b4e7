// The behaviour of NATs, named as RFC 4787 names it.
#include <gtest/gtest.h>

#include "sim/network.hpp"

namespace mpsec::sim {
namespace {

using namespace std::chrono_literals;

const IpAddress outer = ip("198.51.100.1");
const Endpoint inside{ip("10.0.0.1"), 500}, neighbour{ip("10.0.0.2"), 500};
const Endpoint server{ip("203.0.113.1"), 500}, server_2{ip("203.0.113.1"), 4500},
    stranger{ip("203.0.113.2"), 500};

struct NatTest : testing::Test {
  void build(const NatProfile& profile = {}) {
    box = network.add_nat(network.internet(), outer, profile);
    for (const Endpoint& one : {inside, neighbour})
      network.attach(box.realm, one.address, [this](const Packet& packet) { note(packet); });
    for (const Endpoint& one : {server, stranger})
      network.attach(network.internet(), one.address, [this](const Packet& packet) { note(packet); });
  }
  void note(const Packet& packet) { got = packet.received_datagram(); }
  // What arrives, if anything does; at once, for all links are ideal.
  std::optional<Datagram> send(RealmId realm, const Endpoint& from, const Endpoint& to) {
    got.reset();
    network.send(realm, *Packet::udp({from, to, hex("2a")}));
    time.run_until(time.now());
    EXPECT_TRUE(network.counters().balanced());
    return got;
  }
  // The endpoint that the far end sees.
  std::optional<Endpoint> out(const Endpoint& from, const Endpoint& to) {
    const auto datagram = send(box.realm, from, to);
    if (!datagram || datagram->local != to) return std::nullopt;
    return datagram->remote;
  }
  std::optional<Endpoint> in(const Endpoint& from, const Endpoint& to) {
    const auto datagram = send(network.internet(), from, to);
    if (!datagram || datagram->remote != from) return std::nullopt;
    return datagram->local;
  }
  std::uint64_t dropped(Drop cause) const { return network.counters().dropped(cause); }
  Nat& nat() { return network.nat(box.nat); }

  VirtualTime time;
  Network network{time, 7};
  Network::Inside box;
  std::optional<Datagram> got;
};

TEST_F(NatTest, MapsOneEndpointToOneWhoeverIsSpokenTo) {
  build();
  const auto mapped = out(inside, server);
  EXPECT_EQ(mapped, (Endpoint{outer, 500}));
  EXPECT_EQ(out(inside, server_2), mapped);
  EXPECT_EQ(out(inside, stranger), mapped);
  EXPECT_EQ(nat().mapped(inside), mapped);
  const auto other = out(neighbour, server);  // 500 is taken
  ASSERT_TRUE(other);
  EXPECT_NE(other->port, 500);
  EXPECT_EQ(in(server, *mapped), inside);
  EXPECT_EQ(in(server, *other), neighbour);
}

TEST_F(NatTest, MapsAnewWhereMappingDependsOnTheRemoteEnd) {
  build({.mapping = Dependence::address_and_port_dependent, .preserve_ports = false});
  const auto first = out(inside, server), second = out(inside, server_2), third = out(inside, stranger);
  ASSERT_TRUE(first && second && third);
  EXPECT_NE(first->port, second->port);
  EXPECT_NE(first->port, third->port);
  EXPECT_NE(first->port, 500);
  EXPECT_EQ(out(inside, server), first);

  nat().change({.mapping = Dependence::address_dependent, .preserve_ports = false});
  nat().reboot();
  EXPECT_EQ(out(inside, server), out(inside, server_2));
  EXPECT_NE(out(inside, server), out(inside, stranger));
}

TEST_F(NatTest, FiltersAsItIsTold) {
  struct Row {
    Dependence filtering;
    bool same_address, anyone;
  };
  build();
  for (const Row& row :
       {Row{Dependence::address_and_port_dependent, false, false},
        Row{Dependence::address_dependent, true, false}, Row{Dependence::endpoint_independent, true, true}}) {
    nat().reboot();
    nat().change({.filtering = row.filtering});
    const auto mapped = out(inside, server);
    ASSERT_TRUE(mapped);
    EXPECT_EQ(in(server, *mapped), inside);
    EXPECT_EQ(in(server_2, *mapped).has_value(), row.same_address);
    EXPECT_EQ(in(stranger, *mapped).has_value(), row.anyone);
  }
  EXPECT_EQ(dropped(Drop::filtered), 3u);
}

TEST_F(NatTest, ForgetsAMappingThatIsNotUsedOutwards) {
  build({.timeout = 20s});
  const auto mapped = out(inside, server);
  time.run_until(Instant{19s});
  EXPECT_EQ(in(server, *mapped), inside);
  time.run_until(Instant{20s});
  EXPECT_FALSE(in(server, *mapped));
  EXPECT_EQ(dropped(Drop::no_mapping), 1u);

  nat().change({.timeout = 20s, .inbound_refreshes = true});
  out(inside, server);
  time.run_until(Instant{39s});
  in(server, *mapped);
  time.run_until(Instant{58s});
  EXPECT_EQ(in(server, *mapped), inside);
}

TEST_F(NatTest, ForgetsAllInARebootButWhatIsFixed) {
  build({.preserve_ports = false});
  nat().map(neighbour, 4500);
  const auto before = out(inside, server);
  nat().reboot();
  EXPECT_FALSE(in(server, *before));
  EXPECT_EQ(in(stranger, {outer, 4500}), neighbour);
  EXPECT_EQ(out(neighbour, server), (Endpoint{outer, 4500}));
  const auto after = out(inside, server);
  ASSERT_TRUE(after);
  EXPECT_NE(after, before);
  nat().map(inside, 4500);  // takes the port over
  EXPECT_EQ(in(stranger, {outer, 4500}), inside);
}

TEST_F(NatTest, KeepsMappingsUnderAnotherAddress) {
  build();
  out(inside, server);
  network.readdress(box.nat, ip("198.51.100.77"));
  EXPECT_EQ(out(inside, server), (Endpoint{ip("198.51.100.77"), 500}));
  EXPECT_FALSE(in(server, {outer, 500}));
  EXPECT_EQ(in(server, {ip("198.51.100.77"), 500}), inside);
}

TEST_F(NatTest, SendsHairpins) {
  build({.filtering = Dependence::endpoint_independent});
  const auto mapped = out(neighbour, server);
  const auto seen = send(box.realm, inside, *mapped);
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->local, neighbour);
  EXPECT_EQ(seen->remote.address, outer);
  nat().change({.filtering = Dependence::endpoint_independent, .hairpinning = false});
  EXPECT_FALSE(send(box.realm, inside, *mapped));
}

TEST_F(NatTest, StandsBehindAnother) {
  build();
  const Network::Inside home = network.add_nat(box.realm, ip("10.0.0.99"), {.preserve_ports = false});
  const Endpoint deep{ip("192.168.0.1"), 500};
  network.attach(home.realm, deep.address, [this](const Packet& packet) { note(packet); });
  const auto outwards = send(home.realm, deep, server);
  ASSERT_TRUE(outwards);
  EXPECT_EQ(outwards->remote.address, outer);
  EXPECT_EQ(in(server, outwards->remote), deep);
}

TEST_F(NatTest, TranslatesUdpAloneAndRunsOutOfPorts) {
  build({.preserve_ports = false, .first_port = 2000, .last_port = 2001});
  EXPECT_TRUE(out(inside, server));
  EXPECT_TRUE(out(neighbour, server));
  EXPECT_FALSE(out({inside.address, 501}, server));
  EXPECT_EQ(dropped(Drop::no_port_left), 1u);
  network.send(box.realm, *Packet::from_ip(hex("4500001c00000000403200000a000001cb0071010000100000000001")));
  time.run_until(time.now());
  EXPECT_EQ(dropped(Drop::not_translatable), 1u);
  EXPECT_FALSE(send(box.realm, inside, {ip("192.0.2.99"), 1}));
}

}  // namespace
}  // namespace mpsec::sim
