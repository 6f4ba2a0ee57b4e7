// Two engines that rekey, create and delete at random over a network that loses, delays, repeats and
// reorders, with NATs that reboot, move and forget. Whatever happened, in the end both agree, and when they
// close nothing is left. MPSEC_SOAK_SEEDS says how many random runs; ci/jobs/soak takes many more than the
// tests do.
#include "ike/test_soak.hpp"
#include "sim/ike/test_ends.hpp"

namespace mpsec::sim::test {
namespace {

bool one_in(std::uint64_t many, Rng& rng) {
  return rng.below(many) == 0;
}

NatProfile some_nat(Rng& rng) {
  return {.mapping = static_cast<Dependence>(rng.below(3)),
          .filtering = static_cast<Dependence>(rng.below(3)),
          .preserve_ports = one_in(2, rng),
          .timeout = std::chrono::seconds(10 + rng.below(110)),
          .inbound_refreshes = one_in(2, rng)};
}

// None, one before either end, or both, by turns.
Places some_places(std::uint64_t seed) {
  SeededRng rng(seed);
  Places places;
  if (seed % 4 == 1 || seed % 4 == 3) places.nat_of_a = some_nat(rng);
  if (seed % 4 >= 2) places.nat_of_b = some_nat(rng);
  return places;
}

LinkProfile rough(Rng& rng) {
  return {.delay = std::chrono::milliseconds(1 + rng.below(200)),
          .jitter = std::chrono::milliseconds(rng.below(100)),
          .loss = 0.05 * static_cast<double>(rng.below(5)),
          .duplicate = 0.1,
          .duplicate_after = 3s,
          .reorder = 0.2,
          .reorder_by = 2s};
}
constexpr LinkProfile smooth{.delay = 1ms};

struct Witness final : ike::test::Witness {
  bool burdened = false;
  void outgoing(wire::ike::Message& message) override {
    ike::test::Witness::outgoing(message);
    if (burdened) burden(message);
  }
};

EndOptions soaked(Witness& witness, std::uint64_t seed, Rng& rng) {
  EndOptions options;
  options.tap = &witness;
  witness.burdened = one_in(3, rng);
  const bool windows = one_in(2, rng), forgettable = one_in(3, rng);
  options.change_peer = [=](ike::PeerConfiguration& peer) {
    peer.fragment_beyond = 600;
    if (windows) peer.window = 4;
    if (forgettable) peer.keepalive_every = 0s;
    if (seed % 5 == 0) peer.children[0].lifetime = {20s, 60s, 0.5};
    if (seed % 7 == 0) peer.lifetime = {45s, 90s, 0.5};
  };
  if (one_in(3, rng)) options.child_proposals[0].key_exchange = {crypto::KeyExchangeId::curve25519};
  return options;
}

class Soak {
 public:
  explicit Soak(std::uint64_t seed)
      : rng_(seed * 7919), ends_(seed, soaked(witness_, seed, rng_), some_places(seed)) {
    line_ = network().add_link("the Internet", rough(rng_));
    network().connect_rest(network().internet(), line_);
  }

