// A line to a running gateway: lines out, lines in, each waited for.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "gateway/io/system.hpp"

namespace mpsec::gateway::ctl {

class Connection {
 public:
  // Fails (path = the socket) naming the remedy where no gateway listens there.
  static Result<Connection> open(const std::string& socket);

  Result<> send(std::string_view line);
  // Without its end; nothing: the gateway has closed the connection. `patience`: how long one octet may take;
  // nothing: for ever.
  Result<std::optional<std::string>> receive(std::optional<Duration> patience);

 private:
  Connection(std::string name, FileDescriptor socket) : name_(std::move(name)), socket_(std::move(socket)) {}

  std::string name_;
  FileDescriptor socket_;
  std::string received_;
};

}  // namespace mpsec::gateway::ctl
