#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "ipsec/inbound_sa.hpp"
#include "trace/event_lines.hpp"
#include "trace/json_values.hpp"

namespace mpsec::trace {
namespace {

// JSON numbers are safe up to 2^53 only, and SPIs are read in hexadecimal anyway.
std::string ike_spi(IkeSpi spi) {
  return fmt::format("{:016x}", spi.value);
}
std::string child_spi(Spi spi) {
  return fmt::format("{:08x}", spi.value);
}

void put(Json& json, const ike::IkeSpis& spis) {
  json["initiator_spi"] = ike_spi(spis.initiator);
  json["responder_spi"] = ike_spi(spis.responder);
}

template <class Value>
Json texts(const std::vector<Value>& values) {
  Json all = Json::array();
  for (const Value& value : values)
    all.push_back(to_string(value));
  return all;
}

template <class State, class Event>
void put_transition(Json& json, State from, State to, Event by) {
  json["from"] = to_string(from);
  json["to"] = to_string(to);
  json["by"] = to_string(by);
}

void put(Json& json, std::string_view event, ike::ClusterId cluster) {
  json["event"] = event;
  json["cluster"] = fmt::format("{:016x}", cluster.value);
}

std::string_view name_of(ipsec::Protocol protocol) {
  return protocol == ipsec::Protocol::ah ? "ah" : "esp";
}

struct IkeFields {
  Json& json;

  void operator()(const ike::IkeStateChanged& event) const {
    json["event"] = "ike_state_changed";
    json["ike_sa"] = event.sa.value;
    put(json, event.spis);
    put_transition(json, event.from, event.to, event.by);
  }
  void operator()(const ike::IkeAuthenticated& event) const {
    json["event"] = "ike_authenticated";
    json["ike_sa"] = event.sa.value;
    put(json, event.spis);
    json["role"] = ike::to_string(event.role);
    json["peer"] = event.peer_name;
    json["local_id"] = ipsec::to_string(event.local_id);
    json["remote_id"] = ipsec::to_string(event.remote_id);
    json["local"] = to_string(event.local);
    json["remote"] = to_string(event.remote);
    json["suite"] = event.suite;
  }
  void operator()(const ike::IkeRekeyed& event) const {
    json["event"] = "ike_rekeyed";
    json["ike_sa"] = event.old_sa.value;
    json["new_ike_sa"] = event.new_sa.value;
    put(json, event.new_spis);
  }
  void operator()(const ike::ChildStateChanged& event) const {
    json["event"] = "child_state_changed";
    json["ike_sa"] = event.sa.value;
    json["child"] = event.child.value;
    json["protocol"] = name_of(event.protocol);
    json["inbound_spi"] = child_spi(event.inbound);
    json["outbound_spi"] = child_spi(event.outbound);
    put_transition(json, event.from, event.to, event.by);
  }
  void operator()(const ike::NegotiationFailed& event) const {
    json["event"] = "negotiation_failed";
    json["ike_sa"] = event.sa.value;
    if (event.child) json["child_name"] = *event.child;
    json["error"] = to_json(event.error);
  }
  void operator()(const ike::MessageRefused& event) const {
    json["event"] = "message_refused";
    json["local"] = to_string(event.local);
    json["remote"] = to_string(event.remote);
    if (event.sa) json["ike_sa"] = event.sa->value;
    json["error"] = to_json(event.error);
  }
  void operator()(const ike::PeerMoved& event) const {
    json["event"] = "peer_moved";
    json["ike_sa"] = event.sa.value;
    json["old_remote"] = to_string(event.from);
    json["remote"] = to_string(event.to);
  }
  void operator()(const ike::NatFound& event) const {
    json["event"] = "nat_found";
    json["ike_sa"] = event.sa.value;
    json["we_are_behind"] = event.we_are_behind;
    json["peer_is_behind"] = event.peer_is_behind;
  }
  void operator()(const ike::ConfigurationAssigned& event) const {
    json["event"] = "configuration_assigned";
    json["ike_sa"] = event.sa.value;
    json["addresses"] = texts(event.assigned.addresses);
    json["dns"] = texts(event.assigned.dns);
    json["subnets"] = texts(event.assigned.subnets);
  }
  void operator()(const ike::PeerReported& event) const {
    json["event"] = "peer_reported";
    json["ike_sa"] = event.sa.value;
    json["notify"] = to_string(event.type);
    json["spi"] = to_hex(event.spi);
    json["data"] = to_hex(event.data);
  }
  void operator()(const ike::ClusterFounded& event) const {
    put(json, "cluster_founded", event.cluster);
    json["cluster_name"] = event.name;
    json["local_id"] = ipsec::to_string(event.local_id);
    json["remote_id"] = ipsec::to_string(event.remote_id);
  }
  void operator()(const ike::ClusterJoined& event) const {
    put(json, "cluster_joined", event.cluster);
    json["ike_sa"] = event.sa.value;
    json["child"] = event.child.value;
    json["sub_sas"] = event.sub_sas;
  }
  void operator()(const ike::ClusterJoinRefused& event) const {
    put(json, "cluster_join_refused", event.cluster);
    json["ike_sa"] = event.sa.value;
    json["by_peer"] = event.by_peer;
    json["reason"] = to_string(event.reason);
    if (event.field != wire::ike::ClusterField::none) json["field"] = to_string(event.field);
  }
  void operator()(const ike::ClusterLeft& event) const {
    put(json, "cluster_left", event.cluster);
    json["child"] = event.child.value;
    json["sub_sas"] = event.sub_sas;
  }
  void operator()(const ike::ClusterEnded& event) const {
    put(json, "cluster_ended", event.cluster);
    json["cluster_name"] = event.name;
  }
};

struct DataPathFields {
  Json& json;

