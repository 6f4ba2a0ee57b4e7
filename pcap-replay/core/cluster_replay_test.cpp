// Clusters in a capture: found, judged by one window, and told from SAs that count for themselves.
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pcap-replay/core/replay_samples.hpp"

namespace mpsec::replay {
namespace {

using ipsec::Discard;
using ipsec::test::SaPair;
using ipsec::test::SaPlan;
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

// A packet of a sub-SA in the capture.
struct Sent {
  std::uint32_t path;
  std::uint64_t number;
};

// One SA of a cluster, or an ordinary one: a sender whose next number is whatever it is told.
class SubSa {
 public:
  SubSa(std::uint32_t path, bool extended) : path_(path), extended_(extended) {}

  Octets packet(std::uint64_t number, std::size_t payload) const {
    auto out = ipsec::test::outbound_parameters(plan());
    out.spi = Spi(0x1000 + path_);
    out.source = IpAddress::v4(0xc0000201 + 256 * path_),
    out.destination = IpAddress::v4(0xc6336401 + 256 * path_);
    auto source = std::make_shared<ipsec::SequenceCounter>(extended_, ipsec::AtLimit::stop, number - 1);
    const auto sa = ipsec::OutboundSa::make(std::move(out), samples::provider(), source).value();
    ipsec::HeldPacket held(samples::clear_packet(payload), ipsec::default_headroom, 2048);
    ipsec::Outgoing outgoing{.packet = held.buffer()};
    SeededRng rng(1);
    ipsec::StandardLifetimePolicy lifetime;
    ipsec::AhAuthenticator ah;
    sa->protect({&outgoing, 1}, {}, {rng, lifetime, ah, nullptr});
    held.buffer() = outgoing.packet;
    return held.octets();
  }
  std::string keys() const {
    auto in = ipsec::test::inbound_parameters(plan());
    in.spi = Spi(0x1000 + path_);
    return samples::toml_keys(in);
  }

 private:
  SaPlan plan() const { return {.extended = extended_, .seed = 1 + path_}; }

  std::uint32_t path_;
  bool extended_;
};

std::vector<Sent> in_turn(std::uint64_t first, std::uint64_t count, std::uint32_t paths) {
  std::vector<Sent> sent;
  for (std::uint64_t number = first; number < first + count; ++number)
    sent.push_back({static_cast<std::uint32_t>(number % paths), number});
  return sent;
}

class Clusters : public testing::Test {
 protected:
  // What is in a packet depends on its number, and with `own_packets` on its SA.
  void capture(const std::vector<Sent>& sent, bool keys = true, bool extended = false) {
    std::vector<Octets> packets;
    for (const auto& [path, number] : sent)
      packets.push_back(SubSa(path, extended).packet(number, 40 + (number + (own_packets ? path : 0)) % 50));
    options.capture = folder.file("in.pcap", samples::capture_of(false, packets));
    std::string text;
    for (std::uint32_t path = 0; path < 4; ++path)
      text += SubSa(path, extended).keys();
    if (keys) options.key_files = {folder.file("keys.toml", text)};
  }
  json report() {
    options.json = true;
    const auto run = samples::run_program(options);
    EXPECT_EQ(run.exit, exit_complete) << run.problems;
    return run.json();
  }

