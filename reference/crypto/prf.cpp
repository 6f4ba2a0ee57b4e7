#include "crypto/prf.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "crypto/registry.hpp"

namespace mpsec::crypto {
namespace {

using enum Requirement;

// clang-format off
constexpr PrfTransform prf_table[] = {
    // id                       name                     key out short supported
    {PrfId::hmac_md5,          "PRF_HMAC_MD5",           16, 16, false, true,  must_not,    "RFC 2104"},
    {PrfId::hmac_sha1,         "PRF_HMAC_SHA1",          20, 20, false, true,  must_minus,  "RFC 2104"},
    {PrfId::hmac_tiger,        "PRF_HMAC_TIGER",         24, 24, false, false, may,         "unspecified"},
    {PrfId::aes128_xcbc,       "PRF_AES128_XCBC",        16, 16, true,  true,  should,      "RFC 4434"},
    {PrfId::hmac_sha2_256,     "PRF_HMAC_SHA2_256",      32, 32, false, true,  must,        "RFC 4868"},
    {PrfId::hmac_sha2_384,     "PRF_HMAC_SHA2_384",      48, 48, false, true,  may,         "RFC 4868"},
    {PrfId::hmac_sha2_512,     "PRF_HMAC_SHA2_512",      64, 64, false, true,  should_plus, "RFC 4868"},
    {PrfId::aes128_cmac,       "PRF_AES128_CMAC",        16, 16, true,  true,  may,         "RFC 4615"},
    {PrfId::hmac_streebog_512, "PRF_HMAC_STREEBOG_512",  64, 64, false, false, may,         "RFC 9385"},
};
// clang-format on

}  // namespace

std::span<const PrfTransform> prf_transforms() {
  return prf_table;
}

Result<const PrfTransform*> find(PrfId id) {
  return registry::by_number(prf_transforms(), id, "pseudorandom function");
}

Result<const PrfTransform*> find_prf(std::string_view name) {
  return registry::by_name(prf_transforms(), name, "PRF_", "pseudorandom function");
}

SecretOctets output_of(Prf& prf, std::initializer_list<OctetView> parts) {
  SecretOctets output(prf.output_octets());
  prf.compute(parts, output.writable().data());
  return output;
}

//= rfc7296/2.13/not-defined-beyond-255-blocks
Result<SecretOctets> prf_plus(Prf& prf, OctetView seed, std::size_t octets) {
  const std::size_t block_octets = prf.output_octets();
  if (octets > 255 * block_octets)
    return std::unexpected(
        Error{.blame = Blame::local_fault,
              .path = "prf+",
              .offset = {},
              .why = fmt::format("at most 255 blocks of {} octets are defined, asked for {} octets",
                                 block_octets, octets),
              .clause = "RFC 7296 2.13"});
  const std::size_t blocks = (octets + block_octets - 1) / block_octets;
  SecretOctets whole(blocks * block_octets);
  const MutableOctets stream = whole.writable();
  for (std::size_t i = 0; i < blocks; ++i) {
    const auto count = static_cast<std::uint8_t>(i + 1);
    const OctetView last = i == 0 ? OctetView{} : stream.subspan((i - 1) * block_octets, block_octets);
    prf.compute({last, seed, {&count, 1}}, stream.data() + i * block_octets);
  }
  return SecretOctets(whole.view().first(octets));
}

}  // namespace mpsec::crypto
