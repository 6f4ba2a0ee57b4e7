// RFC 7296 1.4.1, 2.25: Deletes of children and of IKE SAs, in both directions and crossing.
#include "interop/suite/moves.hpp"
#include "interop/suite/need.hpp"

namespace mpsec::conformance {

using namespace wire::ike;

namespace {

void expect_named(Tester& t, const Message& message, const EspChild& child) {
  const auto spis = deleted_spis(message);
  t.check(std::ranges::find(spis, child.terms().peer) != spis.end(),
          "a Delete of the SA on which the target receives", "none");
}

void expect_no_delete(Tester& t, const Message& response) {
  t.check(find<Delete>(response.payloads) == nullptr, "a response without a Delete", "one with a Delete");
  t.expect_no_error(response);
}

}  // namespace

MPSEC_CASE(
        .id = "rfc7296/1.4.1/deleted-child-is-closed-with-its-other-half",
        .rules = {"rfc7296/1.4.1/named-children-are-closed", "rfc7296/1.4.1/both-halves-of-a-child-close",
                  "rfc7296/1.4.1/delete-names-the-senders-inbound-spi",
                  "rfc7296/1.4.1/each-end-closes-its-inbound-half"},
        .does = "The tester deletes the child.",
        .lawful =
            "The answer deletes the SA on which the target receives, and that is used no more; the IKE SA "
            "lives on.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& child = *sa.children.front();
          expect_named(t, delete_child(t, sa, child), child);
          t.expect_no_pong(t.send_ping(child), "a packet on a deleted child");
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc7296/3.11/one-delete-closes-several-children",
        .rules = {"rfc7296/3.11/delete-has-spis-of-one-protocol", "rfc7296/1.4.1/named-children-are-closed"},
        .does = "The tester makes a second child and deletes both by one payload.",
        .lawful = "The answer deletes both of the target's halves; the IKE SA lives on.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& first = *sa.children.front();
          EspChild& second = make_child(t, sa);
          const Message response =
              t.ask(sa, sa.informational({delete_payload({first.terms().own, second.terms().own})}));
          expect_named(t, response, first);
          expect_named(t, response, second);
          t.expect_no_pong(t.send_ping(first), "a packet on a deleted child");
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc7296/1.4.1/delete-of-the-ike-sa-is-answered-empty",
        .rules = {"rfc7296/1.4.1/delete-of-the-ike-sa-is-answered-empty"},
        .does = "The tester deletes the IKE SA.", .lawful = "The answer has no payloads.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          t.check(delete_ike(t, sa).payloads.empty(), "a response without payloads", "one with some");
          t.expect_target_alive();
        });

MPSEC_CASE(
        .id = "rfc7296/1.4.1/deleted-ike-sa-is-closed-with-its-children",
        .rules = {"rfc7296/1.4.1/named-children-are-closed"}, .does = "The tester deletes the IKE SA.",
        .lawful = "Neither the IKE SA nor its child is used any more.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          t.control([&] { return delete_ike(t, sa); });
          t.expect_dead(sa);
          t.expect_no_pong(t.send_ping(*sa.children.front()), "a packet on a child of a deleted IKE SA");
          t.expect_target_alive();
        });

MPSEC_CASE(
        .id = "rfc7296/2.4/deleted-child-is-told-of",
        .rules = {"rfc7296/2.4/deleted-child-is-told-of",
                  "rfc7296/1.4.1/delete-names-the-senders-inbound-spi", "rfc7296/3.11/spi-size-of-a-delete",
                  "rfc7296/3.11/delete-does-not-mix-protocols"},
        .hooks = {Hook::delete_child}, .does = "The target's owner has the child deleted.",
        .lawful =
            "An INFORMATIONAL request deletes the SA on which the target receives, with an SPI of four "
            "octets; answered, the child carries nothing and the IKE SA lives.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& child = *sa.children.front();
          t.call(Hook::delete_child);
          const Message request = t.expect_request(sa, ExchangeType::informational);
          expect_named(t, request, child);
          t.check(need<Delete>(request.payloads).spi_size == 4, "SPIs of four octets", "others");
          sa.send(sa.response(request, {delete_payload({child.terms().own})}));
          t.wait(t.link().silence());  // ESP must not overtake the answer
          t.expect_no_pong(t.send_ping(child), "a packet on a deleted child");
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc7296/2.4/closed-ike-sa-is-told-of",
        .rules = {"rfc7296/2.4/closed-ike-sa-is-told-of", "rfc7296/1.4/ike-sa-is-spoken-of-under-itself"},
        .hooks = {Hook::delete_ike}, .does = "The target's owner has the IKE SA deleted.",
        .lawful = "An INFORMATIONAL request on it has a Delete of the IKE SA; answered, the SA is gone.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          t.call(Hook::delete_ike);
          const Message request = t.expect_request(sa, ExchangeType::informational);
          t.check(deletes_ike_sa(request), "a Delete of the IKE SA", "another request");
          sa.send(sa.response(request, {}));
          t.expect_dead(sa);
          t.expect_target_alive();
        });

