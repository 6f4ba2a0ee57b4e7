// The words of SA clusters.
#pragma once

#include <cstdint>

#include "base/strong.hpp"

namespace mpsec::cluster {

// A sub-SA by the name that it has within its own cluster, on this side only; never on the wire.
using SubSaId = Strong<std::uint32_t, struct SubSaIdTag>;

}  // namespace mpsec::cluster
