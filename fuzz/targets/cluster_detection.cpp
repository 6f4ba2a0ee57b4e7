// SAs that count for themselves are never taken for a cluster; with any others beside them verdicts are
// lawful, and the books of all together close.
// depends: replay_cluster fuzz_support
#include "support/cluster_numbers.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  mpsec::fuzz::ClusterNumbers numbers({octets, size});
  auto sas = numbers.counted();
  for (const auto& finding : mpsec::replay::find_clusters(sas))
    numbers.require_none(finding);
  numbers.add_any(sas);
  numbers.require_lawful(mpsec::replay::find_clusters(sas), sas);
  numbers.require_books();
  return 0;
}
