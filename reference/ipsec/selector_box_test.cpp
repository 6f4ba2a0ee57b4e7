#include "ipsec/selector_box.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "ipsec/selector_generators.hpp"

namespace mpsec::ipsec {
namespace {

RC_GTEST_PROP(SelectorMatcher, AgreesWithTheDefinition, ()) {
  const auto selectors = *rc::gen::container<std::vector<Selector>>(some_selector());
  const auto packet = *some_packet();
  const bool expected = selectors.empty() || std::ranges::any_of(selectors, [&](const Selector& selector) {
                          return matches(selector, packet);
                        });
  RC_TAG(expected);
  RC_ASSERT(SelectorMatcher(selectors, packet.direction).matches(packet) == expected);
}

RC_GTEST_PROP(SelectorGenerators, MakeOnlyValidSelectors, ()) {
  const Selector selector = *some_selector();
  const auto valid = validate(selector, "");
  if (!valid) RC_FAIL(to_string(valid.error()));
}

TEST(AppendBoxes, JoinsRangesThatTouch) {
  Selector selector;
  selector.local = {*AddressRange::parse("10.0.1.0/24"), *AddressRange::parse("10.0.0.0/24"),
                    *AddressRange::parse("10.0.0.5")};
  selector.protocol = ProtocolSelector::number(17);
  selector.remote_port = {{1, 5}, {6, 9}, {20, 65535}};
  std::vector<SelectorBox<std::uint32_t>> v4;
  append_boxes(selector, Direction::outbound, 7, v4);
  ASSERT_EQ(v4.size(), 2u);
  EXPECT_EQ(v4[0].first.address[0], ip("10.0.0.0").v4_number());
  EXPECT_EQ(v4[0].last.address[0], ip("10.0.1.255").v4_number());
  EXPECT_EQ(v4[0].last.port[1], 9u);
  EXPECT_EQ(v4[0].order, 7u);
  std::vector<SelectorBox<AddressNumber>> v6;
  append_boxes(selector, Direction::outbound, 7, v6);
  EXPECT_TRUE(v6.empty());
}

}  // namespace
}  // namespace mpsec::ipsec
