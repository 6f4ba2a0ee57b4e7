#include "ipsec/spd_shadow.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <set>

#include "ipsec/policy_generators.hpp"

namespace mpsec::ipsec {
namespace {

Selector to(std::string_view remote) {
  Selector selector;
  selector.remote = {*AddressRange::parse(remote)};
  return selector;
}

Selector to_ports(std::uint16_t first, std::uint16_t last) {
  Selector selector;
  selector.protocol = ProtocolSelector::number(17);
  selector.remote_port = {PortRange{first, last}};
  return selector;
}

std::vector<std::string> warnings(Spd& spd) {
  std::vector<std::string> texts;
  for (const auto& shadowed : find_shadowed(*spd.snapshot()).shadowed)
    texts.push_back(to_string(shadowed));
  return texts;
}

TEST(FindShadowed, NamesBothPolicies) {
  Spd spd;
  ASSERT_TRUE(spd.append(make_policy(3, Action::bypass, to("10.0.0.0/8"), "all")));
  ASSERT_TRUE(spd.append(make_policy(7, Action::protect, to("10.1.0.0/16"), "web")));
  ASSERT_TRUE(spd.append(make_policy(8, Action::discard, {}, "rest")));
  EXPECT_EQ(warnings(spd),
            std::vector<std::string>{"policy 7 'web' never applies: policy 3 'all' takes all its packets"});
}

TEST(FindShadowed, SeesWhatSeveralTakeTogether) {
  Spd spd;
  for (std::uint16_t i = 0; i < 4; ++i)
    ASSERT_TRUE(spd.append(make_policy(
        i, Action::bypass,
        to_ports(static_cast<std::uint16_t>(i * 100), static_cast<std::uint16_t>(i * 100 + 99)))));
  ASSERT_TRUE(spd.append(make_policy(7, Action::discard, to_ports(50, 250), "late")));
  ASSERT_TRUE(spd.append(make_policy(8, Action::discard, to_ports(50, 350), "later")));
  ASSERT_TRUE(spd.append(make_policy(9, Action::discard, to_ports(50, 400), "not at all")));
  EXPECT_EQ(warnings(spd),
            (std::vector<std::string>{
                "policy 7 'late' never applies: policy 0 'p', policy 1 'p', policy 2 'p' "
                "together take all its packets",
                "policy 8 'later' never applies: policy 0 'p', policy 1 'p', policy 2 'p' and 1 "
                "more together take all its packets"}));
}

TEST(FindShadowed, LooksAtEveryDirectionAndFamily) {
  Spd spd;
  Policy outbound = make_policy(1, Action::discard, to("0.0.0.0/0"), "out");
  outbound.inbound = false;
  ASSERT_TRUE(spd.append(outbound));
  ASSERT_TRUE(spd.append(make_policy(2, Action::bypass, to("10.0.0.0/8"))));  // still lives inbound
  EXPECT_TRUE(warnings(spd).empty());
  ASSERT_TRUE(spd.insert(make_policy(3, Action::bypass, to("0.0.0.0/0")), 0));
  ASSERT_TRUE(spd.append(make_policy(4, Action::bypass, {})));  // still lives in IPv6
  EXPECT_EQ(warnings(spd).size(), 2u);
}

TEST(FindShadowed, SaysWhereItStopped) {
  Spd spd;
  for (std::uint32_t id = 0; id < 10; ++id)
    ASSERT_TRUE(spd.append(make_policy(id, Action::bypass, {})));
  const ShadowReport report = find_shadowed(*spd.snapshot(), 30);
  EXPECT_FALSE(report.complete);
  EXPECT_GT(report.policies_examined, 3u);
  EXPECT_LT(report.policies_examined, 10u);
  EXPECT_EQ(report.shadowed.size(), report.policies_examined - 1);
  EXPECT_TRUE(find_shadowed(*spd.snapshot()).complete);
}

template <class Number>
bool lies_in_single_boxes(const Policy& policy, const PolicyList& earlier, Direction direction) {
  std::vector<SelectorBox<Number>> own, others;
  for (const Selector& selector : policy.selectors)
    append_boxes(selector, direction, 0, own);
  for (const auto& other : earlier) {
    if (!other->applies(direction)) continue;
    for (const Selector& selector : other->selectors)
      append_boxes(selector, direction, 0, others);
  }
  return std::ranges::all_of(own, [&](const auto& box) {
    return std::ranges::any_of(others,
                               [&](const auto& other) { return other.contains(box.first, box.last); });
  });
}

RC_GTEST_PROP(FindShadowed, WarnsOfAllThatLieInSingleBoxesAndOfNoneThatAPacketMeets, ()) {
  Spd spd;
  const auto count = static_cast<std::uint32_t>(*rc::gen::inRange(1, 25));
  for (std::uint32_t id = 0; id < count; ++id)
    RC_ASSERT(spd.append(*some_policy(id)).has_value());
  const auto snapshot = spd.snapshot();
  const ShadowReport report = find_shadowed(*snapshot);
  RC_ASSERT(report.complete);
  std::set<const Policy*> warned;
  for (const auto& shadowed : report.shadowed)
    warned.insert(shadowed.policy.get());
  RC_CLASSIFY(!warned.empty(), "with shadowed policies");
  for (int i = 0; i < 100; ++i)
    RC_ASSERT(!warned.contains(snapshot->find(*some_packet())));

  for (std::size_t place = 0; place < spd.policies().size(); ++place) {
    const Policy& policy = *spd.policies()[place];
    const PolicyList earlier(spd.policies().begin(),
                             spd.policies().begin() + static_cast<std::ptrdiff_t>(place));
    bool expected = true;
    for (const Direction direction : {Direction::outbound, Direction::inbound}) {
      if (policy.applies(direction))
        expected &= lies_in_single_boxes<std::uint32_t>(policy, earlier, direction) &&
                    lies_in_single_boxes<AddressNumber>(policy, earlier, direction);
    }
    if (expected) RC_ASSERT(warned.contains(&policy));
  }
}

}  // namespace
}  // namespace mpsec::ipsec
