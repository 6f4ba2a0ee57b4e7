// mpsec-ctl: one request to a running gateway, and what it says to it.
#pragma once

#include <cstdio>
#include <optional>

#include "base/clock.hpp"
#include "gateway/ctl/human.hpp"

namespace mpsec::gateway::ctl {

struct Call {
  std::string socket;
  Json request;
  bool raw = false;  // JSON lines as the gateway sends them
  // How long the gateway may take for the request itself; it is given a little more.
  Duration timeout = std::chrono::seconds(60);
};

inline constexpr int exit_done = 0;
inline constexpr int exit_refused = 1;  // by the gateway, or it has failed
inline constexpr int exit_unasked = 2;  // no gateway, or a wrong command line

// What the gateway answers goes to `out`, errors to `err`. A `watch` ends with the gateway; a `stop` returns
// when the gateway has gone.
int run(const Call& call, std::FILE* out, std::FILE* err);

}  // namespace mpsec::gateway::ctl
