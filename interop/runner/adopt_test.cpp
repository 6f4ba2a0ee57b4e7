#include "interop/runner/adopt.hpp"

#include <gmock/gmock.h>

#include "base/octets.hpp"
#include "interop/runner/live_fuzz.hpp"

namespace mpsec::conformance {
namespace {

using testing::HasSubstr;

TEST(Adopt, TakesACrashAsItIs) {
  const auto found = read_found(std::string_view("\0\x01\xff", 3), "crash-1234");
  ASSERT_TRUE(found);
  EXPECT_THAT(*found, testing::ElementsAre(Octets{0, 1, 0xff}));
}

TEST(Adopt, TakesAReproducerOfFuzz) {
  FuzzRound round{.seed = 4, .why = "it is gone", .sent = {{{}, {1, 2}, "a"}, {{}, {3}, ""}}};
  const auto found = read_found(to_text(round), "found-4.jsonl");
  ASSERT_TRUE(found) << to_string(found.error());
  EXPECT_THAT(*found, testing::ElementsAre(Octets{1, 2}, Octets{3}));
}

TEST(Adopt, RefusesWhatCannotBeSentAgain) {
  const auto why = [](std::string_view text, std::string_view file) {
    const auto found = read_found(text, file);
    return found ? "taken" : to_string(found.error());
  };
  FuzzRound round{.seed = 5, .authenticated = true, .sent = {{{}, {1}, ""}}};
  EXPECT_THAT(why(to_text(round), "found-5.jsonl"), HasSubstr("fuzz --seed"));
  EXPECT_THAT(why("", "crash"), HasSubstr("nothing in it"));
  EXPECT_THAT(why(R"({"seed":1})", "a.jsonl"), HasSubstr("no datagram"));
  EXPECT_THAT(why("{", "a.jsonl"), HasSubstr("a.jsonl:1"));
}

TEST(Adopt, WritesACaseAndWhatItHasToFail) {
  const Found found{17, "rfc7296/2.5/undefined-payloads-are-skipped", {Octets(100, 0xab), {1, 2, 3}}};
  const std::string one = case_of(found), other = defect_of(found);
  EXPECT_THAT(one,
              HasSubstr(R"(.id = "rfc7296/2.5/found-0017-is-survived", .rules = {"rfc7296/2.5/undefined)"));
  EXPECT_THAT(one, HasSubstr("2 in all"));
  EXPECT_THAT(one, HasSubstr("\"abababab\",\n"));  // the rest of a long one
  EXPECT_THAT(one, HasSubstr("\"010203\"}"));
  EXPECT_THAT(other, HasSubstr(R"(.id = "dies-of-found-0017", .rule = "rfc7296/2.5/undefined)"));
  EXPECT_THAT(other, HasSubstr("\"010203\""));
}

}  // namespace
}  // namespace mpsec::conformance
