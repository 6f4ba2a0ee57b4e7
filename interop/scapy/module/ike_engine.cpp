// The IKEv2 engine: what researchers and tests drive in a time of their own.
#include <fmt/format.h>

#include "ike/engine.hpp"
#include "ike_configuration.hpp"
#include "ike_tools.hpp"
#include "provider.hpp"

namespace mpsec::python {
namespace {

using namespace ike;
using Address = std::pair<std::string, std::uint16_t>;

Endpoint endpoint_of(const Address& address) {
  return {value_or_raise(IpAddress::parse(address.first)), address.second};
}
Address address_of(const Endpoint& endpoint) {
  return {to_string(endpoint.address), endpoint.port};
}
Instant instant(std::int64_t now) {
  return Instant(Duration(now));
}

// Calls what was given; None: nothing.
class PythonTap final : public MessageTap {
 public:
  PythonTap(py::object outgoing, py::object incoming)
      : outgoing_(std::move(outgoing)), incoming_(std::move(incoming)) {}
  void outgoing(wire::ike::Message& message) override { show(outgoing_, message); }
  void incoming(wire::ike::Message& message) override { show(incoming_, message); }

 private:
  static void show(const py::object& to, wire::ike::Message& message) {
    if (!to.is_none()) to(py::cast(&message, py::return_value_policy::reference));
  }
  py::object outgoing_, incoming_;
};

// The keywords that make the SA in this module.
py::dict keywords_of(const ipsec::SaParameters& sa) {
  py::dict words;
  words["protocol"] = sa.protocol == ipsec::Protocol::ah ? "ah" : "esp";
  words["mode"] = sa.mode == ipsec::Mode::tunnel ? "tunnel" : "transport";
  words["spi"] = sa.spi.value;
  words["source"] = to_string(sa.source);
  words["destination"] = to_string(sa.destination);
  if (sa.udp) words["udp"] = py::make_tuple(sa.udp->source_port, sa.udp->destination_port);
  if (sa.protocol == ipsec::Protocol::esp)
    words["encryption"] = text_of((*crypto::find(sa.encryption))->name);
  words["encryption_key"] = bytes_of(sa.encryption_key.view());
  if (sa.integrity != crypto::IntegrityId::none)
    words["integrity"] = text_of((*crypto::find(sa.integrity))->name);
  words["integrity_key"] = bytes_of(sa.integrity_key.view());
  words["extended"] = sa.extended_sequence_numbers;
  return words;
}

// The keywords that found the cluster in this module, and who does.
py::object cluster_of(const std::optional<ClusterMembership>& membership, const ipsec::SaParameters& sa) {
  if (!membership) return py::none();
  py::dict parameters, cluster;
  parameters["mode"] = sa.mode == ipsec::Mode::tunnel ? "tunnel" : "transport";
  parameters["extended"] = sa.extended_sequence_numbers;
  parameters["anti_replay"] = membership->anti_replay;
  parameters["duplication"] = membership->duplication;
  parameters["replay_window"] = membership->own_window;
  parameters["peer_window"] = membership->peer_window;
  cluster["id"] = membership->id.value;
  cluster["founds"] = membership->founds;
  cluster["parameters"] = parameters;
  return cluster;
}

py::dict change_of(const SadChange& change) {
  py::dict dict;
  const auto say = [&](const char* what, ChildId child) {
    dict["change"] = what;
    dict["child"] = child.value;
  };
  if (const auto* in = std::get_if<InstallInbound>(&change)) {
    say("install inbound", in->child);
    dict["sa"] = keywords_of(in->parameters);
    dict["cluster"] = cluster_of(in->cluster, in->parameters);
  } else if (const auto* out = std::get_if<InstallOutbound>(&change)) {
    say("install outbound", out->child);
    dict["sa"] = keywords_of(out->parameters);
    dict["cluster"] = cluster_of(out->cluster, out->parameters);
  } else if (const auto* half = std::get_if<RemoveOutbound>(&change)) {
    say("remove outbound", half->child);
  } else if (const auto* gone = std::get_if<RemoveChild>(&change)) {
    say("remove", gone->child);
  } else if (const auto* moved = std::get_if<MoveChild>(&change)) {
    say("move", moved->child);
    dict["local"] = address_of(moved->local);
    dict["remote"] = address_of(moved->remote);
  }
  return dict;
}

const char* kind_of(const Event& event) {
  static constexpr const char* kinds[] = {
      "state",           "authenticated", "rekeyed",      "child",    "failed",          "refused",
      "moved",           "nat",           "assigned",     "reported", "cluster_founded", "cluster_joined",
      "cluster_refused", "cluster_left",  "cluster_ended"};
  static_assert(std::size(kinds) == std::variant_size_v<Event>);
  return kinds[event.index()];
}

py::dict dict_of(Actions& actions) {
  py::list datagrams, sad, events;
  for (const Datagram& sent : actions.datagrams)
    datagrams.append(py::make_tuple(address_of(sent.local), address_of(sent.remote), bytes_of(sent.octets)));
  for (const SadChange& change : actions.sad)
    sad.append(change_of(change));
  for (const Event& event : actions.events)
    events.append(py::make_tuple(kind_of(event), to_string(event)));
  py::dict all;
  all["datagrams"] = datagrams, all["sad"] = sad, all["events"] = events;
  return all;
}

py::dict dict_of(const IkeStatus& status) {
  py::list children;
  for (const ChildStatus& child : status.children) {
    py::dict one;
    one["id"] = child.id.value;
    one["name"] = child.name;
    one["state"] = text_of(to_string(child.state));
    one["inbound"] = child.inbound.value;
    one["outbound"] = child.outbound.value;
    one["cluster"] = child.cluster ? py::object(py::int_(child.cluster->value)) : py::none();
    children.append(one);
  }
  py::dict dict;
  dict["id"] = status.id.value;
  dict["peer"] = status.peer;
  dict["role"] = text_of(to_string(status.role));
  dict["state"] = text_of(to_string(status.state));
  dict["initiator_spi"] = status.spis.initiator.value;
  dict["responder_spi"] = status.spis.responder.value;
  dict["suite"] = status.suite;
  dict["children"] = children;
  return dict;
}

// An engine with all that stands behind its seams.
class PythonEngine {
 public:
  PythonEngine(const py::list& peers, std::uint64_t seed, std::size_t cookies_from, unsigned tries,
               double first_wait, py::object outgoing, py::object incoming, const std::string& provider)
      : tap_(std::move(outgoing), std::move(incoming)),
        rng_(seed),
        back_off_({.first = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(first_wait)),
                   .tries = tries,
                   .jitter = 0}) {
    EnginePeers made = engine_peers(peers);
    ipsec::Pad pad;
    for (std::size_t i = 0; i < made.keys.size(); ++i)
      value_or_raise(pad.append(entry_for(i + 1, made.keys[i].first, made.keys[i].second)));
    pad_ = pad.snapshot();
    cookies_ = value_or_raise(StatelessCookieJar::make(
        {.demand_from = cookies_from, .relax_below = cookies_from}, ike_provider(), rng_, {}));
    const Seams seams{rng_,           provider_named(provider),
                      ike_provider(), *pad_,
                      checker_,       *cookies_,
                      pools_,         back_off_,
                      narrowing_,     collisions_,
                      &tap_};
    engine_ = value_or_raise(Engine::make(std::move(made.configuration), seams));
  }