  samples::TemporaryFolder folder;
  ProgramOptions options;
  bool own_packets = false;
};

json evidence(const json& cluster, std::string_view kind) {
  for (const json& one : cluster["evidence"])
    if (one["kind"] == kind) return one;
  return nullptr;
}

TEST_F(Clusters, AreFoundWithKeysAndWithout) {
  for (const bool keys : {false, true}) {
    options = {};
    auto sent = in_turn(1, 150, 3);
    std::swap(sent[10], sent[12]);
    sent.erase(sent.begin() + 100);
    capture(sent, keys);
    const json report = this->report();
    ASSERT_EQ(report["clusters"].size(), 1u);
    const json cluster = report["clusters"][0];
    EXPECT_EQ(cluster["verdict"], "cluster");
    EXPECT_EQ(cluster["members"].size(), 3u);
    EXPECT_EQ(evidence(cluster, "shared numbers")["figures"]["both"], 0);
    EXPECT_TRUE(evidence(cluster, "density")["speaks_for"]);
    const json shared = cluster["shared"];
    EXPECT_EQ(shared["repeats"], json::array());
    EXPECT_EQ(shared["sequence"]["received"], 149);
    EXPECT_EQ(shared["sequence"]["missing"], 1);
    EXPECT_EQ(shared["reordering"]["reordered"], 2);
    EXPECT_EQ(shared["window_needed"], 3);
    EXPECT_EQ(report["streams"][0]["judged_by"], keys ? "engine" : "clear header");
  }
}

TEST_F(Clusters, TellRedundantFromReplayed) {
  auto sent = in_turn(1, 150, 3);
  sent.insert(sent.begin() + 50, {(50 + 1) % 3, 50});  // the frame behind that of number 50
  sent.insert(sent.begin() + 90, sent[89]);            // number 89 again, in frame 91
  capture(sent);
  options.print = true;
  const auto run = samples::run_program(options);
  EXPECT_THAT(run.out, HasSubstr("redundant  cluster: redundant\n"));
  EXPECT_THAT(run.out, HasSubstr("replay_duplicate  cluster: replay\n"));
  options.print = false;
  const json report = this->report();
  const json shared = report["clusters"].at(0)["shared"];
  EXPECT_EQ(shared["redundant"], 1);
  EXPECT_EQ(shared["replays"], 1);
  EXPECT_EQ(shared["same_content"], 1);
  const json first = shared["repeats"].at(0), second = shared["repeats"].at(1);
  EXPECT_EQ(first["number"], 50);
  EXPECT_EQ(first["first_frame"], 50);
  EXPECT_EQ(first["frame"], 51);
  EXPECT_NE(first["first_spi"], first["spi"]);
  EXPECT_EQ(second["number"], 89);
  EXPECT_EQ(second["first_spi"], second["spi"]);
  EXPECT_EQ(report["streams"][2]["discards"]["redundant"]["frames"], json({51}));
  EXPECT_EQ(report["counts"]["clear"], 150);
  options.strict = true;
  options.json = false;
  EXPECT_EQ(samples::run_program(options).exit, exit_findings);  // for the replay
}

// A packet with a number that came is turned away before its ICV is looked at; the report looks all the same.
TEST_F(Clusters, DoNotTakeForgedPacketsForCopies) {
  capture(in_turn(1, 150, 3));
  std::vector<Octets> packets;
  for (const auto& [path, number] : in_turn(1, 150, 3))
    packets.push_back(SubSa(path, false).packet(number, 40));
  packets.push_back(SubSa(0, false).packet(150 - 1, 40));
  packets.back().back() ^= 1;
  options.capture = folder.file("in.pcap", samples::capture_of(false, packets));
  const json report = this->report();
  EXPECT_EQ(report["clusters"].at(0)["shared"]["redundant"], 0);
  EXPECT_EQ(report["streams"][2]["discards"]["integrity_failed"]["frames"], json({151}));
}

TEST_F(Clusters, JoinLateWithExtendedNumbers) {
  auto sent = in_turn(0x2'ffff'ffb0, 100, 2);
  for (const Sent& later : in_turn(0x3'0000'0014, 150, 3))
    sent.push_back(later);
  for (Sent& one : sent)
    one.path += 1;
  capture(sent, true, true);
  const json report = this->report();
  EXPECT_EQ(report["clusters"].at(0)["verdict"], "cluster");
  EXPECT_EQ(report["clusters"].at(0)["members"].size(), 3u);
  EXPECT_EQ(report["clusters"].at(0)["shared"]["sequence"]["highest"], 0x3'0000'0014u + 149);
  for (const json& stream : report["streams"])
    EXPECT_EQ(stream["discards"], json::object());
}

TEST_F(Clusters, AreNotSeenInOrdinarySas) {
  own_packets = true;
  for (const bool extended : {false, true}) {
    options = {};
    std::vector<Sent> sent;
    for (std::uint64_t number = 1; number <= 100; ++number)
      for (std::uint32_t path = 0; path < 2; ++path)
        sent.push_back({path, number + path * (extended ? 0x1'0000'0000u : 0)});
    capture(sent, true, extended);
    const json report = this->report();
    for (const json& cluster : report["clusters"])
      EXPECT_THAT(cluster["verdict"], testing::AnyOf("no", "too little traffic"));
    for (const json& stream : report["streams"])
      EXPECT_EQ(stream["accepted"], 100);
  }
}

TEST_F(Clusters, MayBeNamed) {
  std::vector<Sent> sent = {{0, 1}, {1, 2}, {1, 1}, {0, 3}};
  capture(sent, false);
  options.replay.clusters = {*parse_cluster("0x1000,4097,0x77")};
  const auto run = samples::run_program(options);
  EXPECT_THAT(run.problems, HasSubstr("--cluster: SPI 0x00000077 is not in the capture"));
  EXPECT_THAT(run.out, HasSubstr("for          named by hand: these SPIs were named on the command line\n"));
  EXPECT_THAT(run.out, HasSubstr("number 1: frame 1 (0x00001000) and frame 3 (0x00001001)"));
  const json cluster = report()["clusters"].at(0);
  EXPECT_TRUE(cluster["by_hand"]);
  EXPECT_EQ(cluster["shared"]["redundant"], 1);
}

TEST_F(Clusters, AreNotLookedForWhereNobodyWantsThem) {
  capture(in_turn(1, 150, 3));
  options.find_clusters = false;
  EXPECT_EQ(report()["clusters"], json::array());
}

TEST(ClusterNames, AreTwoSpisOrMore) {
  for (const char* text :
       {"", "0x1000", "0x1000,", "0x1000,x", "1,2 ", "0x1000,0x100000000", ",1,2", "1,,2"}) {
    const auto plan = parse_cluster(text);
    ASSERT_FALSE(plan) << text;
    EXPECT_THAT(plan.error().why, HasSubstr(std::string("found ") + text));
  }
  EXPECT_THAT(parse_cluster("0x1000,4097")->spis, ElementsAre(Spi(0x1000), Spi(0x1001)));
}

}  // namespace
}  // namespace mpsec::replay