  void run() {
    ends_.initiate();
    for (int act = 0; act < 12; ++act) {
      ASSERT_TRUE(ends_.world.run_for(Duration(rng_.below(8'000'000'000))));
      act_somewhere();
      if (one_in(2, rng_)) act_somewhere();
      if (one_in(4, rng_)) disturb_nat();
    }
    come_to_rest();
    EXPECT_EQ(ends_.differences(), "");
    EXPECT_EQ(witness_.repeated, "");
    network().change(line_, rough(rng_));
    for (const HostId id : {ends_.ia, ends_.ib})
      ends_.close(id);
    ASSERT_TRUE(ends_.world.run_for(5s));
    come_to_rest();
    for (const HostId id : {ends_.ia, ends_.ib})
      EXPECT_EQ(leftovers(ends_.world, id), std::vector<std::string>());
    EXPECT_EQ(network().counters().in_flight, 0u);
    EXPECT_TRUE(network().counters().balanced());
  }
  std::string log() const { return ends_.log(); }
  std::uint64_t moves() const {
    return ends_.count<ike::PeerMoved>(ends_.ia) + ends_.count<ike::PeerMoved>(ends_.ib);
  }
  const Counters& counters() { return network().counters(); }
  bool held() const { return held_; }

 private:
  Network& network() { return ends_.world.network(); }

  void act_somewhere() {
    const HostId id = one_in(2, rng_) ? ends_.ia : ends_.ib;
    const End& end = id == ends_.ia ? ends_.a : ends_.b;
    const bool finds_the_peer = id == ends_.ia || !ends_.box_a;
    ends_.world.command(id, [&](ike::Engine& engine, Instant now, ike::Actions& actions) {
      if (engine.status().empty() && finds_the_peer)
        return engine.initiate("peer", end.path(), now, actions).has_value();
      return ike::test::act_at_random(engine, rng_, now, actions).has_value();
    });
  }

  void disturb_nat() {
    if (ends_.box_b && (!ends_.box_a || one_in(2, rng_))) return ends_.nat_b().reboot();
    if (!ends_.box_a) return;
    if (one_in(2, rng_)) return ends_.nat_a().reboot();
    network().readdress(ends_.box_a->nat,
                        IpAddress::v4(0xc6336401u + static_cast<std::uint32_t>(rng_.below(9))));
  }

  // Nothing is lost any more but by what NATs have forgotten, and there is time for everything to come to its
  // end, but not for new lifetimes; with short ones a moment is looked for in which nothing is on its way,
  // nor waits to be sent again to where a NAT no longer lets it in.
  void come_to_rest() {
    network().change(line_, smooth);
    ASSERT_TRUE(ends_.world.run_for(15min));
    ASSERT_TRUE(ends_.world.run_until(
        [this] { return network().counters().in_flight == 0 && ends_.differences().empty(); },
        {.time = 5min}))
        << ends_.differences();
    held_ = held_ || ends_.children() != 0;
  }

  SeededRng rng_;
  Witness witness_;
  Ends ends_;
  LinkId line_;
  bool held_ = false;
};

// N020, seed 6085: an IKE SA that gave up left its children to the peer's successor, which was closed already
// and only repeated its last reply: they stayed in the SAD. Seed 2303: see come_to_rest().
TEST(Soak, WhatOnceWentWrongGoesRight) {
  for (const std::uint64_t seed : {6085u, 2303u}) {
    Soak soak(seed);
    soak.run();
    if (HasFailure()) ADD_FAILURE() << "seed " << seed << "\n" << soak.log();
  }
}

TEST(Soak, EndsAgreeWhateverNetworkAndNatsDid) {
  const std::uint64_t seeds = ike::test::soak_seeds();
  std::uint64_t moves = 0, held = 0;
  Counters all;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    Soak soak(seed);
    soak.run();
    if (HasFailure()) {
      ADD_FAILURE() << "seed " << seed << "\n" << soak.log();
      return;
    }
    moves += soak.moves();
    held += soak.held() ? 1 : 0;
    all.sent += soak.counters().sent;
    for (std::size_t cause = 0; cause < drop_causes; ++cause)
      all.dropped_by[cause] += soak.counters().dropped_by[cause];
  }
  fmt::print("{} seeds: {} ended with children, {} peers moved; {} packets, {} lost, {} without a mapping\n",
             seeds, held, moves, all.sent, all.dropped(Drop::lost), all.dropped(Drop::no_mapping));
  if (seeds < 100) return;  // too few to ask for all of it
  // Or else nothing of this was tried.
  EXPECT_GE(held * 2, seeds);
  EXPECT_GE(moves * 2, seeds);
  EXPECT_GE(all.dropped(Drop::lost), seeds);
  EXPECT_GE(all.dropped(Drop::no_mapping), seeds);
}

}  // namespace
}  // namespace mpsec::sim::test
