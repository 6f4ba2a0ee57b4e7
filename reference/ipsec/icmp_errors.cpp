#include "ipsec/icmp_errors.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "wire/ah.hpp"
#include "wire/codec.hpp"
#include "wire/esp.hpp"
#include "wire/header_build.hpp"
#include "wire/header_walk.hpp"
#include "wire/icmp.hpp"
#include "wire/icmpv6.hpp"
#include "wire/protocol.hpp"
#include "wire/udp_encap.hpp"

namespace mpsec::ipsec {
namespace {

std::unexpected<Error> fail(Blame blame, std::string path, std::size_t offset, std::string why,
                            std::string clause = "RFC 4301 8.2.1") {
  return std::unexpected(Error{blame, std::move(path), offset, std::move(why), std::move(clause)});
}

struct Addresses {
  IpAddress source, destination;
};

Addresses addresses_of(const std::uint8_t* at, IpVersion version) {
  using wire::Ipv4Header, wire::Ipv6Header, wire::offset_of;
  if (version == IpVersion::v4)
    return {IpAddress::v4(at + offset_of<&Ipv4Header::source>),
            IpAddress::v4(at + offset_of<&Ipv4Header::destination>)};
  return {IpAddress::v6(at + offset_of<&Ipv6Header::source>),
          IpAddress::v6(at + offset_of<&Ipv6Header::destination>)};
}

// Taken from the message: what follows is in the packet it quotes.
struct Quotation {
  std::uint32_t mtu = 0;
  Octets packet;
  std::size_t at = 0;  // its offset in the message's packet
};

Result<Quotation> quotation_v4(OctetView message, std::size_t at) {
  if (!wire::OnesComplementSum().add(message).holds())
    return fail(Blame::malformed, "ICMP/Checksum", at + wire::offset_of<&wire::Icmp::checksum>,
                "does not hold", "RFC 792");
  auto icmp = wire::decode<wire::Icmp>(message, at);
  if (!icmp) return std::unexpected(icmp.error());
  if (!icmp->is_unreachable() || icmp->code != wire::Icmp::fragmentation_needed)
    return fail(Blame::no_common_ground, "ICMP/Type", at,
                fmt::format("expected 3 code 4, found {} code {}", icmp->type, icmp->code));
  constexpr std::size_t header = 8;
  return Quotation{icmp->next_hop_mtu, std::move(icmp->data), at + header};
}

Result<Quotation> quotation_v6(OctetView message, std::size_t at, const Addresses& addresses) {
  auto sum = wire::pseudo_header_sum(addresses.source.octets(), addresses.destination.octets(),
                                     wire::protocol::icmpv6, static_cast<std::uint32_t>(message.size()));
  if (!sum.add(message).holds())
    return fail(Blame::malformed, "ICMPv6/Checksum", at + wire::offset_of<&wire::Icmpv6::checksum>,
                "does not hold", "RFC 4443 2.3");
  auto icmp = wire::decode<wire::Icmpv6>(message, at);
  if (!icmp) return std::unexpected(icmp.error());
  if (icmp->type != wire::Icmpv6::packet_too_big)  // the code is not looked at: RFC 4443 3.2
    return fail(Blame::no_common_ground, "ICMPv6/Type", at, fmt::format("expected 2, found {}", icmp->type));
  constexpr std::size_t header = 8;
  return Quotation{icmp->mtu, std::move(icmp->data), at + header};
}

// Makes the quoted packet one that ends where the quotation does, so that the walk along its headers finds
// nothing missing. The size it had.
Result<std::uint32_t> make_whole(Quotation& quotation, IpVersion version) {
  Octets& packet = quotation.packet;
  const std::size_t header = version == IpVersion::v4 ? wire::ipv4_header_size : wire::ipv6_header_size;
  if (packet.size() < header)
    return fail(Blame::malformed, "ICMP/quoted packet", quotation.at,
                fmt::format("need {} octets, have {}", header, packet.size()));
  if (packet[0] >> 4 != static_cast<int>(version))
    return fail(Blame::peer_misbehaved, "ICMP/quoted packet/Version", quotation.at,
                fmt::format("expected {}, found {}", static_cast<int>(version), packet[0] >> 4));
  if (version == IpVersion::v6) {
    const std::size_t stated = wire::load<&wire::Ipv6Header::payload_length>(packet.data());
    wire::store<&wire::Ipv6Header::payload_length>(
        packet.data(), static_cast<std::uint16_t>(std::min(stated, packet.size() - header)));
    return static_cast<std::uint32_t>(stated + header);
  }
  const std::size_t stated = wire::load<&wire::Ipv4Header::total_length>(packet.data());
  wire::store<&wire::Ipv4Header::total_length>(packet.data(),
                                               static_cast<std::uint16_t>(std::min(stated, packet.size())));
  return static_cast<std::uint32_t>(stated);
}

// Reads SPI and sequence number as far as they are quoted.
template <auto SpiField, auto NumberField>
void read_numbers(OctetView header, TooBigReport& report) {
  if (header.size() >= wire::end_of<SpiField>) report.spi = wire::load<SpiField>(header.data());
  if (header.size() >= wire::end_of<NumberField>)
    report.sequence_number = wire::load<NumberField>(header.data());
}

// True if this is what an SA of ours could have made, as far as can be seen.
bool read_protection(OctetView upper, bool first, TooBigReport& report) {
  if (report.protocol == wire::protocol::ah) {
    if (first) read_numbers<&wire::Ah::spi, &wire::Ah::sequence_number>(upper, report);
    return true;
  }
  if (report.protocol == wire::protocol::udp) {
    if (!first || upper.size() < wire::udp_header_size) return false;
    report.udp = {wire::load<&wire::UdpHeader::source_port>(upper.data()),
                  wire::load<&wire::UdpHeader::destination_port>(upper.data())};
    report.protocol = wire::protocol::esp;
    upper = upper.subspan(wire::udp_header_size);
    if (wire::classify_udp_payload(upper) == wire::UdpEncapsulated::ike) return false;
  }
  if (report.protocol != wire::protocol::esp) return false;
  if (first) read_numbers<&wire::Esp::spi, &wire::Esp::sequence_number>(upper, report);
  return true;
}

Result<TooBigReport> read_quotation(Quotation quotation, TooBigReport report) {
  const IpVersion version = report.reporter.version();
  const auto size = make_whole(quotation, version);
  if (!size) return std::unexpected(size.error());
  const auto walk = wire::walk_headers(quotation.packet);
  if (!walk)
    return fail(Blame::malformed, "ICMP/quoted packet", quotation.at,
                std::string(wire::to_string(walk.error())));
  if (!walk->dont_fragment)
    return fail(Blame::peer_misbehaved, "ICMP/quoted packet/Flags", quotation.at,
                "a packet without Don't Fragment is never too big", "RFC 792");
  const auto [source, destination] = addresses_of(quotation.packet.data(), version);
  report.mtu = quotation.mtu;
  report.source = source;
  report.destination = destination;
  report.size = *size;
  report.protocol = walk->protocol;
  const OctetView upper = OctetView(quotation.packet).subspan(walk->upper_at, walk->upper_length());
  if (!read_protection(upper, walk->starts_upper_layer(), report))
    return fail(
        Blame::no_common_ground, "ICMP/quoted packet", quotation.at + walk->upper_at,
        fmt::format("expected ESP, AH or ESP in UDP, found protocol {} of another kind", walk->protocol));
  return report;
}

bool no_single_host(const IpAddress& address) {
  const std::uint8_t first = address.octets()[0];
  if (address.is_v4()) return first == 0 || first == 127 || first >= 224;
  return first == 0xff || address == IpAddress::v6(std::array<std::uint8_t, 16>{}.data());
}

bool is_icmp_error(std::uint8_t protocol, std::uint8_t type) {
  constexpr std::uint8_t source_quench = 4, redirect = 5, redirect_v6 = 137;
  if (protocol == wire::protocol::icmpv6) return type < 128 || type == redirect_v6;
  return type == wire::Icmp::destination_unreachable || type == source_quench || type == redirect ||
         type == wire::Icmp::time_exceeded || type == wire::Icmp::parameter_problem;
}

//= rfc4443/2.4/no-error-about-an-error-or-to-nobody
std::optional<NoReply> reason_for_silence(OctetView packet, const wire::HeaderWalk& walk,
                                          const IpAddress& own) {
  const bool v4 = walk.version == IpVersion::v4;
  const auto [source, destination] = addresses_of(packet.data(), walk.version);
  if (own.version() != walk.version) return NoReply::other_ip_version;
  if (no_single_host(source)) return NoReply::source_unclear;
  //= rfc4443/3.2/too-big-is-sent-even-about-multicast
  if (v4 && destination.octets()[0] >= 224) return NoReply::many_receivers;
  const bool icmp = walk.protocol == (v4 ? wire::protocol::icmp : wire::protocol::icmpv6);
  if (!walk.starts_upper_layer() && (v4 || icmp)) return NoReply::later_fragment;
  if (!icmp) return std::nullopt;
  if (walk.upper_length() == 0) return NoReply::malformed;
  if (is_icmp_error(walk.protocol, packet[walk.upper_at])) return NoReply::icmp_error;
  return std::nullopt;
}

constexpr std::uint8_t internetwork_control = 48 << 2;  // the DSCP that routers speak with

template <std::size_t Size>
std::array<std::uint8_t, Size> as_array(const IpAddress& address) {
  std::array<std::uint8_t, Size> octets{};
  std::ranges::copy(address.octets(), octets.begin());
  return octets;
}

Octets error_v4(wire::Icmp icmp, OctetView quoted, const Addresses& addresses) {
  constexpr std::size_t largest = 576;  // RFC 1812 4.3.2.3
  icmp.data.assign(quoted.begin(),
                   quoted.begin() + std::min(quoted.size(), largest - wire::ipv4_header_size - 8));
  Octets message = wire::encode(icmp);
  store_be(message.data() + wire::offset_of<&wire::Icmp::checksum>, wire::internet_checksum(message));
  Octets packet(wire::ipv4_header_size + message.size());
  // Whole and never cut, so its Identification may be anything (RFC 6864 4).
  wire::store_ipv4_header(packet.data(), {.source = as_array<4>(addresses.source),
                                          .destination = as_array<4>(addresses.destination),
                                          .protocol = wire::protocol::icmp,
                                          .traffic_class = internetwork_control,
                                          .dont_fragment = true,
                                          .total_length = static_cast<std::uint16_t>(packet.size())});
  std::ranges::copy(message, packet.begin() + wire::ipv4_header_size);
  return packet;
}

constexpr std::uint32_t least_mtu_v4 = 68, least_mtu_v6 = 1280;

Octets error_v6(wire::Icmpv6 icmp, OctetView quoted, const Addresses& addresses) {
  constexpr std::size_t largest = least_mtu_v6;
  //= rfc4443/2.4/as-much-of-the-packet-as-fits
  icmp.data.assign(quoted.begin(),
                   quoted.begin() + std::min(quoted.size(), largest - wire::ipv6_header_size - 8));
  Octets message = wire::encode(icmp);
  auto sum = wire::pseudo_header_sum(addresses.source.octets(), addresses.destination.octets(),
                                     wire::protocol::icmpv6, static_cast<std::uint32_t>(message.size()));
  store_be(message.data() + wire::offset_of<&wire::Icmpv6::checksum>, sum.add(message).checksum());
  Octets packet(wire::ipv6_header_size + message.size());
  wire::store_ipv6_header(packet.data(), {.source = as_array<16>(addresses.source),
                                          .destination = as_array<16>(addresses.destination),
                                          .next_header = wire::protocol::icmpv6,
                                          .traffic_class = internetwork_control,
                                          .payload_length = static_cast<std::uint16_t>(message.size())});
  std::ranges::copy(message, packet.begin() + wire::ipv6_header_size);
  return packet;
}

}  // namespace

//= rfc4301/8.2.1/report-is-mapped-to-its-sa
Result<TooBigReport> read_too_big(OctetView packet) {
  const auto walk = wire::walk_headers(packet);
  if (!walk) return fail(Blame::malformed, "IP", 0, std::string(wire::to_string(walk.error())), "");
  if (walk->is_fragment()) return fail(Blame::no_common_ground, "IP", 0, "a fragment: reassemble it first");
  const bool v4 = walk->version == IpVersion::v4;
  if (walk->protocol != (v4 ? wire::protocol::icmp : wire::protocol::icmpv6))
    return fail(Blame::no_common_ground, "IP", walk->protocol_at,
                fmt::format("expected ICMP, found protocol {}", walk->protocol));
  const Addresses addresses = addresses_of(packet.data(), walk->version);
  const OctetView message = packet.subspan(walk->upper_at, walk->upper_length());
  auto quotation =
      v4 ? quotation_v4(message, walk->upper_at) : quotation_v6(message, walk->upper_at, addresses);
  if (!quotation) return std::unexpected(quotation.error());
  return read_quotation(std::move(*quotation), TooBigReport{.reporter = addresses.source});
}

std::expected<HeldPacket, NoReply> packet_too_big(OctetView offending, const IpAddress& own,
                                                  std::uint32_t mtu) {
  const auto walk = wire::walk_headers(offending);
  if (!walk) return std::unexpected(NoReply::malformed);
  if (const auto reason = reason_for_silence(offending, *walk, own)) return std::unexpected(*reason);
  const OctetView quoted = offending.first(walk->total_length);
  const Addresses back{own, addresses_of(offending.data(), walk->version).source};
  wire::Icmp v4;
  v4.type = wire::Icmp::destination_unreachable;
  v4.code = wire::Icmp::fragmentation_needed;
  v4.next_hop_mtu = static_cast<std::uint16_t>(std::clamp<std::uint32_t>(mtu, least_mtu_v4, 0xffff));
  wire::Icmpv6 v6;
  v6.type = wire::Icmpv6::packet_too_big;
  v6.mtu = std::max<std::uint32_t>(mtu, least_mtu_v6);
  return HeldPacket(own.is_v4() ? error_v4(v4, quoted, back) : error_v6(v6, quoted, back));
}

std::expected<HeldPacket, NoReply> reassembly_time_exceeded(OctetView first_fragment) {
  constexpr std::uint8_t reassembly = 1;
  const auto walk = wire::walk_headers(first_fragment);
  if (!walk) return std::unexpected(NoReply::malformed);
  const auto [source, destination] = addresses_of(first_fragment.data(), walk->version);
  //= rfc4443/2.2/reply-comes-from-the-address-that-was-written-to
  if (no_single_host(destination)) return std::unexpected(NoReply::many_receivers);
  if (const auto reason = reason_for_silence(first_fragment, *walk, destination))
    return std::unexpected(*reason);
  wire::Icmp v4;
  v4.type = wire::Icmp::time_exceeded, v4.code = reassembly;
  wire::Icmpv6 v6;
  v6.type = wire::Icmpv6::time_exceeded, v6.code = reassembly;
  const OctetView quoted = first_fragment.first(walk->total_length);
  const Addresses back{destination, source};
  return HeldPacket(destination.is_v4() ? error_v4(v4, quoted, back) : error_v6(v6, quoted, back));
}

//= rfc4443/2.4/errors-are-rate-limited
bool IcmpErrorRate::allow(Instant now) noexcept {
  const Duration full = limits_.interval * limits_.burst;
  const Duration passed = last_ ? std::max(now - *last_, Duration::zero()) : full;
  credit_ = passed >= full ? full : std::min(full, credit_ + passed);
  last_ = now;
  if (credit_ < limits_.interval || limits_.burst == 0) return false;
  credit_ -= limits_.interval;
  return true;
}

}  // namespace mpsec::ipsec
