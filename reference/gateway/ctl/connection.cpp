#include "gateway/ctl/connection.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace mpsec::gateway::ctl {
namespace {

Error cannot_connect(const std::string& socket, int number) {
  if (number == ENOENT || number == ECONNREFUSED)
    return refused(socket,
                   "no gateway listens there: start it with 'mpsec-gateway run FILE', and give the socket "
                   "that its file names as gateway.control")
        .error();
  if (number == EACCES || number == EPERM)
    return refused(socket, "connecting", number,
                   "the control socket is its owner's alone: run this as that user")
        .error();
  return refused(socket, "connecting", number,
                 "give the socket that the gateway's file names as gateway.control")
      .error();
}

}  // namespace

Result<Connection> Connection::open(const std::string& socket) {
  sockaddr_un address{};
  if (socket.empty() || socket.size() >= sizeof address.sun_path)
    return refused(socket,
                   fmt::format("the path of a socket has 1 to {} octets", sizeof address.sun_path - 1));
  address.sun_family = AF_UNIX;
  std::ranges::copy(socket, address.sun_path);
  FileDescriptor made(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!made) return refused(socket, "making a socket", errno, "");
  const auto* const generic = reinterpret_cast<const sockaddr*>(&address);
  if (::connect(made.number(), generic, sizeof address) != 0)
    return std::unexpected(cannot_connect(socket, errno));
  return Connection(socket, std::move(made));
}

Result<> Connection::send(std::string_view line) {
  const std::string text = std::string(line) + "\n";
  for (std::size_t sent = 0; sent < text.size();) {
    const ssize_t now = ::send(socket_.number(), text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (now < 0 && errno == EINTR) continue;
    // What it has said before it closed is still to be read.
    if (now < 0 && errno == EPIPE) return {};
    if (now < 0) return refused(name_, "asking the gateway", errno, "");
    sent += static_cast<std::size_t>(now);
  }
  return {};
}

Result<std::optional<std::string>> Connection::receive(std::optional<Duration> patience) {
  const int wait =
      patience ? static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(*patience).count()) : -1;
  for (;;) {
    if (const auto end = received_.find('\n'); end != std::string::npos) {
      std::string line = received_.substr(0, end);
      received_.erase(0, end + 1);
      return line;
    }
    pollfd state{socket_.number(), POLLIN, 0};
    const int ready = ::poll(&state, 1, wait);
    if (ready == 0)
      return refused(name_,
                     "the gateway has not answered in time: it is very busy, or it hangs; its journal "
                     "may say more");
    std::array<char, 16384> chunk{};
    const ssize_t got = ready < 0 ? -1 : ::recv(socket_.number(), chunk.data(), chunk.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got == 0 || (got < 0 && errno == ECONNRESET)) return std::nullopt;
    if (got < 0) return refused(name_, "waiting for the gateway", errno, "");
    received_.append(chunk.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace mpsec::gateway::ctl
