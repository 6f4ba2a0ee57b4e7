// The Unix socket over which a running gateway is asked and told.
#pragma once

#include <asio/io_context.hpp>
#include <asio/local/stream_protocol.hpp>
#include <filesystem>
#include <memory>
#include <vector>

#include "gateway/control/requests.hpp"

namespace mpsec::gateway {

class ControlSocket {
 public:
  static constexpr std::size_t most_clients = 16;
  // Of lines that wait for a client to read them: beyond it its next request waits, and a watcher is dropped.
  static constexpr std::size_t most_waiting_octets = std::size_t{1} << 20;

  // Listens at `path`, for its owner alone (0600); a socket there that nobody listens at any more is taken
  // away. Fails (local fault, path = the socket) naming the remedy: where a gateway listens there, where
  // something else is there, where it cannot be made. Both references outlive it.
  static Result<std::unique_ptr<ControlSocket>> open(asio::io_context& context,
                                                     const std::filesystem::path& path, Requests& requests);
  // Disconnects everybody and takes the socket away.
  ~ControlSocket();
  ControlSocket(const ControlSocket&) = delete;

  std::size_t clients() const { return sessions_.size(); }

 private:
  class Session;
  using Protocol = asio::local::stream_protocol;

  ControlSocket(Protocol::acceptor acceptor, std::filesystem::path path, Requests& requests)
      : acceptor_(std::move(acceptor)), path_(std::move(path)), requests_(requests) {}
  void accept();
  void take(Protocol::socket socket);
  void forget(const Session& session);

  Protocol::acceptor acceptor_;
  std::filesystem::path path_;
  Requests& requests_;
  std::vector<std::shared_ptr<Session>> sessions_;
};

}  // namespace mpsec::gateway