  py::dict initiate(const std::string& peer, const Address& local, const Address& remote, std::int64_t now) {
    return act([&](Actions& actions) {
      value_or_raise(
          engine_->initiate(peer, {endpoint_of(local), endpoint_of(remote)}, instant(now), actions));
    });
  }
  py::dict receive(const Address& local, const Address& remote, const py::bytes& octets, std::int64_t now) {
    const OctetView view = view_of(octets);
    const Datagram datagram{endpoint_of(local), endpoint_of(remote), Octets(view.begin(), view.end())};
    return act([&](Actions& actions) { engine_->receive(datagram, instant(now), actions); });
  }
  py::dict on_time(std::int64_t now) {
    return act([&](Actions& actions) { engine_->on_time(instant(now), actions); });
  }
  std::optional<std::int64_t> next_deadline() const {
    const auto deadline = engine_->next_deadline();
    return deadline ? std::optional(deadline->time_since_epoch().count()) : std::nullopt;
  }
  template <auto Command, class Id>
  py::dict command(std::uint64_t id, std::int64_t now) {
    return act([&](Actions& actions) { value_or_raise((*engine_.*Command)(Id{id}, instant(now), actions)); });
  }
  py::dict create_child(std::uint64_t id, const std::string& child, std::int64_t now) {
    return act([&](Actions& actions) {
      value_or_raise(engine_->create_child(IkeSaId{id}, child, instant(now), actions));
    });
  }
  py::list status() const {
    py::list all;
    for (const IkeStatus& one : engine_->status())
      all.append(dict_of(one));
    return all;
  }
  std::size_t half_open() const { return engine_->half_open(); }

