#include "gateway/io/outside_reports.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <linux/errqueue.h>
#include <optional>

#include "gateway/io/ancillary.hpp"
#include "gateway/io/ip_header.hpp"
#include "gateway/io/outer_view.hpp"
#include "ipsec/icmp_errors.hpp"
#include "wire/esp.hpp"
#include "wire/protocol.hpp"

namespace mpsec::gateway {
namespace {

// RFC 791 3.2: what every link carries whole.
constexpr std::uint32_t ipv4_minimum = 68;

// One entry of an error queue.
struct Entry {
  sock_extended_err error{};
  SocketAddress offender{};     // behind the error, where one is known
  SocketAddress destination{};  // of the packet that it is about
  std::array<std::uint8_t, 1600> quoted;
  std::size_t quoted_size = 0;
};

bool read_entry(int descriptor, Entry& entry) {
  ControlRoom room;
  iovec part{entry.quoted.data(), entry.quoted.size()};
  msghdr message{};
  message.msg_name = &entry.destination, message.msg_namelen = sizeof entry.destination;
  message.msg_iov = &part, message.msg_iovlen = 1;
  message.msg_control = room.octets.data(), message.msg_controllen = room.octets.size();
  const ssize_t size = ::recvmsg(descriptor, &message, MSG_ERRQUEUE | MSG_DONTWAIT);
  if (size < 0) return false;
  entry.quoted_size = static_cast<std::size_t>(size);
  entry.error = {}, std::memset(&entry.offender, 0, sizeof entry.offender);
  for (cmsghdr* control = CMSG_FIRSTHDR(&message); control != nullptr;
       control = CMSG_NXTHDR(&message, control)) {
    const bool v4 = control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_RECVERR;
    const bool v6 = control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_RECVERR;
    const std::size_t length = control->cmsg_len - CMSG_LEN(0);
    if ((!v4 && !v6) || length < sizeof entry.error) continue;
    std::memcpy(&entry.error, CMSG_DATA(control), sizeof entry.error);
    std::memcpy(&entry.offender, CMSG_DATA(control) + sizeof entry.error,
                std::min(sizeof entry.offender, length - sizeof entry.error));
  }
  return true;
}

PathReport::Kind kind_of(std::uint32_t error) {
  switch (error) {
    case EMSGSIZE:
      return PathReport::Kind::too_big;
    case ECONNREFUSED:
    case ENOPROTOOPT:
      return PathReport::Kind::refused;
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EHOSTDOWN:
    case ENONET:
    case EACCES:
    case ENETDOWN:
      return PathReport::Kind::unreachable;
    default:
      return PathReport::Kind::other;
  }
}

// A quoted packet as long as its header says: what is behind the quotation does not matter to whoever reads
// it.
Octets lengthened(OctetView quoted) {
  Octets packet(quoted.begin(), quoted.end());
  if (quoted.size() < wire::ipv4_header_size) return packet;
  const std::size_t size =
      quoted[0] >> 4 == 4
          ? wire::load<&wire::Ipv4Header::total_length>(quoted.data())
          : wire::load<&wire::Ipv6Header::payload_length>(quoted.data()) + wire::ipv6_header_size;
  packet.resize(std::max(size, packet.size()));
  return packet;
}

// The head of the packet that a router refused, as it was when we sent it: from its payload, which is all
// that the kernel gives of UDP. Of its size is known only that it was more than `mtu`.
// Nothing where the SPI is not among it.
Octets rebuild(const PathReport& report, OctetView payload) {
  if (payload.size() < wire::end_of<&wire::Esp::spi> || report.mtu < ipv4_minimum) return {};
  const auto size = static_cast<std::uint16_t>(std::min<std::uint32_t>(report.mtu + 1, 0xffff));
  Octets packet(ip_header_size(report.local.address.version()));
  const auto behind_ip = static_cast<std::uint16_t>(size - packet.size());
  store_ip_header(packet.data(), {.source = report.local.address,
                                  .destination = report.remote.address,
                                  .protocol = wire::protocol::udp,
                                  .dont_fragment = true,
                                  .payload_octets = behind_ip});
  packet.resize(packet.size() + wire::udp_header_size);
  wire::store_udp_header(packet.data() + packet.size() - wire::udp_header_size, report.local.port,
                         report.remote.port, behind_ip);
  append(packet, payload.first(std::min<std::size_t>(payload.size(), size - packet.size())));
  packet.resize(size);
  return packet;
}

}  // namespace

std::uint32_t OutsideReports::drain(const OutsideSocket& socket) {
  Entry entry;
  std::uint32_t local_mtu = 0;
  while (read_entry(socket.descriptor.number(), entry)) {
    const auto remote = to_endpoint(entry.destination);
    if (entry.error.ee_origin == SO_EE_ORIGIN_LOCAL && entry.error.ee_errno == EMSGSIZE)
      local_mtu = local_mtu == 0 ? entry.error.ee_info : std::min(local_mtu, entry.error.ee_info);
    if (entry.error.ee_origin == SO_EE_ORIGIN_LOCAL || !remote) continue;
    PathReport report;
    report.kind = kind_of(entry.error.ee_errno);
    report.local = socket.bound;
    report.remote = is_udp(socket.kind) ? *remote : Endpoint{remote->address, 0};
    if (const auto offender = to_endpoint(entry.offender)) report.reporter = offender->address;
    if (report.kind == PathReport::Kind::too_big) {
      report.mtu = entry.error.ee_info;
      const OctetView quoted(entry.quoted.data(), entry.quoted_size);
      const Octets packet = is_udp(socket.kind) ? rebuild(report, quoted) : lengthened(quoted);
      if (auto icmp = ipsec::packet_too_big(packet, report.reporter, report.mtu))
        report.icmp = icmp->octets();
    }
    keep(std::move(report));
  }
  return local_mtu;
}

void OutsideReports::too_big(const OutsideSocket& socket, OctetView packet, std::uint32_t mtu) {
  const auto view = view_outer(packet);
  if (!view) return;
  PathReport report;
  report.kind = PathReport::Kind::too_big;
  report.local = is_udp(socket.kind) ? view->source : Endpoint{view->source.address, 0};
  report.remote = view->destination;
  report.reporter = view->source.address;
  report.mtu = mtu;
  if (auto icmp = ipsec::packet_too_big(packet.first(view->size), report.reporter, mtu))
    report.icmp = icmp->octets();
  keep(std::move(report));
}

void OutsideReports::keep(PathReport report) {
  ++counters_.reports;
  if (kept_.size() < most)
    kept_.push_back(std::move(report));
  else
    ++counters_.reports_lost;
}

}  // namespace mpsec::gateway
