#include "gateway/core/cluster_policy.hpp"

#include <gtest/gtest.h>

namespace mpsec::gateway {
namespace {

cluster::ClusterParameters parameters_of(const ClusterSettings& settings,
                                         const ike::ClusterMembership& membership) {
  return cluster_parameters(ipsec::ClusterId{1}, membership, {}, settings);
}

TEST(ClusterPolicy, TakesThePeersWindowFromTheFileWhereNobodyTellsIt) {
  ClusterSettings settings;
  settings.wish.window = 4096;
  settings.peer_window = 128;
  const auto parameters = parameters_of(settings, configured_membership(settings));
  EXPECT_EQ(parameters.replay_window, 4096u);
  EXPECT_EQ(parameters.peer_window, 128u);
}

TEST(ClusterPolicy, WatchesNumbersThatNobodyHasPromisedToShare) {
  ClusterSettings settings;
  const ike::ClusterMembership negotiated{.id = ike::ClusterId{7}};
  EXPECT_TRUE(parameters_of(settings, configured_membership(settings)).watch_numbers)
      << "an SA without IKE, of a cluster that others may negotiate";
  EXPECT_FALSE(parameters_of(settings, negotiated).watch_numbers);
  settings.negotiated = false;
  EXPECT_TRUE(parameters_of(settings, configured_membership(settings)).watch_numbers);
  settings.share_with_ordinary_peer = true;
  EXPECT_FALSE(parameters_of(settings, configured_membership(settings)).watch_numbers)
      << "the peer counts each SA for itself, as is said in the file";
}

}  // namespace
}  // namespace mpsec::gateway
