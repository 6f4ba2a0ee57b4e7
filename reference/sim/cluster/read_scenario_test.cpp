#include "sim/cluster/read_scenario.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/cluster/figures.hpp"
#include "sim/cluster/units.hpp"

namespace mpsec::sim {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

const std::string least = "[[path]]\nname = \"R1\"\n[[flow]]\n";

constexpr std::string_view all_of_it = R"(
title = "all of it"
duration = "1.5s"
[cluster]
scheduler = "weighted"
window = 128
[reordering]
policy = "gap"
gap = 7
[[path]]
name = "P"
count = 3
delay = "1ms"
delay_step = "500us"
rate = "8Mbit/s"
loss = 0.25
back = { loss = 0 }
[[flow]]
from = "SGW2"
rate = 20
arrivals = "poisson"
[[event]]
at = "10ms"
do = "rekey"
path = "P2"
[[attacker]]
kind = "replay"
path = "P1"
over = "P3"
[expect]
lost = "<= 3"
discards.redundant = 0
path.P3.share = ">= 0.1"
delivered_in_order = true
)";

Scenario read(const std::string& text) {
  const auto scenario = read_scenario(text, "s.toml");
  EXPECT_TRUE(scenario) << to_string(scenario.error());
  return scenario.value_or(Scenario{});
}

TEST(ReadScenario, ReadsWhatStandsThere) {
  const Scenario scenario = read(std::string(all_of_it));
  EXPECT_EQ(scenario.duration, 1500ms);
  EXPECT_EQ(scenario.cluster.window, 128u);
  EXPECT_EQ(scenario.reordering.policy, ReorderBy::gap);
  ASSERT_EQ(scenario.paths.size(), 3u);
  EXPECT_EQ(scenario.paths[2].name, "P3");
  EXPECT_EQ(scenario.paths[2].there.delay, 2ms);
  EXPECT_EQ(scenario.paths[2].back.delay, 2ms);
  EXPECT_EQ(scenario.paths[0].there.octets_per_second, 1'000'000u);
  EXPECT_EQ(scenario.paths[0].there.loss, 0.25);
  EXPECT_EQ(scenario.paths[0].back.loss, 0);
  EXPECT_EQ(scenario.flows.at(0).from, End::sgw2);
  EXPECT_EQ(std::get<RekeyPath>(scenario.happenings.at(0).deed).path, 1u);
  EXPECT_EQ(scenario.attacks.at(0).over, 2u);
  EXPECT_EQ(scenario.expectations.size(), 4u);
}

TEST(ReadScenario, AChangeStartsFromThePathAsItIsWritten) {
  const Scenario scenario = read(
      "[[path]]\nname = \"R1\"\ndelay = \"5ms\"\nloss = 0.5\n[[flow]]\n[[event]]\ndo = \"change\"\npath = "
      "\"R1\"\nloss = 0\n");
  const auto& change = std::get<SetLink>(scenario.happenings.at(0).deed);
  EXPECT_EQ(change.there.delay, 5ms);
  EXPECT_EQ(change.there.loss, 0);
  EXPECT_EQ(change.back, change.there);
}

struct Bad {
  std::string text, place, why;
  friend void PrintTo(const Bad& bad, std::ostream* out) { *out << bad.text; }
};
class BadScenario : public testing::TestWithParam<Bad> {};

TEST_P(BadScenario, IsRefusedWithItsPlaceAndWhatIsAllowed) {
  const auto read = read_scenario(GetParam().text, "s.toml");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().path, "s.toml:" + GetParam().place) << read.error().why;
  EXPECT_THAT(read.error().why, HasSubstr(GetParam().why));
  EXPECT_EQ(read.error().blame, Blame::local_fault);
}

