#include "ike/informational.hpp"

#include <array>
#include <set>

#include "ike/ike_sa.hpp"
#include "ike/protocols.hpp"

namespace mpsec::ike {

using namespace wire::ike;

namespace {

constexpr std::array both_protocols{ipsec::Protocol::esp, ipsec::Protocol::ah};

//= rfc7296/1.4.1/delete-names-the-senders-inbound-spi
void append_delete(Payloads& payloads, ipsec::Protocol protocol, const std::vector<Spi>& spis) {
  if (spis.empty()) return;
  Delete body;
  body.protocol = to_wire(protocol);
  body.spi_size = 4;
  body.spi_count = static_cast<std::uint16_t>(spis.size());
  for (const Spi spi : spis)
    append_be(body.spis, spi.value);
  payloads.push_back(make_payload(std::move(body)));
}

// Ends what one Delete payload names; the SPIs of ours that go with it.
std::vector<Spi> delete_children(IkeSa& sa, ipsec::Protocol protocol, const Delete& body, Turn& turn) {
  std::set<Spi> named;
  for (const OctetView octets : spis_of(body))
    if (const auto spi = child_spi(octets)) named.insert(*spi);
  std::vector<ChildSa*> children;  // one pass over them, however many SPIs are named
  for (const auto& [id, child] : sa.children())
    if (child->agreement.protocol == protocol && named.erase(child->agreement.outbound) != 0)
      children.push_back(child.get());
  for (const Spi unknown : named)
    sa.note_early_delete(protocol, unknown);
  std::vector<Spi> gone;
  for (ChildSa* child : children) {
    if (sa.host().seams().collisions.on_delete_child(child->state) == CollisionAnswer::proceed) {
      gone.push_back(child->agreement.inbound);
    } else {
      sa.children().stop_sending(*child, turn);
    }
    static_cast<void>(sa.children().become(*child, ChildEvent::delete_request, turn));
  }
  return gone;
}

//= rfc7296/2.21.4/notified-problem-changes-no-sa
void tell_reports(IkeSa& sa, const Payloads& request, Turn& turn) {
  for (const auto* notify : find_all<Notify>(request))
    if (notify->type == NotifyType::invalid_spi || notify->type == NotifyType::invalid_selectors ||
        notify->type == NotifyType::invalid_message_id)
      turn.tell(PeerReported{sa.id(), notify->type, notify->spi, notify->data});
}

void answer_configuration(IkeSa& sa, const Payloads& request, Payloads& reply, Turn& turn) {
  const auto* body = find<wire::ike::Configuration>(request);
  if (body == nullptr) return;
  auto answered = answer_later_configuration(*body, sa.peer().offer);
  if (!answered) {
    sa.report(answered.error().error, std::nullopt, turn);
    reply.push_back(make_payload(answered.error().to_notify()));
  } else if (*answered) {
    reply.push_back(make_payload(**std::move(answered)));
  }
}

}  // namespace

Payloads answer_informational(IkeSa& sa, const Payloads& request, Turn& turn) {
  Payloads reply;
  for (const auto* body : find_all<Delete>(request)) {
    if (body->protocol == ProtocolId::ike) {
      //= rfc7296/1.4.1/delete-of-the-ike-sa-is-answered-empty
      sa.on_deleted_by_peer(turn);
      return {};
    }
    if (const auto protocol = to_ipsec(body->protocol))
      append_delete(reply, *protocol, delete_children(sa, *protocol, *body, turn));
  }
  if (const Notify* window = find_notify(request, NotifyType::set_window_size)) sa.note_window(*window);
  answer_configuration(sa, request, reply, turn);
  tell_reports(sa, request, turn);
  //= rfc7296/2.21.2/authentication-failed-after-ike-auth
  if (find_notify(request, NotifyType::authentication_failed) != nullptr)
    sa.close_after_reply(IkeEvent::authentication_failed);
  if (find_notify(request, NotifyType::invalid_syntax) != nullptr ||
      find_notify(request, NotifyType::unsupported_critical_payload) != nullptr)
    sa.close_after_reply(IkeEvent::fatal_error);
  return reply;
}

std::optional<Payloads> DeleteChildren::request(IkeSa& sa, Turn& turn) {
  Payloads payloads;
  for (const ipsec::Protocol protocol : both_protocols) {
    std::vector<Spi> spis;
    for (const ChildId id : children_) {
      ChildSa* child = sa.children().find(id);
      if (child == nullptr || child->agreement.protocol != protocol) continue;
      if (!sa.children().become(*child, ChildEvent::start_delete, turn)) continue;
      // The peer closes its half before we hear of it: what we sent until then would be lost.
      sa.children().stop_sending(*child, turn);
      spis.push_back(child->agreement.inbound);
    }
    append_delete(payloads, protocol, spis);
  }
  if (payloads.empty()) return std::nullopt;
  return payloads;
}

// Gone, whether the peer's answer names its halves or not: it may have begun to delete them too.
void DeleteChildren::answered(IkeSa& sa, const Payloads&, Turn& turn) {
  for (const ChildId id : children_)
    if (ChildSa* child = sa.children().find(id); child != nullptr && child->state == ChildState::closing)
      static_cast<void>(sa.children().become(*child, ChildEvent::delete_reply, turn));
}

std::optional<Payloads> DeleteUnwanted::request(IkeSa&, Turn&) {
  Payloads payloads;
  append_delete(payloads, protocol_, {inbound_.spi()});
  return payloads;
}

std::optional<Payloads> Notification::request(IkeSa&, Turn&) {
  Payloads payloads;
  payloads.push_back(make_payload(notify_));
  return payloads;
}

std::optional<Payloads> DeleteIkeSa::request(IkeSa& sa, Turn& turn) {
  if (!sa.become(IkeEvent::start_delete, turn)) return std::nullopt;
  Payloads payloads;
  payloads.push_back(make_payload(Delete{}));
  return payloads;
}

void DeleteIkeSa::answered(IkeSa& sa, const Payloads&, Turn& turn) {
  sa.close_silently(IkeEvent::delete_reply, turn);
}

}  // namespace mpsec::ike
