// Where a packet lives while headers and trailers come and go around it.
#pragma once

#include <cassert>
#include <cstring>

#include "base/octets.hpp"

namespace mpsec::ipsec {

// A packet inside storage that somebody else owns, with room before it (headers) and behind it (padding,
// trailer, ICV). Copying a PacketBuffer copies the view, not the octets.
class PacketBuffer {
 public:
  PacketBuffer() = default;
  // The packet is `size` octets of `storage` from `offset` on.
  PacketBuffer(MutableOctets storage, std::size_t offset, std::size_t size)
      : data_(storage.data() + offset),
        size_(static_cast<std::uint32_t>(size)),
        headroom_(static_cast<std::uint32_t>(offset)),
        tailroom_(static_cast<std::uint32_t>(storage.size() - offset - size)) {
    assert(offset + size <= storage.size());
  }

  std::uint8_t* data() const { return data_; }
  std::uint32_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::uint32_t headroom() const { return headroom_; }
  std::uint32_t tailroom() const { return tailroom_; }
  OctetView view() const { return {data_, size_}; }
  MutableOctets writable() const { return {data_, size_}; }

  void prepend(std::uint32_t octets) {
    assert(octets <= headroom_);
    data_ -= octets, size_ += octets, headroom_ -= octets;
  }
  void append(std::uint32_t octets) {
    assert(octets <= tailroom_);
    size_ += octets, tailroom_ -= octets;
  }
  // Both at once.
  void grow(std::uint32_t front, std::uint32_t back) { prepend(front), append(back); }
  void trim_front(std::uint32_t octets) {
    assert(octets <= size_);
    data_ += octets, size_ -= octets, headroom_ += octets;
  }
  void trim_back(std::uint32_t octets) {
    assert(octets <= size_);
    size_ -= octets, tailroom_ += octets;
  }
  // Mostly the size is right already; and a buffer that is not written can be copied at once, where one that
  // was just written in parts has to wait until they have reached the cache.
  void resize(std::uint32_t size) {
    if (size > size_) append(size - size_);
    if (size < size_) trim_back(size_ - size);
  }
  // Leaves the `size` octets from `at` on; both lie inside.
  void narrow(std::uint32_t at, std::uint32_t size) {
    assert(at <= size_ && size <= size_ - at);
    tailroom_ += size_ - at - size;
    data_ += at, size_ = size, headroom_ += at;
  }

 private:
  std::uint8_t* data_ = nullptr;
  std::uint32_t size_ = 0;
  std::uint32_t headroom_ = 0;
  std::uint32_t tailroom_ = 0;
};

// Room for the largest outer IPv6 + UDP + ESP header and IV, and for padding, TFC padding aside.
inline constexpr std::size_t default_headroom = 128;
inline constexpr std::size_t default_tailroom = 320;

// A packet with storage of its own: tests, fragments, anything off the fast path.
class HeldPacket {
 public:
  explicit HeldPacket(OctetView packet, std::size_t headroom = default_headroom,
                      std::size_t tailroom = default_tailroom)
      : storage_(headroom + packet.size() + tailroom), buffer_(storage_, headroom, packet.size()) {
    if (!packet.empty()) std::memcpy(buffer_.data(), packet.data(), packet.size());
  }
  HeldPacket(HeldPacket&&) noexcept = default;
  HeldPacket& operator=(HeldPacket&&) noexcept = default;
  HeldPacket(const HeldPacket&) = delete;
  HeldPacket& operator=(const HeldPacket&) = delete;

  PacketBuffer& buffer() { return buffer_; }
  Octets octets() const { return {buffer_.data(), buffer_.data() + buffer_.size()}; }

 private:
  Octets storage_;  // its memory stays where it is when the vector moves
  PacketBuffer buffer_;
};

}  // namespace mpsec::ipsec
