// Large packets and the rows of ordinary ones that they stand for: what a network device does that has
// segmentation offload, done here. Pure: no system call, no allocation.
#pragma once

#include <array>
#include <optional>
#include <span>

#include "base/ip_address.hpp"
#include "base/octets.hpp"

namespace mpsec::gateway {

// A TCP or UDP packet to be cut into segments (datagrams) of so many octets of payload, the last of what is
// left. A view: the packet stays where it is.
//
// Each segment has the headers of the whole, with its own lengths, checksums, and sequence number or
// Identification counted on; CWR on the first, FIN and PSH on the last only (RFC 3168 6.1.2, RFC 9293 3.8).
class PacketCut {
 public:
  // Nothing if `packet` is not one whole TCP or UDP packet with payload (a fragment; IPv6 with extension
  // headers; wrong lengths), or `segment` is 0. Its checksums do not matter.
  static std::optional<PacketCut> of(OctetView packet, std::size_t segment) noexcept;

  std::size_t count() const noexcept { return (packet_.size() - payload_at_ + segment_ - 1) / segment_; }
  // In octets, of segment number i < count().
  std::size_t size(std::size_t i) const noexcept;
  // Writes size(i) octets, outside the packet.
  void write(std::size_t i, std::uint8_t* to) const noexcept;

 private:
  PacketCut() = default;
  std::size_t payload_octets(std::size_t i) const noexcept;

  OctetView packet_;
  IpVersion version_ = IpVersion::v4;
  bool tcp_ = false;
  std::size_t upper_at_ = 0, payload_at_ = 0, segment_ = 0;
};

// Packets of one flow, in order, that are the segments of one large packet. Views: they stay where they are.
// Only what cutting gives back octet for octet is joined, with one exception: packets with DF may also have
// the same Identification all, which says nothing in them (RFC 6864 4.1) and is counted on after cutting.
class PacketRow {
 public:
  static constexpr std::size_t most = 64;
  static constexpr std::size_t largest_header = 40 + 60;

  // Begins anew, with one packet, whatever it is.
  void begin(OctetView packet) noexcept;
  // False, and nothing changed, if it does not continue the row. Packets with wrong checksums never do.
  bool add(OctetView packet) noexcept;

  std::size_t count() const noexcept { return count_; }
  OctetView first() const noexcept { return first_; }

  // Of a row of two and more:
  IpVersion version() const noexcept { return version_; }
  bool tcp() const noexcept { return tcp_; }
  bool congestion_window_reduced() const noexcept;  // TCP's flag CWR
  std::size_t segment() const noexcept {
    return payloads_[0].size();
  }  // octets of payload of each but the last
  std::size_t upper_at() const noexcept { return upper_at_; }  // where the TCP or UDP header begins
  std::span<const OctetView> payloads() const noexcept { return {payloads_.data(), count_}; }
  // The header of the large packet. The checksum of TCP or UDP is left to be completed: its field has the sum
  // of the pseudo header.
  OctetView write_header(std::span<std::uint8_t, largest_header> room) const noexcept;

 private:
  bool continues(OctetView packet) const noexcept;
  bool identification_continues(OctetView packet) const noexcept;

  OctetView first_;
  IpVersion version_ = IpVersion::v4;
  bool tcp_ = false;
  bool open_ = false;      // more may be added
  bool verified_ = false;  // the first packet's checksums hold
  bool same_identification_ = false;
  std::uint8_t last_flags_ = 0;
  std::size_t upper_at_ = 0, payload_at_ = 0, octets_ = 0, count_ = 0;
  std::array<OctetView, most> payloads_{};
};

// Completes a checksum that was left to be: over the octets from `start` on, the field being at `start +
// offset`. False, and nothing changed, where that is not in the packet.
bool complete_checksum(MutableOctets packet, std::size_t start, std::size_t offset) noexcept;

}  // namespace mpsec::gateway
