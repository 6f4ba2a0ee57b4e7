// What an IKE SA has to do with SA clusters, which are the engine's: any number of IKE SAs feed one.
#include <algorithm>

#include "ike/child_exchange.hpp"
#include "ike/cluster_negotiation.hpp"
#include "ike/ike_sa.hpp"

namespace mpsec::ike {

using namespace wire::ike;

void IkeSa::note_clusters(const Payloads& payloads) {
  peer_knows_clusters_ = peer_knows_clusters_ || has_cluster_vendor_id(payloads);
  if (!peer_knows_clusters_) return;
  if (const auto supported = read_cluster_support(payloads)) peer_clusters_ = supported;
}

void IkeSa::inherit_clusters(const IkeSa& old) {
  peer_knows_clusters_ = old.peer_knows_clusters_;
  peer_clusters_ = old.peer_clusters_;
  cluster_declined_ = old.cluster_declined_;
  waits_for_cluster_ = old.waits_for_cluster_;
}

// On this path we are not the first: nothing of the peer's is to be forgotten because we come.
bool IkeSa::may_join_cluster() const {
  return std::ranges::any_of(peer_->children, [&](const ChildConfiguration& child) {
    const auto name = cluster_name(child, *peer_, peer_->remote_id);
    return name && (host_->clusters().find_open(*name) != nullptr || host_->clusters().find_founding(*name));
  });
}

bool IkeSa::serves_cluster() const {
  return waits_for_cluster_ ||
         std::ranges::any_of(children_, [](const auto& one) { return one.second->cluster.has_value(); });
}

void IkeSa::enter_cluster(const ChildSa& child, Turn& turn) {
  const ClusterMembership& membership = *child.cluster;
  if (membership.founds) {
    const ChildAgreement& agreement = child.agreement;
    const ClusterWish& wish = *child.configuration->cluster;
    ClusterTerms terms;
    terms.name = {wish.name, peer_->local_id, remote_id_};
    if (pad_entry_ != nullptr) terms.pad_entry = pad_entry_->id;
    terms.mode = agreement.mode;
    terms.extended_sequence_numbers = agreement.chosen.extended_sequence_numbers;
    terms.selectors = agreement.selectors;
    terms.anti_replay = membership.anti_replay;
    terms.duplication = membership.duplication;
    terms.own_window = membership.own_window;
    terms.peer_window = membership.peer_window;
    terms.most_sub_sas = std::min(wish.most_sub_sas, peer_clusters_->most_sub_sas());
    host_->clusters().found(membership.id, std::move(terms), turn);
  }
  waits_for_cluster_ = false;
  host_->clusters().join(membership.id, id_, child.id, child.replaces, turn);
}

void IkeSa::note_cluster_answer(const ChildOffer& offer, const AgreedChild& agreed) {
  if (offer.cluster) cluster_declined_ = !agreed.cluster;
}

// --- refusals

void IkeSa::tell_join_refused(ClusterId cluster, const Notify& why, Turn& turn) {
  const auto refused = refused_join(why);
  if (!refused || !peer_knows_clusters_) return;
  turn.tell(ClusterJoinRefused{cluster, id_, true, refused->reason, refused->unequal});
  if (refused->reason == ClusterRefusal::ended) host_->clusters().close(cluster);
}

void IkeSa::tell_join_refused(const Payloads& request, const Refusal& refusal, Turn& turn) {
  const auto refused = refused_join(refusal.to_notify());
  if (!refused) return;
  turn.tell(ClusterJoinRefused{cluster_asked_for(request), id_, false, refused->reason, refused->unequal});
  // It may have overtaken the one that founds the cluster.
  if (refused->reason == ClusterRefusal::unknown_cluster) waits_for_cluster_ = true;
}

bool IkeSa::on_join_refused(const ChildWish& wish, const Notify& why, ClusterId cluster, Turn& turn) {
  static constexpr std::size_t most_tries = 5;
  const auto refused = refused_join(why);
  Running* now_running = running();
  if (!refused || !peer_knows_clusters_ || now_running == nullptr) return false;
  tell_join_refused(cluster, why, turn);
  const bool may_change =
      refused->reason == ClusterRefusal::unknown_cluster || refused->reason == ClusterRefusal::ended;
  if (!may_change || wish.cluster_tries >= most_tries) return false;
  ChildWish again = wish;
  ++again.cluster_tries;
  now_running->later.emplace(turn.now + host_->configuration().retry_after,
                             std::make_unique<CreateChild>(std::move(again)));
  return true;
}

bool IkeSa::ask_again(const ChildOffer& offer, Turn& turn) {
  if (!offer.cluster || offer.cluster->asked.founds || offer.wish.cluster_tries != 0) return false;
  const Cluster* cluster = host_->clusters().find(offer.cluster->asked.id);
  if (cluster != nullptr && !cluster->ending) return false;
  ChildWish again = offer.wish;
  ++again.cluster_tries;
  begin(std::make_unique<CreateChild>(std::move(again)), turn);
  return true;
}

}  // namespace mpsec::ike
