#include "gateway/ctl/ctl.hpp"

#include <fmt/format.h>

#include "gateway/ctl/connection.hpp"

namespace mpsec::gateway::ctl {
namespace {

constexpr Duration grace = std::chrono::seconds(10);

class Run {
 public:
  Run(const Call& call, Connection connection, std::FILE* out, std::FILE* err)
      : call_(call),
        request_(call.request.value("request", std::string())),
        connection_(std::move(connection)),
        out_(out),
        err_(err) {}

  int whole() {
    if (auto sent = connection_.send(call_.request.dump()); !sent) return fail(to_string(sent.error()));
    const auto reply = next(call_.timeout + grace);
    if (!reply) return exit_refused;
    const bool good = reply->value("ok", false);
    if (call_.raw)
      say(reply->dump() + "\n");
    else if (!good)
      return fail(fmt::format("{}{}{}", request_, request_.empty() ? "" : ": ", human_error(*reply)));
    else if (request_ != "watch")
      say(human_reply(*reply));
    if (!good) return exit_refused;
    if (request_ == "watch") return watch();
    if (request_ == "stop") return wait_for_end();
    return exit_done;
  }

 private:
  // The next line. Nothing: why was said, or the gateway has gone as it was to.
  std::optional<Json> next(std::optional<Duration> patience, bool may_end = false) {
    const auto line = connection_.receive(patience);
    if (!line) return static_cast<void>(fail(to_string(line.error()))), std::nullopt;
    if (!*line) {
      if (!may_end)
        fail(fmt::format(
            "{}: the gateway closed the connection before it had answered; its journal may say why",
            call_.socket));
      return std::nullopt;
    }
    Json parsed = Json::parse(**line, nullptr, false);
    if (parsed.is_object()) return parsed;
    fail(fmt::format("{}: what listens there answers no JSON: it is no mpsec-gateway", call_.socket));
    return std::nullopt;
  }

  int watch() {
    while (const auto event = next(std::nullopt, true)) {
      if (event->contains("ok")) return fail(human_error(*event));
      say(call_.raw ? event->dump() + "\n" : human_event(*event));
    }
    return exit_done;
  }

  int wait_for_end() {
    while (next(grace, true)) {
    }
    return exit_done;
  }

  void say(const std::string& text) {
    fmt::print(out_, "{}", text);
    std::fflush(out_);
  }
  int fail(const std::string& why) {
    fmt::print(err_, "mpsec-ctl: {}\n", why);
    return exit_refused;
  }

  const Call& call_;
  std::string request_;
  Connection connection_;
  std::FILE* out_;
  std::FILE* err_;
};

}  // namespace

int run(const Call& call, std::FILE* out, std::FILE* err) {
  auto connection = Connection::open(call.socket);
  if (!connection) {
    fmt::print(err, "mpsec-ctl: {}\n", to_string(connection.error()));
    return exit_unasked;
  }
  return Run(call, *std::move(connection), out, err).whole();
}

}  // namespace mpsec::gateway::ctl
