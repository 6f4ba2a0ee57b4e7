#include "ike/ike_sa.hpp"

#include <algorithm>

#include "ike/child_exchange.hpp"
#include "ike/informational.hpp"
#include "ike/initial_payloads.hpp"
#include "ike/lifetimes.hpp"
#include "ike/rekey_exchange.hpp"
#include "wire/ike/message.hpp"

namespace mpsec::ike {

using namespace wire::ike;

namespace {

// An IKE SA with fewer message IDs left is rekeyed at once.
constexpr std::uint64_t few_ids = 4096;

// What may make us compute a shared secret for somebody unknown.
bool may_be_ike_auth(const IkeHeader& header) {
  const bool is_sealed =
      header.next_payload == PayloadType::encrypted || header.next_payload == PayloadType::encrypted_fragment;
  return !header.response && header.exchange_type == ExchangeType::ike_auth &&
         header.message_id == MessageId{1} && is_sealed;
}

}  // namespace

IkeSa::IkeSa(const Identity& identity, const PeerConfiguration* peer, Host& host)
    : id_(identity.id),
      host_(&host),
      peer_(peer),
      channel_(identity.role, identity.spis, identity.path,
               {&host.seams().retransmission, host.seams().tap, 1, MessageId(0)}),
      children_(host, identity.id) {}

std::unique_ptr<IkeSa> IkeSa::successor(const IkeSa& old, const Identity& identity, Inherited inherited,
                                        Turn& turn) {
  auto sa = std::make_unique<IkeSa>(identity, old.peer_, *old.host_);
  sa->suite_ = inherited.suite;
  sa->nonces_ = std::move(inherited.nonces);
  sa->nat_ = old.nat_;
  sa->remote_id_ = old.remote_id_;
  sa->pad_entry_ = old.pad_entry_;
  sa->inherit_clusters(old);
  sa->channel_.fragment_beyond(old.channel_.fragments_beyond());
  if (auto protecting = sa->protect(inherited.keys); !protecting) {
    sa->report(protecting.error(), std::nullopt, turn);
    return nullptr;
  }
  static_cast<void>(sa->become(inherited.made_by, turn));
  sa->start_running(turn);
  return sa;
}

Result<> IkeSa::become(IkeEvent event, Turn& turn) {
  const auto next = ike_transitions.next(state_, event);
  if (!next) return std::unexpected(next.error());
  const IkeState from = std::exchange(state_, *next);
  if (from != state_) turn.tell(IkeStateChanged{id_, spis(), from, state_, event});
  if (state_ == IkeState::closed) {
    if (yields_to_peers_successor()) hand_over_to(*host_->find(*running()->peers_successor), turn);
    children_.lose_all(turn);
    if (pool() != nullptr) give_back(*pool(), std::exchange(given_, {}));
    data_ = Closed{};
  }
  return {};
}

void IkeSa::start_running(Turn& turn) {
  Running running;
  running.rekey_at = rekey_time(peer_->lifetime, turn);
  running.end_at = turn.now + peer_->lifetime.end_after;
  running.liveness_hints = RateLimit(host_->configuration().liveness_hints);
  running.notices = RateLimit(host_->configuration().notices);
  data_ = std::move(running);
  channel_.trust();
  last_heard_ = last_sent_ = last_measured_ = turn.now;
}

// --- keys

Result<> IkeSa::protect(const IkeKeys& keys) {
  const bool initiator = role() == Role::initiator;
  auto sealer =
      MessageSealer::create(host_->seams().provider, suite_.protection,
                            (initiator ? keys.ei : keys.er).view(), (initiator ? keys.ai : keys.ar).view());
  if (!sealer) return std::unexpected(std::move(sealer).error());
  auto opener =
      MessageOpener::create(host_->seams().provider, suite_.protection,
                            (initiator ? keys.er : keys.ei).view(), (initiator ? keys.ar : keys.ai).view());
  if (!opener) return std::unexpected(std::move(opener).error());
  channel_.protect(*std::move(sealer), *std::move(opener));
  sk_d_ = keys.d.clone();
  if (KeyLog* log = host_->seams().key_log) log->ike_sa({spis(), suite_, keys});
  return {};
}

// --- messages in

void IkeSa::receive(const IkeHeader& header, OctetView octets, const Path& path, Turn& turn) {
  if (state_ == IkeState::init_sent) return receive_init_response(header, octets, path, turn);
  // The peer's first request waits until we know who it is: it will come again.
  if (state_ == IkeState::auth_sent && !header.response) return;
  auto* half_open = std::get_if<InitAnswered>(&data_);
  if (half_open != nullptr && !half_open->keys) {
    if (!may_be_ike_auth(header)) return;
    if (auto derived = derive_keys(*half_open); !derived) {
      report(derived.error(), std::nullopt, turn);
      return close_silently(IkeEvent::fatal_error, turn);
    }
  }
  if (!channel_.is_protected()) return;
  Inbound inbound = channel_.receive(header, octets, path, turn);
  if (auto* refused = std::get_if<Refused>(&inbound)) return on_refused(std::move(*refused), path, turn);
  //= rfc7296/2.4/liveness-by-fresh-messages-only
  if (channel_.last_was_fresh()) last_heard_ = turn.now;
  if (std::holds_alternative<Response>(inbound)) report_path(PathReport::Kind::answered, turn);
  follow_message(path, turn);
  if (auto* unreadable = std::get_if<Unreadable>(&inbound)) return on_unreadable(*unreadable, path, turn);
  if (auto* request = std::get_if<Request>(&inbound)) return on_request(std::move(*request), path, turn);
  if (auto* response = std::get_if<Response>(&inbound)) on_response(std::move(*response), turn);
}

void IkeSa::receive_init_response(const IkeHeader& header, OctetView octets, const Path& path, Turn& turn) {
  if (!header.response || header.exchange_type != ExchangeType::ike_sa_init) return;
  Inbound inbound = channel_.receive(header, octets, path, turn);
  if (auto* refused = std::get_if<Refused>(&inbound)) return on_refused(std::move(*refused), path, turn);
  if (const auto* response = std::get_if<Response>(&inbound))
    on_init_response(*response, header, octets, path, turn);
}

//= rfc7296/2.23/address-update-only-by-a-new-packet
void IkeSa::follow_message(const Path& path, Turn& turn) {
  if (!channel_.last_was_newest()) return;
  if (state_ != IkeState::init_answered) return follow_peer(path, turn);
  // The initiator goes from port 500 to 4500 with IKE_AUTH.
  channel_.move(path, turn);
}

void IkeSa::follow_peer(const Path& path, Turn& turn) {
  if (path == channel_.path() || !nat_.follow_peer()) return;
  const Endpoint from = channel_.path().remote;
  channel_.move(path, turn);
  children_.move(path, turn);
  turn.tell(PeerMoved{id_, from, path.remote});
}

void IkeSa::on_refused(Refused refused, const Path& path, Turn& turn) {
  turn.tell(MessageRefused{path.local, path.remote, id_, std::move(refused.error)});
  //= rfc7296/2.3/invalid-message-id-is-optional-and-a-request
  if (refused.beyond_window && host_->configuration().tell_invalid_message_id) {
    Octets data;
    append_be(data, refused.id.value);
    return notify_peer(make_notify(NotifyType::invalid_message_id, std::move(data)), turn);
  }
  //= rfc7296/2.4/hint-causes-a-liveness-check
  if (!refused.beyond_window) check_liveness(turn);
}

//= rfc7296/2.21.3/badly-formatted-request-is-fatal
void IkeSa::on_unreadable(const Unreadable& unreadable, const Path& path, Turn& turn) {
  if (unreadable.is_request) {
    Payloads payloads;
    payloads.push_back(make_payload(make_notify(NotifyType::invalid_syntax)));
    static_cast<void>(
        channel_.send_response(unreadable.exchange, unreadable.id, std::move(payloads), path, turn));
    linger(turn);
    return fatal(unreadable.error, turn);
  }
  //= rfc7296/2.21/bad-response-ends-the-sa-by-a-delete
  report(unreadable.error, std::nullopt, turn);
  if (Running* now_running = running()) now_running->on_the_way.erase(unreadable.id);
  close(turn);
}

void IkeSa::on_request(Request request, const Path& path, Turn& turn) {
  //= rfc7296/2.5/unknown-critical-payload-is-rejected
  if (const auto critical = unknown_critical(request.payloads)) {
    Payloads refusal;
    refusal.push_back(make_payload(make_notify(NotifyType::unsupported_critical_payload, {*critical})));
    reply(request, std::move(refusal), path, turn);
    if (!is_half_open()) return;
    linger(turn);
    return close_silently(IkeEvent::authentication_failed, turn);
  }
  if (is_half_open()) return on_auth_request(request, path, turn);
  on_running_request(request, path, turn);
}

void IkeSa::on_running_request(const Request& request, const Path& path, Turn& turn) {
  if (running() == nullptr) return;
  settle_with_predecessor(request, turn);
  note_clusters(request.payloads);
  answering_ = true;
  Payloads payloads = answer(request, turn);
  answering_ = false;
  reply(request, std::move(payloads), path, turn);
  close_if_asked(turn);
  pump(turn);
  const auto heir = std::exchange(heir_, std::nullopt);
  IkeSa* successor = heir ? host_->find(*heir) : nullptr;
  if (successor != nullptr) successor->pump(turn);
}

Payloads IkeSa::answer(const Request& request, Turn& turn) {
  switch (request.exchange) {
    case ExchangeType::informational:
      return answer_informational(*this, request.payloads, turn);
    case ExchangeType::create_child_sa:
      return answer_create_child_sa(*this, request.payloads, turn);
    default:
      break;
  }
  // Nothing else is lawful on an established IKE SA; and every request must be answered (RFC 7296 2.21.3).
  report({Blame::peer_misbehaved, to_string(request.exchange), std::nullopt, "not on an established IKE SA",
          "RFC 7296 3.1"},
         std::nullopt, turn);
  Payloads payloads;
  payloads.push_back(make_payload(make_notify(NotifyType::invalid_syntax)));
  return payloads;
}

void IkeSa::reply(const Request& request, Payloads payloads, const Path& path, Turn& turn) {
  last_sent_ = turn.now;
  //= rfc7296/2.21.3/invalid-syntax-is-fatal-to-both
  if (find_notify(payloads, NotifyType::invalid_syntax) != nullptr)
    closing_after_reply_ = IkeEvent::fatal_error;
  if (auto sent = channel_.send_response(request.exchange, request.id, std::move(payloads), path, turn);
      !sent)
    fatal(sent.error(), turn);
}

void IkeSa::on_response(Response response, Turn& turn) {
  //= rfc7296/2.5/unknown-critical-payload-is-rejected
  if (const auto critical = unknown_critical(response.payloads)) {
    return on_unreadable({response.exchange,
                          response.id,
                          false,
                          {Blame::peer_misbehaved, to_string(response.exchange), std::nullopt,
                           fmt::format("critical payload {} is unknown", *critical), "RFC 7296 2.5"}},
                         path(), turn);
  }
  if (state_ == IkeState::auth_sent) return on_auth_response(response, turn);
  Running* now_running = running();
  if (now_running == nullptr) return;
  auto found = now_running->on_the_way.extract(response.id);
  if (found.empty()) return;
  //= rfc7296/2.21/fatal-notifies
  if (find_notify(response.payloads, NotifyType::invalid_syntax) != nullptr) {
    return fatal({Blame::local_fault, to_string(response.exchange), std::nullopt,
                  "the peer says INVALID_SYNTAX", "RFC 7296 2.21.3"},
                 turn);
  }
  note_clusters(response.payloads);
  found.mapped()->answered(*this, response.payloads, turn);
  if (Running* still = running(); still != nullptr && !children_busy()) still->deleted_early.clear();
  pump(turn);
}

// --- our exchanges

void IkeSa::begin(std::unique_ptr<Exchange> exchange, Turn& turn) {
  Running* now_running = running();
  if (now_running == nullptr) return;
  now_running->waiting.push_back(std::move(exchange));
  pump(turn);
}

//= rfc7296/2.25/no-immediate-retry-after-temporary-failure
void IkeSa::begin_later(std::unique_ptr<Exchange> exchange, Turn& turn) {
  Running* now_running = running();
  if (now_running == nullptr) return;
  const Configuration& configuration = host_->configuration();
  if (!now_running->trouble_since) now_running->trouble_since = turn.now;
  //= rfc7296/2.25/persistent-temporary-failure-closes
  if (turn.now - *now_running->trouble_since > configuration.retry_for) {
    report({Blame::peer_misbehaved, "CREATE_CHILD_SA", std::nullopt,
            "TEMPORARY_FAILURE for too long: the ends disagree", "RFC 7296 2.25"},
           std::nullopt, turn);
    return close(turn);
  }
  const Instant when =
      turn.now + configuration.retry_after + random_share(configuration.retry_after, 0.5, turn.rng);
  now_running->later.emplace(when, std::move(exchange));
}

void IkeSa::pump(Turn& turn) {
  for (Running* now_running = running(); now_running != nullptr; now_running = running()) {
    //= rfc7296/2.2/ids-used-up-end-the-ike-sa
    if (channel_.ids_left() == 0 && now_running->on_the_way.empty())
      return close_silently(IkeEvent::gave_up, turn);
    if (channel_.ids_left() < few_ids && state_ == IkeState::established && now_running->rekey_at)
      now_running->rekey_at = turn.now;
    if (now_running->waiting.empty() || !channel_.has_room() || waits_for_predecessor()) return;
    const bool busy = !now_running->on_the_way.empty();
    const bool blocked =
        std::ranges::any_of(now_running->on_the_way, [](const auto& one) { return one.second->alone(); });
    if (blocked || (busy && now_running->waiting.front()->alone())) return;
    auto exchange = std::move(now_running->waiting.front());
    now_running->waiting.pop_front();
    send(std::move(exchange), turn);
  }
}

void IkeSa::send(std::unique_ptr<Exchange> exchange, Turn& turn) {
  auto payloads = exchange->request(*this, turn);
  if (running() == nullptr) return;
  if (!payloads) return no_more_trouble();
  const auto sent = channel_.send_request(exchange->type(), *std::move(payloads), turn);
  if (!sent) return fatal(sent.error(), turn);
  last_sent_ = turn.now;
  running()->on_the_way.emplace(sent->id, std::move(exchange));
}

bool IkeSa::children_busy() const {
  const auto* now_running = std::get_if<Running>(&data_);
  if (now_running == nullptr) return false;
  return std::ranges::any_of(now_running->on_the_way,
                             [](const auto& one) { return one.second->on_children(); });
}

void IkeSa::hand_over_to(IkeSa& successor, Turn& turn) {
  children_.move_to(successor.children_);
  successor.assigned_ = std::move(assigned_);
  successor.given_ = std::exchange(given_, {});
  Running* now_running = running();
  Running* next = successor.running();
  if (now_running == nullptr || next == nullptr) return;
  // The rekey has been done.
  const auto is_over = [](const Exchange& exchange) {
    return dynamic_cast<const RekeyIkeSa*>(&exchange) != nullptr;
  };
  for (auto& exchange : now_running->waiting)
    if (!is_over(*exchange)) next->waiting.push_back(std::move(exchange));
  for (auto& [when, exchange] : now_running->later)
    if (!is_over(*exchange)) next->later.emplace(when, std::move(exchange));
  now_running->waiting.clear();
  now_running->later.clear();
  //= rfc7296/2.3/window-of-a-rekeyed-sa-starts-at-one
  if (peer_->window > 1) {
    successor.channel_.set_own_window(peer_->window);
    next->waiting.push_back(std::make_unique<Notification>(window_notify(peer_->window)));
  }
  now_running->peers_successor.reset();
  successor.predecessor_.reset();
  turn.tell(IkeRekeyed{id_, successor.id_, successor.spis()});
  // The peer is to read of the successor before it hears from it.
  if (!answering_) return successor.pump(turn);
  heir_ = successor.id_;
}

// --- ends

void IkeSa::close(Turn& turn) {
  if (state_ == IkeState::closed || state_ == IkeState::closing) return;
  Running* now_running = running();
  if (now_running == nullptr) return close_silently(IkeEvent::start_delete, turn);
  // The peer may hold the children by its successor already.
  if (yields_to_peers_successor()) {
    IkeSa& heir = *host_->find(*std::exchange(now_running->peers_successor, std::nullopt));
    heir.predecessor_.reset();
    heir.close(turn);
  }
  now_running->waiting.clear();
  now_running->later.clear();
  begin(std::make_unique<DeleteIkeSa>(), turn);
}

void IkeSa::close_if_asked(Turn& turn) {
  if (!closing_after_reply_) return;
  linger(turn);
  close_silently(*closing_after_reply_, turn);
}

//= rfc7296/2.1/response-is-kept-for-a-while
// The last reply may be lost: whoever asks again gets it again.
void IkeSa::linger(Turn& turn) {
  lingers_until_ = turn.now + host_->configuration().half_open_for;
}

void IkeSa::close_silently(IkeEvent why, Turn& turn) {
  closing_after_reply_.reset();
  if (!become(why, turn)) static_cast<void>(become(IkeEvent::fatal_error, turn));
}

void IkeSa::fatal(Error error, Turn& turn) {
  report(std::move(error), std::nullopt, turn);
  close_silently(IkeEvent::fatal_error, turn);
}

void IkeSa::report(Error error, std::optional<std::string> child, Turn& turn) {
  turn.tell(NegotiationFailed{id_, std::move(child), std::move(error)});
}

}  // namespace mpsec::ike
