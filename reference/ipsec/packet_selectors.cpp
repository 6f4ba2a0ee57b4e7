#include "ipsec/packet_selectors.hpp"

#include <fmt/format.h>

namespace mpsec::ipsec {
namespace {

constexpr std::uint8_t hop_by_hop_options = 0;
constexpr std::uint8_t fragment_header = 44;
constexpr std::uint8_t authentication_header = 51;

constexpr std::array<NextLayerFields, 256> fields_by_protocol = [] {
  std::array<NextLayerFields, 256> fields{};
  for (const std::size_t tcp_udp_dccp_sctp_udplite : {6, 17, 33, 132, 136})
    fields[tcp_udp_dccp_sctp_udplite] = NextLayerFields::ports;
  for (const std::size_t icmp : {1, 58})
    fields[icmp] = NextLayerFields::type_and_code;
  fields[135] = NextLayerFields::mobility_type;
  return fields;
}();

// How much of the packet is at hand: all of it, or what an ICMP error quotes.
enum class Extent { whole, quoted };

class Reader {
 public:
  Reader(OctetView packet, Direction direction, Extent extent) : packet_(packet), extent_(extent) {
    selectors_.direction = direction;
  }

  std::expected<PacketSelectors, MalformedPacket> read(const SkippedHeaders& skipped) {
    if (packet_.empty()) return std::unexpected(MalformedPacket::header_cut_short);
    const unsigned version = packet_[0] >> 4;
    if (version != 4 && version != 6) return std::unexpected(MalformedPacket::unknown_version);
    if (!(version == 4 ? read_v4() : read_v6(skipped))) return std::unexpected(malformed_);
    return selectors_;
  }

 private:
  bool fail(MalformedPacket malformed) {
    malformed_ = malformed;
    return false;
  }

  bool outbound() const { return selectors_.direction == Direction::outbound; }
  void set_addresses(AddressNumber source, AddressNumber destination) {
    selectors_.local = outbound() ? source : destination;
    selectors_.remote = outbound() ? destination : source;
  }

  bool trim(std::size_t length) {
    if (length > packet_.size())
      return extent_ == Extent::quoted || fail(MalformedPacket::length_beyond_packet);
    packet_ = packet_.first(length);
    return true;
  }

  bool read_v4() {
    if (packet_.size() < 20) return fail(MalformedPacket::header_cut_short);
    const std::uint8_t* header = packet_.data();
    const std::size_t header_length = (header[0] & 0xfu) * 4;
    if (header_length < 20) return fail(MalformedPacket::header_length_too_small);
    const std::size_t total_length = load_be<std::uint16_t>(header + 2);
    if (total_length < header_length) return fail(MalformedPacket::length_below_header);
    if (!trim(total_length)) return false;
    if (packet_.size() < header_length) return fail(MalformedPacket::header_cut_short);

    selectors_.version = IpVersion::v4;
    selectors_.dscp = header[1] >> 2;
    set_addresses(load_be<std::uint32_t>(header + 12), load_be<std::uint32_t>(header + 16));
    const std::uint16_t fragment = load_be<std::uint16_t>(header + 6);
    selectors_.fragment_offset = static_cast<std::uint16_t>(fragment << 3);
    more_fragments_ = (fragment & 0x2000) != 0;
    return read_next_layer(header[9], header_length);
  }

  bool read_v6(const SkippedHeaders& skipped) {
    if (packet_.size() < 40) return fail(MalformedPacket::header_cut_short);
    const std::uint8_t* header = packet_.data();
    // A length of zero may announce a jumbogram (RFC 2675); those we do not carry.
    if (!trim(std::size_t{40} + load_be<std::uint16_t>(header + 4))) return false;
    selectors_.version = IpVersion::v6;
    selectors_.dscp = static_cast<std::uint8_t>(load_be<std::uint16_t>(header) >> 6 & 0x3f);
    set_addresses(load_address_number(header + 8), load_address_number(header + 24));
    return read_extension_headers(header[6], skipped);
  }

  //= rfc4301/4.4.1.1/next-layer-is-what-follows-extension-headers
  bool read_extension_headers(std::uint8_t next, const SkippedHeaders& skipped) {
    std::size_t at = 40;
    while (skipped.contains(next)) {
      //= rfc8200/4.1/hop-by-hop-right-after-the-ipv6-header
      if (next == hop_by_hop_options && at != 40) break;
      // Of a fragment other than the first we know only what its fragment header names: if that is one
      // more extension header, the next layer protocol is out of sight (RFC 4301 7).
      if (selectors_.fragment_offset != 0) return hide_protocol(at);
      if (packet_.size() < at + 8) return cut_in_extension_header(at);
      const std::uint8_t* header = packet_.data() + at;
      std::size_t length = (std::size_t{header[1]} + 1) * 8;
      if (next == fragment_header) length = read_fragment_header(header);
      if (next == authentication_header) length = (std::size_t{header[1]} + 2) * 4;
      if (packet_.size() < at + length) return cut_in_extension_header(at);
      next = header[0];
      at += length;
    }
    return read_next_layer(next, at);
  }

