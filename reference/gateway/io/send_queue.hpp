// From packets to the system, a batch of messages in a call.
#pragma once

#include "gateway/io/ancillary.hpp"
#include "gateway/io/outer_view.hpp"
#include "gateway/io/outside_reports.hpp"

namespace mpsec::gateway {

// Collects messages for one socket. The octets stay where they are until flush().
class SendQueue {
 public:
  SendQueue(OutsideCounters& counters, OutsideReports& reports) : counters_(counters), reports_(reports) {}

  // Puts in a datagram: `packet` whole, of which the socket is given what is behind `view.payload_at`. Sends
  // what is there first, where it has to.
  void push(OutsideSocket& socket, OctetView packet, const OuterView& view);
  // An IKE message, which has no headers yet.
  void push(OutsideSocket& socket, const Datagram& ike);
  void flush();

 private:
  static constexpr std::size_t most = PacketBatch::capacity;
  // Octets of UDP payload that may be given at once, and datagrams they may make.
  static constexpr std::size_t largest_row = 0xffff - 40 - 8, most_in_row = 64;

  // A datagram, or a row of equal ones to one destination, of which the last may be shorter.
  struct Message {
    std::size_t first = 0, count = 0;  // of parts_
    std::size_t segment = 0;           // octets of each but the last
    std::size_t octets = 0;
    bool closed = false;
    std::uint8_t tries = 0;
    OuterView view{};
  };

  void take(OutsideSocket& socket);
  bool join(const OutsideSocket& socket, OctetView payload, const OuterView& view);
  void begin(OutsideSocket& socket, OctetView packet, const OuterView& view, OctetView payload, bool closed);
  void write_header(std::size_t index, mmsghdr& header, ControlRoom& control, bool as_row);
  void on_sent(const Message& message);
  void on_failure(std::size_t index, int error);
  void give_up(std::size_t index, int error);
  void on_too_big(std::size_t index, std::uint32_t mtu);
  void send_singly(std::size_t index);
  std::uint64_t& cause_of(int error);

  OutsideCounters& counters_;
  OutsideReports& reports_;
  OutsideSocket* socket_ = nullptr;
  std::unique_lock<std::mutex> sending_;  // of socket_, from its first message to flush()
  std::size_t used_ = 0, parts_used_ = 0, next_ = 0;
  std::array<Message, most> rows_{};
  std::array<OctetView, most> packets_{};  // of each part, headers included
  std::array<iovec, most> parts_{};
  std::array<mmsghdr, most> messages_{};
  std::array<SocketAddress, most> names_{};
  std::array<ControlRoom, most> controls_{};
};

}  // namespace mpsec::gateway
