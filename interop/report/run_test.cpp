#include <gmock/gmock.h>

#include "interop/report/test_runs.hpp"

namespace mpsec::conformance {
namespace {

using testing::ElementsAre;

TEST(Run, AnOutcomeIsReportedWithItsRule) {
  const Case one{.id = "a/1/b-c",
                 .rules = {"rfc7296/2.3/outside-is-dropped", "other"},
                 .side = Side::responder,
                 .does = "D.",
                 .lawful = "L.",
                 .hint = "H.",
                 .run = nullptr};
  Outcome outcome;
  outcome.one = &one;
  outcome.verdict = Verdict::flaky;
  outcome.tries = 3;
  outcome.steps = {
      {.at = Instant{std::chrono::seconds(5)}, .text = "a"},
      {.at = Instant{std::chrono::seconds(7)}, .kind = Step::Kind::sent, .text = "b", .esp = true}};
  const CaseReport report = report_of(outcome, test::small_register());
  EXPECT_EQ(report.clause, "RFC 7296 2.3");
  EXPECT_EQ(report.level, "MUST NOT");
  EXPECT_EQ(report.side, "responder");
  EXPECT_EQ(report.tries, 3u);
  ASSERT_EQ(report.steps.size(), 2u);
  EXPECT_EQ(report.steps[1].at, std::chrono::seconds(2));  // since the first
  EXPECT_TRUE(report.steps[1].esp);
}

TEST(Run, TheTargetIsReportedWithNames) {
  Description target;
  target.name = "x";
  target.features = {Feature::cookies};
  target.hooks = {Hook::initiate, Hook::rekey_ike};
  const auto report =
      report_of(target, {{{IpAddress::v4(0xc0000201), 500}, {IpAddress::v4(0xc0000202), 500}}});
  EXPECT_THAT(report.features, ElementsAre("cookies"));
  EXPECT_THAT(report.hooks, ElementsAre("initiate", "rekey-ike"));
  EXPECT_THAT(report.paths, ElementsAre("192.0.2.1 <-> 192.0.2.2"));
}

TEST(Run, EveryVerdictIsCountedAndHasAName) {
  const Totals totals = totals_of(test::a_run().cases);
  EXPECT_EQ(totals.cases, verdicts);
  for (std::size_t i = 0; i < verdicts; ++i) {
    const auto verdict = static_cast<Verdict>(i);
    EXPECT_EQ(totals[verdict], 1u);
    EXPECT_EQ(to_verdict(to_string(verdict)), verdict);
    EXPECT_EQ(worse(verdict, verdict), verdict);
    EXPECT_EQ(worse(verdict, Verdict::fail), Verdict::fail);
  }
  EXPECT_EQ(to_verdict("good"), std::nullopt);
  EXPECT_EQ(worse(Verdict::unsupported, Verdict::pass), Verdict::pass);
}

TEST(Changes, NamesWhatDiffersAndWhatIsNotThere) {
  conformance::Run before, after;
  before.cases = {test::other_case("a", Verdict::pass), test::other_case("b", Verdict::fail),
                  test::other_case("c", Verdict::pass)};
  after.cases = {test::other_case("d", Verdict::pass), test::other_case("c", Verdict::pass),
                 test::other_case("a", Verdict::pass), test::other_case("a", Verdict::fail)};
  const auto found = changes(before, after);
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].id, "a");  // ran twice: the worse counts
  EXPECT_EQ(found[0].after, Verdict::fail);
  EXPECT_EQ(found[1].id, "b");
  EXPECT_EQ(found[1].after, std::nullopt);
  EXPECT_EQ(found[2].id, "d");
  EXPECT_EQ(found[2].before, std::nullopt);
  EXPECT_TRUE(changes(after, after).empty());
}

}  // namespace
}  // namespace mpsec::conformance
