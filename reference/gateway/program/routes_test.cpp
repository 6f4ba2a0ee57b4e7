#include "gateway/program/routes.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace mpsec::gateway {
namespace {

std::string text(const ipsec::AddressRange& range) {
  std::string all;
  for (const AddressPrefix& prefix : prefixes_of(range))
    all += fmt::format("{}{}", all.empty() ? "" : " ", to_string(prefix));
  return all;
}

TEST(Routes, AreTheFewestPrefixesOfARange) {
  const auto range = [](const char* what) { return ipsec::AddressRange::parse(what).value(); };
  EXPECT_EQ(text(range("10.0.0.0/8")), "10.0.0.0/8");
  EXPECT_EQ(text(range("0.0.0.0/0")), "0.0.0.0/0");
  EXPECT_EQ(text(range("::/0")), "::/0");
  EXPECT_EQ(text(range("192.0.2.1-192.0.2.6")), "192.0.2.1/32 192.0.2.2/31 192.0.2.4/31 192.0.2.6/32");
  EXPECT_EQ(text(range("255.255.255.255")), "255.255.255.255/32");
}

TEST(Routes, LeadIntoAnSaWithoutIkeToo) {
  Settings settings;
  ipsec::Selector selector;
  selector.local = {ipsec::AddressRange::parse("10.1.0.0/16").value()};
  selector.remote = {ipsec::AddressRange::parse("10.2.0.0/16").value()};
  ManualSa& sa = settings.sas.emplace_back();
  sa.outbound.mode = ipsec::Mode::tunnel;
  sa.outbound.selectors = {selector};
  ASSERT_EQ(tunnel_routes(settings).size(), 1u);
  EXPECT_EQ(to_string(tunnel_routes(settings)[0].to), "10.2.0.0/16");
  EXPECT_FALSE(tunnel_routes(settings)[0].source);
  sa.outbound.mode = ipsec::Mode::transport;
  EXPECT_EQ(tunnel_routes(settings)[0].source, IpAddress::parse("10.1.0.0"));
}

RC_GTEST_PROP(Routes, CoverTheRangeAndNothingElse, ()) {
  const auto one = *rc::gen::arbitrary<std::uint32_t>(), other = *rc::gen::arbitrary<std::uint32_t>();
  std::uint64_t next = std::min(one, other);
  const auto prefixes =
      prefixes_of({IpAddress::v4(std::min(one, other)), IpAddress::v4(std::max(one, other))});
  for (const AddressPrefix& prefix : prefixes) {
    RC_ASSERT(prefix.address.v4_number() == next);
    next += std::uint64_t{1} << (32 - prefix.prefix_length);
  }
  RC_ASSERT(next == std::uint64_t{std::max(one, other)} + 1);
  RC_ASSERT(prefixes.size() <= 62u);
}

}  // namespace
}  // namespace mpsec::gateway
