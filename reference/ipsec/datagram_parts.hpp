// Where the parts of an IP datagram lie that fragmentation, reassembly and ICMP errors care about. The packet
// may be cut short, as ICMP quotes it: a length that is stated may be more than there is.
#pragma once

#include <optional>

#include "base/octets.hpp"
#include "wire/in_place.hpp"
#include "wire/ipv4.hpp"
#include "wire/ipv6.hpp"
#include "wire/protocol.hpp"

namespace mpsec::ipsec {

inline constexpr std::size_t ipv6_header_octets = wire::end_of<&wire::Ipv6Header::destination>;

struct DatagramSize {
  std::size_t header;  // of the IPv4 header with its options, or the fixed IPv6 header; it is there wholly
  std::size_t total;   // of the datagram as stated, header and all
};

// Of the IPv4 or IPv6 datagram at the start of `packet`; nothing if the version is another, the header is cut
// short, or the stated lengths cannot be (IHL below 5, total length below the header, an IPv6 payload of 0
// octets that has headers: a jumbogram).
std::optional<DatagramSize> datagram_size(OctetView packet) noexcept;

// A walk along an IPv6 packet's headers, from the first behind the fixed one. Here AH is an extension header
// and ESP is not, as RFC 8200 4.5 has it.
class Ipv6Chain {
 public:
  // `packet` holds the fixed header.
  explicit Ipv6Chain(OctetView packet) noexcept
      : packet_(packet), number_(wire::load<&wire::Ipv6Header::next_header>(packet.data())) {}

  std::uint8_t number() const noexcept { return number_; }     // of the header that stands here
  std::size_t at() const noexcept { return at_; }              // its offset in the packet
  std::size_t named_at() const noexcept { return named_at_; }  // the octet that gave its number
  bool on_extension() const noexcept;
  // Goes on to the next header; false, and stays, if this one is no extension header or is cut short.
  bool step() noexcept;
  // Goes on to the upper-layer header. False if an extension header on the way is cut short.
  bool step_to_upper_layer() noexcept;
  // The offset behind the upper-layer header that stands here, by its protocol's own length field where it
  // has one; this may be beyond the packet. A protocol that is not known here counts as having no header.
  std::size_t upper_layer_end() const noexcept;

 private:
  OctetView packet_;
  std::size_t at_ = ipv6_header_octets;
  std::size_t named_at_ = wire::offset_of<&wire::Ipv6Header::next_header>;
  std::uint8_t number_;
};

}  // namespace mpsec::ipsec
