// From a socket into a batch.
#pragma once

#include "gateway/io/ancillary.hpp"
#include "gateway/io/outside_reports.hpp"

namespace mpsec::gateway {

class ReceiveQueue {
 public:
  ReceiveQueue(OutsideCounters& counters, OutsideReports& reports) : counters_(counters), reports_(reports) {}

  // As Outside::receive.
  bool receive(OutsideSocket& socket, PacketBatch& packets, std::vector<Datagram>& ike);

 private:
  static constexpr std::size_t most = PacketBatch::capacity;

  int call(const OutsideSocket& socket, std::size_t messages);
  void prepare(std::size_t i, MutableOctets room);
  static void add_packet(const OutsideSocket& socket, const Endpoint& remote, const Ancillary& beside,
                         std::size_t size, PacketBatch& packets);

  OutsideCounters& counters_;
  OutsideReports& reports_;
  std::array<mmsghdr, most> messages_{};
  std::array<iovec, most> parts_{};
  std::array<SocketAddress, most> names_{};
  std::array<ControlRoom, most> controls_{};
};

}  // namespace mpsec::gateway
