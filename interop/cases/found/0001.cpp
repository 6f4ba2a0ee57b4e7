// Kept by fuzzing, under its number.
#include "interop/suite/found.hpp"

namespace mpsec::conformance {

// clang-format off
MPSEC_CASE(
        .id = "rfc7296/3.3/found-0001-is-survived", .rules = {"rfc7296/3.3/lengths-inside-an-sa-payload-agree"}, .side = Side::responder,
        .does = "The tester sends, in clear, datagrams that fuzzing has kept: 1 in all.",
        .lawful = "Whatever the target makes of it, it answers a new IKE_SA_INIT request.", .run = [](Tester& t) {
          survive(t, {
                      "de7d1b721a1e063200000000000000002120220800000000000000300000001400000010010100010000000001000014"});
        });
// clang-format on

}  // namespace mpsec::conformance
