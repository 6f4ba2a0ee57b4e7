// RFC 6023: IKE SAs without a Child SA.
#include "interop/suite/ways.hpp"

namespace mpsec::conformance {

using namespace wire::ike;

MPSEC_CASE(
        .id = "rfc6023/3/childless-is-announced", .rules = {"rfc6023/3/childless-is-announced"},
        .side = Side::responder, .features = {Feature::childless},
        .does = "The tester looks at the IKE_SA_INIT response.",
        .lawful = "It has CHILDLESS_IKEV2_SUPPORTED.", .run = [](Tester& t) {
          t.expect_notify(expect_init_taken(t, {}), NotifyType::childless_ikev2_supported);
        });

MPSEC_CASE(
        .id = "rfc6023/3/childless-ike-auth-is-answered-in-kind", .rules = {"rfc6023/3/childless-ike-auth"},
        .side = Side::responder, .features = {Feature::childless},
        .does = "The tester's IKE_AUTH request has no SA, TSi and TSr payloads.",
        .lawful = "The response has the target's proof and no child, and the IKE SA lives.",
        .run = [](Tester& t) {
          const auto [sa, response] = ask_auth(t, {.childless = true});
          t.expect_no_error(response);
          t.check(find<Authentication>(response.payloads) != nullptr, "the target's AUTH payload", "none");
          t.check(find<SecurityAssociation>(response.payloads) == nullptr &&
                      find<TrafficSelectorsInitiator>(response.payloads) == nullptr,
                  "no child", "payloads of one");
          sa.next_request = 2;
          t.expect_alive(sa);
        });

}  // namespace mpsec::conformance
