#include "sim/network.hpp"

#include <cmath>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace mpsec::sim {
namespace {

using namespace std::chrono_literals;

const Endpoint alice{ip("192.0.2.1"), 500}, bob{ip("192.0.2.2"), 4500};

Packet numbered(std::uint32_t number, std::size_t octets = 4) {
  Octets payload(std::max<std::size_t>(octets, 4));
  store_be(payload.data(), number);
  return *Packet::udp({alice, bob, payload});
}

// Two hosts and one link between them; what arrives is noted with its time.
struct Pair {
  explicit Pair(const LinkProfile& profile, std::uint64_t seed = 1) : network(time, seed) {
    link = network.connect_both(network.internet(), alice.address, bob.address, profile).there;
    network.attach(network.internet(), bob.address, [this](const Packet& packet) {
      const auto datagram = packet.received_datagram();
      arrived.push_back({time.now(), datagram ? load_be<std::uint32_t>(datagram->octets.data()) : ~0u});
    });
  }
  void send(std::uint32_t number, std::size_t octets = 4) {
    network.send(network.internet(), numbered(number, octets));
  }
  // One every `every`, then all there is to wait for.
  void send_many(std::uint32_t count, Duration every) {
    for (std::uint32_t i = 0; i < count; ++i) {
      send(i);
      time.run_until(time.now() + every);
    }
    finish();
  }
  void finish() {
    while (time.step())
      ;
  }
  const Counters& counters() const { return network.counters(); }

  struct Arrival {
    Instant at;
    std::uint32_t number;
    bool operator==(const Arrival&) const = default;
  };
  VirtualTime time;
  Network network;
  LinkId link;
  std::vector<Arrival> arrived;
};

std::uint64_t arrived_out_of_order(const Pair& pair) {
  std::uint64_t count = 0;
  for (std::size_t i = 1; i < pair.arrived.size(); ++i)
    count += pair.arrived[i].number < pair.arrived[i - 1].number;
  return count;
}

TEST(VirtualTime, KeepsTheOrderOfInsertionAmongWhatIsDueAtOnce) {
  VirtualTime time;
  std::string seen;
  time.after(2s, [&] { seen += 'c'; });
  time.after(1s, [&] {
    seen += 'a';
    time.at(Instant{}, [&] { seen += 'n'; });  // over: it means now
  });
  time.after(1s, [&] { seen += 'b'; });
  time.cancel(time.after(1s, [&] { seen += 'x'; }));
  EXPECT_EQ(time.next(), Instant{1s});
  time.run_until(Instant{1s});
  EXPECT_EQ(seen, "abn");
  EXPECT_TRUE(time.step());
  EXPECT_FALSE(time.step());
  EXPECT_EQ(seen, "abnc");
  time.run_until(Instant{9s});
  EXPECT_EQ(time.now(), Instant{9s});
}

RC_GTEST_PROP(Packet, CarriesADatagramOfEitherFamily, (const Octets& octets, bool v6)) {
  const Endpoint from{v6 ? ip("2001:db8::1") : ip("192.0.2.1"), 500};
  const Endpoint to{v6 ? ip("2001:db8::2") : ip("192.0.2.2"), 4500};
  auto packet = Packet::udp({from, to, octets});
  RC_ASSERT(packet.has_value());
  RC_ASSERT(packet->received_datagram() == (Datagram{to, from, octets}));
  RC_ASSERT(*Packet::from_ip(Octets(packet->octets().begin(), packet->octets().end())) == *packet);
  // A translation keeps the checksum right; damage mends it.
  const Endpoint other{v6 ? ip("2001:db8::9") : ip("198.51.100.9"), 61234};
  packet->set_udp_source(other);
  RC_ASSERT(packet->received_datagram() == (Datagram{to, other, octets}));
  packet->set_udp_destination(other);
  RC_ASSERT(packet->received_datagram() == (Datagram{other, other, octets}));
  Octets flipped = octets;
  if (!flipped.empty()) {
    const std::size_t index = *rc::gen::inRange<std::size_t>(0, flipped.size());
    flipped[index] ^= 0x40;
    packet->flip(index, 0x40);
  }
  RC_ASSERT(packet->received_datagram() == (Datagram{other, other, flipped}));
}

TEST(Packet, RefusesWhatNoIpPacketCanBe) {
  EXPECT_FALSE(Packet::udp({alice, {ip("2001:db8::2"), 1}, {}}));
  EXPECT_FALSE(Packet::udp({alice, bob, Octets(65536)}));
  EXPECT_FALSE(Packet::from_ip(hex("60")));
  Octets esp = hex("4500001c0000000040320000c0000201c00002020000100000000001");
  const auto packet = Packet::from_ip(esp);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->protocol(), 50);
  EXPECT_FALSE(packet->is_udp());
  EXPECT_EQ(packet->upper().size(), 8u);
}

