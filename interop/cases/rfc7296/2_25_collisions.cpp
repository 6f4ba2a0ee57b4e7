// RFC 7296 2.8.1, 2.8.2, 2.25.1, 2.25.2: both ends act on one SA at once.
#include "interop/suite/moves.hpp"

namespace mpsec::conformance {

using namespace wire::ike;

namespace {

// The answer to a request of the tester's that has to be put off.
void expect_put_off(Tester& t, IkeSession& sa, const Message& request) {
  t.expect_notify(t.ask(sa, request), NotifyType::temporary_failure);
}

Octets nonce_of(const Message& message) {
  const auto* nonce = find<Nonce>(message.payloads);
  return nonce == nullptr ? Octets{} : nonce->data;
}

// Made again until its nonce is low, so that it is most likely the lowest of all.
Message with_low_nonce(const std::function<Message()>& make) {
  for (;;)
    if (Message one = make(); nonce_of(one).at(0) < 3) return one;
}

// A child rekey that crosses the target's, and both answers.
struct CrossingRekeys {
  Message theirs, ours;               // requests
  Message to_theirs, to_ours;         // responses
  EspChild *from_theirs, *from_ours;  // what each has made
  // The lowest nonce is in the target's exchange: what that has made goes.
  bool theirs_goes() const {
    return std::min(nonce_of(theirs), nonce_of(to_theirs)) < std::min(nonce_of(ours), nonce_of(to_ours));
  }
};

CrossingRekeys cross_child_rekeys(Tester& t, IkeSession& sa, bool low_in_theirs) {
  CrossingRekeys all;
  all.theirs = after_hook(t, sa, Hook::rekey_child, ExchangeType::create_child_sa);
  const auto ask = [&] { return sa.create_child_request({.rekeys = sa.children.front()->terms().own}); };
  all.ours = low_in_theirs ? ask() : with_low_nonce(ask);
  all.to_ours = t.ask(sa, all.ours);
  t.expect_no_error(all.to_ours);
  all.from_ours = sa.take_child(all.ours, all.to_ours);
  const auto answer = [&] { return sa.child_response(all.theirs); };
  all.to_theirs = low_in_theirs ? with_low_nonce(answer) : answer();
  all.from_theirs = sa.made_child();
  sa.send(all.to_theirs);
  return all;
}

void settle_child_rekeys(Tester& t, bool low_in_theirs) {
  IkeSession& sa = t.establish();
  EspChild& old = *sa.children.front();
  const CrossingRekeys all = cross_child_rekeys(t, sa, low_in_theirs);
  EspChild& stays = all.theirs_goes() ? *all.from_ours : *all.from_theirs;
  EspChild& goes = all.theirs_goes() ? *all.from_theirs : *all.from_ours;
  // Who made the redundant one deletes it, and the other end, which made the one that stays, the old one.
  expect_delete(t, sa, all.theirs_goes() ? goes : old);
  t.expect_no_error(delete_child(t, sa, all.theirs_goes() ? old : goes));
  static_cast<void>(t.ping(stays));
  t.expect_no_pong(t.send_ping(goes), "a packet on the redundant child");
  t.expect_alive(sa);
}

// Two successors of an IKE SA.
struct CrossingIkeRekeys {
  Message theirs, ours, to_theirs, to_ours;
  IkeSession *from_theirs = nullptr, *from_ours = nullptr;
  bool theirs_goes() const {
    return std::min(nonce_of(theirs), nonce_of(to_theirs)) < std::min(nonce_of(ours), nonce_of(to_ours));
  }
};

CrossingIkeRekeys cross_ike_rekeys(Tester& t, IkeSession& sa, bool low_in_theirs) {
  CrossingIkeRekeys all;
  all.theirs = after_hook(t, sa, Hook::rekey_ike, ExchangeType::create_child_sa);
  const auto ask = [&] { return sa.rekey_request(); };
  all.ours = low_in_theirs ? ask() : with_low_nonce(ask);
  all.to_ours = t.ask(sa, all.ours);
  t.expect_no_error(all.to_ours);
  all.from_ours = &sa.take_rekey(all.ours, all.to_ours);
  const auto answer = [&] { return sa.rekey_response(all.theirs, &all.from_theirs); };
  all.to_theirs = low_in_theirs ? with_low_nonce(answer) : answer();
  sa.send(all.to_theirs);
  return all;
}

bool is_delete_of_ike(const Message& message) {
  return !message.header.response && deletes_ike_sa(message);
}

void settle_ike_rekeys(Tester& t, bool low_in_theirs) {
  IkeSession& sa = t.establish();
  EspChild& child = *sa.children.front();
  const CrossingIkeRekeys all = cross_ike_rekeys(t, sa, low_in_theirs);
  IkeSession& stays = all.theirs_goes() ? *all.from_ours : *all.from_theirs;
  IkeSession& goes = all.theirs_goes() ? *all.from_theirs : *all.from_ours;
  IkeSession& by_target = all.theirs_goes() ? goes : sa;
  IkeSession& by_tester = all.theirs_goes() ? sa : goes;
  const auto last = t.receive(by_target, is_delete_of_ike, t.request_patience());
  if (!last) t.fail("a Delete of the IKE SA that is the target's to delete", "none");
  by_target.send(by_target.response(*last, {}));
  t.expect_no_error(delete_ike(t, by_tester));
  t.expect_alive(stays);
  static_cast<void>(t.ping(child));
  const auto spis = deleted_spis(delete_child(t, stays, child));
  t.check(std::ranges::find(spis, child.terms().peer) != spis.end(), "the child under the IKE SA that stays",
          "none there");
}

void expect_busy(Tester& t, Hook hook, ExchangeType exchange) {
  IkeSession& sa = t.establish();
  const EspChild& child = *sa.children.front();
  const Message theirs = after_hook(t, sa, hook, exchange);
  expect_put_off(t, sa, sa.rekey_request());
  sa.send(exchange == ExchangeType::create_child_sa
              ? sa.child_response(theirs)
              : sa.response(theirs, {delete_payload({child.terms().own})}));
  t.expect_alive(sa);
}

}  // namespace

// --- 2.25.1

MPSEC_CASE(
        .id = "rfc7296/2.25.1/rekey-of-a-child-that-is-closing-is-put-off",
        .rules = {"rfc7296/2.25.1/rekey-of-a-child-that-is-closing",
                  "rfc7296/2.25/temporary-failure-for-a-passing-condition"},
        .hooks = {Hook::delete_child},
        .does = "The tester rekeys the child while the target's Delete of it is not answered.",
        .lawful = "The answer is TEMPORARY_FAILURE; the IKE SA lives.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const EspChild& child = *sa.children.front();
          const Message theirs = after_hook(t, sa, Hook::delete_child, ExchangeType::informational);
          expect_put_off(t, sa, sa.create_child_request({.rekeys = child.terms().own}));
          sa.send(sa.response(theirs, {delete_payload({child.terms().own})}));
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc7296/2.25.1/rekey-of-a-child-that-is-rekeying-is-granted",
        .rules = {"rfc7296/2.25.1/rekey-of-a-child-that-is-rekeying",
                  "rfc7296/2.8.1/simultaneous-rekey-is-answered-as-usual",
                  "rfc7296/2.3/request-is-served-while-ours-is-out"},
        .hooks = {Hook::rekey_child},
        .does = "The tester rekeys the child while the target's rekey of it is not answered.",
        .lawful = "It is granted, and the new child takes packets.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          after_hook(t, sa, Hook::rekey_child, ExchangeType::create_child_sa);
          const Message ours = sa.create_child_request({.rekeys = sa.children.front()->terms().own});
          const Message response = t.ask(sa, ours);
          t.expect_no_error(response);
          static_cast<void>(t.ping(*sa.take_child(ours, response)));
        });

