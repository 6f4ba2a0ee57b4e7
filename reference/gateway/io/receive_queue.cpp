#include "gateway/io/receive_queue.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "gateway/io/ip_header.hpp"
#include "wire/protocol.hpp"

namespace mpsec::gateway {
namespace {

// What has to be put in front of what the socket gives, in octets.
std::size_t missing_octets(const OutsideSocket& socket) {
  const IpVersion version = socket.bound.address.version();
  if (is_udp(socket.kind)) return ip_header_size(version) + wire::udp_header_size;
  return version == IpVersion::v4 ? 0 : wire::ipv6_header_size;
}

}  // namespace

bool ReceiveQueue::receive(const OutsideSocket& socket, PacketBatch& packets, std::vector<Datagram>& ike) {
  // Rows of an earlier call first, of whatever socket: they are here already.
  if (!hand_over(packets) || packets.room() == 0) return true;
  if (socket.joins) return receive_rows(socket, packets);
  const std::size_t wanted = std::min(packets.room(), expected_);
  const std::size_t front = ipsec::default_headroom + missing_octets(socket);
  for (std::size_t i = 0; i < wanted; ++i)
    prepare(i, packets.slot(i).subspan(front));
  const std::size_t count = call(socket, wanted);
  expected_ = count == wanted ? most : std::max(least_expected, 2 * count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t size = messages_[i].msg_len;
    const auto remote = to_endpoint(names_[i]).value_or(Endpoint{});
    const Ancillary beside = read_ancillary(messages_[i].msg_hdr);
    if (socket.kind != SocketKind::ike) {
      add_packet(socket, remote, beside, size, packets);
      continue;
    }
    const auto* at = static_cast<const std::uint8_t*>(parts_[i].iov_base);
    ++counters_.received.packets, counters_.received.octets += size;
    ike.push_back(
        {{beside.local.value_or(socket.bound.address), socket.bound.port}, remote, {at, at + size}});
  }
  return count == wanted;
}

bool ReceiveQueue::receive_rows(const OutsideSocket& socket, PacketBatch& packets) {
  if (!rows_room_) rows_room_ = std::make_unique_for_overwrite<std::uint8_t[]>(most_rows * row_room);
  for (std::size_t i = 0; i < most_rows; ++i)
    prepare(i, {rows_room_.get() + i * row_room, row_room});
  const std::size_t count = call(socket, most_rows);
  for (std::size_t i = 0; i < count; ++i) {
    rows_[i] = {.socket = &socket,
                .remote = to_endpoint(names_[i]).value_or(Endpoint{}),
                .beside = read_ancillary(messages_[i].msg_hdr),
                .payload = {rows_room_.get() + i * row_room, messages_[i].msg_len}};
  }
  next_row_ = 0, rows_used_ = count;
  return !hand_over(packets) || count == most_rows;
}

// Copies datagrams out of the rows into slots. True if nothing is left of them.
bool ReceiveQueue::hand_over(PacketBatch& packets) {
  for (; next_row_ < rows_used_; ++next_row_) {
    Row& row = rows_[next_row_];
    const std::size_t segment = row.beside.segment == 0 ? row.payload.size() : row.beside.segment;
    const std::size_t front = ipsec::default_headroom + missing_octets(*row.socket);
    while (!row.begun || !row.payload.empty()) {
      if (packets.room() == 0) return false;
      const OctetView datagram = row.payload.first(std::min(segment, row.payload.size()));
      if (!datagram.empty()) std::memcpy(packets.slot().data() + front, datagram.data(), datagram.size());
      add_packet(*row.socket, row.remote, row.beside, datagram.size(), packets);
      row.payload = row.payload.subspan(datagram.size());
      row.begun = true;  // a datagram without payload is one too
    }
  }
  return true;
}

// How many came. An error that was waiting is about something we sent: it is put with the reports, and the
// call repeated.
std::size_t ReceiveQueue::call(const OutsideSocket& socket, std::size_t messages) {
  constexpr int tries = 4;
  for (int i = 0; i < tries; ++i) {
    const int count = ::recvmmsg(socket.descriptor.number(), messages_.data(),
                                 static_cast<unsigned>(messages), MSG_DONTWAIT, nullptr);
    ++counters_.received.calls;
    if (count > 0) {
      counters_.received.messages += static_cast<std::uint64_t>(count);
      return static_cast<std::size_t>(count);
    }
    if (errno == EINTR) continue;
    // Woken, and nothing to read: then it was for the error queue.
    reports_.drain(socket);
    if (errno == EAGAIN || errno == EWOULDBLOCK) break;
  }
  return 0;
}

void ReceiveQueue::prepare(std::size_t i, MutableOctets room) {
  parts_[i] = {room.data(), room.size()};
  messages_[i] = {};
  msghdr& header = messages_[i].msg_hdr;
  header.msg_name = &names_[i], header.msg_namelen = sizeof names_[i];
  header.msg_iov = &parts_[i], header.msg_iovlen = 1;
  header.msg_control = controls_[i].octets.data(), header.msg_controllen = ControlRoom::size;
}

void ReceiveQueue::add_packet(const OutsideSocket& socket, const Endpoint& remote, const Ancillary& beside,
                              std::size_t size, PacketBatch& packets) {
  const IpAddress local = beside.local.value_or(socket.bound.address);
  const std::size_t missing = missing_octets(socket);
  std::uint8_t* at = packets.add(ipsec::default_headroom, missing + size).data();
  ++counters_.received.packets, counters_.received.octets += missing + size;
  if (missing == 0) return;
  IpHeader header{.source = remote.address, .destination = local, .traffic_class = beside.traffic_class};
  header.payload_octets = size;
  if (is_udp(socket.kind)) {
    header.protocol = wire::protocol::udp;
    header.payload_octets += wire::udp_header_size;
    wire::store_udp_header(at + missing - wire::udp_header_size, remote.port, socket.bound.port,
                           static_cast<std::uint16_t>(header.payload_octets));
  } else {
    header.protocol = socket.kind == SocketKind::esp ? wire::protocol::esp : wire::protocol::ah;
  }
  store_ip_header(at, header);
}

}  // namespace mpsec::gateway
