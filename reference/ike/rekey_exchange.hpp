// CREATE_CHILD_SA exchanges that replace the IKE SA (RFC 7296 1.3.2, 2.8.2, 2.18).
#pragma once

#include <memory>
#include <optional>

#include "crypto/key_exchange.hpp"
#include "ike/exchange.hpp"
#include "ike/refusal.hpp"
#include "ike/types.hpp"
#include "wire/ike/security_association.hpp"

namespace mpsec::ike {

class RekeyIkeSa final : public Exchange {
 public:
  // `group`: of the KE payload; none: that of the old IKE SA.
  explicit RekeyIkeSa(std::optional<crypto::KeyExchangeId> group = {}) : group_(group) {}
  wire::ike::ExchangeType type() const override { return wire::ike::ExchangeType::create_child_sa; }
  bool alone() const override { return true; }
  std::optional<wire::ike::Payloads> request(IkeSa& sa, Turn& turn) override;
  void answered(IkeSa& sa, const wire::ike::Payloads& reply, Turn& turn) override;

 private:
  void refused(IkeSa& sa, const wire::ike::Notify& why, Turn& turn);
  Result<IkeSa*> make_successor(IkeSa& sa, const wire::ike::Payloads& reply, Turn& turn);
  Result<> prepare(IkeSa& sa, Turn& turn);

  std::optional<crypto::KeyExchangeId> group_;
  IkeSpi spi_;
  Octets nonce_;
  wire::ike::SecurityAssociation offered_;
  std::unique_ptr<crypto::KeyExchange> key_exchange_;
};

// What the peer's request to rekey the IKE SA is answered with.
wire::ike::Payloads answer_ike_rekey(IkeSa& sa, const wire::ike::Payloads& request, Turn& turn);

}  // namespace mpsec::ike
