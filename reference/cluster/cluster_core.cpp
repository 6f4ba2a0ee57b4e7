#include "cluster/cluster_core.hpp"

#include "cluster/unchecked_window.hpp"
#include "ipsec/replay_window.hpp"

namespace mpsec::cluster {

ClusterCore::ClusterCore(ClusterParameters parameters)
    : parameters_(std::move(parameters)),
      sequence_(parameters_.extended_sequence_numbers, parameters_.last_sequence_number) {
  const bool extended = parameters_.extended_sequence_numbers;
  if (parameters_.peer == PeerKind::ordinary) return;
  if (!parameters_.anti_replay) {
    window_ = std::make_shared<UncheckedWindow>(extended);
  } else if (parameters_.window_form == WindowForm::one_writer) {
    window_ = std::make_shared<ipsec::ReplayWindow>(parameters_.replay_window, extended);
  } else {
    auto shared = std::make_shared<SharedWindow>(parameters_.replay_window, extended);
    reporting_ = shared.get();
    window_ = std::move(shared);
  }
}

//= profile/3/one-to-65536-sub-sas
bool ClusterCore::take_place() noexcept {
  std::uint32_t taken = places_.load();
  do {
    if (taken >= parameters_.most_sub_sas) return false;
  } while (!places_.compare_exchange_weak(taken, taken + 1));
  return true;
}

bool ClusterCore::count_valid() noexcept {
  std::uint32_t valid = valid_.load();
  do {
    if (valid == ended) return false;
  } while (!valid_.compare_exchange_weak(valid, valid + 1));
  return true;
}

//= profile/3/last-sub-sa-gone
//= draft-zhang/3.4/no-valid-member-no-cluster
void ClusterCore::count_invalid() noexcept {
  std::uint32_t valid = valid_.load();
  while (!valid_.compare_exchange_weak(valid, valid == 1 ? ended : valid - 1)) {
  }
}

ClusterState ClusterCore::state() const noexcept {
  const std::uint32_t valid = valid_.load();
  if (valid == ended) return ClusterState::ended;
  return valid == 0 ? ClusterState::founding : ClusterState::valid;
}

}  // namespace mpsec::cluster
