#include "cluster/path_state.hpp"

#include <algorithm>

namespace mpsec::cluster {

bool PathState::on_traffic(Instant now) {
  return sign_of_life(now, unanswered_ == 0);
}

bool PathState::on_answer(Instant now, std::optional<Duration> round_trip) {
  unanswered_ = 0;
  loss_ -= settings_.loss_gain * loss_;
  if (round_trip) round_trip_.sample(*round_trip);
  return sign_of_life(now, true);
}

bool PathState::on_unanswered() {
  ++unanswered_;
  signs_ = 0;
  loss_ += settings_.loss_gain * (1 - loss_);
  if (unanswered_ >= settings_.dead_after) return on_give_up();
  return unanswered_ >= settings_.suspect_after && take(PathEvent::missed);
}

bool PathState::on_give_up() {
  signs_ = 0;
  unanswered_ = std::max(unanswered_, 1u);  // an answer is what is missing now
  if (!take(PathEvent::gave_up)) return false;
  ++deaths_;
  round_trip_.forget();  // it may come back another way
  return true;
}

bool PathState::on_time(Instant now) {
  const auto deadline = this->deadline();
  if (!deadline || now < *deadline) return false;
  signs_ = 0;
  return take(PathEvent::missed);
}

std::optional<Instant> PathState::deadline() const {
  if (condition_ == PathCondition::suspect || condition_ == PathCondition::dead) return std::nullopt;
  return last_heard_ + settings_.silence;
}

Duration PathState::hold() const {
  Duration hold = settings_.hold;
  for (unsigned death = 1; death < deaths_ && hold < settings_.longest_hold; ++death)
    hold *= 2;
  return std::min(hold, settings_.longest_hold);
}

PathView PathState::view(SubSaId id, std::uint32_t weight) const {
  return {.id = id, .weight = weight, .round_trip = round_trip_.smoothed(), .loss = loss_};
}

bool PathState::sign_of_life(Instant now, bool recovers) {
  last_heard_ = now;
  if (condition_ == PathCondition::alive && now - alive_since_ >= settings_.steady) deaths_ = 0;
  if (condition_ == PathCondition::unknown) alive_since_ = now;
  if (!recovers) return take(PathEvent::sign_of_life);
  if (signs_++ == 0) first_sign_ = now;
  const bool recovered = signs_ >= settings_.signs_to_recover && now - first_sign_ >= hold();
  if (!recovered) return take(PathEvent::sign_of_life);
  if (condition_ != PathCondition::alive) alive_since_ = now;
  return take(PathEvent::recovered);
}

bool PathState::take(PathEvent event) {
  const PathCondition before = condition_;
  condition_ = path_transitions.find(condition_, event)->to;  // the matrix is full
  return condition_ != before;
}

std::vector<PathView> offered(std::span<const ValidSubSa> sub_sas) {
  auto is_dead = [](const ValidSubSa& sub_sa) { return sub_sa.path->condition() == PathCondition::dead; };
  const bool last_resort = std::ranges::all_of(sub_sas, is_dead);
  std::vector<PathView> views;
  for (const ValidSubSa& sub_sa : sub_sas)
    if (last_resort || !is_dead(sub_sa)) views.push_back(sub_sa.path->view(sub_sa.id, sub_sa.weight));
  return views;
}

}  // namespace mpsec::cluster
