// From an error to what the peer is told of it: the one place where that is decided (RFC 7296 2.21, 3.10.1).
#pragma once

#include <expected>

#include "base/error.hpp"
#include "crypto/key_exchange.hpp"
#include "wire/ike/message.hpp"

namespace mpsec::ike {

// Why a request is not granted: what the log says, and what the peer is told.
struct Refusal {
  wire::ike::NotifyType notify = wire::ike::NotifyType::invalid_syntax;
  Error error;
  Octets data{};  // of the Notify
  wire::ike::ProtocolId protocol = wire::ike::ProtocolId::none;
  Octets spi{};

  wire::ike::Notify to_notify() const { return make_notify(notify, data, protocol, spi); }
};

template <class T>
using Granted = std::expected<T, Refusal>;

// By whose fault: malformed and misbehaviour is INVALID_SYNTAX, no common ground NO_PROPOSAL_CHOSEN, and what
// is wrong with us a TEMPORARY_FAILURE.
Refusal refusal_of(Error error);
//= rfc7296/1.2/invalid-ke-payload-names-the-group
// INVALID_KE_PAYLOAD: the KE payload is to be of this group.
Refusal other_group(crypto::KeyExchangeId wanted);

}  // namespace mpsec::ike
