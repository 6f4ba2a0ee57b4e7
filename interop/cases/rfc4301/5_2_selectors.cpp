// RFC 4301 5.2: what comes out of an SA has to be what it is for.
#include "interop/suite/esp_steps.hpp"

namespace mpsec::conformance {
namespace {

using wire::ike::TrafficSelector;

IpAddress beside(const IpAddress& address) {
  auto octets = address.octets();
  Octets other(octets.begin(), octets.end());
  other.back() ^= 3;
  return address.is_v4() ? IpAddress::v4(other.data()) : IpAddress::v6(other.data());
}

// A child for these two hosts beside the one for both nets, over which an answer would come back.
EspChild& narrow_child(Tester& t, IkeSession& sa, const IpAddress& tester, const IpAddress& target,
                       std::uint8_t protocol = 0) {
  ChildWish wish;
  const auto one = [&](const IpAddress& address) {
    return std::vector{TrafficSelector::range(address, address, protocol)};
  };
  wish.selectors = ike::TrafficSelectorPair{one(tester), one(target)};
  const Message request = sa.create_child_request(wish);
  const Message response = t.control([&] { return t.ask(sa, request); });
  using wire::ike::NotifyType;
  for (const NotifyType why : {NotifyType::ts_unacceptable, NotifyType::no_additional_sas})
    if (wire::ike::find_notify(response.payloads, why) != nullptr)
      t.unsupported("it makes no second child for a part of what the first is for");
  return t.control([&]() -> EspChild& {
    t.expect_no_error(response);
    return *sa.take_child(request, response);
  });
}

void expect_not_delivered(Tester& t, EspChild& child, std::string_view what) {
  const auto mark = t.fresh_mark();
  t.send(child.seal(ping_text(t, mark)));
  t.expect_no_pong(mark, what);
}

}  // namespace

MPSEC_CASE(
        .id = "rfc4301/5.2/inner-source-outside-the-selectors-is-discarded",
        .rules = {"rfc4301/5.2/inner-packet-must-match-the-selectors-of-its-sa"},
        .does = "Over a child for another host of the tester's net, a ping comes from the tester's host.",
        .lawful = "It is discarded, though a second child is for that host.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& child = narrow_child(t, sa, beside(t.target().tester_host), t.target().target_host);
          expect_not_delivered(t, child, "a packet whose source the SA is not for");
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc4301/5.2/inner-destination-outside-the-selectors-is-discarded",
        .rules = {"rfc4301/5.2/inner-packet-must-match-the-selectors-of-its-sa"},
        .does = "Over a child for another host of the target's net, a ping goes to the target's host.",
        .lawful = "It is discarded, though a second child is for that host.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& child = narrow_child(t, sa, t.target().tester_host, beside(t.target().target_host));
          expect_not_delivered(t, child, "a packet whose destination the SA is not for");
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc4301/5.2/inner-protocol-outside-the-selectors-is-discarded",
        .rules = {"rfc4301/5.2/inner-packet-must-match-the-selectors-of-its-sa"},
        .does = "Over a child for UDP alone, a ping arrives.",
        .lawful = "It is discarded, though a second child is for it.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& child = narrow_child(t, sa, t.target().tester_host, t.target().target_host, 17);
          expect_not_delivered(t, child, "a packet of a protocol that the SA is not for");
          t.expect_alive(sa);
        });

}  // namespace mpsec::conformance
