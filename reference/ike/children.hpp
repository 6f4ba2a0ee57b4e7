// The Child SAs of one IKE SA: who is there, in which state, until when.
#pragma once

#include <map>
#include <memory>
#include <optional>

#include "ike/child_sa.hpp"
#include "ike/host.hpp"

namespace mpsec::ike {

class Children {
 public:
  explicit Children(Host& host, IkeSaId owner) : host_(&host), owner_(owner) {}
  Children(Children&&) = delete;

  // A child that both ends agreed on, installed with its keys: to receive at once, to send when `send_now`,
  // else with start_sending(). The reference stays good until the child is erased.
  struct Made {
    const ChildConfiguration* configuration;
    ChildAgreement agreement;
    SpiLease inbound;
    NoncePair nonces;
    ChildKeyPair keys;
    bool made_by_us;
    bool send_now;
    std::optional<ChildId> replaces;
    std::optional<ClusterMembership> cluster;
  };
  ChildSa& install(Made made, const Path& path, bool nat, Turn& turn);
  //= rfc7296/2.8/responder-sends-on-the-new-sa-when-the-initiator-is-ready
  void start_sending(ChildSa& child, Turn& turn);
  // For good. What replaces it is sent on instead.
  //= rfc7296/1.4.1/outgoing-half-goes-with-the-peers-delete
  void stop_sending(ChildSa& child, Turn& turn);

  // By the table; where the state becomes `closed`, the child is removed from the data path and erased.
  Result<> become(ChildSa& child, ChildEvent event, Turn& turn);
  // All of them at once, the IKE SA being gone.
  void lose_all(Turn& turn);
  // They belong to `heir` now.
  void move_to(Children& heir);
  // The outer addresses have changed.
  void move(const Path& path, Turn& turn);

  ChildSa* find(ChildId id);
  // The child that the peer means by the SPI it receives on, our outbound one.
  ChildSa* find_outbound(ipsec::Protocol protocol, Spi spi);

  std::size_t size() const { return children_.size(); }
  auto begin() const { return children_.begin(); }
  auto end() const { return children_.end(); }
  std::optional<Instant> next_deadline() const;
  // Children whose time to be replaced, or to end, has come; each is named once.
  std::vector<ChildId> due_for_rekey(Instant now);
  std::vector<ChildId> due_to_end(Instant now);

 private:
  void start_heirs_of(ChildId id, Turn& turn);
  void report(const ChildSa& child, ChildState from, ChildEvent event, Turn& turn) const;

  Host* host_;
  IkeSaId owner_;
  std::map<ChildId, std::unique_ptr<ChildSa>> children_;
};

}  // namespace mpsec::ike
