// The gateway's sockets and TUN against bare system calls on the same datagrams.
// depends: gateway_io bench_support

// In a network of its own, over the loopback. The floor of the sockets is sendmmsg and recvmmsg with the same
// datagrams in calls of 64, without segmentation offload, headers, or traffic classes; of the TUN one read or
// write a packet. `of_floor` is the share of the floor's speed: above 1 where rows cross the kernel as one.
#include <fmt/format.h>
#include <net/if.h>
#include <netinet/udp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "gateway/io/ip_header.hpp"
#include "gateway/io/outside.hpp"
#include "gateway/io/socket_address.hpp"
#include "gateway/io/tun.hpp"
#include "support/comparison.hpp"
#include "wire/protocol.hpp"

namespace mpsec::bench {
namespace {

using gateway::FileDescriptor;
using gateway::Outside;
using gateway::PacketBatch;
using gateway::SocketAddress;
using gateway::Tun;

constexpr std::size_t batch = 64, udp_headers = wire::ipv4_header_size + wire::udp_header_size;

// This process's own network with the loopback up; nothing of it outlives the process. False without the
// privilege.
bool own_network() {
  static const bool made = [] {
    if (::unshare(CLONE_NEWNET) != 0) return false;
    const FileDescriptor socket(::socket(AF_INET, SOCK_DGRAM, 0));
    ifreq request{};
    request.ifr_name[0] = 'l', request.ifr_name[1] = 'o';
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    return ::ioctl(socket.number(), SIOCSIFFLAGS, &request) == 0;
  }();
  return made;
}

Octets udp_packet(const Endpoint& from, const Endpoint& to, std::size_t octets) {
  Octets packet(octets, 0x5a);
  const std::size_t behind_ip = octets - wire::ipv4_header_size;
  gateway::store_ip_header(packet.data(), {.source = from.address,
                                           .destination = to.address,
                                           .protocol = wire::protocol::udp,
                                           .dont_fragment = true,
                                           .payload_octets = behind_ip});
  const auto length = static_cast<std::uint16_t>(behind_ip);
  wire::store_udp_header(packet.data() + wire::ipv4_header_size, from.port, to.port, length);
  const OctetView upper = OctetView(packet).subspan(wire::ipv4_header_size);
  auto sum = wire::pseudo_header_sum(from.address.octets(), to.address.octets(), wire::protocol::udp, length);
  store_be(packet.data() + wire::ipv4_header_size + 6, wire::udp_checksum_on_wire(sum.add(upper).checksum()));
  return packet;
}

FileDescriptor udp_socket(const Endpoint& local) {
  FileDescriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0));
  const SocketAddress address = gateway::to_socket_address(local);
  if (::bind(socket.number(), &address.any, sizeof address.v4) != 0) std::abort();
  const int room = 4 << 20;
  ::setsockopt(socket.number(), SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
  return socket;
}

// The floor: as many datagrams as a batch from one bare socket to another.
class BareSockets {
 public:
  explicit BareSockets(std::size_t payload)
      : to_(gateway::to_socket_address({ip("127.0.0.2"), 6000})), room_(batch * payload) {
    for (std::size_t i = 0; i < batch; ++i) {
      parts_[i] = {room_.data() + i * payload, payload};
      sent_[i].msg_hdr.msg_iov = got_[i].msg_hdr.msg_iov = &parts_[i];
      sent_[i].msg_hdr.msg_iovlen = got_[i].msg_hdr.msg_iovlen = 1;
      sent_[i].msg_hdr.msg_name = &to_, sent_[i].msg_hdr.msg_namelen = sizeof to_.v4;
    }
  }
  void send() { sent_packets_ += ::sendmmsg(sender_.number(), sent_.data(), batch, 0); }
  void receive() { got_packets_ += ::recvmmsg(receiver_.number(), got_.data(), batch, 0, nullptr); }
  bool complete() const { return sent_packets_ == got_packets_; }

 private:
  FileDescriptor sender_ = udp_socket({ip("127.0.0.1"), 6000}),
                 receiver_ = udp_socket({ip("127.0.0.2"), 6000});
  SocketAddress to_;
  Octets room_;
  std::array<iovec, batch> parts_{};
  std::array<mmsghdr, batch> sent_{}, got_{};
  long sent_packets_ = 0, got_packets_ = 0;
};

// The gateway's: ESP in UDP from one address to another, by one Outside.
class GatewaySockets {
 public:
  GatewaySockets(std::size_t octets, bool segmentation)
      : outside_(opened(segmentation)),
        packet_(udp_packet({ip("127.0.0.1"), 4500}, {ip("127.0.0.2"), 4500}, octets)) {
    for (std::size_t i = 0; i < batch; ++i)
      buffers_.push_back(held_.emplace_back(packet_).buffer());
  }
  void send() { outside_->send(buffers_); }
  void receive() {
    packets_.clear();
    while (outside_->receive(receiver_, packets_, ike_) && packets_.room() > 0) {
    }
  }
  bool complete() const { return outside_->counters().sent.packets == outside_->counters().received.packets; }

