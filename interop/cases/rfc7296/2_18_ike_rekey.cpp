// RFC 7296 1.3.2, 2.8, 2.18: the rekeying of IKE SAs, in both directions.
#include "interop/suite/moves.hpp"
#include "interop/suite/need.hpp"

namespace mpsec::conformance {

using namespace wire::ike;

namespace {

Message begins_ike_rekey(Tester& t, IkeSession& sa) {
  return after_hook(t, sa, Hook::rekey_ike, ExchangeType::create_child_sa);
}

IkeSession& grant(IkeSession& sa, const Message& request) {
  IkeSession* next = nullptr;
  sa.send(sa.rekey_response(request, &next));
  return *next;
}

// The target rekeys, which is granted, and deletes the old IKE SA: a control.
IkeSession& rekeyed_by_target(Tester& t, IkeSession& sa) {
  return t.control([&]() -> IkeSession& {
    IkeSession& next = grant(sa, begins_ike_rekey(t, sa));
    const Message last = t.expect_request(sa, ExchangeType::informational);
    if (!deletes_ike_sa(last)) t.fail("a Delete of the replaced IKE SA", "another request");
    sa.send(sa.response(last, {}));
    return next;
  });
}

Transform* transform_of(Message& message, TransformType type) {
  auto* sa = find<SecurityAssociation>(message.payloads);
  if (sa == nullptr) return nullptr;
  auto& all = sa->proposals.at(0).transforms;
  const auto at = std::ranges::find(all, type, &Transform::type);
  return at == all.end() ? nullptr : &*at;
}

}  // namespace

// --- the target rekeys

MPSEC_CASE(
        .id = "rfc7296/1.3.2/ike-rekey-request-has-a-key-exchange",
        .rules = {"rfc7296/1.3.2/ike-rekey-has-a-key-exchange",
                  "rfc7296/2.18/none-is-not-proposed-at-an-ike-rekey", "rfc7296/3.3.1/spi-size-by-protocol"},
        .hooks = {Hook::rekey_ike}, .does = "The target's owner has the IKE SA rekeyed.",
        .lawful =
            "The request has SA, Ni and KE; each proposal has a group that is not NONE and an SPI of eight "
            "octets.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const Message request = begins_ike_rekey(t, sa);
          t.check(find<KeyExchange>(request.payloads) != nullptr && find<Nonce>(request.payloads) != nullptr,
                  "a KE payload and a nonce", "not both");
          for (const Proposal& one : need<SecurityAssociation>(request.payloads).proposals) {
            t.check(one.protocol == ProtocolId::ike && one.spi.size() == 8, "an SPI of eight octets",
                    "another");
            bool group = false;
            for (const Transform& transform : one.transforms)
              if (transform.type == TransformType::key_exchange) {
                t.check(transform.id != 0, "no group NONE", "NONE");
                group = true;
              }
            t.check(group, "a group in each proposal", "none");
          }
          t.expect_alive(grant(sa, request));
        });

MPSEC_CASE(
        .id = "rfc7296/2.18/rekeyed-ike-sa-counts-from-zero-as-initiator",
        .rules = {"rfc7296/2.18/rekeyed-ike-sa-counts-from-zero",
                  "rfc7296/1.4/child-is-spoken-of-under-its-ike-sa"},
        .hooks = {Hook::rekey_ike, Hook::delete_child},
        .does = "The target's owner has the IKE SA rekeyed, and then the child deleted.",
        .lawful = "The Delete comes on the new IKE SA, under Message ID 0.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const EspChild& child = *sa.children.front();
          IkeSession& next = rekeyed_by_target(t, sa);
          t.call(Hook::delete_child);
          const Message request = t.expect_request(next, ExchangeType::informational);
          t.check(request.header.message_id == MessageId(0), "Message ID 0", "another one");
          next.send(next.response(request, {delete_payload({child.terms().own})}));
          t.expect_alive(next);
        });

MPSEC_CASE(
        .id = "rfc7296/2.4/replaced-ike-sa-is-deleted-by-who-rekeyed-it",
        .rules = {"rfc7296/2.4/closed-ike-sa-is-told-of", "rfc7296/1.4/ike-sa-is-spoken-of-under-itself"},
        .hooks = {Hook::rekey_ike}, .does = "The target's owner has the IKE SA rekeyed, which is granted.",
        .lawful =
            "The target deletes the old IKE SA, on which nothing is answered then; the child lives on "
            "under the new one.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          IkeSession& next = grant(sa, begins_ike_rekey(t, sa));
          t.control([&] { t.expect_alive(next); });
          const Message last = t.expect_request(sa, ExchangeType::informational);
          t.check(deletes_ike_sa(last), "a Delete of the old IKE SA", "another request");
          sa.send(sa.response(last, {}));
          t.expect_dead(sa);
          static_cast<void>(t.ping(*sa.children.front()));
        });

