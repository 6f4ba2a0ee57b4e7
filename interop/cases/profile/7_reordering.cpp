// SA cluster profile 7: the order in which packets are delivered. A target that does not restore it is as
// lawful.
#include <set>

#include "interop/suite/cluster.hpp"

namespace mpsec::conformance {
namespace {

// How often that ping is answered, in the time of silence.
std::size_t answers(Tester& t, std::uint32_t mark) {
  std::size_t count = 0;
  for (Duration wait = t.link().patience(); t.receive_pong(mark, wait); wait = t.link().silence())
    ++count;
  return count;
}

}  // namespace

MPSEC_CASE(
        .id = "profile/7/what-comes-out-of-order-is-delivered-once",
        .rules = {"profile/7/nothing-twice", "profile/7/optional",
                  "draft-zhang/3.3/order-is-restored-by-number",
                  "draft-zhang/3.7/reordering-may-be-done-at-either-place"},
        .side = Side::any, .features = {Feature::sa_clusters, Feature::several_paths},
        .wishes = {.cluster = true, .reordering = true},
        .does = "The tester sends six packets over two sub-SAs in another order than that of their numbers.",
        .lawful = "Each is delivered once, in whatever order.", .run = [](Tester& t) {
          Cluster cluster(t);
          make_two_that_work(cluster);
          std::vector<std::uint32_t> marks;
          for (const unsigned at : {1u, 0u, 3u, 5u, 2u, 4u})
            marks.push_back(cluster.send_ping(*cluster.children[at % 2], cluster.next + at));
          for (const std::uint32_t mark : marks)
            t.check(answers(t, mark) == 1, "each packet delivered once", "one of them not, or twice");
        });

MPSEC_CASE(
        .id = "profile/7/gap-is-waited-for-within-a-bound",
        .rules = {"profile/7/bounded", "profile/7/what-resolves-a-number"}, .side = Side::any,
        .features = {Feature::sa_clusters, Feature::several_paths},
        .wishes = {.cluster = true, .reordering = true},
        .does = "The tester leaves a number out, and sends those behind it over two sub-SAs.",
        .lawful = "They are delivered all the same, before long.", .run = [](Tester& t) {
          Cluster cluster(t);
          make_two_that_work(cluster);
          ++cluster.next;
          for (std::size_t i = 0; i < 4; ++i)
            t.expect_pong(cluster.send_ping(*cluster.children[i % 2]));
        });

MPSEC_CASE(
        .id = "profile/7/dummy-packet-fills-its-number", .rules = {"profile/7/what-resolves-a-number"},
        .side = Side::any, .features = {Feature::sa_clusters, Feature::several_paths},
        .wishes = {.cluster = true, .reordering = true},
        .does =
            "The tester sends a packet out of order, and then a dummy packet (next header 59) with the "
            "number "
            "before it.",
        .lawful = "The packet is delivered, and what follows too.", .run = [](Tester& t) {
          Cluster cluster(t);
          make_two_that_work(cluster);
          const std::uint64_t first = cluster.next;
          const std::uint32_t held = cluster.send_ping(*cluster.children[0], first + 1);
          EspText dummy;
          dummy.payload = Octets(40);
          dummy.next_header = 59;
          t.send(cluster.children[1]->seal(dummy, first));
          const std::uint32_t behind = cluster.send_ping(*cluster.children[1], first + 2);
          t.expect_pong(held);
          t.expect_pong(behind);
        });

MPSEC_CASE(
        .id = "profile/7/late-packet-stalls-nothing", .rules = {"profile/7/late-packets"}, .side = Side::any,
        .features = {Feature::sa_clusters, Feature::several_paths},
        .wishes = {.cluster = true, .reordering = true},
        .does = "The tester sends a number when those behind it have been delivered.",
        .lawful = "It is delivered or discarded, by the target's policy; what follows is delivered.",
        .run = [](Tester& t) {
          Cluster cluster(t);
          make_two_that_work(cluster);
          const std::uint64_t late = cluster.next++;
          t.control([&] { static_cast<void>(t.expect_pong(cluster.send_ping(*cluster.children[0]))); });
          const std::uint32_t mark = cluster.send_ping(*cluster.children[1], late);
          t.check(answers(t, mark) <= 1, "the late packet once at most", "twice");
          t.expect_pong(cluster.send_ping(*cluster.children[0]));
          t.expect_pong(cluster.send_ping(*cluster.children[1]));
        });

}  // namespace mpsec::conformance
