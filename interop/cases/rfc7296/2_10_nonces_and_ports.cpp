// RFC 7296 2.10, 2.11 and 2: nonces, ports, sizes of messages, and requests of no IKE SA.
#include <algorithm>

#include "interop/suite/ways.hpp"

namespace mpsec::conformance {

using namespace wire::ike;

namespace {

const Octets& nonce_in(Tester& t, const Message& response) {
  const auto* nonce = find<Nonce>(response.payloads);
  t.check(nonce != nullptr, "a Nonce payload", "none");
  return nonce->data;
}

// Where the last message of the target came from and went to.
ike::Path last_path(const Tester& t) {
  for (auto at = t.steps().rbegin(); at != t.steps().rend(); ++at)
    if (at->kind == Step::Kind::received && at->path) return *at->path;
  return {};
}

// A request of no IKE SA.
Message stray_request(IkeSession& sa) {
  Message message = sa.informational();
  message.header.responder_spi = IkeSpi{0x0123'4567'89ab'cdef};
  message.header.message_id = MessageId(7);
  return message;
}

}  // namespace

MPSEC_CASE(
        .id = "rfc7296/2.10/nonces-have-their-size", .rules = {"rfc7296/2.10/nonce-size"},
        .side = Side::responder, .does = "The tester looks at the nonce of the IKE_SA_INIT response.",
        .lawful = "It has 16 to 256 octets, and at least half as many as the key of the chosen PRF.",
        .run = [](Tester& t) {
          const std::size_t half = t.half_open().suite().prf->key_octets / 2;
          const std::size_t octets = nonce_in(t, expect_init_taken(t, {})).size();
          t.check(octets >= std::max<std::size_t>(16, half) && octets <= 256, "a nonce of the right size",
                  "another size");
        });

MPSEC_CASE(
        .id = "rfc7296/2.10/nonces-differ",
        .rules = {"rfc7296/3.9/nonces-are-not-used-again", "rfc7296/2.10/nonces-are-random"},
        .side = Side::responder, .does = "The tester looks at the nonces of four IKE_SA_INIT responses.",
        .lawful = "They all differ.", .run = [](Tester& t) {
          std::vector<Octets> seen;
          for (int i = 0; i < 4; ++i) {
            const Octets nonce = nonce_in(t, expect_init_taken(t, {}));
            t.check(std::ranges::find(seen, nonce) == seen.end(), "a nonce that is new", "one that was used");
            seen.push_back(nonce);
          }
        });

MPSEC_CASE(
        .id = "rfc7296/2.11/response-goes-where-the-request-came-from",
        .rules = {"rfc7296/2.11/response-goes-where-the-request-came-from",
                  "rfc7296/2.11/response-comes-from-where-the-request-went",
                  "rfc7296/2/four-zeros-in-front-on-port-4500"},
        .side = Side::responder, .features = {Feature::nat_traversal},
        .does = "The tester sends INFORMATIONAL from port 4500 to port 4500.",
        .lawful = "The response comes from there and goes there, behind four octets of zero.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          sa.path().local.port = sa.path().remote.port = ike::nat_port;
          const Message request = sa.informational();
          static_cast<void>(t.ask(sa, request));
          t.check(last_path(t) == sa.path(), "a response on the same ports", "one on others");
        });

MPSEC_CASE(
        .id = "rfc7296/2/message-of-3000-octets-is-taken",
        .rules = {"rfc7296/2/messages-of-3000-octets", "rfc7296/2/messages-of-1280-octets"},
        .side = Side::responder, .does = "The tester sends an INFORMATIONAL request of 3000 octets.",
        .lawful = "It is answered.", .run = [](Tester& t) {
          expect_informational(t, t.establish(),
                               {make_payload(make_notify(unknown_status, Octets(2900, 1)))});
        });

MPSEC_CASE(
        .id = "rfc7296/2.21.4/answer-to-a-stray-request-mirrors-it",
        .rules = {"rfc7296/2.21.4/answer-to-a-stray-request-mirrors-it",
                  "rfc7296/2.21.4/answer-to-a-stray-request-is-invalid-ike-spi",
                  "rfc7296/2.21.4/answer-to-a-stray-request-is-unprotected",
                  "rfc7296/2.21.4/stray-request-may-be-answered"},
        .side = Side::responder, .does = "The tester sends an INFORMATIONAL request under SPIs of no IKE SA.",
        .lawful = "Nothing, or INVALID_IKE_SPI in clear, with the same SPIs and Message ID.",
        .run = [](Tester& t) {
          t.half_open();
          IkeSession& sa = t.begin({});
          const Message request = stray_request(sa);
          sa.send(request);
          const auto answer = t.receive(sa, [](const Message&) { return true; }, t.link().patience());
          if (answer) {
            t.expect_notify(*answer, NotifyType::invalid_ike_spi);
            t.check(answer->header.response && answer->header.message_id == request.header.message_id &&
                        answer->header.responder_spi == request.header.responder_spi,
                    "a response with the SPIs and the Message ID of the request", "others");
          }
          t.expect_target_alive();
        });

MPSEC_CASE(
        .id = "rfc7296/2.21.4/stray-response-is-not-answered",
        .rules = {"rfc7296/2.21.4/no-answer-to-a-stray-response", "rfc7296/3.1/response-gets-no-response"},
        .side = Side::any, .does = "The tester sends a response under SPIs of no IKE SA.",
        .lawful = "It is not answered.", .run = [](Tester& t) {
          t.half_open();
          IkeSession& sa = t.begin({});
          Message response = stray_request(sa);
          response.header.response = true;
          sa.send(response);
          t.expect_silence(sa, [](const Message&) { return true; }, "answer to a response");
          t.expect_target_alive();
        });

MPSEC_CASE(
        .id = "rfc7296/2.21.4/told-problem-changes-no-sa",
        .rules = {"rfc7296/2.21.4/notified-problem-changes-no-sa"}, .side = Side::any,
        .does = "The tester says INVALID_SPI of the SPI of its own child, protected.",
        .lawful = "It is answered; IKE SA and child live.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& child = *sa.children.front();
          expect_informational(
              t, sa, {make_payload(make_notify(NotifyType::invalid_spi, spi_octets(child.terms().own)))});
          static_cast<void>(t.ping(child));
        });

}  // namespace mpsec::conformance
