// Which messages are bent.
#include "interop/defects/bends.hpp"

namespace mpsec::conformance {

using namespace wire::ike;

bool is_request(const Message& message, ExchangeType exchange) {
  return !message.header.response && message.header.exchange_type == exchange;
}
bool is_response(const Message& message, ExchangeType exchange) {
  return message.header.response && message.header.exchange_type == exchange;
}

Bent in_requests(ExchangeType exchange, std::function<void(Message&)> bend) {
  return outgoing([=, bend = std::move(bend)](Message& message) {
    if (!is_request(message, exchange)) return;
    bend(message);
    static_cast<void>(complete(message));
  });
}

bool founds_or_joins(const Message& message, bool founds) {
  const Notify* notify = find_notify(message.payloads, NotifyType::sa_cluster_join);
  const auto join = notify == nullptr ? Result<SaClusterJoin>{} : data_of<SaClusterJoin>(*notify);
  return notify != nullptr && join && join->founds == founds;
}

}  // namespace mpsec::conformance
