// Against RFC 7296 2.1 and 2.4: what is sent again, when, and when no more.
#include <set>

#include "interop/defects/bends.hpp"

namespace mpsec::conformance {

using namespace wire::ike;
using namespace std::chrono_literals;

namespace {

Bent sends_once(ExchangeType exchange) {
  const auto seen = std::make_shared<std::set<Octets>>();
  return datagrams({}, [=](Datagram one) {
    const bool marker = one.octets.size() > 4 && load_be<std::uint32_t>(one.octets.data()) == 0;
    const auto header = decode_header(OctetView(one.octets).subspan(marker ? 4 : 0));
    std::vector<Datagram> on;
    if (!header || header->response || header->exchange_type != exchange || seen->insert(one.octets).second)
      on.push_back(std::move(one));
    return on;
  });
}

class Waits final : public ike::RetransmissionPolicy {
 public:
  explicit Waits(std::function<std::optional<Duration>(unsigned)> of) : of_(std::move(of)) {}
  std::optional<Duration> wait(unsigned attempt, Rng&) const override { return of_(attempt); }

 private:
  std::function<std::optional<Duration>(unsigned)> of_;
};

Bent waits(std::function<std::optional<Duration>(unsigned)> of) {
  const auto policy = std::make_shared<Waits>(std::move(of));
  Bent bent;
  bent.seams.retransmission = policy.get();
  bent.state = policy;
  return bent;
}

bool asks_for_new_child(const Message& message) {
  const auto* sa = find<SecurityAssociation>(message.payloads);
  return !message.header.response && message.header.exchange_type == ExchangeType::create_child_sa &&
         sa != nullptr && sa->proposals.front().protocol == ProtocolId::esp &&
         find_notify(message.payloads, NotifyType::rekey_sa) == nullptr;
}

}  // namespace

MPSEC_DEFECT(
        .id = "sends-ike-sa-init-once", .rule = "rfc7296/2.1/initiator-retransmits",
        .does = "Does not send its IKE_SA_INIT request again.",
        .make = [] { return sends_once(ExchangeType::ike_sa_init); });
MPSEC_DEFECT(
        .id = "sends-ike-auth-once", .rule = "rfc7296/2.1/initiator-retransmits",
        .does = "Does not send its IKE_AUTH request again.",
        .make = [] { return sends_once(ExchangeType::ike_auth); });
MPSEC_DEFECT(
        .id = "sends-create-child-sa-once", .rule = "rfc7296/2.1/initiator-retransmits",
        .does = "Does not send a CREATE_CHILD_SA request again.",
        .make = [] { return sends_once(ExchangeType::create_child_sa); });
MPSEC_DEFECT(
        .id = "sends-informational-once", .rule = "rfc7296/2.1/initiator-retransmits",
        .does = "Does not send an INFORMATIONAL request again.",
        .make = [] { return sends_once(ExchangeType::informational); });

MPSEC_DEFECT(
        .id = "makes-requests-anew-to-send-them-again", .rule = "rfc7296/2.1/same-octets-on-retransmission",
        .does = "Protects a request anew when it sends it again.", .make = [] {
          const auto seen = std::make_shared<std::set<std::pair<IkeSpi, std::uint32_t>>>();
          return at_socket({}, [=](Message message) {
            const std::pair key{message.header.initiator_spi, message.header.message_id.value};
            if (!message.header.response && message.header.exchange_type != ExchangeType::ike_sa_init &&
                !seen->insert(key).second)
              message.header.reserved_low ^= 1;
            return std::vector{message};
          });
        });

MPSEC_DEFECT(
        .id = "sends-requests-for-children-twice", .rule = "rfc7296/2.1/request-is-kept-until-its-response",
        .does = "Sends a request for a new child again though it is answered.", .make = [] {
          return at_socket({}, [](Message message) {
            return std::vector<Message>(asks_for_new_child(message) ? 2 : 1, message);
          });
        });

MPSEC_DEFECT(
        .id = "waits-the-same-between-sendings",
        .rule = "rfc7296/2.4/retransmission-times-grow-exponentially",
        .does = "Sends a request again every second.", .make = [] {
          return waits(
              [](unsigned attempt) { return attempt < 60 ? std::optional<Duration>(1s) : std::nullopt; });
        });

MPSEC_DEFECT(
        .id = "gives-a-peer-up-after-two-sendings",
        .rule = "rfc7296/2.4/unanswered-tries-prove-the-peer-dead",
        .does = "Sends a request twice and then gives the peer up.", .make = [] {
          return waits(
              [](unsigned attempt) { return attempt < 2 ? std::optional<Duration>(1s) : std::nullopt; });
        });

MPSEC_DEFECT(
        .id = "never-gives-a-peer-up", .rule = "rfc7296/2.4/a-dozen-tries-over-minutes",
        .does = "Sends a request for ever.", .make = [] {
          return waits([](unsigned attempt) {
            return std::optional<Duration>(attempt < 6 ? Duration(1s) * (1u << attempt) : Duration(60s));
          });
        });

MPSEC_DEFECT(
        .id = "asks-for-no-sign-of-life", .rule = "rfc7296/2.4/liveness-is-an-empty-informational",
        .does = "Never asks a silent peer for a sign of life.", .make = [] {
          return settings([](gateway::Settings& all) { all.ike.peers[0].liveness_after = Duration::zero(); });
        });

MPSEC_DEFECT(
        .id = "believes-unprotected-answers",
        .rule = "rfc7296/2.4/unprotected-message-does-not-prove-the-peer-dead",
        .does = "Takes an unprotected answer for one of its peer's.", .make = [] {
          return at_socket(
              [](Message message) {
                // Changed, it is protected anew, as if it had been so when it came.
                if (message.header.response && find_notify(message.payloads, NotifyType::invalid_ike_spi))
                  message.header.higher_version = true;
                return std::vector{message};
              },
              {});
        });

}  // namespace mpsec::conformance
