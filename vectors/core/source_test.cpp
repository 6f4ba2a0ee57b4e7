#include "vectors/core/source.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>

namespace mpsec::vectors {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

namespace fs = std::filesystem;

std::map<std::string, std::size_t> cases_per_format(const Sources& sources) {
  std::map<std::string, std::size_t> cases;
  for (const VectorFile& file : sources.files) {
    for (const Error& problem : file.problems)
      ADD_FAILURE() << to_string(problem);
    cases[file.format] += file.cases.size();
  }
  return cases;
}

TEST(Source, TellsTheFormatByTheContent) {
  EXPECT_EQ(read_text(R"({"format": "mpsec-vectors-1", "vectors": []})", "a")->format, "mpsec");
  EXPECT_EQ(read_text("# GCM\n\nCount = 0\nKey = 00\n", "gcm.txt")->format, "CAVP");
  EXPECT_EQ(read_text("Some words", "a.txt"), std::nullopt);
  EXPECT_EQ(read_text(R"({"anything": 1})", "a.json"), std::nullopt);
}

TEST(Source, TakesAFileWithVectorsForOurs) {
  const auto file = read_text(R"({"fromat": "mpsec-vectors-1", "vectors": []})", "a.json");
  ASSERT_TRUE(file);
  EXPECT_THAT(to_string(file->problems.at(0)), HasSubstr("\"format\" is missing"));
}

TEST(Source, SaysThatAJsonFileIsBroken) {
  const auto file = read_text("{\"format\": ", "a.json");
  ASSERT_TRUE(file);
  EXPECT_THAT(file->problems, SizeIs(1));
}

TEST(Source, ReadsOurSamplesInAcvpForm) {
  const Sources sources = read_paths({fs::path(MPSEC_SOURCE_DIR) / "vectors/acvp"});
  EXPECT_THAT(cases_per_format(sources), testing::ElementsAre(testing::Pair("ACVP", 142)));
  EXPECT_THAT(sources.passed_over, testing::ElementsAre(HasSubstr("expectedResults.json: answers")));
}

TEST(Source, SaysWhatIsNotThere) {
  const Sources sources = read_paths({fs::path(MPSEC_SOURCE_DIR) / "vectors/no-such-file.json"});
  ASSERT_THAT(sources.files, SizeIs(1));
  EXPECT_THAT(to_string(sources.files[0].problems.at(0)), HasSubstr("no such file or folder"));
  EXPECT_THAT(read_paths({fs::path(MPSEC_SOURCE_DIR) / "LICENSE"}).files.at(0).problems, SizeIs(1));
}

// Other people's collections, as they are: every file is understood, and nothing in it is a problem.
TEST(Source, ReadsTheCollectionsOfOthers) {
  const fs::path data = fs::path(MPSEC_SHARED_DIR) / "data";
  if (!fs::is_directory(data)) GTEST_SKIP() << data << " is not there";
  const auto cases = cases_per_format(read_paths({data}));
  EXPECT_GE(cases.at("Wycheproof"), 5439u);
  EXPECT_GE(cases.at("packets"), 14u);
  EXPECT_GE(cases.at("GCM-ESP draft"), 17u);
}

}  // namespace
}  // namespace mpsec::vectors
