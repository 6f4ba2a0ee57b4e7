#include "interop/suite/ping.hpp"

#include "wire/checksum.hpp"
#include "wire/header_build.hpp"
#include "wire/icmp.hpp"
#include "wire/icmpv6.hpp"
#include "wire/packet.hpp"
#include "wire/protocol.hpp"

namespace mpsec::conformance {
namespace {

// Where the mark stands in what is echoed: behind identifier and sequence number.
constexpr std::size_t icmp_header = 8;

std::array<std::uint8_t, 4> four(const IpAddress& address) {
  std::array<std::uint8_t, 4> octets{};
  std::ranges::copy(address.octets(), octets.begin());
  return octets;
}
std::array<std::uint8_t, 16> sixteen(const IpAddress& address) {
  std::array<std::uint8_t, 16> octets{};
  std::ranges::copy(address.octets(), octets.begin());
  return octets;
}

Octets echo_message(const Ping& ping) {
  Octets message(icmp_header + std::max<std::size_t>(ping.octets, 4));
  const bool v4 = ping.from.is_v4();
  message[0] = v4 ? (ping.reply ? wire::Icmp::echo_reply : wire::Icmp::echo)
                  : (ping.reply ? wire::Icmpv6::echo_reply : wire::Icmpv6::echo_request);
  store_be<std::uint16_t>(message.data() + 4, 0x6d70);
  store_be(message.data() + 6, static_cast<std::uint16_t>(ping.mark));
  store_be(message.data() + icmp_header, ping.mark);
  for (std::size_t i = icmp_header + 4; i < message.size(); ++i)
    message[i] = static_cast<std::uint8_t>(i);
  wire::OnesComplementSum sum;
  if (!v4)
    sum = wire::pseudo_header_sum(ping.from.octets(), ping.to.octets(), wire::protocol::icmpv6,
                                  static_cast<std::uint32_t>(message.size()));
  store_be(message.data() + 2, sum.add(message).checksum());
  return message;
}

// The message behind the IP header; empty if there is none.
OctetView message_in(OctetView packet) {
  if (packet.size() < wire::ipv4_header_size) return {};
  if (packet[0] >> 4 == 4) {
    const std::size_t header = (packet[0] & 0x0fu) * 4, total = load_be<std::uint16_t>(packet.data() + 2);
    if (packet[9] != wire::protocol::icmp || header < 20 || total > packet.size() || total < header)
      return {};
    return packet.subspan(header, total - header);
  }
  if (packet[0] >> 4 != 6 || packet.size() < wire::ipv6_header_size || packet[6] != wire::protocol::icmpv6)
    return {};
  const std::size_t length = load_be<std::uint16_t>(packet.data() + 4);
  return length > packet.size() - wire::ipv6_header_size ? OctetView{}
                                                         : packet.subspan(wire::ipv6_header_size, length);
}

}  // namespace

Octets to_packet(const Ping& ping) {
  const Octets message = echo_message(ping);
  Octets packet;
  if (ping.from.is_v4()) {
    packet.resize(wire::ipv4_header_size);
    wire::store_ipv4_header(packet.data(),
                            {.source = four(ping.from),
                             .destination = four(ping.to),
                             .protocol = wire::protocol::icmp,
                             .total_length = static_cast<std::uint16_t>(packet.size() + message.size())});
  } else {
    packet.resize(wire::ipv6_header_size);
    wire::store_ipv6_header(packet.data(), {.source = sixteen(ping.from),
                                            .destination = sixteen(ping.to),
                                            .next_header = wire::protocol::icmpv6,
                                            .payload_length = static_cast<std::uint16_t>(message.size())});
  }
  append(packet, message);
  return packet;
}

std::optional<Ping> to_ping(OctetView packet) {
  const OctetView message = message_in(packet);
  if (message.size() < icmp_header + 4) return std::nullopt;
  const bool v4 = packet[0] >> 4 == 4;
  const bool request = message[0] == (v4 ? wire::Icmp::echo : wire::Icmpv6::echo_request);
  const bool reply = message[0] == (v4 ? wire::Icmp::echo_reply : wire::Icmpv6::echo_reply);
  if (!request && !reply) return std::nullopt;
  Ping ping;
  ping.from = v4 ? IpAddress::v4(packet.data() + 12) : IpAddress::v6(packet.data() + 8);
  ping.to = v4 ? IpAddress::v4(packet.data() + 16) : IpAddress::v6(packet.data() + 24);
  ping.mark = load_be<std::uint32_t>(message.data() + icmp_header);
  ping.reply = reply;
  ping.octets = message.size() - icmp_header;
  return ping;
}

std::optional<Octets> answer_to(OctetView packet) {
  auto ping = to_ping(packet);
  if (!ping || ping->reply) return std::nullopt;
  std::swap(ping->from, ping->to);
  ping->reply = true;
  return to_packet(*ping);
}

}  // namespace mpsec::conformance
