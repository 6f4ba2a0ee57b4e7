// The payloads of a message in one line.
#pragma once

#include <string>

#include "wire/ike/message.hpp"

namespace mpsec::replay {

// "SA KE Ni N(NAT_DETECTION_SOURCE_IP)", as RFC 7296 1.2 writes them; a payload of unknown type by its
// number.
std::string chain_of(const wire::ike::Payloads& payloads);
// What is in clear, and behind it "SK{...}" with what was inside.
std::string chain_of(const wire::ike::Payloads& outer, const wire::ike::Payloads& inner);

}  // namespace mpsec::replay
