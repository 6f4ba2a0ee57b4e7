#include "gateway/ctl/human.hpp"

#include <fmt/format.h>

#include "gateway/ctl/table.hpp"

namespace mpsec::gateway::ctl {
namespace {

// Nothing that a peer has said steers the terminal.
std::string printable(std::string text) {
  for (char& c : text)
    if ((c >= 0 && c < ' ') || c == 127) c = '?';
  return text;
}

std::string shown(const Json& value) {
  if (value.is_string()) return printable(value.get<std::string>());
  if (value.is_null()) return "-";
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

const Json& member(const Json& object, const char* name) {
  static const Json none;
  const auto at = object.is_object() ? object.find(name) : object.end();
  return object.is_object() && at != object.end() ? *at : none;
}
std::string cell(const Json& object, const char* name) {
  return shown(member(object, name));
}
std::string pair(const Json& object, const char* first, const char* second) {
  return fmt::format("{}/{}", cell(object, first), cell(object, second));
}
// The elements of an array; of anything else none.
const Json& list(const Json& object, const char* name) {
  static const Json none = Json::array();
  const Json& value = member(object, name);
  return value.is_array() ? value : none;
}

std::string nat(const Json& sa) {
  const bool we = member(sa, "we_are_behind_nat") == true, peer = member(sa, "peer_is_behind_nat") == true;
  return we ? (peer ? "both" : "here") : (peer ? "peer" : "none");
}

std::string ike_sas_text(const Json& status) {
  Table table({"IKE SA", "peer", "state", "role", "local", "remote", "remote id", "NAT", "suite"});
  for (const Json& sa : list(status, "ike_sas"))
    table.add({cell(sa, "ike_sa"), cell(sa, "peer"), cell(sa, "state"), cell(sa, "role"), cell(sa, "local"),
               cell(sa, "remote"), cell(sa, "remote_id"), nat(sa), cell(sa, "suite")});
  return table.empty() ? "no IKE SA\n" : table.text();
}

std::string selectors_text(const Json& child) {
  std::string text;
  for (const Json& selector : list(child, "selectors"))
    text += (text.empty() ? "" : "; ") + shown(selector);
  return text;
}

std::string children_text(const Json& status) {
  Table table({"child", "IKE SA", "name", "state", "protocol", "mode", "SPI in/out", "packets in/out",
               "octets in/out", "highest in/out", "cluster", "selectors"});
  for (const Json& sa : list(status, "ike_sas"))
    for (const Json& child : list(sa, "children")) {
      const Json& traffic = member(child, "traffic");
      table.add({cell(child, "child"), cell(sa, "ike_sa"), cell(child, "name"), cell(child, "state"),
                 cell(child, "protocol"), cell(child, "mode"), pair(child, "inbound_spi", "outbound_spi"),
                 pair(traffic, "packets_in", "packets_out"), pair(traffic, "octets_in", "octets_out"),
                 pair(traffic, "highest_in", "highest_out"), cell(child, "cluster"), selectors_text(child)});
    }
  return table.empty() ? "" : fmt::format("\n{}", table.text());
}

std::string clusters_text(const Json& status) {
  Table clusters(
      {"cluster", "ID", "sub-SAs", "valid", "highest in", "numbers left", "lost", "reordered", "extent"});
  Table paths({"cluster", "path", "child", "condition", "round trip", "loss", "share"});
  for (const Json& cluster : list(status, "clusters")) {
    const Json& metrics = member(cluster, "metrics");
    const Json& all = member(metrics, "all");
    clusters.add({cell(cluster, "name"), cell(cluster, "cluster"), cell(cluster, "sub_sas"),
                  cell(cluster, "valid_sub_sas"), cell(cluster, "highest_in"), cell(cluster, "numbers_left"),
                  cell(all, "lost"), cell(all, "reordered"), cell(all, "largest_extent")});
    for (const Json& path : list(cluster, "paths")) {
      Json share;
      for (const Json& measured : list(metrics, "paths"))
        if (member(measured, "path") == member(path, "path")) share = member(measured, "share");
      const Json& trip = member(path, "round_trip_s");
      paths.add({cell(cluster, "name"), cell(path, "path"), cell(path, "child"), cell(path, "condition"),
                 trip.is_number() ? fmt::format("{:.3f} ms", trip.get<double>() * 1e3) : "-",
                 cell(path, "loss"),
                 share.is_number() ? fmt::format("{:.1f} %", share.get<double>() * 100) : "-"});
    }
  }
  if (clusters.empty()) return "";
  const std::string below = paths.empty() ? "" : fmt::format("\n{}", paths.text());
  return fmt::format("\n{}{}", clusters.text(), below);
}

void flatten(const Json& value, const std::string& name, Table& table) {
  if (value.is_object()) {
    for (const auto& [key, inner] : value.items())
      flatten(inner, name.empty() ? key : fmt::format("{}.{}", name, key), table);
  } else if (!value.is_number() || value != 0) {
    table.add({name, shown(value)});
  }
}

std::string counters_text(const Json& reply) {
  Table table({"counter", "value"});
  flatten(member(reply, "counters"), "", table);
  if (reply.contains("io")) flatten(member(reply, "io"), "io", table);
  return table.empty() ? "all counters are 0\n" : table.text();
}

std::string children_of(const Json& sa) {
  std::string text;
  for (const Json& child : list(sa, "children"))
    text += (text.empty() ? "" : ", ") + shown(child);
  return text.empty() ? "" : fmt::format(" with child {}", text);
}

std::string begun_text(const Json& reply) {
  std::string text;
  for (const Json& sa : list(reply, "ike_sas"))
    text += fmt::format("IKE SA {} is {}{}\n", cell(sa, "ike_sa"),
                        sa.contains("children") ? "established" : "begun", children_of(sa));
  return text.empty() ? "nothing to do: every path has its IKE SA\n" : text;
}

std::string ended_text(const Json& reply) {
  const auto how = [](const Json& sa) {
    return sa.contains("by") ? fmt::format("has ended ({})", cell(sa, "by"))
                             : std::string("is being deleted");
  };
  if (reply.contains("child")) return fmt::format("child {} {}\n", cell(reply, "child"), how(reply));
  std::string text;
  for (const Json& sa : list(reply, "ike_sas"))
    text += fmt::format("IKE SA {} {}\n", cell(sa, "ike_sa"), how(sa));
  return text.empty() ? "nothing to do: there is no such IKE SA\n" : text;
}

std::string made_text(const Json& reply, const char* what, const char* name) {
  if (!reply.contains(name)) return "begun\n";
  return fmt::format("{} {} is there\n", what, cell(reply, name));
}

}  // namespace

std::string human_reply(const Json& reply) {
  const std::string request = cell(reply, "request");
  if (request == "status") {
    const Json& status = member(reply, "status");
    return fmt::format("{}\n\n{}{}{}", cell(status, "name"), ike_sas_text(status), children_text(status),
                       clusters_text(status));
  }
  if (request == "counters") return counters_text(reply);
  if (request == "metrics" && member(reply, "text").is_string()) return reply["text"].get<std::string>();
  if (request == "initiate") return begun_text(reply);
  if (request == "terminate") return ended_text(reply);
  if (request == "create_child" || request == "rekey_child") return made_text(reply, "child", "child");
  if (request == "rekey_ike") return made_text(reply, "IKE SA", "ike_sa");
  if (request == "version")
    return fmt::format("{} runs mpsec {}\n", cell(reply, "name"), cell(reply, "version"));
  if (request == "reload") return "the settings were read anew\n";
  if (request == "stop") return "stopping\n";
  return shown(reply) + "\n";
}

std::string human_event(const Json& event) {
  const Json& running = member(event, "time_ns");
  std::string text;
  if (event.contains("time"))
    text = cell(event, "time");
  else if (running.is_number_integer())
    text = fmt::format("{:.6f}", static_cast<double>(running.get<std::int64_t>()) * 1e-9);
  for (const auto& [name, value] : event.items()) {
    if (name == "event")
      text += fmt::format(" {}", shown(value));
    else if (name == "error")
      text += fmt::format(" error: {}", human_error(event));
    else if (name != "host" && name != "time" && name != "time_ns")
      text += fmt::format(" {}={}", name, shown(value));
  }
  return text + "\n";
}

std::string human_error(const Json& reply) {
  const Json& error = member(reply, "error");
  std::string text = cell(error, "path");
  if (const Json& offset = member(error, "offset"); offset.is_number())
    text += fmt::format(" @ {}", shown(offset));
  text += fmt::format(": {}", cell(error, "why"));
  if (error.contains("clause")) text += fmt::format(" ({})", cell(error, "clause"));
  return text;
}

}  // namespace mpsec::gateway::ctl
