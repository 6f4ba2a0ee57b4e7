// SA cluster profile 8: a cluster of one, and peers without clusters.
#include <algorithm>

#include "interop/suite/cluster.hpp"
#include "interop/suite/need.hpp"

namespace mpsec::conformance {
namespace {

using namespace wire::ike;

// A second Child SA beside the first, in no cluster; pinged with number 1.
EspChild& second_ordinary(Tester& t, IkeSession& sa) {
  const Message request = sa.create_child_request({});
  const Message response = t.control([&] { return t.ask(sa, request); });
  t.control([&] { t.expect_no_error(response); });
  return *sa.take_child(request, response);
}

}  // namespace

MPSEC_CASE(
        .id = "profile/8/ordinary-sas-of-equal-selectors-are-no-cluster",
        .rules = {"profile/2/no-guessing", "profile/8/ordinary-peers-numbers-are-per-sa"},
        .side = Side::responder, .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does = "A tester without clusters has two Child SAs of equal selectors, and counts on each from 1.",
        .lawful = "Packets with equal numbers on both are accepted: each has its own window.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& second = second_ordinary(t, sa);
          for (EspChild* child : {sa.children.front().get(), &second})
            for (const std::uint64_t number : {11u, 12u})
              t.expect_pong(t.send_ping(*child, number));
        });

MPSEC_CASE(
        .id = "profile/8/numbers-to-an-ordinary-peer-are-per-sa",
        .rules = {"profile/8/shared-numbers-to-an-ordinary-peer",
                  "profile/8/without-agreement-each-sa-for-itself"},
        .side = Side::responder, .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does = "A tester without clusters has two Child SAs of equal selectors.",
        .lawful = "The first packet on the second one has number 1.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          t.ping_control(*sa.children.front());
          EspChild& second = second_ordinary(t, sa);
          t.control([&] { t.expect_no_error(t.ask(sa, delete_request(sa, *sa.children.front()))); });
          const auto pong = t.ping(second);
          t.check(pong.child == &second && pong.opened.number == 1, "the number 1", "another one");
        });

MPSEC_CASE(
        .id = "profile/8/rekeyed-ordinary-sa-begins-at-one",
        .rules = {"profile/8/without-agreement-each-sa-for-itself"}, .side = Side::responder,
        .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does = "A tester without clusters rekeys its Child SA.",
        .lawful = "Numbers begin at 1 on the new one, in both directions.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& old = *sa.children.front();
          for (int i = 0; i < 3; ++i)
            t.ping_control(old);
          ChildWish wish;
          wish.rekeys = old.terms().own;
          const Message request = sa.create_child_request(wish);
          const Message response = t.control([&] { return t.ask(sa, request); });
          t.control([&] { t.expect_no_error(response); });
          EspChild& fresh = *sa.take_child(request, response);
          t.control([&] { t.expect_no_error(t.ask(sa, delete_request(sa, old))); });
          const auto pong = t.expect_pong(t.send_ping(fresh, 1));
          t.check(pong.opened.number == 1, "the number 1", "another one");
        });

MPSEC_CASE(
        .id = "profile/8/cluster-of-one-is-as-an-ordinary-sa",
        .rules = {"profile/8/one-sub-sa-looks-ordinary", "draft-zhang/3.6/one-member-interoperates"},
        .side = Side::any, .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does = "The tester has a cluster of one sub-SA, and gets five answers.",
        .lawful = "They have numbers that go up one by one, and padding that counts from 1.",
        .run = [](Tester& t) {
          Cluster cluster(t);
          cluster.found();
          std::uint64_t before = cluster.top_received;
          for (const auto& pong : cluster.pings(5)) {
            t.check(pong.opened.number > before && pong.opened.number <= before + 1024, "numbers that go up",
                    "others");
            before = pong.opened.number;
            std::uint8_t octet = 0;
            for (const std::uint8_t one : pong.opened.padding)
              t.check(one == ++octet, "padding of 1, 2, 3", "other octets");
          }
        });

MPSEC_CASE(
        .id = "profile/8/target-without-clusters-answers-a-founder-as-if-it-knew-none",
        .rules = {"profile/8/no-notifies-unless-configured", "profile/2.3/no-join-is-one-ordinary-sa"},
        .side = Side::responder,
        .does = "The tester founds a cluster with a target that has none configured.",
        .lawful = "An ordinary Child SA is made, and nothing is said of clusters.", .run = [](Tester& t) {
          Cluster cluster(t);
          const Message response = cluster.ask_over(cluster.opening_with(cluster.own, 0));
          t.expect_no_error(response);
          t.check(says_nothing_of_clusters(response), "nothing of clusters", "a Vendor ID or a notify");
          t.ping(need_child(cluster.ike.back()->take_auth(response)));
        });

MPSEC_CASE(
        .id = "profile/8/target-without-clusters-answers-a-join-as-if-it-knew-none",
        .rules = {"profile/8/no-notifies-unless-configured"}, .side = Side::responder,
        .does = "The tester asks a target that has no clusters configured to join one.",
        .lawful = "An ordinary Child SA is made, and nothing is said of clusters.", .run = [](Tester& t) {
          Cluster cluster(t);
          const Message response = cluster.ask_over(cluster.opening_with(cluster.joining(), 0));
          t.expect_no_error(response);
          t.check(says_nothing_of_clusters(response), "nothing of clusters", "a Vendor ID or a notify");
          t.ping(need_child(cluster.ike.back()->take_auth(response)));
        });

MPSEC_CASE(
        .id = "profile/8/target-without-clusters-says-nothing-of-them-as-initiator",
        .rules = {"profile/8/no-notifies-unless-configured"}, .side = Side::initiator,
        .hooks = {Hook::initiate}, .does = "A target without clusters initiates.",
        .lawful = "Its IKE_AUTH request says nothing of clusters.", .run = [](Tester& t) {
          Cluster cluster(t);
          cluster.await_request(0);
          t.check(says_nothing_of_clusters(cluster.heard), "nothing of clusters", "a Vendor ID or a notify");
        });

MPSEC_CASE(
        .id = "profile/8/nothing-goes-by-a-sub-sa-that-was-refused",
        .rules = {"profile/2/agreed-before-traffic", "draft-zhang/3.1/agreed-before-traffic"},
        .side = Side::responder, .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does = "The tester is refused a join with another window, and gets answers from the cluster.",
        .lawful = "All of them come by sub-SAs that were agreed to, and no ESP packet under another SPI.",
        .run = [](Tester& t) {
          Cluster cluster(t);
          IkeSession& sa = cluster.found();
          cluster.ping_all();
          SaClusterJoin join = cluster.joining();
          join.window *= 2;
          const Message response = cluster.ask_on(sa, cluster.wish(join));
          t.control([&] { t.check(refused_in(response).has_value(), "a refusal", "none"); });
          static_cast<void>(cluster.pings(6));
          t.check(t.unopened().empty(), "ESP of sub-SAs that were agreed to alone", "another packet");
        });

}  // namespace mpsec::conformance
