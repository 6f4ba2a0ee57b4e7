// RFC 7296 3.3: the Security Association payload: proposals of transforms with attributes.
#pragma once

#include "wire/ike/numbers.hpp"
#include "wire/schema.hpp"

namespace mpsec::wire::ike {

// Also in the Notify and Delete payloads.
enum class ProtocolId : std::uint8_t {
  none = 0,  // where a Notify speaks of no SA
  ike = 1,
  ah = 2,
  esp = 3,
  fc_esp_header = 4,
  fc_ct_authentication = 5,
  gike_update = 6,
};

enum class TransformType : std::uint8_t {
  encryption = 1,
  pseudorandom_function = 2,
  integrity = 3,
  key_exchange = 4,
  sequence_numbers = 5,
  additional_key_exchange_1 = 6,
  additional_key_exchange_2 = 7,
  additional_key_exchange_3 = 8,
  additional_key_exchange_4 = 9,
  additional_key_exchange_5 = 10,
  additional_key_exchange_6 = 11,
  additional_key_exchange_7 = 12,
  key_wrap_algorithm = 13,
  group_controller_authentication_method = 14,
};

// Transform type 5: its transform IDs.
enum class SequenceNumbers : std::uint16_t { no_extended = 0, extended = 1 };

enum class AttributeType : std::uint16_t { key_length = 14 };

// |A|       Attribute Type        |    AF=0  Attribute Length     |
// |F|                             |    AF=1  Attribute Value      |
// |                   AF=0  Attribute Value                       |
struct Attribute {
  static constexpr std::string_view name = "Attribute", clause = "RFC 7296 3.3.5";

  bool is_short = true;  // AF: type and value of two octets; else type, length and value
  AttributeType type = AttributeType::key_length;
  std::uint16_t value = 0;   // of a short one
  std::uint16_t length = 0;  // of a long one's value
  Octets long_value{};

  bool is_long() const { return !is_short; }
  std::size_t long_octets() const { return length; }
  bool operator==(const Attribute&) const = default;

  static constexpr auto wire = Entries{
      bits<std::uint16_t>(bit<1, &Attribute::is_short>("Attribute Format"),
                          bit<15, &Attribute::type>("Attribute Type")),
      when(&Attribute::is_short, field<&Attribute::value>("Attribute Value")),
      when(&Attribute::is_long, field<&Attribute::length>("Attribute Length")),
      when(&Attribute::is_long, octets<&Attribute::long_value>("Attribute Value", &Attribute::long_octets)),
  };
};

// | Last Substruc |   RESERVED    |        Transform Length       |
// |Transform Type |   RESERVED    |          Transform ID         |
// ~                      Transform Attributes                     ~
struct Transform {
  static constexpr std::string_view name = "Transform", clause = "RFC 7296 3.3.2";
  static constexpr std::uint8_t more = 3, last = 0;

  std::uint8_t last_substructure = last;  // as received; complete() sets it
  std::uint8_t reserved_1 = 0;
  std::uint16_t length = 8;
  TransformType type = TransformType::encryption;
  std::uint8_t reserved_2 = 0;
  std::uint16_t id = 0;  // crypto::EncryptionId, IntegrityId, ..., by type
  std::vector<Attribute> attributes{};

  bool operator==(const Transform&) const = default;

  static constexpr auto wire = Entries{
      field<&Transform::last_substructure>("Last Substruc"),
      field<&Transform::reserved_1>("RESERVED"),
      field<&Transform::length>("Transform Length"),
      inside<&Transform::length>("Transform Length", 4, field<&Transform::type>("Transform Type"),
                                 field<&Transform::reserved_2>("RESERVED"),
                                 field<&Transform::id>("Transform ID"),
                                 rest_list<&Transform::attributes>("Attribute")),
  };
};

// | Last Substruc |   RESERVED    |         Proposal Length       |
// | Proposal Num  |  Protocol ID  |    SPI Size   |Num  Transforms|
// ~                        SPI (variable)                         ~
// ~                        <Transforms>                           ~
struct Proposal {
  static constexpr std::string_view name = "Proposal", clause = "RFC 7296 3.3.1";
  static constexpr std::uint8_t more = 2, last = 0;

  std::uint8_t last_substructure = last;
  std::uint8_t reserved = 0;
  std::uint16_t length = 8;
  std::uint8_t number = 1;
  ProtocolId protocol = ProtocolId::ike;
  std::uint8_t spi_size = 0;
  std::uint8_t transform_count = 0;  // as received; what is there are the transforms below
  Octets spi{};
  std::vector<Transform> transforms{};

  std::size_t spi_octets() const { return spi_size; }
  bool operator==(const Proposal&) const = default;

  static constexpr auto wire = Entries{
      field<&Proposal::last_substructure>("Last Substruc"),
      field<&Proposal::reserved>("RESERVED"),
      field<&Proposal::length>("Proposal Length"),
      inside<&Proposal::length>("Proposal Length", 4, field<&Proposal::number>("Proposal Num"),
                                field<&Proposal::protocol>("Protocol ID"),
                                field<&Proposal::spi_size>("SPI Size"),
                                field<&Proposal::transform_count>("Num Transforms"),
                                octets<&Proposal::spi>("SPI", &Proposal::spi_octets),
                                rest_list<&Proposal::transforms>("Transform")),
  };
};

struct SecurityAssociation {
  static constexpr std::string_view name = "SA", clause = "RFC 7296 3.3";
  std::vector<Proposal> proposals{};
  bool operator==(const SecurityAssociation&) const = default;
  static constexpr auto wire = Entries{rest_list<&SecurityAssociation::proposals>("Proposal")};
};

// The name of a transform ID, which its type gives a meaning: "ENCR_AES_CBC"; "transform ID 99" if it has
// none.
std::string transform_name(TransformType type, std::uint16_t id);

}  // namespace mpsec::wire::ike
