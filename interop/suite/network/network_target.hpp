// A target that is reached over the network.
#pragma once

#include <memory>

#include "interop/suite/network/target_file.hpp"

namespace mpsec::conformance {

class NetworkTarget final : public Target {
 public:
  // Opens the tester's sockets. Fails as gateway::Outside::open does. `timeout_scale` lengthens every wait.
  static Result<std::unique_ptr<NetworkTarget>> open(TargetFile file, double timeout_scale = 1);
  ~NetworkTarget() override;

  const Description& description() const override;
  Link& link() override;
  // Fails, naming it, where a wish is not how the target is described, and no hook grants it.
  Result<> prepare(const Wishes& wishes) override;
  Result<> call(Hook hook, std::uint64_t argument) override;
  Result<ReplayCounters> replay_counters() override;
  bool remembers() const override;
  Result<std::vector<AuditEntry>> audit() override;

  // Waits and repetitions are derived from it: how long the target took to answer, at the most, and what
  // share of exchanges got no answer on the way.
  void note_way(Duration round_trip, double loss);

 private:
  class Inside;
  explicit NetworkTarget(std::unique_ptr<Inside> inside);
  std::unique_ptr<Inside> inside_;
};

}  // namespace mpsec::conformance
