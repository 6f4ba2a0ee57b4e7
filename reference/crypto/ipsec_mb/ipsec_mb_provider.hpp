// The fast provider on x86-64: intel-ipsec-mb.
#pragma once

#include <memory>
#include <optional>

#include "crypto/provider.hpp"

namespace mpsec::crypto {

// The instruction sets that intel-ipsec-mb can be held to; `best` lets it choose.
enum class Tier : std::uint8_t { best, sse, avx2, avx512 };

// Null where the library was not there at build time, the machine is not x86-64, or the tier is not
// there; the reason is then in *why (if given).
std::unique_ptr<Provider> make_ipsec_mb_provider(Tier tier = Tier::best, std::string* why = nullptr);

}  // namespace mpsec::crypto
