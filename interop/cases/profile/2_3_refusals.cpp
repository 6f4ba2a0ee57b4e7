// SA cluster profile 2.3: refusal and fallback.
#include "interop/suite/cluster.hpp"
#include "interop/suite/need.hpp"

namespace mpsec::conformance {
namespace {

using namespace wire::ike;

// A join is asked for within the founder's IKE SA; the cluster and the IKE SA are as before.
void expect_join_refused(Tester& t, ClusterRefusal reason, ClusterField field,
                         const std::function<void(SaClusterJoin&)>& bend_join,
                         const std::function<void(ChildWish&)>& bend_wish = {}) {
  Cluster cluster(t);
  IkeSession& sa = cluster.found();
  SaClusterJoin join = cluster.joining();
  bend_join(join);
  ChildWish wish = cluster.wish(join);
  if (bend_wish) bend_wish(wish);
  expect_refused(t, cluster.ask_on(sa, wish), reason, field);
  static_cast<void>(cluster.pings(2));
  t.expect_alive(sa);
}

// The target has founded, and asks to join on a second path.
IkeSession& await_second(Tester& t, Cluster& cluster) {
  cluster.await_founding(0);
  t.control([&] { static_cast<void>(cluster.await_request(1)); });
  return *cluster.ike.back();
}

void expect_child_deleted(Tester& t, IkeSession& sa) {
  const EspChild& child = need_child(sa.made_child());
  const auto deleted = t.receive(
      sa,
      [](const Message& message) {
        return !message.header.response && find<Delete>(message.payloads) != nullptr;
      },
      t.request_patience());
  t.check(deleted && deletes(*deleted, child), "a Delete for the new Child SA", "none");
  sa.send(sa.response(*deleted, {}));
}

}  // namespace

MPSEC_CASE(
        .id = "profile/2.3/founding-without-join-in-the-answer-is-an-ordinary-sa-as-initiator",
        .rules = {"profile/2.3/no-join-is-one-ordinary-sa", "draft-zhang/3.6/one-member-interoperates"},
        .side = Side::initiator, .features = {Feature::sa_clusters}, .hooks = {Hook::initiate},
        .wishes = {.cluster = true},
        .does = "The target founds a cluster, and the tester answers as one that knows none.",
        .lawful = "The Child SA works as an ordinary one, with numbers from 1.", .run = [](Tester& t) {
          Cluster cluster(t);
          cluster.opening.clusters = false;
          IkeSession& sa = cluster.await_request(0);
          sa.send(sa.auth_response(cluster.heard));
          t.control([&] { t.check(sa.made_child() != nullptr, "a request for a Child SA", "none"); });
          const auto pong = t.ping(need_child(sa.made_child()));
          t.check(pong.opened.number == 1, "the number 1 on its first packet", "another one");
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "profile/2.3/no-cluster-is-asked-for-after-fallback",
        .rules = {"profile/2.3/no-further-sub-sas-after-fallback"}, .side = Side::initiator,
        .features = {Feature::sa_clusters}, .hooks = {Hook::initiate, Hook::rekey_child},
        .wishes = {.cluster = true},
        .does =
            "The target founds a cluster, the tester answers without JOIN, and the target rekeys the Child "
            "SA.",
        .lawful = "The request that rekeys has no JOIN.", .run = [](Tester& t) {
          Cluster cluster(t);
          cluster.opening.clusters = false;
          IkeSession& sa = cluster.await_request(0);
          t.control([&] {
            sa.send(sa.auth_response(cluster.heard));
            t.ping(need_child(sa.made_child()));
          });
          t.call(Hook::rekey_child);
          const Message request =
              t.control([&] { return t.expect_request(sa, ExchangeType::create_child_sa); });
          t.check(!join_in(request), "no JOIN", "one");
        });

MPSEC_CASE(
        .id = "profile/2.3/join-to-an-unknown-cluster-is-refused",
        .rules = {"profile/2.3/refusal-instead-of-the-child"}, .side = Side::responder,
        .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does = "The tester asks to join a cluster of an ID that it has made up.",
        .lawful = "Reason 1, and no Child SA; the cluster and the IKE SA are as before.",
        .run = [](Tester& t) {
          expect_join_refused(t, ClusterRefusal::unknown_cluster, ClusterField::none,
                              [](SaClusterJoin& join) { join.cluster = ClusterId{~join.cluster.value}; });
        });

MPSEC_CASE(
        .id = "profile/2.3/malformed-comes-before-unknown",
        .rules = {"profile/2.3/refusal-instead-of-the-child"}, .side = Side::responder,
        .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does = "The tester asks to join a cluster of an ID that it has made up, with a window of 31.",
        .lawful = "Reason 7, which is the first that applies.", .run = [](Tester& t) {
          expect_join_refused(t, ClusterRefusal::malformed, ClusterField::none, [](SaClusterJoin& join) {
            join.cluster = ClusterId{~join.cluster.value};
            join.window = 31;
          });
        });

MPSEC_CASE(
        .id = "profile/2.3/join-with-other-selectors-is-refused",
        .rules = {"profile/2.3/refusal-instead-of-the-child", "profile/3/equal-over-the-cluster"},
        .side = Side::responder, .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does = "The tester asks to join its cluster for one of its own hosts alone.",
        .lawful = "Reason 3, field 1, and no Child SA.", .run = [](Tester& t) {
          const Description& target = t.target();
          const auto range = [](const ipsec::AddressRange& net) {
            return std::vector{TrafficSelector::range(net.first, net.last)};
          };
          const ike::TrafficSelectorPair fewer{range(ipsec::AddressRange::of(target.tester_host)),
                                               range(target.target_net)};
          expect_join_refused(
              t, ClusterRefusal::unequal_field, ClusterField::selectors, [](SaClusterJoin&) {},
              [&](ChildWish& wish) { wish.selectors = fewer; });
        });

MPSEC_CASE(
        .id = "profile/2.3/join-with-other-numbers-is-refused",
        .rules = {"profile/4/esn-on-all-or-none", "profile/3/equal-over-the-cluster"},
        .side = Side::responder, .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does = "The tester asks to join its cluster of 32-bit numbers with ESN.",
        .lawful = "Reason 3, field 2, or NO_PROPOSAL_CHOSEN where the target allows no ESN at all.",
        .run = [](Tester& t) {
          Cluster cluster(t);
          IkeSession& sa = cluster.found();
          ChildWish wish = cluster.wish(cluster.joining());
          wish.extended_sequence_numbers = true;
          const Message response = cluster.ask_on(sa, wish);
          if (find_notify(response.payloads, NotifyType::no_proposal_chosen) == nullptr)
            expect_refused(t, response, ClusterRefusal::unequal_field,
                           ClusterField::extended_sequence_numbers);
          static_cast<void>(cluster.pings(2));
        });

MPSEC_CASE(
        .id = "profile/2.3/join-without-anti-replay-is-refused",
        .rules = {"profile/2.3/refusal-instead-of-the-child", "profile/3/equal-over-the-cluster"},
        .side = Side::responder, .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does = "The tester asks to join its cluster without anti-replay, which it had at the founding.",
        .lawful = "Reason 3, field 3 (or 5, the window differing too), and no Child SA.",
        .run = [](Tester& t) {
          Cluster cluster(t);
          IkeSession& sa = cluster.found();
          SaClusterJoin join = cluster.joining();
          join.anti_replay = false;
          join.window = 0;
          const Message response = cluster.ask_on(sa, cluster.wish(join));
          const auto refused = refused_in(response);
          const auto field = refused && refused->unequal == ClusterField::window ? ClusterField::window
                                                                                 : ClusterField::anti_replay;
          expect_refused(t, response, ClusterRefusal::unequal_field, field);
          static_cast<void>(cluster.pings(2));
        });

MPSEC_CASE(
        .id = "profile/2.3/join-with-another-window-is-refused",
        .rules = {"profile/2.3/refusal-instead-of-the-child", "profile/3/equal-over-the-cluster"},
        .side = Side::responder, .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does = "The tester asks to join its cluster with another window than at the founding.",
        .lawful = "Reason 3, field 5, and no Child SA.", .run = [](Tester& t) {
          expect_join_refused(t, ClusterRefusal::unequal_field, ClusterField::window,
                              [](SaClusterJoin& join) { join.window *= 2; });
        });

MPSEC_CASE(
        .id = "profile/2.3/one-sub-sa-too-many-is-refused",
        .rules = {"profile/3/one-to-65536-sub-sas", "profile/2.3/refusal-instead-of-the-child"},
        .side = Side::responder, .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does =
            "The tester says in SUPPORTED that its clusters have at most two sub-SAs, and asks for a third.",
        .lawful = "Reason 4, and no Child SA.", .run = [](Tester& t) {
          Cluster cluster(t);
          cluster.opening.auth = [](Message& message) {
            for (Payload& payload : message.payloads)
              if (auto* notify = std::get_if<Notify>(&payload.body);
                  notify != nullptr && notify->type == NotifyType::sa_cluster_supported)
                notify->data = wire::encode(SaClusterSupported{.most_but_one = 1});
          };
          IkeSession& sa = cluster.found();
          cluster.join_on(sa);
          expect_refused(t, cluster.ask_on(sa, cluster.wish(cluster.joining())),
                         ClusterRefusal::too_many_sub_sas);
          static_cast<void>(cluster.pings(2));
        });

MPSEC_CASE(
        .id = "profile/2.3/unequal-comes-before-too-many",
        .rules = {"profile/2.3/refusal-instead-of-the-child"}, .side = Side::responder,
        .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does = "The tester, whose clusters have one sub-SA at most, asks for a second with another window.",
        .lawful = "Reason 3, field 5, which is the first that applies.", .run = [](Tester& t) {
          Cluster cluster(t);
          cluster.opening.auth = [](Message& message) {
            for (Payload& payload : message.payloads)
              if (auto* notify = std::get_if<Notify>(&payload.body);
                  notify != nullptr && notify->type == NotifyType::sa_cluster_supported)
                notify->data = wire::encode(SaClusterSupported{.most_but_one = 0});
          };
          IkeSession& sa = cluster.found();
          SaClusterJoin join = cluster.joining();
          join.window *= 2;
          expect_refused(t, cluster.ask_on(sa, cluster.wish(join)), ClusterRefusal::unequal_field,
                         ClusterField::window);
        });

MPSEC_CASE(
        .id = "profile/2.3/refused-in-ike-auth-leaves-the-ike-sa",
        .rules = {"profile/2.3/refusal-instead-of-the-child"}, .side = Side::responder,
        .features = {Feature::sa_clusters, Feature::several_paths}, .wishes = {.cluster = true},
        .does = "The tester asks in the IKE_AUTH of a second IKE SA to join a cluster that there is not.",
        .lawful = "Reason 1, the IKE SA is made without a Child SA, and the right cluster is joined over it.",
        .run = [](Tester& t) {
          Cluster cluster(t);
          cluster.found(0);
          SaClusterJoin join = cluster.joining();
          join.cluster = ClusterId{~join.cluster.value};
          const Message response = cluster.ask_over(cluster.opening_with(join, 1));
          expect_refused(t, response, ClusterRefusal::unknown_cluster);
          t.check(find<Authentication>(response.payloads) != nullptr, "an AUTH payload beside the refusal",
                  "none");
          IkeSession& sa = *cluster.ike.back();
          static_cast<void>(sa.take_auth(response));
          t.expect_alive(sa);
          const Message request = sa.create_child_request(cluster.wish(cluster.joining()));
          const Message joined = t.ask(sa, request);
          t.expect_no_error(joined);
          cluster.take(*sa.take_child(request, joined));
          static_cast<void>(cluster.pings(2));
        });

MPSEC_CASE(
        .id = "profile/2.3/join-answered-without-join-is-deleted-as-initiator",
        .rules = {"profile/2.3/join-answered-without-join"}, .side = Side::initiator,
        .features = {Feature::sa_clusters, Feature::several_paths}, .hooks = {Hook::initiate},
        .wishes = {.cluster = true},
        .does = "The target joins its cluster on a second path, and the tester answers without JOIN.",
        .lawful =
            "The Child SA is deleted, nothing that arrives on it is delivered, and the cluster works on.",
        .run = [](Tester& t) {
          Cluster cluster(t);
          IkeSession& sa = await_second(t, cluster);
          Message response = sa.auth_response(cluster.heard);
          std::erase_if(response.payloads, [](const Payload& one) {
            const auto* notify = std::get_if<Notify>(&one.body);
            return notify != nullptr && notify->type == NotifyType::sa_cluster_join;
          });
          sa.send(response);
          expect_child_deleted(t, sa);
          t.expect_no_pong(t.send_ping(need_child(sa.made_child()), cluster.next + 5),
                           "a packet on what is no sub-SA");
          static_cast<void>(cluster.pings(2));
        });

MPSEC_CASE(
        .id = "profile/2.3/join-answered-with-another-window-is-deleted-as-initiator",
        .rules = {"profile/2.3/join-answered-without-join"}, .side = Side::initiator,
        .features = {Feature::sa_clusters, Feature::several_paths}, .hooks = {Hook::initiate},
        .wishes = {.cluster = true},
        .does = "The target joins its cluster on a second path, and the window in the answer is another one.",
        .lawful =
            "The Child SA is deleted, nothing that arrives on it is delivered, and the cluster works on.",
        .run = [](Tester& t) {
          Cluster cluster(t);
          cluster.opening.answer_join = [](SaClusterJoin join) {
            if (!join.founds) join.window *= 2;
            return std::optional(join);
          };
          IkeSession& sa = await_second(t, cluster);
          sa.send(sa.auth_response(cluster.heard));
          expect_child_deleted(t, sa);
          t.expect_no_pong(t.send_ping(need_child(sa.made_child()), cluster.next + 5),
                           "a packet on what is no sub-SA");
          static_cast<void>(cluster.pings(2));
        });

MPSEC_CASE(
        .id = "profile/2.3/unequal-field-is-not-asked-for-again-as-initiator",
        .rules = {"profile/2.3/reaction-to-reasons"}, .side = Side::initiator,
        .features = {Feature::sa_clusters, Feature::several_paths}, .hooks = {Hook::initiate},
        .wishes = {.cluster = true},
        .does = "The target joins its cluster on a second path, and is refused with reason 3, field 5.",
        .lawful = "It does not ask for a sub-SA again on this IKE SA.", .run = [](Tester& t) {
          Cluster cluster(t);
          IkeSession& sa = await_second(t, cluster);
          Message response = sa.auth_response(cluster.heard);
          std::erase_if(response.payloads, [](const Payload& one) {
            const auto* notify = std::get_if<Notify>(&one.body);
            return std::holds_alternative<SecurityAssociation>(one.body) ||
                   std::holds_alternative<TrafficSelectorsInitiator>(one.body) ||
                   std::holds_alternative<TrafficSelectorsResponder>(one.body) ||
                   (notify != nullptr && notify->type == NotifyType::sa_cluster_join);
          });
          response.payloads.push_back(make_payload(make_notify(
              NotifyType::sa_cluster_refused,
              wire::encode(SaClusterRefused{ClusterRefusal::unequal_field, ClusterField::window}))));
          sa.send(response);
          const auto again = t.receive(
              sa, [](const Message& message) { return join_in(message).has_value(); },
              std::chrono::seconds(20));
          t.check(!again, "no further JOIN on this IKE SA", "one");
          static_cast<void>(cluster.pings(2));
        });

}  // namespace mpsec::conformance
