#include "ike/narrowing.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "ike/transport_nat.hpp"

namespace mpsec::ike {
namespace {

using ipsec::AddressRange;
using ipsec::PortSelector;
using ipsec::ProtocolSelector;
using ipsec::Selector;
using wire::ike::NotifyType;
using wire::ike::TrafficSelector;
using wire::ike::TrafficSelectorType;

TrafficSelector ts(std::string_view range, std::uint8_t protocol = 0, wire::ike::PortRange ports = {}) {
  const AddressRange addresses = AddressRange::parse(range).value();
  return TrafficSelector::range(addresses.first, addresses.last, protocol, ports);
}

Selector policy(std::string_view local, std::string_view remote) {
  return {.local = {AddressRange::parse(local).value()}, .remote = {AddressRange::parse(remote).value()}};
}

Granted<Narrowed> narrowed(const TrafficSelectorPair& proposed, const std::vector<Selector>& allowed,
                           const StandardNarrowing::Settings& settings = {}) {
  return StandardNarrowing(settings).narrow({.proposed = proposed, .allowed = allowed});
}

//= rfc7296/2.9/all-allowed-comes-back-as-it-was
TEST(Narrowing, ReturnsAllThatIsAllowedAsItWas) {
  const TrafficSelectorPair proposed{{ts("192.0.2.5", 6, {80, 80}), ts("192.0.2.0/24")},
                                     {ts("198.51.100.0/24")}};
  const auto result = narrowed(
      proposed, {policy("192.0.2.0/25", "198.51.100.0/24"), policy("192.0.2.128/25", "198.51.100.0/24")});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->selectors, proposed);
  EXPECT_FALSE(result->additional_possible);
}

//= rfc7296/2.9/nothing-acceptable
//= rfc7296/2.9/unknown-selector-types-are-ignored
TEST(Narrowing, RefusesWhatIsNotAllowedAtAll) {
  const auto refused =
      narrowed({{ts("192.0.2.0/24")}, {ts("203.0.113.0/24")}}, {policy("192.0.2.0/24", "198.51.100.0/24")});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().notify, NotifyType::ts_unacceptable);
  EXPECT_EQ(refused.error().error.why,
            "nothing of what is proposed is allowed; proposed: local 192.0.2.0-192.0.2.255 protocol any port "
            "0-65535, remote 203.0.113.0-203.0.113.255 protocol any port 0-65535; allowed: local "
            "192.0.2.0-192.0.2.255 port ANY, remote 198.51.100.0-198.51.100.255 port ANY, protocol ANY");
  TrafficSelector unknown;
  unknown.type = TrafficSelectorType::seclabel;
  EXPECT_FALSE(narrowed({{unknown}, {ts("198.51.100.0/24")}}, {policy("0.0.0.0/0", "0.0.0.0/0")}));
  const auto rest =
      narrowed({{unknown, ts("192.0.2.1")}, {ts("198.51.100.1")}}, {policy("0.0.0.0/0", "0.0.0.0/0")});
  ASSERT_TRUE(rest);
  EXPECT_EQ(rest->selectors.local, std::vector{ts("192.0.2.1")}) << "the unknown one does not come back";
  EXPECT_FALSE(narrowed({{}, {}}, {policy("0.0.0.0/0", "0.0.0.0/0")}));
}

TEST(Narrowing, NamesAFewOfWhatItRefuses) {
  TrafficSelectorPair many;
  for (int i = 0; i < 200; ++i) {
    many.local.push_back(ts("2001:db8:1111:2222:3333:4444:5555:6666"));
    many.remote.push_back(ts("2001:db8:1111:2222:3333:4444:5555:7777"));
  }
  const auto refused = narrowed(many, {policy("192.0.2.0/24", "198.51.100.0/24")});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().error.why.find("and 197 more"), std::string::npos);
  EXPECT_LT(refused.error().error.why.size(), 900u);
}

