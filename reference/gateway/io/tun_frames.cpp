#include "gateway/io/tun_frames.hpp"

#include <cerrno>
#include <linux/if_tun.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

namespace mpsec::gateway {
namespace {

// Linux 6.2 and later; the headers may be older.
constexpr unsigned offload_udp4 = 0x20, offload_udp6 = 0x40;

// Virtual I/O Device (VIRTIO) 1.2, 5.1.6: how a large packet is to be cut.
constexpr std::uint8_t gso_none = 0, gso_tcp_v4 = 1, gso_tcp_v6 = 4, gso_udp = 5, gso_ecn = 0x80;
constexpr std::uint8_t needs_checksum = 1;

constexpr std::size_t largest_read = 0xffff + 40;

}  // namespace

// VIRTIO 1.2, 5.1.6, in the machine's byte order. The system's header of it is not for C++.
struct TunFrames::Frame {
  std::uint8_t flags = 0, gso_type = gso_none;
  std::uint16_t header_length = 0, segment = 0, checksum_start = 0, checksum_offset = 0;
};

TunFrames::Abilities TunFrames::negotiate(int descriptor, bool has_header) noexcept {
  if (!has_header) return {};
  constexpr unsigned tcp = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
  if (::ioctl(descriptor, TUNSETOFFLOAD, tcp | offload_udp4 | offload_udp6) == 0) return {true, true, true};
  if (::ioctl(descriptor, TUNSETOFFLOAD, tcp) == 0) return {true, true, false};
  return {true, false, false};
}

TunFrames::TunFrames(int descriptor, Abilities abilities)
    : descriptor_(descriptor),
      abilities_(abilities),
      large_(std::make_unique_for_overwrite<std::uint8_t[]>(largest_read)) {}

bool TunFrames::read(PacketBatch& packets) {
  while (packets.room() > 0) {
    if (cut_)
      cut_into(packets);
    else if (!read_one(packets))
      return false;
  }
  return true;
}

bool TunFrames::read_one(PacketBatch& packets) {
  Frame frame;
  std::uint8_t* slot = packets.slot().data() + ipsec::default_headroom;
  iovec parts[] = {{&frame, sizeof frame}, {slot, direct}, {large_.get() + direct, largest_read - direct}};
  const std::size_t front = abilities_.header ? sizeof frame : 0;
  const ssize_t got = ::readv(descriptor_, abilities_.header ? parts : parts + 1, abilities_.header ? 3 : 2);
  if (got < 0) {
    if (errno == EINTR) return true;
    gone_ |= errno != EAGAIN && errno != EWOULDBLOCK;
    return false;
  }
  ++counters_.read.messages;
  const std::size_t size = static_cast<std::size_t>(got) - std::min<std::size_t>(got, front);
  if (frame.gso_type != gso_none) {
    on_large(frame, {slot, std::min(size, direct)}, size);
    return true;
  }
  if (size > direct) std::memcpy(slot + direct, large_.get() + direct, size - direct);
  if ((frame.flags & needs_checksum) != 0)
    complete_checksum({slot, size}, frame.checksum_start, frame.checksum_offset);
  packets.add(ipsec::default_headroom, size);
  ++counters_.read.packets, counters_.read.octets += size;
  return true;
}

void TunFrames::on_large(const Frame& frame, OctetView head, std::size_t size) {
  std::memcpy(large_.get(), head.data(), head.size());
  cut_ = PacketCut::of({large_.get(), size}, frame.segment);
  next_ = 0;
  if (!cut_) ++counters_.not_read;
}

void TunFrames::cut_into(PacketBatch& packets) {
  for (; next_ < cut_->count() && packets.room() > 0; ++next_) {
    const std::size_t size = cut_->size(next_);
    cut_->write(next_, packets.slot().data() + ipsec::default_headroom);
    packets.add(ipsec::default_headroom, size);
    ++counters_.read.packets, counters_.read.octets += size;
  }
  if (next_ == cut_->count()) cut_.reset();
}

void TunFrames::write(std::span<const OctetView> packets) {
  PacketRow row;
  for (std::size_t i = 0; i < packets.size(); ++i) {
    if (i > 0 && (row.tcp() ? abilities_.tcp : abilities_.udp) && row.add(packets[i])) continue;
    if (i > 0) write_row(row);
    row.begin(packets[i]);
  }
  if (!packets.empty()) write_row(row);
}

void TunFrames::write_row(const PacketRow& row) {
  Frame frame;
  std::array<iovec, PacketRow::most + 2> parts;
  parts[0] = {&frame, sizeof frame};
  const auto part = [](OctetView octets) {
    return iovec{const_cast<std::uint8_t*>(octets.data()), octets.size()};
  };
  if (row.count() == 1) {
    parts[1] = part(row.first());
    return put({parts.data(), 2}, 1, row.first().size());
  }
  std::array<std::uint8_t, PacketRow::largest_header> room;
  const OctetView header = row.write_header(room);
  frame.flags = needs_checksum;
  frame.gso_type = !row.tcp() ? gso_udp : row.version() == IpVersion::v4 ? gso_tcp_v4 : gso_tcp_v6;
  if (row.congestion_window_reduced()) frame.gso_type |= gso_ecn;
  frame.header_length = static_cast<std::uint16_t>(header.size());
  frame.segment = static_cast<std::uint16_t>(row.segment());
  frame.checksum_start = static_cast<std::uint16_t>(row.upper_at());
  frame.checksum_offset = row.tcp() ? 16 : 6;
  parts[1] = part(header);
  std::size_t octets = header.size() * row.count();
  for (std::size_t i = 0; i < row.count(); ++i) {
    parts[2 + i] = part(row.payloads()[i]);
    octets += row.payloads()[i].size();
  }
  put({parts.data(), row.count() + 2}, row.count(), octets);
}

// The first part is the header in front, where there is one.
void TunFrames::put(std::span<const iovec> parts, std::size_t packets, std::size_t octets) {
  if (!abilities_.header) parts = parts.subspan(1);
  ssize_t size = 0;
  do
    size = ::writev(descriptor_, parts.data(), static_cast<int>(parts.size()));
  while (size < 0 && errno == EINTR);
  if (size < 0) {
    counters_.not_written += packets;
    gone_ |= errno == EBADFD;
    return;
  }
  ++counters_.written.messages, counters_.written.packets += packets, counters_.written.octets += octets;
}

}  // namespace mpsec::gateway
