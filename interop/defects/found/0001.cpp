// What the case of the same number has to notice.
#include "interop/defects/bends.hpp"

namespace mpsec::conformance {

// clang-format off
MPSEC_DEFECT(
        .id = "dies-of-found-0001", .rule = "rfc7296/3.3/lengths-inside-an-sa-payload-agree",
        .does = "Answers nothing any more after the datagram that was found.", .make = [] {
          return dies_of(
              "de7d1b721a1e063200000000000000002120220800000000000000300000001400000010010100010000000001000014");
        });
// clang-format on

}  // namespace mpsec::conformance
