// What travels beside a datagram across the kernel's boundary: control messages, written and read.
#pragma once

#include <array>
#include <optional>

#include "gateway/io/socket_address.hpp"

namespace mpsec::gateway {

// Room for all control messages that one datagram has, either way.
struct ControlRoom {
  static constexpr std::size_t size = 192;
  alignas(cmsghdr) std::array<char, size> octets;
};

// What came beside a received datagram.
struct Ancillary {
  std::uint8_t traffic_class = 0;
  std::optional<IpAddress> local{};  // where it was sent to
  std::uint16_t segment = 0;         // octets of each datagram but the last of a joined row; 0: one datagram
};
Ancillary read_ancillary(msghdr& message) noexcept;

// Writes control messages for a datagram to be sent; attached to `message` by finish().
class ControlWriter {
 public:
  ControlWriter(ControlRoom& room, msghdr& message) noexcept;
  void traffic_class(IpVersion version, std::uint8_t octet) noexcept;
  // Which of our addresses it comes from.
  void source(const IpAddress& address) noexcept;
  void segment(std::uint16_t octets) noexcept;
  void finish() noexcept;

 private:
  void put(int level, int type, const void* data, std::size_t size) noexcept;

  ControlRoom& room_;
  msghdr& message_;
  std::size_t used_ = 0;
};

}  // namespace mpsec::gateway