//= rfc7296/2.9/narrowed-to-a-subset-with-the-first-choice
//= rfc7296/2.9/additional-selectors-possible
TEST(Narrowing, KeepsTheFirstChoiceAndSaysThatThereIsMore) {
  const std::vector<Selector> allowed{policy("192.0.2.0/25", "198.51.100.0/25"),
                                      policy("192.0.2.128/25", "198.51.100.128/25")};
  const TrafficSelectorPair proposed{{ts("192.0.2.200", 6, {80, 80}), ts("192.0.2.0/24")},
                                     {ts("198.51.100.200", 6, {5000, 5000}), ts("198.51.100.0/24")}};
  const auto result = narrowed(proposed, allowed);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->selectors, (TrafficSelectorPair{{ts("192.0.2.128/25")}, {ts("198.51.100.128/25")}}));
  EXPECT_TRUE(result->additional_possible);
  EXPECT_FALSE(narrowed(proposed, allowed, {.announce_additional = false})->additional_possible);
  const auto without_packet = narrowed({{ts("192.0.2.0/24")}, {ts("198.51.100.0/24")}}, allowed);
  EXPECT_EQ(without_packet->selectors, (TrafficSelectorPair{{ts("192.0.2.0/25")}, {ts("198.51.100.0/25")}}));
}

//= rfc7296/2.9/single-pair-required
TEST(Narrowing, AsksForOnePairOfAddressesWherePolicyDoes) {
  const std::vector<Selector> allowed{policy("192.0.2.0/24", "198.51.100.0/24")};
  const StandardNarrowing::Settings one_pair{.one_address_pair = true};
  const auto refused = narrowed({{ts("192.0.2.0/24")}, {ts("198.51.100.0/24")}}, allowed, one_pair);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().notify, NotifyType::single_pair_required);
  const auto led = narrowed(
      {{ts("192.0.2.7", 6, {80, 80}), ts("192.0.2.0/24")}, {ts("198.51.100.9"), ts("198.51.100.0/24")}},
      allowed, one_pair);
  ASSERT_TRUE(led);
  EXPECT_EQ(led->selectors, (TrafficSelectorPair{{ts("192.0.2.7")}, {ts("198.51.100.9")}}));
  const TrafficSelectorPair single{{ts("192.0.2.7", 6)}, {ts("198.51.100.9", 6)}};
  EXPECT_EQ(narrowed(single, allowed, one_pair)->selectors, single);
}

//= rfc7296/2.9.2/rekeyed-sa-is-not-narrower
TEST(Narrowing, KeepsWhatTheOldSaCarried) {
  const TrafficSelectorPair in_use{{ts("192.0.2.128/25")}, {ts("198.51.100.128/25")}};
  const TrafficSelectorPair proposed{{ts("192.0.2.0/24")}, {ts("198.51.100.0/24")}};
  const std::vector<Selector> allowed{policy("192.0.2.0/25", "198.51.100.0/25")};
  const auto result =
      StandardNarrowing().narrow({.proposed = proposed, .allowed = allowed, .in_use = &in_use});
  ASSERT_TRUE(result);
  EXPECT_TRUE(covers(result->selectors, in_use));
}

// A world of a few addresses, ports and protocols, every packet of which can be tried.
struct Packet {
  std::uint32_t local, remote, local_port, remote_port;
  std::uint16_t protocol;
};

template <class Visit>
void each_packet(const Visit& visit) {
  constexpr std::uint32_t ports[] = {0, 1, 2, ipsec::unavailable_port};
  for (std::uint32_t local = 0; local < 6; ++local)
    for (std::uint32_t remote = 0; remote < 6; ++remote) {
      visit(Packet{local, remote, ipsec::unavailable_port, ipsec::unavailable_port,
                   ipsec::unavailable_protocol});
      for (const std::uint16_t protocol : {std::uint16_t{6}, std::uint16_t{17}})
        for (const std::uint32_t local_port : ports)
          for (const std::uint32_t remote_port : ports)
            visit(Packet{local, remote, local_port, remote_port, protocol});
    }
}

// By the words of RFC 7296 3.13.1.
bool holds(const TrafficSelector& selector, std::uint32_t address, std::uint32_t port,
           std::uint16_t protocol) {
  if (selector.start_address().v4_number() > address || selector.end_address().v4_number() < address)
    return false;
  if (selector.ip_protocol != 0 && selector.ip_protocol != protocol) return false;
  if (selector.start_port == 0 && selector.end_port == 65535) return true;
  if (selector.start_port == 65535 && selector.end_port == 0) return port == ipsec::unavailable_port;
  return selector.start_port <= port && port <= selector.end_port;
}

