#include "interop/suite/moves.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace mpsec::conformance {

using namespace wire::ike;

Payload notify_payload(NotifyType type, Octets data) {
  return make_payload(wire::ike::make_notify(type, std::move(data)));
}

Payload delete_payload(const std::vector<Spi>& spis) {
  Delete body;
  body.protocol = ProtocolId::esp;
  body.spi_size = 4;
  body.spi_count = static_cast<std::uint16_t>(spis.size());
  for (const Spi spi : spis)
    append_be(body.spis, spi.value);
  return make_payload(std::move(body));
}

Payload delete_ike_payload() {
  return make_payload(Delete{});
}

std::vector<Spi> deleted_spis(const Message& message) {
  std::vector<Spi> all;
  for (const Delete* one : find_all<Delete>(message.payloads))
    if (one->protocol == ProtocolId::esp)
      for (const OctetView octets : spis_of(*one))
        if (const auto spi = child_spi(octets)) all.push_back(*spi);
  return all;
}

bool deletes_ike_sa(const Message& message) {
  return std::ranges::any_of(find_all<Delete>(message.payloads),
                             [](const Delete* one) { return one->protocol == ProtocolId::ike; });
}

bool has_notify(const Message& message, NotifyType type) {
  return find_notify(message.payloads, type) != nullptr;
}

// --- the target initiating

Message expect_auth_request(Tester& t, IkeSession& sa) {
  const Message init = sa.waiting.front();
  sa.waiting.pop_front();
  sa.take_init_request(init);
  sa.send(sa.init_response(init));
  sa.keep_own_init();
  return t.expect_request(sa, ExchangeType::ike_auth);
}

IkeSession& expect_initiation(Tester& t, const Opening& opening) {
  IkeSession& sa = t.await_init_request(opening);
  const Message request = expect_auth_request(t, sa);
  sa.next_expected = 2;
  sa.send(sa.auth_response(request));
  if (sa.made_child() == nullptr) t.fail("a Child SA asked for in IKE_AUTH", "none is");
  static_cast<void>(t.ping(*sa.made_child()));
  return sa;
}

void expect_no_auth_request(Tester& t, const std::function<void(Message&)>& bend) {
  IkeSession& sa = t.await_init_request();
  t.control([&] {
    const Message init = sa.waiting.front();
    sa.take_init_request(init);
    Message response = sa.init_response(init);
    // Under another SPI than the session's, so that what follows is taken in whatever keys it has.
    response.header.responder_spi = IkeSpi{sa.own_spi().value ^ 0x100};
    bend(response);
    sa.send(response);
  });
  const Instant until = t.now() + t.request_patience();
  while (const auto arrived = t.receive_unknown(until - t.now())) {
    const auto header = decode_header(arrived->octets);
    if (header && header->exchange_type == ExchangeType::ike_auth)
      t.fail("no IKE_AUTH request after this answer", "an IKE_AUTH request");
  }
  t.expect_target_alive();
}

// --- later exchanges

Message after_hook(Tester& t, IkeSession& sa, Hook hook, ExchangeType exchange) {
  return t.control([&] {
    t.call(hook);
    return t.expect_request(sa, exchange);
  });
}

void expect_delete(Tester& t, IkeSession& sa, const EspChild& child) {
  const auto wanted = [&](const Message& message) {
    const auto spis = deleted_spis(message);
    return !message.header.response && std::ranges::find(spis, child.terms().peer) != spis.end();
  };
  const auto request = t.receive(sa, wanted, t.request_patience());
  if (!request)
    t.fail(fmt::format("a Delete of the SA at which the target receives, {:08x}", child.terms().peer.value),
           "none came");
  sa.next_expected = std::max(sa.next_expected, request->header.message_id.value + 1);
  sa.send(sa.response(*request, {delete_payload({child.terms().own})}));
}

Message delete_child(Tester& t, IkeSession& sa, const EspChild& child) {
  return t.ask(sa, sa.informational({delete_payload({child.terms().own})}));
}

EspChild& make_child(Tester& t, IkeSession& sa, const ChildWish& wish) {
  return t.control([&]() -> EspChild& {
    const Message request = sa.create_child_request(wish);
    const Message response = t.ask(sa, request);
    if (has_notify(response, NotifyType::no_additional_sas)) t.unsupported("it takes no further Child SAs");
    t.expect_no_error(response);
    return *sa.take_child(request, response);
  });
}

EspChild& rekey_child(Tester& t, IkeSession& sa, const EspChild& old) {
  return make_child(t, sa, {.rekeys = old.terms().own});
}

IkeSession& rekey_ike(Tester& t, IkeSession& sa) {
  return t.control([&]() -> IkeSession& {
    const Message request = sa.rekey_request();
    const Message response = t.ask(sa, request);
    if (has_notify(response, NotifyType::no_additional_sas)) t.unsupported("it lets no IKE SA be rekeyed");
    t.expect_no_error(response);
    return sa.take_rekey(request, response);
  });
}

Message delete_ike(Tester& t, IkeSession& sa) {
  return t.ask(sa, sa.informational({delete_ike_payload()}));
}

void expect_traffic_on(Tester& t, const EspChild& child) {
  const std::uint32_t mark = t.fresh_mark();
  t.call(Hook::send_traffic, mark);
  while (const auto arrived = t.receive_esp(t.link().patience())) {
    const auto ping = to_ping(arrived->opened.payload);
    if (!ping || ping->reply || ping->mark != mark) continue;
    if (arrived->child != &child)
      t.fail(fmt::format("traffic on the SA {:08x}", child.terms().own.value),
             fmt::format("traffic on the SA {:08x}", arrived->child->terms().own.value));
    return;
  }
  t.fail(fmt::format("traffic on the SA {:08x}", child.terms().own.value), "none came that can be opened");
}

crypto::EncryptionId strange_child_cipher(const Description& target) {
  const bool chacha = std::ranges::any_of(target.child_proposals, [](const ike::ChildProposal& one) {
    return std::ranges::find(one.encryption, crypto::EncryptionId::chacha20_poly1305,
                             &ike::AllowedEncryption::id) != one.encryption.end();
  });
  return chacha ? crypto::EncryptionId::camellia_cbc : crypto::EncryptionId::chacha20_poly1305;
}

}  // namespace mpsec::conformance
