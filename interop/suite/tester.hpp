// The tester of one case: what it sends, what it waits for, and how it judges.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "base/rng.hpp"
#include "crypto/ike_provider.hpp"
#include "interop/suite/case.hpp"
#include "interop/suite/ike_session.hpp"
#include "interop/suite/ping.hpp"
#include "interop/suite/verdict.hpp"

namespace mpsec::conformance {

// One thing that happened, for the ladder and the capture.
struct Step {
  Instant at{};
  enum class Kind : std::uint8_t { sent, received, note } kind = Kind::note;
  std::string text{};               // "IKE_AUTH request 1: IDi, AUTH, SA, TSi, TSr"
  std::string tree{};               // the payload tree of an IKE message
  std::optional<ike::Path> path{};  // of what was sent or received
  bool esp = false;
  Octets octets{};
};

class Tester {
 public:
  struct Providers {
    const crypto::Provider& packets;
    const crypto::IkeProvider& ike;
  };
  Tester(Target& target, const Providers& providers, std::uint64_t seed);
  ~Tester();

  const Description& target() const { return target_.description(); }
  const Providers& providers() const { return providers_; }
  Rng& rng() { return rng_; }
  Link& link() { return target_.link(); }
  Instant now() { return link().now(); }

  // --- judging
  // Until a case has shown that what it builds on works, a failure is none of the rule's: inconclusive.
  // establish(), await_initiation() and await_child() are controls by themselves, and leave it at that.
  template <class Act>
  decltype(auto) control(Act act) {
    const Control guard(*this);
    try {
      return act();
    } catch (Stop& stop) {  // also what a session could not go on with
      if (stop.verdict == Verdict::fail) stop.verdict = Verdict::inconclusive;
      throw;
    }
  }
  [[noreturn]] void fail(std::string expected, std::string actual, Miss miss = Miss::outcome);
  [[noreturn]] void unsupported(std::string why);
  void check(bool holds, std::string_view expected, std::string_view actual) {
    if (!holds) fail(std::string(expected), std::string(actual));
  }
  void note(std::string text);

  // --- IKE SAs, the tester initiating
  // A new one, of which nothing has been sent.
  IkeSession& begin(const Opening& opening = {});
  // The initial exchanges, cookies and other groups followed: a control. With a child unless none was asked
  // for, which is pinged.
  IkeSession& establish(const Opening& opening = {});
  // Only IKE_SA_INIT, keys agreed: a control.
  IkeSession& half_open(const Opening& opening = {});
  // --- the target initiating, by its hook: a control
  IkeSession& await_initiation(const Opening& opening = {});
  // Its IKE_SA_INIT request alone, unanswered.
  IkeSession& await_init_request(const Opening& opening = {});
  // The hooks; fail as inconclusive where one does not work.
  void call(Hook hook, std::uint64_t argument = 0);
  ReplayCounters replay_counters();
  std::vector<AuditEntry> audit();

  // --- waiting. All of them take in what arrives for any SA; what is not waited for stays.
  // A message on this SA that `wanted` accepts; liveness checks of the target are answered meanwhile.
  using Wanted = std::function<bool(const Message&)>;
  std::optional<Message> receive(IkeSession& sa, const Wanted& wanted, Duration within);
  Message expect_response(IkeSession& sa, const Message& request);
  // Nothing: no response.
  std::optional<Message> response_to(IkeSession& sa, const Message& request, Duration within);
  // Sends it, again where no answer comes, and gives the response.
  Message ask(IkeSession& sa, const Message& request);
  // Within request_patience() unless it is said.
  Message expect_request(IkeSession& sa, ExchangeType exchange, Duration within = {});
  // How long a request of the target's may take: it, or our answer to the one before it, may be lost once.
  Duration request_patience() { return link().patience() + target().first_retransmission; }
  // That no message on the SA comes that `unwanted` accepts.
  void expect_silence(IkeSession& sa, const Wanted& unwanted, std::string_view of_what);
  void expect_no_response(IkeSession& sa, const Message& request);
  // A datagram of no SA that the tester knows, whole.
  std::optional<Datagram> receive_unknown(Duration within);
  // Time goes by; what arrives is kept.
  void wait(Duration duration);
  // Liveness checks of the target are answered by themselves, unless a case asks for them.
  bool answers_liveness = true;
  // Likewise requests that come again after they were answered by IkeSession::send(), octet for octet: the
  // answer may have been lost, or come too soon for the target. A case that counts them takes them itself.
  bool answers_repeats = true;

