#include <gmock/gmock.h>

#include "interop/report/page.hpp"
#include "interop/report/test_runs.hpp"

namespace mpsec::conformance {
namespace {

using testing::HasSubstr, testing::Not;

std::size_t count(std::string_view text, std::string_view what) {
  std::size_t found = 0;
  for (auto at = text.find(what); at != text.npos; at = text.find(what, at + 1))
    ++found;
  return found;
}

TEST(Page, HasEachCaseOnceWithItsVerdict) {
  const std::string page = to_html(test::a_run(), test::small_register());
  EXPECT_EQ(count(page, "<details class=\"case "), verdicts);
  for (std::size_t i = 0; i < verdicts; ++i) {
    EXPECT_EQ(count(page, "id=\"" + page::anchor(i) + "\""), 1u);
    EXPECT_THAT(page, HasSubstr("data-verdict=\"" + page::class_of(static_cast<Verdict>(i)) + "\""));
  }
  EXPECT_THAT(page, HasSubstr("data-level=\"must\""));
  EXPECT_THAT(page, HasSubstr("Look where the Message ID is compared."));
  EXPECT_THAT(page, Not(HasSubstr("{{")));
}

TEST(Page, WhatATargetSaysNeverBecomesMarkup) {
  conformance::Run run = test::a_run();
  const auto spoil = [](std::string& text) { text += test::nasty; };
  for (std::string* text :
       {&run.target.name, &run.target.target_identity, &run.ended_early, &run.arguments[0]})
    spoil(*text);
  run.versions["x" + test::nasty] = test::nasty;
  for (CaseReport& one : run.cases) {
    for (std::string* text : {&one.id, &one.clause, &one.level, &one.side, &one.does, &one.lawful, &one.hint,
                              &one.expected, &one.actual, &one.waiver, &one.evidence, &one.rules[0]})
      spoil(*text);
    for (StepReport& step : one.steps)
      spoil(step.text), spoil(step.tree);
  }
  const conformance::Run clean = test::a_run();
  const std::string page = to_html(run, test::small_register(), &clean);
  EXPECT_THAT(page, Not(HasSubstr("<img")));
  EXPECT_THAT(page, Not(HasSubstr("onerror=alert(1)>")));
  EXPECT_EQ(count(page, "</script>"), 1u);
  EXPECT_THAT(page, Not(HasSubstr("\x1b")));
}

TEST(Page, NeedsNothingFromOutside) {
  const std::string page = to_html(test::a_run(), test::small_register());
  for (const char* outside : {"http:", "https:", "//cdn", "@import", "url("})
    EXPECT_THAT(page, Not(HasSubstr(outside))) << outside;
  for (const char* tag : {"<link", "<iframe", "<object", "<embed"})
    EXPECT_THAT(page, Not(HasSubstr(tag))) << tag;
  // A target's own octets may hold the word, escaped: there the bracket before it ends a tag.
  for (std::size_t at = page.find(" src="); at != std::string::npos; at = page.find(" src=", at + 1))
    EXPECT_EQ(page[page.find_last_of("<>", at)], '>') << page.substr(at, 60);
}

TEST(Page, LinksEvidenceOnlyBesideTheReport) {
  conformance::Run run = test::a_run();
  EXPECT_THAT(to_html(run, test::small_register()),
              HasSubstr("href=\"evidence/rfc7296.2.3.request-outside-is-dropped/\""));
  for (const char* elsewhere : {"javascript:alert(1)", "/etc", "../x"}) {
    run.cases[0].evidence = elsewhere;
    EXPECT_THAT(to_html(run, test::small_register()), Not(HasSubstr(std::string("href=\"") + elsewhere)));
  }
}

TEST(Page, TheMapHasACellForEachRule) {
  const std::string map = page::clause_map(test::a_run(), test::small_register());
  EXPECT_THAT(map, HasSubstr("1 of 3 rules tried"));
  EXPECT_THAT(map, HasSubstr("<a class=\"cell l-must v-fail\" href=\"#case-1\""));
  EXPECT_THAT(map, HasSubstr("No case can tell: Nobody sees what an end believes."));
  EXPECT_THAT(map, HasSubstr("Not yet: Comes with the next step."));
  // Seven cases of one rule: the worst verdict colours it, and its case is the one that is linked.
  EXPECT_THAT(map, HasSubstr("v-harness-error\" href=\"#case-8\""));
}

TEST(Page, TheLadderHasArrowsBothWays) {
  const CaseReport one = test::failed_case();
  const std::string svg = page::ladder(one);
  EXPECT_EQ(count(svg, "class=\"arrow\""), 4u);
  EXPECT_EQ(count(svg, "class=\"note\""), 1u);
  EXPECT_EQ(count(svg, "<g class=\"esp\" role=\"listitem\">"), 2u);
  EXPECT_EQ(page::deciding_step(one), 2u);
  EXPECT_THAT(svg, HasSubstr("<g class=\"ike decided\" role=\"listitem\"><title>target to "
                             "tester</title><text x=\"415\" y=\"140\" "
                             "text-anchor=\"middle\">INFORMATIONAL response 4</text>"));
  EXPECT_THAT(svg, HasSubstr(">20.0 ms</text>"));
  EXPECT_EQ(page::ladder(test::other_case("a/1/b-c", Verdict::pass)), "");
}

TEST(Page, AVeryLongLadderIsCutAndSaysSo) {
  CaseReport one = test::failed_case();
  one.steps.resize(1000, one.steps[1]);
  EXPECT_THAT(page::ladder(one), HasSubstr("and 800 more steps: see the capture"));
}

TEST(Page, ComparesWithAnEarlierRun) {
  conformance::Run earlier = test::a_run();
  earlier.cases[0].verdict = Verdict::pass;
  const std::string page = to_html(test::a_run(), test::small_register(), &earlier);
  EXPECT_THAT(page, HasSubstr("Since the earlier run"));
  EXPECT_THAT(page, HasSubstr("<a href=\"#case-1\"><code>rfc7296/2.3/request-outside-is-dropped</code></a>"));
  EXPECT_THAT(page, HasSubstr(">was pass</span>"));
  const conformance::Run same = test::a_run();
  EXPECT_THAT(to_html(same, test::small_register(), &same),
              HasSubstr("The same cases with the same verdicts."));
}

}  // namespace
}  // namespace mpsec::conformance
