// What is said of clusters that does not count, or was not asked for.
#include "ike/child_negotiation.hpp"
#include "ike/test_clusters.hpp"

namespace mpsec::ike::test {
namespace {

using namespace wire::ike;

TEST(Clusters, ASupportedOfAnotherVersionOrSaidTwiceCountsForNothing) {
  const std::vector<std::function<void(Message&)>> bends{
      [](Message& message) {
        if (Notify* notify = notify_in(message, NotifyType::sa_cluster_supported)) notify->data.front() = 2;
      },
      [](Message& message) {
        if (Notify* notify = notify_in(message, NotifyType::sa_cluster_supported))
          message.payloads.push_back(make_payload(Notify(*notify)));
        EXPECT_TRUE(complete(message));
      }};
  for (const auto& bend : bends) {
    Bender tap;
    tap.out = bend;
    EndOptions a = clustered();
    a.tap = &tap;
    Clustered world(a, clustered(8192));
    world.initiate(world.a);
    world.deliver_all();
    EXPECT_TRUE(world.a.engine().cluster_status().empty() && world.b.engine().cluster_status().empty());
    EXPECT_EQ(world.disagreement(), "");
  }
}

TEST(Clusters, AnAnswerThatWasNotAskedForIsNotTaken) {
  const std::vector<std::function<void(SaClusterJoin&)>> bends{
      [](SaClusterJoin& join) { join.founds = false; }, [](SaClusterJoin& join) { join.duplication = true; }};
  for (const auto& bend : bends) {
    Bender tap;
    tap.out = [&](Message& message) { bend_join(message, bend); };
    EndOptions b = clustered(8192);
    b.tap = &tap;
    Clustered world(clustered(), b);
    world.initiate(world.a);
    world.deliver_all();
    EXPECT_TRUE(world.a.engine().cluster_status().empty()) << world.a.log();
    EXPECT_TRUE(world.b.engine().cluster_status().empty()) << world.b.log();
  }
}

}  // namespace
}  // namespace mpsec::ike::test
