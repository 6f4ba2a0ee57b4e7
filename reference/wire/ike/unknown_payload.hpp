// A payload of a type that no declaration here knows; RFC 7296 2.5 says what becomes of it.
#pragma once

#include "wire/ike/payload_header.hpp"

namespace mpsec::wire::ike {

struct UnknownPayload {
  static constexpr std::string_view name = "Unknown Payload", clause = "RFC 7296 3.2";
  PayloadType type{};  // as the header before named it; not on the wire here
  Octets octets{};
  bool operator==(const UnknownPayload&) const = default;
  static constexpr auto wire = Entries{rest<&UnknownPayload::octets>("Octets")};
};

}  // namespace mpsec::wire::ike
