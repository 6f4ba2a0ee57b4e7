// From what was negotiated to what computes it.
#pragma once

#include "ike/negotiation.hpp"
#include "ike/suite.hpp"

namespace mpsec::ike {

// Fails (no common ground) where an algorithm is not one that can be computed here.
Result<Suite> suite_of(const ChosenSuite& chosen);            // of an IKE SA
Result<Protection> protection_of(const ChosenSuite& chosen);  // of a Child SA

// Whether one of the proposals allows the suite of an IKE SA.
bool allows(std::span<const IkeProposal> proposals, const ChosenSuite& chosen);

}  // namespace mpsec::ike
