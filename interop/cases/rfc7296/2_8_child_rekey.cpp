// RFC 7296 1.3.3, 2.8, 2.9.2, 2.25: the rekeying of children, in both directions.
#include "interop/suite/moves.hpp"
#include "interop/suite/need.hpp"

namespace mpsec::conformance {

using namespace wire::ike;

namespace {

Message begins_rekey(Tester& t, IkeSession& sa) {
  return after_hook(t, sa, Hook::rekey_child, ExchangeType::create_child_sa);
}

// All of `wanted` is within one of `given`.
template <class Side>
bool covers(const Message& message, const ipsec::AddressRange& wanted) {
  const auto* all = find<Side>(message.payloads);
  return all != nullptr && std::ranges::any_of(all->selectors, [&](const TrafficSelector& one) {
           return one.is_range() && one.start_address() <= wanted.first && wanted.last <= one.end_address();
         });
}

// Whether it is one that ends or renews the child: which of them is the target's choice.
bool sees_to_child(const Message& message) {
  return !message.header.response && (message.header.exchange_type == ExchangeType::create_child_sa ||
                                      find<Delete>(message.payloads) != nullptr);
}

// Answers requests of the target for so long, new children and rekeys by this error.
void refuse_all(Tester& t, IkeSession& sa, NotifyType error, Duration during) {
  const Instant until = t.now() + during;
  const auto request = [](const Message& message) { return !message.header.response; };
  while (const auto one = t.receive(sa, request, until - t.now())) {
    const bool child = one->header.exchange_type == ExchangeType::create_child_sa;
    sa.send(sa.response(*one, child ? Payloads{notify_payload(error)} : Payloads{}));
  }
}

}  // namespace

// --- the tester rekeys

MPSEC_CASE(
        .id = "rfc7296/2.8/new-child-is-received-on-before-the-answer",
        .rules = {"rfc7296/2.8/responder-receives-before-it-answers"},
        .does =
            "The tester rekeys the child, and sends a single packet on the new one as the answer arrives.",
        .lawful = "It is taken: its ping is answered, on whichever child.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& fresh = rekey_child(t, sa, *sa.children.front());
          t.expect_pong(t.send_ping(fresh));
        });

MPSEC_CASE(
        .id = "rfc7296/2.8.1/rekeyed-child-is-received-on-until-it-is-deleted",
        .rules = {"rfc7296/2.8.1/two-sas-that-can-receive-both-do"},
        .does = "The tester rekeys the child, sends on the new one, and then on the old one.",
        .lawful = "Both packets are taken.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& old = *sa.children.front();
          EspChild& fresh = rekey_child(t, sa, old);
          t.ping_control(fresh);
          static_cast<void>(t.ping(old));
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc7296/2.8/responder-sends-on-the-new-child-in-the-end",
        .rules = {"rfc7296/2.8/responder-sends-on-the-new-sa-when-the-initiator-is-ready"},
        .hooks = {Hook::send_traffic},
        .does =
            "The tester rekeys the child, sends on the new one, deletes the old one, and has the target's "
            "owner send.",
        .lawful = "What he sends comes on the new child.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& old = *sa.children.front();
          EspChild& fresh = rekey_child(t, sa, old);
          t.ping_control(fresh);
          t.control([&] { return delete_child(t, sa, old); });
          expect_traffic_on(t, fresh);
        });

