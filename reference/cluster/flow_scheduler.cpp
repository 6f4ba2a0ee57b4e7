#include "cluster/flow_scheduler.hpp"

#include <algorithm>
#include <bit>

namespace mpsec::cluster {

//= profile/5/flows-stay-together
void FlowScheduler::on_paths(std::span<const PathView> paths) {
  take_out_those_gone(paths);
  make_room(paths.size());
  std::vector<Slot> slots;
  for (const PathView& path : paths) {
    const auto had = std::ranges::lower_bound(slots_, path.id, {}, &Slot::first);
    const bool stays = had != slots_.end() && had->first == path.id;
    slots.emplace_back(path.id, stays ? had->second : anchor_.start());
  }
  position_.resize(anchor_.slots());
  for (std::uint32_t position = 0; position < slots.size(); ++position)
    position_[slots[position].second] = position;
  std::ranges::sort(slots);
  slots_ = std::move(slots);
}

void FlowScheduler::take_out_those_gone(std::span<const PathView> paths) {
  std::vector<SubSaId> staying;
  for (const PathView& path : paths)
    staying.push_back(path.id);
  std::ranges::sort(staying);
  std::erase_if(slots_, [&](const Slot& slot) {
    if (std::ranges::binary_search(staying, slot.first)) return false;
    anchor_.stop(slot.second);
    return true;
  });
}

void FlowScheduler::make_room(std::size_t paths) {
  if (paths <= anchor_.slots()) return;
  anchor_ = AnchorHash(static_cast<std::uint32_t>(std::bit_ceil(paths)));
  slots_.clear();
}

}  // namespace mpsec::cluster
