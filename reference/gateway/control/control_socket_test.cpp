#include "gateway/control/control_socket.hpp"

#include <asio/buffer.hpp>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "gateway/control/test_host.hpp"

namespace mpsec::gateway::test {
namespace {

using testing::HasSubstr;
using Protocol = asio::local::stream_protocol;

// A client in the thread of the server: what it sends and reads moves when the context is polled.
class Peer {
 public:
  Peer(asio::io_context& context, const std::filesystem::path& path) : context_(context), socket_(context) {
    socket_.connect(Protocol::endpoint(path.string()));
    socket_.non_blocking(true);
  }
  void send(std::string_view text) {
    while (!text.empty()) {
      asio::error_code error;
      text.remove_prefix(socket_.write_some(asio::buffer(text.data(), text.size()), error));
      context_.poll();
      ASSERT_TRUE(!error || error == asio::error::would_block) << error.message();
    }
    context_.poll();
  }
  // All lines that come without anybody doing anything more.
  std::vector<Json> lines() {
    std::array<char, 65536> chunk;
    for (int idle = 0; idle < 3;) {
      context_.poll();
      asio::error_code error;
      const std::size_t got = socket_.read_some(asio::buffer(chunk), error);
      text_.append(chunk.data(), got);
      if (error == asio::error::eof || error == asio::error::connection_reset) closed = true;
      idle = got == 0 ? idle + 1 : 0;
    }
    std::vector<Json> all;
    for (std::size_t end; (end = text_.find('\n')) != std::string::npos; text_.erase(0, end + 1))
      all.push_back(Json::parse(text_.substr(0, end)));
    return all;
  }
  void close() {
    socket_.close();
    context_.poll();
    context_.poll();
  }
  void end_of_requests() { socket_.shutdown(Protocol::socket::shutdown_send); }
  bool closed = false;

 private:
  asio::io_context& context_;
  Protocol::socket socket_;
  std::string text_;
};

class ControlSocketTest : public testing::Test {
 protected:
  ControlSocketTest() {
    std::string name = testing::TempDir() + "control-XXXXXX";
    folder = ::mkdtemp(name.data());
    path = folder / "c.sock";
  }
  ~ControlSocketTest() override { std::filesystem::remove_all(folder); }

  std::unique_ptr<ControlSocket> open() {
    auto opened = ControlSocket::open(context, path, host.requests);
    EXPECT_TRUE(opened) << to_string(opened.error());
    return *std::move(opened);
  }
  std::string refusal(const std::filesystem::path& at) {
    const auto opened = ControlSocket::open(context, at, host.requests);
    return opened ? "it was opened" : to_string(opened.error());
  }

