// What the soaks have in common: how often they run, what they do to an engine, and who sees that no number
// serves twice.
#pragma once

#include <cstdlib>
#include <set>
#include <string>
#include <tuple>

#include "ike/engine.hpp"
#include "wire/ike/message.hpp"

namespace mpsec::ike::test {

// As many as MPSEC_SOAK_SEEDS says, or else so few that nobody waits.
inline std::uint64_t soak_seeds() {
  const char* asked = std::getenv("MPSEC_SOAK_SEEDS");
  return asked == nullptr ? 200 : std::strtoull(asked, nullptr, 10);
}

// Sees every message before it is sealed: no nonce and no message ID may serve twice.
class Witness : public MessageTap {
 public:
  void outgoing(wire::ike::Message& message) override {
    const auto& header = message.header;
    // What has no IKE SA, or has one only in a moment, is answered with the numbers it came with.
    if (wire::ike::find_notify(message.payloads, wire::ike::NotifyType::invalid_ike_spi) != nullptr) return;
    const auto key = std::tuple(header.initiator_spi, header.responder_spi, header.initiator, header.response,
                                header.message_id);
    const bool may_repeat =
        header.exchange_type == wire::ike::ExchangeType::ike_sa_init;  // with a cookie, say
    if (!numbers_.insert(key).second && !may_repeat)
      repeated = "message ID " + std::to_string(header.message_id.value);
    const auto* nonce = wire::ike::find<wire::ike::Nonce>(message.payloads);
    if (nonce == nullptr || may_repeat) return;
    if (!nonces_.insert({nonce->data.begin(), nonce->data.end()}).second) repeated = "a nonce";
  }
  void incoming(wire::ike::Message&) override {}
  std::string repeated;

 private:
  std::set<std::tuple<IkeSpi, IkeSpi, bool, bool, MessageId>> numbers_;
  std::set<std::string> nonces_;
};

// One of the commands about one of the engine's SAs, which may well refuse it; no SA, no command.
inline Result<> act_at_random(Engine& engine, Rng& rng, Instant now, Actions& actions) {
  const auto all = engine.status();
  if (all.empty()) return {};
  const IkeStatus& sa = all[rng.below(all.size())];
  const std::uint64_t what = rng.below(10);
  if (what < 3 && !sa.children.empty())
    return engine.rekey_child(sa.children[rng.below(sa.children.size())].id, now, actions);
  if (what < 6) return engine.rekey_ike(sa.id, now, actions);
  if (what < 8 && !sa.children.empty())
    return engine.delete_child(sa.children[rng.below(sa.children.size())].id, now, actions);
  if (what == 8) return engine.check_liveness(sa.id, now, actions);
  return engine.create_child(sa.id, "net", now, actions);
}

}  // namespace mpsec::ike::test
