// SA cluster profile 2.2: founding and joining, in both roles.
#include <algorithm>

#include "interop/suite/cluster.hpp"
#include "interop/suite/need.hpp"

namespace mpsec::conformance {
namespace {

using namespace wire::ike;

// The target founds a cluster and gets a wrong JOIN for it: the Child SA is deleted, and nothing comes on it.
void expect_deleted(Tester& t, std::function<std::optional<SaClusterJoin>(SaClusterJoin)> answer) {
  Cluster cluster(t);
  cluster.opening.answer_join = std::move(answer);
  IkeSession& sa = cluster.await_request(0);
  sa.send(sa.auth_response(cluster.heard));
  t.control([&] { t.check(sa.made_child() != nullptr, "a request for a Child SA", "none"); });
  const EspChild& child = need_child(sa.made_child());
  const auto deleted = t.receive(
      sa,
      [&](const Message& message) {
        return !message.header.response && !find_all<Delete>(message.payloads).empty();
      },
      t.request_patience());
  t.check(deleted.has_value(), "a Delete for the new Child SA", "none");
  const auto spis = spis_of(need<Delete>(deleted->payloads));
  t.check(!spis.empty() && child_spi(spis.at(0)) == child.terms().peer, "a Delete for the new Child SA",
          "one for something else");
  Payloads none;
  sa.send(sa.response(*deleted, std::move(none)));
  t.expect_no_pong(t.send_ping(need_child(sa.made_child())), "a packet on the deleted Child SA");
  t.expect_alive(sa);
}

}  // namespace

MPSEC_CASE(
        .id = "profile/2.2/founding-says-all-as-initiator",
        .rules = {"profile/2.2/founding", "profile/2.2/supported-goes-with-vendor-id"},
        .side = Side::initiator, .features = {Feature::sa_clusters}, .hooks = {Hook::initiate},
        .wishes = {.cluster = true}, .does = "The target founds a cluster.",
        .lawful =
            "IKE_AUTH has Vendor ID, SUPPORTED of version 1 and JOIN: bit 1 set, an ID that is not zero, a "
            "window in its range.",
        .run = [](Tester& t) {
          Cluster cluster(t);
          cluster.await_request(0);
          const auto join = join_in(cluster.heard);
          t.check(has_cluster_vendor_id(cluster.heard), "the Vendor ID", "none");
          t.check(supported_in(cluster.heard).has_value(), "SUPPORTED beside the Vendor ID", "none");
          t.check(join.has_value(), "a JOIN", "none");
          t.check(join->founds, "bit 1 of JOIN is set", "it is clear");
          t.check(join->cluster != ClusterId{0}, "an ID that is not zero", "zero");
          t.check(join->anti_replay ? join->window >= 32 && join->window <= 0x8000'0000u : join->window == 0,
                  "a window in its range", "one out of it");
        });

MPSEC_CASE(
        .id = "profile/2.2/no-id-is-used-twice-as-initiator",
        .rules = {"profile/2.2/founding", "profile/3/last-sub-sa-gone"}, .side = Side::initiator,
        .features = {Feature::sa_clusters}, .hooks = {Hook::initiate}, .wishes = {.cluster = true},
        .does = "The target founds a cluster, the tester deletes its IKE SA, and the target founds another.",
        .lawful = "The second cluster has another ID, and its first packet the number 1.",
        .run = [](Tester& t) {
          Cluster first(t), second(t);
          IkeSession& sa = first.await_founding();
          t.control([&] { first.delete_ike(sa); });
          second.await_request(0);
          const auto join = join_in(second.heard);
          t.check(join && join->founds, "a JOIN that founds a cluster", "none");
          t.check(join->cluster != first.own.cluster, "another cluster ID", "the same");
        });

MPSEC_CASE(
        .id = "profile/2.2/join-is-as-the-founding-as-initiator",
        .rules = {"profile/2.2/joining", "profile/4/esn-on-all-or-none", "profile/3/equal-over-the-cluster"},
        .side = Side::initiator, .features = {Feature::sa_clusters, Feature::several_paths},
        .hooks = {Hook::initiate}, .wishes = {.cluster = true},
        .does = "The target founds a cluster, and then opens an IKE SA on a second path.",
        .lawful =
            "It joins: the same ID, bit 1 clear, bit 0 and window, selectors and use of ESN as at the "
            "founding.",
        .run = [](Tester& t) {
          Cluster cluster(t);
          cluster.await_founding(0);
          const Message founding = cluster.heard;
          cluster.await_request(1);
          const auto join = join_in(cluster.heard);
          t.check(join.has_value(), "a JOIN", "none");
          t.check(join->cluster == cluster.own.cluster && !join->founds, "a JOIN to the cluster",
                  "another ID, or one that founds");
          t.check(join->anti_replay == cluster.peers->anti_replay && join->window == cluster.peers->window,
                  "bit 0 and window as at the founding", "others");
          t.check(need<TrafficSelectorsResponder>(cluster.heard.payloads) ==
                      need<TrafficSelectorsResponder>(founding.payloads),
                  "the cluster's selectors", "others");
        });

MPSEC_CASE(
        .id = "profile/2.2/join-is-answered-as-the-founding", .rules = {"profile/2.2/joining"},
        .side = Side::responder, .features = {Feature::sa_clusters, Feature::several_paths},
        .wishes = {.cluster = true},
        .does = "The tester founds a cluster, and joins it over a second IKE SA.",
        .lawful = "The answer's JOIN has the same ID, bit 1 clear, bit 0 and window as at the founding.",
        .run = [](Tester& t) {
          Cluster cluster(t);
          cluster.found(0);
          cluster.join(1);
          const SaClusterJoin join = *join_in(cluster.heard);
          t.check(join.cluster == cluster.own.cluster, "the cluster's ID", "another one");
          t.check(!join.founds, "bit 1 is clear", "it is set");
          t.check(join.anti_replay == cluster.peers->anti_replay && join.window == cluster.peers->window,
                  "bit 0 and window as at the founding", "others");
        });

MPSEC_CASE(
        .id = "profile/2.2/who-did-not-found-may-join", .rules = {"profile/2.2/joining"}, .side = Side::any,
        .features = {Feature::sa_clusters, Feature::several_paths}, .hooks = {Hook::initiate},
        .wishes = {.cluster = true},
        .does = "The target founds a cluster, and the tester joins it over an IKE SA that it initiates.",
        .lawful = "The join is agreed to: either end may ask, whoever founded.", .run = [](Tester& t) {
          Cluster cluster(t);
          cluster.await_founding(0);
          const Message response = cluster.ask_over(cluster.opening_with(cluster.joining(), 1));
          t.expect_no_error(response);
          const auto join = join_in(response);
          t.check(join && join->cluster == cluster.own.cluster, "a JOIN to the cluster", "none");
          cluster.take(need_child(cluster.ike.back()->take_auth(response)));
          static_cast<void>(cluster.pings(4));
        });

MPSEC_CASE(
        .id = "profile/2.2/answer-with-another-id-is-deleted-as-initiator",
        .rules = {"profile/2.2/wrong-answer-is-deleted"}, .side = Side::initiator,
        .features = {Feature::sa_clusters}, .hooks = {Hook::initiate}, .wishes = {.cluster = true},
        .does = "The target founds a cluster, and the tester answers with a JOIN of another ID.",
        .lawful = "The Child SA is deleted, and nothing is sent on it.", .run = [](Tester& t) {
          expect_deleted(t, [](SaClusterJoin join) {
            join.cluster = ClusterId{join.cluster.value ^ 2};
            return std::optional(join);
          });
        });

MPSEC_CASE(
        .id = "profile/2.2/answer-that-joins-is-deleted-by-a-founder",
        .rules = {"profile/2.2/wrong-answer-is-deleted"}, .side = Side::initiator,
        .features = {Feature::sa_clusters}, .hooks = {Hook::initiate}, .wishes = {.cluster = true},
        .does = "The target founds a cluster, and bit 1 of the tester's answer is clear.",
        .lawful = "The Child SA is deleted, and nothing is sent on it.", .run = [](Tester& t) {
          expect_deleted(t, [](SaClusterJoin join) {
            join.founds = false;
            return std::optional(join);
          });
        });

MPSEC_CASE(
        .id = "profile/2.2/answer-with-duplication-unasked-is-deleted",
        .rules = {"profile/2.2/wrong-answer-is-deleted", "profile/5/duplication-only-if-agreed"},
        .side = Side::initiator, .features = {Feature::sa_clusters}, .hooks = {Hook::initiate},
        .wishes = {.cluster = true},
        .does = "The target founds a cluster without duplication, and the tester's answer sets bit 2.",
        .lawful = "The Child SA is deleted, and nothing is sent on it.", .run = [](Tester& t) {
          expect_deleted(t, [](SaClusterJoin join) {
            join.duplication = true;
            return std::optional(join);
          });
        });

MPSEC_CASE(
        .id = "profile/2.2/malformed-answer-is-deleted", .rules = {"profile/2.2/wrong-answer-is-deleted"},
        .side = Side::initiator, .features = {Feature::sa_clusters}, .hooks = {Hook::initiate},
        .wishes = {.cluster = true},
        .does = "The target founds a cluster, and the tester's answer has a window of 7.",
        .lawful = "The Child SA is deleted, and nothing is sent on it.", .run = [](Tester& t) {
          expect_deleted(t, [](SaClusterJoin join) {
            join.window = 7;
            return std::optional(join);
          });
        });

MPSEC_CASE(
        .id = "profile/2.2/join-is-judged-once-authenticated",
        .rules = {"profile/2.2/judged-once-authenticated"}, .side = Side::responder,
        .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does = "The tester asks to join a cluster that there is not, and its AUTH payload is wrong.",
        .lawful = "Authentication fails, and nothing is said of clusters: not whether the ID exists.",
        .run = [](Tester& t) {
          t.control([&] { Cluster(t).found(); });
          Cluster cluster(t);
          Opening begun = cluster.opening_with(cluster.joining(), 0);
          begun.auth = [](Message& message) { need<Authentication>(message.payloads).data.front() ^= 1; };
          const Message response = cluster.ask_over(begun);
          t.expect_notify(response, NotifyType::authentication_failed);
          t.check(says_nothing_of_clusters(response), "nothing of clusters", "a Vendor ID or a notify");
          t.expect_target_alive();
        });

}  // namespace mpsec::conformance
