// From a socket into a batch.
#pragma once

#include "gateway/io/ancillary.hpp"
#include "gateway/io/outside_reports.hpp"

namespace mpsec::gateway {

class ReceiveQueue {
 public:
  ReceiveQueue(OutsideCounters& counters, OutsideReports& reports) : counters_(counters), reports_(reports) {}

  // As Outside::receive.
  bool receive(const OutsideSocket& socket, PacketBatch& packets, std::vector<Datagram>& ike);

 private:
  static constexpr std::size_t most = PacketBatch::capacity;
  // Of a socket that joins rows, a message may be as many packets as a batch has room for.
  static constexpr std::size_t most_rows = 16, row_room = 1 << 16;

  // A row, or what is left of one, in rows_room_.
  struct Row {
    const OutsideSocket* socket = nullptr;
    Endpoint remote{};
    Ancillary beside{};
    OctetView payload{};
    bool begun = false;
  };

  bool receive_rows(const OutsideSocket& socket, PacketBatch& packets);
  bool hand_over(PacketBatch& packets);
  std::size_t call(const OutsideSocket& socket, std::size_t messages);
  void prepare(std::size_t i, MutableOctets room);
  void add_packet(const OutsideSocket& socket, const Endpoint& remote, const Ancillary& beside,
                  std::size_t size, PacketBatch& packets);

  OutsideCounters& counters_;
  OutsideReports& reports_;
  // Where packets come one by one, making ready for a whole batch would cost more than the packet.
  static constexpr std::size_t least_expected = 8;
  std::size_t expected_ = least_expected;
  std::array<mmsghdr, most> messages_{};
  std::array<iovec, most> parts_{};
  std::array<SocketAddress, most> names_{};
  std::array<ControlRoom, most> controls_{};

  std::unique_ptr<std::uint8_t[]> rows_room_;  // once there is a socket that joins
  std::array<Row, most_rows> rows_{};
  std::size_t rows_used_ = 0, next_row_ = 0;
};

}  // namespace mpsec::gateway
