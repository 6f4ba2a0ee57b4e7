// RFC 7383: fragments of IKE messages, as the target takes them.
#include "interop/suite/need.hpp"
#include "interop/suite/ways.hpp"

namespace mpsec::conformance {

using namespace wire::ike;

namespace {

constexpr Features fragmentation{Feature::fragmentation};

// An INFORMATIONAL request that is long enough for several fragments.
Message long_request(IkeSession& sa) {
  return sa.informational({make_payload(make_notify(unknown_status, Octets(300, 0x5a)))});
}

void send_all(IkeSession& sa, const std::vector<Octets>& fragments) {
  for (const Octets& one : fragments)
    sa.send_octets(one);
}

// One wrong fragment is dropped: it gets no response, and the request that it was part of is still taken.
void expect_fragment_dropped(Tester& t, std::uint16_t number, std::uint16_t total) {
  IkeSession& sa = t.establish({.fragmentation = true});
  const Message request = long_request(sa);
  const Octets piece = wire::ike::encode(request.payloads);
  sa.send_octets(sa.seal_fragment(request.header, {PayloadType::notify, piece, number, total}));
  t.expect_no_response(sa, request);
  t.expect_alive(sa);
}

}  // namespace

MPSEC_CASE(
        .id = "rfc7383/2.3/fragmentation-is-announced-to-who-knows-it",
        .rules = {"rfc7383/2.3/fragmentation-where-both-say-so"}, .side = Side::responder,
        .features = fragmentation, .does = "The tester's IKE_SA_INIT has IKEV2_FRAGMENTATION_SUPPORTED.",
        .lawful = "The response has it too.", .run = [](Tester& t) {
          const Message response = expect_init_taken(t, {.fragmentation = true});
          t.expect_notify(response, NotifyType::ikev2_fragmentation_supported);
        });

MPSEC_CASE(
        .id = "rfc7383/2.6/ike-auth-in-fragments-is-taken",
        .rules = {"rfc7383/2.6/plaintexts-are-merged-in-order",
                  "rfc7383/2.5/first-payload-named-in-the-first-fragment"},
        .side = Side::responder, .features = fragmentation,
        .does = "The tester's IKE_AUTH request comes in fragments.",
        .lawful = "It makes an IKE SA and a child.", .run = [](Tester& t) {
          t.establish();
          IkeSession& sa = t.half_open({.fragmentation = true});
          const Message request = sa.auth_request();
          send_all(sa, sa.seal_in_fragments(request, 100));
          const Message response = t.expect_response(sa, request);
          t.expect_no_error(response);
          static_cast<void>(t.ping(need_child(sa.take_auth(response))));
        });

MPSEC_CASE(
        .id = "rfc7383/2.6/fragments-in-any-order-are-taken",
        .rules = {"rfc7383/2.6/plaintexts-are-merged-in-order"}, .side = Side::responder,
        .features = fragmentation, .does = "The fragments of an INFORMATIONAL request come the last first.",
        .lawful = "It is answered.", .run = [](Tester& t) {
          IkeSession& sa = t.establish({.fragmentation = true});
          const Message request = long_request(sa);
          auto fragments = sa.seal_in_fragments(request, 80);
          ++sa.next_request;
          send_all(sa, {fragments.rbegin(), fragments.rend()});
          t.expect_no_error(t.expect_response(sa, request));
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc7383/2.6/fragment-that-is-there-is-not-replaced",
        .rules = {"rfc7383/2.6/fragment-seen-before-is-a-replay"}, .side = Side::responder,
        .features = fragmentation,
        .does = "Fragment 1 comes twice, the second time with other content, and then the others.",
        .lawful = "The request is put together of what came first: it is answered without an error.",
        .hint = "Fragments that overlap.", .run = [](Tester& t) {
          IkeSession& sa = t.establish({.fragmentation = true});
          const Message request = long_request(sa);
          auto fragments = sa.seal_in_fragments(request, 80);
          const auto total = static_cast<std::uint16_t>(fragments.size());
          const Octets other(80, 0xff);
          fragments.insert(fragments.begin() + 1,
                           sa.seal_fragment(request.header, {PayloadType::notify, other, 1, total}));
          ++sa.next_request;
          send_all(sa, fragments);
          t.expect_no_error(t.expect_response(sa, request));
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc7383/2.6/larger-total-starts-over", .rules = {"rfc7383/2.6/larger-total-starts-over"},
        .side = Side::responder, .features = fragmentation,
        .does = "After the first of few fragments the same request comes in more and smaller ones.",
        .lawful = "It is answered.", .run = [](Tester& t) {
          IkeSession& sa = t.establish({.fragmentation = true});
          const Message request = long_request(sa);
          const auto few = sa.seal_in_fragments(request, 160), many = sa.seal_in_fragments(request, 80);
          ++sa.next_request;
          sa.send_octets(few.front());
          send_all(sa, many);
          t.expect_no_error(t.expect_response(sa, request));
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc7383/2.6/smaller-total-is-dropped", .rules = {"rfc7383/2.6/total-does-not-shrink"},
        .side = Side::responder, .features = fragmentation,
        .does =
            "After the first of many fragments the same request comes in fewer, and then the rest of the "
            "many.",
        .lawful = "The few are not answered; the many are.", .run = [](Tester& t) {
          IkeSession& sa = t.establish({.fragmentation = true});
          const Message request = long_request(sa);
          const auto few = sa.seal_in_fragments(request, 160), many = sa.seal_in_fragments(request, 80);
          ++sa.next_request;
          sa.send_octets(many.front());
          send_all(sa, few);
          t.expect_no_response(sa, request);
          send_all(sa, {many.begin() + 1, many.end()});
          t.expect_no_error(t.expect_response(sa, request));
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc7383/2.6/fragment-number-zero-is-dropped",
        .rules = {"rfc7383/2.6/number-and-total-are-not-zero"}, .side = Side::responder,
        .features = fragmentation, .does = "A fragment has number 0 of 1.",
        .lawful = "It is not answered, and the IKE SA lives.",
        .run = [](Tester& t) { expect_fragment_dropped(t, 0, 1); });

MPSEC_CASE(
        .id = "rfc7383/2.6/total-of-zero-is-dropped", .rules = {"rfc7383/2.6/number-and-total-are-not-zero"},
        .side = Side::responder, .features = fragmentation, .does = "A fragment has number 1 of 0.",
        .lawful = "It is not answered, and the IKE SA lives.",
        .run = [](Tester& t) { expect_fragment_dropped(t, 1, 0); });

MPSEC_CASE(
        .id = "rfc7383/2.6/number-beyond-the-total-is-dropped",
        .rules = {"rfc7383/2.6/number-is-within-the-total"}, .side = Side::responder,
        .features = fragmentation, .does = "A fragment has number 2 of 1.",
        .lawful = "It is not answered, and the IKE SA lives.",
        .run = [](Tester& t) { expect_fragment_dropped(t, 2, 1); });

MPSEC_CASE(
        .id = "rfc7383/2.4/fragments-are-taken-only-where-agreed",
        .rules = {"rfc7383/2.4/fragments-only-where-negotiated"}, .side = Side::responder,
        .features = fragmentation,
        .does = "The tester has not announced fragmentation, and sends a request in fragments.",
        .lawful = "It is not answered, and the IKE SA lives.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const Message request = long_request(sa);
          send_all(sa, sa.seal_in_fragments(request, 80));
          t.expect_no_response(sa, request);
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc7383/2.6.1/first-fragment-alone-asks-for-the-response",
        .rules = {"rfc7383/2.6.1/only-fragment-1-asks-for-the-response"}, .side = Side::responder,
        .features = fragmentation,
        .does = "After the response to a request in fragments the others come again, and then the first.",
        .lawful = "The response comes again after the first only.", .run = [](Tester& t) {
          IkeSession& sa = t.establish({.fragmentation = true});
          const Message request = long_request(sa);
          const auto fragments = sa.seal_in_fragments(request, 80);
          ++sa.next_request;
          send_all(sa, fragments);
          t.control([&] { return t.expect_response(sa, request); });
          send_all(sa, {fragments.begin() + 1, fragments.end()});
          t.expect_no_response(sa, request);
          sa.send_octets(fragments.front());
          t.expect_response(sa, request);
        });

}  // namespace mpsec::conformance
