#include "gateway/io/outside.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <linux/sock_diag.h>
#include <tuple>

#include "gateway/io/outside_inside.hpp"

namespace mpsec::gateway {

Outside::Outside(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}
Outside::~Outside() = default;

Result<std::unique_ptr<Outside>> Outside::open(std::span<const ListenAddress> addresses,
                                               const OutsideOptions& options) {
  auto inside = std::make_unique<Inside>();
  if (auto opened = inside->open(addresses, options); !opened)
    return std::unexpected(std::move(opened).error());
  return std::unique_ptr<Outside>(new Outside(std::move(inside)));
}

std::vector<int> Outside::descriptors() const {
  return inside_->descriptors();
}

bool Outside::receive(int descriptor, PacketBatch& packets, std::vector<Datagram>& ike) {
  return inside_->receive(descriptor, packets, ike);
}

void Outside::send(std::span<const ipsec::PacketBuffer> packets) {
  for (const ipsec::PacketBuffer& packet : packets)
    inside_->way.send(packet.view());
  inside_->way.flush();
}

void Outside::send(const Datagram& ike) {
  inside_->way.send(ike);
  inside_->way.flush();
}

Outside::Sender::Sender(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}
Outside::Sender::~Sender() = default;

std::unique_ptr<Outside::Sender> Outside::make_sender() {
  return std::unique_ptr<Sender>(new Sender(inside_->make_sender()));
}

void Outside::Sender::send(std::span<const ipsec::PacketBuffer> packets) {
  for (const ipsec::PacketBuffer& packet : packets)
    inside_->way.send(packet.view());
  inside_->way.flush();
}

std::vector<PathReport> Outside::Sender::take_reports() {
  return inside_->way.reports.take();
}

const OutsideCounters& Outside::Sender::counters() const {
  return inside_->way.counters;
}

std::vector<PathReport> Outside::take_reports() {
  return inside_->way.reports.take();
}

const OutsideCounters& Outside::counters() const {
  return inside_->way.counters;
}

std::uint64_t Outside::lost_before_reading() const {
  std::uint64_t lost = 0;
  for (const int descriptor : descriptors()) {
    std::array<std::uint32_t, SK_MEMINFO_VARS> values{};
    socklen_t size = sizeof values;
    if (::getsockopt(descriptor, SOL_SOCKET, SO_MEMINFO, values.data(), &size) == 0)
      lost += values[SK_MEMINFO_DROPS];
  }
  return lost;
}

Result<> Outside::Inside::open(std::span<const ListenAddress> addresses, const OutsideOptions& options) {
  if (addresses.empty()) return refused("listen", "no address is given; name at least one that peers reach");
  for (const ListenAddress& listen : addresses)
    if (auto opened = open(listen, options); !opened) return opened;
  open_clear(options);
  return {};
}

Result<> Outside::Inside::open(const ListenAddress& listen, const OutsideOptions& options) {
  const std::tuple<SocketKind, bool> wanted[] = {{SocketKind::ike, listen.ike_port != 0},
                                                 {SocketKind::nat, listen.nat_port != 0},
                                                 {SocketKind::esp, listen.raw},
                                                 {SocketKind::ah, listen.raw}};
  for (const auto& [kind, here] : wanted)
    if (here)
      if (auto added = add(listen, kind, options); !added) return added;
  return {};
}

Result<> Outside::Inside::add(const ListenAddress& listen, SocketKind kind, const OutsideOptions& options) {
  auto opened = open_socket(listen, kind, options);
  if (!opened) return std::unexpected(std::move(opened).error());
  OutsideSocket* socket = sockets.all.emplace_back(std::make_unique<OutsideSocket>(*std::move(opened))).get();
  sockets.by_descriptor.emplace(socket->descriptor.number(), socket);
  if (kind == SocketKind::ah) return {};
  if (sockets.by_endpoint.emplace(socket->bound, socket).second) return {};
  return refused(fmt::format("listen {}", to_string(listen.address)),
                 "the address is there twice, or both its ports are one; once is enough, and two interfaces "
                 "have an address each");
}

// For what policy lets out in the clear, and for fragments. Without the privilege there is none, and such
// packets are counted.
void Outside::Inside::open_clear(const OutsideOptions& options) {
  for (const auto& [any, socket] :
       {std::pair{IpAddress(), &sockets.clear_v4}, {ip("::"), &sockets.clear_v6}}) {
    auto opened = open_socket({.address = any}, SocketKind::clear, options);
    if (opened) *socket = std::make_unique<OutsideSocket>(*std::move(opened));
  }
}

std::vector<int> Outside::Inside::descriptors() const {
  std::vector<int> numbers;
  for (const auto& socket : sockets.all)
    numbers.push_back(socket->descriptor.number());
  return numbers;
}

std::unique_ptr<Outside::Sender::Inside> Outside::Inside::make_sender() {
  const auto share = [](OutsideSocket* socket) {
    if (socket != nullptr && !socket->sending) socket->sending = std::make_unique<std::mutex>();
  };
  for (const auto& socket : sockets.all)
    share(socket.get());
  share(sockets.clear_v4.get()), share(sockets.clear_v6.get());
  return std::make_unique<Sender::Inside>(sockets);
}

bool Outside::Inside::receive(int descriptor, PacketBatch& packets, std::vector<Datagram>& ike) {
  const auto found = sockets.by_descriptor.find(descriptor);
  return found != sockets.by_descriptor.end() && receive_queue_.receive(*found->second, packets, ike);
}

void OutsideWay::send(OctetView packet) {
  if (last_socket_ == nullptr || !same_outer(last_, packet)) {
    const auto view = view_outer(packet);
    last_socket_ = view ? sockets_.socket_for(*view) : nullptr;
    if (last_socket_ == nullptr) {
      ++(view ? counters.unsent.no_socket : counters.unsent.malformed);
      return;
    }
    last_view_ = *view;
  }
  last_ = packet;
  send_queue_.push(*last_socket_, packet, last_view_);
}

void OutsideWay::flush() {
  send_queue_.flush();
  last_socket_ = nullptr;  // the packet it was found for may be gone
}

void OutsideWay::send(const Datagram& ike) {
  OutsideSocket* socket = sockets_.bound_to(ike.local, false);
  if (socket == nullptr) {
    ++counters.unsent.no_socket;
    return;
  }
  send_queue_.push(*socket, ike);
}

OutsideSocket* OutsideSockets::socket_for(const OuterView& packet) const {
  if (packet.udp())
    if (OutsideSocket* udp = bound_to(packet.source, false)) return udp;
  if (OutsideSocket* raw = bound_to(packet.source, true)) return raw;
  return (packet.source.address.is_v4() ? clear_v4 : clear_v6).get();
}

OutsideSocket* OutsideSockets::bound_to(const Endpoint& local, bool raw) const {
  const std::uint16_t port = raw ? 0 : local.port;
  const IpAddress any = local.address.is_v4() ? IpAddress() : ip("::");
  for (const IpAddress& address : {local.address, any})
    if (const auto found = by_endpoint.find({address, port}); found != by_endpoint.end())
      return found->second;
  return nullptr;
}

}  // namespace mpsec::gateway
