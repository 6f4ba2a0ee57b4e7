// An exchange that we begin on an established IKE SA: what to ask, and what its answer changes.
#pragma once

#include <optional>
#include <string_view>

#include "ike/turn.hpp"
#include "wire/ike/message.hpp"

namespace mpsec::ike {

class IkeSa;

class Exchange {
 public:
  virtual ~Exchange() = default;

  virtual wire::ike::ExchangeType type() const { return wire::ike::ExchangeType::informational; }
  // Waits until no other request of ours is on its way, and lets none follow until it is answered.
  virtual bool alone() const { return false; }
  // Works on Child SAs: such an exchange is refused to a peer that rekeys the IKE SA (RFC 7296 2.25.1).
  virtual bool on_children() const { return false; }
  // The request; nothing if there is nothing left to ask for.
  virtual std::optional<wire::ike::Payloads> request(IkeSa& sa, Turn& turn) = 0;
  virtual void answered(IkeSa& sa, const wire::ike::Payloads& reply, Turn& turn) = 0;
};

}  // namespace mpsec::ike
