// One call into the engine: the time it happens at, and where its consequences go.
#pragma once

#include "base/clock.hpp"
#include "base/rng.hpp"
#include "ike/actions.hpp"

namespace mpsec::ike {

struct Turn {
  Instant now;
  Rng& rng;
  Actions& actions;

  void tell(Event event) { actions.events.push_back(std::move(event)); }
};

}  // namespace mpsec::ike
