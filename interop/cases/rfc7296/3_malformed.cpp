// RFC 7296 3 and 2.21: lengths that lie, values at their edges, floods. After each the target lives.
#include <algorithm>

#include "interop/suite/ways.hpp"

namespace mpsec::conformance {

using namespace wire::ike;
using enum NotifyType;

namespace {

// Where the SA payload's body begins in an IKE_SA_INIT request: its first payload.
constexpr std::size_t sa_payload = IkeHeader::octets, proposal = sa_payload + 4, transform = proposal + 8;

std::function<void(Octets&)> setting(std::size_t offset, std::uint16_t value) {
  return [=](Octets& octets) { store_be(octets.data() + offset, value); };
}

Opening with_public_value(const std::function<void(Octets&)>& bend) {
  return {.init = [=](Message& message) { bend(body_of<KeyExchange>(message).data); }};
}

Opening with_nonce(std::size_t octets) {
  return {.init = [=](Message& message) { body_of<Nonce>(message).data.assign(octets, 0x5a); }};
}

// An authentic INFORMATIONAL request with these octets as its payloads.
Message send_plain(IkeSession& sa, PayloadType first, const Octets& plain) {
  const Message request = sa.informational();
  ++sa.next_request;
  sa.send_octets(sa.seal_plain(request.header, first, plain));
  return request;
}

}  // namespace

MPSEC_CASE(
        .id = "rfc7296/3.1/length-beyond-the-datagram-is-refused",
        .rules = {"rfc7296/3.10.1/invalid-syntax-for-every-other-error"}, .side = Side::responder,
        .does = "The header of IKE_SA_INIT names eight octets more than there are.",
        .lawful = "INVALID_SYNTAX or nothing; no IKE SA.", .run = [](Tester& t) {
          expect_init_octets_refused(
              t, [](Octets& o) { store_be(o.data() + 24, static_cast<std::uint32_t>(o.size() + 8)); });
        });

MPSEC_CASE(
        .id = "rfc7296/3.2/payload-of-no-length-is-refused",
        .rules = {"rfc7296/3.10.1/invalid-syntax-for-every-other-error"}, .side = Side::responder,
        .does = "The first payload of IKE_SA_INIT has length 0.",
        .lawful = "INVALID_SYNTAX or nothing; no IKE SA.",
        .hint = "A loop over payloads that does not advance.",
        .run = [](Tester& t) { expect_init_octets_refused(t, setting(sa_payload + 2, 0)); });

MPSEC_CASE(
        .id = "rfc7296/3.2/payload-beyond-the-message-is-refused",
        .rules = {"rfc7296/3.10.1/invalid-syntax-for-every-other-error"}, .side = Side::responder,
        .does = "The first payload of IKE_SA_INIT is said to have 65535 octets.",
        .lawful = "INVALID_SYNTAX or nothing; no IKE SA.",
        .run = [](Tester& t) { expect_init_octets_refused(t, setting(sa_payload + 2, 0xffff)); });

MPSEC_CASE(
        .id = "rfc7296/3.3/proposal-of-no-length-is-refused",
        .rules = {"rfc7296/3.3/lengths-inside-an-sa-payload-agree"}, .side = Side::responder,
        .does = "The first proposal of IKE_SA_INIT has length 0.",
        .lawful = "INVALID_SYNTAX or nothing; no IKE SA.",
        .hint = "A loop over proposals that does not advance.",
        .run = [](Tester& t) { expect_init_octets_refused(t, setting(proposal + 2, 0)); });

MPSEC_CASE(
        .id = "rfc7296/3.3/transform-of-no-length-is-refused",
        .rules = {"rfc7296/3.3/lengths-inside-an-sa-payload-agree"}, .side = Side::responder,
        .does = "The first transform of IKE_SA_INIT has length 0.",
        .lawful = "INVALID_SYNTAX or nothing; no IKE SA.",
        .hint = "A loop over transforms that does not advance.",
        .run = [](Tester& t) { expect_init_octets_refused(t, setting(transform + 2, 0)); });

MPSEC_CASE(
        .id = "rfc7296/3.3/transform-beyond-its-proposal-is-refused",
        .rules = {"rfc7296/3.3/lengths-inside-an-sa-payload-agree"}, .side = Side::responder,
        .does = "The first transform of IKE_SA_INIT is said to have 4096 octets.",
        .lawful = "INVALID_SYNTAX or nothing; no IKE SA.",
        .run = [](Tester& t) { expect_init_octets_refused(t, setting(transform + 2, 4096)); });

MPSEC_CASE(
        .id = "rfc7296/3.1/initiators-spi-of-zero-is-refused",
        .rules = {"rfc7296/3.1/initiators-spi-is-never-zero"}, .side = Side::responder,
        .does = "The tester sends IKE_SA_INIT with zero for the initiator's SPI.",
        .lawful = "No IKE SA comes of it.", .hint = "SPI 0 in tables.", .run = [](Tester& t) {
          t.half_open();
          IkeSession& sa = t.begin({.init = [](Message& m) { m.header.initiator_spi = IkeSpi{0}; }});
          sa.send(sa.init_request());
          while (const auto answer = t.receive_unknown(t.link().silence())) {
            const auto message = decode_message(answer->octets);
            t.check(!message || find<KeyExchange>(message->payloads) == nullptr, "no IKE SA", "a KE payload");
          }
          t.expect_target_alive();
        });

MPSEC_CASE(
        .id = "rfc7296/3.9/nonce-of-15-octets-is-refused", .rules = {"rfc7296/3.9/nonce-of-16-to-256-octets"},
        .side = Side::responder, .does = "The tester's nonce has 15 octets.",
        .lawful = "INVALID_SYNTAX or nothing; no IKE SA.",
        .run = [](Tester& t) { expect_init_refused(t, with_nonce(15), invalid_syntax); });

MPSEC_CASE(
        .id = "rfc7296/3.9/nonce-of-257-octets-is-refused",
        .rules = {"rfc7296/3.9/nonce-of-16-to-256-octets"}, .side = Side::responder,
        .does = "The tester's nonce has 257 octets.", .lawful = "INVALID_SYNTAX or nothing; no IKE SA.",
        .run = [](Tester& t) { expect_init_refused(t, with_nonce(257), invalid_syntax); });

MPSEC_CASE(
        .id = "rfc7296/3.9/nonces-of-16-and-256-octets-are-taken",
        .rules = {"rfc7296/3.9/nonce-of-16-to-256-octets", "rfc7296/2.10/nonce-size"},
        .side = Side::responder, .does = "The tester's nonce has 16 octets, and in another IKE_SA_INIT 256.",
        .lawful = "Both are taken, if the PRF's key is no longer than twice 16 octets.",
        .run = [](Tester& t) {
          t.half_open();
          static_cast<void>(expect_init_taken(t, with_nonce(16)));
          static_cast<void>(expect_init_taken(t, with_nonce(256)));
        });

MPSEC_CASE(
        .id = "rfc7296/3.4/public-value-of-a-wrong-length-is-refused",
        .rules = {"rfc7296/2.21.3/request-with-an-error-is-answered",
                  "rfc7296/3.10.1/invalid-syntax-for-every-other-error"},
        .side = Side::responder, .does = "The tester's public value is one octet short.",
        .lawful = "INVALID_SYNTAX or nothing; no IKE SA.", .run = [](Tester& t) {
          expect_init_refused(t, with_public_value([](Octets& value) { value.pop_back(); }), invalid_syntax);
        });

MPSEC_CASE(
        .id = "rfc7296/3.4/public-value-of-no-octets-is-refused",
        .rules = {"rfc7296/3.10.1/invalid-syntax-for-every-other-error"}, .side = Side::responder,
        .does = "The tester's KE payload has no public value.",
        .lawful = "INVALID_SYNTAX or nothing; no IKE SA.", .run = [](Tester& t) {
          expect_init_refused(t, with_public_value([](Octets& value) { value.clear(); }), invalid_syntax);
        });

MPSEC_CASE(
        .id = "rfc7296/1.2/ike-sa-init-without-a-nonce-is-refused",
        .rules = {"rfc7296/2.21.3/request-with-an-error-is-answered",
                  "rfc7296/3.10.1/invalid-syntax-for-every-other-error"},
        .side = Side::responder, .does = "IKE_SA_INIT has no Nonce payload.",
        .lawful = "INVALID_SYNTAX or nothing; no IKE SA.",
        .hint = "Payloads that must be there, and may not.", .run = [](Tester& t) {
          expect_init_refused(t, {.init = [](Message& m) { remove_payloads_of<Nonce>(m); }}, invalid_syntax);
        });

MPSEC_CASE(
        .id = "rfc7296/1.2/ike-sa-init-without-an-sa-payload-is-refused",
        .rules = {"rfc7296/3.10.1/invalid-syntax-for-every-other-error"}, .side = Side::responder,
        .does = "IKE_SA_INIT has no SA payload.", .lawful = "INVALID_SYNTAX or nothing; no IKE SA.",
        .run = [](Tester& t) {
          expect_init_refused(t, {.init = [](Message& m) { remove_payloads_of<SecurityAssociation>(m); }},
                              invalid_syntax);
        });

MPSEC_CASE(
        .id = "rfc7296/2.5/flood-of-unknown-payloads-does-no-harm",
        .rules = {"rfc7296/2.5/unknown-uncritical-payload-is-ignored"}, .side = Side::responder,
        .does = "IKE_SA_INIT ends with a hundred payloads that nobody knows.",
        .lawful = "It is answered, with an IKE SA or an error, or not at all; a new handshake works.",
        .hint = "Tables of fixed size for payloads.", .run = [](Tester& t) {
          t.half_open();
          IkeSession& sa = t.begin(
              {.init = [](Message& m) { m.payloads.insert(m.payloads.end(), 100, unknown_payload(false)); }});
          const Message request = sa.init_request();
          sa.send(request);
          static_cast<void>(t.response_to(sa, request, t.link().patience()));
          t.expect_target_alive();
        });

MPSEC_CASE(
        .id = "rfc7296/2.21.3/malformed-request-is-answered-by-invalid-syntax",
        .rules = {"rfc7296/2.21.3/badly-formatted-request-is-fatal",
                  "rfc7296/2.21.3/request-with-an-error-is-answered"},
        .side = Side::responder,
        .does = "An authentic INFORMATIONAL request holds a payload that is longer than the message.",
        .lawful = "INVALID_SYNTAX, or no answer; a new handshake works.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const Message request = send_plain(sa, PayloadType::notify, {0, 0, 0xff, 0xff, 0, 0, 0x40, 0});
          if (const auto response = t.response_to(sa, request, t.link().patience()))
            t.expect_notify(*response, invalid_syntax);
          t.expect_target_alive();
        });

