// The fast provider on x86-64: intel-ipsec-mb.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "crypto/provider.hpp"

namespace mpsec::crypto {

// The instruction sets that intel-ipsec-mb can be held to; `best` lets the machine choose.
enum class Tier : std::uint8_t { best, sse, avx2, avx512 };

std::string_view to_string(Tier tier);

// AES-GCM (its implicit-IV form too), GMAC, AES-CCM, ChaCha20-Poly1305, AES-CBC, AES-CTR, NULL; HMAC,
// AES-XCBC-96, AES-CMAC-96. Not 3DES.
//
// Null where the library was not there at build time, the machine is not x86-64, or the tier is not
// there; the reason is then in *why (if given).
//
// GCM and GMAC are computed packet by packet, the rest in the library's parallel lanes, which are for
// batches: HMAC, XCBC, CMAC and CBC encryption are up to eight times as fast as libcrypto in a batch of 32,
// on a par in one of two, and take up to twice its time for a packet alone.
//
// The lanes' state is large (200 KB) and belongs to the calling thread: it is made at a thread's first use of
// a tier, shared by all objects, and left empty by every call, so that objects need no more care than
// provider.hpp asks for. What the lanes lack (HMAC of nothing, texts beyond 65,534 octets, CCM with 192-bit
// keys or with more than 46 octets of associated data) is computed by libcrypto.
std::unique_ptr<Provider> make_ipsec_mb_provider(Tier tier = Tier::best, std::string* why = nullptr);

}  // namespace mpsec::crypto
