#include "gateway/control/status_json.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <sys/wait.h>

#include "gateway/control/prometheus.hpp"
#include "gateway/control/test_host.hpp"

namespace mpsec::gateway::test {
namespace {

using testing::HasSubstr;
using trace::Json;

// Two paths of a cluster, with traffic both ways and a child of its own beside them.
class StatusJson : public testing::Test {
 protected:
  StatusJson() : host(plan(), plan()) {
    host.ask_and_wait(R"({"request": "initiate", "peer": "peer"})");
    for (std::uint8_t i = 0; i < 10; ++i) {
      host.world.send(host.world.a, packet(true, i));
      host.world.send(host.world.b, packet(false, i));
    }
    host.deliver_all();
    status = host.ask(R"({"request": "status"})")["status"];
  }
  static Plan plan() {
    return {.paths = 2, .cluster = true, .change = [](Settings& settings) {
              settings.clusters["net"].reordering = ClusterSettings::Reordering{};
            }};
  }
  // Of the schema's validator; nothing: there is none.
  static std::optional<int> validated(const std::string& document) {
    const std::string file = testing::TempDir() + "status.json";
    std::ofstream(file) << document;
    const std::string command = "python3 -m jsonschema -i " + file +
                                " " MPSEC_SOURCE_DIR "/vectors/schema/gateway_status.schema.json";
    if (std::system("python3 -c 'import jsonschema' 2>/dev/null") != 0) return std::nullopt;
    return WEXITSTATUS(std::system((command + " 2>&1").c_str()));
  }

  TestHost host;
  Json status;
};

TEST_F(StatusJson, SaysWhatThereIs) {
  EXPECT_EQ(status["name"], "gateway 1");
  ASSERT_EQ(status["ike_sas"].size(), 2u);
  const Json& sa = status["ike_sas"][0];
  EXPECT_EQ(sa["peer"], "peer");
  EXPECT_EQ(sa["role"], "initiator");
  EXPECT_EQ(sa["state"], "established");
  EXPECT_EQ(sa["local_id"], "fqdn g1.example");
  EXPECT_EQ(sa["remote_id"], "fqdn g2.example");
  EXPECT_EQ(sa["local"], "192.0.2.1:500");
  EXPECT_EQ(sa["suite"], "ENCR_AES_GCM_16-128/PRF_HMAC_SHA2_256/Curve25519");
  const Json& child = sa["children"].at(0);
  EXPECT_EQ(child["name"], "net");
  EXPECT_EQ(child["selectors"].size(), 1u);
  EXPECT_GT(child["traffic"]["packets_out"], 0);
  EXPECT_GT(child["traffic"]["octets_in"], 0);
  ASSERT_EQ(status["clusters"].size(), 1u);
  const Json& cluster = status["clusters"][0];
  EXPECT_EQ(cluster["cluster"], child["cluster"]);
  EXPECT_EQ(cluster["valid_sub_sas"], 2);
  EXPECT_EQ(cluster["highest_in"], 10);
  ASSERT_EQ(cluster["paths"].size(), 2u);
  EXPECT_EQ(cluster["paths"][0]["condition"], "alive");
  EXPECT_EQ(cluster["reordering"]["in_order"], 10);
  EXPECT_EQ(cluster["metrics"]["all"]["arrivals"], 10);
  EXPECT_EQ(cluster["metrics"]["all"]["lost"], 0);
  EXPECT_EQ(cluster["metrics"]["paths"].size(), 1u) << "ten packets are less than a burst of one path";
}

TEST_F(StatusJson, TheEndsAgree) {
  const Json other = to_json(host.world.b.core().status());
  const Json &here = status["ike_sas"][0], &there = other["ike_sas"][0];
  EXPECT_EQ(here["initiator_spi"], there["initiator_spi"]);
  EXPECT_EQ(here["children"][0]["inbound_spi"], there["children"][0]["outbound_spi"]);
  EXPECT_EQ(here["children"][0]["traffic"]["packets_out"], there["children"][0]["traffic"]["packets_in"]);
}

TEST_F(StatusJson, KeepsToItsSchema) {
  const auto code = validated(status.dump());
  if (!code) GTEST_SKIP() << "python3-jsonschema is not there";
  EXPECT_EQ(*code, 0) << status.dump(2);
  EXPECT_EQ(validated(R"({"name": "a", "ike_sas": [], "clusters": [], "more": 1})"), 1);
  const TestHost idle;
  EXPECT_EQ(validated(to_json(const_cast<TestHost&>(idle).core().status()).dump()), 0);
}

TEST_F(StatusJson, CountersNameEveryCause) {
  const Json reply = host.ask(R"({"request": "counters"})");
  EXPECT_EQ(reply["counters"]["discards"].size(), ipsec::discard_causes - 1);
  EXPECT_GT(reply["counters"]["ike"]["received"], 0);
  EXPECT_EQ(reply["counters"]["delivered"], 10);
  EXPECT_EQ(reply["io"]["udp"]["received"], 3);
}

}  // namespace
}  // namespace mpsec::gateway::test
