#include "gateway/io/outside_socket.hpp"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>
#include <linux/in6.h>
#include <net/if.h>
#include <netinet/udp.h>

#include "wire/protocol.hpp"

namespace mpsec::gateway {
namespace {

std::string name_of(const ListenAddress& listen) {
  return "listen " + to_string(listen.address);
}

std::string_view what_is(SocketKind kind) {
  switch (kind) {
    case SocketKind::ike:
      return "UDP for IKE";
    case SocketKind::nat:
      return "UDP for ESP and IKE behind NATs";
    case SocketKind::esp:
      return "raw ESP";
    case SocketKind::ah:
      return "raw AH";
    case SocketKind::clear:
      return "raw packets that policy bypasses";
  }
  return "socket";
}

int protocol_of(SocketKind kind) {
  switch (kind) {
    case SocketKind::esp:
      return wire::protocol::esp;
    case SocketKind::ah:
      return wire::protocol::ah;
    case SocketKind::clear:
      return IPPROTO_RAW;
    default:
      return IPPROTO_UDP;
  }
}

bool set(int descriptor, int level, int option, int value) noexcept {
  return ::setsockopt(descriptor, level, option, &value, sizeof value) == 0;
}

// The privileged option goes beyond net.core.[rw]mem_max; without the privilege that is the limit.
void size_buffers(int descriptor, const OutsideOptions& options) noexcept {
  const auto as_int = [](std::size_t octets) {
    return static_cast<int>(std::min<std::size_t>(octets, 1 << 30));
  };
  if (!set(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, as_int(options.receive_buffer)))
    set(descriptor, SOL_SOCKET, SO_RCVBUF, as_int(options.receive_buffer));
  if (!set(descriptor, SOL_SOCKET, SO_SNDBUFFORCE, as_int(options.send_buffer)))
    set(descriptor, SOL_SOCKET, SO_SNDBUF, as_int(options.send_buffer));
}

// What comes with each datagram, and how headers are made. True if the kernel knows all of it.
bool set_options(OutsideSocket& socket, const OutsideOptions& options) {
  const int number = socket.descriptor.number();
  const bool udp = is_udp(socket.kind);
  bool known = true;
  if (socket.bound.address.is_v4()) {
    known = set(number, IPPROTO_IP, IP_RECVERR, 1);
    if (udp) known &= set(number, IPPROTO_IP, IP_RECVTOS, 1);
    if (udp && socket.any) known &= set(number, IPPROTO_IP, IP_PKTINFO, 1);
    if (!udp) known &= set(number, IPPROTO_IP, IP_HDRINCL, 1);
  } else {
    known = set(number, IPPROTO_IPV6, IPV6_RECVERR, 1) && set(number, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
    if (socket.any) known &= set(number, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    if (!udp) known &= set(number, IPPROTO_IPV6, IPV6_HDRINCL, 1);
  }
  const bool rows = options.segmentation && socket.kind == SocketKind::nat;
  socket.segments = rows && set(number, IPPROTO_UDP, UDP_SEGMENT, 0);
  socket.joins = rows && set(number, IPPROTO_UDP, UDP_GRO, 1);
  if (options.mark != 0) known &= set(number, SOL_SOCKET, SO_MARK, static_cast<int>(options.mark));
  size_buffers(number, options);
  if (udp) socket.may_fragment = false, socket.let_fragment(true);
  return known;
}

std::string_view remedy_for_bind(int error, SocketKind kind) {
  switch (error) {
    case EADDRINUSE:
      return kind == SocketKind::ike
                 ? "another IKE daemon or a second gateway has it: stop that one, or give another ike_port"
                 : "another IKE daemon or a second gateway has it: stop that one, or give another nat_port";
    case EADDRNOTAVAIL:
      return "no interface has this address, or it is still looked for duplicates (IPv6): add it, or correct "
             "the listen address; `ip address` lists what is there";
    case EACCES:
    case EPERM:
      return "ports below 1024 need CAP_NET_BIND_SERVICE: start as root, or give a higher port";
    case EINVAL:
      return "an IPv6 link-local address needs the interface it is meant at";
    default:
      return "";
  }
}

Result<> bind_to_interface(OutsideSocket& socket, const ListenAddress& listen) {
  if (listen.interface.empty()) return {};
  const std::string& name = listen.interface;
  socket.interface = if_nametoindex(name.c_str());
  if (socket.interface == 0)
    return refused(name_of(listen), fmt::format("interface \"{}\"", name), errno,
                   "correct its name; `ip link` lists what is there");
  if (::setsockopt(socket.descriptor.number(), SOL_SOCKET, SO_BINDTODEVICE, name.c_str(),
                   static_cast<socklen_t>(name.size())) != 0)
    return refused(name_of(listen), fmt::format("binding to interface \"{}\"", name), errno,
                   errno == EPERM ? "this needs CAP_NET_RAW: start as root, or leave the interface out" : "");
  return {};
}

Result<> bind_to_address(const OutsideSocket& socket, const ListenAddress& listen) {
  if (socket.kind == SocketKind::clear) return {};
  const SocketAddress address = to_socket_address(socket.bound, socket.interface);
  if (::bind(socket.descriptor.number(), &address.any, size_of(address)) == 0) return {};
  const int error = errno;
  const std::string what =
      is_udp(socket.kind) ? fmt::format("port {}", socket.bound.port) : std::string(what_is(socket.kind));
  return refused(name_of(listen), what, error, remedy_for_bind(error, socket.kind));
}

}  // namespace

void OutsideSocket::let_fragment(bool allowed) noexcept {
  if (allowed == may_fragment) return;
  may_fragment = allowed;
  // "Probe" sets DF and leaves it to the data path what the path is thought to take.
  if (bound.address.is_v4())
    set(descriptor.number(), IPPROTO_IP, IP_MTU_DISCOVER, allowed ? IP_PMTUDISC_DONT : IP_PMTUDISC_PROBE);
  else
    set(descriptor.number(), IPPROTO_IPV6, IPV6_MTU_DISCOVER,
        allowed ? IPV6_PMTUDISC_DONT : IPV6_PMTUDISC_PROBE);
}

Result<OutsideSocket> open_socket(const ListenAddress& listen, SocketKind kind,
                                  const OutsideOptions& options) {
  OutsideSocket socket;
  socket.kind = kind;
  socket.bound.address = listen.address;
  if (kind == SocketKind::ike) socket.bound.port = listen.ike_port;
  if (kind == SocketKind::nat) socket.bound.port = listen.nat_port;
  socket.any = is_unspecified(listen.address);
  const int type = (is_udp(kind) ? SOCK_DGRAM : SOCK_RAW) | SOCK_NONBLOCK | SOCK_CLOEXEC;
  socket.descriptor = FileDescriptor(::socket(family_of(listen.address), type, protocol_of(kind)));
  if (!socket.descriptor) {
    const std::string_view remedy = errno == EPERM || errno == EACCES
                                        ? "raw sockets need CAP_NET_RAW: start as root, or set raw = false"
                                        : "";
    return refused(name_of(listen), what_is(kind), errno, remedy);
  }
  // An IPv6 socket leaves IPv4 to the others.
  if (!listen.address.is_v4() && is_udp(kind)) set(socket.descriptor.number(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
  if (!set_options(socket, options))
    return refused(name_of(listen), what_is(kind), errno, "this needs Linux 4.5 or later");
  if (auto bound = bind_to_interface(socket, listen); !bound)
    return std::unexpected(std::move(bound).error());
  if (auto bound = bind_to_address(socket, listen); !bound) return std::unexpected(std::move(bound).error());
  return socket;
}

}  // namespace mpsec::gateway
