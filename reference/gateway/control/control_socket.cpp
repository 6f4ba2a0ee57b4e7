#include "gateway/control/control_socket.hpp"

#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "gateway/control/control_session.hpp"

namespace mpsec::gateway {
namespace {

using Protocol = asio::local::stream_protocol;

std::unexpected<Error> failed(const std::filesystem::path& path, std::string why) {
  return std::unexpected(Error{Blame::local_fault, path.string(), std::nullopt, std::move(why), ""});
}

// The process at the other end, for people; 0 where it cannot be told.
int process_of(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  return ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 ? peer.pid : 0;
}

// Takes away what a gateway has left that is no more.
Result<> make_room(asio::io_context& context, const std::filesystem::path& path) {
  struct stat about{};
  if (::lstat(path.c_str(), &about) != 0) return {};
  if (!S_ISSOCK(about.st_mode))
    return failed(path, "something is there that is no socket; name another control socket, or remove it");
  Protocol::socket probe(context);
  asio::error_code error;
  probe.connect(Protocol::endpoint(path.string()), error);
  if (!error) {
    return failed(path, fmt::format("a gateway listens there already (process {}); stop it, or name another "
                                    "control socket",
                                    process_of(probe.native_handle())));
  }
  if (error != asio::error::connection_refused)
    return failed(path, fmt::format("cannot tell whether a gateway listens there: {}", error.message()));
  if (::unlink(path.c_str()) == 0) return {};
  return failed(path,
                fmt::format("a socket that nobody listens at cannot be removed: {}", std::strerror(errno)));
}

Result<Protocol::acceptor> listen_at(asio::io_context& context, const std::filesystem::path& path) {
  constexpr std::size_t longest = sizeof(sockaddr_un::sun_path) - 1;
  if (path.string().size() > longest)
    return failed(path, fmt::format("the path of the control socket has {} octets, at most {} are possible",
                                    path.string().size(), longest));
  if (auto room = make_room(context, path); !room) return std::unexpected(std::move(room).error());
  Protocol::acceptor acceptor(context);
  asio::error_code error;
  acceptor.open(Protocol(), error);
  const mode_t before = ::umask(0177);
  if (!error) acceptor.bind(Protocol::endpoint(path.string()), error);
  ::umask(before);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (!error) return acceptor;
  return failed(path,
                fmt::format("the control socket cannot be made: {}; its folder must be there and writable",
                            error.message()));
}

}  // namespace

Result<std::unique_ptr<ControlSocket>> ControlSocket::open(asio::io_context& context,
                                                           const std::filesystem::path& path,
                                                           Requests& requests) {
  auto acceptor = listen_at(context, path);
  if (!acceptor) return std::unexpected(std::move(acceptor).error());
  std::unique_ptr<ControlSocket> opened(new ControlSocket(*std::move(acceptor), path, requests));
  opened->accept();
  return opened;
}

ControlSocket::~ControlSocket() {
  // Whoever sees his connection end may start another gateway at once.
  ::unlink(path_.c_str());
  while (!sessions_.empty())
    sessions_.back()->close();
}

void ControlSocket::accept() {
  acceptor_.async_accept([this](const asio::error_code& error, Protocol::socket socket) {
    if (error == asio::error::operation_aborted) return;
    if (!error) take(std::move(socket));
    accept();
  });
}

void ControlSocket::take(Protocol::socket socket) {
  // Those that were told to go and do not read that are in nobody's way.
  if (sessions_.size() >= most_clients) {
    const auto leaving = std::ranges::find_if(sessions_, [](const auto& one) { return one->is_leaving(); });
    if (leaving != sessions_.end()) std::shared_ptr(*leaving)->close();
  }
  const bool full = sessions_.size() >= most_clients;
  const auto session = std::make_shared<Session>(std::move(socket), *this);
  sessions_.push_back(session);
  if (!full) return session->read();
  session->refuse(fmt::format("{} clients are connected, as many as are served; try again when one has gone",
                              most_clients));
}

void ControlSocket::forget(const Session& session) {
  std::erase_if(sessions_, [&](const auto& one) { return one.get() == &session; });
}

}  // namespace mpsec::gateway
