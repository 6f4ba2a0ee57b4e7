// The small types that everything in IKE speaks of.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.hpp"
#include "base/strong.hpp"
#include "wire/ike/sa_cluster.hpp"

namespace mpsec::ike {

// Both SPIs in the order of the header: the original initiator's first. Zero: not known yet.
struct IkeSpis {
  IkeSpi initiator, responder;
  auto operator<=>(const IkeSpis&) const = default;
};
std::string to_string(const IkeSpis& spis);  // "0123456789abcdef_i 0000000000000000_r"

// Who sent IKE_SA_INIT; of a rekeyed SA, who sent the CREATE_CHILD_SA that made it (RFC 7296 2.18).
enum class Role : std::uint8_t { initiator, responder };
constexpr Role other(Role role) {
  return role == Role::initiator ? Role::responder : Role::initiator;
}
std::string_view to_string(Role role);

// Our own names for SAs; never on the wire, never used again.
using IkeSaId = Strong<std::uint64_t, struct IkeSaIdTag>;
using ChildId = Strong<std::uint64_t, struct ChildIdTag>;
// Both ends' name for an SA cluster; it is on the wire.
using wire::ike::ClusterId;

}  // namespace mpsec::ike