MPSEC_CASE(
        .id = "rfc7296/2.25.1/delete-of-a-child-that-is-rekeying-is-granted",
        .rules = {"rfc7296/2.25.1/delete-of-a-child-that-is-rekeying"}, .hooks = {Hook::rekey_child},
        .does =
            "The tester deletes the child while the target's rekey of it is not answered, and answers that "
            "with CHILD_SA_NOT_FOUND.",
        .lawful = "The Delete is answered by the target's; the child is gone and the IKE SA lives.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& child = *sa.children.front();
          const Message theirs = after_hook(t, sa, Hook::rekey_child, ExchangeType::create_child_sa);
          const auto spis = deleted_spis(delete_child(t, sa, child));
          t.check(std::ranges::find(spis, child.terms().peer) != spis.end(),
                  "a Delete of the SA on which the target receives", "none");
          sa.send(sa.response(theirs, {notify_payload(NotifyType::child_sa_not_found)}));
          t.expect_no_pong(t.send_ping(child), "a packet on a deleted child");
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc7296/2.25.1/ike-rekey-is-put-off-while-a-child-is-made",
        .rules = {"rfc7296/2.25.1/no-ike-rekey-while-children-are-busy",
                  "rfc7296/2.25/temporary-failure-for-a-passing-condition"},
        .hooks = {Hook::create_child},
        .does = "The tester rekeys the IKE SA while the target's request for a child is not answered.",
        .lawful = "The answer is TEMPORARY_FAILURE; the IKE SA lives.",
        .run = [](Tester& t) { expect_busy(t, Hook::create_child, ExchangeType::create_child_sa); });

