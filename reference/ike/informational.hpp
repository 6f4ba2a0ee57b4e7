// INFORMATIONAL exchanges (RFC 7296 1.4): deletes, liveness, notifications.
#pragma once

#include <vector>

#include "ike/exchange.hpp"
#include "ike/spi_lease.hpp"
#include "ike/types.hpp"

namespace mpsec::ike {

// Ends Child SAs, both halves of each.
class DeleteChildren final : public Exchange {
 public:
  explicit DeleteChildren(std::vector<ChildId> children) : children_(std::move(children)) {}
  bool on_children() const override { return true; }
  std::optional<wire::ike::Payloads> request(IkeSa& sa, Turn& turn) override;
  void answered(IkeSa& sa, const wire::ike::Payloads& reply, Turn& turn) override;

 private:
  std::vector<ChildId> children_;
};

// Ends a Child SA that the peer has made by an answer which we cannot accept: we never had it. The SPI is
// ours until the peer has answered.
class DeleteUnwanted final : public Exchange {
 public:
  DeleteUnwanted(ipsec::Protocol protocol, SpiLease inbound)
      : protocol_(protocol), inbound_(std::move(inbound)) {}
  bool on_children() const override { return true; }
  std::optional<wire::ike::Payloads> request(IkeSa& sa, Turn& turn) override;
  void answered(IkeSa&, const wire::ike::Payloads&, Turn&) override {}

 private:
  ipsec::Protocol protocol_;
  SpiLease inbound_;
};

// Ends the IKE SA, and with it all that is left of its children.
class DeleteIkeSa final : public Exchange {
 public:
  //= rfc7296/2.8/delete-is-the-last-request
  bool alone() const override { return true; }
  std::optional<wire::ike::Payloads> request(IkeSa& sa, Turn& turn) override;
  void answered(IkeSa& sa, const wire::ike::Payloads& reply, Turn& turn) override;
};

//= rfc7296/2.4/liveness-is-an-empty-informational
class LivenessCheck final : public Exchange {
 public:
  std::optional<wire::ike::Payloads> request(IkeSa&, Turn&) override { return wire::ike::Payloads{}; }
  void answered(IkeSa&, const wire::ike::Payloads&, Turn&) override {}
};

// Tells the peer something that needs no answer but the empty one.
class Notification final : public Exchange {
 public:
  explicit Notification(wire::ike::Notify notify) : notify_(std::move(notify)) {}
  std::optional<wire::ike::Payloads> request(IkeSa& sa, Turn& turn) override;
  void answered(IkeSa&, const wire::ike::Payloads&, Turn&) override {}

 private:
  wire::ike::Notify notify_;
};

// What the peer's INFORMATIONAL request is answered with.
wire::ike::Payloads answer_informational(IkeSa& sa, const wire::ike::Payloads& request, Turn& turn);

}  // namespace mpsec::ike
