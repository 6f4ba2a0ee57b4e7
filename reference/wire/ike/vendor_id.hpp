// RFC 7296 3.12: the Vendor ID payload.
#pragma once

#include "wire/schema.hpp"

namespace mpsec::wire::ike {

struct VendorId {
  static constexpr std::string_view name = "Vendor ID", clause = "RFC 7296 3.12";
  Octets data{};
  bool operator==(const VendorId&) const = default;
  static constexpr auto wire = Entries{rest<&VendorId::data>("Vendor ID")};
};

}  // namespace mpsec::wire::ike
