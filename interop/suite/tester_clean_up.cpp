// How the tester leaves a target that remembers: with nothing of the case, half-open IKE SAs neither. Those
// would make the target ask for cookies, or drop what comes next (RFC 7296 2.6).
#include <optional>
#include <utility>
#include <vector>

#include "ike/initial_payloads.hpp"
#include "interop/suite/tester.hpp"
#include "wire/ike/notify_data.hpp"

namespace mpsec::conformance {

using namespace wire::ike;

namespace {

bool last_was(OctetView message, ExchangeType exchange) {
  const auto header = decode_header(message);
  return header && header->exchange_type == exchange;
}

Payloads refusal(NotifyType why) {
  return {make_payload(wire::ike::make_notify(why, {}))};
}

// Nothing lawful comes of it, whatever the target takes it for (RFC 7296 2.21.2).
Payloads wrong_proof(const Description& target) {
  return {ike::identity_payload(ike::Role::initiator, target.tester_id),
          make_payload(Authentication{.method = AuthenticationMethod::shared_key_message_integrity_code,
                                      .data = Octets(32)})};
}

// What ends the SA at the target. Nothing: the tester cannot say anything that would be believed.
std::optional<Message> farewell(const Description& target, IkeSession& sa) {
  const bool half_open = last_was(sa.last_sent, ExchangeType::ike_sa_init);
  if (sa.role() == ike::Role::responder) {
    if (sa.last_sent.empty()) {
      const auto asked = decode_message(sa.last_received);
      if (!asked) return std::nullopt;
      return sa.response(*asked, refusal(NotifyType::no_proposal_chosen));
    }
    if (half_open && sa.has_keys()) {
      Message answer = sa.request(ExchangeType::ike_auth, refusal(NotifyType::authentication_failed));
      answer.header.response = true;
      answer.header.message_id = MessageId(1);
      return answer;
    }
  }
  if (half_open && !sa.has_keys()) {
    const auto answer = decode_message(sa.last_received);
    if (!answer || find<KeyExchange>(answer->payloads) == nullptr) return std::nullopt;
    sa.agree(*answer);
  }
  if (!sa.has_keys()) return std::nullopt;
  if (half_open) return sa.request(ExchangeType::ike_auth, wrong_proof(target));
  return sa.informational({make_payload(Delete{.protocol = ProtocolId::ike})});
}

}  // namespace

void Tester::clean_up() {
  note("what the case has made is taken away");
  std::vector<std::pair<IkeSession*, Message>> asked;
  for (const auto& sa : sessions_) {
    try {
      const auto message = farewell(target(), *sa);
      if (!message) continue;
      sa->send(*message);
      if (!message->header.response) asked.emplace_back(sa.get(), *message);
    } catch (const Stop&) {
      // Of an SA that a case has bent beyond use.
    }
  }
  const Instant until = now() + link().silence();
  for (const auto& [sa, request] : asked) {
    if (now() >= until) return;
    static_cast<void>(response_to(*sa, request, until - now()));
  }
}

}  // namespace mpsec::conformance
