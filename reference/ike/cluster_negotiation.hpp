// Which cluster a Child SA is to be a sub-SA of: the Vendor ID and the notifies beside the payloads of the
// child, in IKE_AUTH and CREATE_CHILD_SA (docs/sa-cluster-profile.md). A peer that knows no clusters sees
// nothing that it must understand, and both ends have an ordinary SA.
#pragma once

#include "ike/clusters.hpp"
#include "ike/configuration.hpp"
#include "ike/refusal.hpp"
#include "wire/ike/notify_data.hpp"

namespace mpsec::ike {

struct ChildContext;
struct ChildAgreement;
struct ChildSa;
struct ChildWish;

// Whether the sender says that it knows what is here: nothing of it counts before.
bool has_cluster_vendor_id(const wire::ike::Payloads& payloads);
// Its SA_CLUSTER_SUPPORTED; nothing if there is none that can be read.
std::optional<wire::ike::SaClusterSupported> read_cluster_support(const wire::ike::Payloads& payloads);

// The name by which the configuration's cluster is known; nothing if there is none to know, or nobody knows
// yet whom it is with.
std::optional<ClusterName> cluster_name(const ChildConfiguration& configuration,
                                        const PeerConfiguration& peer,
                                        const std::optional<ipsec::Identity>& remote_id);

// --- initiator

struct ClusterOffer {
  ClusterMembership asked;      // the peer's window is not known yet where we found it
  Clusters::Founding founding;  // likewise
  Clusters::Joining joining;    // where it is there
};
// A new cluster or one that is there; none: an ordinary SA is asked for. Of a rekey that of the child which
// is replaced. Fails (local fault) where it takes no more.
Result<std::optional<ClusterOffer>> offer_cluster(const ChildWish& wish, const ChildContext& context,
                                                  const ChildSa* old, Turn& turn);
// V, N(SA_CLUSTER_SUPPORTED), N(SA_CLUSTER_JOIN): what we ask for, and what we grant.
void append_cluster(wire::ike::Payloads& payloads, const ClusterMembership& membership,
                    const ClusterWish& wish);
// What the responder agreed to; nothing: an ordinary SA, as it knows no clusters or wants none. Fails where
// that is not what was asked for, or we know better by now.
Result<std::optional<ClusterMembership>> read_cluster_answer(const ClusterMembership& asked,
                                                             const wire::ike::Payloads& reply,
                                                             const ChildContext& context,
                                                             const ChildAgreement& agreement);

// --- responder

// With this configuration; nothing: an ordinary SA.
Granted<std::optional<ClusterMembership>> grant_cluster(const ChildConfiguration& configuration,
                                                        const wire::ike::Payloads& request,
                                                        const ChildContext& context, const ChildSa* old);
// Whether the child is what its cluster demands; the refusal names the field.
Granted<void> check_equal(const ClusterMembership& membership, const ChildContext& context,
                          const ChildAgreement& agreement);

// --- refusals

Refusal refuse_join(wire::ike::ClusterRefusal reason,
                    wire::ike::ClusterField field = wire::ike::ClusterField::none);
// Says it, and before it, where it is about clusters, what `peer` is told with the first word of them.
void append_refusal(wire::ike::Payloads& payloads, const Refusal& refusal, const PeerConfiguration& peer);
// What the peer, which knows clusters, or we have refused; nothing if it is about something else.
std::optional<wire::ike::SaClusterRefused> refused_join(const wire::ike::Notify& notify);
// The cluster that the request is about; zero: it does not say.
ClusterId cluster_asked_for(const wire::ike::Payloads& request);

}  // namespace mpsec::ike
