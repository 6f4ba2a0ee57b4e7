#include "cluster/cluster_parameters.hpp"

#include <fmt/format.h>

#include "ipsec/replay_window.hpp"

namespace mpsec::cluster {
namespace {

std::unexpected<Error> refused(const ClusterParameters& cluster, std::string_view field, std::string why) {
  return std::unexpected(Error{.blame = Blame::local_fault,
                               .path = fmt::format("cluster {}/{}", cluster.id.value, field),
                               .offset = std::nullopt,
                               .why = std::move(why),
                               .clause = {}});
}

std::unexpected<Error> unequal(const ClusterParameters& cluster, std::string_view field, auto&& have,
                               auto&& need) {
  return refused(cluster, std::string("sub-SA/") + std::string(field),
                 fmt::format("expected {}, as all sub-SAs of the cluster have it, found {}", need, have));
}

std::string_view name_of(ipsec::Mode mode) {
  return mode == ipsec::Mode::tunnel ? "tunnel" : "transport";
}

//= profile/3/equal-over-the-cluster
//= profile/4/esn-on-all-or-none
Result<> check_common(const ClusterParameters& cluster, const ipsec::SaParameters& sub_sa) {
  if (sub_sa.mode != cluster.mode)
    return unequal(cluster, "mode", name_of(sub_sa.mode), name_of(cluster.mode));
  if (sub_sa.extended_sequence_numbers != cluster.extended_sequence_numbers)
    return unequal(cluster, "extended sequence numbers", sub_sa.extended_sequence_numbers,
                   cluster.extended_sequence_numbers);
  //= profile/3/integrity-on-every-sub-sa
  if (sub_sa.allow_no_integrity || sub_sa.unverified_icv_octets != 0)
    return refused(
        cluster, "sub-SA/integrity",
        "expected it on every sub-SA, since one without puts the window of all into anybody's hands");
  if (sub_sa.selectors != cluster.selectors)
    return refused(cluster, "sub-SA/selectors",
                   "expected those that all sub-SAs of the cluster have, found others");
  return {};
}

//= profile/8/shared-numbers-to-an-ordinary-peer
Result<> check_ordinary_peer(const ClusterParameters& cluster) {
  if (cluster.peer == PeerKind::clusters) return {};
  // A receiver with a window for each SA takes a fresh SA's first number for one of the first 2^32, and
  // checks the ICV with that: once the counter has passed 2^32, every packet of a new SA would be lost.
  if (cluster.extended_sequence_numbers)
    return refused(
        cluster, "extended sequence numbers",
        "expected none towards a peer that knows no clusters: it infers the high half of a new SA's "
        "numbers as 0, whatever the cluster has reached; take 32-bit numbers");
  if (cluster.duplication)
    return refused(cluster, "duplication",
                   "expected none towards a peer that knows no clusters: it would deliver both copies");
  return {};
}

}  // namespace

Result<> ClusterParameters::check(const ClusterParameters& cluster) {
  if (cluster.most_sub_sas < 1 || cluster.most_sub_sas > most_sub_sas_ever)
    return refused(cluster, "most sub-SAs",
                   fmt::format("expected 1 to {}, found {}", most_sub_sas_ever, cluster.most_sub_sas));
  if (cluster.anti_replay) {
    if (auto checked = ipsec::ReplayWindow::check_size(cluster.replay_window); !checked)
      return refused(cluster, "replay window", std::move(checked.error().why));
  }
  //= profile/5/duplication-only-if-agreed
  if (cluster.duplication && (!cluster.anti_replay || cluster.peer_window == 0))
    return refused(cluster, "duplication",
                   "expected anti-replay with it at both ends: nothing else drops the second copy");
  const std::uint64_t limit = SharedSequence::limit(cluster.extended_sequence_numbers);
  if (cluster.last_sequence_number >= limit)
    return refused(cluster, "last sequence number",
                   fmt::format("expected less than {}, found {}", limit, cluster.last_sequence_number));
  return check_ordinary_peer(cluster);
}

//= profile/3/free-for-each-sub-sa
//= draft-zhang/3.1/members-are-set-up-independently
//= draft-zhang/3/paths-may-differ
//= draft-zhang/3.5/same-or-different-routes
Result<> check_sub_sa(const ClusterParameters& cluster, const ipsec::OutboundParameters& sub_sa) {
  if (sub_sa.last_sequence_number != 0)
    return refused(
        cluster, "sub-SA/last sequence number",
        fmt::format("expected 0, since the cluster counts, found {}", sub_sa.last_sequence_number));
  return check_common(cluster, sub_sa);
}

Result<> check_sub_sa(const ClusterParameters& cluster, const ipsec::InboundParameters& sub_sa) {
  if (sub_sa.anti_replay != cluster.anti_replay)
    return unequal(cluster, "anti-replay", sub_sa.anti_replay, cluster.anti_replay);
  if (cluster.anti_replay && sub_sa.replay_window != cluster.replay_window)
    return unequal(cluster, "replay window", sub_sa.replay_window, cluster.replay_window);
  return check_common(cluster, sub_sa);
}

}  // namespace mpsec::cluster
