// Which providers this machine has, and the one to take.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "crypto/provider.hpp"

namespace mpsec::crypto {

// "openssl", "ipsec_mb", "open", or "best": intel-ipsec-mb where it runs, with libcrypto behind it for what
// it lacks. Fails naming the allowed names, or why the provider is not there.
Result<std::unique_ptr<Provider>> select_provider(std::string_view name = "best");

// The real providers that run here, the portable one first. The open provider is never among them.
std::vector<std::unique_ptr<Provider>> available_providers();

}  // namespace mpsec::crypto
