// What defects are made of: ways to bend what passes a seam.
#pragma once

#include <functional>
#include <memory>

#include "interop/defects/defect.hpp"
#include "interop/suite/case.hpp"
#include "ipsec/anti_replay.hpp"
#include "ipsec/packet_tap.hpp"
#include "wire/ike/complete.hpp"
#include "wire/ike/message.hpp"
#include "wire/ike/notify_data.hpp"
#include "wire/ike/sa_cluster.hpp"

namespace mpsec::conformance {

using wire::ike::ExchangeType;
using wire::ike::Message;
using wire::ike::NotifyType;
using wire::ike::Payload;
using wire::ike::Payloads;

// Every IKE message as the engine makes it, before it is protected; or as it was let in. Whoever adds or
// takes away payloads calls wire::ike::complete(message).
Bent outgoing(std::function<void(Message&)> bend);
Bent incoming(std::function<void(Message&)> bend);
Bent outgoing_and_incoming(std::function<void(Message&)> out, std::function<void(Message&)> in);

// Both of them, with what they know of each other.
Bent incoming_and_outgoing(std::function<void(Message&)> in, std::function<void(Message&)> out);
// Requests that are let in and that `unusual` says so of are refused, as if they had an unknown critical
// payload; IKE_AUTH then gives no IKE SA.
using Judge = std::function<bool(const Message&)>;
Bent refusing(Judge unusual);
// IKE_SA_INIT requests that are `wrong` are taken for the last one that was not.
Bent taking_for_the_last(Judge wrong);

bool is_request(const Message& message, ExchangeType exchange);
bool is_response(const Message& message, ExchangeType exchange);
// Those of `outgoing` that are requests of this exchange; completed behind `bend`.
Bent in_requests(ExchangeType exchange, std::function<void(Message&)> bend);
// A founding SA_CLUSTER_JOIN, or one that joins.
bool founds_or_joins(const Message& message, bool founds);

// The first, with the seam of messages of the second.
Bent with_tap(Bent bent, const Bent& tap);

// IKE messages at the socket, opened with the keys of their SA, also those that the engine would not let in;
// each may become none or several, and is sealed again with lengths made right. What cannot be opened passes
// as it is.
using BendMessage = std::function<std::vector<Message>(Message)>;
Bent at_socket(BendMessage in, BendMessage out);
// Requests that get their answer here, and never reach the engine; nothing: they do. They are opened where
// their keys are known and they are authentic, and else as they are on the wire. The answer is sealed where
// the keys are known.
Bent answering(std::function<std::optional<Message>(const Message&)> answer);
// A response to that request.
Message response_to(const Message& request, Payloads payloads = {});
// The datagrams themselves, without keys: dropped, doubled, changed octets.
Bent datagrams(std::function<std::vector<Datagram>(Datagram)> in,
               std::function<std::vector<Datagram>(Datagram)> out);

// A window that judges otherwise. `accept` gets what the standard one would say of a number, after the ICV,
// and `check` what it hints before; both may be empty.
struct WindowBend {
  std::function<ipsec::ReplayVerdict(std::uint64_t number, ipsec::ReplayVerdict standard, std::uint64_t top)>
      accept{};
  std::function<ipsec::AntiReplay::Hint(std::uint32_t on_wire, ipsec::AntiReplay::Hint standard,
                                        std::uint64_t top)>
      check{};
};
Bent window(WindowBend bend);
// The reference with that seam.
Bent with(decltype(gateway::Replacements::window) window);
// The standard window of another size.
Bent window_of(std::uint32_t size);
// Numbers of what is sent: from the standard one to the one that is used.
Bent numbers(std::function<std::uint64_t(std::uint64_t)> bend);

// ESP text of what is sent, before it is sealed; or of what was opened, before it is judged.
Bent sealing(std::function<void(ipsec::PacketBuffer& packet, MutableOctets text)> bend);
Bent opening(std::function<void(ipsec::PacketBuffer& packet, MutableOctets text)> bend);
// ESP packets at the socket.
Bent esp_arriving(std::function<std::vector<EspPacket>(EspPacket)> bend);
Bent esp_leaving(std::function<std::vector<EspPacket>(EspPacket)> bend);
// Takes this datagram of IKE, given in hexadecimal, and answers nothing any more.
Bent dies_of(std::string_view datagram);
// The reference with other settings.
Bent settings(std::function<void(gateway::Settings&)> change);

// The first Notify of a type, to be changed; null: there is none.
wire::ike::Notify* notify_in(Message& message, NotifyType type);
// Changes the data of a Notify that has them in their form; true: there was one.
template <class Data>
bool change(Message& message, NotifyType type, const std::function<void(Data&)>& how) {
  wire::ike::Notify* const notify = notify_in(message, type);
  if (notify == nullptr) return false;
  auto data = wire::ike::data_of<Data>(*notify);
  if (!data) return false;
  how(*data);
  notify->data = wire::encode(*data);
  return true;
}
bool change_join(Message& message, const std::function<void(wire::ike::SaClusterJoin&)>& how);
bool change_refusal(Message& message, const std::function<void(wire::ike::SaClusterRefused&)>& how);
// Puts a payload behind the others, lengths made right.
void add(Message& message, Payload payload);
// Takes the notifies of a type away.
void remove_notify(Message& message, NotifyType type);
template <class Body>
void remove_payloads(Message& message) {
  std::erase_if(message.payloads, [](const Payload& one) { return std::holds_alternative<Body>(one.body); });
}

}  // namespace mpsec::conformance
