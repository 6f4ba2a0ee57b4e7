#include "interop/runner/ladder_check.hpp"

#include <fmt/format.h>

namespace mpsec::conformance {
namespace {

using wire::ike::Notify;

// The first error Notify's name; empty if there is none.
std::string error_in(const Message& message) {
  for (const Notify* notify : wire::ike::find_all<Notify>(message.payloads))
    if (wire::ike::is_error(notify->type)) return std::string(wire::ike::name_of(notify->type));
  return {};
}

CheckStep explained(std::string name, std::string found) {
  CheckStep step{std::move(name), false, std::move(found), "", ""};
  const auto because = [&](std::string cause, std::string remedy) {
    step.cause = std::move(cause), step.remedy = std::move(remedy);
  };
  if (step.found == "NO_PROPOSAL_CHOSEN")
    because("the gateway takes none of the algorithms in [proposals]",
            "write there what the gateway is configured with, or look whether it knows the tester's address");
  else if (step.found == "AUTHENTICATION_FAILED")
    because(
        "the gateway does not take our identity or our proof",
        "compare tester.id, gateway.id and the key or certificate with the gateway's configuration and log");
  else if (step.found == "TS_UNACCEPTABLE")
    because("the gateway's policy has no tunnel between tester.net and gateway.net",
            "write there the selectors that the gateway is configured with, from its peer's side");
  else if (step.found == "INVALID_SYNTAX")
    because("the gateway finds our message malformed",
            "look at the capture; this may be a fault of either side");
  return step;
}

// Each step says whether the next can be tried.
class Check {
 public:
  Check(Tester& tester, const std::function<void(const CheckStep&)>& told)
      : t_(tester), told_(told), sa_(tester.begin()) {}

  void run() {
    if (reach() && agree() && authenticate()) ping();
  }
  Duration round_trip{};

 private:
  bool works(std::string name, std::string found) {
    told_({std::move(name), true, std::move(found), "", ""});
    return true;
  }
  bool fails(CheckStep step) {
    told_(step);
    return false;
  }
  std::optional<Message> ask(const Message& request, int patiences) {
    sa_.send(request);
    return t_.response_to(sa_, request, patiences * t_.link().patience());
  }

  bool reach() {
    const Instant sent = t_.now();
    response_ = ask(sa_.init_request(), 3);
    if (!response_)
      return fails(
          {"reach", false,
           fmt::format("no answer to IKE_SA_INIT from {}", to_string(t_.link().paths().front().remote)),
           "no gateway listens at the address, a filter drops the datagrams, or it does not know the "
           "tester",
           "look at [[path]], gateway.ike_port, filters, and the gateway's log"});
    round_trip = t_.now() - sent;
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(round_trip);
    return works("reach", fmt::format("an answer within {} us", took.count()));
  }
  bool agree() {
    for (int i = 0; i < 3 && wire::ike::find<wire::ike::KeyExchange>(response_->payloads) == nullptr; ++i) {
      const std::string error = error_in(*response_);
      if (!error.empty() && error != "INVALID_KE_PAYLOAD") return fails(explained("IKE_SA_INIT", error));
      response_ = ask(sa_.init_request_after(*response_), 1);
      if (!response_)
        return fails(
            explained("IKE_SA_INIT", "no answer to the request that follows a cookie or another group"));
    }
    sa_.agree(*response_);
    return works("IKE_SA_INIT", to_string(sa_.suite()));
  }
  bool authenticate() {
    response_ = ask(sa_.auth_request(), 3);
    if (!response_)
      return fails({"IKE_AUTH", false, "no answer",
                    "large messages are lost on the way, or the gateway drops what it cannot check",
                    "look at the gateway's log; with certificates try the feature 'fragmentation'"});
    const bool proved = wire::ike::find<wire::ike::Authentication>(response_->payloads) != nullptr;
    if (const std::string error = error_in(*response_); !proved && !error.empty())
      return fails(explained("IKE_AUTH", error));
    return works("IKE_AUTH", "the gateway has taken our proof");
  }
  bool ping() {
    EspChild* const child = sa_.take_auth(*response_);
    if (child == nullptr) return fails(explained("Child SA", error_in(*response_)));
    works("Child SA", fmt::format("SPIs {:08x} {:08x}, {}", child->terms().own.value,
                                  child->terms().peer.value, to_string(child->terms().protection)));
    if (!t_.receive_pong(t_.send_ping(*child), 3 * t_.link().patience()))
      return fails({"ping", false, "no answer through the tunnel",
                    "gateway.host does not answer pings, the gateway has no route to it or back, or ESP is "
                    "filtered",
                    "ping gateway.host from the gateway; try gateway.esp = \"udp\" or \"raw\""});
    return works("ping", "there and back");
  }

  Tester& t_;
  const std::function<void(const CheckStep&)>& told_;
  IkeSession& sa_;
  std::optional<Message> response_;
};

}  // namespace

Duration check_target(Target& target, const Tester::Providers& providers,
                      const std::function<void(const CheckStep&)>& told) {
  Duration round_trip{};
  static_cast<void>(target.prepare({}));
  const auto steps = [&](Tester& tester) {
    Check check(tester, told);
    check.run();
    round_trip = check.round_trip;
  };
  const Outcome outcome = run_steps(steps, target, providers, 1);
  if (outcome.verdict != Verdict::pass)
    told({"go on", false, fmt::format("expected {}, found {}", outcome.expected, outcome.actual),
          "the gateway's answer is not what IKEv2 has",
          "this may be a fault of the gateway: look at the answer"});
  return round_trip;
}

}  // namespace mpsec::conformance
