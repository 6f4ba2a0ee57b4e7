// RFC 7296 3.8: the Authentication payload; RFC 7427 3 for what a digital signature's data are.
#pragma once

#include "wire/ike/numbers.hpp"
#include "wire/schema.hpp"

namespace mpsec::wire::ike {

enum class AuthenticationMethod : std::uint8_t {
  rsa_digital_signature = 1,
  shared_key_message_integrity_code = 2,
  dss_digital_signature = 3,
  ecdsa_sha256_p256 = 9,
  ecdsa_sha384_p384 = 10,
  ecdsa_sha512_p521 = 11,
  generic_secure_password = 12,
  null = 13,
  digital_signature = 14,
};

// Hash algorithms of digital signatures, as SIGNATURE_HASH_ALGORITHMS lists them (RFC 7427 7).
enum class HashAlgorithm : std::uint16_t {
  sha1 = 1,
  sha2_256 = 2,
  sha2_384 = 3,
  sha2_512 = 4,
  identity = 5,
  streebog_256 = 6,
  streebog_512 = 7,
};

// | Auth Method   |                RESERVED                       |
// ~                      Authentication Data                      ~
struct Authentication {
  static constexpr std::string_view name = "AUTH", clause = "RFC 7296 3.8";

  AuthenticationMethod method = AuthenticationMethod::shared_key_message_integrity_code;
  std::uint32_t reserved = 0;  // 24 bits
  Octets data{};

  bool operator==(const Authentication&) const = default;

  static constexpr auto wire = Entries{
      bits<std::uint32_t>(bit<8, &Authentication::method>("Auth Method"),
                          bit<24, &Authentication::reserved>("RESERVED")),
      rest<&Authentication::data>("Authentication Data"),
  };
};

// The authentication data of method 14.
// | ASN.1 Length  | AlgorithmIdentifier ASN.1 object              |
// ~                         Signature Value                       ~
struct DigitalSignature {
  static constexpr std::string_view name = "Digital Signature", clause = "RFC 7427 3";

  std::uint8_t identifier_size = 0;
  Octets algorithm_identifier{};  // DER
  Octets signature{};

  std::size_t identifier_octets() const { return identifier_size; }
  bool operator==(const DigitalSignature&) const = default;

  static constexpr auto wire = Entries{
      field<&DigitalSignature::identifier_size>("ASN.1 Length"),
      octets<&DigitalSignature::algorithm_identifier>("AlgorithmIdentifier",
                                                      &DigitalSignature::identifier_octets),
      rest<&DigitalSignature::signature>("Signature Value"),
  };
};

}  // namespace mpsec::wire::ike
