// RFC 7296 2.1 to 2.4, the target being the responder: requests that come again, windows, forged messages.
#include "interop/suite/need.hpp"
#include "interop/suite/ways.hpp"

namespace mpsec::conformance {

using namespace wire::ike;

MPSEC_CASE(
        .id = "rfc7296/2.1/ike-sa-init-sent-again-gets-the-same-response",
        .rules = {"rfc7296/2.1/repeated-init-request-gets-the-same-response",
                  "rfc7296/2.2/retransmission-keeps-the-message-id"},
        .side = Side::responder,
        .does = "The tester sends an IKE_SA_INIT request, and the same octets again.",
        .lawful = "The response comes again, octet for octet.", .run = [](Tester& t) {
          IkeSession& sa = t.half_open();
          const Octets first = sa.last_received;
          Message request = sa.informational();
          request.header.message_id = MessageId(0);
          expect_answer_again(t, sa, request);
          t.check(sa.last_received == first, "the response as it was sent before", "another one");
        });

MPSEC_CASE(
        .id = "rfc7296/2.1/ike-auth-sent-again-gets-the-same-response",
        .rules = {"rfc7296/2.1/duplicate-request-gets-the-same-response",
                  "rfc7296/2.1/same-octets-on-retransmission"},
        .side = Side::responder, .does = "The tester sends an IKE_AUTH request, and the same octets again.",
        .lawful = "The response comes again, octet for octet, and the child works.", .run = [](Tester& t) {
          IkeSession& sa = t.half_open();
          const Message request = sa.auth_request();
          const Message response = t.control([&] { return t.ask(sa, request); });
          const Octets first = sa.last_received;
          expect_answer_again(t, sa, request);
          t.check(sa.last_received == first, "the response as it was sent before", "another one");
          static_cast<void>(t.ping(need_child(sa.take_auth(response))));
        });

MPSEC_CASE(
        .id = "rfc7296/2.1/ike-sa-init-is-known-by-more-than-its-spi",
        .rules = {"rfc7296/2.1/init-request-is-known-by-all-of-it"}, .side = Side::responder,
        .does = "The tester sends two IKE_SA_INIT requests with one SPI and different nonces.",
        .lawful = "The second gets a response of its own, not that of the first again.",
        .run = [](Tester& t) {
          IkeSession& sa = t.half_open();
          const Octets first = sa.last_received;
          Message other = sa.init_request();
          other.header.responder_spi = IkeSpi{0};
          body_of<Nonce>(other).data.assign(32, 0x5a);
          const Message response = t.ask(sa, other);
          t.expect_no_error(response);
          t.check(sa.last_received != first, "a response to the second request", "that to the first again");
        });

MPSEC_CASE(
        .id = "rfc7296/2.1/late-ike-sa-init-does-no-harm",
        .rules = {"rfc7296/2.1/repeated-init-request-gets-the-same-response"}, .side = Side::responder,
        .does = "When the IKE SA is established its IKE_SA_INIT request comes once more.",
        .lawful = "It gets the response that it had, another one, or none; and the IKE SA lives.",
        .run = [](Tester& t) {
          IkeSession& sa = t.half_open();
          const Octets init = sa.last_sent;
          const Message response = t.control([&] { return t.ask(sa, sa.auth_request()); });
          EspChild& child = need_child(sa.take_auth(response));
          sa.send_octets(init);
          t.wait(t.link().silence());
          t.expect_alive(sa);
          static_cast<void>(t.ping(child));
        });

MPSEC_CASE(
        .id = "rfc7296/2.1/response-is-not-repeated-by-itself",
        .rules = {"rfc7296/2.1/response-is-repeated-on-demand-only"}, .side = Side::responder,
        .does = "The tester waits after the response to INFORMATIONAL, longer than a retransmission takes.",
        .lawful = "The response does not come again.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const Message request = sa.informational();
          static_cast<void>(t.control([&] { return t.ask(sa, request); }));
          t.wait(3 * t.target().first_retransmission);
          t.expect_no_response(sa, request);
        });

MPSEC_CASE(
        .id = "rfc7296/2.1/old-request-is-not-worked-on-again",
        .rules = {"rfc7296/2.1/forgotten-response-is-not-made-again",
                  "rfc7296/2.1/duplicate-request-gets-the-same-response"},
        .side = Side::responder, .does = "The tester sends INFORMATIONAL, two more, and the first again.",
        .lawful = "The first is not answered, or by the octets that it had before.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const Message request = sa.informational();
          static_cast<void>(t.control([&] { return t.ask(sa, request); }));
          const Octets sent = sa.last_sent, received = sa.last_received;
          t.control([&] { t.expect_alive(sa), t.expect_alive(sa); });
          sa.send_octets(sent);
          const auto again = t.response_to(sa, request, t.link().silence());
          t.check(!again || sa.last_received == received, "nothing, or the response as it was",
                  "another response");
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc7296/2.1/response-is-kept-after-the-ike-sa",
        .rules = {"rfc7296/2.1/response-is-kept-for-a-while"}, .side = Side::responder,
        .does = "The tester deletes the IKE SA, and sends the request again as if the response were lost.",
        .lawful = "The response comes again.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const Message request = sa.informational({make_payload(Delete{})});
          sa.send(request);
          t.control([&] { return t.expect_response(sa, request); });
          expect_answer_again(t, sa, request);
        });

