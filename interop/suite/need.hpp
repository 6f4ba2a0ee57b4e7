// Parts of a message without which a case has nothing to judge.
#pragma once

#include <fmt/format.h>

#include "interop/suite/esp_child.hpp"
#include "interop/suite/verdict.hpp"
#include "wire/ike/message.hpp"

namespace mpsec::conformance {

// The first payload of the kind. A target that leaves it out fails the case.
template <class Wanted>
const Wanted& need(const wire::ike::Payloads& payloads) {
  if (const Wanted* found = wire::ike::find<Wanted>(payloads)) return *found;
  throw Stop{Verdict::fail, fmt::format("a payload {}", Wanted::name), "there is none"};
}

// The same of a message of the tester's own, to be changed.
template <class Wanted>
Wanted& need(wire::ike::Payloads& payloads) {
  return const_cast<Wanted&>(need<Wanted>(std::as_const(payloads)));
}

inline const wire::ike::Notify& need_notify(const wire::ike::Payloads& payloads, wire::ike::NotifyType type) {
  if (const wire::ike::Notify* found = wire::ike::find_notify(payloads, type)) return *found;
  throw Stop{Verdict::fail, fmt::format("a Notify {}", wire::ike::name_of(type)), "there is none"};
}

inline EspChild& need_child(EspChild* child) {
  if (child != nullptr) return *child;
  throw Stop{Verdict::fail, "a Child SA", "none was made"};
}

}  // namespace mpsec::conformance