MPSEC_CASE(
        .id = "rfc7296/2.25.1/ike-rekey-is-put-off-while-a-child-is-rekeyed",
        .rules = {"rfc7296/2.25.1/no-ike-rekey-while-children-are-busy",
                  "rfc7296/2.25/temporary-failure-for-a-passing-condition"},
        .hooks = {Hook::rekey_child},
        .does = "The tester rekeys the IKE SA while the target's rekey of the child is not answered.",
        .lawful = "The answer is TEMPORARY_FAILURE; the IKE SA lives.",
        .run = [](Tester& t) { expect_busy(t, Hook::rekey_child, ExchangeType::create_child_sa); });

MPSEC_CASE(
        .id = "rfc7296/2.25.1/ike-rekey-is-put-off-while-a-child-is-deleted",
        .rules = {"rfc7296/2.25.1/no-ike-rekey-while-children-are-busy",
                  "rfc7296/2.25/temporary-failure-for-a-passing-condition"},
        .hooks = {Hook::delete_child},
        .does = "The tester rekeys the IKE SA while the target's Delete of the child is not answered.",
        .lawful = "The answer is TEMPORARY_FAILURE; the IKE SA lives.",
        .run = [](Tester& t) { expect_busy(t, Hook::delete_child, ExchangeType::informational); });

// --- 2.8.1

MPSEC_CASE(
        .id = "rfc7296/2.8.1/targets-redundant-child-is-deleted-by-it",
        .rules = {"rfc7296/2.8.1/lowest-nonce-goes", "rfc7296/2.8.1/simultaneous-rekey-is-answered-as-usual"},
        .hooks = {Hook::rekey_child},
        .does = "Rekeys of the child cross; the tester's nonce in the target's exchange is low.",
        .lawful =
            "The target deletes the child that its exchange has made, if the lowest of the four nonces is "
            "in it; else the old one. The other child works.",
        .run = [](Tester& t) { settle_child_rekeys(t, true); });

MPSEC_CASE(
        .id = "rfc7296/2.8.1/old-child-is-deleted-by-the-survivors-maker",
        .rules = {"rfc7296/2.8.1/survivors-maker-deletes-the-old", "rfc7296/2.8.1/lowest-nonce-goes"},
        .hooks = {Hook::rekey_child},
        .does = "Rekeys of the child cross; the tester's nonce in its own exchange is low.",
        .lawful =
            "The target deletes the old child, if the lowest of the four nonces is in the tester's "
            "exchange; else the one that it has made. The other child works.",
        .run = [](Tester& t) { settle_child_rekeys(t, false); });

MPSEC_CASE(
        .id = "rfc7296/2.8.1/error-after-a-known-collision-is-ignored",
        .rules = {"rfc7296/2.8.1/error-after-a-known-collision-is-ignored"}, .hooks = {Hook::rekey_child},
        .does =
            "The tester rekeys the child and deletes the old one while the target's rekey is not answered, "
            "and then answers that with TEMPORARY_FAILURE.",
        .lawful = "The tester's child works, and no other rekey or child is asked for.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& old = *sa.children.front();
          const Message theirs = after_hook(t, sa, Hook::rekey_child, ExchangeType::create_child_sa);
          EspChild& fresh = rekey_child(t, sa, old);
          t.control([&] { return delete_child(t, sa, old); });
          sa.send(sa.response(theirs, {notify_payload(NotifyType::temporary_failure)}));
          static_cast<void>(t.ping(fresh));
          const auto asks = [&](const Message& message) {
            return !message.header.response && message.header.message_id != theirs.header.message_id;
          };
          if (const auto more = t.receive(sa, asks, std::chrono::seconds(30)))
            t.check(more->header.exchange_type != ExchangeType::create_child_sa, "no further rekey", "one");
          t.expect_alive(sa);
        });

// --- 2.25.2, 2.8.2

