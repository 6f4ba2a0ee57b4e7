#include <gmock/gmock.h>

#include "interop/report/test_runs.hpp"

namespace mpsec::conformance {
namespace {

using testing::ElementsAre, testing::HasSubstr, testing::IsEmpty;

TEST(Register, HasEveryRuleOfTheDocumentsThatAreEnteredWhole) {
  const Register& all = embedded_register();
  const auto documents = all.documents();
  ASSERT_GE(documents.size(), 4u);
  EXPECT_THAT(std::vector(documents.begin(), documents.begin() + 4),
              ElementsAre("rfc7296", "rfc4303", "draft-zhang", "profile"));
  std::map<std::string, std::size_t> counts;
  for (const Rule& rule : all.rules())
    ++counts[rule.document];
  EXPECT_GE(counts["rfc7296"], 400u);
  EXPECT_GE(counts["rfc4303"], 80u);
  for (const char* document : {"rfc3948", "rfc7383", "rfc7427", "rfc6023"})
    EXPECT_GE(counts[document], 1u) << document;
}

TEST(Register, KnowsClauseLevelAndWords) {
  const Rule* const rule = embedded_register().find("rfc7296/2.3/no-response-outside-the-window");
  ASSERT_NE(rule, nullptr);
  EXPECT_EQ(rule->clause(), "RFC 7296 2.3");
  EXPECT_EQ(rule->strength(), Strength::must);
  EXPECT_FALSE(rule->words.empty());
  EXPECT_EQ(embedded_register().find("rfc7296/2.3/nothing"), nullptr);
  EXPECT_EQ(to_strength("NOT RECOMMENDED"), Strength::should);
  EXPECT_EQ(to_strength("statement"), Strength::must);
  EXPECT_EQ(to_strength("must"), std::nullopt);
}

std::string refused(std::string_view json) {
  Register rules;
  const auto added = rules.add("x.json", json);
  EXPECT_FALSE(added);
  EXPECT_THAT(rules.rules(), IsEmpty());
  return added ? "" : to_string(added.error());
}

TEST(Register, RefusesWhatIsNoneNamingThePlace) {
  EXPECT_THAT(refused("{"), HasSubstr("x.json @ 0x"));
  EXPECT_THAT(refused("[]"), HasSubstr("'entries'"));
  EXPECT_THAT(refused(R"({"document": "d", "entries": [1]})"), HasSubstr("x.json:entries[0]"));
  EXPECT_THAT(
      refused(
          R"({"document": "d", "entries": [{"id": "d/1/a", "section": "1", "rule": "w", "level": "x"}]})"),
      HasSubstr("unknown level 'x'"));
  const std::string one = R"({"id": "d/1/a", "section": "1", "rule": "w", "level": "MAY"})";
  EXPECT_THAT(refused(R"({"document": "d", "entries": [)" + one + "," + one + "]}"), HasSubstr("twice"));
}

Case good_case(std::string_view id) {
  return {.id = id,
          .rules = {"rfc7296/2.3/outside-is-dropped"},
          .does = "The tester does something.",
          .lawful = "Nothing comes of it.",
          .run = [](Tester&) {}};
}

std::vector<std::string> findings(Case one) {
  return lint({std::move(one)}, test::small_register());
}

TEST(Lint, TakesAGoodCatalogue) {
  EXPECT_THAT(lint({good_case("a/1/b-c"), good_case("a/1/b-d")}, test::small_register()), IsEmpty());
}

TEST(Lint, WantsLegibleIdsInOrderAndOnce) {
  for (const std::string_view id :
       {"a/1", "a/1/b-c/d", "a/1/One-two", "a/1/word", "a/1/a--b", "a/1/a-", "/1/a-b", "a//a-b", "a/1/a_b-c"})
    EXPECT_THAT(findings(good_case(id)), ElementsAre(HasSubstr("its ID"))) << id;
  EXPECT_THAT(lint({good_case("a/1/b-d"), good_case("a/1/b-c")}, test::small_register()),
              ElementsAre(HasSubstr("case a/1/b-c: it stands behind a/1/b-d")));
  EXPECT_THAT(lint({good_case("a/1/b-c"), good_case("a/1/b-c")}, test::small_register()),
              ElementsAre(HasSubstr("twice")));
}

TEST(Lint, WantsRulesThatCanBeTried) {
  Case one = good_case("a/1/b-c");
  one.rules = {};
  EXPECT_THAT(findings(one), ElementsAre(HasSubstr("cites no rule")));
  one.rules = {"rfc7296/9/unknown"};
  EXPECT_THAT(findings(one), ElementsAre(HasSubstr("no rule rfc7296/9/unknown")));
  one.rules = {"rfc7296/2.4/silence-is-no-proof"};
  EXPECT_THAT(findings(one), ElementsAre(HasSubstr("take the reason out")));
  one.rules = {"rfc7296/2.3/outside-is-dropped", "rfc7296/2.3/outside-is-dropped"};
  EXPECT_THAT(findings(one), ElementsAre(HasSubstr("cites rfc7296/2.3/outside-is-dropped twice")));
}

TEST(Lint, WantsWholeSentences) {
  Case one = good_case("a/1/b-c");
  one.does = "the tester";
  one.lawful = "";
  one.hint = "Look  here.";
  one.run = nullptr;
  EXPECT_THAT(findings(one), ElementsAre(HasSubstr("'does'"), HasSubstr("'lawful'"), HasSubstr("'hint'"),
                                         HasSubstr("nothing to run")));
}

TEST(Lint, TheCatalogueIsClean) {
  for (const std::string& finding : lint(catalogue(), embedded_register()))
    ADD_FAILURE() << finding;
}

}  // namespace
}  // namespace mpsec::conformance
