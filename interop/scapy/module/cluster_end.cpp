// One end of an SA cluster: packets and the time go in; datagrams, deliveries in order and events come out.
#include "cluster/cluster_end.hpp"

#include "cluster_events.hpp"
#include "cluster_keywords.hpp"
#include "ipsec/arrival.hpp"
#include "sa_parameters.hpp"

namespace mpsec::python {
namespace {

using namespace cluster;

ipsec::Spd protect_all(const ClusterParameters& cluster) {
  ipsec::Policy policy;
  policy.id = ipsec::PolicyId{1};
  policy.action = ipsec::Action::protect;
  policy.name = "by the cluster";
  policy.selectors = {ipsec::Selector{}};
  policy.protect = ipsec::ProtectSpec{};
  policy.protect->mode = cluster.mode;
  // Of the policy alone: every sub-SA has addresses of its own.
  if (cluster.mode == ipsec::Mode::tunnel)
    policy.protect->endpoints = ipsec::TunnelEndpoints{IpAddress::v4(0xc0000201), IpAddress::v4(0xc0000202)};
  policy.protect->by = cluster.id;
  ipsec::Spd spd;
  value_or_raise(spd.append(policy));
  return spd;
}

// The SPI, or None where the datagram is a later fragment, which has none.
py::object spi_of(const Octets& datagram) {
  ipsec::HeldPacket held(datagram);
  ipsec::SealedPacket sealed;
  const ipsec::Arrival arrival = ipsec::look_at(held.buffer(), sealed);
  if (arrival.kind != ipsec::Arrival::Kind::sealed) return py::none();
  return py::int_(arrival.spi.value);
}

class End {
 public:
  explicit End(py::kwargs given) : End(taken<std::uint64_t>(given, "seed", 0), given) {}
  End(std::uint64_t seed, py::kwargs given)
      : rng_(seed),
        choices_(seed),
        data_path_({}, {rng_, lifetime_, policy_}),
        clusters_(data_path_, taken_provider(given)) {
    ClusterParameters parameters = cluster_parameters(given);
    ClusterEnd::Policy policy = cluster_policy(given, choices_);
    refuse_rest(given);
    id_ = parameters.id;
    value_or_raise(ClusterParameters::check(parameters));
    ipsec::Spd spd = protect_all(parameters);
    data_path_.use(spd);
    value_or_raise(clusters_.found(std::move(parameters), std::move(policy)));
  }

  // --- sub-SAs
  std::uint32_t new_sub_sa(std::optional<std::uint32_t> replaces) {
    return cluster().new_sub_sa(replaces ? std::optional(SubSaId{*replaces}) : std::nullopt).value;
  }
  void join_inbound(std::uint32_t sub_sa, std::int64_t now, py::kwargs sa) {
    as_the_others(sa);
    sa.attr("setdefault")("replay_window", cluster().parameters().replay_window);
    value_or_raise(clusters_.join(id_, SubSaId{sub_sa}, inbound_parameters(std::move(sa)), instant(now)));
  }
  void join_outbound(std::uint32_t sub_sa, std::int64_t now, std::uint32_t weight, py::kwargs sa) {
    as_the_others(sa);
    auto parameters = outbound_parameters(std::move(sa));
    const std::size_t multiple = parameters.tfc_multiple;
    value_or_raise(clusters_.join(id_, SubSaId{sub_sa}, std::move(parameters), instant(now), weight));
    tailroom_ = std::max(tailroom_, ipsec::default_tailroom + multiple);
  }
  bool leave(std::uint32_t sub_sa) { return clusters_.leave(id_, SubSaId{sub_sa}); }
  bool leave_outbound(std::uint32_t sub_sa) { return clusters_.leave_outbound(id_, SubSaId{sub_sa}); }

