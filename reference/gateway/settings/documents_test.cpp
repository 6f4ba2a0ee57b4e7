// What must hold for every document, whatever is wrong with it.
#include <algorithm>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <regex>

#include "gateway/settings/test_wrong_documents.hpp"

namespace mpsec::gateway {
namespace {

using namespace test_documents;

}  // namespace

namespace test_documents {

TEST_P(Documents, AreToldAllThatIsWrongWithThem) {
  static const Files files = files_of_the_page();
  EXPECT_EQ(without_file(said_of(GetParam().document, files)), GetParam().said);
}

}  // namespace test_documents

namespace {

// Its secrets are marked: of no other text would so much stand in an error.
std::string document_with_secrets() {
  return least("cluster = \"c\"", "accept = [\".example\"]",
               fmt::format("[[credential]]\nname = \"hex\"\nkey_hex = \"5ec2e75ec2e75ec2e7\"\n"
                           "[[cluster]]\nname = \"c\"\nscheduler = \"round-robin burst=4\"\n")) +
         "\n" + sa("s", "aes128gcm16", "5ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2", 4096);
}

void expect_law(const std::string& document) {
  const auto settings = Files().read(document);
  const std::vector<Error>& said = settings ? settings->warnings : settings.error();
  ASSERT_TRUE(settings || !said.empty());
  static const std::regex place("folder/a\\.toml:([0-9]+):([0-9]+)");
  const auto lines = static_cast<unsigned long>(std::ranges::count(document, '\n')) + 1;
  for (const Error& error : said) {
    std::smatch match;
    ASSERT_TRUE(std::regex_match(error.path, match, place)) << error.path;
    EXPECT_LE(std::stoul(match[1]), lines);
    EXPECT_FALSE(error.why.empty());
  }
  const std::string text = text_of(said);
  for (const std::string_view part : {secret.substr(0, 10), secret.substr(8), std::string_view("5ec2e75e")})
    ASSERT_EQ(text.find(part), text.npos) << text << document;
}

TEST(EveryDocument, ReadsWholeOrIsToldWhereItIsWrong) {
  const auto settings = Files().read(document_with_secrets());
  ASSERT_TRUE(settings) << text_of(settings.error());
  EXPECT_EQ(settings->warnings.size(), 2u) << text_of(settings->warnings);
}

TEST(EveryDocument, CutAnywhereShowsNoSecret) {
  const std::string whole = document_with_secrets();
  for (std::size_t size = 0; size <= whole.size(); ++size)
    ASSERT_NO_FATAL_FAILURE(expect_law(whole.substr(0, size))) << size;
}

TEST(EveryDocument, WithoutAnyOneLineShowsNoSecret) {
  const std::string whole = document_with_secrets();
  for (std::size_t at = 0; at < whole.size();) {
    const std::size_t end = std::min(whole.find('\n', at), whole.size() - 1) + 1;
    ASSERT_NO_FATAL_FAILURE(expect_law(whole.substr(0, at) + whole.substr(end)));
    at = end;
  }
}

// One octet taken out, put in or replaced, a few times.
RC_GTEST_PROP(EveryDocument, DamagedShowsNoSecret, ()) {
  std::string document = document_with_secrets();
  const auto times = *rc::gen::inRange(1, 4);
  for (int i = 0; i < times; ++i) {
    const auto at = *rc::gen::inRange<std::size_t>(0, document.size());
    const auto octet = *rc::gen::weightedOneOf<char>(
        {{3, rc::gen::elementOf(std::string("\"'=[]{}#,.\\\n 0"))}, {1, rc::gen::arbitrary<char>()}});
    switch (*rc::gen::inRange(0, 3)) {
      case 0:
        document.erase(at, 1);
        break;
      case 1:
        document.insert(at, 1, octet);
        break;
      default:
        document[at] = octet;
    }
  }
  expect_law(document);
  RC_ASSERT(!testing::Test::HasFailure());
}

// Who writes a secret behind the wrong word finds it in no log.
TEST(EveryDocument, WithASecretInAnotherPlaceShowsNone) {
  const std::string whole = document_with_secrets();
  for (const std::string_view key : {"key = ", "key_hex = "})
    for (const std::string_view other : {"certificate = ", "private_key = ", "chain = ", "key_file = ",
                                         "key.x = ", "kye = ", "x = ", "name = ", "", "# "})
      ASSERT_NO_FATAL_FAILURE(expect_law(replaced(whole, key, other))) << other;
  for (const std::string_view reference : {"credential = \"psk\"", "cluster = \"c\""})
    ASSERT_NO_FATAL_FAILURE(expect_law(
        replaced(whole, reference,
                 std::string(reference.substr(0, reference.find('"'))) + '"' + std::string(secret) + '"')));
}

}  // namespace
}  // namespace mpsec::gateway