MPSEC_CASE(
        .id = "rfc7296/3.11/delete-of-the-ike-sa-has-no-spi", .rules = {"rfc7296/3.11/spi-size-of-a-delete"},
        .hooks = {Hook::delete_ike}, .does = "The target's owner has the IKE SA deleted.",
        .lawful = "The Delete has an SPI size of zero and no SPI.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const Message request = after_hook(t, sa, Hook::delete_ike, ExchangeType::informational);
          for (const Delete* one : find_all<Delete>(request.payloads))
            if (one->protocol == ProtocolId::ike)
              t.check(one->spi_size == 0 && one->spis.empty(), "no SPI in a Delete of the IKE SA", "one");
          sa.send(sa.response(request, {}));
          t.expect_target_alive();
        });

MPSEC_CASE(
        .id = "rfc7296/1.4.1/crossing-delete-of-a-child-is-answered-without-delete",
        .rules = {"rfc7296/1.4.1/crossing-delete-is-answered-without-delete",
                  "rfc7296/2.25.1/delete-of-a-child-that-is-closing",
                  "rfc7296/2.3/request-is-served-while-ours-is-out"},
        .hooks = {Hook::delete_child},
        .does = "The tester deletes the child while the target's Delete of it is not answered yet.",
        .lawful =
            "The answer has no Delete; when the tester has answered likewise, the child is gone and the "
            "IKE SA lives.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& child = *sa.children.front();
          const Message theirs = after_hook(t, sa, Hook::delete_child, ExchangeType::informational);
          expect_no_delete(t, delete_child(t, sa, child));
          sa.send(sa.response(theirs, {}));
          t.wait(t.link().silence());  // ESP must not overtake it
          t.expect_no_pong(t.send_ping(child), "a packet on a deleted child");
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc7296/2.25.2/crossing-delete-of-the-ike-sa-is-granted",
        .rules = {"rfc7296/2.25.2/delete-of-an-ike-sa-that-is-closing"}, .hooks = {Hook::delete_ike},
        .does = "The tester deletes the IKE SA while the target's Delete of it is not answered yet.",
        .lawful = "It is answered, and the target's own Delete does not come again.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const Message theirs = after_hook(t, sa, Hook::delete_ike, ExchangeType::informational);
          t.expect_no_error(delete_ike(t, sa));
          const auto again = [&](const Message& message) {
            return !message.header.response && message.header.message_id == theirs.header.message_id;
          };
          if (t.receive(sa, again, 4 * t.target().first_retransmission))
            t.fail("that the target's Delete is forgotten", "it comes again");
          t.expect_dead(sa);
          t.expect_target_alive();
        });

MPSEC_CASE(
        .id = "rfc7296/2.25.1/delete-of-an-unknown-child-is-answered-without-delete",
        .rules = {"rfc7296/2.25.1/delete-of-an-unknown-child"},
        .does = "The tester deletes a child under an SPI that no child has.",
        .lawful = "The answer has no Delete; the IKE SA and its child live on.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& child = *sa.children.front();
          const Spi unknown(child.terms().own.value ^ 0x5a5a0000u);
          expect_no_delete(t, t.ask(sa, sa.informational({delete_payload({unknown})})));
          static_cast<void>(t.ping(child));
          t.expect_alive(sa);
        });

}  // namespace mpsec::conformance