  // --- paths
  py::list on_answer(std::uint32_t sub_sa, std::int64_t now, std::optional<std::int64_t> round_trip) {
    ClusterEnd::Actions actions;
    clusters_.on_answer(id_, SubSaId{sub_sa}, instant(now),
                        round_trip ? std::optional(Duration(*round_trip)) : std::nullopt, actions);
    return events_of(actions);
  }
  py::list on_unanswered(std::uint32_t sub_sa) {
    ClusterEnd::Actions actions;
    clusters_.on_unanswered(id_, SubSaId{sub_sa}, actions);
    return events_of(actions);
  }
  py::list on_give_up(std::uint32_t sub_sa) {
    ClusterEnd::Actions actions;
    clusters_.on_give_up(id_, SubSaId{sub_sa}, actions);
    return events_of(actions);
  }

  // --- packets
  py::dict send(const py::bytes& clear, std::int64_t now) {
    ClusterEnd::Actions actions;
    ipsec::HeldPacket held(view_of(clear), ipsec::default_headroom, tailroom_);
    ipsec::Outgoing outgoing{.packet = held.buffer()};
    ipsec::Fate fate{};
    clusters_.send({&outgoing, 1}, instant(now), {&fate, 1}, actions);
    py::dict sent = dict_of(actions);
    py::list datagrams;
    if (fate == ipsec::Fate::protected_) {
      const OctetView view = outgoing.packet.view();
      add(datagrams, Octets(view.begin(), view.end()));
    }
    for (const ipsec::Emission& emission : actions.packets.emissions)
      if (emission.side == ipsec::Emission::Side::unprotected) add(datagrams, emission.packet.octets());
    // The whole did not fit, and its fragments went instead, each with a number of its own.
    const bool replaced = fate == ipsec::Fate::replaced;
    sent["cause"] = text_of(to_string(replaced ? ipsec::Discard::none : outgoing.discard));
    sent["number"] = outgoing.number;
    sent["datagrams"] = datagrams;
    return sent;
  }
  // One at a time, so that the counters say what became of it.
  py::dict receive(const py::bytes& datagram, std::int64_t now) {
    ClusterEnd::Actions actions;
    const ipsec::DiscardCounters before = data_path_.discards();
    ipsec::HeldPacket held(view_of(datagram));
    clusters_.receive({&held.buffer(), 1}, instant(now), actions);
    py::dict received = dict_of(actions);
    received["cause"] = text_of(to_string(cause_since(before)));
    return received;
  }

  // --- time
  py::dict on_time(std::int64_t now) {
    ClusterEnd::Actions actions;
    clusters_.on_time(instant(now), actions);
    return dict_of(actions);
  }
  std::optional<std::int64_t> next_deadline() const {
    const auto deadline = clusters_.next_deadline();
    return deadline ? std::optional(deadline->time_since_epoch().count()) : std::nullopt;
  }

  // Everything up to this full number counts as seen.
  void resynchronise(std::uint64_t number) {
    if (const auto& window = cluster().core()->window()) window->resynchronise(number);
  }

  // --- what is there
  py::dict status() const {
    const SaCluster& cluster = this->cluster();
    const RepeatedNumbers repeated = cluster.repeated();
    const auto* waiting = clusters_.reordering(id_);
    py::dict status;
    status["state"] = text_of(to_string(cluster.state()));
    status["sub_sas"] = cluster.sub_sas();
    status["valid_sub_sas"] = cluster.valid_sub_sas();
    status["largest_packet"] = cluster.largest_packet();
    status["last_used"] = cluster.core()->sequence().last_used();
    status["left"] = cluster.core()->sequence().left();
    status["top"] = cluster.core()->window() ? cluster.core()->window()->top() : 0;
    status["waiting"] = waiting != nullptr ? waiting->packets() : 0;
    status["redundant"] = repeated.redundant;
    status["not_shared"] = repeated.not_shared;
    if (const auto* window = cluster.core()->reporting_window())
      status["window"] = window_report(window->report());
    return status;
  }
  py::dict discards() const {
    py::dict all;
    for (std::size_t i = 0; i < ipsec::discard_causes; ++i)
      if (const auto count = data_path_.discards().by_cause[i])
        all[text_of(to_string(static_cast<ipsec::Discard>(i)))] = count;
    return all;
  }

