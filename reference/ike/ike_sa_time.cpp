// What an IKE SA does when its time has come: rekeying, ends, liveness, keepalives; and no oftener than it
// may.
#include "ike/child_exchange.hpp"
#include "ike/ike_sa.hpp"
#include "ike/informational.hpp"
#include "ike/lifetimes.hpp"
#include "ike/rekey_exchange.hpp"

namespace mpsec::ike {

std::optional<Instant> IkeSa::next_deadline() const {
  std::optional<Instant> first = channel_.next_deadline();
  if (const auto* half_open = std::get_if<InitAnswered>(&data_)) first = earlier(first, half_open->until);
  const auto* now_running = std::get_if<Running>(&data_);
  if (state_ == IkeState::closed) return lingers_until_;
  if (now_running == nullptr) return first;
  if (!now_running->later.empty()) first = earlier(first, now_running->later.begin()->first);
  first = earlier(first, now_running->rekey_at);
  first = earlier(first, now_running->end_at);
  first = earlier(first, children_.next_deadline());
  return earlier(first, earlier(keepalive_at(), liveness_at()));
}

std::optional<Instant> IkeSa::keepalive_at() const {
  if (!nat_.send_keepalives() || peer_->keepalive_every <= Duration::zero()) return std::nullopt;
  return last_sent_ + peer_->keepalive_every;
}

std::optional<Instant> IkeSa::liveness_at() const {
  const auto* now_running = std::get_if<Running>(&data_);
  if (now_running == nullptr || !now_running->on_the_way.empty()) return std::nullopt;
  std::optional<Instant> at;
  if (peer_->liveness_after > Duration::zero()) at = last_heard_ + peer_->liveness_after;
  if (peer_->probe_every > Duration::zero()) at = earlier(at, last_measured_ + peer_->probe_every);
  return at;
}

void IkeSa::on_time(Turn& turn) {
  if (state_ == IkeState::closed) {
    if (lingers_until_ && *lingers_until_ <= turn.now) lingers_until_.reset();
    return;
  }
  const Channel::Overdue overdue = channel_.on_time(turn);
  for (unsigned i = 0; i < overdue.sent_again; ++i)
    report_path(PathReport::Kind::unanswered, turn);
  if (overdue.given_up) {
    report_path(PathReport::Kind::given_up, turn);
    const auto* sent = std::get_if<InitSent>(&data_);
    Error error{Blame::peer_misbehaved, "IKE SA", std::nullopt, "the peer does not answer", "RFC 7296 2.4"};
    if (sent != nullptr && sent->heard) error = sent->heard->error;
    report(std::move(error), std::nullopt, turn);
    return close_silently(IkeEvent::gave_up, turn);
  }
  if (const auto* half_open = std::get_if<InitAnswered>(&data_);
      half_open != nullptr && half_open->until <= turn.now)
    return close_silently(IkeEvent::gave_up, turn);
  if (Running* now_running = running()) on_running_time(*now_running, turn);
}

// After a refusal: on half the way to the end, and so on.
void IkeSa::rekey_once_more(Turn& turn) {
  Running* now_running = running();
  if (now_running == nullptr || !now_running->end_at) return;
  const Duration left = *now_running->end_at - turn.now;
  if (left > std::chrono::seconds(1)) now_running->rekey_at = turn.now + left / 2;
}

void IkeSa::on_running_time(Running& now_running, Turn& turn) {
  if (now_running.end_at && *now_running.end_at <= turn.now) {
    // A successor is being made: it is not to be closed with this one.
    if (state_ == IkeState::rekeying) {
      now_running.end_at = turn.now + host_->configuration().forgotten_after;
    } else {
      now_running.end_at.reset();
      return close(turn);
    }
  }
  while (!now_running.later.empty() && now_running.later.begin()->first <= turn.now) {
    now_running.waiting.push_back(std::move(now_running.later.begin()->second));
    now_running.later.erase(now_running.later.begin());
  }
  if (now_running.rekey_at && *now_running.rekey_at <= turn.now) {
    now_running.rekey_at.reset();
    if (state_ == IkeState::established) now_running.waiting.push_back(std::make_unique<RekeyIkeSa>());
  }
  for (const ChildId child : children_.due_for_rekey(turn.now))
    now_running.waiting.push_back(std::make_unique<RekeyChild>(child));
  for (const ChildId child : children_.due_to_end(turn.now))
    if (!end_child(child, turn)) return;
  if (const auto at = liveness_at(); at && *at <= turn.now && now_running.waiting.empty())
    now_running.waiting.push_back(std::make_unique<LivenessCheck>());
  note_traffic(turn);
  if (const auto at = keepalive_at(); at && *at <= turn.now) {
    turn.actions.datagrams.push_back({path().local, path().remote, {0xff}});
    last_sent_ = turn.now;
  }
  pump(turn);
}

//= rfc7296/2.8/failed-rekeying-ends-the-ike-sa
bool IkeSa::end_child(ChildId id, Turn& turn) {
  const ChildSa* child = children_.find(id);
  if (child != nullptr && child->renewal_refused && child->state == ChildState::installed) {
    report({Blame::peer_misbehaved, "Child SA", std::nullopt,
            "it has expired, and the peer has refused to rekey it", "RFC 7296 2.8"},
           child->configuration->name, turn);
    close(turn);
    return false;
  }
  begin(std::make_unique<DeleteChildren>(std::vector{id}), turn);
  return running() != nullptr;
}

// Whatever was sent to the peer keeps a NAT's mapping. Asked for only when a keepalive is due.
//= rfc3948/4/keepalive-only-if-nothing-else-was-sent
void IkeSa::note_traffic(const Turn& turn) {
  const Traffic* traffic = host_->seams().traffic;
  if (const auto at = keepalive_at(); traffic == nullptr || !at || *at > turn.now) return;
  for (const auto& [id, child] : children_)
    if (const auto sent = traffic->last_sent(id)) last_sent_ = std::max(last_sent_, *sent);
}

void IkeSa::report_path(PathReport::Kind kind, Turn& turn) {
  if (!is_running()) return;
  if (kind == PathReport::Kind::answered) last_measured_ = turn.now;
  PathReport report{.sa = id_, .kind = kind};
  if (kind == PathReport::Kind::answered) report.round_trip = channel_.last_round_trip();
  for (const auto& [id, child] : children_)
    if (child->cluster) report.sub_sas.push_back({child->cluster->id, id});
  turn.actions.paths.push_back(std::move(report));
}

void IkeSa::check_liveness(Turn& turn) {
  Running* now_running = running();
  if (now_running == nullptr || !now_running->on_the_way.empty()) return;
  if (now_running->liveness_hints.allow(turn.now)) begin(std::make_unique<LivenessCheck>(), turn);
}

void IkeSa::notify_peer(wire::ike::Notify notify, Turn& turn) {
  Running* now_running = running();
  if (now_running == nullptr || state_ != IkeState::established || !now_running->waiting.empty()) return;
  if (now_running->notices.allow(turn.now)) begin(std::make_unique<Notification>(std::move(notify)), turn);
}

}  // namespace mpsec::ike
