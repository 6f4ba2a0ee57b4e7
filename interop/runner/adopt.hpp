// Makes numbered cases of what fuzzing has found.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/octets.hpp"

namespace mpsec::conformance {

struct Found {
  unsigned number = 1;              // 1 to 9999, for ever
  std::string rule;                 // the register's entry that it is about
  std::vector<Octets> datagrams{};  // IKE in clear, without the marker of port 4500
};

// The datagrams of a reproducer of 'mpsec-conformance fuzz' (JSON lines), or the octets of a fuzz target's
// crash as one datagram. `file` is for errors. Fails where they are under the keys of a session.
Result<std::vector<Octets>> read_found(std::string_view text, std::string_view file);

// The source of the case, and that of the wrong gateway which it has to fail.
std::string case_of(const Found& found);
std::string defect_of(const Found& found);

}  // namespace mpsec::conformance
