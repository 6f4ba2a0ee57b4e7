// The packets of the captures under ../shared/data, for tests that decode what others sent.
#pragma once

#include <functional>
#include <string>

#include "base/octets.hpp"

namespace mpsec::wire {

// Hands every whole IP packet of a capture, in the classic format or pcapng, to `see`, the rest left out.
void for_each_packet(const std::string& capture, const std::function<void(OctetView)>& see);

}  // namespace mpsec::wire
