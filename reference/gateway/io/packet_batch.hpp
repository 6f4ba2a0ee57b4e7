// Storage for the packets of one turn of the event loop.
#pragma once

#include <array>
#include <cassert>
#include <memory>
#include <span>

#include "ipsec/packet_buffer.hpp"

namespace mpsec::gateway {

// Up to 64 packets, each in a slot of its own with the data path's room before and behind. Reused: nothing is
// allocated after the first batch, and memory that no packet reached is never touched.
class PacketBatch {
 public:
  static constexpr std::size_t capacity = 64;
  // An IPv6 payload of 65,535 octets with its header, or with IP and UDP headers put in front of what a
  // socket gave.
  static constexpr std::size_t largest_packet = 0xffff + 48;
  static constexpr std::size_t slot_size = ipsec::default_headroom + largest_packet + ipsec::default_tailroom;

  PacketBatch() : storage_(std::make_unique_for_overwrite<std::uint8_t[]>(capacity * slot_size)) {}

  std::span<ipsec::PacketBuffer> packets() { return {packets_.data(), size_}; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::size_t room() const { return capacity - size_; }

  // The whole storage of the free slot that add() takes when it has been called `ahead` times more.
  MutableOctets slot(std::size_t ahead = 0) {
    assert(ahead < room());
    return {storage_.get() + (size_ + ahead) * slot_size, slot_size};
  }
  // The next free slot holds a packet of `size` octets from `offset` on.
  ipsec::PacketBuffer& add(std::size_t offset, std::size_t size) {
    packets_[size_] = ipsec::PacketBuffer(slot(), offset, size);
    return packets_[size_++];
  }
  // Copies a packet into the next free slot.
  ipsec::PacketBuffer& add(OctetView packet) {
    assert(packet.size() <= largest_packet);
    std::memcpy(slot().data() + ipsec::default_headroom, packet.data(), packet.size());
    return add(ipsec::default_headroom, packet.size());
  }
  void clear() { size_ = 0; }

 private:
  std::unique_ptr<std::uint8_t[]> storage_;
  std::array<ipsec::PacketBuffer, capacity> packets_{};
  std::size_t size_ = 0;
};

}  // namespace mpsec::gateway
