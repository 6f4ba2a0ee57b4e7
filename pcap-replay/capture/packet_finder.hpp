// From an IP packet to the ESP or AH in it, or to what else IPsec sends.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "base/ip_address.hpp"
#include "base/octets.hpp"
#include "base/strong.hpp"
#include "wire/header_walk.hpp"

namespace mpsec::replay {

// The UDP ports behind which ESP is looked for.
class UdpPorts {
 public:
  UdpPorts() : UdpPorts{4500} {}
  UdpPorts(std::initializer_list<std::uint16_t> ports) : ports_(ports) {}
  void add(std::uint16_t port) { ports_.push_back(port); }
  bool contains(std::uint16_t port) const {
    for (const std::uint16_t one : ports_)
      if (one == port) return true;
    return false;
  }

 private:
  std::vector<std::uint16_t> ports_;  // a few: looking along them beats any set
};

enum class FoundKind : std::uint8_t {
  other,       // IP, but nothing of IPsec
  esp,         // protocol 50
  esp_in_udp,  // RFC 3948
  ah,          // protocol 51
  ike,         // UDP port 500, or behind the non-ESP marker
  keepalive,   // RFC 3948 2.3
  fragment,    // a part of a datagram that may be one of the above
  malformed,   // the headers contradict the packet
  cut,         // the capture ends before what tells
};
std::string_view to_string(FoundKind kind);

// An address as it is compared and hashed, without being built first: both families as a 128-bit number, IPv4
// low.
struct AddressBits {
  std::uint64_t high = 0, low = 0;
  IpVersion version = IpVersion::v4;

  IpAddress address() const;
  bool operator==(const AddressBits&) const = default;
};

struct Found {
  FoundKind kind = FoundKind::other;
  IpVersion version = IpVersion::v4;
  bool whole = true;             // false: the capture cut the datagram short
  std::uint8_t ike_version = 0;  // the major version; 0 where the message ends before it
  Spi spi;                       // of ESP and AH
  std::uint32_t sequence_number = 0;
  std::uint32_t protocol_at = 0;  // the octet that names the upper layer
  // Where the ESP or AH header, or the IKE message, starts and ends in `packet`.
  std::uint32_t security_at = 0, security_end = 0;
  std::uint16_t source_port = 0, destination_port = 0;  // of UDP
  bool other_udp = false;  // kind `other`: a whole UDP datagram, its payload where the message would be
  OctetView packet;        // from the IP header to the datagram's end by its own word, or the capture's

  std::uint32_t security_octets() const { return security_end - security_at; }
  AddressBits source_bits() const {
    if (version == IpVersion::v4) return bits_v4(packet.data() + wire::offset_of<&wire::Ipv4Header::source>);
    return bits_v6(packet.data() + wire::offset_of<&wire::Ipv6Header::source>);
  }
  AddressBits destination_bits() const {
    if (version == IpVersion::v4)
      return bits_v4(packet.data() + wire::offset_of<&wire::Ipv4Header::destination>);
    return bits_v6(packet.data() + wire::offset_of<&wire::Ipv6Header::destination>);
  }
  // Of malformed and cut packets unknown.
  IpAddress source() const { return source_bits().address(); }
  IpAddress destination() const { return destination_bits().address(); }

 private:
  static AddressBits bits_v4(const std::uint8_t* at) {
    return {0, load_be<std::uint32_t>(at), IpVersion::v4};
  }
  static AddressBits bits_v6(const std::uint8_t* at) {
    return {load_be<std::uint64_t>(at), load_be<std::uint64_t>(at + 8), IpVersion::v6};
  }
};

// Looks at the IP packet at the front of `packet`, which may be followed by link padding. `cut`: the capture
// did not keep all of it; lengths then are not taken for lies.
Found find_ipsec(OctetView packet, const UdpPorts& ports, bool cut = false);

}  // namespace mpsec::replay
