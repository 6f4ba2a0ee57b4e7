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

}  // namespace

Duration check_target(Target& target, const Tester::Providers& providers,
                      const std::function<void(const CheckStep&)>& told) {
  Duration round_trip{};
  static const std::function<void(const CheckStep&)>* tell = nullptr;
  static Duration* took = nullptr;
  tell = &told, took = &round_trip;
  // A case like others, which tells of each step instead of judging one rule.
  static const Case steps{
      .id = "check", .rules = {}, .does = "", .lawful = "", .run = [](Tester& t) {
        const auto fine = [&](std::string name, std::string found) {
          (*tell)({std::move(name), true, std::move(found), "", ""});
        };
        IkeSession& sa = t.begin();
        Message request = sa.init_request();
        const Instant sent = t.now();
        sa.send(request);
        auto response = t.response_to(sa, request, 3 * t.link().patience());
        if (!response)
          return (*tell)({"reach", false, "no answer to IKE_SA_INIT",
                          "no gateway listens at the address, a filter drops the datagrams, or it does not "
                          "know the tester",
                          "look at [[path]], gateway.ike_port, filters, and the gateway's log"});
        *took = t.now() - sent;
        fine("reach", fmt::format("an answer within {} us",
                                  std::chrono::duration_cast<std::chrono::microseconds>(*took).count()));
        for (int i = 0; i < 3 && wire::ike::find<wire::ike::KeyExchange>(response->payloads) == nullptr;
             ++i) {
          const std::string error = error_in(*response);
          if (!error.empty() && error != "INVALID_KE_PAYLOAD")
            return (*tell)(explained("IKE_SA_INIT", error));
          request = sa.init_request_after(*response);
          sa.send(request);
          response = t.response_to(sa, request, t.link().patience());
          if (!response)
            return (*tell)(
                explained("IKE_SA_INIT", "no answer to the request that follows a cookie or another group"));
        }
        sa.agree(*response);
        fine("IKE_SA_INIT", to_string(sa.suite()));
        request = sa.auth_request();
        sa.send(request);
        response = t.response_to(sa, request, 3 * t.link().patience());
        if (!response)
          return (*tell)({"IKE_AUTH", false, "no answer",
                          "large messages are lost on the way, or the gateway drops what it cannot check",
                          "look at the gateway's log; with certificates try the feature 'fragmentation'"});
        const bool proved = wire::ike::find<wire::ike::Authentication>(response->payloads) != nullptr;
        if (const std::string error = error_in(*response); !proved && !error.empty())
          return (*tell)(explained("IKE_AUTH", error));
        fine("IKE_AUTH", "the gateway has taken our proof");
        EspChild* const child = sa.take_auth(*response);
        if (child == nullptr) return (*tell)(explained("Child SA", error_in(*response)));
        fine("Child SA", fmt::format("SPIs {:08x} {:08x}, {}", child->terms().own.value,
                                     child->terms().peer.value, to_string(child->terms().protection)));
        const std::uint32_t mark = t.send_ping(*child);
        if (!t.receive_pong(mark, 3 * t.link().patience()))
          return (*tell)({"ping", false, "no answer through the tunnel",
                          "gateway.host does not answer pings, the gateway has no route to it or back, or "
                          "ESP is filtered",
                          "ping gateway.host from the gateway; try gateway.esp = \"udp\" or \"raw\""});
        fine("ping", "there and back");
      }};
  const Outcome outcome = run_case(steps, target, providers, 1);
  if (outcome.verdict != Verdict::pass)
    told({"go on", false, fmt::format("expected {}, found {}", outcome.expected, outcome.actual),
          "the gateway's answer is not what IKEv2 has",
          "this may be a fault of the gateway: look at the answer"});
  return round_trip;
}

}  // namespace mpsec::conformance
