// What one sub-SA sees of its cluster's window.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "ipsec/replay_window.hpp"

namespace mpsec::cluster {

// Numbers that were authentic under this sub-SA, and had come by another one of the cluster before.
struct RepeatedNumbers {
  std::uint64_t redundant = 0;  // as both ends agreed: copies by two paths
  std::uint64_t not_shared =
      0;  // they did not: the peer does not share its numbers, or somebody has its keys
};

// The cluster's window decides. This one remembers besides which numbers came by its own sub-SA, so that the
// second copy of a packet that went by two of them is told from a replay: redundant, the first time it comes
// here. What the cluster has and this sub-SA has not goes to the ICV, since only an authentic packet may be
// called one or the other.
//
// One writer, the worker of the sub-SA.
class SubSaWindow final : public ipsec::AntiReplay {
 public:
  SubSaWindow(std::shared_ptr<ipsec::AntiReplay> cluster, std::uint32_t size, bool extended, bool duplication)
      : cluster_(std::move(cluster)), own_(size, extended), duplication_(duplication) {}

  void check(std::span<const std::uint32_t> on_wire, std::span<Hint> hints) const noexcept override;
  void accept(std::span<const std::uint64_t> numbers,
              std::span<ipsec::ReplayVerdict> verdicts) noexcept override;
  std::uint64_t top() const noexcept override { return cluster_->top(); }
  void resynchronise(std::uint64_t number) noexcept override { cluster_->resynchronise(number); }

  const RepeatedNumbers& repeated() const { return repeated_; }

 private:
  std::shared_ptr<ipsec::AntiReplay> cluster_;
  ipsec::ReplayWindow own_;
  bool duplication_;
  RepeatedNumbers repeated_;
};

}  // namespace mpsec::cluster
