// ESP and AH SAs with the seams' standard parts, a packet a call.
#include "bind.hpp"
#include "ipsec/ah_authenticator.hpp"
#include "ipsec/arrival.hpp"
#include "ipsec/inbound_sa.hpp"
#include "ipsec/outbound_sa.hpp"
#include "sa_parameters.hpp"

namespace mpsec::python {
namespace {

using namespace ipsec;

class Sender {
 public:
  explicit Sender(py::kwargs given)
      : rng_(taken<std::uint64_t>(given, "seed", 0)), provider_(taken_provider(given)) {
    sa_ = value_or_raise(OutboundSa::make(outbound_parameters(std::move(given)), provider_));
  }

  // (cause, protected packet, number): "none" where it was protected, else why it stayed clear.
  py::tuple send(const py::bytes& clear, std::int64_t now) {
    HeldPacket held(view_of(clear), default_headroom, room_behind());
    Outgoing outgoing{.packet = held.buffer()};
    sa_->protect({&outgoing, 1}, Instant(Duration(now)), {rng_, lifetime_, ah_});
    return result(outgoing);
  }
  py::tuple send_dummy(std::uint32_t payload, std::int64_t now) {
    HeldPacket held({}, default_headroom, payload + default_tailroom);
    Outgoing outgoing{.packet = held.buffer()};
    sa_->protect_dummy(outgoing, payload, Instant(Duration(now)), {rng_, lifetime_, ah_});
    return result(outgoing);
  }
  py::bytes protect(const py::bytes& clear, std::int64_t now) {
    const py::tuple sent = send(clear, now);
    const auto cause = sent[0].cast<std::string>();
    if (cause == "none") return sent[1];
    raise({.blame = Blame::local_fault, .path = "protect", .offset = {}, .why = cause, .clause = {}});
  }
  std::uint32_t largest_packet() const { return sa_->largest_packet(); }

 private:
  std::size_t room_behind() const { return default_tailroom + sa_->parameters().tfc_multiple; }
  static py::tuple result(const Outgoing& outgoing) {
    const bool sent = outgoing.discard == Discard::none;
    return py::make_tuple(text_of(to_string(outgoing.discard)),
                          sent ? bytes_of(outgoing.packet.view()) : py::bytes(), outgoing.number);
  }

  SeededRng rng_;
  const crypto::Provider& provider_;
  StandardLifetimePolicy lifetime_;
  AhAuthenticator ah_;
  std::unique_ptr<OutboundSa> sa_;
};

class Receiver {
 public:
  explicit Receiver(py::kwargs given) : provider_(taken_provider(given)) {
    sa_ = value_or_raise(InboundSa::make(inbound_parameters(std::move(given)), provider_));
  }

  // (cause, clear packet, number): "none" where it was accepted.
  py::tuple receive(const py::bytes& datagram, std::int64_t now) {
    HeldPacket held(view_of(datagram));
    SealedPacket sealed;
    const Arrival arrival = look_at(held.buffer(), sealed);
    if (arrival.kind != Arrival::Kind::sealed) return refused(arrival.kind, arrival.discard);
    if (arrival.spi != sa_->parameters().spi) return refused(arrival.kind, Discard::unknown_spi);
    InboundSa::Accepted accepted;
    Discard discard{};
    sa_->receive({&sealed, 1}, Instant(Duration(now)), {lifetime_, policy_, ah_}, accepted, {&discard, 1});
    if (accepted.empty()) return refused(arrival.kind, discard);
    return py::make_tuple(text_of(to_string(discard)), bytes_of(accepted[0].packet().view()),
                          accepted[0].number());
  }
  std::uint64_t top() { return sa_->window().top(); }
  void resynchronise(std::uint64_t number) { sa_->window().resynchronise(number); }

 private:
  // What is no ESP or AH has no cause of its own to be discarded here: then the kind stands for it.
  static py::tuple refused(Arrival::Kind kind, Discard discard) {
    if (kind == Arrival::Kind::ike) return py::make_tuple("ike", py::bytes(), 0);
    if (kind == Arrival::Kind::clear) return py::make_tuple("clear", py::bytes(), 0);
    if (kind == Arrival::Kind::fragment) return py::make_tuple("fragment", py::bytes(), 0);
    return py::make_tuple(text_of(to_string(discard)), py::bytes(), 0);
  }

  const crypto::Provider& provider_;
  StandardLifetimePolicy lifetime_;
  StandardInboundPolicy policy_;
  AhAuthenticator ah_;
  std::unique_ptr<InboundSa> sa_;
};

}  // namespace

void bind_sa(py::module_& module) {
  py::class_<Sender>(module, "OutboundSa", sa_keywords)
      .def(py::init<py::kwargs>())
      .def("protect", &Sender::protect, py::arg("clear"), py::arg("now") = 0,
           "The protected packet; raises mpsec.Error naming the cause where it cannot be.")
      .def("send", &Sender::send, py::arg("clear"), py::arg("now") = 0, "(cause, protected packet, number)")
      .def("send_dummy", &Sender::send_dummy, py::arg("payload"), py::arg("now") = 0,
           "(cause, protected packet, number) of a packet that carries nothing (RFC 4303 2.6)")
      .def_property_readonly("largest_packet", &Sender::largest_packet);
  py::class_<Receiver>(module, "InboundSa", sa_keywords)
      .def(py::init<py::kwargs>())
      .def("receive", &Receiver::receive, py::arg("datagram"), py::arg("now") = 0,
           "(cause, clear packet, number); the cause is \"none\" where the packet was accepted")
      .def("resynchronise", &Receiver::resynchronise, py::arg("number"),
           "Moves the window: everything up to this full number counts as seen.")
      .def_property_readonly("top", &Receiver::top);
}

}  // namespace mpsec::python
