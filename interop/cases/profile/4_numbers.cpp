// SA cluster profile 4: sequence numbers.
#include <algorithm>
#include <set>

#include "interop/suite/cluster.hpp"
#include "interop/suite/need.hpp"

namespace mpsec::conformance {
namespace {

using namespace wire::ike;

}  // namespace

MPSEC_CASE(
        .id = "profile/4/no-number-twice-under-one-key", .rules = {"profile/4/key-and-number-once"},
        .side = Side::any, .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does = "The tester has two sub-SAs, rekeys one, and gets twenty answers.",
        .lawful = "No two packets of one SPI have the same number.", .run = [](Tester& t) {
          Cluster cluster(t);
          IkeSession& sa = cluster.found();
          EspChild& old = *cluster.children[0];
          cluster.join_on(sa);
          std::set<std::pair<const EspChild*, std::uint64_t>> seen;
          std::size_t count = 0;
          const auto take = [&](const std::vector<Tester::Pong>& pongs) {
            for (const auto& pong : pongs)
              seen.emplace(pong.child, pong.opened.number), ++count;
          };
          take(cluster.pings(10));
          cluster.rekey(sa, old);
          take(cluster.pings(10));
          t.check(seen.size() == count, "a number once under each key", "one of them twice");
        });

MPSEC_CASE(
        .id = "profile/4/counter-goes-in-steps-of-one", .rules = {"profile/4/in-steps-of-one"},
        .side = Side::any, .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does = "The tester gets eight answers, one after the other, over two sub-SAs.",
        .lawful = "The numbers are no further apart than leases of 64, of 16 workers, can make them.",
        .run = [](Tester& t) {
          Cluster cluster(t);
          IkeSession& sa = cluster.found();
          cluster.join_on(sa);
          const auto numbers = numbers_of(cluster.pings(8));
          const auto [least, most] = std::ranges::minmax(numbers);
          t.check(most - least <= 16 * 64, "numbers near to each other", "numbers far apart");
        });

MPSEC_CASE(
        .id = "profile/4/numbers-are-not-far-behind-the-highest", .rules = {"profile/4/lease-left-behind"},
        .side = Side::any, .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does = "The tester, with a window of 64, gets forty answers, one after the other, over two sub-SAs.",
        .lawful = "None of the numbers is more than a quarter of that window below the highest that came.",
        .run = [](Tester& t) {
          Cluster cluster(t);
          cluster.own.window = 64;
          IkeSession& sa = cluster.found();
          cluster.join_on(sa);
          std::uint64_t top = 0;
          for (const std::uint64_t number : numbers_of(cluster.pings(40))) {
            t.check(number + 16 >= top, "a number at most 16 below the highest", "one further below");
            top = std::max(top, number);
          }
        });

MPSEC_CASE(
        .id = "profile/4/after-a-pause-numbers-are-above-the-highest",
        .rules = {"profile/4/lease-has-a-time"}, .side = Side::any, .features = {Feature::sa_clusters},
        .wishes = {.cluster = true},
        .does = "The tester gets answers over two sub-SAs, waits for ten seconds, and gets four more.",
        .lawful = "What is left of leases is abandoned by then: all numbers are above those from before.",
        .run = [](Tester& t) {
          Cluster cluster(t);
          IkeSession& sa = cluster.found();
          cluster.join_on(sa);
          static_cast<void>(cluster.pings(8));
          const std::uint64_t before = cluster.top_received;
          t.wait(std::chrono::seconds(10));
          for (const std::uint64_t number : numbers_of(cluster.pings(4)))
            t.check(number > before, "a number above those from before the pause", "one below");
        });

MPSEC_CASE(
        .id = "profile/4/first-number-of-a-cluster-is-one", .rules = {"profile/4/first-number-is-one"},
        .side = Side::any, .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does = "The tester founds a cluster, and sends a ping with number 1.",
        .lawful = "It is accepted, and the answer has number 1.", .run = [](Tester& t) {
          Cluster cluster(t);
          const Message response = cluster.ask_over(cluster.opening_with(cluster.own, 0));
          t.control([&] { t.expect_no_error(response); });
          cluster.take(need_child(cluster.ike.back()->take_auth(response)));
          const auto pong = t.expect_pong(cluster.send_ping(*cluster.children[0]));
          t.check(pong.opened.number == 1, "the number 1", "another one");
        });

MPSEC_CASE(
        .id = "profile/4/first-packet-of-a-joiner-has-the-next-number",
        .rules = {"profile/4/one-counter", "profile/3/joining-under-traffic"}, .side = Side::any,
        .features = {Feature::sa_clusters, Feature::several_paths}, .wishes = {.cluster = true},
        .does = "The tester gets ten answers on one sub-SA, joins by another and deletes the first.",
        .lawful = "The first number on the new sub-SA is above all that came before.", .run = [](Tester& t) {
          Cluster cluster(t);
          IkeSession& sa = cluster.found();
          static_cast<void>(cluster.pings(10));
          const std::uint64_t before = cluster.top_received;
          const Message response = cluster.ask_over(cluster.opening_with(cluster.joining(), 1));
          t.control([&] { t.expect_no_error(response); });
          EspChild& fresh = need_child(cluster.ike.back()->take_auth(response));
          t.control([&] { cluster.delete_child(sa, *cluster.children[0]); });
          cluster.take(fresh);
          t.check(t.expect_pong(cluster.send_ping(fresh)).opened.number > before,
                  "a number above those that were sent", "one that was reached before");
        });

MPSEC_CASE(
        .id = "profile/4/nothing-is-sent-behind-2-to-32-without-esn",
        .rules = {"profile/4/ends-before-2-to-32-without-esn", "profile/4/never-cycles",
                  "profile/4/nothing-is-sent-at-the-end"},
        .side = Side::any, .features = {Feature::sa_clusters, Feature::sequence_numbers_32},
        .hooks = {Hook::set_outbound_sequence}, .wishes = {.cluster = true},
        .does =
            "The target's counter is set to just below 2^32, and the tester sends pings over two sub-SAs, "
            "leaving requests for a new cluster unanswered.",
        .lawful = "After the number 2^32-1 no packet comes, and no number from the beginning.",
        .run = [](Tester& t) {
          Cluster cluster(t);
          IkeSession& sa = cluster.found();
          cluster.join_on(sa);
          cluster.ping_all();
          t.call(Hook::set_outbound_sequence, two_to_32 - 4);
          for (std::size_t i = 0; i < 12; ++i) {
            const auto pong = t.receive_pong(cluster.send_ping(*cluster.children[i % 2]), t.link().silence());
            if (pong)
              t.check(pong->opened.number >= two_to_32 - 8, "numbers up to 2^32-1", "one from the beginning");
            else if (i >= 4)
              return;
          }
          t.fail("nothing behind the last number", "twelve answers");
        });

MPSEC_CASE(
        .id = "profile/4/cluster-is-replaced-before-its-end",
        .rules = {"profile/4/early-warning", "profile/4/only-a-new-cluster-helps"}, .side = Side::initiator,
        .features = {Feature::sa_clusters, Feature::sequence_numbers_32},
        .hooks = {Hook::set_outbound_sequence}, .wishes = {.cluster = true},
        .does = "The target's counter is set to where less than a tenth of 2^32 numbers is left.",
        .lawful = "It asks for a Child SA that founds a new cluster under a new ID, without REKEY_SA.",
        .run = [](Tester& t) {
          Cluster cluster(t);
          IkeSession& sa = cluster.found();
          t.call(Hook::set_outbound_sequence, two_to_32 - two_to_32 / 20);
          cluster.ping_all();
          t.wait(std::chrono::seconds(2));
          cluster.ping_all();
          const auto request = t.receive(
              sa,
              [](const Message& one) {
                return !one.header.response && one.header.exchange_type == ExchangeType::create_child_sa;
              },
              std::chrono::seconds(20));
          t.check(request.has_value(), "a CREATE_CHILD_SA request for a new cluster", "none");
          const auto join = join_in(*request);
          t.check(join && join->founds && join->cluster != cluster.own.cluster,
                  "a JOIN that founds a new cluster", "another one, or none");
          t.check(find_notify(request->payloads, NotifyType::rekey_sa) == nullptr, "no REKEY_SA", "one");
        });

MPSEC_CASE(
        .id = "profile/4/traffic-moves-to-the-new-cluster",
        .rules = {"profile/4/only-a-new-cluster-helps", "profile/4/first-number-is-one"},
        .side = Side::initiator, .features = {Feature::sa_clusters, Feature::sequence_numbers_32},
        .hooks = {Hook::set_outbound_sequence}, .wishes = {.cluster = true},
        .does = "A cluster near its end is replaced by the target, and the tester agrees.",
        .lawful =
            "The new cluster begins with number 1, the old sub-SAs are deleted by the target, and a join to "
            "the old cluster is refused with reason 5, or 1 once it is forgotten.",
        .run = [](Tester& t) {
          Cluster cluster(t), next(t);
          IkeSession& sa = cluster.found();
          t.call(Hook::set_outbound_sequence, two_to_32 - two_to_32 / 20);
          cluster.ping_all();
          t.wait(std::chrono::seconds(2));
          cluster.ping_all();
          const Message request = t.control(
              [&] { return t.expect_request(sa, ExchangeType::create_child_sa, std::chrono::seconds(20)); });
          sa.send(sa.child_response(request));
          next.take(need_child(sa.made_child()));
          const auto gone = t.receive(
              sa, [&](const Message& one) { return deletes(one, *cluster.children[0]); },
              t.request_patience());
          t.check(gone.has_value(), "a Delete for the old sub-SA", "none");
          sa.send(sa.response(*gone, {}));
          t.check(t.expect_pong(next.send_ping(*next.children[0])).opened.number == 1,
                  "the number 1 in the new cluster", "another one");
          const auto refused = refused_in(cluster.ask_on(sa, cluster.wish(cluster.joining())));
          t.check(refused && (refused->reason == ClusterRefusal::ended ||
                              refused->reason == ClusterRefusal::unknown_cluster),
                  "the join to the old cluster is refused", "it is not");
        });

MPSEC_CASE(
        .id = "profile/4/esn-goes-on-behind-2-to-32",
        .rules = {"profile/4/key-and-number-once", "profile/4/ends-before-2-to-32-without-esn"},
        .side = Side::any,
        .features = {Feature::sa_clusters, Feature::several_paths, Feature::extended_sequence_numbers},
        .hooks = {Hook::set_outbound_sequence},
        .wishes = {.extended_sequence_numbers = true, .cluster = true},
        .does = "The target's counter is set to just below 2^32 in a cluster with ESN; then a sub-SA joins.",
        .lawful = "Numbers go on behind 2^32 on both, with all 64 bits in the ICV.", .run = [](Tester& t) {
          Cluster cluster(t);
          cluster.opening.child.extended_sequence_numbers = true;
          cluster.found(0);
          t.call(Hook::set_outbound_sequence, two_to_32 - 3);
          cluster.ping_all();
          static_cast<void>(cluster.pings(6));
          t.check(cluster.top_received > two_to_32, "numbers above 2^32", "lower ones");
          const std::uint64_t before = cluster.top_received;
          cluster.join(1);
          for (const std::uint64_t number : numbers_of(cluster.pings(6)))
            t.check(number > before, "numbers that go on", "one that was reached before");
        });

}  // namespace mpsec::conformance