MPSEC_CASE(
        .id = "rfc7296/2.25.2/rekey-of-an-ike-sa-that-is-closing-is-put-off",
        .rules = {"rfc7296/2.25.2/rekey-of-an-ike-sa-that-is-closing"}, .hooks = {Hook::delete_ike},
        .does = "The tester rekeys the IKE SA while the target's Delete of it is not answered.",
        .lawful = "The answer is TEMPORARY_FAILURE.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const Message theirs = after_hook(t, sa, Hook::delete_ike, ExchangeType::informational);
          expect_put_off(t, sa, sa.rekey_request());
          sa.send(sa.response(theirs, {}));
          t.expect_target_alive();
        });

MPSEC_CASE(
        .id = "rfc7296/2.25.2/rekey-of-an-ike-sa-that-is-rekeying-is-granted",
        .rules = {"rfc7296/2.25.2/rekey-of-an-ike-sa-that-is-rekeying"}, .hooks = {Hook::rekey_ike},
        .does = "The tester rekeys the IKE SA while the target's rekey of it is not answered.",
        .lawful = "It is granted.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          after_hook(t, sa, Hook::rekey_ike, ExchangeType::create_child_sa);
          const Message request = sa.rekey_request();
          const Message response = t.ask(sa, request);
          t.expect_no_error(response);
          t.expect_alive(sa.take_rekey(request, response));
        });

MPSEC_CASE(
        .id = "rfc7296/2.25.2/new-child-is-put-off-while-the-ike-sa-is-rekeyed",
        .rules = {"rfc7296/2.25.2/no-child-while-rekeying-the-ike-sa",
                  "rfc7296/2.25/temporary-failure-for-a-passing-condition"},
        .hooks = {Hook::rekey_ike},
        .does = "The tester asks for a child while the target's rekey of the IKE SA is not answered.",
        .lawful = "The answer is TEMPORARY_FAILURE; the new IKE SA works.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const Message theirs = after_hook(t, sa, Hook::rekey_ike, ExchangeType::create_child_sa);
          expect_put_off(t, sa, sa.create_child_request({}));
          IkeSession* next = nullptr;
          sa.send(sa.rekey_response(theirs, &next));
          t.expect_alive(*next);
        });

MPSEC_CASE(
        .id = "rfc7296/2.25.2/child-rekey-is-put-off-while-the-ike-sa-is-rekeyed",
        .rules = {"rfc7296/2.25.2/no-child-while-rekeying-the-ike-sa",
                  "rfc7296/2.25/temporary-failure-for-a-passing-condition"},
        .hooks = {Hook::rekey_ike},
        .does = "The tester rekeys the child while the target's rekey of the IKE SA is not answered.",
        .lawful = "The answer is TEMPORARY_FAILURE; the new IKE SA works.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const Message theirs = after_hook(t, sa, Hook::rekey_ike, ExchangeType::create_child_sa);
          expect_put_off(t, sa, sa.create_child_request({.rekeys = sa.children.front()->terms().own}));
          IkeSession* next = nullptr;
          sa.send(sa.rekey_response(theirs, &next));
          t.expect_alive(*next);
        });

MPSEC_CASE(
        .id = "rfc7296/2.25.2/child-is-deleted-while-the-ike-sa-is-rekeyed",
        .rules = {"rfc7296/2.25.2/delete-of-a-child-while-rekeying-the-ike-sa"}, .hooks = {Hook::rekey_ike},
        .does = "The tester deletes the child while the target's rekey of the IKE SA is not answered.",
        .lawful = "It is answered by the target's Delete; the new IKE SA works, and the child is gone.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& child = *sa.children.front();
          const Message theirs = after_hook(t, sa, Hook::rekey_ike, ExchangeType::create_child_sa);
          const auto spis = deleted_spis(delete_child(t, sa, child));
          t.check(std::ranges::find(spis, child.terms().peer) != spis.end(),
                  "a Delete of the SA on which the target receives", "none");
          IkeSession* next = nullptr;
          sa.send(sa.rekey_response(theirs, &next));
          t.expect_no_pong(t.send_ping(child), "a packet on a deleted child");
          t.expect_alive(*next);
        });

MPSEC_CASE(
        .id = "rfc7296/2.25.2/delete-of-an-ike-sa-that-is-rekeying-is-granted",
        .rules = {"rfc7296/2.25.2/delete-of-an-ike-sa-that-is-rekeying"}, .hooks = {Hook::rekey_ike},
        .does = "The tester deletes the IKE SA while the target's rekey of it is not answered.",
        .lawful = "It is granted, and the rekey does not come again.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const Message theirs = after_hook(t, sa, Hook::rekey_ike, ExchangeType::create_child_sa);
          t.expect_no_error(delete_ike(t, sa));
          const auto again = [&](const Message& message) {
            return !message.header.response && message.header.message_id == theirs.header.message_id;
          };
          if (t.receive(sa, again, 4 * t.target().first_retransmission))
            t.fail("that the rekey is forgotten", "it comes again");
          t.expect_dead(sa);
          t.expect_target_alive();
        });

