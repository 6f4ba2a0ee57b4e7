// What fuzzing has found, sent again: the cases that 'mpsec-conformance adopt' writes.
#pragma once

#include <initializer_list>
#include <string_view>

#include "interop/suite/tester.hpp"

namespace mpsec::conformance {

// Sends datagrams of IKE, given in hexadecimal, as they are along the first path; the target has to answer a
// new IKE_SA_INIT request before and after.
void survive(Tester& t, std::initializer_list<std::string_view> datagrams);

}  // namespace mpsec::conformance