  void operator()(const ipsec::Acquire& event) const {
    json["event"] = "acquire";
    json["policy"] = event.policy.value;
    json["packet"] = ipsec::to_string(event.packet);
  }
  void operator()(const ipsec::LifetimeReached& event) const {
    json["event"] = "lifetime_reached";
    json["spi"] = child_spi(event.spi);
    json["outbound"] = event.outbound;
    json["hard"] = event.hard;
  }
  void operator()(const ipsec::SequenceExhausted& event) const {
    json["event"] = "sequence_exhausted";
    json["spi"] = child_spi(event.spi);
  }
  void operator()(const ipsec::ResynchronisationWanted& event) const {
    json["event"] = "resynchronisation_wanted";
    if (event.sa != nullptr) json["spi"] = child_spi(event.sa->parameters().spi);
  }
  void operator()(const ipsec::PathMtuChanged& event) const {
    json["event"] = "path_mtu_changed";
    json["spi"] = child_spi(event.spi);
    json["path_mtu"] = event.path_mtu;
  }
  void operator()(const ipsec::Audit& event) const {
    json["event"] = "audit";
    json["cause"] = to_string(event.cause);
    json["outbound"] = event.outbound;
    if (event.spi.value != 0) json["spi"] = child_spi(event.spi);
    json["source"] = to_string(event.source);
    json["destination"] = to_string(event.destination);
    if (event.sequence_number != 0) json["sequence_number"] = event.sequence_number;
    if (event.flow_label != 0) json["flow_label"] = event.flow_label;
  }
};

struct ClusterFields {
  Json& json;

  void put(std::string_view event, ipsec::ClusterId cluster) const {
    json["event"] = event;
    json["local_cluster"] = cluster.value;
  }
  void operator()(const cluster::SubSaEnded& event) const {
    put("sub_sa_ended", event.cluster);
    json["sub_sa"] = event.sub_sa.value;
  }
  void operator()(const cluster::ClusterEnded& event) const { put("cluster_without_sub_sa", event.cluster); }
  void operator()(const cluster::SequenceRunsOut& event) const {
    put("sequence_runs_out", event.cluster);
    json["numbers_left"] = event.left;
  }
  void operator()(const cluster::WindowTooSmall& event) const {
    put("window_too_small", event.cluster);
    json["window"] = event.window;
    json["would_have_held"] = event.would_have_held;
  }
  void operator()(const cluster::NumbersNotShared& event) const { put("numbers_not_shared", event.cluster); }
  void operator()(const cluster::ClusterMtuChanged& event) const {
    put("cluster_mtu_changed", event.cluster);
    json["largest_packet"] = event.largest_packet;
  }
  void operator()(const cluster::PathChanged& event) const {
    put("path_changed", event.cluster);
    json["sub_sa"] = event.sub_sa.value;
    json["from"] = to_string(event.from);
    json["to"] = to_string(event.to);
  }
};

template <class Fields, class Event>
std::string line(const Origin& origin, const Event& event) {
  Json json = begun_line(origin);
  std::visit(Fields{json}, event);
  return to_line(json);
}

}  // namespace

Json begun_line(const Origin& origin) {
  Json json;
  if (origin.calendar) json["time"] = calendar_text(*origin.calendar, origin.at);
  json["time_ns"] = origin.at.time_since_epoch().count();
  if (!origin.host.empty()) json["host"] = origin.host;
  return json;
}

Json to_json(const Error& error) {
  Json json;
  json["blame"] = to_string(error.blame);
  json["path"] = error.path;
  if (error.offset) json["offset"] = *error.offset;
  json["why"] = error.why;
  if (!error.clause.empty()) json["clause"] = error.clause;
  return json;
}

std::string to_line(const Json& json) {
  return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}

std::string to_json_line(const Origin& origin, const ike::Event& event) {
  return line<IkeFields>(origin, event);
}

std::string to_json_line(const Origin& origin, const ipsec::Event& event) {
  return line<DataPathFields>(origin, event);
}

std::string to_json_line(const Origin& origin, const cluster::ClusterEvent& event) {
  return line<ClusterFields>(origin, event);
}

std::string to_json_line(const Origin& origin, const Error& fault) {
  Json json = begun_line(origin);
  json["event"] = "fault";
  json["error"] = to_json(fault);
  return to_line(json);
}

}  // namespace mpsec::trace
