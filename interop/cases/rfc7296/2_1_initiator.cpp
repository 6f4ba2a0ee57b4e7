// RFC 7296 2.1 and 2.4: what is sent again, when, and when no more.
#include "interop/suite/moves.hpp"
#include "interop/suite/need.hpp"
#include "wire/ike/complete.hpp"

namespace mpsec::conformance {

using namespace wire::ike;

namespace {

// The same request again, within what a target may take for its third sending.
void expect_again(Tester& t, IkeSession& sa, const Message& request) {
  const Octets first = sa.last_received;
  const auto wanted = [&](const Message& message) {
    return !message.header.response && message.header.message_id == request.header.message_id;
  };
  const auto again = t.receive(sa, wanted, 4 * t.target().first_retransmission + t.link().patience());
  if (!again) t.fail("the request again", "nothing came");
  t.check(sa.last_received == first, "the same octets", "others");
}

// When requests like this one came, until none comes for far longer than before; at most for an hour.
std::vector<Instant> sendings(Tester& t, const std::function<bool(Duration)>& comes) {
  std::vector<Instant> times{t.now()};
  const Instant until = t.now() + std::chrono::hours(1);
  Duration gap = 4 * t.target().first_retransmission;
  while (comes(4 * gap + t.link().patience())) {
    gap = std::max(gap, t.now() - times.back());
    times.push_back(t.now());
    if (t.now() > until) t.fail("that the target gives up in the end", "it still sends after an hour");
  }
  return times;
}

std::function<bool(Duration)> requests_on(Tester& t, IkeSession& sa, ExchangeType exchange) {
  return [&t, &sa, exchange](Duration within) {
    const auto wanted = [&](const Message& message) {
      return !message.header.response && message.header.exchange_type == exchange;
    };
    return t.receive(sa, wanted, within).has_value();
  };
}

void expect_tries(Tester& t, const std::vector<Instant>& times) {
  t.check(times.size() >= 3, "several sendings before the peer is given up",
          times.size() == 1 ? "one" : "two");
  t.check(times.back() - times.at(0) >= std::chrono::seconds(5), "sendings over a while",
          "all within five seconds");
}

}  // namespace

MPSEC_CASE(
        .id = "rfc7296/2.1/ike-sa-init-request-is-sent-again-as-it-was",
        .rules = {"rfc7296/2.1/initiator-retransmits", "rfc7296/2.1/same-octets-on-retransmission",
                  "rfc7296/2.2/retransmission-keeps-the-message-id"},
        .side = Side::initiator, .hooks = {Hook::initiate},
        .does = "The tester does not answer the target's IKE_SA_INIT request.",
        .lawful = "It comes again, octet for octet.", .run = [](Tester& t) {
          IkeSession& sa = t.await_init_request();
          const auto again = t.receive_unknown(4 * t.target().first_retransmission + t.link().patience());
          if (!again) t.fail("the request again", "nothing came");
          t.check(again->octets == sa.last_received, "the same octets", "others");
        });

MPSEC_CASE(
        .id = "rfc7296/2.1/ike-auth-request-is-sent-again-as-it-was",
        .rules = {"rfc7296/2.1/initiator-retransmits", "rfc7296/2.1/same-octets-on-retransmission",
                  "rfc7296/2.1/request-is-kept-until-its-response",
                  "rfc7296/2.2/retransmission-keeps-the-message-id"},
        .side = Side::initiator, .hooks = {Hook::initiate},
        .does = "The tester does not answer the target's IKE_AUTH request at once.",
        .lawful = "It comes again, octet for octet; answered, the handshake goes on.", .run = [](Tester& t) {
          IkeSession& sa = t.await_init_request();
          const Message request = t.control([&] { return expect_auth_request(t, sa); });
          expect_again(t, sa, request);
          sa.send(sa.auth_response(request));
          static_cast<void>(t.ping(need_child(sa.made_child())));
        });

MPSEC_CASE(
        .id = "rfc7296/2.1/create-child-sa-request-is-sent-again-as-it-was",
        .rules = {"rfc7296/2.1/initiator-retransmits", "rfc7296/2.1/same-octets-on-retransmission",
                  "rfc7296/2.3/request-can-be-repeated-until-answered"},
        .hooks = {Hook::rekey_child},
        .does = "The tester does not answer the target's request to rekey a child.",
        .lawful = "It comes again, octet for octet; answered, the new child works.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const Message request = after_hook(t, sa, Hook::rekey_child, ExchangeType::create_child_sa);
          expect_again(t, sa, request);
          sa.send(sa.child_response(request));
          static_cast<void>(t.ping(need_child(sa.made_child())));
        });

