// The requests by name: what each reads, asks of the core, and answers.
#include <algorithm>
#include <fmt/format.h>

#include "gateway/control/prometheus.hpp"
#include "gateway/control/request_call.hpp"
#include "gateway/control/sa_names.hpp"
#include "gateway/control/status_json.hpp"
#include "gateway/control/waits.hpp"

namespace mpsec::gateway {
namespace {

Error unwanted(std::string why) {
  return {Blame::malformed, "request", std::nullopt, std::move(why), ""};
}

Json numbers(const std::vector<ike::IkeSaId>& sas) {
  Json all = Json::array();
  for (const ike::IkeSaId sa : sas)
    all.push_back({{"ike_sa", sa.value}});
  return {{"ike_sas", std::move(all)}};
}

// `ike_sa`, by its number, or `peer`, which has one.
Result<NumberOrName> ike_sa_named(Members& members) {
  const auto number = members.number("ike_sa");
  const auto peer = members.text("peer");
  if (auto read = members.done(); !read) return std::unexpected(std::move(read).error());
  if (number && !peer) return *number;
  if (peer && !number) return *peer;
  return std::unexpected(
      unwanted("expected one of 'ike_sa', a number as the status has it, and 'peer', a name"));
}

const ike::PeerConfiguration& configuration_of(const Core& core, std::string_view peer) {
  return *std::ranges::find(core.settings().ike.peers, peer, &ike::PeerConfiguration::name);
}

}  // namespace

Requests::Answer Requests::initiate(Call& call) {
  call.members.require("peer");
  const auto peer = call.members.text("peer");
  const auto path = call.members.text("path");
  if (auto read = call.members.done(); !read) return std::unexpected(std::move(read).error());
  Core& core = host_.core();
  if (auto known = known_peer(core, *peer); !known) return std::unexpected(std::move(known).error());
  if (path) {
    std::vector<std::string> names;
    for (const PathSettings& one : core.settings().peers.at(*peer).paths)
      names.push_back(one.name);
    if (std::ranges::find(names, *path) == names.end())
      return std::unexpected(unknown_name("request/path", fmt::format("path of '{}'", *peer), *path, names));
  }
  const auto begun = core.initiate(*peer, path.value_or(""), host_.now(), host_.output());
  if (!begun) return std::unexpected(begun.error());
  if (begun->empty()) return numbers(*begun);
  return wait_or(call, wait_for_initiation(*begun, configuration_of(core, *peer)), numbers(*begun));
}

Requests::Answer Requests::create_child(Call& call) {
  call.members.require("child");
  const auto child = call.members.text("child");
  auto named = ike_sa_named(call.members);
  if (!named) return std::unexpected(std::move(named).error());
  Core& core = host_.core();
  const auto sa = find_ike_sa(core, *named);
  if (!sa) return std::unexpected(sa.error());
  if (auto made = core.create_child(*sa, *child, host_.now(), host_.output()); !made)
    return std::unexpected(std::move(made).error());
  return wait_or(call, wait_for_child(*sa, *child), Json::object());
}

Requests::Answer Requests::rekey_ike(Call& call) {
  auto named = ike_sa_named(call.members);
  if (!named) return std::unexpected(std::move(named).error());
  Core& core = host_.core();
  const auto sa = find_ike_sa(core, *named);
  if (!sa) return std::unexpected(sa.error());
  if (auto begun = core.rekey_ike(*sa, host_.now(), host_.output()); !begun)
    return std::unexpected(std::move(begun).error());
  return wait_or(call, wait_for_ike_rekey(*sa), Json::object());
}

Requests::Answer Requests::rekey_child(Call& call) {
  call.members.require("child");
  const auto named = call.members.number_or_text("child");
  const auto peer = call.members.text("peer");
  if (auto read = call.members.done(); !read) return std::unexpected(std::move(read).error());
  Core& core = host_.core();
  const auto child = find_child(core, *named, peer);
  if (!child) return std::unexpected(child.error());
  if (auto begun = core.rekey_child(*child, host_.now(), host_.output()); !begun)
    return std::unexpected(std::move(begun).error());
  return wait_or(call, wait_for_child_rekey(*child), Json::object());
}

Requests::Answer Requests::terminate(Call& call) {
  const auto all = call.members.flag("all", false);
  const auto sa = call.members.number("ike_sa");
  const auto named = call.members.number_or_text("child");
  const auto peer = call.members.text("peer");
  if (auto read = call.members.done(); !read) return std::unexpected(std::move(read).error());
  Core& core = host_.core();
  if (all && !sa && !named && !peer) return terminate_all_of(call, all_ike_sas(core));
  if (sa && !all && !named && !peer) return terminate_all_of(call, {ike::IkeSaId{*sa}});
  if (peer && !all && !sa && !named) {
    if (auto known = known_peer(core, *peer); !known) return std::unexpected(std::move(known).error());
    return terminate_all_of(call, ike_sas_of(core, *peer));
  }
  if (!named || all || sa) {
    return std::unexpected(
        unwanted("expected one of 'ike_sa', a number; 'peer', a name; 'child', a number, or a name with or "
                 "without its 'peer'; and 'all', true"));
  }
  const auto child = find_child(core, *named, peer);
  if (!child) return std::unexpected(child.error());
  if (auto begun = core.terminate_child(*child, host_.now(), host_.output()); !begun)
    return std::unexpected(std::move(begun).error());
  return wait_or(call, wait_for_child_end(*child), {{"child", child->value}});
}

Requests::Answer Requests::terminate_all_of(Call& call, const std::vector<ike::IkeSaId>& sas) {
  for (const ike::IkeSaId sa : sas)
    if (auto begun = host_.core().terminate_ike(sa, host_.now(), host_.output()); !begun)
      return std::unexpected(std::move(begun).error());
  if (sas.empty()) return numbers(sas);
  return wait_or(call, wait_for_ike_end(sas), numbers(sas));
}

Requests::Answer Requests::status(Call& call) {
  if (auto read = call.members.done(); !read) return std::unexpected(std::move(read).error());
  return Json{{"status", to_json(host_.core().status())}};
}

Requests::Answer Requests::counters(Call& call) {
  if (auto read = call.members.done(); !read) return std::unexpected(std::move(read).error());
  return Json{{"counters", to_json(host_.core().counters())}, {"io", host_.io_counters()}};
}

Requests::Answer Requests::metrics(Call& call) {
  if (auto read = call.members.done(); !read) return std::unexpected(std::move(read).error());
  Core& core = host_.core();
  return Json{{"text", prometheus_text(core.status(), core.counters(), host_.io_counters())}};
}

Requests::Answer Requests::watch(Call& call) {
  if (auto read = call.members.done(); !read) return std::unexpected(std::move(read).error());
  if (std::ranges::find(watchers_, &call.client) == watchers_.end()) watchers_.push_back(&call.client);
  return Json::object();
}

Requests::Answer Requests::reload(Call& call) {
  if (auto read = call.members.done(); !read) return std::unexpected(std::move(read).error());
  if (auto reloaded = host_.reload(); !reloaded) return std::unexpected(std::move(reloaded).error());
  return Json::object();
}

// Answered first: the program may be gone before it could.
Requests::Answer Requests::stop(Call& call) {
  if (auto read = call.members.done(); !read) return std::unexpected(std::move(read).error());
  reply(call.client, call.head, Json::object());
  host_.stop();
  return std::nullopt;
}

Requests::Answer Requests::version(Call& call) {
  if (auto read = call.members.done(); !read) return std::unexpected(std::move(read).error());
  return Json{{"version", MPSEC_VERSION}, {"name", host_.core().settings().name}};
}

// Their names are kept for the handover of SAs.
Requests::Answer Requests::not_yet(Call& call) {
  return std::unexpected(
      Error{Blame::no_common_ground, "request/request", std::nullopt,
            fmt::format("'{}' is not available yet", call.head["request"].get<std::string>()), ""});
}

}  // namespace mpsec::gateway
