// How mpsec-conformance ends.
#pragma once

namespace mpsec::conformance {

enum Exit : int {
  as_expected = 0,
  case_failed = 1,      // also: flaky, and passed against a waiver
  wrong_usage = 2,      // or configuration
  target_lost = 3,      // or never reached
  harness_fault = 4,    // ours, or the disk's
  nothing_matched = 5,  // no case was chosen
};

}  // namespace mpsec::conformance
