// What the writer and the reader of the JSON report share.
#pragma once

#include <string_view>

#include "interop/suite/tester.hpp"

namespace mpsec::conformance {

namespace form {
inline constexpr std::string_view name = "mpsec conformance report";
inline constexpr unsigned version = 1;
}  // namespace form

inline std::string_view to_string(Step::Kind kind) {
  switch (kind) {
    case Step::Kind::sent:
      return "sent";
    case Step::Kind::received:
      return "received";
    case Step::Kind::note:
      return "note";
  }
  return "?";
}

inline std::string_view to_string(Miss miss) {
  return miss == Miss::notify ? "notify" : "outcome";
}

}  // namespace mpsec::conformance