  std::size_t read_fragment_header(const std::uint8_t* header) {
    const std::uint16_t offset_and_flags = load_be<std::uint16_t>(header + 2);
    selectors_.fragment_offset = offset_and_flags & 0xfff8;
    more_fragments_ = (offset_and_flags & 1) != 0;
    return 8;
  }

  // The chain may go on in the next fragment; in a whole packet it may not.
  bool cut_in_extension_header(std::size_t at) {
    if (extent_ == Extent::quoted || more_fragments_) return hide_protocol(at);
    return fail(MalformedPacket::extension_header_cut_short);
  }

  bool hide_protocol(std::size_t at) {
    selectors_.protocol = unavailable_protocol;
    selectors_.next_layer_offset = static_cast<std::uint16_t>(at);
    return true;
  }

  bool read_next_layer(std::uint8_t protocol, std::size_t at) {
    selectors_.protocol = protocol;
    selectors_.next_layer_offset = static_cast<std::uint16_t>(at);
    const NextLayerFields fields = fields_by_protocol[protocol];
    //= rfc4301/4.4.1.1/no-ports-in-a-non-initial-fragment
    if (fields == NextLayerFields::none || selectors_.fragment_offset != 0) return true;
    const std::size_t needed = fields == NextLayerFields::ports           ? 4
                               : fields == NextLayerFields::type_and_code ? 2
                                                                          : 3;
    if (packet_.size() < at + needed) {
      return extent_ == Extent::quoted || more_fragments_ || fail(MalformedPacket::next_layer_cut_short);
    }
    read_fields(fields, packet_.data() + at);
    return true;
  }

  void read_fields(NextLayerFields fields, const std::uint8_t* header) {
    if (fields == NextLayerFields::ports) {
      const std::uint32_t source = load_be<std::uint16_t>(header),
                          destination = load_be<std::uint16_t>(header + 2);
      selectors_.local_port = outbound() ? source : destination;
      selectors_.remote_port = outbound() ? destination : source;
      return;
    }
    std::uint32_t& sender = outbound() ? selectors_.local_port : selectors_.remote_port;
    //= rfc4301/4.4.1.1/icmp-type-above-code
    //= rfc4301/4.4.1.1/mh-type-in-high-octet
    sender = fields == NextLayerFields::type_and_code ? load_be<std::uint16_t>(header) : header[2] * 256u;
  }

  OctetView packet_;
  Extent extent_;
  bool more_fragments_ = false;
  MalformedPacket malformed_{};
  PacketSelectors selectors_;
};

std::string field_text(std::uint32_t port) {
  return port == unavailable_port ? "unavailable" : std::to_string(port);
}

}  // namespace

IpAddress address_of(AddressNumber number, IpVersion version) {
  if (version == IpVersion::v4) return IpAddress::v4(static_cast<std::uint32_t>(number));
  std::array<std::uint8_t, 16> octets{};
  store_be(octets.data(), static_cast<std::uint64_t>(number >> 64));
  store_be(octets.data() + 8, static_cast<std::uint64_t>(number));
  return IpAddress::v6(octets.data());
}

NextLayerFields next_layer_fields(std::uint8_t protocol) {
  return fields_by_protocol[protocol];
}

std::expected<PacketSelectors, MalformedPacket> selectors_of(OctetView packet, Direction direction,
                                                             const SkippedHeaders& skipped) {
  return Reader(packet, direction, Extent::whole).read(skipped);
}

std::expected<PacketSelectors, MalformedPacket> selectors_of_quoted(OctetView quoted,
                                                                    Direction error_direction,
                                                                    const SkippedHeaders& skipped) {
  return Reader(quoted, opposite(error_direction), Extent::quoted).read(skipped);
}

std::string to_string(const PacketSelectors& packet) {
  const bool outbound = packet.direction == Direction::outbound;
  const std::string protocol =
      packet.protocol == unavailable_protocol ? "protocol unavailable" : std::to_string(packet.protocol);
  return fmt::format("{} {} local {} port {}, remote {} port {}", outbound ? "outbound" : "inbound", protocol,
                     to_string(address_of(packet.local, packet.version)), field_text(packet.local_port),
                     to_string(address_of(packet.remote, packet.version)), field_text(packet.remote_port));
}

std::string_view to_string(MalformedPacket malformed) {
  switch (malformed) {
    case MalformedPacket::header_cut_short:
      return "IP header cut short";
    case MalformedPacket::unknown_version:
      return "IP version neither 4 nor 6";
    case MalformedPacket::header_length_too_small:
      return "IPv4 header length below 20 octets";
    case MalformedPacket::length_beyond_packet:
      return "IP length beyond the end of the packet";
    case MalformedPacket::length_below_header:
      return "IPv4 total length below the header length";
    case MalformedPacket::extension_header_cut_short:
      return "IPv6 extension header cut short";
    case MalformedPacket::next_layer_cut_short:
      return "next layer header cut short";
  }
  return "unknown";
}

}  // namespace mpsec::ipsec