MPSEC_CASE(
        .id = "rfc7296/3.11/delete-with-more-spis-than-it-names-does-no-harm",
        .rules = {"rfc7296/3.10.1/invalid-syntax-for-every-other-error"}, .side = Side::responder,
        .does = "An authentic INFORMATIONAL request has a Delete that names 16383 SPIs and has one.",
        .lawful = "INVALID_SYNTAX, or no answer; a new handshake works.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const Message request =
              send_plain(sa, PayloadType::delete_, {0, 0, 0, 12, 3, 4, 0x3f, 0xff, 1, 2, 3, 4});
          if (const auto response = t.response_to(sa, request, t.link().patience()))
            t.expect_notify(*response, invalid_syntax);
          t.expect_target_alive();
        });

MPSEC_CASE(
        .id = "rfc7296/3.1/no-payload-in-an-encrypted-one-in-another-is-taken",
        .rules = {"rfc7296/3.1/no-encrypted-payload-in-another"}, .side = Side::responder,
        .does = "An authentic INFORMATIONAL request holds an Encrypted payload.",
        .lawful = "INVALID_SYNTAX or another error, or no answer; a new handshake works.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const Message request =
              send_plain(sa, PayloadType::encrypted, {0, 0, 0, 12, 1, 2, 3, 4, 5, 6, 7, 8});
          const auto response = t.response_to(sa, request, t.link().patience());
          t.check(!response || has_error(*response), "an error, or no answer", "an answer without an error");
          t.expect_target_alive();
        });

}  // namespace mpsec::conformance
