#include "sim/scenarios/scenarios.hpp"

#include <gtest/gtest.h>

#include "crypto/open/open_provider.hpp"
#include "crypto/openssl/openssl_provider.hpp"
#include "sim/cluster/balance.hpp"
#include "sim/cluster/figures.hpp"
#include "sim/cluster/read_scenario.hpp"
#include "sim/cluster/report.hpp"

namespace mpsec::sim {
namespace {

const crypto::Provider& provider() {
  static const auto open = crypto::make_open_provider();
  return *open;
}

Scenario read(std::string_view name) {
  const auto read = read_scenario(find_scenario(name)->text, name);
  EXPECT_TRUE(read) << to_string(read.error());
  return read.value_or(Scenario{});
}

std::unique_ptr<World> run(const Scenario& scenario, std::uint64_t seed,
                           const crypto::Provider& with = provider()) {
  auto world = World::make(scenario, with, seed);
  EXPECT_TRUE(world) << to_string(world.error());
  const auto ran = (*world)->run();
  EXPECT_TRUE(ran) << to_string(ran.error());
  return *std::move(world);
}

std::string everything(const RunName& name, const World& world) {
  std::string text = text_report(name, world) + json_report(name, world) + plot_script(name, world);
  for (const ReportFile& file : data_files(world))
    text += file.name + file.content;
  return text;
}

class EachScenario : public testing::TestWithParam<std::string_view> {};

TEST_P(EachScenario, DoesWhatItExpectsWhateverTheSeed) {
  const Scenario scenario = read(GetParam());
  EXPECT_FALSE(scenario.title.empty());
  EXPECT_FALSE(scenario.expectations.empty());
  for (const std::uint64_t seed : {1, 2, 3}) {
    const auto world = run(scenario, seed);
    for (const std::string& one : unmet(scenario, figures_of(*world)))
      ADD_FAILURE() << "seed " << seed << ": " << one;
    for (const BalanceLine& law : balance_of(*world))
      EXPECT_EQ(law.in, law.out) << law.what;
    EXPECT_EQ(world->network().counters().in_flight, 0u);
    EXPECT_GT(world->stream(End::sgw1).delivered(), 0u);
  }
}

INSTANTIATE_TEST_SUITE_P(Scenarios, EachScenario, testing::ValuesIn([] {
                           std::vector<std::string_view> names;
                           for (const KnownScenario& known : known_scenarios())
                             names.push_back(known.name);
                           return names;
                         }()),
                         [](const auto& tried) { return std::string(tried.param); });

TEST(Scenarios, TheDraftsFigureIsAmongThem) {
  EXPECT_NE(find_scenario("two_routers"), nullptr);
  EXPECT_EQ(find_scenario("two_router"), nullptr);
  EXPECT_GE(known_scenarios().size(), 16u);
}

TEST(Scenarios, OneSeedIsOneReportOctetForOctet) {
  const Scenario scenario = read("four_paths_skewed");
  const RunName name{"four_paths_skewed", 7};
  const std::string first = everything(name, *run(scenario, 7));
  EXPECT_EQ(first, everything(name, *run(scenario, 7)));
  EXPECT_NE(first, everything(name, *run(scenario, 8)));
}

TEST(Scenarios, CiphersThatEncryptChangeNothing) {
  const Scenario scenario = read("attacker_replays");
  const RunName name{"attacker_replays", 1};
  const auto openssl = crypto::make_openssl_provider();
  EXPECT_EQ(everything(name, *run(scenario, 1)), everything(name, *run(scenario, 1, *openssl)));
}

// What the scenarios compare in words.
TEST(Scenarios, OrderWithinFlowsWaitsLessThanOrderOverAll) {
  Scenario scenario = read("per_flow");
  const double within_flows = figures_of(*run(scenario, 1)).at("mean_transit_ms");
  scenario.reordering.per_flow = false;
  EXPECT_GT(figures_of(*run(scenario, 1)).at("mean_transit_ms"), 1.5 * within_flows);
}

TEST(Scenarios, AnAttackThatIsLeftOutLeavesTheSameDeliveries) {
  Scenario scenario = read("attacker_floods");
  const double flooded = figures_of(*run(scenario, 1)).at("delivered");
  scenario.attacks.clear();
  EXPECT_EQ(figures_of(*run(scenario, 1)).at("delivered"), flooded);
}

}  // namespace
}  // namespace mpsec::sim
