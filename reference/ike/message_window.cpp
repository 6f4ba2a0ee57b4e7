#include "ike/message_window.hpp"

#include <algorithm>
#include <cassert>
#include <fmt/format.h>
#include <utility>

namespace mpsec::ike {
namespace {

std::unexpected<Error> refused(Blame blame, std::string path, std::string why, std::string clause) {
  return std::unexpected(Error{.blame = blame,
                               .path = std::move(path),
                               .offset = std::nullopt,
                               .why = std::move(why),
                               .clause = std::move(clause)});
}

}  // namespace

Result<MessageId> RequestWindow::next_id() const {
  //= rfc7296/2.2/ids-that-outgrow-32-bits-end-the-sa
  if (exhausted())
    return refused(Blame::local_fault, "Message ID",
                   "all 2^32 are used; expected the IKE SA to be rekeyed before", "RFC 7296 2.2");
  //= rfc7296/2.3/never-beyond-the-peers-window
  const std::uint64_t oldest = in_flight_.empty() ? next_ : in_flight_.begin()->first;
  if (next_ - oldest >= size_)
    return refused(
        Blame::local_fault, "Message ID",
        fmt::format("request {} is not answered yet and the peer's window is {}; request {} must wait",
                    oldest, size_, next_),
        "RFC 7296 2.3");
  return MessageId(static_cast<std::uint32_t>(next_));
}

RequestWindow::InFlight RequestWindow::start(Datagrams datagrams, Instant now, Rng& rng) const {
  const auto wait = policy_->wait(0, rng);
  return {.datagrams = std::move(datagrams),
          .attempt = 0,
          .only_sent_at = now,
          .deadline = now + wait.value_or(Duration::zero())};
}

//= rfc7296/2.1/request-is-kept-until-its-response
//= rfc7296/2.2/id-counts-the-exchanges
void RequestWindow::sent(Datagrams datagrams, Instant now, Rng& rng) {
  assert(has_room());
  in_flight_.emplace(static_cast<std::uint32_t>(next_), start(std::move(datagrams), now, rng));
  ++next_;
}

bool RequestWindow::replace(MessageId id, Datagrams datagrams, Instant now, Rng& rng) {
  const auto at = in_flight_.find(id.value);
  if (at == in_flight_.end()) return false;
  at->second = start(std::move(datagrams), now, rng);
  return true;
}

bool RequestWindow::answered(MessageId id) {
  return in_flight_.erase(id.value) != 0;
}

std::optional<Duration> RequestWindow::since_only_sending(MessageId id, Instant now) const {
  const auto at = in_flight_.find(id.value);
  if (at == in_flight_.end() || !at->second.only_sent_at) return std::nullopt;
  return now - *at->second.only_sent_at;
}

void RequestWindow::restart(const Endpoint& local, const Endpoint& remote, Instant now) {
  for (auto& [id, request] : in_flight_) {
    for (Datagram& datagram : request.datagrams) {
      datagram.local = local;
      datagram.remote = remote;
    }
    request.attempt = 0;
    request.only_sent_at.reset();
    request.deadline = now;
  }
}

std::optional<Instant> RequestWindow::next_deadline() const {
  std::optional<Instant> earliest;
  for (const auto& [id, request] : in_flight_)
    if (request.deadline && (!earliest || *request.deadline < *earliest)) earliest = request.deadline;
  return earliest;
}

//= rfc7296/2.1/initiator-retransmits
//= rfc7296/2.1/same-octets-on-retransmission
RequestWindow::Due RequestWindow::due(Instant now, Rng& rng) {
  Due due;
  for (auto& [id, request] : in_flight_) {
    if (!request.deadline || now < *request.deadline) continue;
    const auto wait = policy_->wait(request.attempt + 1, rng);
    if (!wait) {
      //= rfc7296/2.4/unanswered-tries-prove-the-peer-dead
      request.deadline.reset();
      due.given_up = MessageId(id);
      return due;
    }
    ++request.attempt;
    ++due.sent_again;
    request.only_sent_at.reset();
    request.deadline = now + *wait;
    due.datagrams.insert(due.datagrams.end(), request.datagrams.begin(), request.datagrams.end());
  }
  return due;
}

Result<> RequestWindow::set_size(std::uint32_t size) {
  if (size == 0)
    return refused(Blame::peer_misbehaved, "SET_WINDOW_SIZE", "expected at least 1, found 0", "RFC 7296 2.3");
  //= rfc7296/2.3/window-only-grows
  if (size < size_)
    return refused(Blame::peer_misbehaved, "SET_WINDOW_SIZE",
                   fmt::format("expected at least {}, which was promised before, found {}", size_, size),
                   "RFC 7296 2.3");
  size_ = size;
  return {};
}

std::string_view to_string(RequestKind kind) {
  switch (kind) {
    case RequestKind::fresh:
      return "fresh";
    case RequestKind::duplicate:
      return "duplicate";
    case RequestKind::behind:
      return "behind";
    case RequestKind::ahead:
      return "ahead";
  }
  return "unknown";
}

//= rfc7296/2.3/requests-out-of-order-within-the-window
RequestKind ResponseWindow::classify(MessageId id) const {
  if (id.value < forgotten_below_) return RequestKind::behind;
  if (replies_.contains(id.value)) return RequestKind::duplicate;
  return id.value < lowest_missing_ + size_ ? RequestKind::fresh : RequestKind::ahead;
}

//= rfc7296/2.1/response-is-kept-for-a-window-of-requests
bool ResponseWindow::received(MessageId id) {
  if (classify(id) != RequestKind::fresh) return false;
  replies_.emplace(id.value, Datagrams{});
  while (lowest_missing_ <= 0xffff'ffff && replies_.contains(static_cast<std::uint32_t>(lowest_missing_)))
    ++lowest_missing_;
  // The peer may have asked for this one only if it had every response up to id - size.
  const std::uint64_t needed_from =
      std::uint64_t{id.value} + 1 < size_ ? 0 : std::uint64_t{id.value} + 1 - size_;
  forgotten_below_ = std::max(forgotten_below_, needed_from);
  replies_.erase(replies_.begin(), replies_.lower_bound(static_cast<std::uint32_t>(forgotten_below_)));
  return true;
}

void ResponseWindow::record(MessageId id, Datagrams reply) {
  const auto at = replies_.find(id.value);
  if (at != replies_.end()) at->second = std::move(reply);
}

//= rfc7296/2.1/forgotten-response-is-not-made-again
const Datagrams* ResponseWindow::reply(MessageId id) const {
  const auto at = replies_.find(id.value);
  return at == replies_.end() || at->second.empty() ? nullptr : &at->second;
}

void ResponseWindow::grow(std::uint32_t size) {
  size_ = std::max(size_, size);
}

}  // namespace mpsec::ike
