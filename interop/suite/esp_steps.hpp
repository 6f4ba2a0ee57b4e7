// Steps that cases about the data path share.
#pragma once

#include "interop/suite/tester.hpp"

namespace mpsec::conformance {

// The newest child of the SA.
EspChild& child_of(IkeSession& sa);
// A further child by CREATE_CHILD_SA, on which nothing has been sent: a control.
EspChild& further_child(Tester& t, IkeSession& sa, const ChildWish& wish = {});
// The same, in the place of `old`, which is left as it is.
EspChild& successor_of(Tester& t, IkeSession& sa, const EspChild& old);
// An IKE SA whose child has extended numbers: a control.
IkeSession& establish_extended(Tester& t);

// An echo request to the target's host, as the text of an ESP packet in tunnel mode.
EspText ping_text(const Tester& t, std::uint32_t mark);
// A ping under that number is answered; the child's next number is beyond it then.
void expect_taken(Tester& t, EspChild& child, std::uint64_t number);
// It is not.
void expect_refused(Tester& t, EspChild& child, std::uint64_t number, std::string_view what);
// The window's top is brought to that number: a control.
void reach(Tester& t, EspChild& child, std::uint64_t number);
// Between half the numbers and all of them, so that the high half is not in doubt: reaches `number`.
void climb(Tester& t, EspChild& child, std::uint64_t number);

// The packet with one octet changed; `at` from the front, or from the end where it is negative.
EspPacket damaged(EspPacket packet, std::ptrdiff_t at);
// The path of the message or packet that arrived last.
ike::Path last_arrival(const Tester& t);

}  // namespace mpsec::conformance
