// What travels in the simulated network: whole IP packets, UDP in them or anything else.
#pragma once

#include <optional>

#include "base/datagram.hpp"
#include "wire/header_walk.hpp"

namespace mpsec::sim {

// An IP packet whose headers could be read, and what the network needs to know of them.
class Packet {
 public:
  // Fails (malformed) where the octets are no IP packet; what stands behind its end is cut off.
  static Result<Packet> from_ip(Octets octets);
  // From `local` to `remote`, both of one family, with a UDP checksum. Fails (local fault) where the families
  // differ or it would not fit into an IP packet.
  static Result<Packet> udp(const Datagram& datagram);

  const IpAddress& source() const { return source_; }
  const IpAddress& destination() const { return destination_; }
  std::uint8_t protocol() const { return walk_.protocol; }
  bool is_fragment() const { return walk_.is_fragment(); }
  OctetView octets() const { return octets_; }
  std::size_t size() const { return octets_.size(); }
  // What follows the IP header and its extensions.
  OctetView upper() const { return octets().subspan(walk_.upper_at); }

  // A whole UDP header is there.
  bool is_udp() const;
  Endpoint udp_source() const;       // is_udp()
  Endpoint udp_destination() const;  // is_udp()
  OctetView udp_payload() const;     // is_udp(); up to UDP's Length
  // The datagram as the host at its destination sees it; nothing where there is none or its checksum is
  // wrong.
  std::optional<Datagram> received_datagram() const;

  // What a NAT does: another address and port, of the same family, and checksums repaired by the difference.
  void set_udp_source(const Endpoint& endpoint);       // is_udp()
  void set_udp_destination(const Endpoint& endpoint);  // is_udp()
  // Changes an octet of what is above IP, and of UDP's payload where it is UDP; mends UDP's checksum, so that
  // the damage gets as far as it can. Nothing where there is no such octet.
  void flip(std::size_t index, std::uint8_t mask);
  // Another UDP payload; is_udp(). Fails as udp() does.
  Result<> set_udp_payload(OctetView payload);

  bool operator==(const Packet& other) const { return octets_ == other.octets_; }

 private:
  Packet(Octets octets, const wire::HeaderWalk& walk);
  void set_endpoint(bool source, const Endpoint& endpoint);
  void replace(std::size_t at, OctetView octets);
  std::size_t udp_length() const;

  Octets octets_;
  wire::HeaderWalk walk_;
  IpAddress source_, destination_;
};

}  // namespace mpsec::sim