 private:
  std::unique_ptr<Outside> opened(bool segmentation) {
    const gateway::ListenAddress both[] = {{.address = ip("127.0.0.1"), .ike_port = 0, .raw = false},
                                           {.address = ip("127.0.0.2"), .ike_port = 0, .raw = false}};
    auto outside = Outside::open(both, {.segmentation = segmentation}).value();
    receiver_ = outside->descriptors().back();
    return outside;
  }
  int receiver_ = -1;
  std::unique_ptr<Outside> outside_;
  Octets packet_;
  std::vector<ipsec::HeldPacket> held_;
  std::vector<ipsec::PacketBuffer> buffers_;
  PacketBatch packets_;
  std::vector<Datagram> ike_;
};

void sockets(benchmark::State& state, std::size_t octets, bool segmentation) {
  if (!own_network()) return state.SkipWithError("a network of its own needs CAP_SYS_ADMIN");
  BareSockets bare(octets - udp_headers);
  GatewaySockets ours(octets, segmentation);
  against_the_floor(
      state, [] {}, [&] { bare.send(), bare.receive(); }, [&] { ours.send(), ours.receive(); }, batch,
      octets);
  if (!bare.complete() || !ours.complete()) state.SkipWithError("datagrams were lost");
}

// A TUN with a local program behind it, which sends and receives rows of datagrams.
class TunSide {
 public:
  TunSide(std::size_t octets, bool segmentation, const char* network)
      : here_{ip(fmt::format("{}.1", network)), 6000},
        far_{ip(fmt::format("{}.2", network)), 6000},
        payload_(octets - udp_headers),
        rows_(segmentation),
        tun_(Tun::open({.mtu = 1500, .addresses = {{here_.address, 24}}, .segmentation = segmentation})
                 .value()),
        program_(udp_socket(here_)),
        packet_(udp_packet(far_, here_, octets)),
        views_(in_row, packet_) {}

  // The local program's row into the TUN's queue.
  void queue() {
    const Octets data(in_row * payload_, 0x5a);
    const int segment = rows_ ? static_cast<int>(payload_) : 0;
    ::setsockopt(program_.number(), IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment);
    const SocketAddress to = gateway::to_socket_address(far_);
    for (std::size_t sent = 0; sent < data.size(); sent += rows_ ? data.size() : payload_)
      ::sendto(program_.number(), data.data(), rows_ ? data.size() : payload_, 0, &to.any, sizeof to.v4);
  }
  void read() {
    packets_.clear();
    tun_->read(packets_);
    got_ += packets_.size();
  }
  void read_bare() {
    for (std::size_t i = 0; i < in_row; ++i)
      got_ += ::read(tun_->descriptor(), room_.data(), room_.size()) > 0 ? 1u : 0u;
  }
  void write() { tun_->write(views_); }
  void write_bare() {
    for (const OctetView view : views_)
      static_cast<void>(!::write(tun_->descriptor(), view.data(), view.size()));
  }
  // What the local program got.
  void empty() {
    while (::recv(program_.number(), room_.data(), room_.size(), 0) > 0)
      ++got_;
  }
  std::size_t got() const { return got_; }

  static constexpr std::size_t in_row = 40;

 private:
  Endpoint here_, far_;
  std::size_t payload_;
  bool rows_;
  std::unique_ptr<Tun> tun_;
  FileDescriptor program_;
  Octets packet_;
  std::vector<OctetView> views_;
  PacketBatch packets_;
  std::array<std::uint8_t, 65536> room_{};
  std::size_t got_ = 0;
};

void tun(benchmark::State& state, std::size_t octets, bool reading) {
  if (!own_network()) return state.SkipWithError("a network of its own needs CAP_SYS_ADMIN");
  TunSide bare(octets, false, "10.10.1"), ours(octets, true, "10.10.2");
  const auto prepare = [&] {
    for (TunSide* side : {&bare, &ours})
      reading ? (side->read(), side->queue()) : side->empty();
  };
  if (reading)
    against_the_floor(
        state, prepare, [&] { bare.read_bare(); }, [&] { ours.read(); }, TunSide::in_row, octets);
  else
    against_the_floor(
        state, prepare, [&] { bare.write_bare(); }, [&] { ours.write(); }, TunSide::in_row, octets);
  prepare();
  if (bare.got() == 0 || bare.got() > ours.got() + TunSide::in_row)
    state.SkipWithError("datagrams were lost");
}

const bool entered = [] {
  for (const std::size_t octets : {128u, 1400u}) {
    for (const bool segmentation : {false, true}) {
      const std::string name = fmt::format("udp/{}/segmentation:{}", octets, segmentation ? "on" : "off");
      benchmark::RegisterBenchmark(name.c_str(), [octets, segmentation](benchmark::State& state) {
        sockets(state, octets, segmentation);
      })->MinTime(0.1);
    }
    for (const bool reading : {false, true}) {
      const std::string name = fmt::format("tun/{}/{}", reading ? "read" : "write", octets);
      benchmark::RegisterBenchmark(name.c_str(), [octets, reading](benchmark::State& state) {
        tun(state, octets, reading);
      })->MinTime(0.1);
    }
  }
  return true;
}();

}  // namespace
}  // namespace mpsec::bench
