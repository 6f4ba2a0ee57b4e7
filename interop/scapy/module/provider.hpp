// The providers that the module's SAs compute with.
#pragma once

#include <string>

#include "crypto/provider.hpp"

namespace mpsec::python {

// Made on first use, and kept for as long as the process: SAs refer to it. Raises where there is none.
const crypto::Provider& provider_named(const std::string& name);

}  // namespace mpsec::python
