#include "ike/cluster_negotiation.hpp"

#include "ike/child_negotiation.hpp"

namespace mpsec::ike {

using namespace wire::ike;

namespace {

constexpr std::string_view profile = "SA cluster profile";
constexpr std::uint32_t least_window = 32, largest_window = 0x8000'0000u;

Error wrong(Blame blame, std::string why) {
  return {blame, "N(SA_CLUSTER_JOIN)", std::nullopt, std::move(why), std::string(profile)};
}

std::string text_of(const SaClusterRefused& refused) {
  if (refused.unequal == ClusterField::none) return to_string(refused.reason);
  return fmt::format("{}: {}", to_string(refused.reason), to_string(refused.unequal));
}

// What is asked for or granted; nothing: there is no such notify, or it comes from somebody to whom it means
// nothing.
//= profile/2.2/malformed-join-is-refused
Result<std::optional<SaClusterJoin>> read_join(const Payloads& payloads, const ChildContext& context) {
  std::optional<SaClusterJoin> found;
  if (context.peer_clusters == nullptr) return found;
  for (const auto* notify : find_all<Notify>(payloads)) {
    if (notify->type != NotifyType::sa_cluster_join) continue;
    if (found) return std::unexpected(wrong(Blame::malformed, "it is said twice"));
    auto join = data_of<SaClusterJoin>(*notify);
    if (!join) return std::unexpected(std::move(join).error());
    found = *join;
    if (found->cluster == ClusterId{0})
      return std::unexpected(wrong(Blame::malformed, "0 is the ID of no cluster"));
    if (const std::uint32_t window = found->window;
        found->anti_replay ? window < least_window || window > largest_window : window != 0)
      return std::unexpected(
          wrong(Blame::malformed,
                fmt::format("expected a window of {} to {} with anti-replay and 0 without, found {}",
                            least_window, largest_window, window)));
  }
  return found;
}

bool is_between(const Cluster& cluster, const ChildContext& context) {
  const ClusterTerms& terms = cluster.terms;
  return terms.name.local_id == context.peer.local_id && terms.name.remote_id == context.remote_id &&
         context.pad_entry != nullptr && terms.pad_entry == context.pad_entry->id;
}

ClusterMembership membership_of(const Cluster& cluster) {
  const ClusterTerms& terms = cluster.terms;
  return {cluster.id, false, terms.anti_replay, terms.duplication, terms.own_window, terms.peer_window};
}

ClusterMembership wished(const ClusterWish& wish, ClusterId id, bool founds) {
  return {id, founds, wish.anti_replay, wish.duplication, wish.anti_replay ? wish.window : 0, 0};
}

bool same_selectors(const std::vector<ipsec::Selector>& one, const std::vector<ipsec::Selector>& other) {
  const auto left = to_traffic_selectors(one), right = to_traffic_selectors(other);
  return left && right && covers(*left, *right) && covers(*right, *left);
}

bool has_cluster(const ChildConfiguration& child) {
  return child.cluster.has_value();
}

bool has_no_clusters(const Configuration& configuration) {
  return std::ranges::none_of(configuration.peers, [](const PeerConfiguration& peer) {
    return std::ranges::any_of(peer.children, has_cluster);
  });
}

// --- responder

Granted<std::optional<ClusterMembership>> grant_founding(const ChildConfiguration& configuration,
                                                         const SaClusterJoin& join,
                                                         const ChildContext& context) {
  if (context.host.clusters().find(join.cluster) != nullptr)
    return std::unexpected(refuse_join(ClusterRefusal::malformed));
  const auto& wish = configuration.cluster;
  if (!wish || wish->anti_replay != join.anti_replay) return std::nullopt;
  ClusterMembership membership = wished(*wish, join.cluster, true);
  membership.duplication = wish->duplication && join.duplication;
  membership.peer_window = join.window;
  return membership;
}

Granted<std::optional<ClusterMembership>> grant_joining(const ChildConfiguration& configuration,
                                                        const SaClusterJoin& join,
                                                        const ChildContext& context) {
  const auto refused = [](ClusterRefusal reason, ClusterField field = ClusterField::none) {
    return std::unexpected(refuse_join(reason, field));
  };
  const Cluster* cluster = context.host.clusters().find(join.cluster);
  if (cluster == nullptr) return refused(ClusterRefusal::unknown_cluster);
  if (!is_between(*cluster, context)) return refused(ClusterRefusal::other_peer);
  if (cluster->ending) return refused(ClusterRefusal::ended);
  const auto& wish = configuration.cluster;
  if (!wish || wish->name != cluster->terms.name.name) return refused(ClusterRefusal::not_configured);
  if (join.anti_replay != cluster->terms.anti_replay)
    return refused(ClusterRefusal::unequal_field, ClusterField::anti_replay);
  if (join.window != cluster->terms.peer_window)
    return refused(ClusterRefusal::unequal_field, ClusterField::window);
  return membership_of(*cluster);
}

std::optional<ClusterField> unequal_field(const ClusterTerms& terms, const ChildAgreement& agreement) {
  if (agreement.mode != terms.mode) return ClusterField::mode;
  if (agreement.chosen.extended_sequence_numbers != terms.extended_sequence_numbers)
    return ClusterField::extended_sequence_numbers;
  if (!same_selectors(agreement.selectors, terms.selectors)) return ClusterField::selectors;
  return std::nullopt;
}

// V, N(SA_CLUSTER_SUPPORTED): that we know clusters, and how many sub-SAs we take.
//= profile/2.2/supported-goes-with-vendor-id
void append_support(Payloads& payloads, const ClusterWish& wish) {
  payloads.push_back(make_payload(make_sa_cluster_vendor_id()));
  SaClusterSupported supported;
  supported.duplication = wish.duplication;
  supported.most_but_one = static_cast<std::uint16_t>(wish.most_sub_sas - 1);
  payloads.push_back(make_payload(make_notify(NotifyType::sa_cluster_supported, supported)));
}

}  // namespace

bool has_cluster_vendor_id(const Payloads& payloads) {
  return std::ranges::any_of(find_all<VendorId>(payloads),
                             [](const auto* vendor) { return knows_sa_clusters(*vendor); });
}

//= profile/2.2/supported-of-another-version
std::optional<SaClusterSupported> read_cluster_support(const Payloads& payloads) {
  const Notify* notify = find_notify(payloads, NotifyType::sa_cluster_supported);
  if (notify == nullptr) return std::nullopt;
  const auto said = std::ranges::count_if(find_all<Notify>(payloads), [](const auto* one) {
    return one->type == NotifyType::sa_cluster_supported;
  });
  const auto supported = data_of<SaClusterSupported>(*notify);
  if (said != 1 || !supported || supported->version != SaClusterSupported{}.version) return std::nullopt;
  return *supported;
}

std::optional<ClusterName> cluster_name(const ChildConfiguration& configuration,
                                        const PeerConfiguration& peer,
                                        const std::optional<ipsec::Identity>& remote_id) {
  if (!configuration.cluster || !remote_id) return std::nullopt;
  return ClusterName{configuration.cluster->name, peer.local_id, *remote_id};
}

// --- initiator

Result<std::optional<ClusterOffer>> offer_cluster(const ChildWish& wish, const ChildContext& context,
                                                  const ChildSa* old, Turn& turn) {
  Clusters& clusters = context.host.clusters();
  const ChildConfiguration& configuration = *wish.configuration;
  if (old != nullptr) {
    if (!old->cluster) return std::nullopt;
    const Cluster* cluster = clusters.find(old->cluster->id);
    if (cluster == nullptr || cluster->ending)
      return std::unexpected(wrong(Blame::local_fault, to_string(ClusterRefusal::ended)));
    return ClusterOffer{membership_of(*cluster), {}, Clusters::Joining(clusters, cluster->id)};
  }
  // What is left beside the SA that the peer has granted has other selectors: it cannot be in that cluster.
  if (!configuration.cluster || wish.further != 0) return std::nullopt;
  // In IKE_AUTH the peer has not proved yet who it is: we ask for what we would have with the one we mean.
  const auto name = cluster_name(configuration, context.peer,
                                 context.initial ? context.peer.remote_id : std::optional(context.remote_id));
  if (const Cluster* cluster = name ? clusters.find_open(*name) : nullptr) {
    if (cluster->is_full())
      return std::unexpected(wrong(Blame::local_fault, to_string(ClusterRefusal::too_many_sub_sas)));
    return ClusterOffer{membership_of(*cluster), {}, Clusters::Joining(clusters, cluster->id)};
  }
  if (const auto id = name ? clusters.find_founding(*name) : std::nullopt)
    return ClusterOffer{wished(*configuration.cluster, *id, false), {}, {}};
  const ClusterId id = clusters.new_id(turn);
  ClusterOffer offer{wished(*configuration.cluster, id, true), {}, {}};
  if (name) offer.founding = Clusters::Founding(clusters, *name, id);
  return offer;
}

void append_cluster(Payloads& payloads, const ClusterMembership& membership, const ClusterWish& wish) {
  append_support(payloads, wish);
  SaClusterJoin join;
  join.cluster = membership.id;
  join.founds = membership.founds;
  join.anti_replay = membership.anti_replay;
  join.duplication = membership.duplication;
  join.window = membership.own_window;
  payloads.push_back(make_payload(make_notify(NotifyType::sa_cluster_join, join)));
}

Result<std::optional<ClusterMembership>> read_cluster_answer(const ClusterMembership& asked,
                                                             const Payloads& reply,
                                                             const ChildContext& context,
                                                             const ChildAgreement& agreement) {
  const auto join = read_join(reply, context);
  if (!join) return std::unexpected(join.error());
  if (!*join) {
    if (asked.founds) return std::nullopt;
    return std::unexpected(
        wrong(Blame::no_common_ground, "the responder makes an SA outside of the cluster"));
  }
  //= profile/2.2/wrong-answer-is-deleted
  if ((*join)->cluster != asked.id)
    return std::unexpected(wrong(Blame::peer_misbehaved, "another cluster was asked for"));
  if ((*join)->founds != asked.founds)
    return std::unexpected(wrong(Blame::peer_misbehaved, "to found a cluster and to join it are mixed up"));
  if (asked.founds && (*join)->duplication && !asked.duplication)
    return std::unexpected(wrong(Blame::peer_misbehaved, "duplication was not asked for"));
  if ((*join)->anti_replay != asked.anti_replay)
    return std::unexpected(wrong(Blame::peer_misbehaved, "anti-replay is on at one end only"));
  ClusterMembership membership = asked;
  if (asked.founds) {
    membership.duplication = asked.duplication && (*join)->duplication;
    membership.peer_window = (*join)->window;
    return membership;
  }
  // Known by now, even where we asked while it was being founded.
  const Cluster* cluster = context.host.clusters().find(asked.id);
  if (cluster == nullptr || cluster->ending)
    return std::unexpected(wrong(Blame::local_fault, "the cluster has ended meanwhile"));
  if (!is_between(*cluster, context))
    return std::unexpected(wrong(Blame::peer_misbehaved, to_string(ClusterRefusal::other_peer)));
  if ((*join)->window != cluster->terms.peer_window)
    return std::unexpected(wrong(Blame::peer_misbehaved, "the window is not what it was"));
  if (const auto field = unequal_field(cluster->terms, agreement)) {
    return std::unexpected(wrong(Blame::peer_misbehaved, text_of({ClusterRefusal::unequal_field, *field})));
  }
  return membership_of(*cluster);
}

// --- responder

Granted<std::optional<ClusterMembership>> grant_cluster(const ChildConfiguration& configuration,
                                                        const Payloads& request, const ChildContext& context,
                                                        const ChildSa* old) {
  //= profile/8/no-notifies-unless-configured
  if (has_no_clusters(context.host.configuration()) && (old == nullptr || !old->cluster)) return std::nullopt;
  const auto join = read_join(request, context);
  if (!join) {
    Refusal refusal = refuse_join(ClusterRefusal::malformed);
    refusal.error = join.error();
    return std::unexpected(std::move(refusal));
  }
  if (old != nullptr) {
    // What replaces a sub-SA is one, of the same cluster; nothing else comes in by a rekey.
    const bool same =
        old->cluster ? *join && !(*join)->founds && (*join)->cluster == old->cluster->id : !*join;
    if (!same) return std::unexpected(refuse_join(ClusterRefusal::unequal_field, ClusterField::membership));
  }
  if (!*join) return std::nullopt;
  if ((*join)->founds) return grant_founding(configuration, **join, context);
  return grant_joining(configuration, **join, context);
}

Granted<void> check_equal(const ClusterMembership& membership, const ChildContext& context,
                          const ChildAgreement& agreement) {
  const Cluster* cluster = context.host.clusters().find(membership.id);
  if (cluster == nullptr) return {};  // it is being founded
  if (const auto field = unequal_field(cluster->terms, agreement))
    return std::unexpected(refuse_join(ClusterRefusal::unequal_field, *field));
  return {};
}

// --- refusals

Refusal refuse_join(ClusterRefusal reason, ClusterField field) {
  const SaClusterRefused refused{reason, field};
  return {NotifyType::sa_cluster_refused, wrong(Blame::no_common_ground, text_of(refused)),
          wire::encode(refused)};
}

void append_refusal(Payloads& payloads, const Refusal& refusal, const PeerConfiguration& peer) {
  if (refusal.notify == NotifyType::sa_cluster_refused) {
    const auto wanted = std::ranges::find_if(peer.children, has_cluster);
    append_support(payloads, wanted == peer.children.end() ? ClusterWish{} : *wanted->cluster);
  }
  payloads.push_back(make_payload(refusal.to_notify()));
}

std::optional<SaClusterRefused> refused_join(const Notify& notify) {
  if (notify.type != NotifyType::sa_cluster_refused) return std::nullopt;
  const auto refused = data_of<SaClusterRefused>(notify);
  if (!refused) return std::nullopt;
  return *refused;
}

ClusterId cluster_asked_for(const Payloads& request) {
  const Notify* notify = find_notify(request, NotifyType::sa_cluster_join);
  const auto join = notify == nullptr ? Result<SaClusterJoin>{} : data_of<SaClusterJoin>(*notify);
  return join ? join->cluster : ClusterId{0};
}

}  // namespace mpsec::ike
