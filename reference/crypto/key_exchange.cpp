#include "crypto/key_exchange.hpp"

#include <fmt/format.h>

#include "crypto/registry.hpp"

namespace mpsec::crypto {
namespace {

using enum Requirement;
using enum KeyExchangeKind;
using K = KeyExchangeId;

// clang-format off
constexpr KeyExchangeTransform key_exchange_table[] = {
    // id                  name                       slug                kind         public shared
    {K::none,              "NONE",                    "none",             KeyExchangeKind::none, 0, 0, may,   "RFC 7296"},
    {K::modp_768,          "768-bit MODP",            "modp_768",         modp_safe,       96,   96, must_not,   "RFC 7296"},
    {K::modp_1024,         "1024-bit MODP",           "modp_1024",        modp_safe,      128,  128, should_not, "RFC 7296"},
    {K::modp_1536,         "1536-bit MODP",           "modp_1536",        modp_safe,      192,  192, should_not, "RFC 3526"},
    {K::modp_2048,         "2048-bit MODP",           "modp_2048",        modp_safe,      256,  256, must,       "RFC 3526"},
    {K::modp_3072,         "3072-bit MODP",           "modp_3072",        modp_safe,      384,  384, may,        "RFC 3526"},
    {K::modp_4096,         "4096-bit MODP",           "modp_4096",        modp_safe,      512,  512, may,        "RFC 3526"},
    {K::modp_6144,         "6144-bit MODP",           "modp_6144",        modp_safe,      768,  768, may,        "RFC 3526"},
    {K::modp_8192,         "8192-bit MODP",           "modp_8192",        modp_safe,     1024, 1024, may,        "RFC 3526"},
    {K::ecp_256,           "256-bit random ECP",      "ecp_256",          ecp,             64,   32, should,     "RFC 5903"},
    {K::ecp_384,           "384-bit random ECP",      "ecp_384",          ecp,             96,   48, may,        "RFC 5903"},
    {K::ecp_521,           "521-bit random ECP",      "ecp_521",          ecp,            132,   66, may,        "RFC 5903"},
    {K::modp_1024_160,     "1024-bit MODP with 160-bit Prime Order Subgroup", "modp_1024_160", modp_subgroup, 128, 128, must_not,   "RFC 5114"},
    {K::modp_2048_224,     "2048-bit MODP with 224-bit Prime Order Subgroup", "modp_2048_224", modp_subgroup, 256, 256, should_not, "RFC 5114"},
    {K::modp_2048_256,     "2048-bit MODP with 256-bit Prime Order Subgroup", "modp_2048_256", modp_subgroup, 256, 256, should_not, "RFC 5114"},
    {K::ecp_192,           "192-bit random ECP",      "ecp_192",          ecp,             48,   24, may,        "RFC 5114"},
    {K::ecp_224,           "224-bit random ECP",      "ecp_224",          ecp,             56,   28, may,        "RFC 5114"},
    {K::brainpool_p224r1,  "brainpoolP224r1",         "brainpool_p224r1", ecp,             56,   28, may,        "RFC 6954"},
    {K::brainpool_p256r1,  "brainpoolP256r1",         "brainpool_p256r1", ecp,             64,   32, may,        "RFC 6954"},
    {K::brainpool_p384r1,  "brainpoolP384r1",         "brainpool_p384r1", ecp,             96,   48, may,        "RFC 6954"},
    {K::brainpool_p512r1,  "brainpoolP512r1",         "brainpool_p512r1", ecp,            128,   64, may,        "RFC 6954"},
    {K::curve25519,        "Curve25519",              "x25519",           montgomery,      32,   32, may,        "RFC 8031"},
    {K::curve448,          "Curve448",                "x448",             montgomery,      56,   56, may,        "RFC 8031"},
    {K::gost3410_2012_256, "GOST3410_2012_256",       "gost_256",         unsupported,      0,    0, may,        "RFC 9385"},
    {K::gost3410_2012_512, "GOST3410_2012_512",       "gost_512",         unsupported,      0,    0, may,        "RFC 9385"},
    {K::ml_kem_512,        "ml-kem-512",              "ml_kem_512",       unsupported,      0,    0, may,        "unspecified"},
    {K::ml_kem_768,        "ml-kem-768",              "ml_kem_768",       unsupported,      0,    0, may,        "unspecified"},
    {K::ml_kem_1024,       "ml-kem-1024",             "ml_kem_1024",      unsupported,      0,    0, may,        "unspecified"},
};
// clang-format on

std::string why(PublicValueFault fault, const KeyExchangeTransform& transform, std::size_t found_octets) {
  switch (fault) {
    case PublicValueFault::wrong_length:
      return fmt::format("need {} octets for {}, have {}", transform.public_octets, transform.name,
                         found_octets);
    case PublicValueFault::out_of_range:
      return transform.kind == ecp ? "a coordinate is not below the curve's prime"
                                   : "expected a number r with 1 < r < p-1";
    case PublicValueFault::off_curve:
      return "the point is not on the curve";
    case PublicValueFault::wrong_order:
      return "the value is outside the subgroup of order q";
    case PublicValueFault::zero_secret:
      return "the shared secret would be all zeros: the value has small order";
  }
  return "unknown fault";
}

std::string_view clause(PublicValueFault fault, const KeyExchangeTransform& transform) {
  switch (fault) {
    case PublicValueFault::wrong_length:
      if (transform.kind == montgomery) return "RFC 8031 3.1";
      return transform.kind == ecp ? "RFC 5903 7" : "RFC 7296 3.4";
    case PublicValueFault::out_of_range:
      return transform.kind == ecp ? "RFC 6989 2.3" : "RFC 6989 2.1";
    case PublicValueFault::off_curve:
      return "RFC 6989 2.3";
    case PublicValueFault::wrong_order:
      return "RFC 6989 2.2";
    case PublicValueFault::zero_secret:
      return "RFC 7748 6";
  }
  return {};
}

}  // namespace

std::span<const KeyExchangeTransform> key_exchange_transforms() {
  return key_exchange_table;
}

Result<const KeyExchangeTransform*> find(KeyExchangeId id) {
  return registry::by_number(key_exchange_transforms(), id, "key exchange method");
}

Result<const KeyExchangeTransform*> find_key_exchange(std::string_view name) {
  const std::string wanted = registry::normalised(name, "");
  for (const KeyExchangeTransform& transform : key_exchange_transforms())
    if (registry::normalised(transform.slug, "") == wanted) return &transform;
  return registry::by_name(key_exchange_transforms(), name, "", "key exchange method");
}

std::string_view to_string(PublicValueFault fault) {
  switch (fault) {
    case PublicValueFault::wrong_length:
      return "wrong-length";
    case PublicValueFault::out_of_range:
      return "out-of-range";
    case PublicValueFault::off_curve:
      return "off-curve";
    case PublicValueFault::wrong_order:
      return "wrong-order";
    case PublicValueFault::zero_secret:
      return "zero-secret";
  }
  return "unknown";
}

Error error_of(PublicValueFault fault, const KeyExchangeTransform& transform, std::size_t found_octets) {
  return Error{.blame = Blame::peer_misbehaved,
               .path = "KE/Key Exchange Data",
               .offset = {},
               .why = why(fault, transform, found_octets),
               .clause = std::string(clause(fault, transform))};
}

}  // namespace mpsec::crypto
