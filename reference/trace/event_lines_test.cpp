#include "trace/event_lines.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace mpsec::trace {
namespace {

using namespace std::chrono_literals;

const Origin origin{Instant{1s + 5us}, "A"};
const Endpoint a{ip("192.0.2.1"), 500}, b{ip("2001:db8::2"), 4500};
const ike::IkeSpis spis{IkeSpi{0x0123456789abcdef}, IkeSpi{0xf}};
const Error error{Blame::peer_misbehaved, "IKE_AUTH/AUTH", 12, "it is wrong", "RFC 7296 2.15"};

struct Row {
  const char* name;
  std::variant<ike::Event, ipsec::Event, cluster::ClusterEvent> event;
  std::vector<const char*> members;  // behind time_ns, host and event
};

std::vector<Row> ike_rows() {
  using ipsec::Identity;
  return {
      {"ike_state_changed",
       ike::Event(ike::IkeStateChanged{ike::IkeSaId{1}, spis, ike::IkeState::idle, ike::IkeState::init_sent,
                                       ike::IkeEvent::initiate}),
       {"ike_sa", "initiator_spi", "responder_spi", "from", "to", "by"}},
      {"ike_authenticated",
       ike::Event(ike::IkeAuthenticated{ike::IkeSaId{1}, spis, ike::Role::responder, "peer",
                                        Identity::fqdn("a"), Identity::key_id(hex("00ff")), a, b, "suite"}),
       {"ike_sa", "initiator_spi", "responder_spi", "role", "peer", "local_id", "remote_id", "local",
        "remote", "suite"}},
      {"ike_rekeyed",
       ike::Event(ike::IkeRekeyed{ike::IkeSaId{1}, ike::IkeSaId{2}, spis}),
       {"ike_sa", "new_ike_sa", "initiator_spi", "responder_spi"}},
      {"child_state_changed",
       ike::Event(ike::ChildStateChanged{ike::IkeSaId{1}, ike::ChildId{2}, ipsec::Protocol::ah, Spi{3},
                                         Spi{4}, ike::ChildState::requested, ike::ChildState::installed,
                                         ike::ChildEvent::created}),
       {"ike_sa", "child", "protocol", "inbound_spi", "outbound_spi", "from", "to", "by"}},
      {"negotiation_failed",
       ike::Event(ike::NegotiationFailed{ike::IkeSaId{1}, "net", error}),
       {"ike_sa", "child_name", "error"}},
      {"message_refused", ike::Event(ike::MessageRefused{a, b, {}, error}), {"local", "remote", "error"}},
      {"peer_moved", ike::Event(ike::PeerMoved{ike::IkeSaId{1}, a, b}), {"ike_sa", "old_remote", "remote"}},
      {"nat_found",
       ike::Event(ike::NatFound{ike::IkeSaId{1}, true, false}),
       {"ike_sa", "we_are_behind", "peer_is_behind"}},
      {"configuration_assigned",
       ike::Event(ike::ConfigurationAssigned{
           ike::IkeSaId{1},
           {.addresses = {IpAddress::parse("192.0.2.9").value()}, .dns = {}, .subnets = {}}}),
       {"ike_sa", "addresses", "dns", "subnets"}},
      {"peer_reported",
       ike::Event(
           ike::PeerReported{ike::IkeSaId{1}, wire::ike::NotifyType::invalid_spi, {}, hex("00001000")}),
       {"ike_sa", "notify", "spi", "data"}},
  };
}

std::vector<Row> cluster_rows() {
  using ipsec::Identity;
  constexpr ike::ClusterId cluster{0x0123456789abcdef};
  return {
      {"cluster_founded",
       ike::Event(ike::ClusterFounded{cluster, "net", Identity::fqdn("a"), Identity::fqdn("b")}),
       {"cluster", "cluster_name", "local_id", "remote_id"}},
      {"cluster_joined",
       ike::Event(ike::ClusterJoined{cluster, ike::IkeSaId{1}, ike::ChildId{2}, 1}),
       {"cluster", "ike_sa", "child", "sub_sas"}},
      {"cluster_join_refused",
       ike::Event(ike::ClusterJoinRefused{cluster, ike::IkeSaId{1}, true,
                                          wire::ike::ClusterRefusal::unequal_field,
                                          wire::ike::ClusterField::mode}),
       {"cluster", "ike_sa", "by_peer", "reason", "field"}},
      {"cluster_left",
       ike::Event(ike::ClusterLeft{cluster, ike::ChildId{2}, 0}),
       {"cluster", "child", "sub_sas"}},
      {"cluster_ended", ike::Event(ike::ClusterEnded{cluster, "net"}), {"cluster", "cluster_name"}},
  };
}

std::vector<Row> local_cluster_rows() {
  constexpr ipsec::ClusterId id{3};
  const auto row = [](const char* name, cluster::ClusterEvent event, std::vector<const char*> members) {
    members.insert(members.begin(), "local_cluster");
    return Row{name, event, std::move(members)};
  };
  return {
      row("sub_sa_ended", cluster::SubSaEnded{id, cluster::SubSaId{2}}, {"sub_sa"}),
      row("cluster_without_sub_sa", cluster::ClusterEnded{id}, {}),
      row("sequence_runs_out", cluster::SequenceRunsOut{id, 5}, {"numbers_left"}),
      row("window_too_small", cluster::WindowTooSmall{id, 64, 200}, {"window", "would_have_held"}),
      row("numbers_not_shared", cluster::NumbersNotShared{id}, {}),
      row("cluster_mtu_changed", cluster::ClusterMtuChanged{id, 1400}, {"largest_packet"}),
      row("path_changed",
          cluster::PathChanged{id, cluster::SubSaId{2}, cluster::PathCondition::alive,
                               cluster::PathCondition::suspect},
          {"sub_sa", "from", "to"}),
  };
}

std::vector<Row> rows() {
  std::vector<Row> all = ike_rows();
  for (const std::vector<Row>& more : {cluster_rows(), local_cluster_rows()})
    all.insert(all.end(), more.begin(), more.end());
  const std::vector<Row> data_path = {
      {"acquire",
       ipsec::Event(ipsec::Acquire{ipsec::PolicyId{1}, ipsec::PacketSelectors{}}),
       {"policy", "packet"}},
      {"lifetime_reached",
       ipsec::Event(ipsec::LifetimeReached{Spi{5}, true, false}),
       {"spi", "outbound", "hard"}},
      {"sequence_exhausted", ipsec::Event(ipsec::SequenceExhausted{Spi{5}}), {"spi"}},
      {"resynchronisation_wanted", ipsec::Event(ipsec::ResynchronisationWanted{}), {}},
      {"path_mtu_changed", ipsec::Event(ipsec::PathMtuChanged{Spi{5}, 1400}), {"spi", "path_mtu"}},
      {"audit",
       ipsec::Event(
           ipsec::Audit{ipsec::Discard::replay_duplicate, false, Spi{5}, a.address, b.address, 7, 0, {}}),
       {"cause", "outbound", "spi", "source", "destination", "sequence_number"}},
  };
  all.insert(all.end(), data_path.begin(), data_path.end());
  return all;
}

TEST(EventLines, EveryEventHasItsMembers) {
  for (const Row& row : rows()) {
    const auto [json, text] = std::visit(
        [](const auto& event) { return std::pair(to_json_line(origin, event), to_text_line(origin, event)); },
        row.event);
    EXPECT_EQ(json.find('\n'), std::string::npos);
    EXPECT_THAT(text, testing::StartsWith("1.000005000 A: "));
    const auto object = nlohmann::ordered_json::parse(json);
    std::vector<std::string> members;
    for (const auto& [key, value] : object.items())
      members.push_back(key);
    std::vector<std::string> wanted{"time_ns", "host", "event"};
    wanted.insert(wanted.end(), row.members.begin(), row.members.end());
    EXPECT_EQ(members, wanted) << json;
    EXPECT_EQ(object["event"], row.name);
    EXPECT_EQ(object["time_ns"], 1'000'005'000);
  }
  // None is forgotten here.
  EXPECT_EQ(rows().size(), std::variant_size_v<ike::Event> + std::variant_size_v<ipsec::Event> +
                               std::variant_size_v<cluster::ClusterEvent>);
}

TEST(EventLines, ValuesAreAsDocumented) {
  EXPECT_EQ(to_json_line(origin, std::get<ike::Event>(rows()[0].event)),
            R"({"time_ns":1000005000,"host":"A","event":"ike_state_changed","ike_sa":1,)"
            R"("initiator_spi":"0123456789abcdef","responder_spi":"000000000000000f",)"
            R"("from":"idle","to":"init sent","by":"initiate"})");
  EXPECT_EQ(to_json_line({Instant{}, ""}, std::get<ike::Event>(rows()[5].event)),
            R"({"time_ns":0,"event":"message_refused","local":"192.0.2.1:500","remote":"[2001:db8::2]:4500",)"
            R"("error":{"blame":"peer misbehaved","path":"IKE_AUTH/AUTH","offset":12,"why":"it is wrong",)"
            R"("clause":"RFC 7296 2.15"}})");
}

TEST(EventLines, AFaultIsALineToo) {
  EXPECT_EQ(to_json_line(origin, error),
            R"({"time_ns":1000005000,"host":"A","event":"fault","error":{"blame":"peer misbehaved",)"
            R"("path":"IKE_AUTH/AUTH","offset":12,"why":"it is wrong","clause":"RFC 7296 2.15"}})");
  EXPECT_EQ(to_text_line(origin, error),
            "1.000005000 A: fault: IKE_AUTH/AUTH @ 0xc: it is wrong (RFC 7296 2.15)");
}

TEST(EventLines, ACalendarGivesTheTimeOfDay) {
  const Origin dated{Instant{1s + 5us}, "A", 1'774'958'399};
  EXPECT_THAT(to_json_line(dated, error),
              testing::StartsWith(R"({"time":"2026-03-31T12:00:00.000005000Z","time_ns":1000005000,)"));
  EXPECT_THAT(to_text_line(dated, error), testing::StartsWith("2026-03-31T12:00:00.000005000Z A: fault"));
  EXPECT_EQ(calendar_text(0, Instant{-1ns}), "1969-12-31T23:59:59.999999999Z");
  EXPECT_EQ(calendar_text(951'782'400, Instant{}), "2000-02-29T00:00:00.000000000Z");
}

TEST(EventLines, WhateverAPeerSaysIsOneLine) {
  Error bad = error;
  bad.why = "\xff\xfe\n\"\\ \x80";
  const auto line = to_json_line(origin, ike::Event(ike::NegotiationFailed{ike::IkeSaId{1}, {}, bad}));
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_TRUE(nlohmann::json::accept(line));
  const auto text = to_text_line(origin, ike::Event(ike::NegotiationFailed{ike::IkeSaId{1}, {}, bad}));
  EXPECT_TRUE(std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; })) << text;
}

}  // namespace
}  // namespace mpsec::trace
