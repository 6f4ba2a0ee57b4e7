#include "interop/runner/selection.hpp"

#include <gmock/gmock.h>

namespace mpsec::conformance {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Case named(std::string_view id, Hooks hooks = {}) {
  return {.id = id, .rules = {}, .hooks = hooks, .does = "", .lawful = "", .run = nullptr};
}

std::vector<Case> some() {
  return {named("profile/3/one"), named("rfc4303/2.1/two"), named("rfc7296/2.3/three"),
          named("rfc7296/2.3/four", {Hook::initiate})};
}

std::vector<std::string> chosen(const Selection& selection) {
  static const std::vector<Case> all = some();
  const auto cases = choose(all, selection, embedded_register());
  EXPECT_TRUE(cases) << to_string(cases.error());
  std::vector<std::string> ids;
  for (const Case* one : *cases)
    ids.emplace_back(one->id);
  return ids;
}

TEST(Selection, GlobsChooseAndExclude) {
  EXPECT_EQ(chosen({}).size(), 4u);
  EXPECT_THAT(chosen({.filters = {"rfc7296/*"}}), ElementsAre("rfc7296/2.3/three", "rfc7296/2.3/four"));
  EXPECT_THAT(chosen({.filters = {"rfc7296/*", "profile/*"}, .excludes = {"*/four"}}),
              ElementsAre("profile/3/one", "rfc7296/2.3/three"));
  EXPECT_THAT(chosen({.filters = {"nothing"}}), ElementsAre());
}

TEST(Selection, ProfilesAndShards) {
  EXPECT_THAT(chosen({.profile = "esp"}), ElementsAre("rfc4303/2.1/two"));
  EXPECT_THAT(chosen({.profile = "sa-clusters"}), ElementsAre("profile/3/one"));
  EXPECT_EQ(chosen({.profile = "no-hooks"}).size(), 3u);
  EXPECT_THAT(chosen({.shard = 2, .shards = 3}), ElementsAre("rfc4303/2.1/two"));
  std::size_t together = 0;
  for (std::size_t i = 1; i <= 3; ++i)
    together += chosen({.shard = i, .shards = 3}).size();
  EXPECT_EQ(together, 4u);
}

TEST(Selection, WhatIsNoneIsSaidToBeNone) {
  const auto wrong = choose({}, {.profile = "eps"}, embedded_register());
  ASSERT_FALSE(wrong);
  EXPECT_THAT(to_string(wrong.error()), HasSubstr("there is no profile 'eps'; there are all, ikev2, esp"));
  Selection selection;
  for (const std::string_view text : {"", "1", "0/4", "5/4", "a/b", "1/2/3"})
    EXPECT_FALSE(read_shard(text, selection)) << text;
  EXPECT_TRUE(read_shard("3/8", selection));
  EXPECT_EQ(selection.shard, 3u);
}

}  // namespace
}  // namespace mpsec::conformance
