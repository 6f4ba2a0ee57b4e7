// RFC 7296 1.2, 2.6, 2.6.1, 2.21.1, 3.3.6: answers to IKE_SA_INIT that ask for it again, or are not to be
// believed.
#include <set>

#include "interop/suite/moves.hpp"
#include "interop/suite/need.hpp"
#include "wire/ike/complete.hpp"

namespace mpsec::conformance {

using namespace wire::ike;

namespace {

// An answer that makes no IKE SA.
void refuse(IkeSession& sa, const Message& request, Payload why) {
  Message response = sa.response(request, {std::move(why)});
  response.header.initiator_spi = request.header.initiator_spi;
  response.header.responder_spi = IkeSpi{0};
  sa.send(response);
}

Payload other_group(crypto::KeyExchangeId group) {
  return make_payload(
      make_notify(NotifyType::invalid_ke_payload, InvalidKePayload{static_cast<std::uint16_t>(group)}));
}

// The next IKE_SA_INIT request that is not `before`, under the same SPI; it is the session's from now on.
Message expect_retry(Tester& t, IkeSession& sa, const Message& before) {
  const Instant until = t.now() + t.request_patience();
  while (const auto arrived = t.receive_unknown(until - t.now())) {
    auto message = decode_message(arrived->octets);
    if (!message || message->header.exchange_type != ExchangeType::ike_sa_init ||
        message->header.initiator_spi != before.header.initiator_spi || *message == before)
      continue;
    sa.last_received = arrived->octets;
    sa.keep_request(*message, arrived->octets);
    sa.waiting.assign(1, *message);
    return *std::move(message);
  }
  t.fail("another IKE_SA_INIT request", "none came");
}

const Octets* cookie_of(const Message& message) {
  if (message.payloads.empty()) return nullptr;
  const auto* first = std::get_if<Notify>(&message.payloads.front().body);
  return first != nullptr && first->type == NotifyType::cookie ? &first->data : nullptr;
}

void expect_cookie(Tester& t, const Message& request, const Octets& cookie) {
  const Octets* found = cookie_of(request);
  t.check(found != nullptr && *found == cookie, "the cookie as the first payload", "none, or another one");
}

void expect_all_as_before(Tester& t, Message retry, Message before) {
  if (cookie_of(retry) != nullptr) retry.payloads.erase(retry.payloads.begin());
  static_cast<void>(complete(retry));
  static_cast<void>(complete(before));
  t.check(retry == before, "everything else as before", "something else");
}

void finish(Tester& t, IkeSession& sa) {
  const Message auth = expect_auth_request(t, sa);
  sa.send(sa.auth_response(auth));
  static_cast<void>(t.ping(need_child(sa.made_child())));
}

// The second group of the target's, which it is asked for; unsupported where it has but one.
crypto::KeyExchangeId second_group(Tester& t) {
  for (const ike::IkeProposal& one : t.target().ike_proposals)
    for (const auto group : one.key_exchange)
      if (group != t.target().ike_proposals.front().key_exchange.front()) return group;
  t.unsupported("it allows only one group");
}

// What stands in the proposals. Their order is the initiator's wish, and may follow the group it was asked
// for.
std::multiset<std::multiset<Octets>> offers(const SecurityAssociation& sa) {
  std::multiset<std::multiset<Octets>> all;
  for (const Proposal& proposal : sa.proposals) {
    std::multiset<Octets> transforms;
    for (Transform one : proposal.transforms) {
      one.last_substructure = Transform::last;
      transforms.insert(wire::encode(one));
    }
    all.insert(std::move(transforms));
  }
  return all;
}

std::uint16_t group_of(Tester& t, const Message& message) {
  const auto* ke = find<KeyExchange>(message.payloads);
  if (ke == nullptr) t.fail("a KE payload", "none");
  return ke->method;
}

}  // namespace

MPSEC_CASE(
        .id = "rfc7296/2.6/initiator-returns-the-cookie",
        .rules = {"rfc7296/2.6/retry-with-the-cookie", "rfc7296/3.1/responders-spi-is-zero-at-first",
                  "rfc7296/2.2/id-counts-the-exchanges"},
        .side = Side::initiator, .hooks = {Hook::initiate},
        .does = "The tester answers the target's IKE_SA_INIT request with a cookie.",
        .lawful =
            "The request comes again, the cookie in front and all else as before, its Message ID and "
            "the responder's SPI zero; the handshake then goes on.",
        .run = [](Tester& t) {
          IkeSession& sa = t.await_init_request();
          const Message first = sa.waiting.front();
          const Octets cookie(20, 0xc0);
          refuse(sa, first, notify_payload(NotifyType::cookie, cookie));
          const Message retry = expect_retry(t, sa, first);
          expect_cookie(t, retry, cookie);
          t.check(retry.header.responder_spi == IkeSpi{0}, "zero for the responder's SPI", "another value");
          expect_all_as_before(t, retry, first);
          finish(t, sa);
        });

MPSEC_CASE(
        .id = "rfc7296/2.6/initiator-returns-a-cookie-of-64-octets",
        .rules = {"rfc7296/2.6/cookie-has-1-to-64-octets", "rfc7296/2.6/retry-with-the-cookie"},
        .side = Side::initiator, .hooks = {Hook::initiate},
        .does = "The tester asks for a cookie of 64 octets, and then for one of a single octet.",
        .lawful = "Each comes back; the handshake then goes on.", .run = [](Tester& t) {
          IkeSession& sa = t.await_init_request();
          Message request = sa.waiting.front();
          for (const Octets& cookie : {Octets(64, 0xc1), Octets(1, 0xc2)}) {
            refuse(sa, request, notify_payload(NotifyType::cookie, cookie));
            request = expect_retry(t, sa, request);
            expect_cookie(t, request, cookie);
          }
          finish(t, sa);
        });

MPSEC_CASE(
        .id = "rfc7296/1.2/initiator-tries-the-group-it-is-asked-for",
        .rules = {"rfc7296/1.2/retry-with-the-group-asked-for",
                  "rfc7296/3.3.6/retry-has-the-indicated-group"},
        .side = Side::initiator, .hooks = {Hook::initiate},
        .does = "The tester answers with INVALID_KE_PAYLOAD and another group of the offer.",
        .lawful = "The request comes again with a KE payload of that group; the handshake then goes on.",
        .run = [](Tester& t) {
          const auto group = second_group(t);
          IkeSession& sa = t.await_init_request();
          const Message first = sa.waiting.front();
          refuse(sa, first, other_group(group));
          const Message retry = expect_retry(t, sa, first);
          t.check(group_of(t, retry) == static_cast<std::uint16_t>(group), "a KE payload of that group",
                  "one of another group");
          finish(t, sa);
        });

MPSEC_CASE(
        .id = "rfc7296/1.2/initiator-offers-all-suites-again",
        .rules = {"rfc7296/1.2/retry-offers-all-suites-again", "rfc7296/3.3.6/retry-still-offers-all-groups"},
        .side = Side::initiator, .hooks = {Hook::initiate},
        .does = "The tester answers with INVALID_KE_PAYLOAD and another group of the offer.",
        .lawful = "The SA payload of the next request has the same proposals as before, in any order.",
        .run = [](Tester& t) {
          const auto group = second_group(t);
          IkeSession& sa = t.await_init_request();
          const Message first = sa.waiting.front();
          refuse(sa, first, other_group(group));
          const Message retry = expect_retry(t, sa, first);
          const auto* before = find<SecurityAssociation>(first.payloads);
          const auto* after = find<SecurityAssociation>(retry.payloads);
          t.check(before != nullptr && after != nullptr && offers(*before) == offers(*after),
                  "the same offers", "others");
          finish(t, sa);
        });

MPSEC_CASE(
        .id = "rfc7296/3.4/initiator-follows-to-no-group-that-it-does-not-offer",
        .rules = {"rfc7296/3.4/ke-group-is-one-of-the-sa-payload"}, .side = Side::initiator,
        .hooks = {Hook::initiate},
        .does = "The tester answers with INVALID_KE_PAYLOAD and a group that was not offered.",
        .lawful =
            "No KE payload of that group comes; the right answer may be taken still, or the attempt be "
            "given up.",
        .run = [](Tester& t) {
          IkeSession& sa = t.await_init_request();
          const Message first = sa.waiting.front();
          const std::uint16_t unknown = 1;  // 768-bit MODP, which nobody offers any more
          refuse(sa, first, other_group(crypto::KeyExchangeId{unknown}));
          const Instant until = t.now() + 2 * t.target().first_retransmission + t.link().patience();
          while (const auto arrived = t.receive_unknown(until - t.now()))
            if (const auto message = decode_message(arrived->octets))
              if (const auto* ke = find<KeyExchange>(message->payloads))
                t.check(ke->method != unknown, "no KE payload of group 1", "one");
          t.expect_target_alive();
        });

MPSEC_CASE(
        .id = "rfc7296/2.6.1/initiator-keeps-the-cookie-with-the-new-group",
        .rules = {"rfc7296/2.6.1/cookie-is-kept-with-the-new-group"}, .side = Side::initiator,
        .hooks = {Hook::initiate}, .does = "The tester asks for a cookie and then for another group.",
        .lawful = "The third request has the cookie and the group; the handshake then goes on.",
        .run = [](Tester& t) {
          const auto group = second_group(t);
          IkeSession& sa = t.await_init_request();
          const Message first = sa.waiting.front();
          const Octets cookie(16, 0xc3);
          refuse(sa, first, notify_payload(NotifyType::cookie, cookie));
          const Message second = t.control([&] { return expect_retry(t, sa, first); });
          refuse(sa, second, other_group(group));
          const Message third = expect_retry(t, sa, second);
          expect_cookie(t, third, cookie);
          t.check(group_of(t, third) == static_cast<std::uint16_t>(group), "a KE payload of that group",
                  "one of another group");
          finish(t, sa);
        });

MPSEC_CASE(
        .id = "rfc7296/2.6.1/initiator-gives-the-cookie-once-more",
        .rules = {"rfc7296/2.6.1/longer-exchange-is-no-failure"}, .side = Side::initiator,
        .hooks = {Hook::initiate},
        .does = "The tester asks for a cookie, for another group, and for another cookie.",
        .lawful = "Each is given; the handshake then goes on.", .run = [](Tester& t) {
          const auto group = second_group(t);
          IkeSession& sa = t.await_init_request();
          const Message first = sa.waiting.front();
          refuse(sa, first, notify_payload(NotifyType::cookie, Octets(16, 0xc4)));
          const Message second = t.control([&] { return expect_retry(t, sa, first); });
          refuse(sa, second, other_group(group));
          const Message third = t.control([&] { return expect_retry(t, sa, second); });
          const Octets cookie(16, 0xc5);
          refuse(sa, third, notify_payload(NotifyType::cookie, cookie));
          const Message fourth = expect_retry(t, sa, third);
          expect_cookie(t, fourth, cookie);
          t.check(group_of(t, fourth) == static_cast<std::uint16_t>(group), "a KE payload of that group",
                  "one of another group");
          finish(t, sa);
        });

MPSEC_CASE(
        .id = "rfc7296/2.21.1/initiator-waits-unauthenticated-refusals-out",
        .rules = {"rfc7296/2.21.1/unauthenticated-errors-are-waited-out"}, .side = Side::initiator,
        .hooks = {Hook::initiate},
        .does =
            "The tester answers with NO_PROPOSAL_CHOSEN, as anyone could, and a little later as is right.",
        .lawful = "The handshake goes on.", .run = [](Tester& t) {
          IkeSession& sa = t.await_init_request();
          refuse(sa, sa.waiting.front(), notify_payload(NotifyType::no_proposal_chosen));
          t.wait(t.link().silence());
          finish(t, sa);
        });

MPSEC_CASE(
        .id = "rfc7296/2.5/initiator-drops-an-answer-of-major-version-3",
        .rules = {"rfc7296/2.5/higher-major-version-is-dropped", "rfc7296/3.1/higher-version-is-turned-down"},
        .side = Side::initiator, .hooks = {Hook::initiate},
        .does =
            "The tester answers with a message of major version 3 and another nonce, and then as is right.",
        .lawful = "The handshake goes on with the second answer.", .run = [](Tester& t) {
          IkeSession& sa = t.await_init_request();
          const Message first = sa.waiting.front();
          t.control([&] {
            sa.take_init_request(first);
            Message later = sa.init_response(first);
            later.header.major_version = 3;
            need<Nonce>(later.payloads).data.front() ^= 1;
            sa.send(later);
          });
          finish(t, sa);
        });

MPSEC_CASE(
        .id = "rfc7296/3.3.6/initiator-turns-down-a-suite-that-it-did-not-offer",
        .rules = {"rfc7296/3.3.6/initiator-checks-the-accepted-offer"}, .side = Side::initiator,
        .hooks = {Hook::initiate}, .does = "The tester answers with a cipher that was not offered.",
        .lawful = "No IKE_AUTH request comes.", .run = [](Tester& t) {
          expect_no_auth_request(t, [](Message& message) {
            auto& chosen = need<SecurityAssociation>(message.payloads).proposals.at(0);
            for (Transform& one : chosen.transforms)
              if (one.type == TransformType::encryption) one.id = 28, one.attributes.clear();
          });
        });

MPSEC_CASE(
        .id = "rfc7296/3.3.6/initiator-turns-down-two-transforms-of-one-type",
        .rules = {"rfc7296/3.3.6/initiator-checks-the-accepted-offer",
                  "rfc7296/2.7/one-transform-of-each-type"},
        .side = Side::initiator, .hooks = {Hook::initiate},
        .does = "The tester answers with two transforms of one type, both offered.",
        .lawful = "No IKE_AUTH request comes.", .run = [](Tester& t) {
          expect_no_auth_request(t, [](Message& message) {
            auto& chosen = need<SecurityAssociation>(message.payloads).proposals.at(0);
            for (const Transform& one : chosen.transforms)
              if (one.type == TransformType::pseudorandom_function) {
                chosen.transforms.push_back(one);
                break;
              }
          });
        });

MPSEC_CASE(
        .id = "rfc7296/3.3.6/initiator-turns-down-a-suite-without-a-mandatory-type",
        .rules = {"rfc7296/3.3.6/initiator-checks-the-accepted-offer",
                  "rfc7296/3.3.6/one-complete-set-is-selected"},
        .side = Side::initiator, .hooks = {Hook::initiate},
        .does = "The tester answers with a suite that has no PRF.", .lawful = "No IKE_AUTH request comes.",
        .run = [](Tester& t) {
          expect_no_auth_request(t, [](Message& message) {
            auto& chosen = need<SecurityAssociation>(message.payloads).proposals.at(0);
            std::erase_if(chosen.transforms, [](const Transform& one) {
              return one.type == TransformType::pseudorandom_function;
            });
          });
        });

MPSEC_CASE(
        .id = "rfc7296/3.9/initiator-turns-down-a-nonce-of-8-octets",
        .rules = {"rfc7296/3.9/nonce-of-16-to-256-octets"}, .side = Side::initiator,
        .hooks = {Hook::initiate}, .does = "The tester answers with a nonce of eight octets.",
        .lawful = "No IKE_AUTH request comes.", .run = [](Tester& t) {
          expect_no_auth_request(t, [](Message& message) { need<Nonce>(message.payloads).data.resize(8); });
        });

MPSEC_CASE(
        .id = "rfc7296/3.4/initiator-turns-down-a-ke-payload-of-another-group",
        .rules = {"rfc7296/3.4/ke-group-is-one-of-the-sa-payload"}, .side = Side::initiator,
        .hooks = {Hook::initiate},
        .does = "The tester answers with a KE payload of another group than its SA payload chooses.",
        .lawful = "No IKE_AUTH request comes.", .run = [](Tester& t) {
          expect_no_auth_request(t,
                                 [](Message& message) { need<KeyExchange>(message.payloads).method = 14; });
        });

}  // namespace mpsec::conformance