  // --- judging what came
  void expect_notify(const Message& message, NotifyType type);
  void expect_no_error(const Message& message);
  // The IKE SA answers a liveness check: what follows every negative case.
  void expect_alive(IkeSession& sa);
  void expect_dead(IkeSession& sa);  // its requests are not answered, or with INVALID_IKE_SPI
  // A new handshake works: the target as a whole is alive.
  void expect_target_alive();

  // --- ESP
  Octets ping_packet(std::uint32_t mark) const;
  std::uint32_t fresh_mark() { return ++last_mark_; }
  // Sends a ping under that number, or the child's next.
  std::uint32_t send_ping(EspChild& child, std::optional<std::uint64_t> number = std::nullopt);
  void send(const EspPacket& packet);
  // The answer to the ping with that mark arrives on any of the children; the packet that it came in.
  struct Pong {
    EspChild* child;
    OpenedEsp opened;
    EspPacket packet;  // that it came in
  };
  std::optional<Pong> receive_pong(std::uint32_t mark, Duration within);
  Pong expect_pong(std::uint32_t mark);
  void expect_no_pong(std::uint32_t mark, std::string_view what);
  // There and back: a working child.
  Pong ping(EspChild& child);
  void ping_control(EspChild& child) {
    control([&] { static_cast<void>(ping(child)); });
  }
  // ESP from the target on a child of ours, answers to pings too, in the order in which it came.
  std::optional<Pong> receive_esp(Duration within);
  // What could not be opened under any child, since the case began.
  const std::vector<EspPacket>& unopened() const { return unopened_; }
  // Inner packets that came in clear.
  const std::vector<Octets>& clear() const { return clear_; }

  // Deletes what the case has made, as far as the target still answers. Judges nothing.
  void clean_up();

  // --- clear text
  // Unsupported where the link cannot tell.
  void needs_clear();
  void send_clear(Octets packet);
  // That no packet has left the target in the clear since the case began, and none does now.
  void expect_no_clear(std::string_view when);
  // When NAT-keepalives have arrived.
  const std::vector<Instant>& keepalives() const { return keepalives_; }

  // --- evidence
  const std::vector<Step>& steps() const { return steps_; }
  const std::deque<std::unique_ptr<IkeSession>>& sessions() const { return sessions_; }
  void record(const Message& message, const ike::Path& path, bool sent, OctetView octets);
  IkeSession& adopt(std::unique_ptr<IkeSession> session);

 private:
  class Control {
   public:
    explicit Control(Tester& tester) : tester_(tester) { ++tester_.controls_; }
    ~Control() { --tester_.controls_; }

   private:
    Tester& tester_;
  };
  // Takes in one arrival; false: it is `until`.
  bool take_in(Instant until);
  void take_datagram(const Datagram& datagram);
  void take_esp(const EspPacket& packet);
  void take_clear(const ClearPacket& packet);
  void answer_liveness(IkeSession& sa, const Message& request);

  Target& target_;
  Providers providers_;
  SeededRng rng_;
  int controls_ = 0;
  std::deque<std::unique_ptr<IkeSession>> sessions_;
  std::deque<Datagram> unknown_;
  std::deque<Pong> esp_;
  std::vector<EspPacket> unopened_;
  std::vector<Octets> clear_;
  std::vector<Instant> keepalives_;
  std::vector<Step> steps_;
  std::uint32_t last_mark_ = 0;
};

}  // namespace mpsec::conformance
