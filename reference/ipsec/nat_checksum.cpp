#include "ipsec/nat_checksum.hpp"

#include "ipsec/upper_header.hpp"
#include "wire/checksum.hpp"
#include "wire/protocol.hpp"
#include "wire/udp.hpp"

namespace mpsec::ipsec {
namespace {

constexpr std::size_t tcp_checksum_at = 16;  // RFC 9293 3.1

struct Addresses {
  OctetView source, destination;
};

Addresses addresses_of(OctetView packet, IpVersion version) {
  const bool v4 = version == IpVersion::v4;
  const std::size_t size = v4 ? 4 : 16;
  const std::size_t at =
      v4 ? wire::offset_of<&wire::Ipv4Header::source> : wire::offset_of<&wire::Ipv6Header::source>;
  return {packet.subspan(at, size), packet.subspan(at + size, size)};
}

// The TCP or UDP part of a packet, and where its checksum is.
class Segment {
 public:
  Segment(MutableOctets packet, const wire::HeaderWalk& walk)
      : addresses_(addresses_of(packet, walk.version)),
        octets_(packet.subspan(walk.upper_at, walk.upper_length())),
        udp_(walk.protocol == wire::protocol::udp),
        checksum_at_(udp_ ? wire::offset_of<&wire::UdpHeader::checksum> : tcp_checksum_at) {}

  // A UDP length may go beyond a first fragment, but not beyond a whole datagram.
  bool length_is_possible(bool whole) const {
    return !udp_ || (udp_length() >= wire::end_of<&wire::UdpHeader::checksum> &&
                     (!whole || udp_length() <= octets_.size()));
  }
  bool without_checksum() const { return udp_ && checksum() == 0; }
  bool is_udp() const { return udp_; }

  //= rfc3948/3.1.2/checksum-by-the-difference-of-addresses
  void repair(const OriginalAddresses& original) const {
    std::uint16_t sum = checksum();
    if (original.source) sum = wire::updated_checksum(sum, original.source->octets(), addresses_.source);
    if (original.destination)
      sum = wire::updated_checksum(sum, original.destination->octets(), addresses_.destination);
    store(sum);
  }
  //= rfc3948/3.1.2/checksum-computed-anew
  void recompute() const {
    const std::size_t length = udp_ ? udp_length() : octets_.size();
    const std::uint8_t protocol = udp_ ? wire::protocol::udp : wire::protocol::tcp;
    put(0);
    auto sum = wire::pseudo_header_sum(addresses_.source, addresses_.destination, protocol,
                                       static_cast<std::uint32_t>(length));
    store(sum.add(octets_.first(length)).checksum());
  }
  //= rfc3948/3.1.2/udp-checksum-set-to-zero
  void clear() const { put(0); }

 private:
  std::size_t udp_length() const { return wire::load<&wire::UdpHeader::length>(octets_.data()); }
  std::uint16_t checksum() const { return load_be<std::uint16_t>(octets_.data() + checksum_at_); }
  void put(std::uint16_t checksum) const { store_be(octets_.data() + checksum_at_, checksum); }
  void store(std::uint16_t checksum) const { put(udp_ ? wire::udp_checksum_on_wire(checksum) : checksum); }

  Addresses addresses_;
  MutableOctets octets_;
  bool udp_;
  std::size_t checksum_at_;
};

}  // namespace

RepairOutcome repair_checksum(MutableOctets packet, ChecksumRepair how,
                              const OriginalAddresses& original) noexcept {
  const auto walk = wire::walk_headers(packet);
  if (!walk) return RepairOutcome::refused;
  const bool known = walk->protocol == wire::protocol::tcp || walk->protocol == wire::protocol::udp;
  if (how == ChecksumRepair::none || !known || !walk->starts_upper_layer()) return RepairOutcome::untouched;
  if (!holds_upper_header(packet, *walk)) return RepairOutcome::refused;

  const Segment segment(packet, *walk);
  if (!segment.length_is_possible(!walk->is_fragment())) return RepairOutcome::refused;
  if (segment.without_checksum()) return RepairOutcome::untouched;
  if (how == ChecksumRepair::by_difference) {
    segment.repair(original);
  } else if (how == ChecksumRepair::zero_udp && segment.is_udp() && walk->version == IpVersion::v4) {
    segment.clear();
  } else if (walk->is_fragment()) {
    return RepairOutcome::refused;
  } else {
    segment.recompute();
  }
  return RepairOutcome::repaired;
}

}  // namespace mpsec::ipsec
