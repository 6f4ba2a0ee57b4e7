// The Internet checksum (RFC 791 3.1, RFC 1071), its repair without a second pass (RFC 1624), and the pseudo
// headers under it. No allocation, no state outside: fit for the packet path.
#pragma once

#include <bit>
#include <cstring>

#include "base/octets.hpp"

namespace mpsec::wire {

// A one's complement sum of 16-bit words. It is kept in the machine's own byte order and turned round once at
// the end: the sum does not care in which order the two octets of a word stand, as long as all agree.
class OnesComplementSum {
 public:
  // Adds `octets`. An odd count has a zero octet thought behind it, so only the last piece may be odd.
  OnesComplementSum& add(OctetView octets) noexcept {
    const std::uint8_t* at = octets.data();
    std::size_t left = octets.size();
    std::uint64_t sum = 0;  // of 32-bit words: no carry is lost below 2^32 of them
    for (; left >= 4; at += 4, left -= 4) {
      std::uint32_t word;
      std::memcpy(&word, at, 4);
      sum += word;
    }
    if (left > 0) {
      std::uint8_t last[4] = {};
      for (std::size_t i = 0; i < left && i < sizeof last; ++i)
        last[i] = at[i];
      std::uint32_t word;
      std::memcpy(&word, last, 4);
      sum += word;
    }
    sum_ += (sum >> 32) + (sum & 0xffff'ffff);
    return *this;
  }
  OnesComplementSum& add(std::uint16_t word) noexcept {
    sum_ += in_wire_order(word);
    return *this;
  }

  std::uint16_t folded() const noexcept {
    std::uint64_t sum = (sum_ >> 32) + (sum_ & 0xffff'ffff);
    while (sum > 0xffff)
      sum = (sum >> 16) + (sum & 0xffff);
    return in_wire_order(static_cast<std::uint16_t>(sum));
  }
  // The checksum to send, if the checksum field was taken as zero.
  std::uint16_t checksum() const noexcept { return static_cast<std::uint16_t>(~folded()); }
  // Whether the checksum that was received, and added with the rest, holds.
  bool holds() const noexcept { return folded() == 0xffff; }

 private:
  static constexpr std::uint16_t in_wire_order(std::uint16_t word) {
    return std::endian::native == std::endian::little ? static_cast<std::uint16_t>(word << 8 | word >> 8)
                                                      : word;
  }
  std::uint64_t sum_ = 0;
};

// The checksum over `octets` alone, in which its own field must be zero: IPv4 header, ICMPv4.
inline std::uint16_t internet_checksum(OctetView octets) noexcept {
  return OnesComplementSum().add(octets).checksum();
}

// The pseudo header of RFC 768, RFC 793 3.1 (addresses of 4 octets) and RFC 8200 8.1 (16). The two differ in
// layout but, as sums, in nothing: `length` is the upper layer's, header and data, in octets.
inline OnesComplementSum pseudo_header_sum(OctetView source, OctetView destination, std::uint8_t protocol,
                                           std::uint32_t length) noexcept {
  OnesComplementSum sum;
  sum.add(source).add(destination).add(protocol);
  return sum.add(static_cast<std::uint16_t>(length >> 16)).add(static_cast<std::uint16_t>(length));
}

// What UDP sends for `checksum`: a computed zero goes out as its other zero, for a zero says "none".
//= rfc768/fields/zero-checksum-goes-out-as-ones
constexpr std::uint16_t udp_checksum_on_wire(std::uint16_t checksum) noexcept {
  return checksum == 0 ? 0xffff : checksum;
}

// RFC 1624 3, equation 3: `checksum` after the word `before` under it became `after`.
constexpr std::uint16_t updated_checksum(std::uint16_t checksum, std::uint16_t before,
                                         std::uint16_t after) noexcept {
  std::uint32_t sum = static_cast<std::uint16_t>(~checksum);
  sum += static_cast<std::uint16_t>(~before);
  sum += after;
  sum = (sum >> 16) + (sum & 0xffff);
  sum = (sum >> 16) + (sum & 0xffff);
  return static_cast<std::uint16_t>(~sum);
}

// The same where the octets `before`, at an even place under the checksum and of even count, became `after`.
// Their counts may differ: an IPv4 address may have become an IPv6 one.
inline std::uint16_t updated_checksum(std::uint16_t checksum, OctetView before, OctetView after) noexcept {
  const std::uint16_t gone = OnesComplementSum().add(before).folded();
  const std::uint16_t come = OnesComplementSum().add(after).folded();
  return updated_checksum(checksum, gone, come);
}

}  // namespace mpsec::wire
