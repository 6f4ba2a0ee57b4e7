#include "gateway/io/source_teller.hpp"

#include <cerrno>
#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "gateway/io/socket_address.hpp"

namespace mpsec::gateway {
namespace {

constexpr std::size_t v6_header = 40, v6_destination_at = 24, v4_destination_at = 16;

// Nothing is received by it: all types are filtered out.
FileDescriptor open_v4() {
  FileDescriptor socket(::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMP));
  const icmp_filter none{.data = 0xffff'ffff};
  if (socket) ::setsockopt(socket.number(), SOL_RAW, ICMP_FILTER, &none, sizeof none);
  return socket;
}
FileDescriptor open_v6() {
  FileDescriptor socket(::socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMPV6));
  icmp6_filter none;
  ICMP6_FILTER_SETBLOCKALL(&none);
  if (socket) ::setsockopt(socket.number(), IPPROTO_ICMPV6, ICMP6_FILTER, &none, sizeof none);
  return socket;
}

}  // namespace

Result<SourceTeller> SourceTeller::open() {
  FileDescriptor v4 = open_v4();
  if (!v4)
    return refused(
        "ICMP", "a raw socket", errno,
        "sources are not told of packets that are too large; raw sockets need CAP_NET_RAW: start as root");
  return SourceTeller(std::move(v4), open_v6());
}

void SourceTeller::tell(std::span<const ipsec::PacketBuffer> packets) const noexcept {
  for (const ipsec::PacketBuffer& packet : packets) {
    const OctetView whole = packet.view();
    const bool is_v4 = whole[0] >> 4 == 4;
    const std::size_t header = is_v4 ? (whole[0] & 0xfu) * 4 : v6_header;
    const IpAddress to = is_v4 ? IpAddress::v4(whole.data() + v4_destination_at)
                               : IpAddress::v6(whole.data() + v6_destination_at);
    const SocketAddress address = to_socket_address({to, 0});
    const OctetView message = whole.subspan(header);
    ::sendto((is_v4 ? v4_ : v6_).number(), message.data(), message.size(), 0, &address.any, size_of(address));
  }
}

}  // namespace mpsec::gateway
