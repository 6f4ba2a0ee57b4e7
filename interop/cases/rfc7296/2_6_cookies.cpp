// RFC 7296 2.6: cookies and the SPIs of IKE SAs.
#include <algorithm>

#include "interop/suite/need.hpp"
#include "interop/suite/ways.hpp"

namespace mpsec::conformance {

using namespace wire::ike;

namespace {

// The cookie that the target asks a new IKE SA for.
Octets cookie_for(Tester& t, IkeSession& sa) {
  const Message response = t.ask(sa, sa.init_request());
  t.expect_notify(response, NotifyType::cookie);
  return need_notify(response.payloads, NotifyType::cookie).data;
}

// The last request again with that cookie; it has to get another one.
void expect_not_taken(Tester& t, IkeSession& sa, Octets cookie, const std::function<void(Message&)>& bend) {
  Message request = sa.init_request();
  request.payloads.insert(request.payloads.begin(),
                          make_payload(make_notify(NotifyType::cookie, std::move(cookie))));
  bend(request);
  sa.send(request);
  const auto response = t.response_to(sa, request, t.link().patience());
  t.check(!response || find<KeyExchange>(response->payloads) == nullptr, "another cookie, or nothing",
          "an IKE SA");
  t.expect_target_alive();
}

}  // namespace

MPSEC_CASE(
        .id = "rfc7296/2.6/cookie-is-asked-for-under-load",
        .rules = {"rfc7296/2.6/cookies-while-many-are-half-open", "rfc7296/2.6/cookie-has-1-to-64-octets",
                  "rfc7296/2.6/refusal-has-no-responder-spi"},
        .side = Side::responder, .features = {Feature::cookies}, .wishes = {.cookies_from = 0},
        .does = "The tester sends IKE_SA_INIT to a target that asks for cookies.",
        .lawful = "The response has a cookie of 1 to 64 octets and nothing else, and no responder's SPI.",
        .run = [](Tester& t) {
          IkeSession& sa = t.begin({});
          const Message response = t.control([&] { return t.ask(sa, sa.init_request()); });
          t.expect_notify(response, NotifyType::cookie);
          const Octets& cookie = need_notify(response.payloads, NotifyType::cookie).data;
          t.check(!cookie.empty() && cookie.size() <= 64, "a cookie of 1 to 64 octets", "another length");
          t.check(response.header.responder_spi == IkeSpi{0}, "zero as the responder's SPI", "an SPI");
          t.check(find<KeyExchange>(response.payloads) == nullptr, "no IKE SA yet", "a KE payload");
        });

MPSEC_CASE(
        .id = "rfc7296/2.6/request-with-its-cookie-is-taken", .rules = {"rfc7296/2.6/retry-with-the-cookie"},
        .side = Side::responder, .features = {Feature::cookies}, .wishes = {.cookies_from = 0},
        .does = "The tester sends its request again with the cookie in front.",
        .lawful = "The initial exchanges make an IKE SA and a child.", .run = [](Tester& t) {
          IkeSession& sa = t.begin({});
          const Message asked = t.control([&] { return t.ask(sa, sa.init_request()); });
          t.control([&] { t.expect_notify(asked, NotifyType::cookie); });
          const Message response = t.ask(sa, sa.init_request_after(asked));
          t.expect_no_error(response);
          sa.agree(response);
          const Message answered = t.ask(sa, sa.auth_request());
          t.expect_no_error(answered);
          static_cast<void>(t.ping(need_child(sa.take_auth(answered))));
        });

MPSEC_CASE(
        .id = "rfc7296/2.6/wrong-cookie-is-like-none", .rules = {"rfc7296/2.6/wrong-cookie-is-no-cookie"},
        .side = Side::responder, .features = {Feature::cookies}, .wishes = {.cookies_from = 0},
        .does = "The tester sends its request with a cookie whose last bit is wrong.",
        .lawful = "It makes no IKE SA: a cookie is asked for, or there is no response.",
        .run = [](Tester& t) {
          t.half_open();
          IkeSession& sa = t.begin({});
          Octets cookie = t.control([&] { return cookie_for(t, sa); });
          t.check(!cookie.empty(), "a cookie of one octet or more", "none");
          cookie.back() ^= 1;
          expect_not_taken(t, sa, cookie, [](Message&) {});
        });

MPSEC_CASE(
        .id = "rfc7296/2.6/empty-cookie-is-like-none", .rules = {"rfc7296/2.6/wrong-cookie-is-no-cookie"},
        .side = Side::responder, .features = {Feature::cookies}, .wishes = {.cookies_from = 0},
        .does = "The tester sends its request with a cookie of no octets.", .lawful = "It makes no IKE SA.",
        .hint = "A comparison over no octets holds always.", .run = [](Tester& t) {
          t.half_open();
          expect_not_taken(t, t.begin({}), {}, [](Message&) {});
        });

MPSEC_CASE(
        .id = "rfc7296/2.6/cookie-is-good-for-its-nonce",
        .rules = {"rfc7296/2.6/cookie-binds-nonce-address-and-spi"}, .side = Side::responder,
        .features = {Feature::cookies}, .wishes = {.cookies_from = 0},
        .does = "The tester sends the cookie of one request with another nonce.",
        .lawful = "It makes no IKE SA.", .run = [](Tester& t) {
          t.half_open();
          IkeSession& sa = t.begin({});
          const Octets cookie = t.control([&] { return cookie_for(t, sa); });
          expect_not_taken(t, sa, cookie, [](Message& m) { body_of<Nonce>(m).data.assign(32, 0x5a); });
        });

MPSEC_CASE(
        .id = "rfc7296/2.6/cookie-is-good-for-its-spi",
        .rules = {"rfc7296/2.6/cookie-binds-nonce-address-and-spi"}, .side = Side::responder,
        .features = {Feature::cookies}, .wishes = {.cookies_from = 0},
        .does = "The tester sends the cookie of one IKE SA under the SPI of another, with the same nonce.",
        .lawful = "It makes no IKE SA.", .run = [](Tester& t) {
          t.half_open();
          const auto same_nonce = [](Message& m) { body_of<Nonce>(m).data.assign(32, 0x5a); };
          IkeSession& sa = t.begin({.init = same_nonce});
          const Octets cookie = t.control([&] { return cookie_for(t, sa); });
          expect_not_taken(t, t.begin({.init = same_nonce}), cookie, [](Message&) {});
        });

MPSEC_CASE(
        .id = "rfc7296/2.6/ike-sas-have-spis-of-their-own", .rules = {"rfc7296/2.6/ike-spis-are-unique"},
        .side = Side::responder, .does = "The tester begins four IKE SAs.",
        .lawful = "The target takes four different SPIs, none of them zero.", .run = [](Tester& t) {
          std::vector<IkeSpi> spis;
          for (int i = 0; i < 4; ++i) {
            const IkeSpi spi = t.half_open().spis().responder;
            t.check(spi != IkeSpi{0}, "an SPI that is not zero", "zero");
            t.check(std::ranges::find(spis, spi) == spis.end(), "an SPI that is new", "one that is taken");
            spis.push_back(spi);
          }
        });

MPSEC_CASE(
        .id = "rfc7296/2.6/ike-sa-is-found-by-its-spi-alone",
        .rules = {"rfc7296/2.6/spi-alone-finds-the-ike-sa"}, .side = Side::responder,
        .features = {Feature::several_paths},
        .does = "The tester sends INFORMATIONAL on an IKE SA between other addresses than it was made.",
        .lawful = "It is answered.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          const ike::Path before = sa.path();
          const ike::Path& other = t.link().paths().at(1);
          sa.path().local.address = other.local.address, sa.path().remote.address = other.remote.address;
          const Message request = sa.informational();
          t.expect_no_error(t.ask(sa, request));
          sa.path() = before;
          t.expect_alive(sa);
        });

}  // namespace mpsec::conformance
