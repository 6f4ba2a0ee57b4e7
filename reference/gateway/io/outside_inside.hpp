// The inside of Outside: its sockets, what is on its way through them, and what was said about it.
#pragma once

#include <map>
#include <unordered_map>

#include "gateway/io/outside_reports.hpp"
#include "gateway/io/outside_socket.hpp"
#include "gateway/io/receive_queue.hpp"
#include "gateway/io/send_queue.hpp"

namespace mpsec::gateway {

// The sockets, as all threads have them.
struct OutsideSockets {
  OutsideSocket* socket_for(const OuterView& packet) const;
  OutsideSocket* bound_to(const Endpoint& local, bool raw) const;

  std::vector<std::unique_ptr<OutsideSocket>> all;  // clear ones apart
  std::unordered_map<int, OutsideSocket*> by_descriptor;
  std::map<Endpoint, OutsideSocket*> by_endpoint;  // UDP, and with port 0 raw
  std::unique_ptr<OutsideSocket> clear_v4, clear_v6;
};

// One thread's way out.
class OutsideWay {
 public:
  explicit OutsideWay(const OutsideSockets& sockets) : sockets_(sockets) {}

  void send(OctetView packet);
  void send(const Datagram& ike);
  void flush();

  OutsideCounters counters{};
  OutsideReports reports{counters};

 private:
  const OutsideSockets& sockets_;
  SendQueue send_queue_{counters, reports};

  // The packet sent last in this turn and what was found of it: rows of one SA are looked at once.
  OctetView last_{};
  OuterView last_view_{};
  OutsideSocket* last_socket_ = nullptr;
};

class Outside::Sender::Inside {
 public:
  explicit Inside(const OutsideSockets& sockets) : way(sockets) {}
  OutsideWay way;
};

class Outside::Inside {
 public:
  Result<> open(std::span<const ListenAddress> addresses, const OutsideOptions& options);

  std::vector<int> descriptors() const;
  bool receive(int descriptor, PacketBatch& packets, std::vector<Datagram>& ike);
  std::unique_ptr<Sender::Inside> make_sender();

  OutsideSockets sockets{};
  OutsideWay way{sockets};

 private:
  Result<> open(const ListenAddress& listen, const OutsideOptions& options);
  void open_clear(const OutsideOptions& options);
  Result<> add(const ListenAddress& listen, SocketKind kind, const OutsideOptions& options);
  ReceiveQueue receive_queue_{way.counters, way.reports};
};

}  // namespace mpsec::gateway
