#include <fstream>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "interop/report/test_runs.hpp"
#include "interop/report/words.hpp"

namespace mpsec::conformance {
namespace {

using testing::HasSubstr, testing::Not;
using Json = nlohmann::ordered_json;

// What reading back gives: octets that are no UTF-8 were replaced.
Run as_read(conformance::Run run) {
  for (CaseReport& one : run.cases) {
    const auto replace = [](std::string& text) {
      if (const auto at = text.find("\xff\xc0\xaf"); at != text.npos)
        text.replace(at, 3, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    };
    replace(one.actual);
    for (StepReport& step : one.steps)
      replace(step.tree);
  }
  return run;
}

TEST(Json, WhatIsWrittenIsReadBack) {
  const auto read = read_json(to_json(test::a_run()), "report.json");
  ASSERT_TRUE(read) << to_string(read.error());
  EXPECT_EQ(*read, as_read(test::a_run()));
  EXPECT_EQ(to_json(*read), to_json(test::a_run()));
}

TEST(Json, TwoRunsDifferInTimesAlone) {
  conformance::Run later = test::a_run();
  later.began = *later.began + 3600;
  later.took *= 2;
  later.cases[0].took *= 3;
  later.cases[0].steps[2].at *= 3;
  Json first = Json::parse(to_json(test::a_run())), second = Json::parse(to_json(later));
  EXPECT_NE(first, second);
  first.erase("times");
  second.erase("times");
  EXPECT_EQ(first, second);
}

TEST(Json, TheSchemaKnowsEveryMemberAndNoOther) {
  std::ifstream file(MPSEC_SOURCE_DIR "/vectors/schema/conformance-report.schema.json");
  const Json schema = Json::parse(file);
  const Json report = Json::parse(to_json(test::a_run()));
  const auto expect_members = [](const Json& object, const Json& of) {
    for (const auto& [name, value] : object.items())
      EXPECT_TRUE(of["properties"].contains(name)) << name;
    for (const auto& name : of["required"])
      EXPECT_TRUE(object.contains(name)) << name;
  };
  expect_members(report, schema);
  expect_members(report["target"], schema["$defs"]["target"]);
  expect_members(report["cases"][0], schema["$defs"]["case"]);
  expect_members(report["cases"][0]["steps"][1], schema["$defs"]["step"]);
  expect_members(report["times"], schema["$defs"]["times"]);
}

std::string refused(const std::string& text) {
  const auto read = read_json(text, "old.json");
  return read ? "it was read" : to_string(read.error());
}

TEST(Json, DamageIsNamed) {
  const Json good = Json::parse(to_json(test::a_run()));
  const auto with = [&](const char* pointer, const Json& value) {
    Json bad = good;
    bad[Json::json_pointer(pointer)] = value;
    return refused(bad.dump());
  };
  const std::string text = to_json(test::a_run());
  EXPECT_THAT(refused(text.substr(0, text.size() / 2)), HasSubstr("old.json @ 0x"));
  EXPECT_THAT(refused(""), HasSubstr("no JSON"));
  EXPECT_THAT(refused("[]"), HasSubstr("expected an object"));
  EXPECT_THAT(with("/format", "other"), HasSubstr("old.json:format"));
  EXPECT_THAT(with("/format_version", 2), HasSubstr("expected 1, the only one"));
  EXPECT_THAT(with("/seed", -1), HasSubstr("old.json:seed"));
  EXPECT_THAT(with("/cases/0/verdict", "great"), HasSubstr("old.json:cases[0]/verdict"));
  EXPECT_THAT(with("/cases/0/steps/1/kind", 3), HasSubstr("old.json:cases[0]/steps[1]/kind"));
  EXPECT_THAT(with("/cases/0/tries", 1e30), HasSubstr("a whole number"));
  EXPECT_THAT(with("/cases/1/rules", "x"), HasSubstr("old.json:cases[1]/rules: expected a list"));
  EXPECT_THAT(with("/times/cases", Json::array()), HasSubstr("as many entries as there are cases: 8"));
  EXPECT_THAT(with("/times/cases/0/steps_ns", Json::array()), HasSubstr("the case has steps: 5"));
  EXPECT_THAT(with("/times/took_ns", -1), HasSubstr("old.json:times/took_ns"));
  EXPECT_THAT(with("/times/began", 1'000'000'000'000), HasSubstr("old.json:times/began"));
  EXPECT_THAT(with("/versions", {{"a", 1}}), HasSubstr("old.json:versions/a"));
}

TEST(Json, AFileThatIsNotThereIsNamed) {
  const auto read = read_json_file("/nowhere/report.json");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().path, "/nowhere/report.json");
}

TEST(JUnit, HasASuiteForEachDocumentAndAKindForEachVerdict) {
  const std::string xml = to_junit(test::a_run());
  EXPECT_THAT(
      xml,
      HasSubstr(
          R"(<testsuite name="rfc7296" tests="1" failures="1" errors="0" skipped="0" time="1.234000">)"));
  EXPECT_THAT(xml, HasSubstr(R"(<testsuite name="rfc4303" tests="7" failures="2" errors="1" skipped="3")"));
  EXPECT_THAT(
      xml,
      HasSubstr("expected no response to INFORMATIONAL 4, actual INFORMATIONAL response 4: &lt;/script&gt;"));
  EXPECT_THAT(xml, HasSubstr("<skipped message=\"unsupported: there is no hook &#39;initiate&#39;\"/>"));
  EXPECT_THAT(xml, Not(HasSubstr("\x1b")));
}

TEST(JUnit, IsWellFormed) {
  if (std::system("xmllint --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "xmllint is not installed";
  const std::string path = testing::TempDir() + "mpsec-junit-" + std::to_string(::getpid()) + ".xml";
  std::ofstream(path) << to_junit(test::a_run());
  EXPECT_EQ(std::system(("xmllint --noout " + path).c_str()), 0);
  static_cast<void>(std::remove(path.c_str()));
}

TEST(Markdown, ShowsTotalsAndWhatFailed) {
  const std::string text = to_markdown(test::a_run());
  EXPECT_THAT(text, HasSubstr("| fail | 1 |\n"));
  EXPECT_THAT(text, HasSubstr("| **all** | **8** |"));
  EXPECT_THAT(text, HasSubstr("## To be looked at"));
  EXPECT_THAT(text, HasSubstr("<code>rfc7296/2.3/request-outside-is-dropped</code> | fail | "
                              "<code>rfc7296/2.3/outside-is-dropped</code> | RFC 7296 2.3 MUST NOT |"));
  EXPECT_THAT(text, HasSubstr("flaky (1 of 3 failed)"));
  EXPECT_THAT(text, Not(HasSubstr("<img")));
  EXPECT_THAT(text, Not(HasSubstr("@a")));
  conformance::Run good = test::a_run();
  good.cases = {test::other_case("a/1/b-c", Verdict::pass)};
  EXPECT_THAT(to_markdown(good), HasSubstr("Nothing failed."));
}

TEST(Formats, SayWhichCasesPassedAtALaterTry) {
  conformance::Run run = test::a_run();
  EXPECT_EQ(passed_later_list(run), "");
  EXPECT_THAT(to_text(run, {}), Not(HasSubstr("later try")));
  run.cases = {test::other_case("a/1/at-once", Verdict::pass), test::other_case("a/1/later", Verdict::pass)};
  run.cases[1].tries = 3, run.cases[1].failures = 2;
  const std::string said = "a/1/later (2 of 3 failed)";
  EXPECT_EQ(passed_later_list(run), said);
  EXPECT_THAT(to_text(run, {}), HasSubstr("Passed at a later try: " + said));
  EXPECT_THAT(to_markdown(run), HasSubstr("Passed at a later try: a/1/later"));
  EXPECT_THAT(to_html(run, {}), HasSubstr(said));
}

TEST(Words, LeaveNothingThatSteersATerminal) {
  EXPECT_EQ(clean("a\x1b[31mb"), "a\xef\xbf\xbd[31mb");
  EXPECT_EQ(clean("\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80").find_first_not_of("\xef\xbf\xbd"),
            std::string::npos);
  EXPECT_EQ(clean("\xc2\x9b"), "\xef\xbf\xbd");      // a control sequence of one character
  EXPECT_EQ(clean("\xe2\x80\xae"), "\xef\xbf\xbd");  // right to left
  EXPECT_EQ(clean("gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80\n\t"), "gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80\n\t");
  EXPECT_EQ(clean_line("a\nb\tc"), "a b c");
  EXPECT_EQ(escape_markup("<a href='x'>&\""), "&lt;a href=&#39;x&#39;&gt;&amp;&quot;");
}

TEST(Words, WriteTimes) {
  using namespace std::chrono_literals;
  EXPECT_EQ(duration_text(850us), "850 us");
  EXPECT_EQ(duration_text(12300us), "12.3 ms");
  EXPECT_EQ(duration_text(4560ms), "4.56 s");
  EXPECT_EQ(duration_text(125s), "2:05 min");
  EXPECT_EQ(duration_text(3725s), "1:02:05 h");
  EXPECT_EQ(calendar_text(951'782'400), "2000-02-29 00:00:00 UTC");
}

TEST(Text, ShowsEachVerdictAndWhatFailed) {
  const std::string text = to_text(test::a_run(), {});
  EXPECT_THAT(
      text,
      HasSubstr("The way there: answers within 2.0 ms (1.0 ms to 9.0 ms), 3 of 20 exchanges lost: a case "
                "that failed and passed then has passed, and that nothing came proves less\n"));
  EXPECT_THAT(text, HasSubstr("FAIL rfc7296/2.3/request-outside-is-dropped (RFC 7296 2.3, MUST NOT)\n"));
  EXPECT_THAT(text, HasSubstr("    expected  no response to INFORMATIONAL 4\n"));
  EXPECT_THAT(text, HasSubstr("    hint      Look where the Message ID is compared.\n"));
  EXPECT_THAT(text, HasSubstr("    1 unexpected pass\n"));
  EXPECT_THAT(text, HasSubstr("    8 cases against gateway <b>x</b> in 1:05 min, seed 7\n"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(to_text(test::a_run(), {.colours = true}), HasSubstr("\x1b[31mFAIL\x1b[0m"));
  conformance::Run early = test::a_run();
  early.ended_early = "interrupted";
  early.planned = 20;
  EXPECT_THAT(to_text(early, {}), HasSubstr("The run ended early: interrupted. 8 of 20 cases ran.\n"));
}

TEST(Text, ShowsChanges) {
  EXPECT_THAT(
      to_text({{"a/1/b-c", Verdict::pass, Verdict::fail}, {"a/1/b-d", std::nullopt, Verdict::pass}}, {}),
      HasSubstr("a/1/b-c: pass -> fail\na/1/b-d: not there -> pass\n2 differ\n"));
  EXPECT_THAT(to_text(std::vector<Change>{}, {}), HasSubstr("the same cases with the same verdicts"));
}

TEST(Text, ShowsProgressWithinTheWidth) {
  Progress progress{
      .done = 20, .planned = 220, .elapsed = std::chrono::seconds(10), .under_way = "rfc7296/2.3/x-y"};
  progress.totals.counts[static_cast<std::size_t>(Verdict::fail)] = 2;
  EXPECT_EQ(progress_line(progress, {}), "[ 20/220] 2 to look at, 1:40 left  rfc7296/2.3/x-y");
  EXPECT_EQ(progress_line(progress, {.width = 20}).size(), 20u);
  progress.done = 0;
  EXPECT_THAT(progress_line(progress, {}), HasSubstr("begins"));
}

}  // namespace
}  // namespace mpsec::conformance