MPSEC_CASE(
        .id = "rfc7296/2.8.2/delete-of-the-old-ike-sa-settles-the-rekey",
        .rules = {"rfc7296/2.8.2/delete-of-the-old-settles-the-rekey"}, .hooks = {Hook::rekey_ike},
        .does =
            "The tester rekeys the IKE SA and deletes the old one while the target's rekey of it is not "
            "answered.",
        .lawful = "The tester's new IKE SA has the child, and the target's rekey does not come again.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& child = *sa.children.front();
          const Message theirs = after_hook(t, sa, Hook::rekey_ike, ExchangeType::create_child_sa);
          IkeSession& next = rekey_ike(t, sa);
          t.expect_no_error(delete_ike(t, sa));
          const auto again = [&](const Message& message) {
            return !message.header.response && message.header.message_id == theirs.header.message_id;
          };
          if (t.receive(sa, again, 4 * t.target().first_retransmission))
            t.fail("that the rekey is forgotten", "it comes again");
          static_cast<void>(t.ping(child));
          const auto spis = deleted_spis(delete_child(t, next, child));
          t.check(std::ranges::find(spis, child.terms().peer) != spis.end(), "the child under the new IKE SA",
                  "none there");
        });

MPSEC_CASE(
        .id = "rfc7296/2.8.2/targets-redundant-ike-sa-is-deleted-by-it",
        .rules = {"rfc7296/2.8.2/redundant-ike-sa-is-deleted-by-its-maker",
                  "rfc7296/2.8.2/surviving-ike-sa-inherits-the-children"},
        .hooks = {Hook::rekey_ike},
        .does = "Rekeys of the IKE SA cross; the tester's nonce in the target's exchange is low.",
        .lawful =
            "The target deletes the IKE SA of its exchange, if the lowest of the four nonces is in it; "
            "else the old one. The other one has the child.",
        .run = [](Tester& t) { settle_ike_rekeys(t, true); });

MPSEC_CASE(
        .id = "rfc7296/2.8.2/surviving-ike-sa-inherits-the-child",
        .rules = {"rfc7296/2.8.2/surviving-ike-sa-inherits-the-children",
                  "rfc7296/2.8.2/redundant-ike-sa-is-deleted-by-its-maker"},
        .hooks = {Hook::rekey_ike},
        .does = "Rekeys of the IKE SA cross; the tester's nonce in its own exchange is low.",
        .lawful =
            "The target deletes the old IKE SA, if the lowest of the four nonces is in the tester's "
            "exchange; else the one of its own. The other one has the child.",
        .run = [](Tester& t) { settle_ike_rekeys(t, false); });

// --- INITIAL_CONTACT

MPSEC_CASE(
        .id = "rfc7296/2.4/peer-that-comes-back-after-a-crash-is-served",
        .rules = {"rfc7296/2.4/initial-contact-may-follow-a-crash",
                  "rfc7296/2.4/initial-contact-ends-the-others"},
        .side = Side::responder,
        .does = "The tester makes a second IKE SA with INITIAL_CONTACT, as if it had forgotten the first.",
        .lawful = "The new one works; the old one may be ended at once, and without a word.",
        .run = [](Tester& t) {
          t.establish();
          IkeSession& again = t.half_open({.initial_contact = true});
          const Message response = t.ask(again, again.auth_request());
          t.expect_no_error(response);
          EspChild* const child = again.take_auth(response);
          if (child == nullptr) t.fail("a Child SA with the IKE SA", "none");
          static_cast<void>(t.ping(*child));
          t.expect_alive(again);
        });

MPSEC_CASE(
        .id = "rfc7296/2.4/initial-contact-in-another-message-does-no-harm",
        .rules = {"rfc7296/2.4/initial-contact-elsewhere-may-be-ignored"},
        .does = "The tester sends INITIAL_CONTACT in an INFORMATIONAL request.",
        .lawful = "It is answered as it would be without; the IKE SA and its child live on.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          t.expect_no_error(t.ask(sa, sa.informational({notify_payload(NotifyType::initial_contact)})));
          static_cast<void>(t.ping(*sa.children.front()));
          t.expect_alive(sa);
        });

}  // namespace mpsec::conformance