  std::filesystem::path folder, path;
  asio::io_context context;
  TestHost host;
};

TEST_F(ControlSocketTest, AnswersLines) {
  const auto server = open();
  Peer peer(context, path);
  peer.send("{\"request\": \"version\"}\n\n{\"request\"");
  EXPECT_EQ(peer.lines().size(), 1u);
  peer.send(": \"no\"}\n{\"id\": 1, \"request\": \"status\"}\r\n");
  const auto replies = peer.lines();
  ASSERT_EQ(replies.size(), 2u);
  EXPECT_EQ(replies[0]["ok"], false);
  EXPECT_EQ(replies[1]["status"]["name"], "gateway 1");
}

TEST_F(ControlSocketTest, IsItsOwnersAloneAndGoesWithTheGateway) {
  {
    const auto server = open();
    struct stat about{};
    ASSERT_EQ(::stat(path.c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777, 0600u);
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(ControlSocketTest, TakesAwayWhatADeadGatewayLeft) {
  {
    Protocol::acceptor dead(context, Protocol::endpoint(path.string()));
  }
  ASSERT_TRUE(std::filesystem::exists(path));
  const auto server = open();
  Peer peer(context, path);
  peer.send("{\"request\": \"version\"}\n");
  EXPECT_EQ(peer.lines().size(), 1u);
}

TEST_F(ControlSocketTest, SaysWhatIsInTheWay) {
  const auto server = open();
  EXPECT_EQ(refusal(path),
            fmt::format("{}: a gateway listens there already (process {}); stop it, or name another "
                        "control socket",
                        path.string(), ::getpid()));
  EXPECT_TRUE(std::filesystem::exists(path)) << "it is the other's";
  std::ofstream(folder / "file") << "x";
  EXPECT_EQ(refusal(folder / "file"),
            (folder / "file").string() +
                ": something is there that is no socket; name another control socket, "
                "or remove it");
  EXPECT_THAT(refusal(folder / "no" / "c.sock"), HasSubstr("its folder must be there and writable"));
  EXPECT_THAT(refusal(std::string(200, 'x')), HasSubstr("at most 107 are possible"));
}

TEST_F(ControlSocketTest, ServesSoManyClientsAtOnce) {
  const auto server = open();
  std::vector<std::unique_ptr<Peer>> peers;
  for (std::size_t i = 0; i < ControlSocket::most_clients; ++i)
    peers.push_back(std::make_unique<Peer>(context, path));
  Peer late(context, path);
  const auto told = late.lines();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0]["error"]["why"],
            "16 clients are connected, as many as are served; try again when one has gone");
  EXPECT_TRUE(late.closed);
  peers.front()->close();
  EXPECT_EQ(server->clients(), ControlSocket::most_clients - 1);
  Peer next(context, path);
  next.send("{\"request\": \"version\"}\n");
  EXPECT_EQ(next.lines().size(), 1u);
}

TEST_F(ControlSocketTest, AClientThatGoesIsForgotten) {
  const auto server = open();
  Peer peer(context, path);
  peer.send("{\"request\": \"watch\"}\n{\"request\": \"initiate\", \"peer\": \"peer\"}\n");
  EXPECT_EQ(peer.lines().size(), 1u + host.world.a.reports.size());
  peer.close();
  EXPECT_EQ(server->clients(), 0u);
  host.deliver_all();
  EXPECT_EQ(host.core().status().ike_sas.size(), 1u);
}

TEST_F(ControlSocketTest, WhoHasSaidAllStillGetsReplies) {
  const auto server = open();
  Peer peer(context, path);
  peer.send("{\"request\": \"initiate\", \"peer\": \"peer\"}");
  peer.end_of_requests();
  EXPECT_TRUE(peer.lines().empty());
  EXPECT_FALSE(peer.closed);
  host.deliver_all();
  const auto replies = peer.lines();
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_EQ(replies[0]["ok"], true);
  EXPECT_TRUE(peer.closed);
}

TEST_F(ControlSocketTest, ALineWithoutEndIsRefused) {
  const auto server = open();
  Peer peer(context, path);
  peer.send(std::string(Requests::longest_line + 1, ' '));
  const auto told = peer.lines();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0]["error"]["why"], "a line has no end within 65536 octets");
  EXPECT_TRUE(peer.closed);
}

TEST_F(ControlSocketTest, AWatcherThatDoesNotReadIsDropped) {
  const auto server = open();
  Peer peer(context, path);
  peer.send("{\"request\": \"watch\"}\n");
  const Report report = Fault{Error{Blame::local_fault, "x", std::nullopt, std::string(1000, 'x'), ""}};
  for (int i = 0; i < 5000; ++i) {
    host.requests.on_report(report);
    context.poll();
  }
  const auto lines = peer.lines();
  EXPECT_THAT(lines.back()["error"]["why"].get<std::string>(),
              HasSubstr("events came faster than they were read"));
  EXPECT_TRUE(peer.closed);
  EXPECT_LT(lines.size(), 2000u);
  EXPECT_EQ(server->clients(), 0u);
}

TEST_F(ControlSocketTest, OneThatIsDroppedLeavesTheOthers) {
  const auto server = open();
  Peer slow(context, path), quick(context, path), other(context, path);
  for (Peer* peer : {&slow, &quick, &other})
    peer->send("{\"request\": \"watch\"}\n");
  const Report report = Fault{Error{Blame::local_fault, "x", std::nullopt, std::string(1000, 'x'), ""}};
  std::size_t read = 0;
  for (int i = 0; i < 2000; ++i) {
    host.requests.on_report(report);
    context.poll();
    if (i % 100 == 99) read += quick.lines().size(), other.lines();
  }
  EXPECT_EQ(read, 2001u);
  EXPECT_FALSE(slow.lines().empty());
  EXPECT_EQ(server->clients(), 2u);
}

TEST_F(ControlSocketTest, AClientThatDoesNotReadWaitsForItsReplies) {
  const auto server = open();
  Peer peer(context, path);
  constexpr std::size_t many = 200;  // together more than a megabyte
  std::string requests;
  for (std::size_t i = 0; i < many; ++i)
    requests += "{\"request\": \"metrics\"}\n";
  peer.send(requests);
  EXPECT_EQ(peer.lines().size(), many) << "none is lost";
  EXPECT_EQ(server->clients(), 1u);
}

TEST_F(ControlSocketTest, TheGatewayMayEndWhileItIsAsked) {
  auto server = open();
  Peer peer(context, path);
  peer.send("{\"request\": \"initiate\", \"peer\": \"peer\"}\n");
  server.reset();
  peer.lines();
  EXPECT_TRUE(peer.closed);
  host.deliver_all();
}

}  // namespace
}  // namespace mpsec::gateway::test
