// SA cluster profile 5: which sub-SA carries a packet, and duplication.
#include <algorithm>
#include <set>

#include "interop/suite/cluster.hpp"

namespace mpsec::conformance {
namespace {

using namespace wire::ike;

// A cluster whose ends both want duplication.
void make_duplicating(Cluster& cluster) {
  cluster.own.duplication = true;
  cluster.opening.auth = [](Message& message) {
    for (Payload& payload : message.payloads)
      if (auto* notify = std::get_if<Notify>(&payload.body);
          notify != nullptr && notify->type == NotifyType::sa_cluster_supported)
        notify->data = wire::encode(SaClusterSupported{.duplication = true, .most_but_one = 63});
  };
}

// All that answers one ping: ESP packets, in the order in which they came.
std::vector<Tester::Pong> all_answers(Tester& t, std::uint32_t mark) {
  std::vector<Tester::Pong> all;
  all.push_back(t.expect_pong(mark));
  while (auto next = t.receive_pong(mark, t.link().silence()))
    all.push_back(*std::move(next));
  return all;
}

}  // namespace

MPSEC_CASE(
        .id = "profile/5/traffic-is-spread-over-the-sub-sas",
        .rules = {"draft-zhang/3/traffic-is-split", "draft-zhang/3.2/sender-splits-traffic",
                  "profile/5/policy-names-the-cluster", "draft-zhang/3.2/one-member-chosen-for-each-packet"},
        .side = Side::any, .features = {Feature::sa_clusters, Feature::several_paths},
        .wishes = {.cluster = true, .scheduler = "round-robin burst=1"},
        .does = "The tester gets forty answers from a cluster of two sub-SAs.",
        .lawful = "Both have carried some of them.", .run = [](Tester& t) {
          Cluster cluster(t);
          make_two_that_work(cluster);
          std::set<const EspChild*> used;
          for (const auto& pong : cluster.pings(40))
            used.insert(pong.child);
          t.check(used.size() == 2, "packets on both sub-SAs", "on one of them only");
        });

MPSEC_CASE(
        .id = "profile/5/receiver-relies-on-no-order-of-sub-sas",
        .rules = {"profile/5/choice-is-local", "draft-zhang/3.2/choice-is-local",
                  "draft-zhang/3.2/any-method-to-get-numbers"},
        .side = Side::any, .features = {Feature::sa_clusters, Feature::several_paths},
        .wishes = {.cluster = true},
        .does =
            "The tester sends runs of packets by one sub-SA and single ones by the other, and leaves numbers "
            "out "
            "as a sender with leases does.",
        .lawful = "All of them are accepted.", .run = [](Tester& t) {
          Cluster cluster(t);
          make_two_that_work(cluster);
          for (const std::size_t at : {0u, 0u, 0u, 0u, 1u, 0u, 1u, 1u, 1u}) {
            t.expect_pong(cluster.send_ping(*cluster.children[at]));
            cluster.next += at == 1 ? 17 : 0;
          }
        });

MPSEC_CASE(
        .id = "profile/5/one-packet-goes-by-one-sub-sa",
        .rules = {"profile/1/one-packet-one-sub-sa", "draft-zhang/3/one-packet-one-sub-sa",
                  "draft-zhang/3/members-are-not-nested"},
        .side = Side::any, .features = {Feature::sa_clusters, Feature::several_paths},
        .wishes = {.cluster = true}, .does = "The tester sends pings to a cluster without duplication.",
        .lawful = "Each is answered by a single ESP packet, in which is the answer and no other ESP packet.",
        .run = [](Tester& t) {
          Cluster cluster(t);
          make_two_that_work(cluster);
          for (std::size_t i = 0; i < 4; ++i) {
            const auto answers = all_answers(t, cluster.send_ping(*cluster.children[i % 2]));
            t.check(answers.size() == 1, "one ESP packet for an answer", "two");
            t.check(answers[0].opened.next_header == (t.target().tester_host.is_v4() ? 4 : 41),
                    "the inner packet in it", "something else");
          }
        });

MPSEC_CASE(
        .id = "profile/5/packets-are-as-on-an-ordinary-sa",
        .rules = {"profile/5/nothing-else-changes", "draft-zhang/3.2/nothing-else-changes-outbound"},
        .side = Side::any, .features = {Feature::sa_clusters, Feature::several_paths},
        .wishes = {.cluster = true}, .does = "The tester gets answers from a cluster of two sub-SAs.",
        .lawful = "On both the padding counts up from 1, and the next header is that of the inner packet.",
        .run = [](Tester& t) {
          Cluster cluster(t);
          make_two_that_work(cluster);
          for (const auto& pong : cluster.pings(8)) {
            std::uint8_t octet = 0;
            for (const std::uint8_t one : pong.opened.padding)
              t.check(one == ++octet, "padding of 1, 2, 3", "other octets");
            t.check(pong.opened.next_header == (t.target().tester_host.is_v4() ? 4 : 41),
                    "the next header of the inner packet", "another");
          }
        });

MPSEC_CASE(
        .id = "profile/5/a-flow-stays-on-one-path", .rules = {"profile/5/flows-stay-together"},
        .side = Side::any, .features = {Feature::sa_clusters, Feature::several_paths},
        .wishes = {.cluster = true, .scheduler = "flow-hash"},
        .does =
            "The tester gets twelve answers of one flow from a cluster of two sub-SAs, whose sender goes by "
            "flow.",
        .lawful = "All of them come by one sub-SA.", .run = [](Tester& t) {
          Cluster cluster(t);
          make_two_that_work(cluster);
          std::set<const EspChild*> used;
          for (int i = 0; i < 12; ++i)
            used.insert(cluster.ping(*cluster.children[0]).child);
          t.check(used.size() == 1, "one sub-SA for one flow", "two");
        });

MPSEC_CASE(
        .id = "profile/5/duplication-is-granted-where-both-want-it",
        .rules = {"profile/2.2/answer-to-a-founder", "profile/5/copy-has-the-same-number"},
        .side = Side::responder, .features = {Feature::sa_clusters, Feature::several_paths},
        .wishes = {.cluster = true, .duplication = true},
        .does = "Both ends want duplication, and the tester sends pings to two sub-SAs.",
        .lawful =
            "Each answer comes once or twice; copies have the same number and inner packet, are on different "
            "sub-SAs, and there is no third.",
        .run = [](Tester& t) {
          Cluster cluster(t);
          make_duplicating(cluster);
          make_two_that_work(cluster);
          if (!cluster.peers->duplication) t.unsupported("the target does not agree to duplication");
          for (std::size_t i = 0; i < 4; ++i) {
            const auto answers = all_answers(t, cluster.send_ping(*cluster.children[i % 2]));
            t.check(answers.size() <= 2, "two copies at most", "a third");
            if (answers.size() < 2) continue;
            t.check(answers[0].opened.number == answers[1].opened.number, "copies with one number",
                    "with two");
            t.check(answers[0].opened.payload == answers[1].opened.payload, "the same inner packet",
                    "another");
            t.check(answers[0].child != answers[1].child, "copies on different sub-SAs", "on the same");
          }
        });

MPSEC_CASE(
        .id = "profile/5/a-single-sub-sa-carries-no-copy", .rules = {"profile/5/never-twice-on-one-sub-sa"},
        .side = Side::responder, .features = {Feature::sa_clusters},
        .wishes = {.cluster = true, .duplication = true},
        .does = "Both ends want duplication, and there is a single sub-SA.",
        .lawful = "Each answer comes once.", .run = [](Tester& t) {
          Cluster cluster(t);
          make_duplicating(cluster);
          cluster.found(0);
          for (std::size_t i = 0; i < 3; ++i)
            t.check(all_answers(t, cluster.send_ping(*cluster.children[0])).size() == 1, "one packet", "two");
        });

MPSEC_CASE(
        .id = "profile/5/second-copy-is-delivered-once",
        .rules = {"profile/5/copy-has-the-same-number", "profile/6/accepted-once"}, .side = Side::responder,
        .features = {Feature::sa_clusters, Feature::several_paths},
        .wishes = {.cluster = true, .duplication = true},
        .does =
            "Both ends want duplication, and the tester sends one inner packet under one number on both "
            "sub-SAs.",
        .lawful = "It is delivered once: its ping is answered under a single number.", .run = [](Tester& t) {
          Cluster cluster(t);
          make_duplicating(cluster);
          make_two_that_work(cluster);
          const std::uint32_t mark = t.fresh_mark();
          EspText text;
          text.payload = t.ping_packet(mark);
          const std::uint64_t number = cluster.next++;
          for (EspChild* child : cluster.children)
            t.send(child->seal(text, number));
          std::set<std::uint64_t> numbers;
          for (const std::uint64_t one : numbers_of(all_answers(t, mark)))
            numbers.insert(one);
          t.check(numbers.size() == 1, "one answer", "two: both copies were delivered");
        });

MPSEC_CASE(
        .id = "profile/5/nothing-is-duplicated-unless-agreed",
        .rules = {"profile/5/duplication-only-if-agreed"}, .side = Side::responder,
        .features = {Feature::sa_clusters, Feature::several_paths},
        .wishes = {.cluster = true, .duplication = true},
        .does = "The target would duplicate, and the tester founds a cluster without bit 2.",
        .lawful = "Each answer comes once.", .run = [](Tester& t) {
          Cluster cluster(t);
          make_two_that_work(cluster);
          for (std::size_t i = 0; i < 4; ++i)
            t.check(all_answers(t, cluster.send_ping(*cluster.children[i % 2])).size() == 1, "one packet",
                    "two");
        });

}  // namespace mpsec::conformance
