#include "cluster/weighted_scheduler.hpp"

#include <fmt/format.h>

namespace mpsec::cluster {
namespace {

// No weight gets here unchecked; an unchecked one must still not divide by zero on the packet path.
std::uint32_t weight_of(const PathView& path) {
  return std::max(path.weight, 1u);
}

}  // namespace

Result<> check_weight(std::uint32_t weight, std::string_view path) {
  if (weight > 0) return {};
  return std::unexpected(
      Error{Blame::local_fault, std::string(path), std::nullopt,
            "a weight is at least 1, it is 0; take the path out of the cluster if it shall not be used", ""});
}

// Who stays keeps the part of its wait that is left, in turns of its new weight; so frequent changes starve
// nobody.
void WeightedScheduler::arrange(std::span<const PathView> paths) {
  const auto waits = this->waits();
  queue_.clear(), wait_.clear(), weight_.clear();
  round_ = 0;
  for (const PathView& path : paths) {
    const auto before = std::ranges::lower_bound(waits, path.id, {}, &std::pair<SubSaId, double>::first);
    const bool stays = before != waits.end() && before->first == path.id;
    weight_.push_back(weight_of(path));
    wait_.push_back(stays ? before->second : 0.5);
    queue_.push_back({wait_.back() / weight_.back(), static_cast<std::uint32_t>(queue_.size())});
    round_ += weight_.back();
  }
  taken_.assign(paths.size(), 0);
  turns_left_ = round_;
  std::ranges::make_heap(queue_, later);
}

// In its own turns, 0: at once.
std::vector<std::pair<SubSaId, double>> WeightedScheduler::waits() const {
  std::vector<std::pair<SubSaId, double>> waits;
  waits.reserve(queue_.size());
  for (const Due& due : queue_)
    waits.emplace_back(paths()[due.path].id, (due.at - queue_.front().at) * weight_[due.path]);
  std::ranges::sort(waits);
  return waits;
}

std::uint32_t WeightedScheduler::next_turn() noexcept {
  if (turns_left_ == 0) end_round();
  --turns_left_;
  std::ranges::pop_heap(queue_, later);
  Due& due = queue_.back();
  ++taken_[due.path];
  due.at = due_at(due.path);
  const std::uint32_t path = due.path;
  std::ranges::push_heap(queue_, later);
  return path;
}

// A round takes 1 on the clock, which is taken away again: the times stay small.
void WeightedScheduler::end_round() noexcept {
  turns_left_ = round_;
  for (Due& due : queue_) {
    taken_[due.path] -= weight_[due.path];
    due.at = due_at(due.path);
  }
  std::ranges::make_heap(queue_, later);
}

// One division, never a sum of times: equal times are equal doubles, and each round is like the one before.
double WeightedScheduler::due_at(std::uint32_t path) const noexcept {
  return (wait_[path] + static_cast<double>(taken_[path])) / weight_[path];
}

bool WeightedScheduler::later(const Due& a, const Due& b) {
  return a.at > b.at || (a.at == b.at && a.path > b.path);
}

}  // namespace mpsec::cluster
