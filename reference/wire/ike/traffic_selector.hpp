// RFC 7296 3.13: the Traffic Selector payloads.
#pragma once

#include "base/ip_address.hpp"
#include "wire/ike/numbers.hpp"
#include "wire/schema.hpp"

namespace mpsec::wire::ike {

enum class TrafficSelectorType : std::uint8_t {
  ipv4_addr_range = 7,
  ipv6_addr_range = 8,
  fc_addr_range = 9,
  seclabel = 10,
};

struct PortRange {
  std::uint16_t start = 0, end = 65535;
  bool operator==(const PortRange&) const = default;
};

// |   TS Type     |IP Protocol ID*|       Selector Length         |
// |           Start Port*         |           End Port*           |
// ~                         Starting Address*                     ~
// ~                         Ending Address*                       ~
// What has a star is so for IPv4 and IPv6 ranges. ICMP's type and code stand in the ports, the type in the
// high octet. A selector of another type is octets.
struct TrafficSelector {
  static constexpr std::string_view name = "Traffic Selector", clause = "RFC 7296 3.13.1";

  TrafficSelectorType type = TrafficSelectorType::ipv4_addr_range;
  std::uint8_t ip_protocol = 0;  // 0: any
  std::uint16_t length = 16;
  std::uint16_t start_port = 0;
  std::uint16_t end_port = 65535;
  std::array<std::uint8_t, 4> start_v4{}, end_v4{};   // of an IPv4 range
  std::array<std::uint8_t, 16> start_v6{}, end_v6{};  // of an IPv6 range
  Octets other{};                                     // of any other type

  // The selector of a range, ready to send. Both addresses are of one family.
  static TrafficSelector range(const IpAddress& start, const IpAddress& end, std::uint8_t ip_protocol = 0,
                               PortRange ports = {});
  // RFC 7296 3.13.1: ICMP's type and code as they stand in a port.
  static constexpr std::uint16_t icmp_port(std::uint8_t icmp_type, std::uint8_t icmp_code) {
    return static_cast<std::uint16_t>(icmp_type << 8 | icmp_code);
  }
  // The addresses of a range.
  IpAddress start_address() const;
  IpAddress end_address() const;

  bool is_v4() const { return type == TrafficSelectorType::ipv4_addr_range; }
  bool is_v6() const { return type == TrafficSelectorType::ipv6_addr_range; }
  bool is_range() const { return is_v4() || is_v6(); }
  bool is_other() const { return !is_range(); }
  bool operator==(const TrafficSelector&) const = default;

  static constexpr auto wire = Entries{
      field<&TrafficSelector::type>("TS Type"),
      field<&TrafficSelector::ip_protocol>("IP Protocol ID"),
      field<&TrafficSelector::length>("Selector Length"),
      inside<&TrafficSelector::length>(
          "Selector Length", 4,
          when(&TrafficSelector::is_range, field<&TrafficSelector::start_port>("Start Port")),
          when(&TrafficSelector::is_range, field<&TrafficSelector::end_port>("End Port")),
          when(&TrafficSelector::is_v4, field<&TrafficSelector::start_v4>("Starting Address")),
          when(&TrafficSelector::is_v4, field<&TrafficSelector::end_v4>("Ending Address")),
          when(&TrafficSelector::is_v6, field<&TrafficSelector::start_v6>("Starting Address")),
          when(&TrafficSelector::is_v6, field<&TrafficSelector::end_v6>("Ending Address")),
          when(&TrafficSelector::is_other, rest<&TrafficSelector::other>("Selector"))),
  };
};

// | Number of TSs |                 RESERVED                      |
// ~                       <Traffic Selectors>                     ~
struct TrafficSelectors {
  static constexpr std::string_view clause = "RFC 7296 3.13";

  std::uint8_t count = 0;      // as received; what is there are the selectors below
  std::uint32_t reserved = 0;  // 24 bits
  std::vector<TrafficSelector> selectors{};

  bool operator==(const TrafficSelectors&) const = default;

  static constexpr auto wire = Entries{
      bits<std::uint32_t>(bit<8, &TrafficSelectors::count>("Number of TSs"),
                          bit<24, &TrafficSelectors::reserved>("RESERVED")),
      rest_list<&TrafficSelectors::selectors>("Traffic Selector"),
  };
};

struct TrafficSelectorsInitiator : TrafficSelectors {
  static constexpr std::string_view name = "TSi";
  bool operator==(const TrafficSelectorsInitiator&) const = default;
};

struct TrafficSelectorsResponder : TrafficSelectors {
  static constexpr std::string_view name = "TSr";
  bool operator==(const TrafficSelectorsResponder&) const = default;
};

}  // namespace mpsec::wire::ike
