#include "ipsec/path_mtu.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace mpsec::ipsec {
namespace {

using namespace std::chrono_literals;
using Verdict = PathMtu::Verdict;
constexpr Instant start{};

TEST(PathMtu, StartsAtTheFirstHopAndGoesDownOnly) {
  //= rfc1191/3/no-report-raises-the-estimate
  PathMtu path(IpVersion::v4, {.link = 1500});
  EXPECT_EQ(path.current(), 1500u);
  EXPECT_FALSE(path.next_deadline());
  EXPECT_EQ(path.on_report(1400, 1500, start), Verdict::lowered);
  EXPECT_EQ(path.on_report(1450, 1500, start), Verdict::not_lower);
  EXPECT_EQ(path.current(), 1400u);
  EXPECT_EQ(path.on_report(1300, 1400, start), Verdict::lowered);
  EXPECT_EQ(path.current(), 1300u);
}

TEST(PathMtu, BelievesOnlyWhatCanBe) {
  PathMtu path(IpVersion::v4, {.link = 1500});
  EXPECT_EQ(path.on_report(1400, 1400, start), Verdict::implausible);  // it would have fitted
  EXPECT_EQ(path.on_report(1400, 1501, start), Verdict::implausible);  // we never sent it
  PathMtu deaf(IpVersion::v4, {.link = 1500, .heed_reports = false});
  EXPECT_EQ(deaf.on_report(1400, 1500, start), Verdict::unheeded);
  EXPECT_EQ(deaf.current(), 1500u);
}

TEST(PathMtu, Ipv4IsNeverBelowWhatIsConfiguredNorBelow68) {
  //= rfc1191/3/never-below-68
  PathMtu path(IpVersion::v4, {.link = 1500});
  EXPECT_EQ(path.on_report(67, 1500, start), Verdict::too_small);
  EXPECT_EQ(path.on_report(100, 1500, start), Verdict::clamped);
  EXPECT_EQ(path.current(), 576u);
  EXPECT_TRUE(path.clamped());
  PathMtu tiny(IpVersion::v4, {.link = 1500, .least_ipv4 = 1});
  EXPECT_EQ(tiny.on_report(68, 1500, start), Verdict::lowered);
  EXPECT_EQ(tiny.current(), 68u);
  EXPECT_EQ(PathMtu(IpVersion::v4, {.link = 500}).current(), 500u);
}

TEST(PathMtu, Ipv6IsNeverBelow1280) {
  //= rfc8201/4/report-below-the-minimum-is-discarded
  //= rfc8201/4/never-below-the-minimum-link-mtu
  PathMtu path(IpVersion::v6, {.link = 1500});
  EXPECT_EQ(path.on_report(1279, 1500, start), Verdict::too_small);
  EXPECT_EQ(path.on_report(0, 1500, start), Verdict::too_small);
  EXPECT_EQ(path.current(), 1500u);
  EXPECT_EQ(path.on_report(1280, 1500, start), Verdict::lowered);
  EXPECT_EQ(PathMtu(IpVersion::v6, {.link = 1000}).current(), 1280u);
}

TEST(PathMtu, TakesTheNextLikelySizeFromARouterThatDoesNotSay) {
  //= rfc1191/3/routers-that-do-not-say-are-understood
  PathMtu path(IpVersion::v4, {.link = 9000});
  EXPECT_EQ(path.on_report(0, 9000, start), Verdict::lowered);
  EXPECT_EQ(path.current(), 8166u);
  EXPECT_EQ(path.on_report(0, 4000, start), Verdict::lowered);  // a smaller packet was lost too
  EXPECT_EQ(path.current(), 2002u);
  EXPECT_EQ(path.on_report(0, 2002, start), Verdict::lowered);
  EXPECT_EQ(path.current(), 1492u);
  EXPECT_EQ(path.on_report(0, 0, start), Verdict::implausible);
}

TEST(PathMtu, AgesBackToTheFirstHop) {
  //= rfc4301/8.2.2/estimate-ages-back-to-the-first-hop
  PathMtu path(IpVersion::v6, {.link = 1500});
  path.on_report(1400, 1500, start);
  EXPECT_EQ(path.next_deadline(), start + 10min);
  EXPECT_FALSE(path.on_time(start + 10min - 1ns));
  path.on_report(1300, 1400, start + 9min);
  EXPECT_EQ(path.next_deadline(), start + 19min);
  EXPECT_FALSE(path.on_time(start + 10min));
  EXPECT_TRUE(path.on_time(start + 19min));
  EXPECT_EQ(path.current(), 1500u);
  EXPECT_FALSE(path.next_deadline());
}

TEST(PathMtu, WaitsFiveMinutesAfterAnyReport) {
  //= rfc1191/3/no-attempt-to-raise-within-five-minutes
  //= rfc8201/4/no-attempt-to-raise-within-five-minutes
  PathMtu hasty(IpVersion::v4, {.link = 1500, .raise_after = 1s});
  hasty.on_report(1400, 1500, start);
  EXPECT_EQ(hasty.next_deadline(), start + 5min);
  PathMtu path(IpVersion::v4, {.link = 1500});
  path.on_report(1400, 1500, start);
  path.on_report(1400, 1500, start + 9min);
  EXPECT_EQ(path.next_deadline(), start + 14min);
}

TEST(PathMtu, StaysForEverIfSoConfigured) {
  PathMtu path(IpVersion::v4, {.link = 1500, .raise_after = Duration::max()});
  path.on_report(1400, 1500, start);
  EXPECT_FALSE(path.next_deadline());
  EXPECT_FALSE(path.on_time(start + 1000h));
  path.on_link_change(9000);
  EXPECT_EQ(path.current(), 9000u);
}

RC_GTEST_PROP(PathMtu, NoMessageRaisesItOrTakesItBelowTheMinimum,
              (bool six, std::vector<std::uint16_t> said)) {
  PathMtu path(six ? IpVersion::v6 : IpVersion::v4, {.link = 9000});
  Instant now = start;
  for (const std::uint16_t mtu : said) {
    const std::uint32_t before = path.current();
    path.on_report(mtu, before, now += 1s);
    RC_ASSERT(path.current() <= before);
    RC_ASSERT(path.current() >= (six ? 1280u : 576u));
    RC_ASSERT(path.next_deadline().has_value() || path.current() == 9000u);
  }
}

TEST(LargestInner, KnownSizes) {
  // IPv4 and AES-GCM-16: 20 + 8 + 8 + 16 octets around 1448, of which 2 are the trailer.
  EXPECT_EQ(largest_inner(1500, {.outer = 20, .iv = 8, .icv = 16}), 1446u);
  // IPv4, UDP, AES-CBC with SHA2-256-128: 28 + 8 + 16 + 16 around 89 blocks.
  EXPECT_EQ(largest_inner(1500, {.outer = 28, .iv = 16, .icv = 16, .text_multiple = 16}), 1422u);
  EXPECT_EQ(largest_inner(51, {.outer = 20, .iv = 8, .icv = 16}), 0u);
}

RC_GTEST_PROP(LargestInner, IsTheLargestThatFits, ()) {
  //= rfc4301/8.2.1/report-less-what-protection-adds
  const EspOverhead overhead{.outer = *rc::gen::inRange(0u, 69u),
                             .kept = *rc::gen::inRange(0u, 61u),
                             .iv = *rc::gen::element(0u, 8u, 16u),
                             .icv = *rc::gen::element(8u, 12u, 16u, 32u),
                             .text_multiple = *rc::gen::element(4u, 8u, 16u),
                             .tfc_multiple = *rc::gen::inRange(1u, 300u)};
  const auto mtu = *rc::gen::inRange<std::size_t>(0, 3000);
  const std::size_t largest = largest_inner(mtu, overhead);
  // 0 says that nothing fits, so of a packet of no octets it says nothing.
  for (std::size_t inner = std::max<std::size_t>(overhead.kept, 1); inner < 3000; ++inner)
    RC_ASSERT((protected_size(inner, overhead) <= mtu) == (largest >= inner && largest != 0));
}

TEST(ActionOnTooBig, DependsOnVersionAndDontFragment) {
  //= rfc4301/8.2.1/ipv4-without-df-is-fragmented
  //= rfc4301/8.2.1/ipv4-with-df-is-refused-and-reported
  //= rfc4301/8.2.1/ipv6-is-refused-and-reported
  Octets v4 = hex("4500 05dc 0000 0000 4011 0000 c0000201 c6336402");
  EXPECT_EQ(action_on_too_big(v4), TooBigAction::fragment);
  v4[6] = 0x40;
  EXPECT_EQ(action_on_too_big(v4), TooBigAction::tell_the_source);
  Octets v6 = hex("6000 0000");
  v6.resize(1280);
  EXPECT_EQ(action_on_too_big(v6), TooBigAction::fragment_after_protection);
  v6.resize(1281);
  EXPECT_EQ(action_on_too_big(v6), TooBigAction::tell_the_source);
}

}  // namespace
}  // namespace mpsec::ipsec
