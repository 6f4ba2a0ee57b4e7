// What all workers of a cluster share: the source of numbers, the window, the count of sub-SAs.
#pragma once

#include <atomic>
#include <memory>

#include "cluster/cluster_events.hpp"
#include "cluster/cluster_parameters.hpp"
#include "cluster/shared_sequence.hpp"
#include "cluster/shared_window.hpp"
#include "ipsec/anti_replay.hpp"

namespace mpsec::cluster {

class ClusterCore {
 public:
  // `parameters` have passed their check.
  explicit ClusterCore(ClusterParameters parameters);

  const ClusterParameters& parameters() const { return parameters_; }
  SharedSequence& sequence() { return sequence_; }
  const SharedSequence& sequence() const { return sequence_; }
  // One for all sub-SAs. Towards an ordinary peer, whose SAs count each for itself, there is none: nullptr.
  const std::shared_ptr<ipsec::AntiReplay>& window() const { return window_; }
  // nullptr where the window is not of the form that reports.
  const SharedWindow* reporting_window() const { return reporting_; }

  // A place for one more sub-SA, over all workers. False where all are taken.
  bool take_place() noexcept;
  void give_place() noexcept { places_.fetch_sub(1); }
  std::uint32_t sub_sas() const noexcept { return places_.load(); }

  // Sub-SAs are valid or no longer, over all workers: with the last of them the cluster ends, for good.
  // False where it has ended already.
  bool count_valid() noexcept;
  void count_invalid() noexcept;
  ClusterState state() const noexcept;

  // That the peer does not share its numbers. True once, over all workers: whoever asks tells of it.
  bool tell_unshared() noexcept { return !unshared_told_.exchange(true); }

 private:
  ClusterParameters parameters_;
  SharedSequence sequence_;
  std::shared_ptr<ipsec::AntiReplay> window_;
  const SharedWindow* reporting_ = nullptr;
  static constexpr std::uint32_t ended = ~0u;  // of valid_: no sub-SA is, and none will be
  std::atomic<std::uint32_t> places_{0}, valid_{0};
  std::atomic<bool> unshared_told_{false};
};

}  // namespace mpsec::cluster
