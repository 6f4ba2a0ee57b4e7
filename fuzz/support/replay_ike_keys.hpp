// The key file of the target replay_ike; its corpus is made with the same keys.
#pragma once

#include <string_view>

namespace mpsec::fuzz {

// Keys of zeros. Under AES-CTR a bit of the message is a bit of the text.
inline constexpr std::string_view replay_ike_keys = R"([[ike]]
initiator_spi = "0101010101010101"
responder_spi = "0202020202020202"
encryption = "ENCR_AES_CTR"
sk_ei = "0000000000000000000000000000000000000000"
sk_er = "0000000000000000000000000000000000000000"
unverified_icv_octets = 12
sk_d = "0000000000000000000000000000000000000000"
prf = "PRF_HMAC_SHA1"
g_ir = ["00", "01"]
)";

}  // namespace mpsec::fuzz
