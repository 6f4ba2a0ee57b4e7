// ICMP errors and local refusals, read from the sockets' error queues.
#pragma once

#include "gateway/io/outside_socket.hpp"

namespace mpsec::gateway {

class OutsideReports {
 public:
  static constexpr std::size_t most = 64;
  explicit OutsideReports(OutsideCounters& counters) : counters_(counters) {}

  // Reads all that the socket's error queue has. Returns the smallest MTU that this host itself named, 0 if
  // none: the kernel does not say for which packet, but whoever has just sent one knows.
  std::uint32_t drain(const OutsideSocket& socket);
  // `packet` did not fit in `mtu` octets of our own interface.
  void too_big(const OutsideSocket& socket, OctetView packet, std::uint32_t mtu);

  std::vector<PathReport> take() { return std::exchange(kept_, {}); }

 private:
  void keep(PathReport report);

  OutsideCounters& counters_;
  std::vector<PathReport> kept_;
};

}  // namespace mpsec::gateway
