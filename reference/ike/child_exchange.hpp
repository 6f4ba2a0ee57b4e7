// CREATE_CHILD_SA exchanges that make a Child SA, a new one or one in the place of another (RFC
// 7296 1.3.1, 1.3.3).
#pragma once

#include <optional>

#include "ike/child_negotiation.hpp"
#include "ike/exchange.hpp"

namespace mpsec::ike {

class CreateChild final : public Exchange {
 public:
  // `group`: of the KE payload; none: the one we want most.
  explicit CreateChild(ChildWish wish, std::optional<crypto::KeyExchangeId> group = {})
      : wish_(std::move(wish)), group_(group) {}
  explicit CreateChild(const ChildConfiguration& configuration)
      : CreateChild(ChildWish{.configuration = &configuration}) {}
  wire::ike::ExchangeType type() const override { return wire::ike::ExchangeType::create_child_sa; }
  bool on_children() const override { return true; }
  std::optional<wire::ike::Payloads> request(IkeSa& sa, Turn& turn) override;
  void answered(IkeSa& sa, const wire::ike::Payloads& reply, Turn& turn) override;

 private:
  void refused(IkeSa& sa, const wire::ike::Notify& why, Turn& turn);

  ChildWish wish_;
  std::optional<crypto::KeyExchangeId> group_;
  std::optional<ChildOffer> offer_;
};

class RekeyChild final : public Exchange {
 public:
  explicit RekeyChild(ChildId old, std::optional<crypto::KeyExchangeId> group = {})
      : old_(old), group_(group) {}
  wire::ike::ExchangeType type() const override { return wire::ike::ExchangeType::create_child_sa; }
  bool on_children() const override { return true; }
  std::optional<wire::ike::Payloads> request(IkeSa& sa, Turn& turn) override;
  void answered(IkeSa& sa, const wire::ike::Payloads& reply, Turn& turn) override;

  ChildId old() const { return old_; }
  //= rfc7296/2.8.1/simultaneous-rekey-is-answered-as-usual
  // The peer rekeys the same child, and we have granted that.
  struct Collision {
    ChildId made;
    NoncePair nonces;
  };
  void note_collision(Collision theirs) { theirs_ = std::move(theirs); }
  bool has_collision() const { return theirs_.has_value(); }

 private:
  void refused(IkeSa& sa, const wire::ike::Notify& why, Turn& turn);
  void settle(IkeSa& sa, ChildId made, const NoncePair& ours, Turn& turn);

  ChildId old_;
  std::optional<crypto::KeyExchangeId> group_;
  std::optional<ChildOffer> offer_;
  std::optional<Collision> theirs_;
};

// What the peer's CREATE_CHILD_SA request is answered with: a child, a rekeyed child, or a rekeyed IKE SA.
wire::ike::Payloads answer_create_child_sa(IkeSa& sa, const wire::ike::Payloads& request, Turn& turn);

}  // namespace mpsec::ike
