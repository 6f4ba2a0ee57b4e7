// The two spellings of a protocol: IP's number in the data path, IKE's in proposals and notifies.
#pragma once

#include <optional>

#include "ipsec/sa.hpp"
#include "wire/ike/security_association.hpp"

namespace mpsec::ike {

constexpr wire::ike::ProtocolId to_wire(ipsec::Protocol protocol) {
  return protocol == ipsec::Protocol::ah ? wire::ike::ProtocolId::ah : wire::ike::ProtocolId::esp;
}

constexpr std::optional<ipsec::Protocol> to_ipsec(wire::ike::ProtocolId protocol) {
  if (protocol == wire::ike::ProtocolId::esp) return ipsec::Protocol::esp;
  if (protocol == wire::ike::ProtocolId::ah) return ipsec::Protocol::ah;
  return std::nullopt;
}

}  // namespace mpsec::ike
