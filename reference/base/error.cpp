#include "base/error.hpp"

#include <fmt/format.h>

namespace mpsec {

std::string_view to_string(Blame blame) {
  switch (blame) {
    case Blame::malformed:
      return "malformed";
    case Blame::peer_misbehaved:
      return "peer misbehaved";
    case Blame::no_common_ground:
      return "no common ground";
    case Blame::local_fault:
      return "local fault";
  }
  return "unknown";
}

std::string to_string(const Error& error) {
  std::string text = error.path;
  if (error.offset) text += fmt::format(" @ {:#x}", *error.offset);
  text += ": " + error.why;
  if (!error.clause.empty()) text += fmt::format(" ({})", error.clause);
  return text;
}

}  // namespace mpsec
