// The inside of Outside: its sockets, what is on its way through them, and what was said about it.
#pragma once

#include <map>
#include <unordered_map>

#include "gateway/io/outside_reports.hpp"
#include "gateway/io/outside_socket.hpp"
#include "gateway/io/receive_queue.hpp"
#include "gateway/io/send_queue.hpp"

namespace mpsec::gateway {

class Outside::Inside {
 public:
  Result<> open(std::span<const ListenAddress> addresses, const OutsideOptions& options);

  std::vector<int> descriptors() const;
  bool receive(int descriptor, PacketBatch& packets, std::vector<Datagram>& ike);
  void send(OctetView packet);
  void send(const Datagram& ike);
  void flush();

  OutsideCounters counters{};
  OutsideReports reports{counters};

 private:
  Result<> open(const ListenAddress& listen, const OutsideOptions& options);
  void open_clear(const OutsideOptions& options);
  Result<> add(const ListenAddress& listen, SocketKind kind, const OutsideOptions& options);
  OutsideSocket* socket_for(const OuterView& packet);
  OutsideSocket* bound_to(const Endpoint& local, bool raw);

  std::vector<std::unique_ptr<OutsideSocket>> sockets_;  // clear ones apart
  std::unordered_map<int, OutsideSocket*> by_descriptor_;
  std::map<Endpoint, OutsideSocket*> by_endpoint_;  // UDP, and with port 0 raw
  std::unique_ptr<OutsideSocket> clear_v4_, clear_v6_;
  ReceiveQueue receive_queue_{counters, reports};
  SendQueue send_queue_{counters, reports};

  // The packet sent last in this turn and what was found of it: rows of one SA are looked at once.
  OctetView last_{};
  OuterView last_view_{};
  OutsideSocket* last_socket_ = nullptr;
};

}  // namespace mpsec::gateway
