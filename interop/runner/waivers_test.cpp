#include "interop/runner/waivers.hpp"

#include <gmock/gmock.h>

namespace mpsec::conformance {
namespace {

using testing::HasSubstr;

CaseReport report(std::string id, Verdict verdict) {
  CaseReport one;
  one.id = std::move(id);
  one.verdict = verdict;
  return one;
}

TEST(Waivers, AFailureIsWaivedAndAPassIsNot) {
  const auto waivers = read_waivers(
      "[[waiver]]\ncase = \"rfc7296/2.3/*\"\nreason = \"known\"\nlink = \"https://t/1\"\n", "w.toml");
  ASSERT_TRUE(waivers);
  CaseReport failed = report("rfc7296/2.3/a", Verdict::fail);
  apply(*waivers, failed);
  EXPECT_EQ(failed.verdict, Verdict::waived);
  EXPECT_EQ(failed.waiver, "known (https://t/1)");
  CaseReport not_reached = report("rfc7296/2.3/d", Verdict::inconclusive);
  apply(*waivers, not_reached);
  EXPECT_EQ(not_reached.verdict, Verdict::inconclusive);
  CaseReport passed = report("rfc7296/2.3/b", Verdict::pass);
  apply(*waivers, passed);
  EXPECT_EQ(passed.verdict, Verdict::unexpected_pass);
  CaseReport other = report("rfc4303/2.3/b", Verdict::fail);
  apply(*waivers, other);
  EXPECT_EQ(other.verdict, Verdict::fail);
  CaseReport not_tried = report("rfc7296/2.3/c", Verdict::unsupported);
  apply(*waivers, not_tried);
  EXPECT_EQ(not_tried.verdict, Verdict::unsupported);
}

TEST(Waivers, OneForACaseThatIsNotReachedCoversThatAlone) {
  const auto waivers =
      read_waivers("[[waiver]]\ncase = \"*\"\nreason = \"known\"\nverdict = \"inconclusive\"\n", "w.toml");
  ASSERT_TRUE(waivers);
  CaseReport not_reached = report("rfc7296/2.3/d", Verdict::inconclusive),
             failed = report("rfc7296/2.3/a", Verdict::fail);
  apply(*waivers, not_reached);
  apply(*waivers, failed);
  EXPECT_EQ(not_reached.verdict, Verdict::waived);
  EXPECT_EQ(failed.verdict, Verdict::fail);
}

TEST(Waivers, ADamagedFileIsToldWithItsPlaces) {
  for (const std::string_view text :
       {"[[waiver]]\nreason = \"r\"\n", "[[waiver]]\ncase = \"c\"\n", "[[waiver", "waiver = 3",
        "[[waiver]]\ncase = \"c\"\nreason = \"r\"\nverdict = \"flaky\"\n",
        "[[waiver]]\ncase = \"c\"\nreason = \"r\"\nreasons = \"r\"\n"}) {
    const auto waivers = read_waivers(text, "w.toml");
    ASSERT_FALSE(waivers) << text;
    EXPECT_THAT(to_string(waivers.error().front()), HasSubstr("w.toml:")) << text;
  }
}

TEST(Waivers, WhatIsWrittenForARunIsReadAgain) {
  conformance::Run run;
  run.target.name = "gw";
  run.cases = {report("rfc7296/2.3/a", Verdict::fail), report("rfc7296/2.3/b", Verdict::pass)};
  run.cases[0].expected = "a \"quoted\" answer\nof two lines";
  const auto waivers = read_waivers(waivers_for(run), "w.toml");
  ASSERT_TRUE(waivers) << to_string(waivers.error().front());
  ASSERT_EQ(waivers->size(), 1u);
  EXPECT_EQ(waivers->front().glob, "rfc7296/2.3/a");
}

}  // namespace
}  // namespace mpsec::conformance
