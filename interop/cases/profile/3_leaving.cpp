// SA cluster profile 3: leaving, lifetimes and the end of a cluster.
#include <algorithm>

#include "interop/suite/cluster.hpp"
#include "interop/suite/moves.hpp"
#include "interop/suite/need.hpp"

namespace mpsec::conformance {

using namespace wire::ike;

MPSEC_CASE(
        .id = "profile/3/deleted-sub-sa-gets-no-further-packet",
        .rules = {"profile/3/leaving", "profile/5/never-an-invalid-sub-sa",
                  "draft-zhang/3.4/invalid-member-is-not-used"},
        .side = Side::any, .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does = "The tester deletes one of the two sub-SAs of a cluster.",
        .lawful =
            "All further packets go by the other one, and what comes on the deleted one is not delivered.",
        .run = [](Tester& t) {
          Cluster cluster(t);
          IkeSession& sa = cluster.found();
          EspChild& gone = *cluster.children[0];
          cluster.join_on(sa);
          cluster.ping_all();
          cluster.delete_child(sa, gone);
          const auto pongs = cluster.pings(4);
          t.check(std::ranges::none_of(pongs, [&](const auto& one) { return one.child == &gone; }),
                  "no packet on the deleted sub-SA", "one");
          t.expect_no_pong(cluster.send_ping(gone), "a packet on the deleted sub-SA");
          static_cast<void>(cluster.pings(2));
        });

MPSEC_CASE(
        .id = "profile/3/window-does-not-change-when-a-sub-sa-leaves", .rules = {"profile/3/leaving"},
        .side = Side::any, .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does = "The tester uses a number on a sub-SA, deletes that, and uses the number on the other one.",
        .lawful = "The second packet is a replay: counter and window are as they were.",
        .run = [](Tester& t) {
          Cluster cluster(t);
          IkeSession& sa = cluster.found();
          EspChild& first = *cluster.children[0];
          EspChild& second = cluster.join_on(sa);
          const std::uint64_t number = cluster.next;
          t.control([&] { static_cast<void>(cluster.ping(first)); });
          cluster.delete_child(sa, first);
          t.expect_no_pong(cluster.send_ping(second, number), "a number that the deleted sub-SA has used");
          static_cast<void>(cluster.pings(2));
        });

MPSEC_CASE(
        .id = "profile/3/target-deletes-one-sub-sa", .rules = {"profile/3/leaving"}, .side = Side::initiator,
        .features = {Feature::sa_clusters}, .hooks = {Hook::delete_child}, .wishes = {.cluster = true},
        .does = "The target deletes one of the two sub-SAs of a cluster.",
        .lawful = "A Delete comes for it, and all further packets go by the other one.",
        .run = [](Tester& t) {
          Cluster cluster(t);
          IkeSession& sa = cluster.found();
          EspChild& gone = cluster.join_on(sa);
          cluster.ping_all();
          t.call(Hook::delete_child);
          const Message request =
              t.control([&] { return t.expect_request(sa, ExchangeType::informational); });
          t.control([&] { t.check(deletes(request, gone), "a Delete for the newest", "for another"); });
          const std::uint32_t late = cluster.send_ping(*cluster.children[0]);
          t.check(t.expect_pong(late).child != &gone, "no packet after the Delete", "one");
          sa.send(sa.response(request, {}));
          std::erase(cluster.children, &gone);
          const auto pongs = cluster.pings(3);
          t.check(std::ranges::none_of(pongs, [&](const auto& one) { return one.child == &gone; }),
                  "no packet on the deleted sub-SA", "one");
        });

MPSEC_CASE(
        .id = "profile/3/cluster-ends-with-its-last-sub-sa",
        .rules = {"profile/3/last-sub-sa-gone", "draft-zhang/3.4/no-valid-member-no-cluster"},
        .side = Side::responder, .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does = "The tester deletes the only sub-SA of its cluster, and asks to join it.",
        .lawful = "Reason 5, or 1 if it is forgotten, and no Child SA.", .run = [](Tester& t) {
          Cluster cluster(t);
          IkeSession& sa = cluster.found();
          t.control([&] { cluster.delete_child(sa, *cluster.children[0]); });
          const Message response = cluster.ask_on(sa, cluster.wish(cluster.joining()));
          const auto refused = refused_in(response);
          const bool ended = refused && refused->reason == ClusterRefusal::ended;
          expect_refused(t, response, ended ? ClusterRefusal::ended : ClusterRefusal::unknown_cluster);
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "profile/3/what-comes-after-begins-anew",
        .rules = {"profile/3/last-sub-sa-gone", "profile/4/first-number-is-one"}, .side = Side::responder,
        .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does =
            "The tester ends its cluster by deleting its only sub-SA, and founds another, counting from 1.",
        .lawful = "The packet with number 1 is accepted, and answered under number 1.", .run = [](Tester& t) {
          Cluster first(t), second(t);
          IkeSession& sa = first.found();
          static_cast<void>(first.pings(3));
          first.delete_child(sa, *first.children[0]);
          const Message request = sa.create_child_request(second.wish(second.own));
          const Message response = t.control([&] { return t.ask(sa, request); });
          t.expect_no_error(response);
          second.take(*sa.take_child(request, response));
          const auto pong = t.expect_pong(second.send_ping(*second.children[0], 1));
          t.check(pong.opened.number == 1, "the number 1", "another one");
        });

MPSEC_CASE(
        .id = "profile/5/nothing-goes-out-in-clear-without-a-sub-sa",
        .rules = {"profile/5/never-clear-text", "profile/5/policy-names-the-cluster"}, .side = Side::any,
        .features = {Feature::sa_clusters}, .hooks = {Hook::send_traffic}, .wishes = {.cluster = true},
        .does = "The tester deletes the last sub-SA of a cluster, and the target's host sends a packet.",
        .lawful = "No clear packet and no ESP on the deleted sub-SA comes; a negotiation may be asked for.",
        .run = [](Tester& t) {
          Cluster cluster(t);
          IkeSession& sa = cluster.found();
          EspChild& gone = *cluster.children[0];
          t.control([&] { cluster.delete_child(sa, gone); });
          const std::size_t unopened = t.unopened().size();
          t.call(Hook::send_traffic, 77);
          t.wait(t.link().silence());
          t.check(t.clear().empty(), "no packet in clear", "one");
          t.check(t.unopened().size() == unopened && !t.receive_esp({}), "no ESP on the deleted sub-SA",
                  "one");
        });

MPSEC_CASE(
        .id = "profile/3/each-sub-sa-is-rekeyed-at-its-own-time",
        .rules = {"profile/3/lifetimes-are-the-sub-sas", "draft-zhang/3.4/members-have-lifetimes"},
        .side = Side::initiator, .features = {Feature::sa_clusters},
        .wishes = {.cluster = true, .child_lifetime = std::chrono::seconds(60)},
        .does = "A cluster has a sub-SA that is half a lifetime older than the other.",
        .lawful = "The target rekeys the older one first, and does not rekey the younger one with it.",
        .run = [](Tester& t) {
          Cluster cluster(t);
          IkeSession& sa = cluster.found();
          EspChild& old = *cluster.children[0];
          t.wait(std::chrono::seconds(30));
          EspChild& young = cluster.join_on(sa);
          const auto of = [](const Message& request) {
            const Notify* rekeys = find_notify(request.payloads, NotifyType::rekey_sa);
            return rekeys == nullptr ? std::nullopt : child_spi(rekeys->spi);
          };
          const Message first = t.expect_request(sa, ExchangeType::create_child_sa, std::chrono::seconds(45));
          t.check(of(first) == old.terms().peer, "the older one to be rekeyed", "another request");
          sa.send(sa.child_response(first));
          cluster.take(need_child(sa.made_child()));
          t.expect_pong(cluster.send_ping(*cluster.children.back()));
          const auto second = t.receive(
              sa, [&](const Message& request) { return of(request) == young.terms().peer; },
              std::chrono::seconds(10));
          t.check(!second, "the younger one to stay", "it is rekeyed too");
        });

MPSEC_CASE(
        .id = "profile/3/cluster-outlives-an-expired-sub-sa",
        .rules = {"profile/3/lifetimes-are-the-sub-sas", "draft-zhang/3.4/cluster-has-no-lifetime"},
        .side = Side::initiator, .features = {Feature::sa_clusters},
        .wishes = {.cluster = true, .child_lifetime = std::chrono::seconds(60)},
        .does = "The tester refuses to rekey the older sub-SA of a cluster, until its lifetime is over.",
        .lawful =
            "The older one ends, alone or with its IKE SA (RFC 7296 2.8); the younger one, of another IKE "
            "SA, "
            "carries the traffic on, and numbers go on.",
        .run = [](Tester& t) {
          Cluster cluster(t);
          IkeSession& sa = cluster.found();
          EspChild& old = *cluster.children[0];
          t.wait(std::chrono::seconds(45));
          cluster.join(1);
          const std::uint64_t before = cluster.top_received;
          bool gone = false;
          const Instant until = t.now() + std::chrono::seconds(90);
          while (!gone && t.now() < until) {
            const auto request = t.receive(
                sa, [](const Message& one) { return !one.header.response; }, std::chrono::seconds(5));
            if (!request) continue;
            gone = deletes(*request, old) || deletes_ike_sa(*request);
            Payloads answer;
            if (request->header.exchange_type == ExchangeType::create_child_sa)
              answer.push_back(make_payload(make_notify(NotifyType::no_additional_sas)));
            sa.send(sa.response(*request, std::move(answer)));
          }
          t.control([&] { t.check(gone, "the older one to be deleted at its end", "it is not"); });
          std::erase(cluster.children, &old);
          for (const std::uint64_t number : numbers_of(cluster.pings(3)))
            t.check(number > before, "numbers that go on", "one that was reached before");
        });

}  // namespace mpsec::conformance