MPSEC_CASE(
        .id = "rfc7296/2.25/rekey-of-an-absent-child-gets-child-sa-not-found",
        .rules = {"rfc7296/2.25/rekey-of-an-absent-child-gets-child-sa-not-found",
                  "rfc7296/2.25.1/rekey-of-an-unknown-child"},
        .does = "The tester asks to rekey a child under an SPI that no child has.",
        .lawful = "The answer is CHILD_SA_NOT_FOUND; the IKE SA lives on.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const Spi unknown(sa.children.front()->terms().own.value ^ 0x5a5a0000u);
          const Message response = t.ask(sa, sa.create_child_request({.rekeys = unknown}));
          t.expect_notify(response, NotifyType::child_sa_not_found);
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc7296/2.25/child-sa-not-found-copies-the-spi",
        .rules = {"rfc7296/2.25/child-sa-not-found-copies-the-spi"},
        .does = "The tester asks to rekey a child under an SPI that no child has.",
        .lawful = "CHILD_SA_NOT_FOUND has that SPI.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const Spi unknown(sa.children.front()->terms().own.value ^ 0x5a5a0000u);
          const Message response = t.control([&] {
            Message one = t.ask(sa, sa.create_child_request({.rekeys = unknown}));
            t.expect_notify(one, NotifyType::child_sa_not_found);
            return one;
          });
          const Notify* notify = find_notify(response.payloads, NotifyType::child_sa_not_found);
          t.check(child_spi(notify->spi) == unknown, "the SPI of the REKEY_SA", "another one, or none");
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc7296/2.9.2/rekeyed-child-is-no-narrower-as-responder",
        .rules = {"rfc7296/2.9.2/rekeyed-sa-is-not-narrower",
                  "rfc7296/2.9.2/new-sa-is-no-narrower-than-the-old"},
        .does = "The tester rekeys the child with the selectors that it has.",
        .lawful = "The answer has all of them.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const Message response =
              t.ask(sa, sa.create_child_request({.rekeys = sa.children.front()->terms().own}));
          if (has_notify(response, NotifyType::no_additional_sas))
            t.unsupported("it lets no child be rekeyed");
          t.control([&] { t.expect_no_error(response); });
          t.check(covers<TrafficSelectorsInitiator>(response, t.target().tester_net) &&
                      covers<TrafficSelectorsResponder>(response, t.target().target_net),
                  "the selectors of the old child", "fewer");
        });

// --- the target rekeys

MPSEC_CASE(
        .id = "rfc7296/1.3.3/rekey-request-names-the-old-child",
        .rules = {"rfc7296/1.3.3/child-rekey-carries-rekey-sa",
                  "rfc7296/1.3.3/rekey-names-the-senders-inbound-spi"},
        .hooks = {Hook::rekey_child}, .does = "The target's owner has the child rekeyed.",
        .lawful =
            "The request has REKEY_SA with the SPI on which the target receives; answered, the new child "
            "works.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const EspChild& old = *sa.children.front();
          const Message request = begins_rekey(t, sa);
          const Notify* rekey = find_notify(request.payloads, NotifyType::rekey_sa);
          t.check(rekey != nullptr, "REKEY_SA", "none");
          t.check(child_spi(rekey->spi) == old.terms().peer, "the SPI on which the target receives",
                  "another one");
          sa.send(sa.child_response(request));
          static_cast<void>(t.ping(need_child(sa.made_child())));
        });

MPSEC_CASE(
        .id = "rfc7296/3.10/rekey-sa-names-its-protocol",
        .rules = {"rfc7296/3.10/notify-of-a-child-names-its-protocol"}, .hooks = {Hook::rekey_child},
        .does = "The target's owner has the child rekeyed.", .lawful = "REKEY_SA names the protocol ESP.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const Message request = begins_rekey(t, sa);
          const Notify* rekey = find_notify(request.payloads, NotifyType::rekey_sa);
          if (rekey == nullptr) t.control([&] { t.fail("REKEY_SA", "none"); });
          t.check(rekey->protocol == ProtocolId::esp, "ESP", "another protocol");
          sa.send(sa.child_response(request));
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc7296/2.9.2/rekey-asks-for-what-the-child-had",
        .rules = {"rfc7296/2.9.2/rekey-asks-for-no-less", "rfc7296/2.8/rekey-keeps-selectors-and-algorithms"},
        .hooks = {Hook::rekey_child}, .does = "The target's owner has the child rekeyed.",
        .lawful = "The request has at least the selectors and the cipher of the old child.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const Message request = begins_rekey(t, sa);
          t.check(covers<TrafficSelectorsInitiator>(request, t.target().target_net) &&
                      covers<TrafficSelectorsResponder>(request, t.target().tester_net),
                  "the selectors of the old child", "fewer");
          sa.send(sa.child_response(request));
          const auto cipher = [](const EspChild& child) { return child.terms().protection.encryption->id; };
          t.check(cipher(need_child(sa.made_child())) == cipher(*sa.children.front()),
                  "the cipher of the old child", "another one");
        });

MPSEC_CASE(
        .id = "rfc7296/2.4/replaced-child-is-deleted-by-who-rekeyed-it",
        .rules = {"rfc7296/2.4/deleted-child-is-told-of",
                  "rfc7296/1.4.1/delete-names-the-senders-inbound-spi"},
        .hooks = {Hook::rekey_child}, .does = "The target's owner has the child rekeyed, which is granted.",
        .lawful = "The target deletes the old child, and keeps the new one.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& old = *sa.children.front();
          const Message request = begins_rekey(t, sa);
          sa.send(sa.child_response(request));
          EspChild& fresh = need_child(sa.made_child());
          t.ping_control(fresh);
          expect_delete(t, sa, old);
          t.expect_no_pong(t.send_ping(old), "a packet on a child that was replaced and deleted");
          static_cast<void>(t.ping(fresh));
        });

