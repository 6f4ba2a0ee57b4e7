// SA cluster profile 2.2: a JOIN that is malformed, or founds under an ID in use.
#include "interop/suite/cluster.hpp"

namespace mpsec::conformance {
namespace {

using namespace wire::ike;

// A Child SA is asked for with that JOIN in a cluster that works; it works on.
void expect_malformed(Tester& t, const std::function<void(SaClusterJoin&)>& bend,
                      const std::function<void(Message&, Notify&)>& bend_octets = {}) {
  Cluster cluster(t);
  IkeSession& sa = cluster.found();
  SaClusterJoin join = cluster.joining();
  bend(join);
  Message request = sa.create_child_request(cluster.wish(join));
  for (Payload& payload : request.payloads)
    if (auto* notify = std::get_if<Notify>(&payload.body);
        notify != nullptr && notify->type == NotifyType::sa_cluster_join && bend_octets) {
      bend_octets(request, *notify);
      break;
    }
  expect_refused(t, t.ask(sa, request), ClusterRefusal::malformed);
  static_cast<void>(cluster.pings(2));
  t.expect_alive(sa);
}

}  // namespace

MPSEC_CASE(
        .id = "profile/2.2/join-of-fifteen-octets-is-refused",
        .rules = {"profile/2.2/malformed-join-is-refused"}, .side = Side::responder,
        .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does = "The tester joins its cluster with a JOIN of 15 octets.",
        .lawful = "It is refused with reason 7; the IKE SA and the cluster work on.", .run = [](Tester& t) {
          expect_malformed(
              t, [](SaClusterJoin&) {}, [](Message&, Notify& notify) { notify.data.pop_back(); });
        });

MPSEC_CASE(
        .id = "profile/2.2/join-of-an-id-of-zeros-is-refused",
        .rules = {"profile/2.2/malformed-join-is-refused"}, .side = Side::responder,
        .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does = "The tester sends a JOIN whose cluster ID is all zero.",
        .lawful = "It is refused with reason 7; the IKE SA and the cluster work on.", .run = [](Tester& t) {
          expect_malformed(t, [](SaClusterJoin& join) { join.cluster = ClusterId{0}; });
        });

MPSEC_CASE(
        .id = "profile/2.2/join-with-a-window-below-32-is-refused",
        .rules = {"profile/2.2/malformed-join-is-refused"}, .side = Side::responder,
        .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does = "The tester joins its cluster with a window of 31.",
        .lawful = "It is refused with reason 7, which comes before the unequal field.",
        .run = [](Tester& t) { expect_malformed(t, [](SaClusterJoin& join) { join.window = 31; }); });

MPSEC_CASE(
        .id = "profile/2.2/join-with-a-window-above-2-to-31-is-refused",
        .rules = {"profile/2.2/malformed-join-is-refused"}, .side = Side::responder,
        .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does = "The tester joins its cluster with a window of 2^31 + 1.",
        .lawful = "It is refused with reason 7, which comes before the unequal field.", .run = [](Tester& t) {
          expect_malformed(t, [](SaClusterJoin& join) { join.window = 0x8000'0001u; });
        });

MPSEC_CASE(
        .id = "profile/2.2/join-with-a-window-and-no-anti-replay-is-refused",
        .rules = {"profile/2.2/malformed-join-is-refused"}, .side = Side::responder,
        .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does = "The tester joins its cluster with bit 0 clear and a window.",
        .lawful = "It is refused with reason 7, which comes before the unequal field.",
        .run = [](Tester& t) { expect_malformed(t, [](SaClusterJoin& join) { join.anti_replay = false; }); });

MPSEC_CASE(
        .id = "profile/2.2/two-joins-are-refused",
        .rules = {"profile/2.2/malformed-join-is-refused", "profile/2.2/join-beside-the-child"},
        .side = Side::responder, .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does = "The tester asks for a Child SA with two JOINs to its cluster.",
        .lawful = "It is refused with reason 7; the IKE SA and the cluster work on.", .run = [](Tester& t) {
          expect_malformed(
              t, [](SaClusterJoin&) {},
              [](Message& message, Notify& notify) {
                message.payloads.push_back(make_payload(Notify(notify)));
              });
        });

MPSEC_CASE(
        .id = "profile/2.2/founding-under-an-id-in-use-is-refused",
        .rules = {"profile/2.2/malformed-join-is-refused", "profile/2.3/refusal-instead-of-the-child"},
        .side = Side::responder, .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does = "The tester founds a second cluster under the ID of its first.",
        .lawful = "It is refused with reason 7; the IKE SA and the cluster work on.",
        .run = [](Tester& t) { expect_malformed(t, [](SaClusterJoin& join) { join.founds = true; }); });

}  // namespace mpsec::conformance
