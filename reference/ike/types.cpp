#include "ike/types.hpp"

#include <fmt/format.h>

namespace mpsec::ike {

std::string to_string(const IkeSpis& spis) {
  return fmt::format("{:016x}_i {:016x}_r", spis.initiator.value, spis.responder.value);
}

std::string_view to_string(Role role) {
  return role == Role::initiator ? "initiator" : "responder";
}

}  // namespace mpsec::ike