INSTANTIATE_TEST_SUITE_P(
    Scenarios, BadScenario,
    testing::Values(
        Bad{"title = ", "1:9", "expected TOML"}, Bad{"", "1:1", "at least one table [[path]]"},
        Bad{"[[path]]\nname = \"R1\"\n", "1:1", "at least one table [[flow]]"},
        Bad{"duration = 7\n" + least, "1:12", "duration: expected a time from 0 to 3600s with its unit"},
        Bad{"duration = \"-1s\"\n" + least, "1:12", "found \"-1s\""},
        Bad{"durations = \"1s\"\n" + least, "1:1", "durations: no such key; expected one of title, duration"},
        Bad{"[cluster]\nwindow = 31\n" + least, "2:10", "cluster.window: expected a whole number from 32"},
        Bad{"[cluster]\nscheduler = \"robin\"\n" + least, "2:13", "cluster.scheduler"},
        Bad{"[cluster]\nscheduler = \"duplicate random\"\n" + least, "2:13", "duplication = true"},
        Bad{"[reordering]\npolicy = \"tme\"\n" + least, "2:10",
            "\"none\", \"time\", \"gap\", \"adaptive\", found \"tme\""},
        Bad{"cluster = 3\n" + least, "1:11", "expected a table [cluster]"},
        Bad{"path = 3\n[[flow]]\n", "1:8", "expected tables [[path]]"},
        Bad{"[[path]]\nname = \"R1\"\nloss = 1.5\n[[flow]]\n", "3:8",
            "path[0].loss: expected a number from 0 to 1"},
        Bad{"[[path]]\nname = \"R.1\"\n[[flow]]\n", "2:8", "without dots"},
        Bad{"[[path]]\nname = \"R1\"\n" + least, "4:8", "two paths are named \"R1\""},
        Bad{"[[path]]\nname = \"R\"\ncount = 300\n[[flow]]\n", "3:9", "from 1 to 256"},
        Bad{"[[path]]\nname = \"R1\"\nrate = \"5MB/s\"\n[[flow]]\n", "3:8", "expected a rate"},
        Bad{least + "size = 63\n", "4:8", "flow[0].size: expected a whole number from 64 to 9000, found 63"},
        Bad{least + "rate = 1e9\n", "4:8", "expected a number from"},
        Bad{least + "[[event]]\nat = \"1s\"\n", "4:1", "event[0].do: expected what happens"},
        Bad{least + "[[event]]\ndo = \"path_down\"\npath = \"R2\"\n", "6:8", "one of \"R1\", found \"R2\""},
        Bad{least + "[[attacker]]\nkind = \"replays\"\npath = \"R1\"\n", "5:8",
            "\"replay\", \"foreign_spi\""},
        Bad{least + "[expect]\nloss = 0\n", "5:1", "expect.loss: no such figure"},
        Bad{least + "[expect]\ndiscards.nothing = 0\n", "5:10", "no such figure"},
        Bad{least + "[expect]\nlost = \"~ 3\"\n", "5:8", "a bound as \"<= 50\""},
        Bad{"duration = \"3600s\"\n" + least + "rate = 1000000\n", "1:12", "expected at most 20000000"}));

TEST(Units, AreReadAndRefused) {
  EXPECT_EQ(parse_duration("250us"), 250us);
  EXPECT_EQ(parse_duration("1.5ms"), 1500us);
  EXPECT_EQ(parse_duration("0s"), 0s);
  EXPECT_EQ(parse_rate("64kbit/s"), 8000u);
  for (const auto text : {"", "1", "ms", "1 ms", "nan s", "infs", "-1s", "-0s", "3601s", "1h"})
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  for (const auto text : {"7bit/s", "1e30Gbit/s", "1MB/s", "-5Mbit/s"})
    EXPECT_EQ(parse_rate(text), std::nullopt) << text;
}

TEST(Figures, EachThatARunHasMayBeExpected) {
  const Scenario scenario = read(least);
  EXPECT_TRUE(is_figure(scenario, "lost"));
  EXPECT_TRUE(is_figure(scenario, "path.R1.share"));
  for (const auto* name :
       {"", "path.", "path..share", "path.R2.share", "path.R1.shares", "drops.", "discards", "."})
    EXPECT_FALSE(is_figure(scenario, name)) << name;
}

}  // namespace
}  // namespace mpsec::sim
