// What a running gateway can be asked: one JSON object a line in, one or more JSON lines out
// (docs/gateway.md, "Control"). Opens no socket.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/control/line_limit.hpp"
#include "gateway/control/members.hpp"
#include "gateway/core/core.hpp"

namespace mpsec::gateway {

class Wait;

// What the requests need of the program.
class Host {
 public:
  virtual ~Host() = default;
  virtual Core& core() = 0;
  virtual Instant now() const = 0;
  // What a command causes goes there.
  virtual Output& output() = 0;
  // Called after each command: sends what is in output(), tells on_report() of its reports, and looks at the
  // next deadlines again. Not called from on_report() or on_time().
  virtual void take_output() = 0;
  // Reads the settings anew. Fails with all that is wrong in them; nothing is changed then.
  virtual Result<> reload() = 0;
  // Begins to stop; may return before it has ended.
  virtual void stop() = 0;
  // Numbers, by what they count; objects may group them.
  virtual Json io_counters() const = 0;
};

// Who asks. Lines come without their end. Either may make it leave by Requests::forget(), and go later.
class Client {
 public:
  virtual ~Client() = default;
  // The answer to a request.
  virtual void reply(std::string line) = 0;
  // What it did not ask for just now: an event that is watched. May be dropped where it reads too slowly.
  virtual void event(std::string line) = 0;
};

class Requests {
 public:
  static constexpr std::size_t longest_line = std::size_t{64} * 1024;

  // Whose replies are to come, of all clients.
  static constexpr std::size_t most_waiting = 4096;

  // The host outlives it. `calendar`: what it said at Instant{}, for lines of events.
  explicit Requests(Host& host, std::optional<crypto::CalendarSeconds> calendar = std::nullopt);
  ~Requests();

  // Answers at once, or later where the request waits for something. Whatever the octets are, each line gets
  // exactly one reply; that of `watch` comes before the events.
  void handle(std::string_view line, Client& client);
  // It has gone: what it waits for is forgotten.
  void forget(const Client& client);

  // Replies or events are to come.
  bool expects_more(const Client& client) const;

  // To be told of every report, in order.
  void on_report(const Report& report);
  // Requests that have waited for too long are answered.
  void on_time(Instant now);
  std::optional<Instant> next_deadline() const;

 private:
  struct Waiting {
    Client* client;
    Json head;  // of the reply
    std::unique_ptr<Wait> wait;
    Instant until;
    Duration limit;
  };
  struct Call;
  struct Command;
  // The reply's members; nothing: it comes later.
  using Answer = Result<std::optional<Json>>;
  static const std::vector<Command>& commands();

  Answer answer(Call& call);
  Answer run(const Command& command, Call& call);
  Answer wait_or(Call& call, std::unique_ptr<Wait> wait, Json at_once);

  Answer initiate(Call& call);
  Answer create_child(Call& call);
  Answer rekey_ike(Call& call);
  Answer rekey_child(Call& call);
  Answer terminate(Call& call);
  Answer terminate_all_of(Call& call, const std::vector<ike::IkeSaId>& sas);
  Answer status(Call& call);
  Answer counters(Call& call);
  Answer metrics(Call& call);
  Answer watch(Call& call);
  Answer reload(Call& call);
  Answer stop(Call& call);
  Answer version(Call& call);
  Answer not_yet(Call& call);

  static void reply(Client& client, Json head, const Result<Json>& outcome);
  void tell_watchers(const Report& report);

  template <class Outcome>
  void answer_waiting(Outcome outcome_of);

  Host& host_;
  std::optional<crypto::CalendarSeconds> calendar_;
  std::vector<Waiting> waiting_;
  std::vector<Client*> watchers_;
  LineLimit limit_;
};

}  // namespace mpsec::gateway