MPSEC_CASE(
        .id = "rfc7296/2.3/request-is-served-while-ours-is-out",
        .rules = {"rfc7296/2.3/request-is-served-while-ours-is-out"}, .side = Side::any,
        .hooks = {Hook::create_child},
        .does = "The tester leaves a request of the target unanswered and sends INFORMATIONAL.",
        .lawful = "The tester's request is answered.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          t.call(Hook::create_child);
          t.control([&] { return t.expect_request(sa, ExchangeType::create_child_sa); });
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc7296/2.3/one-request-at-a-time",
        .rules = {"rfc7296/2.3/one-request-at-a-time-unless-told-more",
                  "rfc7296/2.3/never-beyond-the-peers-window", "rfc7296/2.3/request-x-waits-for-x-minus-n"},
        .side = Side::any, .hooks = {Hook::create_child, Hook::delete_child},
        .does = "The target is told to do two things; the tester leaves the first request unanswered.",
        .lawful = "The second request does not come.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          t.call(Hook::create_child);
          const Message first =
              t.control([&] { return t.expect_request(sa, ExchangeType::create_child_sa); });
          t.call(Hook::delete_child);
          t.expect_silence(
              sa,
              [&](const Message& m) {
                return !m.header.response && m.header.message_id != first.header.message_id;
              },
              "second request");
        });

MPSEC_CASE(
        .id = "rfc7296/2.3/request-beyond-the-window-is-not-told-of-in-a-response",
        .rules = {"rfc7296/2.3/invalid-message-id-is-optional-and-a-request",
                  "rfc7296/2.3/no-response-outside-the-window"},
        .side = Side::responder,
        .does = "The tester sends an INFORMATIONAL request whose Message ID is a thousand above the next.",
        .lawful = "Nothing comes, or INVALID_MESSAGE_ID in a request of the target's own.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const auto next = sa.next_request;
          Message request = sa.informational();
          request.header.message_id = MessageId(next + 1000);
          sa.send(request);
          t.expect_silence(sa, [](const Message& m) { return m.header.response; }, "response");
          sa.next_request = next;
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc7296/2.4/initial-contact-does-not-hinder-its-ike-sa",
        .rules = {"rfc7296/2.4/initial-contact-may-follow-a-crash",
                  "rfc7296/2.4/initial-contact-ends-the-others"},
        .side = Side::responder, .does = "Beside an IKE SA the tester makes another, with INITIAL_CONTACT.",
        .lawful = "The new one works, whatever becomes of the old.", .run = [](Tester& t) {
          t.establish();
          IkeSession& sa = expect_established(t, {.initial_contact = true});
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc7296/2.4/initial-contact-in-informational-does-no-harm",
        .rules = {"rfc7296/2.4/initial-contact-elsewhere-may-be-ignored"}, .side = Side::responder,
        .does = "The tester sends INITIAL_CONTACT in INFORMATIONAL.",
        .lawful = "It is answered without an error, and the IKE SA lives.", .run = [](Tester& t) {
          expect_informational(t, t.establish(), {make_payload(make_notify(NotifyType::initial_contact))});
        });

MPSEC_CASE(
        .id = "rfc7296/2.4/unprotected-delete-does-nothing",
        .rules = {"rfc7296/2.4/unprotected-message-does-not-prove-the-peer-dead",
                  "rfc7296/1.2/all-after-ike-sa-init-is-protected"},
        .side = Side::any,
        .does =
            "A Delete of the IKE SA comes in clear, under the SPIs and the next Message ID of the IKE SA.",
        .lawful = "It is not answered; IKE SA and child live.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          Message forged = sa.informational({make_payload(Delete{})});
          forged.header.next_payload = PayloadType::delete_;
          forged.header.length = IkeHeader::octets + 8;
          forged.payloads[0].header.length = 8;
          sa.send_octets(wire::ike::encode(forged));
          t.expect_no_response(sa, forged);
          t.expect_alive(sa);
          static_cast<void>(t.ping(*sa.children.front()));
        });

MPSEC_CASE(
        .id = "rfc7296/2.21.4/unprotected-invalid-ike-spi-does-nothing",
        .rules = {"rfc7296/2.21.4/unprotected-invalid-ike-spi-changes-no-sa",
                  "rfc7296/2.21.4/unprotected-invalid-ike-spi-is-not-answered"},
        .side = Side::any,
        .does = "INVALID_IKE_SPI comes in clear as a response under the SPIs of the IKE SA.",
        .lawful = "Nothing but a liveness check comes of it; IKE SA and child live.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          Message forged = sa.informational({make_payload(make_notify(NotifyType::invalid_ike_spi))});
          forged.header.response = true;
          forged.header.next_payload = PayloadType::notify;
          forged.header.length = IkeHeader::octets + 8;
          forged.payloads[0].header.length = 8;
          sa.send_octets(wire::ike::encode(forged));
          t.expect_silence(
              sa, [](const Message& m) { return m.header.response || !m.payloads.empty(); }, "answer to it");
          t.expect_alive(sa);
          static_cast<void>(t.ping(*sa.children.front()));
        });

}  // namespace mpsec::conformance
