#include "gateway/ctl/human.hpp"

#include <gmock/gmock.h>

#include "gateway/ctl/table.hpp"

namespace mpsec::gateway::ctl {
namespace {

using testing::HasSubstr;

TEST(Table, ColumnsAreAsWideAsTheirCells) {
  Table table({"a", "name", "b"});
  EXPECT_TRUE(table.empty());
  table.add({"100", "x", ""});
  EXPECT_EQ(table.text(), "a    name  b\n100  x\n");
}

TEST(Human, RepliesAreSentences) {
  const auto text = [](const char* reply) { return human_reply(Json::parse(reply)); };
  EXPECT_EQ(text(R"({"request": "initiate", "ike_sas": [{"ike_sa": 1, "children": [1, 2]}, {"ike_sa": 2}]})"),
            "IKE SA 1 is established with child 1, 2\nIKE SA 2 is begun\n");
  EXPECT_EQ(text(R"({"request": "initiate", "ike_sas": []})"), "nothing to do: every path has its IKE SA\n");
  EXPECT_EQ(text(R"({"request": "terminate", "child": 4, "by": "delete reply"})"),
            "child 4 has ended (delete reply)\n");
  EXPECT_EQ(text(R"({"request": "terminate", "ike_sas": [{"ike_sa": 3}]})"), "IKE SA 3 is being deleted\n");
  EXPECT_EQ(text(R"({"request": "terminate", "ike_sas": []})"), "nothing to do: there is no such IKE SA\n");
  EXPECT_EQ(text(R"({"request": "rekey_ike", "ike_sa": 2})"), "IKE SA 2 is there\n");
  EXPECT_EQ(text(R"({"request": "rekey_child"})"), "begun\n");
  EXPECT_EQ(text(R"({"request": "version", "name": "a", "version": "1"})"), "a runs mpsec 1\n");
  EXPECT_EQ(text(R"({"request": "reload"})"), "the settings were read anew\n");
  EXPECT_EQ(text(R"({"request": "new"})"), "{\"request\":\"new\"}\n") << "of a later gateway";
}

TEST(Human, CountersAreThoseThatCounted) {
  EXPECT_EQ(human_reply(Json::parse(R"({"request": "counters", "counters": {"a": 0, "ike": {"b": 12}},
                                        "io": {"udp": {"c": 1}}})")),
            "counter   value\nike.b     12\nio.udp.c  1\n");
  EXPECT_EQ(human_reply(Json::parse(R"({"request": "counters", "counters": {}})")), "all counters are 0\n");
}

TEST(Human, StatusIsTables) {
  const std::string text = human_reply(Json::parse(R"({"request": "status", "status": {"name": "a",
    "ike_sas": [{"ike_sa": 1, "peer": "b", "state": "established", "role": "initiator", "local": "192.0.2.1:500",
                 "remote": "192.0.2.2:500", "remote_id": "fqdn b", "suite": "X", "we_are_behind_nat": true,
                 "peer_is_behind_nat": false,
                 "children": [{"child": 7, "name": "net", "state": "installed", "protocol": "esp", "mode": "tunnel",
                               "inbound_spi": "00000001", "outbound_spi": "00000002", "selectors": ["s", "t"],
                               "traffic": {"packets_in": 1, "packets_out": 2, "octets_in": 3, "octets_out": 4,
                                           "highest_in": 5, "highest_out": 6}}]}],
    "clusters": [{"name": "net", "cluster": "0001", "sub_sas": 1, "valid_sub_sas": 1, "highest_in": 9,
                  "numbers_left": 10, "paths": [{"child": 7, "path": 1, "condition": "alive",
                  "round_trip_s": 0.0125, "loss": 0}], "metrics": {"all": {"lost": 3, "reordered": 4,
                  "largest_extent": 5}, "paths": [{"path": 1, "share": 0.5}]}}]}})"));
  EXPECT_EQ(text, R"(a

IKE SA  peer  state        role       local          remote         remote id  NAT   suite
1       b     established  initiator  192.0.2.1:500  192.0.2.2:500  fqdn b     here  X

child  IKE SA  name  state      protocol  mode    SPI in/out         packets in/out  octets in/out  highest in/out  cluster  selectors
7      1       net   installed  esp       tunnel  00000001/00000002  1/2             3/4            5/6             -        s; t

cluster  ID    sub-SAs  valid  highest in  numbers left  lost  reordered  extent
net      0001  1        1      9           10            3     4          5

cluster  path  child  condition  round trip  loss  share
net      1     7      alive      12.500 ms   0     50.0 %
)");
}

TEST(Human, WhatIsMissingOrOfAnotherTypeIsADash) {
  for (const char* reply :
       {R"({"request": "status"})", R"({"request": "status", "status": []})",
        R"({"request": "status", "status": {"ike_sas": 5, "clusters": [1, null]}})",
        R"({"request": "status", "status": {"ike_sas": [{"children": [{"selectors": {}}]}]}})",
        R"({"request": "metrics"})", R"({"request": 1})", "{}"})
    EXPECT_THAT(human_reply(Json::parse(reply)), testing::EndsWith("\n")) << reply;
}

TEST(Human, EventsAndErrorsAreOneLine) {
  EXPECT_EQ(human_event(Json::parse(R"({"time_ns": 1500000000, "host": "a", "event": "negotiation_failed",
              "ike_sa": 1, "error": {"blame": "x", "path": "IKE_AUTH", "offset": 3, "why": "no", "clause": "RFC"}})")),
            "1.500000 negotiation_failed ike_sa=1 error: IKE_AUTH @ 3: no (RFC)\n");
  EXPECT_EQ(human_event(Json::parse(R"({"time": "2026-01-31T12:00:00.5Z", "time_ns": 1, "event": "x"})")),
            "2026-01-31T12:00:00.5Z x\n");
  const Json nasty = {{"event", "x"}, {"peer", "\x1b[2J\n\r"}, {"more", "\xff"}};
  const std::string text = human_event(nasty);
  EXPECT_EQ(text.find('\n'), text.size() - 1);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace mpsec::gateway::ctl
