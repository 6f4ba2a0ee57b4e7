// RFC 7296 1.2, 2.9, 2.21.2: how an initiator takes the answer to IKE_AUTH.
#include "interop/suite/moves.hpp"
#include "interop/suite/need.hpp"

namespace mpsec::conformance {

using namespace wire::ike;

namespace {

void without_child(Message& message) {
  std::erase_if(message.payloads, [](const Payload& one) {
    return std::holds_alternative<SecurityAssociation>(one.body) ||
           std::holds_alternative<TrafficSelectorsInitiator>(one.body) ||
           std::holds_alternative<TrafficSelectorsResponder>(one.body);
  });
}

// The IKE_AUTH request is answered as it is bent: the session, of which only the control has been tried.
IkeSession& answer_auth(Tester& t, const std::function<void(Message&)>& bend) {
  return t.control([&]() -> IkeSession& {
    IkeSession& sa = t.await_init_request({.auth = bend});
    const Message request = expect_auth_request(t, sa);
    sa.next_expected = 2;
    sa.send(sa.auth_response(request));
    return sa;
  });
}

// The child was refused, and the IKE SA may live on or be ended by a Delete that is in order.
void expect_authenticated(Tester& t, IkeSession& sa) {
  const auto ends = [](const Message& message) {
    return !message.header.response && message.header.exchange_type == ExchangeType::informational;
  };
  if (const auto request = t.receive(sa, ends, t.link().silence())) {
    t.check(!has_notify(*request, NotifyType::authentication_failed), "that the proof is taken for good",
            "AUTHENTICATION_FAILED");
    if (deletes_ike_sa(*request)) {
      sa.send(sa.response(*request, {}));
      return t.note("the target ends the IKE SA, as it may");
    }
  }
  t.expect_alive(sa);
}

// No request on the SA but AUTHENTICATION_FAILED, and then the SA is gone.
void expect_refused(Tester& t, IkeSession& sa, bool may_tell) {
  const auto requests = [](const Message& message) { return !message.header.response; };
  if (const auto request = t.receive(sa, requests, t.link().silence())) {
    t.check(may_tell && request->header.exchange_type == ExchangeType::informational &&
                (has_notify(*request, NotifyType::authentication_failed) || deletes_ike_sa(*request)),
            "nothing further on this IKE SA", "a request");
    sa.send(sa.response(*request, {}));
  }
  t.expect_dead(sa);
  t.expect_target_alive();
}

// Once more, beside an IKE SA that there is.
IkeSession& await_second(Tester& t) {
  try {
    return t.await_init_request();
  } catch (const Stop& stop) {
    if (stop.verdict == Verdict::inconclusive) t.unsupported("it makes no second IKE SA with one peer");
    throw;
  }
}

}  // namespace

MPSEC_CASE(
        .id = "rfc7296/1.2/initiator-refuses-a-wrong-proof",
        .rules = {"rfc7296/1.2/signatures-and-macs-are-verified",
                  "rfc7296/2.21.2/initiator-may-tell-of-a-bad-proof"},
        .side = Side::initiator, .hooks = {Hook::initiate},
        .does = "The tester answers IKE_AUTH with an AUTH payload that is wrong in one bit.",
        .lawful = "The IKE SA is not made; the target may say AUTHENTICATION_FAILED, or delete it.",
        .run = [](Tester& t) {
          IkeSession& sa = answer_auth(
              t, [](Message& message) { need<Authentication>(message.payloads).data.back() ^= 1; });
          expect_refused(t, sa, true);
        });

MPSEC_CASE(
        .id = "rfc7296/1.2/initiator-refuses-an-answer-without-proof",
        .rules = {"rfc7296/1.2/signatures-and-macs-are-verified"}, .side = Side::initiator,
        .hooks = {Hook::initiate}, .does = "The tester answers IKE_AUTH without an AUTH payload.",
        .lawful = "The IKE SA is not made; the target may say AUTHENTICATION_FAILED, or delete it.",
        .run = [](Tester& t) {
          IkeSession& sa = answer_auth(t, [](Message& message) {
            std::erase_if(message.payloads, [](const Payload& one) {
              return std::holds_alternative<Authentication>(one.body);
            });
          });
          expect_refused(t, sa, true);
        });

MPSEC_CASE(
        .id = "rfc7296/2.21.2/initiator-ends-the-ike-sa-on-authentication-failed",
        .rules = {"rfc7296/2.21.2/errors-that-end-the-ike-sa-without-delete", "rfc7296/2.21/fatal-notifies"},
        .side = Side::initiator, .hooks = {Hook::initiate},
        .does = "The tester answers IKE_AUTH with AUTHENTICATION_FAILED alone.",
        .lawful = "The IKE SA is gone, and no Delete or other request is sent on it.", .run = [](Tester& t) {
          IkeSession& sa = answer_auth(t, [](Message& message) {
            message.payloads = {notify_payload(NotifyType::authentication_failed)};
          });
          expect_refused(t, sa, false);
        });

MPSEC_CASE(
        .id = "rfc7296/2.21.2/initiator-ends-the-ike-sa-on-invalid-syntax",
        .rules = {"rfc7296/2.21.2/errors-that-end-the-ike-sa-without-delete", "rfc7296/2.21/fatal-notifies"},
        .side = Side::initiator, .hooks = {Hook::initiate},
        .does = "The tester answers IKE_AUTH with INVALID_SYNTAX alone.",
        .lawful = "The IKE SA is gone, and no Delete or other request is sent on it.", .run = [](Tester& t) {
          IkeSession& sa = answer_auth(
              t, [](Message& message) { message.payloads = {notify_payload(NotifyType::invalid_syntax)}; });
          expect_refused(t, sa, false);
        });

MPSEC_CASE(
        .id = "rfc7296/2.21.2/initiator-keeps-the-ike-sa-when-the-child-is-refused",
        .rules = {"rfc7296/2.21.2/child-failure-leaves-the-ike-sa",
                  "rfc7296/2.21.2/refused-child-is-no-failed-authentication",
                  "rfc7296/1.3.1/failed-child-leaves-the-ike-sa",
                  "rfc7296/2.21.2/ike-sa-without-a-child-may-be-deleted"},
        .side = Side::initiator, .hooks = {Hook::initiate},
        .does = "The tester answers IKE_AUTH with a good proof and TS_UNACCEPTABLE for the child.",
        .lawful = "The IKE SA lives, or the target ends it by a Delete.", .run = [](Tester& t) {
          IkeSession& sa = answer_auth(t, [](Message& message) {
            without_child(message);
            message.payloads.push_back(notify_payload(NotifyType::ts_unacceptable));
          });
          expect_authenticated(t, sa);
        });

MPSEC_CASE(
        .id = "rfc7296/3.10.1/initiator-takes-an-unknown-error-for-a-failure",
        .rules = {"rfc7296/3.10.1/unknown-error-means-failure"}, .side = Side::initiator,
        .hooks = {Hook::initiate},
        .does =
            "The tester answers IKE_AUTH with a good proof, and an error of type 8191 in the place of a "
            "child.",
        .lawful =
            "The request has failed, and is not repeated. As the target cannot tell what of it has failed, "
            "the IKE SA lives or is ended, by a Delete or without a word.",
        .run = [](Tester& t) {
          IkeSession& sa = answer_auth(t, [](Message& message) {
            without_child(message);
            message.payloads.push_back(notify_payload(NotifyType{8191}));
          });
          // What is on its way already, or has missed the answer, comes soon.
          t.wait(3 * t.request_patience());
          t.answers_repeats = false;
          const auto again = [](const Message& message) {
            return !message.header.response && message.header.exchange_type == ExchangeType::ike_auth;
          };
          if (t.receive(sa, again, 3 * t.target().first_retransmission))
            t.fail("that the request is taken for failed", "it comes again and again");
          t.expect_target_alive();
        });

MPSEC_CASE(
        .id = "rfc7296/2.9/initiator-takes-narrowed-selectors",
        .rules = {"rfc7296/2.9/answer-is-a-subset-of-the-proposal"}, .side = Side::initiator,
        .hooks = {Hook::initiate},
        .does = "The tester narrows the child of IKE_AUTH to sixteen addresses on each side.",
        .lawful = "The child works for those.", .run = [](Tester& t) {
          const auto low = [](const IpAddress& host, std::uint8_t bits) {
            TrafficSelector one = TrafficSelector::range(host, host);
            one.start_v4[3] &= 0xf0, one.start_v6[15] &= 0xf0;
            one.end_v4[3] |= bits, one.end_v6[15] |= bits;
            return one;
          };
          const auto target = low(t.target().target_host, 0x0f), tester = low(t.target().tester_host, 0x0f);
          expect_initiation(t, {.auth = [=](Message& message) {
                              need<TrafficSelectorsInitiator>(message.payloads).selectors = {target};
                              need<TrafficSelectorsResponder>(message.payloads).selectors = {tester};
                            }});
        });

MPSEC_CASE(
        .id = "rfc7296/2.9/initiator-takes-no-selectors-beyond-its-proposal",
        .rules = {"rfc7296/2.9/answer-is-a-subset-of-the-proposal",
                  "rfc7296/2.9.1/no-selectors-against-own-policy"},
        .side = Side::initiator, .hooks = {Hook::initiate},
        .does = "The tester answers IKE_AUTH with addresses for its own side of which none was proposed.",
        .lawful =
            "The child is not used, neither for those nor for what was proposed: it is deleted, or "
            "forgotten, "
            "or the IKE SA is ended.",
        .run = [](Tester& t) {
          const auto foreign = ipsec::AddressRange::parse("198.51.100.0/24").value();  // RFC 5737 3
          for (const auto& net : {t.target().target_net, t.target().tester_net})
            if (net.contains(foreign.first) || net.contains(foreign.last))
              t.unsupported("198.51.100.0/24, of which nothing is to be proposed, is in its networks");
          IkeSession& sa = answer_auth(t, [=](Message& message) {
            need<TrafficSelectorsResponder>(message.payloads).selectors = {
                TrafficSelector::range(foreign.first, foreign.last)};
          });
          t.wait(t.link().silence());  // until it is made, if it is
          EspChild& child = need_child(sa.made_child());
          t.expect_no_pong(t.send_ping(child), "a packet on a child with selectors never proposed");
          if (t.target().target_host.is_v4()) {
            const std::uint32_t mark = t.fresh_mark();
            EspText text;
            text.next_header = 4;
            text.payload = to_packet({.from = foreign.first, .to = t.target().target_host, .mark = mark});
            t.send(child.seal(text));
            t.expect_no_pong(mark, "a packet from an address that was never proposed");
          }
          t.expect_target_alive();
        });

MPSEC_CASE(
        .id = "rfc7296/3.3.6/initiator-turns-down-a-child-suite-that-it-did-not-offer",
        .rules = {"rfc7296/3.3.6/initiator-checks-the-accepted-offer",
                  "rfc7296/2.21/bad-response-ends-the-sa-by-a-delete"},
        .side = Side::initiator, .hooks = {Hook::initiate, Hook::send_traffic},
        .does = "The tester answers IKE_AUTH with a cipher for the child that was not offered.",
        .lawful = "Nothing is sent on the child: it is deleted, or forgotten, or the IKE SA is ended.",
        .run = [](Tester& t) {
          IkeSession& sa = answer_auth(t, [&](Message& message) {
            auto& chosen = need<SecurityAssociation>(message.payloads).proposals.at(0);
            for (Transform& one : chosen.transforms)
              if (one.type == TransformType::encryption)
                one.id = static_cast<std::uint16_t>(strange_child_cipher(t.target())), one.attributes.clear();
          });
          t.call(Hook::send_traffic, t.fresh_mark());
          t.wait(t.link().silence());
          const Spi own = need_child(sa.made_child()).terms().own;
          t.check(!t.receive_esp({}) &&
                      std::ranges::none_of(t.unopened(),
                                           [&](const EspPacket& one) { return spi_of(one) == own; }),
                  "no packet on the child", "one");
          t.expect_target_alive();
        });

MPSEC_CASE(
        .id = "rfc7296/1.3.1/initiator-takes-no-transport-mode-that-it-did-not-ask-for",
        .rules = {"rfc7296/1.3.1/unacceptable-answer-is-deleted"}, .side = Side::initiator,
        .hooks = {Hook::initiate},
        .does = "The tester answers IKE_AUTH with USE_TRANSPORT_MODE, which was not asked for.",
        .lawful =
            "The child is deleted, or the IKE SA is ended; or the word is passed over, as one that "
            "answers no question, and the child is one of tunnel mode.",
        .run = [](Tester& t) {
          IkeSession& sa = answer_auth(t, [](Message& message) {
            message.payloads.push_back(notify_payload(NotifyType::use_transport_mode));
          });
          const auto ends = [](const Message& message) { return !message.header.response; };
          if (const auto request = t.receive(sa, ends, t.link().silence())) {
            t.check(!deleted_spis(*request).empty() || deletes_ike_sa(*request), "a Delete",
                    "another request");
            sa.send(sa.response(*request, {}));
          } else {
            static_cast<void>(t.ping(need_child(sa.made_child())));
          }
          t.expect_target_alive();
        });

MPSEC_CASE(
        .id = "rfc7296/2.9/packet-that-asks-for-an-sa-comes-first-in-its-selectors",
        .rules = {"rfc7296/2.9/specific-selectors-of-the-packet-come-first"}, .side = Side::initiator,
        .hooks = {Hook::send_traffic}, .does = "The target's owner sends a packet while there is no SA.",
        .lawful =
            "The target initiates; in IKE_AUTH the first selector of each side is that of the packet. "
            "A target that does not initiate for packets is unsupported.",
        .run = [](Tester& t) {
          t.call(Hook::send_traffic, t.fresh_mark());
          const auto arrived = t.receive_unknown(t.request_patience());
          if (!arrived) t.unsupported("it does not initiate for a packet");
          IkeSession& sa = t.adopt(std::make_unique<IkeSession>(t, ike::Role::responder, Opening{}));
          sa.path() = {arrived->local, arrived->remote};
          sa.last_received = arrived->octets;
          const auto init = sa.open(arrived->octets);
          if (!init) t.control([&] { t.fail("an IKE_SA_INIT request", "something else"); });
          sa.keep_request(*init, arrived->octets);
          sa.waiting.push_back(*init);
          const Message request = t.control([&] { return expect_auth_request(t, sa); });
          const auto judge = [&](const TrafficSelectors* all, const IpAddress& host) {
            t.check(all != nullptr && !all->selectors.empty() &&
                        all->selectors.at(0).start_address() == host &&
                        all->selectors.at(0).end_address() == host,
                    "the packet's address as the first selector", "another one");
          };
          judge(find<TrafficSelectorsInitiator>(request.payloads), t.target().target_host);
          judge(find<TrafficSelectorsResponder>(request.payloads), t.target().tester_host);
        });

MPSEC_CASE(
        .id = "rfc7296/2.4/initial-contact-stands-in-the-first-ike-auth-only",
        .rules = {"rfc7296/2.4/initial-contact-in-the-first-ike-auth",
                  "rfc7296/2.4/initial-contact-only-when-it-is-the-only-one"},
        .side = Side::initiator, .hooks = {Hook::initiate, Hook::create_child},
        .does = "The target initiates, makes a second child, and initiates once more.",
        .lawful =
            "INITIAL_CONTACT is in the first IKE_AUTH request at most: not in the second one, as there is "
            "another IKE SA then, nor in any other message.",
        .run = [](Tester& t) {
          IkeSession& sa = t.await_initiation();
          const Message more = after_hook(t, sa, Hook::create_child, ExchangeType::create_child_sa);
          t.check(!has_notify(more, NotifyType::initial_contact), "no INITIAL_CONTACT here", "one");
          sa.send(sa.child_response(more));
          IkeSession& other = await_second(t);
          const Message request = t.control([&] { return expect_auth_request(t, other); });
          t.check(!has_notify(request, NotifyType::initial_contact),
                  "no INITIAL_CONTACT while there is another IKE SA", "one");
        });

}  // namespace mpsec::conformance
