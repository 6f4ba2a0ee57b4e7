// Against RFC 7296 2.6.
#include <algorithm>
#include <map>

#include "interop/defects/bends.hpp"

namespace mpsec::conformance {

using namespace wire::ike;

namespace {

// A jar with one answer changed.
class Jar final : public ike::CookieJar {
 public:
  using Accepts = std::function<bool(CookieJar& inner, const ike::CookieRequest&, OctetView, Instant)>;
  std::unique_ptr<CookieJar> inner;
  std::function<bool(bool)> demands = [](bool demanded) { return demanded; };
  std::function<void(ike::Cookie&)> makes = [](ike::Cookie&) {};
  std::function<void(ike::CookieRequest&)> binds = [](ike::CookieRequest&) {};
  std::function<bool(bool right, OctetView cookie)> accepting = [](bool right, OctetView) { return right; };

  bool demanded(std::size_t half_open) override { return demands(inner->demanded(half_open)); }
  ike::Cookie cookie_for(const ike::CookieRequest& request, Instant now) override {
    ike::CookieRequest bound = request;
    binds(bound);
    ike::Cookie cookie = inner->cookie_for(bound, now);
    makes(cookie);
    return cookie;
  }
  bool accepts(const ike::CookieRequest& request, OctetView cookie, Instant now) override {
    ike::CookieRequest bound = request;
    binds(bound);
    return accepting(inner->accepts(bound, cookie, now), cookie);
  }
};

Bent jar(std::function<void(Jar&)> bend) {
  Bent bent;
  bent.seams.cookies = [=](std::unique_ptr<ike::CookieJar> inner) -> std::unique_ptr<ike::CookieJar> {
    auto made = std::make_unique<Jar>();
    made->inner = std::move(inner);
    bend(*made);
    return made;
  };
  return bent;
}

}  // namespace

MPSEC_DEFECT(
        .id = "asks-for-no-cookies", .rule = "rfc7296/2.6/cookies-while-many-are-half-open",
        .does = "Never asks for a cookie.",
        .make = [] { return jar([](Jar& jar) { jar.demands = [](bool) { return false; }; }); });

MPSEC_DEFECT(
        .id = "asks-for-an-empty-cookie", .rule = "rfc7296/2.6/cookie-has-1-to-64-octets",
        .does = "Its cookies have no octets.", .make = [] {
          return jar([](Jar& jar) {
            jar.makes = [](ike::Cookie& cookie) { cookie.size = 0; };
            jar.accepting = [](bool right, OctetView cookie) { return right || cookie.empty(); };
          });
        });

MPSEC_DEFECT(
        .id = "forgets-the-cookie-that-it-made", .rule = "rfc7296/2.6/retry-with-the-cookie",
        .does = "Refuses a request with a good cookie, if its group is the first that it offers.",
        .make = [] {
          return refusing([](const Message& message) {
            return message.header.exchange_type == ExchangeType::ike_sa_init &&
                   find_notify(message.payloads, NotifyType::cookie) != nullptr;
          });
        });

MPSEC_DEFECT(
        .id = "takes-any-cookie", .rule = "rfc7296/2.6/wrong-cookie-is-no-cookie",
        .does = "Takes a cookie of the right length for good.", .make = [] {
          return jar([](Jar& jar) {
            jar.accepting = [](bool right, OctetView cookie) { return right || cookie.size() == 17; };
          });
        });

MPSEC_DEFECT(
        .id = "takes-an-empty-cookie", .rule = "rfc7296/2.6/wrong-cookie-is-no-cookie",
        .does = "Compares no more of a cookie than there is.", .make = [] {
          return jar([](Jar& jar) {
            jar.accepting = [](bool right, OctetView cookie) { return right || cookie.empty(); };
          });
        });

MPSEC_DEFECT(
        .id = "makes-cookies-without-the-nonce", .rule = "rfc7296/2.6/cookie-binds-nonce-address-and-spi",
        .does = "Its cookies do not depend on the nonce.", .make = [] {
          return jar([](Jar& jar) { jar.binds = [](ike::CookieRequest& request) { request.nonce = {}; }; });
        });

MPSEC_DEFECT(
        .id = "makes-cookies-without-the-spi", .rule = "rfc7296/2.6/cookie-binds-nonce-address-and-spi",
        .does = "Its cookies do not depend on the SPI.", .make = [] {
          return jar([](Jar& jar) {
            jar.binds = [](ike::CookieRequest& request) { request.initiator_spi = IkeSpi{1}; };
          });
        });

MPSEC_DEFECT(
        .id = "gives-an-spi-twice", .rule = "rfc7296/2.6/ike-spis-are-unique",
        .does = "Tells all its peers the same SPI.", .no_ping = "IKE_AUTH does not find its IKE SA.",
        .make = [] {
          return outgoing([](Message& message) {
            if (message.header.exchange_type == ExchangeType::ike_sa_init && message.header.response &&
                find<KeyExchange>(message.payloads) != nullptr)
              message.header.responder_spi = IkeSpi{0x1234};
          });
        });

MPSEC_DEFECT(
        .id = "finds-ike-sas-by-address", .rule = "rfc7296/2.6/spi-alone-finds-the-ike-sa",
        .does = "Hears INFORMATIONAL only between the addresses of IKE_AUTH.", .make = [] {
          const auto places = std::make_shared<std::map<std::uint64_t, IpAddress>>();
          return datagrams(
              [=](Datagram one) {
                const bool marker = ike::has_marker({one.local, one.remote}) && one.octets.size() >= 4;
                const auto header = decode_header(OctetView(one.octets).subspan(marker ? 4 : 0));
                std::vector<Datagram> on;
                if (header && header->exchange_type == ExchangeType::ike_auth)
                  (*places)[header->initiator_spi.value] = one.local.address;
                const bool known = header && places->contains(header->initiator_spi.value);
                if (!known || places->at(header->initiator_spi.value) == one.local.address)
                  on.push_back(std::move(one));
                return on;
              },
              {});
        });

}  // namespace mpsec::conformance
