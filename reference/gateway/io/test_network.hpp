// A network of its own for a test, and packets to put on it.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <gtest/gtest.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <thread>
#include <vector>

#include "base/datagram.hpp"
#include "gateway/io/ip_header.hpp"
#include "gateway/io/packet_batch.hpp"
#include "gateway/io/system.hpp"
#include "gateway/io/tun.hpp"
#include "wire/protocol.hpp"

namespace mpsec::gateway::test {

// Runs `body` in a thread whose network namespace is new and empty but for the loopback, which is up. All of
// it is gone with the thread. Skips the test, saying why, where that may not be.
template <class Body>
void in_network(Body body) {
  int refused_with = 0;
  std::thread([&] {
    if (::unshare(CLONE_NEWNET) != 0) {
      refused_with = errno;
      return;
    }
    const FileDescriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request{};
    std::strcpy(request.ifr_name, "lo");
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    ASSERT_EQ(::ioctl(socket.number(), SIOCSIFFLAGS, &request), 0);
    body();
  }).join();
  if (refused_with != 0) GTEST_SKIP() << "no network namespace of our own: " << std::strerror(refused_with);
}

// Whether something can be read within two seconds: it is there at once unless the machine is busy.
inline bool readable(int descriptor, int patience_ms = 2000) {
  pollfd waiting{descriptor, POLLIN, 0};
  return ::poll(&waiting, 1, patience_ms) == 1;
}

inline Octets text(std::string_view letters) {
  return {letters.begin(), letters.end()};
}

struct PacketFields {
  std::uint8_t traffic_class = 0;
  bool dont_fragment = false;
  std::uint16_t identification = 7;
};

// An IP datagram around `payload`.
inline Octets ip_packet(const IpAddress& from, const IpAddress& to, std::uint8_t protocol, OctetView payload,
                        const PacketFields& fields = {}) {
  Octets packet(ip_header_size(from.version()));
  append(packet, payload);
  store_ip_header(packet.data(), {.source = from,
                                  .destination = to,
                                  .protocol = protocol,
                                  .traffic_class = fields.traffic_class,
                                  .dont_fragment = fields.dont_fragment,
                                  .identification = fields.identification,
                                  .payload_octets = payload.size()});
  return packet;
}

inline Octets udp_packet(const Endpoint& from, const Endpoint& to, OctetView payload,
                         const PacketFields& fields = {}) {
  Octets datagram(wire::udp_header_size);
  append(datagram, payload);
  const auto length = static_cast<std::uint16_t>(datagram.size());
  wire::store_udp_header(datagram.data(), from.port, to.port, length);
  auto sum = wire::pseudo_header_sum(from.address.octets(), to.address.octets(), wire::protocol::udp, length);
  store_be(datagram.data() + 6, wire::udp_checksum_on_wire(sum.add(datagram).checksum()));
  return ip_packet(from.address, to.address, wire::protocol::udp, datagram, fields);
}

// ICMP or ICMPv6 with its checksum.
inline Octets icmp_packet(const IpAddress& from, const IpAddress& to, Octets message) {
  const std::uint8_t protocol = from.is_v4() ? wire::protocol::icmp : wire::protocol::icmpv6;
  wire::OnesComplementSum sum;
  if (!from.is_v4())
    sum = wire::pseudo_header_sum(from.octets(), to.octets(), protocol,
                                  static_cast<std::uint32_t>(message.size()));
  store_be<std::uint16_t>(message.data() + 2, 0);
  store_be(message.data() + 2, sum.add(message).checksum());
  return ip_packet(from, to, protocol, message);
}

inline void write(Tun& tun, OctetView packet) {
  tun.write({&packet, 1});
}

// Until the host answers to `local`, for IPv6 takes a moment to use an address; the other end has `remote`.
inline void until_answered(Tun& tun, const IpAddress& local, const IpAddress& remote) {
  constexpr std::uint8_t echo_reply_v6 = 129;
  const Octets echo = icmp_packet(remote, local, hex("80 00 0000 0001 0001"));
  PacketBatch batch;
  for (int tries = 0; tries < 1000; ++tries, batch.clear()) {
    write(tun, echo);
    readable(tun.descriptor(), 2);
    tun.read(batch);
    for (const ipsec::PacketBuffer& packet : batch.packets())
      if (packet.size() == echo.size() && packet.data()[wire::ipv6_header_size] == echo_reply_v6) return;
  }
  ADD_FAILURE() << to_string(local) << " does not answer";
}

// Throws away what is there by now, such as the kernel's own multicast reports.
inline void drain(Tun& tun) {
  for (PacketBatch batch; tun.read(batch) || !batch.empty(); batch.clear()) {
  }
}

// The next `count` packets out of a TUN, fewer if no more come.
inline std::vector<Octets> read(Tun& tun, std::size_t count) {
  std::vector<Octets> packets;
  PacketBatch batch;
  while (packets.size() < count && readable(tun.descriptor())) {
    batch.clear();
    tun.read(batch);
    for (const ipsec::PacketBuffer& packet : batch.packets())
      packets.emplace_back(packet.view().begin(), packet.view().end());
  }
  return packets;
}

}  // namespace mpsec::gateway::test