LinkProfile any_link() {
  LinkProfile profile;
  const auto probability = [] { return *rc::gen::inRange(0, 101) / 100.0; };
  const auto up_to = [](int most) { return Duration(std::chrono::milliseconds(*rc::gen::inRange(0, most))); };
  profile.up = *rc::gen::inRange(0, 10) != 0;
  profile.delay = up_to(100);
  profile.jitter = up_to(100);
  profile.loss = probability() / 2;
  profile.duplicate = probability();
  profile.duplicate_after = up_to(50);
  profile.reorder = probability();
  profile.reorder_by = up_to(200);
  profile.corrupt = probability();
  profile.octets_per_second = *rc::gen::element<std::uint64_t>(0, 1'000, 100'000);
  profile.queue_octets = *rc::gen::element<std::size_t>(0, 100, 1000);
  profile.mtu = *rc::gen::element<std::size_t>(0, 60, 1500);
  return profile;
}

RC_GTEST_PROP(Network, LosesNothingButByCause, (std::uint64_t seed)) {
  const LinkProfile profile = any_link();
  Pair pair(profile, seed), again(profile, seed);
  const auto packets = *rc::gen::container<std::vector<std::pair<std::uint8_t, std::uint8_t>>>(
      rc::gen::arbitrary<std::pair<std::uint8_t, std::uint8_t>>());
  std::vector<Instant> sent;
  for (const auto& [octets, pause] : packets) {
    sent.push_back(pair.time.now());
    for (Pair* one : {&pair, &again}) {
      one->send(static_cast<std::uint32_t>(sent.size() - 1), octets);
      one->time.run_until(one->time.now() + std::chrono::milliseconds(pause));
    }
    RC_ASSERT(pair.counters().balanced());
    RC_ASSERT(pair.network.link(pair.link).counters().balanced());
  }
  pair.finish();
  again.finish();
  RC_ASSERT(pair.counters().balanced() && pair.counters().in_flight == 0u);
  RC_ASSERT(pair.network.link(pair.link).counters() == pair.counters());
  RC_ASSERT(pair.counters().delivered == pair.arrived.size());
  RC_ASSERT(pair.arrived == again.arrived);
  if (profile.corrupt == 0)
    for (const auto& arrival : pair.arrived)
      RC_ASSERT(arrival.at >= sent[arrival.number] + profile.delay);
  if (profile.corrupt == 0 && profile.duplicate == 0 && profile.reorder == 0)
    RC_ASSERT(arrived_out_of_order(pair) == 0u);
}

TEST(Network, DropsNothingOnAnIdealLink) {
  Pair pair({});
  pair.send_many(100, 0s);
  EXPECT_EQ(pair.arrived.size(), 100u);
  EXPECT_EQ(arrived_out_of_order(pair), 0u);
}

// Six standard deviations of a binomial distribution: a wrong rate fails, a right one never does for the
// seed.
void expect_rate(std::uint64_t count, std::uint64_t of, double rate) {
  const double deviation = std::sqrt(static_cast<double>(of) * rate * (1 - rate));
  EXPECT_NEAR(static_cast<double>(count), static_cast<double>(of) * rate, 6 * deviation);
}

TEST(Network, KeepsItsProbabilities) {
  constexpr std::uint32_t packets = 20'000;
  Pair pair(
      {.delay = 10ms, .loss = 0.1, .duplicate = 0.05, .reorder = 0.02, .reorder_by = 10s, .corrupt = 0.01},
      42);
  pair.send_many(packets, 1ms);
  const Counters& counters = pair.counters();
  expect_rate(counters.dropped(Drop::lost), packets, 0.1);
  expect_rate(counters.duplicated, packets - counters.dropped(Drop::lost), 0.05);
  // Of a copy, the damage is not taken over: it left before that.
  std::uint64_t late = 0;
  std::uint32_t highest = 0;
  for (const auto& arrival : pair.arrived) {
    late += arrival.number + 1 < highest;
    if (arrival.number < packets) highest = std::max(highest, arrival.number);
  }
  EXPECT_GT(late, 200u);
}

TEST(Network, SerialisesAtTheRateAndBoundsTheQueue) {
  // 1000 octets a second; each packet has 28 octets of headers.
  Pair pair({.delay = 5s, .octets_per_second = 1000, .queue_octets = 250});
  for (std::uint32_t i = 0; i < 4; ++i)
    pair.send(i, 72);
  pair.finish();
  ASSERT_EQ(pair.arrived.size(), 2u);
  EXPECT_EQ(pair.arrived[0].at, Instant{5100ms});
  EXPECT_EQ(pair.arrived[1].at, Instant{5200ms});
  EXPECT_EQ(pair.counters().dropped(Drop::queue_full), 2u);
}