 private:
  SaCluster& cluster() const { return *clusters_.find(id_); }
  // What is equal over the cluster need not be said again for each sub-SA.
  void as_the_others(py::kwargs& sa) const {
    const ClusterParameters& parameters = cluster().parameters();
    sa.attr("setdefault")("mode", parameters.mode == ipsec::Mode::tunnel ? "tunnel" : "transport");
    sa.attr("setdefault")("extended", parameters.extended_sequence_numbers);
    sa.attr("setdefault")("anti_replay", parameters.anti_replay);
  }
  static void add(py::list& datagrams, const Octets& datagram) {
    datagrams.append(py::make_tuple(spi_of(datagram), bytes_of(datagram)));
  }
  static py::dict dict_of(const ClusterEnd::Actions& actions) {
    py::list deliveries;
    for (const ipsec::Delivery& delivery : actions.packets.deliveries)
      deliveries.append(py::make_tuple(delivery.number, bytes_of(delivery.packet.view())));
    py::dict all;
    all["deliveries"] = deliveries, all["events"] = events_of(actions);
    return all;
  }
  ipsec::Discard cause_since(const ipsec::DiscardCounters& before) const {
    for (std::size_t i = 0; i < ipsec::discard_causes; ++i)
      if (data_path_.discards().by_cause[i] != before.by_cause[i]) return static_cast<ipsec::Discard>(i);
    return ipsec::Discard::none;
  }

  SeededRng rng_, choices_;  // of IVs, of schedulers
  ipsec::StandardLifetimePolicy lifetime_;
  ipsec::StandardInboundPolicy policy_;
  ipsec::DataPath data_path_;
  ClusterEnd clusters_;
  ipsec::ClusterId id_;
  std::size_t tailroom_ = ipsec::default_tailroom;
};

void bind_membership(py::class_<End>& end) {
  const auto sub_sa = py::arg("sub_sa");
  const auto now = py::arg("now") = 0;
  end.def("new_sub_sa", &End::new_sub_sa, py::arg("replaces") = py::none(),
          "A name for a sub-SA to come; one that replaces another shares its place until one of them goes.")
      .def("join_inbound", &End::join_inbound, sub_sa, now,
           "Keywords as InboundSa takes them; what is equal over the cluster may be left out.")
      .def("join_outbound", &End::join_outbound, sub_sa, now, py::arg("weight") = 1,
           "Keywords as OutboundSa takes them; what is equal over the cluster may be left out.")
      .def("leave", &End::leave, sub_sa)
      .def("leave_outbound", &End::leave_outbound, sub_sa)
      .def("on_answer", &End::on_answer, sub_sa, now, py::arg("round_trip") = py::none(),
           "The sub-SA's path has answered, within so many nanoseconds.")
      .def("on_unanswered", &End::on_unanswered, sub_sa)
      .def("on_give_up", &End::on_give_up, sub_sa);
}

}  // namespace

void bind_cluster_end(py::module_& module) {
  py::class_<End> end(module, "ClusterEnd", cluster_keywords);
  end.def(py::init<py::kwargs>())
      .def("send", &End::send, py::arg("clear"), py::arg("now") = 0,
           "{cause, number, datagrams: [(SPI, octets)], deliveries, events: [(kind, text)]}: a copy on a "
           "second path is a datagram more; the number is 0 where the packet was cut into fragments.")
      .def("receive", &End::receive, py::arg("datagram"), py::arg("now") = 0,
           "{cause, deliveries: [(number, clear packet)], events}: the cause is \"none\" where it was "
           "accepted, delivered or not.")
      .def("on_time", &End::on_time, py::arg("now"), "What is due: to be called at next_deadline.")
      .def("resynchronise", &End::resynchronise, py::arg("number"),
           "Moves the window: everything up to this full number counts as seen.")
      .def_property_readonly("next_deadline", &End::next_deadline, "nanoseconds, or None")
      .def_property_readonly("status", &End::status)
      .def_property_readonly("discards", &End::discards, "{cause: count}");
  bind_membership(end);
}

}  // namespace mpsec::python