MPSEC_CASE(
        .id = "rfc7296/2.8/initiator-sends-on-the-child-that-it-made",
        .rules = {"rfc7296/2.8/initiator-sends-once-it-has-the-answer"},
        .hooks = {Hook::rekey_child, Hook::send_traffic},
        .does =
            "The target's owner has the child rekeyed, which is granted, and sends when the old child is "
            "deleted.",
        .lawful = "What he sends comes on the new child.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& old = *sa.children.front();
          const Message request = begins_rekey(t, sa);
          sa.send(sa.child_response(request));
          EspChild& fresh = need_child(sa.made_child());
          t.control([&] { expect_delete(t, sa, old); });
          t.ping_control(fresh);
          expect_traffic_on(t, fresh);
        });

MPSEC_CASE(
        .id = "rfc7296/3.3.6/rekey-answer-with-another-suite-is-not-used",
        .rules = {"rfc7296/2.21/bad-response-ends-the-sa-by-a-delete",
                  "rfc7296/2.21.3/error-in-a-response-is-not-reported",
                  "rfc7296/3.3.6/initiator-checks-the-accepted-offer"},
        .hooks = {Hook::rekey_child},
        .does = "The tester answers the target's rekey with a cipher that was not offered.",
        .lawful =
            "The target deletes the child or the IKE SA, or drops the child without a word; it sends no "
            "error.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const Message request = begins_rekey(t, sa);
          Message response = sa.child_response(request);
          for (Transform& one : need<SecurityAssociation>(response.payloads).proposals.at(0).transforms)
            if (one.type == TransformType::encryption)
              one.id = static_cast<std::uint16_t>(strange_child_cipher(t.target())), one.attributes.clear();
          sa.send(response);
          const auto asks = [](const Message& message) { return !message.header.response; };
          if (const auto next = t.receive(sa, asks, t.link().silence())) {
            t.check(!has_error(*next), "no message about an error in a response", "one");
            sa.send(sa.response(*next, {}));
          }
          t.expect_no_pong(t.send_ping(need_child(sa.made_child())),
                           "a packet on a child of a suite never offered");
          t.expect_target_alive();
        });

MPSEC_CASE(
        .id = "rfc7296/2.25/child-sa-not-found-makes-a-new-one",
        .rules = {"rfc7296/2.25/child-sa-not-found-makes-a-new-one"}, .hooks = {Hook::rekey_child},
        .does = "The tester answers the target's rekey with CHILD_SA_NOT_FOUND.",
        .lawful = "The target asks for a new child, without REKEY_SA, and does not delete the old one.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const Message request = begins_rekey(t, sa);
          Payload missing = notify_payload(NotifyType::child_sa_not_found);
          const Notify* rekey = find_notify(request.payloads, NotifyType::rekey_sa);
          std::get<Notify>(missing.body).protocol = ProtocolId::esp;
          if (rekey != nullptr) std::get<Notify>(missing.body).spi = rekey->spi;
          sa.send(sa.response(request, {missing}));
          const auto asks = [](const Message& message) { return !message.header.response; };
          const auto next = t.receive(sa, asks, t.request_patience());
          if (!next) t.fail("a request for a new child", "nothing");
          t.check(next->header.exchange_type == ExchangeType::create_child_sa &&
                      !has_notify(*next, NotifyType::rekey_sa),
                  "a request for a new child", "another request");
          sa.send(sa.child_response(*next));
          static_cast<void>(t.ping(need_child(sa.made_child())));
        });

