#include "gateway/io/send_queue.hpp"

#include <cerrno>

#include "ipsec/fragment.hpp"

namespace mpsec::gateway {

void SendQueue::push(OutsideSocket& socket, OctetView packet, const OuterView& view) {
  const bool udp = is_udp(socket.kind);
  // Parts of a row lie one behind the other only if they are one message: another DF is another call.
  const bool other_fragmenting = udp && socket.may_fragment != view.may_fragment;
  if (socket_ != &socket || other_fragmenting || parts_used_ == most) flush();
  take(socket);
  if (udp) socket.let_fragment(view.may_fragment);
  const OctetView payload = packet.subspan(udp ? view.payload_at : 0);
  if (socket.segments && join(socket, payload, view)) {
    packets_[parts_used_ - 1] = packet;
    return;
  }
  begin(socket, packet, view, payload, !socket.segments || payload.empty());
}

void SendQueue::push(OutsideSocket& socket, const Datagram& ike) {
  flush();
  take(socket);
  socket.let_fragment(true);
  OuterView view;
  view.source = ike.local, view.destination = ike.remote;
  begin(socket, ike.octets, view, ike.octets, true);
}

// What the socket is told for one message must not be changed by another thread before that has left.
void SendQueue::take(OutsideSocket& socket) {
  socket_ = &socket;
  if (socket.sending && !sending_) sending_ = std::unique_lock(*socket.sending);
}

bool SendQueue::join(const OutsideSocket& socket, OctetView payload, const OuterView& view) {
  if (used_ == 0 || payload.empty()) return false;
  Message& row = rows_[used_ - 1];
  const OuterView& other = row.view;
  if (row.closed || row.count == most_in_row || payload.size() > row.segment) return false;
  if (row.octets + payload.size() > largest_row || other.destination != view.destination) return false;
  if (other.traffic_class != view.traffic_class) return false;
  if (socket.any && other.source != view.source) return false;
  parts_[parts_used_++] = {const_cast<std::uint8_t*>(payload.data()), payload.size()};
  ++row.count, row.octets += payload.size();
  row.closed = payload.size() < row.segment;
  return true;
}

void SendQueue::begin(OutsideSocket& socket, OctetView packet, const OuterView& view, OctetView payload,
                      bool closed) {
  names_[used_] = to_socket_address(
      {view.destination.address, is_udp(socket.kind) ? view.destination.port : std::uint16_t{0}},
      socket.interface);
  rows_[used_] = {.first = parts_used_,
                  .count = 1,
                  .segment = payload.size(),
                  .octets = payload.size(),
                  .closed = closed,
                  .view = view};
  ++used_;
  packets_[parts_used_] = packet;
  parts_[parts_used_++] = {const_cast<std::uint8_t*>(payload.data()), payload.size()};
}

void SendQueue::flush() {
  for (std::size_t i = 0; i < used_; ++i)
    write_header(i, messages_[i], controls_[i], rows_[i].count > 1);
  next_ = 0;
  while (next_ < used_) {
    const int count = ::sendmmsg(socket_->descriptor.number(), messages_.data() + next_,
                                 static_cast<unsigned>(used_ - next_), MSG_DONTWAIT);
    ++counters_.sent.calls;
    if (count < 0) {
      on_failure(next_, errno);
      continue;
    }
    for (int i = 0; i < count; ++i)
      on_sent(rows_[next_++]);
  }
  used_ = parts_used_ = 0;
  if (sending_) sending_ = {};
}

void SendQueue::write_header(std::size_t index, mmsghdr& header, ControlRoom& control, bool as_row) {
  const Message& row = rows_[index];
  header = {};
  header.msg_hdr.msg_name = &names_[index].any;
  header.msg_hdr.msg_namelen = size_of(names_[index]);
  header.msg_hdr.msg_iov = parts_.data() + row.first;
  header.msg_hdr.msg_iovlen = row.count;
  ControlWriter writer(control, header.msg_hdr);
  if (is_udp(socket_->kind) && row.view.traffic_class != 0)
    writer.traffic_class(row.view.source.address.version(), row.view.traffic_class);
  if (socket_->any) writer.source(row.view.source.address);
  if (as_row) writer.segment(static_cast<std::uint16_t>(row.segment));
  writer.finish();
}

void SendQueue::on_sent(const Message& message) {
  counters_.sent.packets += message.count;
  counters_.sent.octets +=
      message.octets + message.count * (is_udp(socket_->kind) ? message.view.payload_at : 0u);
  ++counters_.sent.messages;
}

// Leaves next_ where it is to have the message tried again.
void SendQueue::on_failure(std::size_t index, int error) {
  // A socket tells of an ICMP error by refusing the next message, whose fault it is not.
  constexpr std::uint8_t most_tries = 3;
  Message& row = rows_[index];
  if (error == EINTR) return;
  if (row.count > 1 && (error == EIO || error == EINVAL || error == EMSGSIZE)) {
    // Too large for the interface, which cuts single datagrams only; or a device that cannot do checksums.
    if (error == EIO) socket_->segments = false;
    return send_singly(index);
  }
  const bool full = error == EAGAIN || error == EWOULDBLOCK || error == ENOBUFS || error == ENOMEM;
  if (!full && ++row.tries < most_tries) {
    const std::uint32_t mtu = reports_.drain(*socket_);
    return error == EMSGSIZE && mtu != 0 ? on_too_big(index, mtu) : void();
  }
  give_up(index, error);
}

// The interface takes only `mtu` octets. UDP that may be cut never comes here: the kernel has cut it.
void SendQueue::on_too_big(std::size_t index, std::uint32_t mtu) {
  const Message& row = rows_[index];
  const OctetView packet = packets_[row.first];
  const auto pieces = row.view.may_fragment ? ipsec::fragment(packet, mtu, 0) : ipsec::Fragments{};
  if (!pieces || pieces->empty()) {
    reports_.too_big(*socket_, packet, mtu);
    return give_up(index, EMSGSIZE);
  }
  for (const ipsec::HeldPacket& piece : *pieces) {
    const Octets octets = piece.octets();
    const ssize_t sent = ::sendto(socket_->descriptor.number(), octets.data(), octets.size(), MSG_DONTWAIT,
                                  &names_[index].any, size_of(names_[index]));
    ++counters_.sent.calls;
    if (sent < 0) return give_up(index, errno);
    ++counters_.sent.packets, ++counters_.sent.messages, counters_.sent.octets += octets.size();
  }
  ++counters_.fragmented;
  next_ = index + 1;
}

void SendQueue::give_up(std::size_t index, int error) {
  cause_of(error) += rows_[index].count;
  next_ = index + 1;
}

void SendQueue::send_singly(std::size_t index) {
  const Message whole = rows_[index];
  for (std::size_t i = 0; i < whole.count; ++i) {
    Message& one = rows_[index];
    one = whole;
    one.first = whole.first + i, one.count = 1, one.octets = parts_[one.first].iov_len;
    one.tries = 0;
    for (next_ = index; next_ == index;) {
      write_header(index, messages_[index], controls_[index], false);
      const int count = ::sendmmsg(socket_->descriptor.number(), messages_.data() + index, 1, MSG_DONTWAIT);
      ++counters_.sent.calls;
      if (count < 0)
        on_failure(index, errno);
      else
        on_sent(rows_[next_++]);
    }
  }
}

std::uint64_t& SendQueue::cause_of(int error) {
  OutsideCounters::Unsent& unsent = counters_.unsent;
  switch (error) {
    case EAGAIN:
    case ENOBUFS:
    case ENOMEM:
      return unsent.no_buffer;
    case EMSGSIZE:
      return unsent.too_big;
    case ECONNREFUSED:
    case ENOPROTOOPT:
      return unsent.refused;
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EHOSTDOWN:
    case ENETDOWN:
    case EADDRNOTAVAIL:
    case ENODEV:
      return unsent.unreachable;
    case EPERM:
    case EACCES:
      return unsent.not_permitted;
    default:
      return unsent.other;
  }
}

}  // namespace mpsec::gateway
