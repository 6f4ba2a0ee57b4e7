// A cluster's window against the set that defines it.
#pragma once

#include "base/octets.hpp"

namespace mpsec::fuzz {

// True if both judge all batches alike that `octets` ask for, between resynchronisations, and if no hint
// before a decision called a fresh number a duplicate.
bool cluster_window_agrees(OctetView octets);

}  // namespace mpsec::fuzz