bool holds(const TrafficSelectorPair& pair, const Packet& packet) {
  const auto local = [&](const auto& each) {
    return holds(each, packet.local, packet.local_port, packet.protocol);
  };
  const auto remote = [&](const auto& each) {
    return holds(each, packet.remote, packet.remote_port, packet.protocol);
  };
  return std::ranges::any_of(pair.local, local) && std::ranges::any_of(pair.remote, remote);
}

bool holds(const std::vector<Selector>& selectors, const Packet& packet) {
  const ipsec::PacketSelectors point{.local = packet.local,
                                     .remote = packet.remote,
                                     .local_port = packet.local_port,
                                     .remote_port = packet.remote_port,
                                     .protocol = packet.protocol};
  return std::ranges::any_of(selectors, [&](const Selector& each) { return ipsec::matches(each, point); });
}

AddressRange some_range() {
  const auto first = *rc::gen::inRange(0u, 6u);
  return {IpAddress::v4(first), IpAddress::v4(*rc::gen::inRange(first, 6u))};
}

std::vector<TrafficSelector> some_traffic() {
  std::vector<TrafficSelector> list(*rc::gen::inRange<std::size_t>(1, 4));
  for (TrafficSelector& selector : list) {
    const AddressRange range = some_range();
    const auto protocol = *rc::gen::element<std::uint8_t>(0, 6, 17);
    const auto ports = *rc::gen::elementOf(std::vector<wire::ike::PortRange>{{}, {65535, 0}, {0, 1}, {1, 2}});
    selector = TrafficSelector::range(range.first, range.last, protocol,
                                      protocol == 0 ? wire::ike::PortRange{} : ports);
  }
  return list;
}

std::vector<Selector> some_policies() {
  std::vector<Selector> list(*rc::gen::inRange<std::size_t>(1, 4));
  const auto ports = [] {
    return *rc::gen::elementOf(
        std::vector<PortSelector>{PortSelector::any(), PortSelector::opaque(), {{0, 0}, {2, 2}}, {{1, 2}}});
  };
  for (Selector& selector : list) {
    selector.local = {some_range(), some_range()};
    selector.remote = {some_range()};
    selector.protocol =
        *rc::gen::element(ProtocolSelector::any(), ProtocolSelector::number(6), ProtocolSelector::number(17));
    if (selector.protocol.is_any()) continue;
    selector.local_port = ports();
    selector.remote_port = ports();
  }
  return list;
}

RC_GTEST_PROP(NarrowingModel, AnswersNoMoreThanIsProposedAndAllowedAndNothingIsForgotten, ()) {
  const TrafficSelectorPair proposed{some_traffic(), some_traffic()};
  const auto allowed = some_policies();
  const auto result = narrowed(proposed, allowed);
  bool any_common = false, all_common_taken = true, none_beyond = true, same_selectors = true;
  const auto selectors = result ? to_selectors(result->selectors) : std::vector<Selector>{};
  each_packet([&](const Packet& packet) {
    const bool common = holds(proposed, packet) && holds(allowed, packet);
    const bool taken = result && holds(result->selectors, packet);
    any_common = any_common || common;
    all_common_taken = all_common_taken && (!common || taken);
    none_beyond = none_beyond && (!taken || common);
    same_selectors = same_selectors && holds(selectors, packet) == taken;
  });
  RC_CLASSIFY(result.has_value());
  RC_ASSERT(result.has_value() == any_common);
  RC_ASSERT(none_beyond);
  RC_ASSERT(same_selectors);
  if (!result) return;
  RC_ASSERT(all_common_taken == !result->additional_possible);
  RC_ASSERT(check_narrowed(proposed, result->selectors).has_value());
  const TrafficSelectorPair first{{proposed.local[0]}, {proposed.remote[0]}};
  if (const auto alone = narrowed(first, allowed); alone && alone->selectors == first)
    RC_ASSERT(covers(result->selectors, first));
}

RC_GTEST_PROP(TrafficSelectors, SayWhatTheSelectorsHold, ()) {
  const auto policies = some_policies();
  const auto pair = to_traffic_selectors(policies);
  if (policies.size() == 1) RC_ASSERT(pair.has_value());
  if (!pair) return;
  bool same = true;
  each_packet([&](const Packet& packet) { same = same && holds(*pair, packet) == holds(policies, packet); });
  RC_ASSERT(same);
}

}  // namespace
}  // namespace mpsec::ike
