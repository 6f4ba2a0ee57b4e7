#include "gateway/workers/desk.hpp"

namespace mpsec::gateway {

// --- the core's side

void Desk::hand_over(OctetView packet) {
  if (filling_ && filling_->packets.room() == 0) send_on();
  if (!filling_) filling_ = in_.empty();
  if (filling_)
    filling_->packets.add(packet);
  else
    ++dropped_;
}

void Desk::send_on() {
  if (filling_ && in_.put(std::exchange(filling_, nullptr))) wake_worker_();
}

void Desk::leave(ipsec::ClusterId cluster, cluster::SubSaId sub_sa) {
  if (!filling_) filling_ = in_.empty();
  if (!filling_) return with([&](Worker& worker) { worker.leave(cluster, sub_sa); });
  filling_->leaves.push_back({cluster, sub_sa});
  send_on();
}

// Who leaves may do so later than it was said.
bool Desk::Handed::absorb(Handed& later) {
  if (!packets.absorb(later.packets)) return false;
  leaves.insert(leaves.end(), later.leaves.begin(), later.leaves.end());
  return true;
}

// --- the worker's side

bool Desk::receive_next(Instant now, WorkerOutput& output) {
  if (working_on_) in_.give_back(std::move(working_on_));
  working_on_ = in_.take();
  if (!working_on_) return false;
  const std::lock_guard turn(turn_);
  worker_.receive(working_on_->packets.packets(), now, output, *news_);
  for (const auto& [cluster, sub_sa] : working_on_->leaves)
    worker_.leave(cluster, sub_sa);
  return true;
}

void Desk::on_time(Instant now, WorkerOutput& output) {
  const std::lock_guard turn(turn_);
  worker_.on_time(now, output, *news_);
}

std::optional<Instant> Desk::next_deadline() {
  const std::lock_guard turn(turn_);
  return worker_.next_deadline();
}

bool Desk::finish() {
  if (working_on_) in_.give_back(std::exchange(working_on_, nullptr));
  if (news_->empty()) return true;
  auto next = out_.empty();
  if (!next) return false;
  if (out_.put(std::exchange(news_, std::move(next)))) wake_core_();
  return true;
}

}  // namespace mpsec::gateway
