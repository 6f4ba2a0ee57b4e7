// SA cluster profile 2.2: the Vendor ID, SUPPORTED and JOIN.
#include "interop/suite/cluster.hpp"

namespace mpsec::conformance {
namespace {

using namespace wire::ike;

// What the target makes of a founding whose IKE_AUTH request was bent: an SA that is in no cluster.
void expect_ordinary(Tester& t, const std::function<void(Message&)>& bend) {
  Cluster cluster(t);
  Opening begun = cluster.opening_with(cluster.own, 0);
  begun.auth = bend;
  const Message response = cluster.ask_over(begun);
  t.expect_no_error(response);
  t.check(!join_in(response) && !refused_in(response), "an ordinary Child SA, and no word of clusters",
          "a JOIN or a refusal");
  EspChild* const child = cluster.ike.back()->take_auth(response);
  t.check(child != nullptr, "an ordinary Child SA", "none");
  t.ping(*child);
}

Notify* support_of(Message& message) {
  for (Payload& payload : message.payloads)
    if (auto* notify = std::get_if<Notify>(&payload.body))
      if (notify->type == NotifyType::sa_cluster_supported) return notify;
  throw Stop{Verdict::harness_error, "SUPPORTED in the tester's IKE_AUTH request", "none"};
}

}  // namespace

MPSEC_CASE(
        .id = "profile/2.2/founding-is-answered-with-the-same-id",
        .rules = {"profile/2.2/answer-to-a-founder"}, .side = Side::responder,
        .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does = "The tester founds a cluster in IKE_AUTH.",
        .lawful = "JOIN comes back with the same ID, bit 1 set and a window from 32 to 2^31, or none at all.",
        .run = [](Tester& t) {
          Cluster cluster(t);
          cluster.found();
          const SaClusterJoin join = *join_in(cluster.heard);
          t.check(join.cluster == cluster.own.cluster, "the cluster ID of the request", "another one");
          t.check(join.founds, "bit 1 as in the request", "it is clear");
          t.check(join.anti_replay ? join.window >= 32 && join.window <= 0x8000'0000u : join.window == 0,
                  "a window in its range", "one out of it");
        });

MPSEC_CASE(
        .id = "profile/2.2/vendor-id-stands-beside-the-notifies",
        .rules = {"profile/2.2/vendor-id-comes-first"}, .side = Side::responder,
        .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does = "The tester founds a cluster in IKE_AUTH.",
        .lawful = "The response that has a JOIN also has the Vendor ID: it is the first that could.",
        .run = [](Tester& t) {
          Cluster cluster(t);
          cluster.found();
          t.check(has_cluster_vendor_id(cluster.heard), "the Vendor ID beside JOIN", "none");
        });

MPSEC_CASE(
        .id = "profile/2.2/supported-stands-beside-the-first-vendor-id",
        .rules = {"profile/2.2/supported-goes-with-vendor-id"}, .side = Side::responder,
        .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does = "The tester founds a cluster in IKE_AUTH.",
        .lawful = "The message with the Vendor ID has a SUPPORTED of version 1.", .run = [](Tester& t) {
          Cluster cluster(t);
          cluster.found();
          const auto supported = supported_in(cluster.heard);
          t.check(supported && supported->version == 1, "SUPPORTED of version 1", "none, or another");
        });

MPSEC_CASE(
        .id = "profile/2.2/refusal-carries-vendor-id-and-supported",
        .rules = {"profile/2.2/supported-goes-with-vendor-id", "profile/2.2/vendor-id-comes-first"},
        .side = Side::responder, .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does = "The tester asks in IKE_AUTH to join a cluster that there is not.",
        .lawful =
            "The refusal is the first of clusters that the target says: Vendor ID and SUPPORTED are with it.",
        .run = [](Tester& t) {
          Cluster cluster(t);
          const Message response = cluster.ask_over(cluster.opening_with(cluster.joining(), 0));
          t.check(refused_in(response).has_value(), "SA_CLUSTER_REFUSED", "none");
          t.check(has_cluster_vendor_id(response), "the Vendor ID beside the refusal", "none");
          t.check(supported_in(response).has_value(), "SUPPORTED beside the first Vendor ID", "none");
        });

MPSEC_CASE(
        .id = "profile/2.2/duplication-is-not-granted-unasked",
        .rules = {"profile/2.2/answer-to-a-founder", "profile/5/duplication-only-if-agreed"},
        .side = Side::responder, .features = {Feature::sa_clusters},
        .wishes = {.cluster = true, .duplication = true},
        .does = "The tester founds a cluster and does not set bit 2, of a target that would duplicate.",
        .lawful = "Bit 2 of the answer is clear.", .run = [](Tester& t) {
          Cluster cluster(t);
          cluster.found();
          t.check(!join_in(cluster.heard)->duplication, "bit 2 is clear", "it is set");
        });

MPSEC_CASE(
        .id = "profile/2.2/vendor-id-in-ike-sa-init-counts-for-nothing",
        .rules = {"profile/2.2/only-under-encryption", "profile/2.2/unknown-without-vendor-id"},
        .side = Side::responder, .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does = "The tester sends the Vendor ID in IKE_SA_INIT alone, and founds a cluster in IKE_AUTH.",
        .lawful = "An ordinary Child SA is made, and nothing is said of clusters.", .run = [](Tester& t) {
          t.control([&] { Cluster(t).found(0); });
          Cluster cluster(t);
          Opening begun = cluster.opening_with(cluster.own, 0);
          begun.init = [](Message& message) {
            message.payloads.push_back(make_payload(make_sa_cluster_vendor_id()));
          };
          begun.auth = [](Message& message) {
            std::erase_if(message.payloads,
                          [](const Payload& one) { return std::holds_alternative<VendorId>(one.body); });
          };
          const Message response = cluster.ask_over(begun);
          t.expect_no_error(response);
          t.check(says_nothing_of_clusters(response), "nothing of clusters", "a Vendor ID or a notify");
          t.expect_alive(*cluster.ike.back());
        });

MPSEC_CASE(
        .id = "profile/2.2/ike-sa-init-says-nothing-of-clusters-as-initiator",
        .rules = {"profile/2.2/only-under-encryption"}, .side = Side::initiator,
        .features = {Feature::sa_clusters}, .hooks = {Hook::initiate}, .wishes = {.cluster = true},
        .does = "The target founds a cluster.",
        .lawful = "Its IKE_SA_INIT request has neither the Vendor ID nor one of the notifies.",
        .run = [](Tester& t) {
          IkeSession& sa = t.await_init_request();
          t.check(says_nothing_of_clusters(sa.waiting.front()), "nothing of clusters in clear",
                  "a Vendor ID or a notify");
        });

MPSEC_CASE(
        .id = "profile/2.2/ike-sa-init-says-nothing-of-clusters-as-responder",
        .rules = {"profile/2.2/only-under-encryption"}, .side = Side::responder,
        .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does = "The tester sends the Vendor ID in IKE_SA_INIT.",
        .lawful = "The IKE_SA_INIT response has neither the Vendor ID nor one of the notifies.",
        .run = [](Tester& t) {
          Opening begun;
          begun.init = [](Message& message) {
            message.payloads.push_back(make_payload(make_sa_cluster_vendor_id()));
          };
          IkeSession& sa = t.begin(begun);
          const Message response = t.control([&] { return ask_init(t, sa); });
          t.check(says_nothing_of_clusters(response), "nothing of clusters in clear",
                  "a Vendor ID or a notify");
        });

MPSEC_CASE(
        .id = "profile/2.2/join-without-vendor-id-is-unknown",
        .rules = {"profile/2.2/unknown-without-vendor-id"}, .side = Side::responder,
        .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does = "The tester founds a cluster without having sent the Vendor ID.",
        .lawful = "The notifies are ignored: an ordinary Child SA is made.", .run = [](Tester& t) {
          expect_ordinary(t, [](Message& message) {
            std::erase_if(message.payloads,
                          [](const Payload& one) { return std::holds_alternative<VendorId>(one.body); });
          });
        });

MPSEC_CASE(
        .id = "profile/2.2/join-without-supported-is-ignored",
        .rules = {"profile/2.2/unknown-without-vendor-id"}, .side = Side::responder,
        .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does = "The tester sends the Vendor ID and a JOIN that founds, and no SUPPORTED.",
        .lawful = "JOIN is ignored: an ordinary Child SA is made.", .run = [](Tester& t) {
          expect_ordinary(t, [](Message& message) {
            std::erase_if(message.payloads, [](const Payload& one) {
              const auto* notify = std::get_if<Notify>(&one.body);
              return notify != nullptr && notify->type == NotifyType::sa_cluster_supported;
            });
          });
        });

MPSEC_CASE(
        .id = "profile/2.2/supported-of-version-2-counts-for-nothing",
        .rules = {"profile/2.2/supported-of-another-version"}, .side = Side::responder,
        .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does = "The tester founds a cluster, its SUPPORTED of version 2.",
        .lawful = "It is as if SUPPORTED was not sent: an ordinary Child SA is made.", .run = [](Tester& t) {
          expect_ordinary(t, [](Message& message) { support_of(message)->data.at(0) = 2; });
        });

MPSEC_CASE(
        .id = "profile/2.2/supported-of-six-octets-counts-for-nothing",
        .rules = {"profile/2.2/supported-of-another-version"}, .side = Side::responder,
        .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does = "The tester founds a cluster, its SUPPORTED of six octets.",
        .lawful = "It is as if SUPPORTED was not sent: an ordinary Child SA is made.", .run = [](Tester& t) {
          expect_ordinary(t, [](Message& message) { support_of(message)->data.push_back(0); });
        });

MPSEC_CASE(
        .id = "profile/2.2/supported-twice-counts-for-nothing",
        .rules = {"profile/2.2/supported-of-another-version"}, .side = Side::responder,
        .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does = "The tester founds a cluster, with two SUPPORTED in one message.",
        .lawful = "It is as if SUPPORTED was not sent: an ordinary Child SA is made.", .run = [](Tester& t) {
          expect_ordinary(
              t, [](Message& message) { message.payloads.push_back(make_payload(*support_of(message))); });
        });

MPSEC_CASE(
        .id = "profile/2.2/join-in-informational-is-ignored", .rules = {"profile/2.2/join-beside-the-child"},
        .side = Side::responder, .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does = "The tester sends a JOIN in an INFORMATIONAL request.",
        .lawful = "The request is answered as if JOIN was not there.", .run = [](Tester& t) {
          Cluster cluster(t);
          IkeSession& sa = cluster.found();
          Payloads payloads;
          payloads.push_back(
              make_payload(make_notify(NotifyType::sa_cluster_join, encode(cluster.joining()))));
          const Message response = t.ask(sa, sa.informational(std::move(payloads)));
          t.expect_no_error(response);
          t.check(!join_in(response), "no JOIN", "one");
          static_cast<void>(cluster.pings(2));
        });

MPSEC_CASE(
        .id = "profile/2.2/join-beside-an-ike-rekey-is-ignored",
        .rules = {"profile/2.2/join-beside-the-child"}, .side = Side::responder,
        .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does = "The tester rekeys the IKE SA, and sends a JOIN beside.",
        .lawful = "The IKE SA is rekeyed as if JOIN was not there.", .run = [](Tester& t) {
          Cluster cluster(t);
          IkeSession& sa = cluster.found();
          Message request = sa.rekey_request();
          request.payloads.push_back(
              make_payload(make_notify(NotifyType::sa_cluster_join, encode(cluster.joining()))));
          const Message response = t.ask(sa, request);
          t.expect_no_error(response);
          t.check(!join_in(response), "no JOIN", "one");
          t.expect_alive(sa.take_rekey(request, response));
        });

}  // namespace mpsec::conformance
