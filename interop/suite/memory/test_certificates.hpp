// Certificates with their keys for the embedded reference and its tester, which prove nothing to anybody
// else. They are fixed, and so are signatures under them, so that a run can be repeated octet for octet.
#pragma once

#include <memory>
#include <string_view>

#include "interop/suite/target.hpp"

namespace mpsec::conformance {

// The calendar's time at Instant{} in memory.
inline constexpr crypto::CalendarSeconds calendar_in_memory = 1'800'000'000;

const crypto::PkiProvider& test_pki();
// "tester" or "target" with ", RSA" behind it or nothing; "tester, strange authority", "tester, expired",
// "tester, another name". Others throw std::out_of_range.
const Signer& test_signer(std::string_view name);
// The authority that all but one of them lead to.
std::shared_ptr<const crypto::CertificateStore> test_anchors();

}  // namespace mpsec::conformance
