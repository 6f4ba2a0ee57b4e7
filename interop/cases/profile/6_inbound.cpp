// SA cluster profile 6: the window that all sub-SAs share.
#include "interop/suite/cluster.hpp"
#include "interop/suite/need.hpp"

namespace mpsec::conformance {
namespace {

using namespace wire::ike;

// A ping whose ICV is wrong.
std::uint32_t send_forged(Tester& t, EspChild& child, std::uint64_t number) {
  const std::uint32_t mark = t.fresh_mark();
  EspText text;
  text.payload = t.ping_packet(mark);
  EspPacket packet = child.seal(text, number);
  packet.octets.back() ^= 1;
  t.send(packet);
  return mark;
}

}  // namespace

MPSEC_CASE(
        .id = "profile/6/number-on-another-sub-sa-is-a-replay",
        .rules = {"profile/6/one-window", "profile/6/accepted-once",
                  "draft-zhang/3.3/one-window-for-all-members",
                  "draft-zhang/3.3/check-is-against-the-cluster"},
        .side = Side::any, .features = {Feature::sa_clusters, Feature::several_paths},
        .wishes = {.cluster = true},
        .does =
            "The tester sends a ping, and then another one under the same number and the keys of another "
            "sub-SA.",
        .lawful = "The second is not delivered: there is one window.", .run = [](Tester& t) {
          Cluster cluster(t);
          make_two(cluster);
          const std::uint64_t number = cluster.next + 3;
          t.control([&] { t.expect_pong(cluster.send_ping(*cluster.children[0], number)); });
          t.expect_no_pong(cluster.send_ping(*cluster.children[1], number),
                           "a number that was accepted on another sub-SA");
          cluster.next = number + 1;
          static_cast<void>(cluster.pings(2));
        });

MPSEC_CASE(
        .id = "profile/6/replay-on-the-same-sub-sa-is-dropped",
        .rules = {"draft-zhang/3.3/window-works-as-before", "profile/6/accepted-once"}, .side = Side::any,
        .features = {Feature::sa_clusters, Feature::several_paths}, .wishes = {.cluster = true},
        .does = "The tester sends the same packet twice on a sub-SA of a cluster.",
        .lawful = "The second is not delivered.", .run = [](Tester& t) {
          Cluster cluster(t);
          make_two(cluster);
          const std::uint64_t number = cluster.next++;
          t.control([&] { t.expect_pong(cluster.send_ping(*cluster.children[1], number)); });
          t.expect_no_pong(cluster.send_ping(*cluster.children[1], number), "a replay");
          static_cast<void>(cluster.pings(2));
        });

MPSEC_CASE(
        .id = "profile/6/window-has-the-size-that-was-said",
        .rules = {"draft-zhang/3.3/window-works-as-before", "profile/6/window-size-when-little-is-known"},
        .side = Side::any, .features = {Feature::sa_clusters, Feature::several_paths},
        .wishes = {.cluster = true},
        .does =
            "The tester moves the window up on one sub-SA, and then sends on another the lowest number that "
            "is "
            "in it.",
        .lawful = "It is accepted, and W is 1,024 at least.", .run = [](Tester& t) {
          Cluster cluster(t);
          make_two(cluster);
          const std::uint32_t window = cluster.peers->window;
          t.check(window >= 1024, "a window of 1,024 at least", "a smaller one");
          const std::uint64_t top = cluster.next + 10ull * window;
          t.control([&] { t.expect_pong(cluster.send_ping(*cluster.children[0], top)); });
          t.expect_pong(cluster.send_ping(*cluster.children[1], top - window + 1));
        });

MPSEC_CASE(
        .id = "profile/6/below-the-window-is-too-old-on-every-sub-sa",
        .rules = {"profile/6/one-window", "draft-zhang/3.3/window-works-as-before"}, .side = Side::any,
        .features = {Feature::sa_clusters, Feature::several_paths}, .wishes = {.cluster = true},
        .does =
            "The tester moves the window far up on one sub-SA, and sends an unused low number on another.",
        .lawful = "The low number is not delivered, though its own sub-SA has seen none as high.",
        .run = [](Tester& t) {
          Cluster cluster(t);
          make_two(cluster);
          const std::uint64_t low = cluster.next + 5;
          const std::uint64_t top = low + 100'000ull + 4ull * cluster.peers->window;
          t.control([&] { t.expect_pong(cluster.send_ping(*cluster.children[0], top)); });
          t.expect_no_pong(cluster.send_ping(*cluster.children[1], low), "a number below the window");
          cluster.next = top + 1;
          static_cast<void>(cluster.pings(2));
        });

MPSEC_CASE(
        .id = "profile/6/wrong-icv-marks-no-number", .rules = {"profile/6/decision-after-the-icv"},
        .side = Side::any, .features = {Feature::sa_clusters, Feature::several_paths},
        .wishes = {.cluster = true},
        .does = "The tester sends a number with a wrong ICV on one sub-SA, and with a right one on another.",
        .lawful = "The first is not delivered, and the second is.", .run = [](Tester& t) {
          Cluster cluster(t);
          make_two(cluster);
          const std::uint64_t number = cluster.next++;
          t.expect_no_pong(send_forged(t, *cluster.children[0], number), "a packet with a wrong ICV");
          t.expect_pong(cluster.send_ping(*cluster.children[1], number));
        });

MPSEC_CASE(
        .id = "profile/6/wrong-icv-moves-no-window", .rules = {"profile/6/decision-after-the-icv"},
        .side = Side::any, .features = {Feature::sa_clusters, Feature::several_paths},
        .wishes = {.cluster = true},
        .does = "The tester sends a number far above the window with a wrong ICV on one sub-SA.",
        .lawful = "The numbers that are next are accepted on both.", .run = [](Tester& t) {
          Cluster cluster(t);
          make_two(cluster);
          t.expect_no_pong(send_forged(t, *cluster.children[0], cluster.next + 1'000'000),
                           "a packet with a wrong ICV");
          for (EspChild* child : cluster.children)
            t.expect_pong(cluster.send_ping(*child));
        });

MPSEC_CASE(
        .id = "profile/6/duplicate-is-discarded-before-its-icv", .rules = {"profile/6/hint-before-the-icv"},
        .side = Side::any, .features = {Feature::sa_clusters, Feature::several_paths},
        .hooks = {Hook::read_replay_counters}, .wishes = {.cluster = true},
        .does = "The tester sends a number that was accepted, with a wrong ICV, on another sub-SA.",
        .lawful = "It is counted as a replay, and not as a packet that is not authentic.",
        .run = [](Tester& t) {
          Cluster cluster(t);
          make_two(cluster);
          const std::uint64_t number = cluster.next++;
          t.control([&] { t.expect_pong(cluster.send_ping(*cluster.children[0], number)); });
          const ReplayCounters before = t.replay_counters();
          t.expect_no_pong(send_forged(t, *cluster.children[1], number), "a duplicate");
          const ReplayCounters after = t.replay_counters();
          t.check(after.replayed == before.replayed + 1 && after.not_authentic == before.not_authentic,
                  "one replay more", "something else was counted");
        });

MPSEC_CASE(
        .id = "profile/6/replay-and-too-old-are-counted-apart",
        .rules = {"profile/6/causes-are-counted-apart"}, .side = Side::any,
        .features = {Feature::sa_clusters, Feature::several_paths}, .hooks = {Hook::read_replay_counters},
        .wishes = {.cluster = true},
        .does = "The tester sends a replay, and a number below the window, on another sub-SA.",
        .lawful = "One of them is counted as a replay, the other one as too old.", .run = [](Tester& t) {
          Cluster cluster(t);
          make_two(cluster);
          const ReplayCounters before = t.replay_counters();
          if (!before.too_old) t.unsupported("the hook does not tell what is too old apart");
          const std::uint64_t low = cluster.next + 5, top = low + 100'000ull + 4ull * cluster.peers->window;
          t.control([&] { t.expect_pong(cluster.send_ping(*cluster.children[0], top)); });
          t.expect_no_pong(cluster.send_ping(*cluster.children[1], top), "a replay");
          const ReplayCounters replayed = t.replay_counters();
          t.check(replayed.too_old == before.too_old && replayed.replayed == before.replayed + 1,
                  "a replay, and none too old", "otherwise");
          t.expect_no_pong(cluster.send_ping(*cluster.children[1], low), "a number below the window");
          t.check(t.replay_counters().too_old == *before.too_old + 1, "one too old", "otherwise");
        });

MPSEC_CASE(
        .id = "profile/6/late-joiner-takes-the-high-half-from-the-cluster",
        .rules = {"profile/6/high-half-from-the-clusters-top", "profile/3/joining-under-traffic"},
        .side = Side::any,
        .features = {Feature::sa_clusters, Feature::several_paths, Feature::extended_sequence_numbers},
        .wishes = {.extended_sequence_numbers = true, .cluster = true},
        .does =
            "With ESN the tester's numbers pass 2^32 on one sub-SA; then another joins, and sends the next.",
        .lawful = "The first packet of the new sub-SA is accepted, under the cluster's high half.",
        .run = [](Tester& t) {
          Cluster cluster(t);
          cluster.opening.child.extended_sequence_numbers = true;
          cluster.found(0);
          t.control([&] {
            // Far beyond the window first: below it such a number would be one before the first; and a
            // receiver may reckon with all numbers that it remembers, which can be more than its window.
            cluster.next = 16 * t.target().window;
            static_cast<void>(cluster.pings(1));
            cluster.next = two_to_32 - 10;
            static_cast<void>(cluster.pings(1));
            cluster.next = two_to_32 + 5;
            static_cast<void>(cluster.pings(1));
          });
          const Message response = cluster.ask_over(cluster.opening_with(cluster.joining(), 1));
          t.control([&] { t.expect_no_error(response); });
          cluster.take(need_child(cluster.ike.back()->take_auth(response)));
          t.expect_pong(cluster.send_ping(*cluster.children[1]));
          static_cast<void>(cluster.pings(2));
        });

MPSEC_CASE(
        .id = "profile/6/selectors-are-checked-on-every-sub-sa",
        .rules = {"profile/6/selectors-still-checked", "draft-zhang/3.3/nothing-else-changes-inbound"},
        .side = Side::any, .features = {Feature::sa_clusters, Feature::several_paths},
        .wishes = {.cluster = true},
        .does = "The tester sends inner packets from a host outside of its selectors on both sub-SAs.",
        .lawful = "They are not delivered.", .run = [](Tester& t) {
          Cluster cluster(t);
          make_two(cluster);
          for (EspChild* child : cluster.children) {
            const std::uint32_t mark = t.fresh_mark();
            EspText text;
            text.payload = to_packet(
                {.from = IpAddress::parse("192.0.2.77").value(), .to = t.target().target_host, .mark = mark});
            const ReplayCounters before =
                t.target().hooks.has(Hook::read_replay_counters) ? t.replay_counters() : ReplayCounters{};
            t.send(child->seal(text, cluster.next++));
            t.expect_no_pong(mark, "a packet outside of the selectors");
            if (t.target().hooks.has(Hook::read_replay_counters))
              t.check(t.replay_counters().accepted == before.accepted, "no packet delivered", "one");
          }
          static_cast<void>(cluster.pings(2));
        });

MPSEC_CASE(
        .id = "profile/6/sub-sa-is-found-by-spi",
        .rules = {"profile/6/sub-sa-by-spi-and-address", "draft-zhang/3.3/member-found-by-spi-and-address"},
        .side = Side::any, .features = {Feature::sa_clusters}, .wishes = {.cluster = true},
        .does =
            "The tester has three sub-SAs on one path, and sends by them in an order of no rule; then with "
            "an "
            "SPI that is none of theirs.",
        .lawful = "All but the last are delivered.", .run = [](Tester& t) {
          Cluster cluster(t);
          IkeSession& sa = cluster.found();
          cluster.join_on(sa);
          cluster.join_on(sa);
          for (const std::size_t at : {2u, 0u, 1u, 1u, 2u, 0u})
            t.expect_pong(cluster.send_ping(*cluster.children[at]));
          const std::uint32_t mark = t.fresh_mark();
          EspText text;
          text.payload = t.ping_packet(mark);
          EspPacket stray = cluster.children[0]->seal(text, cluster.next + 1);
          store_be(stray.octets.data(), cluster.children[0]->terms().peer.value ^ 0x00ff'0000u);
          t.send(stray);
          t.expect_no_pong(mark, "a packet of an unknown SPI");
          static_cast<void>(cluster.pings(3));
        });

}  // namespace mpsec::conformance
