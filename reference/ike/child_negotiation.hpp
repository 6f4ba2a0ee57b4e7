// What a Child SA is agreed on with: the payloads of an offer and of its answer, in IKE_AUTH and in
// CREATE_CHILD_SA (RFC 7296 1.2, 1.3.1, 1.3.3, 2.9, 2.17).
#pragma once

#include <memory>
#include <optional>

#include "ike/child_sa.hpp"
#include "ike/child_selectors.hpp"
#include "ike/children.hpp"
#include "ike/cluster_negotiation.hpp"
#include "ike/host.hpp"
#include "ike/nat_detection.hpp"
#include "ike/refusal.hpp"

namespace mpsec::ike {

// The IKE SA that the child is negotiated on.
struct ChildContext {
  Host& host;
  const PeerConfiguration& peer;
  const ipsec::PadEntry* pad_entry;
  const ipsec::Identity& remote_id;
  Children& children;
  Path path;
  NatState nat;
  bool initial;  // in IKE_AUTH: its nonces are those of IKE_SA_INIT, and there is no key exchange
  const AssignedConfiguration* assigned;               // by the peer to us
  const AssignedConfiguration* given;                  // by us to the peer
  const wire::ike::SaClusterSupported* peer_clusters;  // null: the peer has not said that it knows them
};

// A Child SA to ask for.
struct ChildWish {
  const ChildConfiguration* configuration = nullptr;
  std::optional<ipsec::PacketSelectors> packet{};  // that waits for the SA
  bool single_pair = false;                        // between the addresses of that packet only
  // Where the peer takes the traffic in several SAs: what is left to ask for, the next first, instead of what
  // is configured; and how many SAs were asked for so.
  std::vector<TrafficSelectorPair> rest{};
  std::size_t further = 0;
  std::size_t cluster_tries = 0;        // that were refused for the time being
  std::optional<ChildId> instead_of{};  // which is deleted once this one is made
};
// The first of the peer's children that may carry the packet; without packet, or if none may, the first.
ChildWish first_wish(const PeerConfiguration& peer, const ipsec::PacketSelectors* packet);

struct ChildOffer {
  ChildWish wish;
  SpiLease inbound;
  wire::ike::SecurityAssociation offered;
  std::unique_ptr<crypto::KeyExchange> key_exchange;  // null: without perfect forward secrecy
  Octets nonce;                                       // empty in IKE_AUTH
  TrafficSelectorPair asked;
  std::optional<ClusterOffer> cluster{};  // none: an ordinary SA
};

// With what its keys are made of.
struct AgreedChild {
  ChildAgreement agreement;
  SpiLease inbound;
  Protection protection;
  SecretOctets shared_secret;  // empty without perfect forward secrecy
  std::optional<ClusterMembership> cluster{};
};

// The child that is wished for; `group` of the KE payload, or the one we want most. Of a rekey, `old` is
// what is replaced: its selectors and mode are asked for again. Fails (local fault).
Result<ChildOffer> offer_child(ChildWish wish, const ChildContext& context, Turn& turn,
                               std::optional<crypto::KeyExchangeId> group = std::nullopt,
                               const ChildSa* old = nullptr);
// SA, [Ni], [KEi], TSi, TSr and the notifies of the mode and the cluster.
wire::ike::Payloads payloads_of(const ChildOffer& offer);

// What the responder agreed to. Fails where the answer is not within the offer, which then keeps its SPI.
// The SPI goes over from the offer.
Result<AgreedChild> read_child_answer(ChildOffer& offer, const wire::ike::Payloads& reply,
                                      const ChildContext& context);

//= rfc7296/2.9/additional-selectors-are-asked-for
// What to ask for after the answer: nothing unless there is more to be had. `carried` is what the answer
// gave; empty: it was a refusal.
std::optional<ChildWish> wish_after(const ChildWish& wish, const TrafficSelectorPair& asked,
                                    const std::vector<ipsec::Selector>& carried,
                                    const wire::ike::Payloads& reply);

struct GrantedChild {
  const ChildConfiguration* configuration;
  AgreedChild agreed;
  Octets nonce;               // ours; empty in IKE_AUTH
  wire::ike::Payloads reply;  // SA, [Nr], [KEr], TSi, TSr and notifies
};
// The responder's answer: the first configuration of the peer that agrees with the request; of a rekey that
// of the child which is replaced. The refusal is that of the configuration that came furthest.
Granted<GrantedChild> grant_child(const wire::ike::Payloads& request, const ChildContext& context,
                                  const ChildSa* old, Turn& turn);

}  // namespace mpsec::ike
