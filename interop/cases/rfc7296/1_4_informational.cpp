// RFC 7296 1.4 and 1.5: INFORMATIONAL, and what comes outside of an IKE SA.
#include "interop/suite/ways.hpp"

namespace mpsec::conformance {

using namespace wire::ike;

namespace {

Payload delete_of(Spi spi) {
  Delete body;
  body.protocol = ProtocolId::esp;
  body.spi_size = 4;
  body.spi_count = 1;
  append_be(body.spis, spi.value);
  return make_payload(std::move(body));
}

// The Delete of an ESP SA in a message.
const Delete* esp_delete(const Message& message) {
  for (const Delete* one : find_all<Delete>(message.payloads))
    if (one->protocol == ProtocolId::esp) return one;
  return nullptr;
}

}  // namespace

MPSEC_CASE(
        .id = "rfc7296/1.4/empty-informational-is-answered",
        .rules = {"rfc7296/1.4/informational-is-always-answered",
                  "rfc7296/4/every-informational-gets-a-response",
                  "rfc7296/1.4/informational-request-may-be-empty",
                  "rfc7296/1.4/informational-response-may-be-empty"},
        .side = Side::responder, .does = "The tester sends an INFORMATIONAL request without payloads, once.",
        .lawful = "It is answered without an error.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const Message request = sa.informational();
          sa.send(request);
          t.expect_no_error(t.expect_response(sa, request));
        });

MPSEC_CASE(
        .id = "rfc7296/1.4/informational-with-a-notify-is-answered",
        .rules = {"rfc7296/1.4/informational-is-always-answered",
                  "rfc7296/3.10.1/status-may-stand-in-any-message"},
        .side = Side::responder,
        .does = "The tester sends an INFORMATIONAL request with a status that means nothing there.",
        .lawful = "It is answered without an error.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          expect_informational(t, sa, {make_payload(make_notify(NotifyType::esp_tfc_padding_not_supported))});
        });

MPSEC_CASE(
        .id = "rfc7296/1.4.1/delete-of-a-child-is-answered-by-its-other-half",
        .rules = {"rfc7296/1.4.1/delete-names-the-senders-inbound-spi",
                  "rfc7296/1.4.1/both-halves-of-a-child-close",
                  "rfc7296/1.4/child-is-spoken-of-under-its-ike-sa"},
        .side = Side::responder, .does = "The tester deletes the child by the SPI on which it receives.",
        .lawful = "The response has a Delete with the SPI on which the target receives.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const EspChild& child = *sa.children.front();
          const Message response = t.ask(sa, sa.informational({delete_of(child.terms().own)}));
          const Delete* answered = esp_delete(response);
          t.check(answered != nullptr, "a Delete of the ESP SA", "none");
          const auto spis = spis_of(*answered);
          t.check(spis.size() == 1 && child_spi(spis.at(0)) == child.terms().peer,
                  "the SPI on which the target receives", "another");
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc7296/1.4.1/deleted-child-takes-no-traffic",
        .rules = {"rfc7296/1.4.1/named-children-are-closed",
                  "rfc7296/1.4.1/each-end-closes-its-inbound-half"},
        .side = Side::responder, .does = "The tester deletes the child and pings through it.",
        .lawful = "The ping is not delivered.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& child = *sa.children.front();
          t.expect_no_error(t.ask(sa, sa.informational({delete_of(child.terms().own)})));
          t.expect_no_pong(t.send_ping(child), "a ping through a deleted child");
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc7296/1.4.1/deleted-ike-sa-is-gone",
        .rules = {"rfc7296/1.4/ike-sa-is-spoken-of-under-itself"}, .side = Side::responder,
        .does = "The tester deletes the second of two IKE SAs, and asks both for a sign of life.",
        .lawful = "The second is gone; the first lives.", .run = [](Tester& t) {
          IkeSession& first = t.establish();
          IkeSession& second = t.establish();
          t.control([&] { t.expect_alive(first); });
          static_cast<void>(t.ask(second, second.informational({make_payload(Delete{})})));
          t.expect_dead(second);
          t.expect_alive(first);
        });

