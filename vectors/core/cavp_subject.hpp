// Which algorithm a CAVP file is about. The form does not say it in one place: the header comment, the file's
// name or its folder does.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "vectors/core/case.hpp"

namespace mpsec::vectors {

enum class CavpFamily : std::uint8_t {
  gcm,
  ccm,
  chacha20_poly1305,
  cbc,
  ctr,
  cmac,
  hmac,
  ike_keys,
  ecdsa,
  rsa_pkcs1,
  rsa_pss,
  xdh,
  none
};

struct CavpSubject {
  CavpFamily family = CavpFamily::none;
  Algorithm algorithm{};  // of a family; HMAC files may leave the hash to their sections
  std::string name;       // as reports print it
  NotRunnable why_not;    // for `none`, and for forms that are not run
  bool monte_carlo = false;
  bool hash_known = true;
  std::optional<std::size_t> salt_octets{};  // RSASSA-PSS: "Salt len: 20" in the header
};

// `path` is as long as it is known: "ciphers/AES/GCM/gcmDecrypt128.rsp". `header` is cavp_header() of the
// text.
CavpSubject cavp_subject(std::string_view path, std::string_view header);

// HMAC over the hash with digests of so many octets, as a section "[L=20]" says; nothing for 28 (SHA-224).
std::optional<Algorithm> hmac_of_digest_size(std::size_t octets);

}  // namespace mpsec::vectors
