// Sub-SAs come, go and end; packets are lost, doubled, held back, replayed, forged: as the model says.
// depends: cluster crypto_open
#include "cluster/test_cluster_world.hpp"
#include "support/require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  const std::string broken = mpsec::cluster::test::ClusterWorld::run({octets, size});
  mpsec::fuzz::require(broken.empty(), broken.c_str());
  return 0;
}