MPSEC_CASE(
        .id = "rfc7296/2.8/nothing-is-asked-on-a-replaced-ike-sa",
        .rules = {"rfc7296/2.8/delete-is-the-last-request",
                  "rfc7296/1.4/child-is-spoken-of-under-its-ike-sa"},
        .hooks = {Hook::rekey_ike, Hook::create_child},
        .does = "The target's owner has the IKE SA rekeyed, and then asks for a second child.",
        .lawful = "The request comes on the new IKE SA, and none on the old one.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          IkeSession& next = rekeyed_by_target(t, sa);
          t.call(Hook::create_child);
          const auto any = [](const Message& message) { return !message.header.response; };
          const auto request = t.receive(next, any, t.request_patience());
          t.check(sa.waiting.empty(), "no request on the replaced IKE SA", "one");
          if (!request) t.fail("a request on the new IKE SA", "none");
          next.send(next.child_response(*request));
          static_cast<void>(t.ping(need_child(next.made_child())));
        });

MPSEC_CASE(
        .id = "rfc7296/3.3.6/ike-rekey-follows-to-another-group",
        .rules = {"rfc7296/3.3.6/retry-has-the-indicated-group",
                  "rfc7296/3.3.6/retry-still-offers-all-groups"},
        .hooks = {Hook::rekey_ike},
        .does =
            "The tester answers the target's rekey of the IKE SA with INVALID_KE_PAYLOAD and another group "
            "of the offer.",
        .lawful =
            "The request comes again with a KE payload of that group, and all groups offered; the new IKE "
            "SA works.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const Message first = begins_ike_rekey(t, sa);
          const auto sent = need<KeyExchange>(first.payloads).method;
          std::uint16_t other = 0;
          for (const Transform& one : need<SecurityAssociation>(first.payloads).proposals.at(0).transforms)
            if (one.type == TransformType::key_exchange && one.id != sent) other = one.id;
          if (other == 0) t.unsupported("it offers only one group");
          sa.send(sa.response(
              first, {make_payload(make_notify(NotifyType::invalid_ke_payload, InvalidKePayload{other}))}));
          const Message retry = t.expect_request(sa, ExchangeType::create_child_sa);
          t.check(need<KeyExchange>(retry.payloads).method == other, "a KE payload of that group", "another");
          std::size_t groups = 0;
          for (const Transform& one : need<SecurityAssociation>(retry.payloads).proposals.at(0).transforms)
            groups += one.type == TransformType::key_exchange;
          t.check(groups > 1, "all groups offered", "one");
          t.expect_alive(grant(sa, retry));
        });

MPSEC_CASE(
        .id = "rfc7296/2.25/refused-ike-rekey-is-not-tried-again-at-once",
        .rules = {"rfc7296/2.25/no-immediate-retry-after-temporary-failure",
                  "rfc7296/2.25/wait-after-temporary-failure"},
        .hooks = {Hook::rekey_ike},
        .does = "The tester answers the target's rekey of the IKE SA with TEMPORARY_FAILURE.",
        .lawful = "It is not tried again at once; the IKE SA lives on.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const Message request = begins_ike_rekey(t, sa);
          sa.send(sa.response(request, {notify_payload(NotifyType::temporary_failure)}));
          t.expect_silence(
              sa,
              [](const Message& message) {
                return !message.header.response &&
                       message.header.exchange_type == ExchangeType::create_child_sa;
              },
              "rekey so soon after TEMPORARY_FAILURE");
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc7296/2.8/ike-sa-at-its-time-is-renewed-or-closed",
        .rules = {"rfc7296/4/expiring-sa-may-be-renewed", "rfc7296/4/expiring-sa-may-be-replaced"},
        .wishes = {.ike_lifetime = std::chrono::seconds(20)},
        .does = "The lifetime of the IKE SA, twenty seconds, passes.",
        .lawful = "Within thirty seconds the target rekeys it or deletes it.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const auto sees_to_it = [](const Message& message) {
            const auto* offer = find<SecurityAssociation>(message.payloads);
            return !message.header.response &&
                   (deletes_ike_sa(message) || (offer != nullptr && !offer->proposals.empty() &&
                                                offer->proposals.at(0).protocol == ProtocolId::ike));
          };
          const auto request = t.receive(sa, sees_to_it, std::chrono::seconds(30));
          if (!request) t.fail("a rekey or a Delete of the IKE SA", "neither");
          if (!deletes_ike_sa(*request)) t.expect_alive(grant(sa, *request));
        });

