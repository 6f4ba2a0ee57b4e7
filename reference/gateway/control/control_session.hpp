// One client of the control socket: for control_socket.cpp and control_session.cpp.
#pragma once

#include <array>
#include <deque>

#include "gateway/control/control_socket.hpp"

namespace mpsec::gateway {

class ControlSocket::Session final : public Client, public std::enable_shared_from_this<Session> {
 public:
  Session(Protocol::socket socket, ControlSocket& owner) : socket_(std::move(socket)), owner_(&owner) {}

  void read();
  // Says why, and goes once that is read.
  void refuse(std::string why);
  // At once. Pending work finds nothing left to do.
  void close();
  bool is_leaving() const { return leaving_; }

  void reply(std::string line) override;
  void event(std::string line) override;

 private:
  void take(std::string_view octets);
  void answer_lines();
  void on_end();
  void put(std::string line);
  void write();
  void leave_if_done();

  Protocol::socket socket_;
  ControlSocket* owner_;  // null: closed
  std::array<char, 4096> chunk_{};
  std::string received_;           // not answered yet
  std::deque<std::string> lines_;  // to be written; the first is being written
  std::size_t waiting_octets_ = 0;
  bool reading_ = false, answering_ = false;
  bool ended_ = false;    // it sends nothing any more
  bool leaving_ = false;  // closed as soon as everything is written
};

}  // namespace mpsec::gateway
