// Storage for packets that go from one thread to another.
#pragma once

#include <array>
#include <deque>
#include <memory>

#include "ipsec/packet_buffer.hpp"

namespace mpsec::gateway {

// Copies of up to 64 packets, each with the data path's room around it. Nothing is allocated for those of up
// to largest_slot octets.
class PacketSlab {
 public:
  static constexpr std::size_t capacity = 64;
  static constexpr std::size_t slot_size = 2048;
  static constexpr std::size_t largest_slot = slot_size - ipsec::default_headroom - ipsec::default_tailroom;

  PacketSlab() : storage_(std::make_unique_for_overwrite<std::uint8_t[]>(capacity * slot_size)) {}

  std::span<ipsec::PacketBuffer> packets() { return {packets_.data(), size_}; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::size_t room() const { return capacity - size_; }

  // An empty buffer where there is no room.
  ipsec::PacketBuffer add(OctetView packet) {
    if (room() == 0) return {};
    ipsec::PacketBuffer& copy = packets_[size_];
    if (packet.size() <= largest_slot) {
      copy = {{storage_.get() + size_ * slot_size, slot_size}, ipsec::default_headroom, packet.size()};
      if (!packet.empty()) std::memcpy(copy.data(), packet.data(), packet.size());
    } else {
      copy = large_.emplace_back(packet).buffer();
    }
    ++size_;
    return copy;
  }
  // Adds all of them, or none: false.
  bool absorb(PacketSlab& other) {
    if (other.size() > room()) return false;
    for (const ipsec::PacketBuffer& packet : other.packets())
      add(packet.view());
    return true;
  }
  void clear() { size_ = 0, large_.clear(); }

 private:
  std::unique_ptr<std::uint8_t[]> storage_;
  std::array<ipsec::PacketBuffer, capacity> packets_{};
  std::deque<ipsec::HeldPacket> large_;
  std::size_t size_ = 0;
};

}  // namespace mpsec::gateway
