// Two gateways in the simulated network, A and B, each in the Internet or behind a NAT of its own.
#pragma once

#include <fmt/ranges.h>

#include "ike/test_world.hpp"
#include "sim/ike/ike_world.hpp"
#include "wire/ike/complete.hpp"

namespace mpsec::sim::test {

using namespace std::chrono_literals;
using ike::test::End, ike::test::EndOptions;

inline constexpr Duration silence =
    40s;  // longer than any pause between retransmissions (1 s doubled, 5 tries)

// IKE_AUTH grows by as much as certificates would make it.
inline void burden(wire::ike::Message& message) {
  if (message.header.exchange_type != wire::ike::ExchangeType::ike_auth) return;
  for (int i = 0; i < 3; ++i)
    message.payloads.push_back(wire::ike::make_payload(wire::ike::VendorId{Octets(1000)}));
  EXPECT_TRUE(wire::ike::complete(message));
}
class Burden final : public ike::MessageTap {
 public:
  void outgoing(wire::ike::Message& message) override { burden(message); }
  void incoming(wire::ike::Message&) override {}
};

// Where they are: A at 192.0.2.1 or behind 198.51.100.1, B at 203.0.113.2, its own or that of its NAT, which
// lets the ports of IKE in.
struct Places {
  std::optional<NatProfile> nat_of_a{}, nat_of_b{};
  IpAddress a() const { return ip(nat_of_a ? "10.0.0.1" : "192.0.2.1"); }
  IpAddress b() const { return ip(nat_of_b ? "10.0.0.2" : "203.0.113.2"); }
};

struct Ends {
  explicit Ends(std::uint64_t seed = 1, const EndOptions& options = quiet(), const Places& places = {})
      : world(seed),
        a("a.example", "b.example", places.a(), ip("203.0.113.2"), options, seed),
        b("b.example", "a.example", places.b(), places.a(), options, seed + 1000) {
    Network& network = world.network();
    if (places.nat_of_a) box_a = network.add_nat(network.internet(), ip("198.51.100.1"), *places.nat_of_a);
    if (places.nat_of_b) {
      box_b = network.add_nat(network.internet(), ip("203.0.113.2"), *places.nat_of_b);
      for (const std::uint16_t port : {ike::ike_port, ike::nat_port})
        network.nat(box_b->nat).map({b.address(), port}, port);
    }
    ia = world.add("A", box_a ? box_a->realm : network.internet(), {a.address()}, a.engine());
    ib = world.add("B", box_b ? box_b->realm : network.internet(), {b.address()}, b.engine());
  }
  // Without liveness checks and keepalives, so that there is such a thing as quiet.
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
  void check_liveness(HostId id) {
    world.command(id, [](ike::Engine& engine, Instant now, ike::Actions& actions) {
      const auto all = engine.status();
      return !all.empty() && engine.check_liveness(all.front().id, now, actions).has_value();
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

  // The only IKE SA of a host.
  ike::IkeStatus only(HostId id) const {
    const auto all = world.host(id).engine->status();
    EXPECT_EQ(all.size(), 1u) << log();
    return all.empty() ? ike::IkeStatus{} : all.front();
  }
  template <class Event>
  std::size_t count(HostId id) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        world.host(id).events, [](const auto& told) { return std::holds_alternative<Event>(told.event); }));
  }
  Nat& nat_a() { return world.network().nat(box_a->nat); }
  Nat& nat_b() { return world.network().nat(box_b->nat); }

  IkeWorld world;
  End a, b;
  HostId ia, ib;
  std::optional<Network::Inside> box_a, box_b;
};

}  // namespace mpsec::sim::test
