// RFC 7296 3.15: the Configuration payload.
#pragma once

#include "wire/ike/numbers.hpp"
#include "wire/schema.hpp"

namespace mpsec::wire::ike {

enum class ConfigurationType : std::uint8_t { request = 1, reply = 2, set = 3, ack = 4 };

enum class ConfigurationAttributeType : std::uint16_t {
  internal_ip4_address = 1,
  internal_ip4_netmask = 2,
  internal_ip4_dns = 3,
  internal_ip4_nbns = 4,
  internal_address_expiry = 5,  // RFC 4306 only
  internal_ip4_dhcp = 6,
  application_version = 7,
  internal_ip6_address = 8,
  internal_ip6_dns = 10,
  internal_ip6_nbns = 11,  // RFC 4306 only
  internal_ip6_dhcp = 12,
  internal_ip4_subnet = 13,
  supported_attributes = 14,
  internal_ip6_subnet = 15,
  mip6_home_prefix = 16,   // RFC 5026
  internal_ip6_link = 17,  // RFC 5739
  internal_ip6_prefix = 18,
  home_agent_address = 19,  // 3GPP TS 24.302, up to P_CSCF_IP6_ADDRESS RFC 7651
  p_cscf_ip4_address = 20,
  p_cscf_ip6_address = 21,
  ftt_kat = 22,
  external_source_ip4_nat_info = 23,
  timeout_period_for_liveness_check = 24,
  internal_dns_domain = 25,  // RFC 8598
  internal_dnssec_ta = 26,
  encdns_ip4 = 27,  // RFC 9464
  encdns_ip6 = 28,
  encdns_digest_info = 29,
};

// |R|         Attribute Type      |            Length             |
// ~                             Value                             ~
struct ConfigurationAttribute {
  static constexpr std::string_view name = "Configuration Attribute", clause = "RFC 7296 3.15.1";

  bool reserved = false;
  ConfigurationAttributeType type = ConfigurationAttributeType::internal_ip4_address;
  std::uint16_t length = 0;  // of the value
  Octets value{};

  std::size_t value_octets() const { return length; }
  bool operator==(const ConfigurationAttribute&) const = default;

  static constexpr auto wire = Entries{
      bits<std::uint16_t>(bit<1, &ConfigurationAttribute::reserved>("Reserved"),
                          bit<15, &ConfigurationAttribute::type>("Attribute Type")),
      field<&ConfigurationAttribute::length>("Length"),
      octets<&ConfigurationAttribute::value>("Value", &ConfigurationAttribute::value_octets),
  };
};

// |   CFG Type    |                    RESERVED                   |
// ~                   Configuration Attributes                    ~
struct Configuration {
  static constexpr std::string_view name = "CP", clause = "RFC 7296 3.15";

  ConfigurationType type = ConfigurationType::request;
  std::uint32_t reserved = 0;  // 24 bits
  std::vector<ConfigurationAttribute> attributes{};

  bool operator==(const Configuration&) const = default;

  static constexpr auto wire = Entries{
      bits<std::uint32_t>(bit<8, &Configuration::type>("CFG Type"),
                          bit<24, &Configuration::reserved>("RESERVED")),
      rest_list<&Configuration::attributes>("Attribute"),
  };
};

}  // namespace mpsec::wire::ike