MPSEC_CASE(
        .id = "rfc7296/1.4.1/delete-of-an-unknown-spi-does-nothing",
        .rules = {"rfc7296/1.4.1/named-children-are-closed"}, .side = Side::responder,
        .does = "The tester deletes ESP SAs with an SPI of no child, with SPI 0, and the same SPI twice.",
        .lawful = "It is answered, IKE SA and child live.", .hint = "SPI 0; one SPI twice in a list.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& child = *sa.children.front();
          Delete body{.protocol = ProtocolId::esp, .spi_size = 4, .spi_count = 3, .spis = {}};
          const std::uint32_t stray = child.terms().own.value ^ 0x00ff'0000;
          for (const std::uint32_t spi : {stray, 0u, stray})
            append_be(body.spis, spi);
          static_cast<void>(t.ask(sa, sa.informational({make_payload(std::move(body))})));
          t.expect_alive(sa);
          static_cast<void>(t.ping(child));
        });

MPSEC_CASE(
        .id = "rfc7296/1.4.1/payloads-behind-a-delete-of-the-ike-sa-do-no-harm",
        .rules = {"rfc7296/1.4.1/delete-of-the-ike-sa-is-answered-empty"}, .side = Side::responder,
        .does = "A request deletes the IKE SA, its child, and the IKE SA again.",
        .lawful = "The IKE SA is gone, and a new handshake works.", .hint = "State used after it was freed.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const Message request = sa.informational(
              {make_payload(Delete{}), delete_of(sa.children.front()->terms().own), make_payload(Delete{})});
          t.expect_no_error(t.ask(sa, request));
          t.expect_dead(sa);
          t.expect_target_alive();
        });

MPSEC_CASE(
        .id = "rfc7296/2.4/closed-child-is-told-of",
        .rules = {"rfc7296/2.4/deleted-child-is-told-of", "rfc7296/3.11/delete-has-spis-of-one-protocol",
                  "rfc7296/3.11/delete-does-not-mix-protocols", "rfc7296/3.11/spi-size-of-a-delete"},
        .side = Side::any, .hooks = {Hook::delete_child}, .does = "The target is told to delete the child.",
        .lawful = "It sends a Delete with the SPI, of four octets, on which it receives.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const Spi inbound = sa.children.front()->terms().peer;
          t.call(Hook::delete_child);
          const Message request = t.expect_request(sa, ExchangeType::informational);
          const auto* body = esp_delete(request);
          t.check(body != nullptr && body->spi_size == 4, "a Delete of ESP SPIs of four octets", "none");
          const auto spis = spis_of(*body);
          t.check(spis.size() == 1 && child_spi(spis.at(0)) == inbound,
                  "the SPI on which the target receives", "another");
          sa.send(sa.response(request, {delete_of(sa.children.front()->terms().own)}));
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc7296/1.5/esp-under-an-unknown-spi-does-no-harm",
        .rules = {"rfc7296/1.5/invalid-spi-over-the-ike-sa",
                  "rfc7296/2.21.4/suspicious-packet-is-told-over-the-ike-sa",
                  "rfc7296/2.21.4/problem-outside-a-request-is-told-of"},
        .side = Side::any, .does = "The tester sends an ESP packet under an SPI of no child.",
        .lawful = "INVALID_SPI with that SPI comes over the IKE SA, or nothing; the IKE SA lives.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspPacket packet = sa.children.front()->seal({t.ping_packet(t.fresh_mark())});
          packet.octets[1] ^= 0xff;
          const Spi stray = spi_of(packet);
          t.send(packet);
          const auto told =
              t.receive(sa, [](const Message& m) { return !m.header.response; }, t.link().silence());
          if (told) {
            t.expect_notify(*told, NotifyType::invalid_spi);
            const Notify* notify = find_notify(told->payloads, NotifyType::invalid_spi);
            t.check(child_spi(notify->data) == stray, "the SPI of the packet", "other data");
            sa.send(sa.response(*told, {}));
          }
          t.expect_alive(sa);
        });

}  // namespace mpsec::conformance