MPSEC_CASE(
        .id = "rfc7296/2.1/informational-request-is-sent-again-as-it-was",
        .rules = {"rfc7296/2.1/initiator-retransmits", "rfc7296/2.1/same-octets-on-retransmission",
                  "rfc7296/2.1/request-is-kept-until-its-response"},
        .hooks = {Hook::delete_child}, .does = "The tester does not answer the target's Delete of a child.",
        .lawful = "It comes again, octet for octet.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const EspChild& child = *sa.children.front();
          const Message request = after_hook(t, sa, Hook::delete_child, ExchangeType::informational);
          expect_again(t, sa, request);
          sa.send(sa.response(request, {delete_payload({child.terms().own})}));
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc7296/2.1/answered-request-is-not-sent-again",
        .rules = {"rfc7296/2.1/initiator-retransmits", "rfc7296/2.1/request-is-kept-until-its-response"},
        .hooks = {Hook::create_child}, .does = "The tester answers the target's request for a child.",
        .lawful = "The request does not come again.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const Message request = after_hook(t, sa, Hook::create_child, ExchangeType::create_child_sa);
          t.answers_repeats = false;
          sa.send(sa.child_response(request));
          const auto again = [&](const Message& message) {
            return !message.header.response && message.header.message_id == request.header.message_id;
          };
          if (t.receive(sa, again, 4 * t.target().first_retransmission + t.link().silence()))
            t.fail("no answered request again", "it comes again");
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc7296/2.4/waits-between-sendings-grow",
        .rules = {"rfc7296/2.4/retransmission-times-grow-exponentially"}, .hooks = {Hook::delete_child},
        .does =
            "The tester does not answer the target's Delete of a child, and takes the times of five "
            "sendings.",
        .lawful =
            "The last wait is at least twice the first: with a factor of 1.26 from each to the next it "
            "would be, and nobody uses less.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          t.control([&] { return after_hook(t, sa, Hook::delete_child, ExchangeType::informational); });
          std::vector<Instant> times{t.now()};
          const auto comes = requests_on(t, sa, ExchangeType::informational);
          while (times.size() < 5) {
            if (!comes(40 * t.target().first_retransmission)) t.fail("five sendings", "fewer");
            times.push_back(t.now());
          }
          t.check(times[4] - times[3] >= 2 * (times[1] - times[0]), "waits that grow",
                  "a fourth wait that is not twice the first");
        });

MPSEC_CASE(
        .id = "rfc7296/2.4/unanswered-ike-sa-init-is-given-up",
        .rules = {"rfc7296/2.4/a-dozen-tries-over-minutes",
                  "rfc7296/2.4/unanswered-tries-prove-the-peer-dead"},
        .side = Side::initiator, .hooks = {Hook::initiate}, .waits_for_timers = true,
        .does = "The tester never answers the target's IKE_SA_INIT request.",
        .lawful = "It comes several times over a while, and then no more; the numbers are the target's own.",
        .run = [](Tester& t) {
          static_cast<void>(t.await_init_request());
          expect_tries(t,
                       sendings(t, [&](Duration within) { return t.receive_unknown(within).has_value(); }));
          t.expect_target_alive();
        });

MPSEC_CASE(
        .id = "rfc7296/2.4/peer-that-does-not-answer-a-request-is-given-up",
        .rules = {"rfc7296/2.4/unanswered-tries-prove-the-peer-dead",
                  "rfc7296/2.4/a-dozen-tries-over-minutes"},
        .hooks = {Hook::delete_child}, .waits_for_timers = true,
        .does = "The tester never answers the target's Delete of a child, nor anything else.",
        .lawful = "It comes several times over a while, and then no more; the IKE SA is then gone.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          t.answers_liveness = false;
          after_hook(t, sa, Hook::delete_child, ExchangeType::informational);
          expect_tries(t, sendings(t, requests_on(t, sa, ExchangeType::informational)));
          t.expect_dead(sa);
          t.expect_target_alive();
        });

MPSEC_CASE(
        .id = "rfc7296/2.4/silent-peer-is-asked-for-a-sign-of-life",
        .rules = {"rfc7296/2.4/liveness-is-an-empty-informational",
                  "rfc7296/1.4/informational-request-may-be-empty"},
        .hooks = {Hook::send_traffic}, .waits_for_timers = true,
        .does = "The target's owner sends traffic, and the tester is silent.",
        .lawful = "An INFORMATIONAL request without payloads comes; answered, the IKE SA lives on.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          t.answers_liveness = false;
          t.call(Hook::send_traffic, t.fresh_mark());
          const Message check = t.expect_request(sa, ExchangeType::informational,
                                                 3 * t.target().liveness_after + t.link().patience());
          t.check(check.payloads.empty(), "a request without payloads", "one with some");
          sa.send(sa.response(check, {}));
          t.answers_liveness = true;
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc7296/2.4/unprotected-answer-ends-no-ike-sa",
        .rules = {"rfc7296/2.4/unprotected-message-does-not-prove-the-peer-dead",
                  "rfc7296/2.21.4/unprotected-invalid-ike-spi-changes-no-sa",
                  "rfc7296/1.2/all-after-ike-sa-init-is-protected"},
        .hooks = {Hook::rekey_child},
        .does = "The tester answers the target's request with an unprotected INVALID_IKE_SPI.",
        .lawful = "That changes nothing: the request comes again, and its right answer is taken.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const Message request = after_hook(t, sa, Hook::rekey_child, ExchangeType::create_child_sa);
          Message forged = sa.response(request, {notify_payload(NotifyType::invalid_ike_spi)});
          static_cast<void>(complete(forged));
          const Octets first = sa.last_received;
          sa.send_octets(encode(forged));
          sa.last_received = first;
          expect_again(t, sa, request);
          sa.send(sa.child_response(request));
          static_cast<void>(t.ping(need_child(sa.made_child())));
          t.expect_alive(sa);
        });

}  // namespace mpsec::conformance
