// SA cluster profile 2.4 and 9: clusters over several IKE SAs.
#include <algorithm>

#include "interop/suite/cluster.hpp"
#include "interop/suite/need.hpp"

namespace mpsec::conformance {
namespace {

using namespace wire::ike;

// Every number above `before`, none twice.
void expect_above(Tester& t, const std::vector<Tester::Pong>& pongs, std::uint64_t before) {
  for (const std::uint64_t number : numbers_of(pongs))
    t.check(number > before, "numbers that go on above those that were sent", "one that was reached before");
}

}  // namespace

MPSEC_CASE(
        .id = "profile/2.4/join-by-another-identity-is-refused",
        .rules = {"profile/2.4/same-identities-and-pad-entry", "profile/1/one-sender-one-receiver"},
        .side = Side::responder, .features = {Feature::sa_clusters, Feature::several_paths},
        .wishes = {.cluster = true, .second_identity = true},
        .does =
            "The tester founds a cluster, and asks to join it as somebody else, whom the target knows too.",
        .lawful = "Reason 2, and no Child SA; the cluster works on.", .run = [](Tester& t) {
          if (!t.target().second_tester_id) t.unsupported("the target knows one tester only");
          Cluster cluster(t);
          cluster.found(0);
          Opening begun = cluster.opening_with(cluster.joining(), 1);
          begun.as = t.target().second_tester_id;
          const Message response = cluster.ask_over(begun);
          expect_refused(t, response, ClusterRefusal::other_peer);
          static_cast<void>(cluster.pings(2));
        });

MPSEC_CASE(
        .id = "profile/2.4/no-initial-contact-beside-a-cluster-as-initiator",
        .rules = {"profile/2.4/initial-contact-at-most-once"}, .side = Side::initiator,
        .features = {Feature::sa_clusters, Feature::several_paths}, .hooks = {Hook::initiate},
        .wishes = {.cluster = true},
        .does = "The target founds a cluster, and opens an IKE SA on a second path.",
        .lawful = "The second IKE_AUTH request has no INITIAL_CONTACT.", .run = [](Tester& t) {
          Cluster cluster(t);
          cluster.await_founding(0);
          cluster.await_request(1);
          t.check(find_notify(cluster.heard.payloads, NotifyType::initial_contact) == nullptr,
                  "no INITIAL_CONTACT", "one");
        });

MPSEC_CASE(
        .id = "profile/2.4/initial-contact-spares-an-ike-sa-that-answers",
        .rules = {"profile/2.4/initial-contact-spares-live-clusters",
                  "profile/2.1/initial-contact-begins-anew"},
        .side = Side::responder, .features = {Feature::sa_clusters, Feature::several_paths},
        .wishes = {.cluster = true},
        .does = "The tester founds a cluster, and joins it over a second IKE SA with INITIAL_CONTACT.",
        .lawful = "The first IKE SA is asked whether it lives, answers, and stays with its sub-SA.",
        .run = [](Tester& t) {
          Cluster cluster(t);
          IkeSession& first = cluster.found(0);
          t.answers_liveness = false;
          Opening begun = cluster.opening_with(cluster.joining(), 1);
          begun.initial_contact = true;
          const Message response = cluster.ask_over(begun);
          t.expect_no_error(response);
          cluster.take(need_child(cluster.ike.back()->take_auth(response)));
          const Message asked = t.expect_request(first, ExchangeType::informational);
          t.check(find<Delete>(asked.payloads) == nullptr, "a liveness check", "a Delete");
          first.send(first.response(asked, {}));
          t.answers_liveness = true;
          t.expect_alive(first);
          static_cast<void>(cluster.pings(4));
        });

MPSEC_CASE(
        .id = "profile/2.4/initial-contact-ends-an-ike-sa-that-does-not-answer",
        .rules = {"profile/2.4/initial-contact-spares-live-clusters"}, .side = Side::responder,
        .features = {Feature::sa_clusters, Feature::several_paths}, .wishes = {.cluster = true},
        .does = "As before, and the tester leaves the liveness check on the first IKE SA unanswered.",
        .lawful = "It is asked, more than once, and in the end is given up; the second one lives.",
        .run = [](Tester& t) {
          Cluster cluster(t);
          IkeSession& first = cluster.found(0);
          t.answers_liveness = false;
          Opening begun = cluster.opening_with(cluster.joining(), 1);
          begun.initial_contact = true;
          const Message response = cluster.ask_over(begun);
          cluster.take(need_child(cluster.ike.back()->take_auth(response)));
          t.expect_request(first, ExchangeType::informational);
          t.answers_liveness = true;
          t.expect_alive(*cluster.ike.back());
          cluster.children.erase(cluster.children.begin());
          static_cast<void>(cluster.pings(2));
        });

MPSEC_CASE(
        .id = "profile/2.4/deleting-an-ike-sa-takes-its-own-sub-sas-alone",
        .rules = {"profile/2.4/deleting-an-ike-sa-takes-its-own", "profile/4/counter-outlives-sub-sas"},
        .side = Side::any, .features = {Feature::sa_clusters, Feature::several_paths},
        .wishes = {.cluster = true},
        .does = "The tester has a cluster over two IKE SAs, and deletes the one on which it was founded.",
        .lawful = "The other sub-SA carries the traffic both ways, and numbers go on.", .run = [](Tester& t) {
          Cluster cluster(t);
          IkeSession& first = cluster.found(0);
          IkeSession& second = cluster.join(1);
          cluster.ping_all();
          const std::uint64_t before = cluster.top_received;
          cluster.delete_ike(first);
          const auto pongs = cluster.pings(4);
          expect_above(t, pongs, before);
          t.check(
              std::ranges::all_of(pongs, [&](const auto& one) { return one.child == cluster.children[0]; }),
              "answers by the sub-SA that is left", "one by another");
          t.expect_alive(second);
        });

MPSEC_CASE(
        .id = "profile/2.4/cluster-can-be-joined-when-its-first-ike-sa-is-gone",
        .rules = {"profile/2.4/deleting-an-ike-sa-takes-its-own"}, .side = Side::responder,
        .features = {Feature::sa_clusters, Feature::several_paths}, .wishes = {.cluster = true},
        .does = "The tester deletes the IKE SA on which its cluster was founded, and joins on a third path.",
        .lawful = "The join is agreed to.", .run = [](Tester& t) {
          Cluster cluster(t);
          IkeSession& first = cluster.found(0);
          IkeSession& second = cluster.join(1);
          t.control([&] { cluster.delete_ike(first); });
          const Message request = second.create_child_request(cluster.wish(cluster.joining()));
          const Message response = t.ask(second, request);
          t.expect_no_error(response);
          cluster.take(*second.take_child(request, response));
          static_cast<void>(cluster.pings(4));
        });

MPSEC_CASE(
        .id = "profile/2.4/ike-rekey-keeps-membership-as-responder",
        .rules = {"profile/2.4/ike-rekey-keeps-membership", "profile/4/counter-outlives-sub-sas"},
        .side = Side::responder, .features = {Feature::sa_clusters, Feature::several_paths},
        .wishes = {.cluster = true},
        .does =
            "The tester rekeys one of the IKE SAs of a cluster, deletes the old one, and joins over the new.",
        .lawful = "Its sub-SA stays a member, numbers go on, and the join is agreed to.",
        .run = [](Tester& t) {
          Cluster cluster(t);
          IkeSession& first = cluster.found(0);
          cluster.join(1);
          cluster.ping_all();
          const std::uint64_t before = cluster.top_received;
          const Message request = first.rekey_request();
          IkeSession& next =
              t.control([&]() -> IkeSession& { return first.take_rekey(request, t.ask(first, request)); });
          t.expect_no_error(t.ask(first, delete_request(first)));
          expect_above(t, cluster.pings(4), before);
          const Message asked = next.create_child_request(cluster.wish(cluster.joining()));
          const Message response = t.ask(next, asked);
          t.expect_no_error(response);
          t.check(join_in(response).has_value(), "a JOIN that answers the tester's", "none");
        });

MPSEC_CASE(
        .id = "profile/2.4/ike-rekey-has-no-notify-as-initiator",
        .rules = {"profile/2.4/ike-rekey-keeps-membership"}, .side = Side::initiator,
        .features = {Feature::sa_clusters}, .hooks = {Hook::rekey_ike}, .wishes = {.cluster = true},
        .does = "The target rekeys the IKE SA of a cluster.",
        .lawful = "There is no JOIN beside, and the sub-SA stays a member: numbers go on.",
        .run = [](Tester& t) {
          Cluster cluster(t);
          IkeSession& sa = cluster.found(0);
          cluster.ping_all();
          const std::uint64_t before = cluster.top_received;
          t.call(Hook::rekey_ike);
          const Message request =
              t.control([&] { return t.expect_request(sa, ExchangeType::create_child_sa); });
          t.check(!join_in(request), "no JOIN", "one");
          IkeSession* next = nullptr;
          sa.send(sa.rekey_response(request, &next));
          if (const auto gone = t.receive(
                  sa, [](const Message& one) { return find<Delete>(one.payloads) != nullptr; },
                  t.request_patience()))
            sa.send(sa.response(*gone, {}));
          expect_above(t, cluster.pings(2), before);
          t.expect_alive(*next);
        });

MPSEC_CASE(
        .id = "profile/2.4/moved-addresses-keep-membership",
        .rules = {"profile/2.4/moved-addresses-keep-membership"}, .side = Side::any,
        .features = {Feature::sa_clusters, Feature::nat_traversal, Feature::several_paths},
        .wishes = {.cluster = true},
        .does = "A NAT before the tester maps the packets of a sub-SA to another address.",
        .lawful = "The sub-SA stays a member: its packets are accepted, and numbers go on.",
        .run = [](Tester& t) {
          Cluster cluster(t);
          cluster.opening.pretend_nat = true;
          cluster.found(0);
          cluster.ping_all();
          const std::uint64_t before = cluster.top_received;
          cluster.children[0]->terms().path.local.address = t.link().paths().at(1).local.address;
          expect_above(t, cluster.pings(3), before);
        });

}  // namespace mpsec::conformance