MPSEC_CASE(
        .id = "rfc7296/2.25/refused-child-rekey-is-not-tried-again-at-once",
        .rules = {"rfc7296/2.25/no-immediate-retry-after-temporary-failure",
                  "rfc7296/2.25/wait-after-temporary-failure",
                  "rfc7296/2.25/temporary-failure-may-be-tried-again"},
        .hooks = {Hook::rekey_child}, .does = "The tester answers the target's rekey with TEMPORARY_FAILURE.",
        .lawful =
            "It is not tried again at once; if it is within a minute, and then granted, the new child "
            "works. The old one works meanwhile.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const Message request = begins_rekey(t, sa);
          sa.send(sa.response(request, {notify_payload(NotifyType::temporary_failure)}));
          const auto retry = [](const Message& message) {
            return !message.header.response && message.header.exchange_type == ExchangeType::create_child_sa;
          };
          t.expect_silence(sa, retry, "rekey so soon after TEMPORARY_FAILURE");
          static_cast<void>(t.ping(*sa.children.front()));
          if (const auto again = t.receive(sa, retry, std::chrono::minutes(1))) {
            sa.send(sa.child_response(*again));
            static_cast<void>(t.ping(need_child(sa.made_child())));
          }
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc7296/2.25/endless-temporary-failure-closes-the-ike-sa",
        .rules = {"rfc7296/2.25/persistent-temporary-failure-closes"}, .hooks = {Hook::rekey_child},
        .does = "The tester answers every rekey of the target's with TEMPORARY_FAILURE, for half an hour.",
        .lawful = "The target closes the IKE SA, or has stopped trying.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          t.call(Hook::rekey_child);
          const Instant until = t.now() + std::chrono::minutes(30);
          const auto asks = [](const Message& message) { return !message.header.response; };
          bool closed = false;
          Instant last = t.now();
          while (const auto one = t.receive(sa, asks, until - t.now())) {
            closed |= deletes_ike_sa(*one);
            const bool child = one->header.exchange_type == ExchangeType::create_child_sa;
            if (child) last = t.now();
            sa.send(sa.response(
                *one, child ? Payloads{notify_payload(NotifyType::temporary_failure)} : Payloads{}));
            if (closed) return t.expect_target_alive();
          }
          t.check(until - last > std::chrono::minutes(15),
                  "that the IKE SA is closed, or no rekey tried any more", "rekeys for half an hour");
        });

// --- lifetimes

MPSEC_CASE(
        .id = "rfc7296/2.8/child-at-its-time-is-renewed-or-closed",
        .rules = {"rfc7296/4/expiring-sa-may-be-renewed", "rfc7296/4/expiring-sa-may-be-replaced",
                  "rfc7296/2.8/idle-sa-may-end-instead-of-being-rekeyed"},
        .wishes = {.child_lifetime = std::chrono::seconds(20)},
        .does = "The child is used, and its lifetime of twenty seconds passes.",
        .lawful = "Within thirty seconds the target rekeys it, makes another, or deletes it.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const auto request = t.receive(sa, sees_to_child, std::chrono::seconds(30));
          if (!request) t.fail("a rekey, a new child or a Delete", "none of them");
          if (request->header.exchange_type != ExchangeType::create_child_sa) return;
          sa.send(sa.child_response(*request));
          static_cast<void>(t.ping(need_child(sa.made_child())));
        });

MPSEC_CASE(
        .id = "rfc7296/2.8/expired-child-is-not-used", .rules = {"rfc7296/2.8/expired-sa-is-not-used"},
        .wishes = {.child_lifetime = std::chrono::seconds(10)},
        .does = "The tester refuses every renewal of a child whose lifetime is ten seconds, for a minute.",
        .lawful = "The child carries nothing any more.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          refuse_all(t, sa, NotifyType::no_proposal_chosen, std::chrono::minutes(1));
          t.expect_no_pong(t.send_ping(*sa.children.front()), "a packet on an expired child");
          t.expect_target_alive();
        });

MPSEC_CASE(
        .id = "rfc7296/2.8/failed-renewal-ends-the-ike-sa",
        .rules = {"rfc7296/2.8/failed-rekeying-ends-the-ike-sa"},
        .wishes = {.child_lifetime = std::chrono::seconds(10)},
        .does = "The tester refuses every renewal of a child whose lifetime is ten seconds, for a minute.",
        .lawful = "The IKE SA is closed, unless the child was never asked to be renewed.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const auto request = t.receive(sa, sees_to_child, std::chrono::seconds(20));
          if (!request || request->header.exchange_type != ExchangeType::create_child_sa) return;
          sa.send(sa.response(*request, {notify_payload(NotifyType::no_proposal_chosen)}));
          refuse_all(t, sa, NotifyType::no_proposal_chosen, std::chrono::minutes(1));
          t.expect_dead(sa);
          t.expect_target_alive();
        });

}  // namespace mpsec::conformance
