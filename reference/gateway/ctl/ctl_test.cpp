#include "gateway/ctl/ctl.hpp"

#include <asio/buffer.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/post.hpp>
#include <asio/read_until.hpp>
#include <asio/streambuf.hpp>
#include <asio/write.hpp>
#include <atomic>
#include <filesystem>
#include <gmock/gmock.h>
#include <thread>

#include "gateway/control/control_socket.hpp"
#include "gateway/control/test_host.hpp"

namespace mpsec::gateway::ctl {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// What one run of the program has said.
struct Said {
  int code;
  std::string out, err;
};

std::string text_of(std::FILE* file) {
  std::string text(static_cast<std::size_t>(std::ftell(file)), '\0');
  std::rewind(file);
  text.resize(std::fread(text.data(), 1, text.size(), file));
  std::fclose(file);
  return text;
}

Said ask(const std::string& socket, Json request, bool raw = false) {
  std::FILE* const out = std::tmpfile();
  std::FILE* const err = std::tmpfile();
  const int code = run({.socket = socket, .request = std::move(request), .raw = raw}, out, err);
  return {code, text_of(out), text_of(err)};
}

// Everything that a command causes has happened when it is answered.
class PromptHost final : public test::TestHost {
 public:
  using TestHost::TestHost;
  std::function<void()> on_stop = [] {};
  std::atomic<int> handled = 0;  // requests
  void take_output() override {
    TestHost::take_output();
    deliver_all();
    ++handled;
    handled.notify_all();
  }
  void stop() override { on_stop(); }
};

// A gateway in memory that listens, in a thread of its own.
class CtlTest : public testing::Test {
 protected:
  CtlTest() {
    std::string name = testing::TempDir() + "ctl-XXXXXX";
    folder = ::mkdtemp(name.data());
    socket = (folder / "c.sock").string();
    control = ControlSocket::open(context, socket, host.requests).value();
    // The thread that serves is the only one that touches the gateway.
    host.on_stop = [this] { asio::post(context, [this] { control.reset(); }); };
    server = std::thread([this] { context.run(); });
  }
  ~CtlTest() override {
    asio::post(context, [this] { control.reset(), work.reset(); });
    server.join();
    std::filesystem::remove_all(folder);
  }

  std::filesystem::path folder;
  std::string socket;
  PromptHost host;
  asio::io_context context;
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
  std::unique_ptr<ControlSocket> control;
  std::thread server;
};

TEST_F(CtlTest, AsksAndPrintsTheAnswer) {
  const Said begun = ask(socket, {{"request", "initiate"}, {"peer", "peer"}});
  EXPECT_EQ(begun.code, exit_done) << begun.err;
  EXPECT_EQ(begun.out, "IKE SA 1 is established with child 1\n");
  const Said status = ask(socket, {{"request", "status"}});
  EXPECT_THAT(status.out, HasSubstr("established  initiator  192.0.2.1:500  192.0.2.2:500"));
  EXPECT_THAT(status.out, HasSubstr("installed  esp       tunnel"));
  const Said raw = ask(socket, {{"request", "rekey_ike"}, {"peer", "peer"}}, true);
  EXPECT_EQ(raw.out, "{\"request\":\"rekey_ike\",\"ok\":true,\"ike_sa\":2}\n");
}

TEST_F(CtlTest, ARefusalIsOneLineAndCodeOne) {
  const Said said = ask(socket, {{"request", "initiate"}, {"peer", "nobody"}});
  EXPECT_EQ(said.code, exit_refused);
  EXPECT_EQ(said.out, "");
  EXPECT_EQ(said.err, "mpsec-ctl: initiate: request/peer: there is no peer 'nobody'; there is 'peer'\n");
  const Said raw = ask(socket, {{"request", "initiate"}, {"peer", "nobody"}}, true);
  EXPECT_EQ(raw.code, exit_refused);
  EXPECT_THAT(raw.out, StartsWith("{\"request\":\"initiate\",\"ok\":false,"));
  EXPECT_EQ(raw.err, "");
}

TEST_F(CtlTest, WithoutAGatewayIsCodeTwo) {
  const std::string missing = (folder / "no.sock").string();
  const Said said = ask(missing, {{"request", "status"}});
  EXPECT_EQ(said.code, exit_unasked);
  EXPECT_EQ(said.err,
            "mpsec-ctl: " + missing +
                ": no gateway listens there: start it with 'mpsec-gateway run FILE', and give the socket "
                "that its file names as gateway.control\n");
  EXPECT_EQ(ask(std::string(200, 'x'), {{"request", "status"}}).code, exit_unasked);
  EXPECT_EQ(ask(folder.string(), {{"request", "status"}}).code, exit_unasked);
}

TEST_F(CtlTest, StopReturnsWhenTheGatewayHasGone) {
  const Said said = ask(socket, {{"request", "stop"}});
  EXPECT_EQ(said.code, exit_done) << said.err;
  EXPECT_EQ(said.out, "stopping\n");
  EXPECT_FALSE(std::filesystem::exists(socket));
}

TEST_F(CtlTest, WatchEndsWithTheGateway) {
  Said watched{};
  std::thread watcher([&] { watched = ask(socket, {{"request", "watch"}}); });
  // The event that somebody causes when the watcher is there.
  const Json asking = {{"request", "initiate"}, {"peer", "peer"}};
  host.handled.wait(0);
  EXPECT_EQ(ask(socket, asking).code, exit_done);
  EXPECT_EQ(ask(socket, {{"request", "stop"}}).code, exit_done);
  watcher.join();
  EXPECT_EQ(watched.code, exit_done) << watched.err;
  EXPECT_THAT(watched.out, HasSubstr("ike_state_changed ike_sa=1"));
}

// What listens is no gateway.
class Impostor {
 public:
  Impostor(const std::string& path, std::string says) : acceptor_(context_, Protocol::endpoint(path)) {
    thread_ = std::thread([this, says = std::move(says)] {
      Protocol::socket socket = acceptor_.accept();
      asio::streambuf request;
      asio::error_code ignored;
      asio::read_until(socket, request, '\n', ignored);
      asio::write(socket, asio::buffer(says), ignored);
    });
  }
  ~Impostor() { thread_.join(); }

 private:
  using Protocol = asio::local::stream_protocol;
  asio::io_context context_;
  Protocol::acceptor acceptor_;
  std::thread thread_;
};

TEST_F(CtlTest, AnAnswerThatIsNoneIsSaidToBeNone) {
  const std::string path = (folder / "other.sock").string();
  {
    const Impostor other(path, "220 mail\r\n");
    EXPECT_EQ(ask(path, {{"request", "status"}}).err,
              "mpsec-ctl: " + path + ": what listens there answers no JSON: it is no mpsec-gateway\n");
  }
  std::filesystem::remove(path);
  const Impostor silent(path, "");
  const Said said = ask(path, {{"request", "status"}});
  EXPECT_EQ(said.code, exit_refused);
  EXPECT_THAT(said.err, HasSubstr("closed the connection before it had answered"));
}

}  // namespace
}  // namespace mpsec::gateway::ctl