TEST(Network, APathDiesAndReturns) {
  const LinkProfile alive{.delay = 1s}, dead{.up = false};
  Pair pair(alive);
  pair.network.change_at(Instant{10s}, pair.link, dead);
  pair.network.change_at(Instant{20s}, pair.link, alive);
  pair.send_many(30, 1s);
  EXPECT_EQ(pair.counters().dropped(Drop::link_down), 10u);
  EXPECT_EQ(pair.arrived.size(), 20u);
}

TEST(Network, DropsWhatIsTooBigAndWhatNobodyHas) {
  Pair pair({.mtu = 100});
  pair.send(1, 73);
  pair.network.send(pair.network.internet(), *Packet::udp({alice, {ip("192.0.2.9"), 1}, {}}));
  pair.network.detach(pair.network.internet(), bob.address);
  pair.send(2);
  pair.finish();
  EXPECT_EQ(pair.counters().dropped(Drop::too_big), 1u);
  EXPECT_EQ(pair.counters().dropped(Drop::no_route), 2u);
}

TEST(Network, ALinkMaySeveralPairsShare) {
  VirtualTime time;
  Network network(time, 1);
  const LinkId shared = network.add_link("bottleneck", {.octets_per_second = 100});
  std::vector<Instant> arrivals;
  for (const char* address : {"192.0.2.2", "192.0.2.3"}) {
    network.attach(network.internet(), ip(address), [&](const Packet&) { arrivals.push_back(time.now()); });
    network.connect(network.internet(), alice.address, ip(address), shared);
    network.send(network.internet(), *Packet::udp({alice, {ip(address), 1}, Octets(72)}));
  }
  time.run_until(Instant{5s});
  EXPECT_EQ(arrivals, (std::vector{Instant{1s}, Instant{2s}}));
}

TEST(Script, DoesToTheNthWhatItIsTold) {
  Pair pair({.delay = 1s});
  const auto odd = [](const Packet& packet) { return packet.udp_payload()[3] % 2 == 1; };
  auto& script = pair.network.script();
  const auto late = script.add({"second odd one late", odd, 2, Delayed{10s}, true});
  const auto lost = script.add({"third odd one lost", odd, 3, Discarded{}});
  const auto twice = script.add(
      {"7 twice", [](const Packet& packet) { return packet.udp_payload()[3] == 7; }, 0, Repeated{2s}});
  const auto changed =
      script.add({"1 is 9", odd, 1,
                  Altered{[](Packet& packet) { ASSERT_TRUE(packet.set_udp_payload(hex("00000009"))); }}});
  for (const std::uint32_t number : {1u, 2u, 3u, 5u, 5u, 7u, 3u})
    pair.send(number);
  pair.finish();
  std::vector<std::uint32_t> numbers;
  for (const auto& arrival : pair.arrived)
    numbers.push_back(arrival.number);
  // The first 5 is lost, not the one sent again; both 3 are late; the copy of 7 comes 2 s behind it.
  EXPECT_EQ(numbers, (std::vector<std::uint32_t>{9, 2, 5, 7, 7, 3, 3}));
  EXPECT_EQ(pair.arrived[4].at, Instant{3s});
  EXPECT_EQ(pair.arrived[5].at, Instant{11s});
  EXPECT_EQ(script.applied(late), 2u);
  for (const auto rule : {lost, twice, changed})
    EXPECT_EQ(script.applied(rule), 1u);
  EXPECT_TRUE(pair.counters().balanced());
}

TEST(Network, ShowsEverythingToItsTaps) {
  Pair pair({.delay = 1s, .mtu = 40});
  std::vector<Recorded> all, drops;
  pair.network.add_tap(recorder(all));
  pair.network.add_tap(
      recorder(drops, [](const Sighting& sighting) { return sighting.what == Sighting::What::dropped; }));
  pair.send(1);
  pair.send(2, 40);
  pair.finish();
  using What = Sighting::What;
  std::vector<What> whats;
  for (const Recorded& one : all)
    whats.push_back(one.sighting.what);
  EXPECT_EQ(whats, (std::vector{What::sent, What::entered, What::sent, What::entered, What::dropped,
                                What::left, What::delivered}));
  EXPECT_EQ(all.back().sighting.at, Instant{1s});
  ASSERT_EQ(drops.size(), 1u);
  EXPECT_EQ(drops[0].sighting.cause, Drop::too_big);
  EXPECT_EQ(drops[0].sighting.link, pair.link);
  EXPECT_EQ(to_string(*drops[0].sighting.cause), "too_big");
}

}  // namespace
}  // namespace mpsec::sim
