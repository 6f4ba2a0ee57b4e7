// SA cluster profile 3: membership.
#include <algorithm>
#include <set>

#include "interop/suite/cluster.hpp"
#include "interop/suite/need.hpp"

namespace mpsec::conformance {
namespace {

using namespace wire::ike;

// The tester rekeys the first sub-SA with that JOIN, which is refused; the old one stays.
void expect_rekey_refused(Tester& t, const std::function<void(std::optional<SaClusterJoin>&)>& bend) {
  Cluster cluster(t);
  IkeSession& sa = cluster.found();
  std::optional<SaClusterJoin> join = cluster.joining();
  bend(join);
  ChildWish wish = cluster.wish(cluster.joining());
  wish.cluster = join;
  wish.rekeys = cluster.children[0]->terms().own;
  expect_refused(t, cluster.ask_on(sa, wish), ClusterRefusal::unequal_field, ClusterField::membership);
  static_cast<void>(cluster.pings(2));
}

}  // namespace

MPSEC_CASE(
        .id = "profile/3/sub-sas-have-different-spis",
        .rules = {"profile/3/different-spis", "draft-zhang/3.1/members-have-different-spis"},
        .side = Side::responder, .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does = "The tester founds a cluster and asks for two more sub-SAs.",
        .lawful = "The target's three SPIs are different.", .run = [](Tester& t) {
          Cluster cluster(t);
          IkeSession& sa = cluster.found();
          std::set<std::uint32_t> spis{cluster.children[0]->terms().peer.value};
          for (int i = 0; i < 2; ++i) {
            const Message response = cluster.ask_on(sa, cluster.wish(cluster.joining()));
            t.expect_no_error(response);
            spis.insert(child_spi(need<SecurityAssociation>(response.payloads).proposals.at(0).spi)->value);
          }
          t.check(spis.size() == 3, "three different SPIs", "one of them twice");
        });

MPSEC_CASE(
        .id = "profile/3/algorithms-and-paths-may-differ",
        .rules = {"profile/3/free-for-each-sub-sa", "draft-zhang/3/paths-may-differ",
                  "draft-zhang/3.1/members-are-set-up-independently", "draft-zhang/3.5/routes-by-policy",
                  "draft-zhang/3.5/each-path-has-a-member-set-up-by-itself"},
        .side = Side::responder, .features = {Feature::sa_clusters, Feature::several_paths},
        .wishes = {.cluster = true},
        .does = "The tester joins its cluster over a second path, with AES in CBC mode in the place of GCM.",
        .lawful =
            "The join is agreed to (or, where the target's policy has one cipher only, answered with "
            "NO_PROPOSAL_CHOSEN), and both sub-SAs work.",
        .run = [](Tester& t) {
          Cluster cluster(t);
          cluster.found(0);
          Opening begun = cluster.opening_with(cluster.joining(), 1);
          auto proposals = t.target().child_proposals;
          for (auto& one : proposals) {
            if (one.encryption.size() > 1) one.encryption.erase(one.encryption.begin());
            one.sequence_numbers = {SequenceNumbers::no_extended};
          }
          begun.child.proposals = proposals;
          const Message response = cluster.ask_over(begun);
          if (find_notify(response.payloads, NotifyType::no_proposal_chosen) != nullptr)
            t.unsupported("the target's policy has one cipher only");
          t.expect_no_error(response);
          cluster.take(need_child(cluster.ike.back()->take_auth(response)));
          static_cast<void>(cluster.pings(4));
        });

MPSEC_CASE(
        .id = "profile/3/two-sub-sas-share-a-path",
        .rules = {"draft-zhang/3.5/same-or-different-routes", "draft-zhang/3.1/any-number-of-members",
                  "profile/3/free-for-each-sub-sa"},
        .side = Side::responder, .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does = "The tester has three sub-SAs on one path, all of one IKE SA.",
        .lawful = "All of them are agreed to, and carry packets.", .run = [](Tester& t) {
          Cluster cluster(t);
          IkeSession& sa = cluster.found();
          for (int i = 0; i < 2; ++i) {
            const Message request = sa.create_child_request(cluster.wish(cluster.joining()));
            const Message response = t.ask(sa, request);
            t.expect_no_error(response);
            cluster.take(*sa.take_child(request, response));
          }
          static_cast<void>(cluster.pings(6));
        });

MPSEC_CASE(
        .id = "profile/3/sub-sa-without-integrity-is-refused",
        .rules = {"profile/3/integrity-on-every-sub-sa"}, .side = Side::responder,
        .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does = "The tester asks to join its cluster with AES in CBC mode and no integrity.",
        .lawful = "No Child SA is made, whatever the error.", .run = [](Tester& t) {
          Cluster cluster(t);
          IkeSession& sa = cluster.found();
          ChildWish wish = cluster.wish(cluster.joining());
          ike::ChildProposal bare;
          bare.encryption = {{crypto::EncryptionId::aes_cbc, 128}};
          bare.sequence_numbers = {SequenceNumbers::no_extended};
          wish.proposals = std::vector{bare};
          const Message response = cluster.ask_on(sa, wish);
          t.check(find<SecurityAssociation>(response.payloads) == nullptr, "no Child SA", "an SA payload");
          static_cast<void>(cluster.pings(2));
        });

MPSEC_CASE(
        .id = "profile/3/nonces-of-two-joins-differ", .rules = {"profile/3/no-key-twice"},
        .side = Side::responder, .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does = "The tester asks for two more sub-SAs on one IKE SA.",
        .lawful = "The target's nonces differ: keys differ whatever the tester's nonces are.",
        .run = [](Tester& t) {
          Cluster cluster(t);
          IkeSession& sa = cluster.found();
          const auto nonce = [&] {
            const Message response = cluster.ask_on(sa, cluster.wish(cluster.joining()));
            t.expect_no_error(response);
            return need<Nonce>(response.payloads).data;
          };
          const Octets first = nonce();
          t.check(first != nonce(), "another nonce", "the same");
        });

MPSEC_CASE(
        .id = "profile/3/sub-sa-joins-under-traffic",
        .rules = {"profile/3/joining-under-traffic", "draft-zhang/3.1/joining-under-traffic",
                  "draft-zhang/3.1/members-are-added-one-by-one",
                  "draft-zhang/3.1/cluster-is-set-up-by-its-members"},
        .side = Side::responder, .features = {Feature::sa_clusters, Feature::several_paths},
        .wishes = {.cluster = true},
        .does = "The tester sends pings, joins over a second path between them, and sends on it at once.",
        .lawful = "All are answered, under numbers that go on.", .run = [](Tester& t) {
          Cluster cluster(t);
          cluster.found(0);
          static_cast<void>(cluster.pings(5));
          const std::uint32_t before = cluster.send_ping(*cluster.children[0]);
          const Message response = cluster.ask_over(cluster.opening_with(cluster.joining(), 1));
          t.expect_no_error(response);
          cluster.take(need_child(cluster.ike.back()->take_auth(response)));
          const std::uint32_t after = cluster.send_ping(*cluster.children[1]);
          std::set<std::uint64_t> numbers{cluster.top_received};
          for (const std::uint32_t mark : {before, after})
            numbers.insert(t.expect_pong(mark).opened.number);
          for (const std::uint64_t number : numbers_of(cluster.pings(6)))
            numbers.insert(number);
          t.check(numbers.size() == 9, "nine different numbers", "one of them twice");
        });

MPSEC_CASE(
        .id = "profile/3/first-packet-on-a-new-sub-sa-is-accepted",
        .rules = {"profile/3/receive-before-answering"}, .side = Side::responder,
        .features = {Feature::sa_clusters, Feature::several_paths}, .wishes = {.cluster = true},
        .does = "The tester joins its cluster, and sends on the new sub-SA as soon as the answer is there.",
        .lawful = "The first packet is accepted, through the cluster's window.", .run = [](Tester& t) {
          Cluster cluster(t);
          cluster.found(0);
          const Message response = cluster.ask_over(cluster.opening_with(cluster.joining(), 1));
          t.expect_no_error(response);
          cluster.take(need_child(cluster.ike.back()->take_auth(response)));
          t.expect_pong(cluster.send_ping(*cluster.children[1]));
        });

MPSEC_CASE(
        .id = "profile/3/rekey-without-join-is-refused", .rules = {"profile/3/rekey-carries-join"},
        .side = Side::responder, .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does = "The tester rekeys a sub-SA without JOIN.",
        .lawful = "Reason 3, field 6, and the old sub-SA stays.", .run = [](Tester& t) {
          expect_rekey_refused(t, [](std::optional<SaClusterJoin>& join) { join.reset(); });
        });

MPSEC_CASE(
        .id = "profile/3/rekey-into-another-cluster-is-refused", .rules = {"profile/3/rekey-carries-join"},
        .side = Side::responder, .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does = "The tester rekeys a sub-SA with a JOIN that founds a cluster of another ID.",
        .lawful = "Reason 3, field 6, and the old sub-SA stays.", .run = [](Tester& t) {
          expect_rekey_refused(t, [](std::optional<SaClusterJoin>& join) {
            join->cluster = ClusterId{~join->cluster.value};
            join->founds = true;
          });
        });

MPSEC_CASE(
        .id = "profile/3/rekey-of-an-ordinary-sa-with-join-is-refused",
        .rules = {"profile/3/rekey-carries-join"}, .side = Side::responder,
        .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does = "The tester has an ordinary Child SA, and rekeys it with a JOIN that founds a cluster.",
        .lawful = "Reason 3, field 6, and the old SA stays.", .run = [](Tester& t) {
          Opening plain;
          plain.clusters = true;
          IkeSession& sa = t.establish(plain);
          Cluster cluster(t);
          ChildWish wish = cluster.wish(cluster.own);
          wish.rekeys = sa.children.front()->terms().own;
          expect_refused(t, t.ask(sa, sa.create_child_request(wish)), ClusterRefusal::unequal_field,
                         ClusterField::membership);
          t.ping(*sa.children.front());
        });

MPSEC_CASE(
        .id = "profile/3/rekey-carries-join-as-initiator", .rules = {"profile/3/rekey-carries-join"},
        .side = Side::initiator, .features = {Feature::sa_clusters}, .hooks = {Hook::rekey_child},
        .wishes = {.cluster = true}, .does = "The target rekeys a sub-SA.",
        .lawful =
            "The request has a JOIN to the same cluster, bit 1 clear, and the new sub-SA goes on with the "
            "numbers.",
        .run = [](Tester& t) {
          Cluster cluster(t);
          IkeSession& sa = cluster.found();
          cluster.ping_all();
          const std::uint64_t before = cluster.top_received;
          t.call(Hook::rekey_child);
          const Message request =
              t.control([&] { return t.expect_request(sa, ExchangeType::create_child_sa); });
          const auto join = join_in(request);
          t.check(join && join->cluster == cluster.own.cluster && !join->founds, "a JOIN to the cluster",
                  "none, or another");
          sa.send(sa.child_response(request));
          cluster.take(need_child(sa.made_child()));
          t.check(cluster.ping(*cluster.children[1]).opened.number > before, "numbers that go on",
                  "one that was reached before");
        });

MPSEC_CASE(
        .id = "profile/3/rekey-answered-without-join-leaves-the-old-as-initiator",
        .rules = {"profile/3/rekey-carries-join", "profile/2.3/join-answered-without-join"},
        .side = Side::initiator, .features = {Feature::sa_clusters}, .hooks = {Hook::rekey_child},
        .wishes = {.cluster = true},
        .does = "The target rekeys a sub-SA, and the tester answers without JOIN.",
        .lawful = "The new Child SA is deleted, and the old sub-SA stays.", .run = [](Tester& t) {
          Cluster cluster(t);
          IkeSession& sa = cluster.found();
          t.call(Hook::rekey_child);
          Message response = sa.child_response(
              t.control([&] { return t.expect_request(sa, ExchangeType::create_child_sa); }));
          std::erase_if(response.payloads, [](const Payload& one) {
            const auto* notify = std::get_if<Notify>(&one.body);
            return notify != nullptr && notify->type == NotifyType::sa_cluster_join;
          });
          sa.send(response);
          const Message deleted = t.expect_request(sa, ExchangeType::informational);
          t.check(deletes(deleted, need_child(sa.made_child())), "a Delete for the new Child SA",
                  "another request");
          sa.send(sa.response(deleted, {}));
          static_cast<void>(cluster.pings(2));
        });

MPSEC_CASE(
        .id = "profile/3/old-and-new-are-members-while-rekeyed",
        .rules = {"profile/3/new-joins-before-old-leaves", "draft-zhang/3.4/maintenance-of-members-unchanged",
                  "profile/4/counter-outlives-sub-sas"},
        .side = Side::responder, .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does = "The tester rekeys a sub-SA, sends on the new and on the old one, and deletes the old.",
        .lawful = "Packets on both are accepted until the old one is deleted; then the new one goes on.",
        .run = [](Tester& t) {
          Cluster cluster(t);
          IkeSession& sa = cluster.found();
          EspChild& old = *cluster.children[0];
          const std::uint64_t before = cluster.top_received;
          EspChild& fresh = cluster.rekey(sa, old);
          t.expect_pong(cluster.send_ping(old));
          t.expect_pong(cluster.send_ping(fresh));
          cluster.delete_child(sa, old);
          const auto pongs = cluster.pings(3);
          t.check(
              std::ranges::all_of(
                  pongs, [&](const auto& one) { return one.child == &fresh && one.opened.number > before; }),
              "answers by the new one, under numbers that go on", "others");
        });

MPSEC_CASE(
        .id = "profile/3/rekey-counts-as-one", .rules = {"profile/3/one-to-65536-sub-sas"},
        .side = Side::responder, .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does = "The tester says that its clusters have one sub-SA at most, and rekeys that one.",
        .lawful = "It is rekeyed: the old and the new one count as one.", .run = [](Tester& t) {
          Cluster cluster(t);
          cluster.opening.auth = [](Message& message) {
            for (Payload& payload : message.payloads)
              if (auto* notify = std::get_if<Notify>(&payload.body);
                  notify != nullptr && notify->type == NotifyType::sa_cluster_supported)
                notify->data = wire::encode(SaClusterSupported{.most_but_one = 0});
          };
          IkeSession& sa = cluster.found();
          ChildWish wish = cluster.wish(cluster.joining());
          wish.rekeys = cluster.children[0]->terms().own;
          const Message request = sa.create_child_request(wish);
          const Message response = t.ask(sa, request);
          t.expect_no_error(response);
          cluster.take(*sa.take_child(request, response));
          static_cast<void>(cluster.pings(2));
        });

MPSEC_CASE(
        .id = "profile/10/sub-sas-of-a-peer-are-limited",
        .rules = {"profile/10/limits-for-each-peer", "profile/3/one-to-65536-sub-sas"},
        .side = Side::responder, .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does = "The tester joins its cluster again and again, beyond what the target's SUPPORTED allows.",
        .lawful = "A join is refused with reason 4, or an error of IKE, by then at the latest.",
        .run = [](Tester& t) {
          Cluster cluster(t);
          IkeSession& sa = cluster.found();
          const std::uint32_t most = std::min(supported_in(cluster.heard)->most_sub_sas(), std::uint32_t{64});
          for (std::uint32_t i = 1; i < most; ++i) {
            const Message response = cluster.ask_on(sa, cluster.wish(cluster.joining()));
            if (find<SecurityAssociation>(response.payloads) == nullptr) return;
          }
          const Message response = cluster.ask_on(sa, cluster.wish(cluster.joining()));
          t.check(find<SecurityAssociation>(response.payloads) == nullptr, "a refusal", "a Child SA");
          static_cast<void>(cluster.pings(1));
        });

}  // namespace mpsec::conformance