// --- the tester rekeys

MPSEC_CASE(
        .id = "rfc7296/2.18/rekeyed-ike-sa-works-as-responder",
        .rules = {"rfc7296/2.18/ike-rekey-computes-a-new-secret",
                  "rfc7296/2.18/rekeyed-ike-sa-counts-from-zero"},
        .does =
            "The tester rekeys the IKE SA, and asks for a sign of life on the new one, under Message ID 0.",
        .lawful = "It is answered there, under keys from the new key exchange.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const Message request = sa.rekey_request();
          const Message response = t.ask(sa, request);
          if (has_notify(response, NotifyType::no_additional_sas))
            t.unsupported("it lets no IKE SA be rekeyed");
          t.expect_no_error(response);
          t.expect_alive(sa.take_rekey(request, response));
        });

MPSEC_CASE(
        .id = "rfc7296/1.4/children-go-over-to-the-new-ike-sa",
        .rules = {"rfc7296/1.4/child-is-spoken-of-under-its-ike-sa"},
        .does = "The tester rekeys the IKE SA, deletes the old one, and deletes the child under the new one.",
        .lawful = "The child works until then, and its Delete is answered by the target's.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& child = *sa.children.front();
          IkeSession& next = rekey_ike(t, sa);
          t.control([&] { return delete_ike(t, sa); });
          static_cast<void>(t.ping(child));
          const auto spis = deleted_spis(delete_child(t, next, child));
          t.check(std::ranges::find(spis, child.terms().peer) != spis.end(),
                  "a Delete of the SA on which the target receives", "none");
        });

MPSEC_CASE(
        .id = "rfc7296/2.18/keys-of-the-new-ike-sa-come-under-the-old-prf",
        .rules = {"rfc7296/2.18/rekeyed-skeyseed-under-the-old-prf"},
        .does = "The tester rekeys the IKE SA with another PRF than it has.",
        .lawful =
            "The new IKE SA works under keys that the old PRF has given; a target that has but one PRF is "
            "unsupported.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          Message request = sa.rekey_request();
          const auto own = static_cast<std::uint16_t>(sa.suite().prf->id);
          for (Proposal& one : need<SecurityAssociation>(request.payloads).proposals)
            std::erase_if(one.transforms, [&](const Transform& transform) {
              return transform.type == TransformType::pseudorandom_function && transform.id == own;
            });
          if (transform_of(request, TransformType::pseudorandom_function) == nullptr)
            t.unsupported("it allows only one PRF");
          const Message response = t.ask(sa, request);
          if (has_error(response)) t.unsupported("it rekeys with no other PRF");
          IkeSession& next = sa.take_rekey(request, response);
          t.expect_alive(next);
        });

MPSEC_CASE(
        .id = "rfc7296/2.18/ike-rekey-without-a-group-is-refused",
        .rules = {"rfc7296/2.18/none-is-not-accepted-at-an-ike-rekey"},
        .does = "The tester rekeys the IKE SA, offers NONE for the group, and sends no KE payload.",
        .lawful = "That is refused; the IKE SA lives on.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          Message request = sa.rekey_request();
          for (Proposal& one : need<SecurityAssociation>(request.payloads).proposals)
            for (Transform& transform : one.transforms)
              if (transform.type == TransformType::key_exchange) transform.id = 0;
          std::erase_if(request.payloads,
                        [](const Payload& one) { return std::holds_alternative<KeyExchange>(one.body); });
          const Message response = t.ask(sa, request);
          t.check(has_error(response), "an error", "a new IKE SA without a key exchange");
          if (!has_notify(response, NotifyType::invalid_syntax)) t.expect_alive(sa);
          t.expect_target_alive();
        });

MPSEC_CASE(
        .id = "rfc7296/2.8.2/rekey-of-a-replaced-ike-sa-gets-temporary-failure",
        .rules = {"rfc7296/2.8.2/rekey-of-a-replaced-ike-sa-gets-temporary-failure"},
        .does = "The tester rekeys the IKE SA, and asks once more on the old one, which is not deleted.",
        .lawful = "The answer is TEMPORARY_FAILURE; the new IKE SA lives.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          IkeSession& next = rekey_ike(t, sa);
          t.expect_notify(t.ask(sa, sa.rekey_request()), NotifyType::temporary_failure);
          t.expect_alive(next);
        });

}  // namespace mpsec::conformance