 private:
  static ipsec::PadEntry entry_for(std::size_t number, const ipsec::Identity& peer, const Octets& key) {
    ipsec::PadEntry entry;
    entry.id = ipsec::PadEntryId{static_cast<std::uint32_t>(number)};
    entry.identities = {value_or_raise(ipsec::IdentityPattern::exactly(peer))};
    entry.authentication.emplace_back(ipsec::PreSharedKey{SecretOctets(OctetView(key))});
    entry.children = ipsec::ChildrenByAddress{{value_or_raise(ipsec::AddressRange::parse("0.0.0.0/0")),
                                               value_or_raise(ipsec::AddressRange::parse("::/0"))}};
    return entry;
  }
  template <class Act>
  static py::dict act(Act what) {
    Actions actions;
    what(actions);
    return dict_of(actions);
  }

  PythonTap tap_;
  SeededRng rng_;
  ExponentialBackOff back_off_;
  std::shared_ptr<const ipsec::PadSnapshot> pad_;
  std::unique_ptr<StatelessCookieJar> cookies_;
  PreSharedKeyChecker checker_;
  StandardNarrowing narrowing_;
  StandardCollisionPolicy collisions_;
  AddressPools pools_;
  std::unique_ptr<Engine> engine_;
};

void bind_commands(py::class_<PythonEngine>& engine) {
  const auto id = py::arg("id");
  const auto now = py::arg("now") = 0;
  engine.def("rekey_ike", &PythonEngine::command<&Engine::rekey_ike, IkeSaId>, id, now)
      .def("close", &PythonEngine::command<&Engine::close, IkeSaId>, id, now)
      .def("check_liveness", &PythonEngine::command<&Engine::check_liveness, IkeSaId>, id, now)
      .def("rekey_child", &PythonEngine::command<&Engine::rekey_child, ChildId>, id, now)
      .def("delete_child", &PythonEngine::command<&Engine::delete_child, ChildId>, id, now)
      .def("create_child", &PythonEngine::create_child, id, py::arg("child"), now);
}

}  // namespace

void bind_ike_engine(py::module_& module) {
  py::class_<PythonEngine> engine(module, "IkeEngine", engine_keywords);
  engine
      .def(py::init<const py::list&, std::uint64_t, std::size_t, unsigned, double, py::object, py::object,
                    const std::string&>(),
           py::arg("peers"), py::arg("seed") = 0, py::arg("cookies_from") = 100, py::arg("tries") = 5,
           py::arg("first_wait") = 1.0, py::arg("outgoing") = py::none(), py::arg("incoming") = py::none(),
           py::arg("provider") = "best")
      .def("initiate", &PythonEngine::initiate, py::arg("peer"), py::arg("local"), py::arg("remote"),
           py::arg("now") = 0,
           "Starts IKE_SA_INIT. As every command: {datagrams: [(local, remote, octets)], sad: [...], events: "
           "[(kind, text)]}.")
      .def("receive", &PythonEngine::receive, py::arg("local"), py::arg("remote"), py::arg("octets"),
           py::arg("now") = 0, "A UDP payload that arrived at `local` from `remote`.")
      .def("on_time", &PythonEngine::on_time, py::arg("now"), "What is due: to be called at next_deadline.")
      .def_property_readonly("next_deadline", &PythonEngine::next_deadline, "nanoseconds, or None")
      .def_property_readonly("status", &PythonEngine::status, "a dict for each IKE SA")
      .def_property_readonly("half_open", &PythonEngine::half_open);
  bind_commands(engine);
}

}  // namespace mpsec::python
