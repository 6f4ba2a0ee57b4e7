#include "ike/engine.hpp"

#include <algorithm>

#include "ike/child_exchange.hpp"
#include "ike/informational.hpp"
#include "ike/lifetimes.hpp"
#include "ike/rekey_exchange.hpp"
#include "wire/ike/complete.hpp"

namespace mpsec::ike {

using namespace wire::ike;

namespace {

// Tells requests apart; two that collide are compared octet by octet before one is answered for the other.
std::size_t digest_of(OctetView octets) {
  return std::hash<std::string_view>{}({reinterpret_cast<const char*>(octets.data()), octets.size()});
}

// A flood must leave no memory behind: a hash table keeps its buckets by itself. Seldom enough to cost
// nothing.
void give_back_buckets(auto& table) {
  constexpr std::size_t few = 1024;
  if (table.bucket_count() > few && table.size() < table.bucket_count() / 8) table.rehash(0);
}

}  // namespace

Engine::Engine(Configuration configuration, const Seams& seams)
    : configuration_(std::make_shared<const Configuration>(std::move(configuration))),
      seams_(seams),
      unprotected_replies_(configuration_->unprotected_replies),
      stray_packets_(configuration_->stray_packets),
      retry_replies_(configuration_->retry_replies) {
  index_peers();
}

void Engine::index_peers() {
  peers_.clear();
  for (const PeerConfiguration& peer : configuration_->peers)
    peers_.try_emplace(peer.name, &peer);
}

Result<std::unique_ptr<Engine>> Engine::make(Configuration configuration, const Seams& seams) {
  if (auto checked = check(configuration); !checked) return std::unexpected(std::move(checked).error());
  return std::unique_ptr<Engine>(new Engine(std::move(configuration), seams));
}

Result<> Engine::reconfigure(Configuration configuration) {
  if (auto checked = check(configuration); !checked) return std::unexpected(std::move(checked).error());
  // SAs refer to what they were made by.
  former_.push_back(
      std::exchange(configuration_, std::make_shared<const Configuration>(std::move(configuration))));
  index_peers();
  if (sas_.empty()) former_.clear();
  return {};
}

// --- what happens

void Engine::receive(const Datagram& datagram, Instant now, Actions& actions) {
  Turn turn{now, seams_.rng, actions};
  ++counters_.received;
  const Path path{datagram.local, datagram.remote};
  OctetView octets = datagram.octets;
  //= rfc3948/2.3/receiver-ignores-keepalives
  if (octets.size() == 1 && octets[0] == 0xff) {
    ++counters_.keepalives;
    return;
  }
  if (has_marker(path)) {
    static constexpr std::array<std::uint8_t, 4> marker{};
    if (octets.size() < marker.size() || !std::ranges::equal(octets.first(marker.size()), marker)) return;
    octets = octets.subspan(marker.size());
  }
  receive_message(octets, path, turn);
  settle_all(actions);
}

void Engine::receive_message(OctetView octets, const Path& path, Turn& turn) {
  const auto header = decode_header(octets);
  if (!header) {
    ++counters_.malformed;
    return refuse(header.error(), path, turn);
  }
  if (header->major_version != 2) return on_other_version(*header, path, turn);
  if (header->length != octets.size()) {
    ++counters_.malformed;
    return refuse(
        {Blame::malformed, "IKE Header/Length", 24,
         fmt::format("{} octets are named, {} have come", header->length, octets.size()), "RFC 7296 3.1"},
        path, turn);
  }
  //= rfc7296/2.6/spi-alone-finds-the-ike-sa
  if (IkeSa* sa = find_by_spi(*header)) {
    touched_.insert(sa->id());
    return sa->receive(*header, octets, path, turn);
  }
  const bool starts = header->exchange_type == ExchangeType::ike_sa_init && !header->response &&
                      header->initiator && header->responder_spi == IkeSpi{0} &&
                      header->initiator_spi != IkeSpi{0} && header->message_id == MessageId{0};
  if (starts) return receive_init_request(*header, octets, path, turn);
  on_unknown_spi(*header, octets, path, turn);
}

IkeSa* Engine::find_by_spi(const IkeHeader& header) {
  // The sender's flag says which SPI is ours (RFC 7296 2.6).
  const IkeSpi ours = header.initiator ? header.responder_spi : header.initiator_spi;
  const auto found = by_spi_.find(ours);
  if (found == by_spi_.end()) return nullptr;
  IkeSa* sa = find(found->second);
  if (sa == nullptr || (sa->role() == Role::initiator) == header.initiator) return nullptr;
  const IkeSpi theirs = header.initiator ? header.initiator_spi : header.responder_spi;
  const IkeSpi known = header.initiator ? sa->spis().initiator : sa->spis().responder;
  // Of an IKE_SA_INIT response the other SPI is new.
  return known == IkeSpi{0} || known == theirs ? sa : nullptr;
}

void Engine::receive_init_request(const IkeHeader& header, OctetView octets, const Path& path, Turn& turn) {
  const std::size_t digest = digest_of(octets);
  //= rfc7296/2.1/init-request-is-known-by-all-of-it
  const auto again = by_init_.find({header.initiator_spi, path.remote, digest});
  if (again != by_init_.end()) {
    if (IkeSa* sa = find(again->second)) return sa->repeat_init_answer(octets, path, turn);
  }
  auto message = decode_message(octets);
  if (!message) {
    ++counters_.malformed;
    refuse(message.error(), path, turn);
    //= rfc7296/2.21.4/replies-to-unprotected-messages-are-limited
    if (message.error().blame == Blame::malformed)
      reply_unprotected(header, make_notify(NotifyType::invalid_syntax), path, turn);
    return;
  }
  if (seams_.tap != nullptr) seams_.tap->incoming(*message);
  if (const auto critical = unknown_critical(message->payloads)) {
    return reply_unprotected(header, make_notify(NotifyType::unsupported_critical_payload, {*critical}), path,
                             turn);
  }
  const PeerConfiguration* peer = peer_for_init(path);
  if (peer == nullptr) {
    ++counters_.no_configuration;
    refuse({Blame::no_common_ground, "IKE_SA_INIT", std::nullopt,
            fmt::format("no configuration for {} at {}", to_string(path.remote), to_string(path.local)), ""},
           path, turn);
    return reply_unprotected(header, make_notify(NotifyType::no_proposal_chosen), path, turn);
  }
  if (demand_cookie(*message, path, turn)) return;
  if (half_open_ >= configuration_->most_half_open || sas_.size() >= configuration_->most_ike_sas) {
    ++counters_.dropped_half_open;
    return;
  }
  answer_init(*message, octets, *peer, path, turn);
}

//= rfc7296/2.6/cookie-before-state
bool Engine::demand_cookie(const Message& message, const Path& path, Turn& turn) {
  if (!seams_.cookies.demanded(half_open_)) return false;
  const auto* nonce = wire::ike::find<Nonce>(message.payloads);
  if (nonce == nullptr) return true;
  const CookieRequest request{nonce->data, path.remote, message.header.initiator_spi};
  //= rfc7296/2.6/wrong-cookie-is-no-cookie
  const Notify* cookie = find_notify(message.payloads, NotifyType::cookie);
  if (cookie != nullptr && seams_.cookies.accepts(request, cookie->data, turn.now)) return false;
  ++counters_.cookies_sent;
  const Cookie fresh = seams_.cookies.cookie_for(request, turn.now);
  send_unprotected(message.header,
                   make_notify(NotifyType::cookie, Octets(fresh.view().begin(), fresh.view().end())), path,
                   turn);
  return true;
}

void Engine::answer_init(const Message& message, OctetView octets, const PeerConfiguration& peer,
                         const Path& path, Turn& turn) {
  const IkeSpis spis{message.header.initiator_spi, new_ike_spi(turn)};
  auto sa =
      std::make_unique<IkeSa>(IkeSa::Identity{new_ike_sa_id(), Role::responder, spis, path}, &peer, *this);
  if (auto refusal = sa->answer_init(message, octets, turn)) {
    //= rfc7296/2.6/refusal-has-no-responder-spi
    // Honest peers that try another group are not to starve beside a flood of other errors.
    RateLimit& limit =
        refusal->notify == NotifyType::invalid_ke_payload ? retry_replies_ : unprotected_replies_;
    if (limit.allow(turn.now)) send_unprotected(message.header, refusal->to_notify(), path, turn);
    return;
  }
  Held& held = sas_.find(adopt(std::move(sa)).id())->second;
  const std::size_t digest = digest_of(octets);
  held.init = InitKey{spis.initiator, path.remote, digest};
  held.half_open = true;
  by_init_.emplace(*held.init, held.sa->id());
  ++half_open_;
}

void Engine::refuse(Error error, const Path& path, Turn& turn) const {
  turn.tell(MessageRefused{path.local, path.remote, std::nullopt, std::move(error)});
}

void Engine::on_time(Instant now, Actions& actions) {
  Turn turn{now, seams_.rng, actions};
  // Each at most once, so that an SA which is due again at once cannot keep the others waiting.
  std::vector<IkeSaId> due;
  for (const auto& [deadline, id] : deadlines_) {
    if (deadline > now) break;
    due.push_back(id);
  }
  for (const IkeSaId id : due) {
    if (IkeSa* sa = find(id)) sa->on_time(turn);
    settle_all(actions);
  }
}

std::optional<Instant> Engine::next_deadline() const {
  if (deadlines_.empty()) return std::nullopt;
  return deadlines_.begin()->first;
}

// --- Host

IkeSpi Engine::new_ike_spi(Turn& turn) {
  for (;;) {
    const IkeSpi spi{turn.rng.next_u64()};
    if (spi != IkeSpi{0} && !by_spi_.contains(spi)) return spi;
  }
}

Spi Engine::new_child_spi(ipsec::Protocol, Turn& turn) {
  for (;;) {
    const Spi spi{static_cast<std::uint32_t>(turn.rng.next_u64())};
    //= rfc4303/2.1/spi-0-is-local
    //= rfc4303/2.1/spi-1-to-255-reserved
    if (spi.value > 255 && child_spis_.try_emplace(spi).second) return spi;
  }
}

void Engine::note_child(const ChildSa& child, IkeSaId owner) {
  child_spis_[child.agreement.inbound] = child.id;
  owners_[child.id] = owner;
}

void Engine::free_child_spi(Spi spi) {
  child_spis_.erase(spi);
  give_back_buckets(child_spis_);
}

void Engine::forget_child(ChildId child) {
  owners_.erase(child);
  give_back_buckets(owners_);
}

IkeSa& Engine::adopt(std::unique_ptr<IkeSa> sa) {
  const IkeSaId id = sa->id();
  const IkeSpi spi = sa->role() == Role::initiator ? sa->spis().initiator : sa->spis().responder;
  by_spi_.emplace(spi, id);
  touched_.insert(id);
  return *sas_.emplace(id, Held{.sa = std::move(sa), .spi = spi, .deadline = {}, .init = {}, .running = {}})
              .first->second.sa;
}

IkeSa* Engine::find(IkeSaId id) {
  const auto found = sas_.find(id);
  if (found == sas_.end()) return nullptr;
  touched_.insert(id);  // whoever asks may change it
  return found->second.sa.get();
}

std::vector<IkeSaId> Engine::others_between(const Identities& identities, IkeSaId but) const {
  std::vector<IkeSaId> others;
  for (auto at = running_.lower_bound({identities, IkeSaId{0}});
       at != running_.end() && at->first == identities; ++at)
    if (at->second != but) others.push_back(at->second);
  return others;
}

bool Engine::has_other(const ipsec::Identity& local, const ipsec::Identity& remote, IkeSaId but) const {
  return !others_between({local, remote}, but).empty();
}

void Engine::close_others(const IkeSa& sa, Turn& turn) {
  for (const IkeSaId id : others_between({sa.peer().local_id, sa.remote_id()}, sa.id())) {
    IkeSa* other = find(id);
    if (other == nullptr || !other->is_running()) continue;
    // The paths of a cluster come and go by themselves: this one shows whether it is alive.
    if (other->serves_cluster()) {
      other->check_liveness(turn);
    } else {
      other->close_silently(IkeEvent::gave_up, turn);
    }
  }
}

namespace {

bool fits(const PeerConfiguration& peer, const Path& path) {
  return (!peer.local_address || *peer.local_address == path.local.address) &&
         (!peer.remote_address || *peer.remote_address == path.remote.address);
}

}  // namespace

const PeerConfiguration* Engine::peer_for_init(const Path& path) const {
  const auto found =
      std::ranges::find_if(configuration_->peers, [&](const auto& peer) { return fits(peer, path); });
  return found == configuration_->peers.end() ? nullptr : &*found;
}

const PeerConfiguration* Engine::find_peer(const Path& path, const ipsec::Identity& peer,
                                           const std::optional<ipsec::Identity>& asked,
                                           const ChosenSuite& chosen) const {
  const auto found = std::ranges::find_if(configuration_->peers, [&](const PeerConfiguration& known) {
    return fits(known, path) && (!known.remote_id || *known.remote_id == peer) &&
           (!asked || *asked == known.local_id) && allows(known.proposals, chosen);
  });
  return found == configuration_->peers.end() ? nullptr : &*found;
}

std::vector<IkeProposal> Engine::proposals_for(const Path& path) const {
  std::vector<IkeProposal> all;
  for (const PeerConfiguration& peer : configuration_->peers)
    if (fits(peer, path)) all.insert(all.end(), peer.proposals.begin(), peer.proposals.end());
  return all;
}

std::size_t Engine::ike_sas() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      sas_, [](const auto& one) { return one.second.sa->state() != IkeState::closed; }));
}

// --- bookkeeping

void Engine::settle_all(Actions& actions) {
  while (!touched_.empty()) {
    const IkeSaId id = *touched_.begin();
    touched_.erase(touched_.begin());
    settle(id);
  }
  for (ClusterEnded& ended : clusters_.take_ended())
    actions.events.emplace_back(std::move(ended));
}

// An IKE SA in use is found by where its peer is, and by who that is.
void Engine::index(IkeSaId id, Held& held) {
  std::optional<IpAddress> address;
  if (held.sa->is_running()) address = held.sa->path().remote.address;
  if (address != held.address) {
    if (held.address) by_address_.erase({*held.address, id});
    if (address) by_address_.emplace(*address, id);
    held.address = address;
  }
  if (held.running.has_value() == held.sa->is_running()) return;
  if (held.running) {
    running_.erase({*held.running, id});
    held.running.reset();
  } else {
    held.running = Identities{held.sa->peer().local_id, held.sa->remote_id()};
    running_.emplace(*held.running, id);
  }
}

void Engine::index_state(IkeSaId id, Held& held) {
  const IkeState state = held.sa->state();
  const bool established = state == IkeState::established || state == IkeState::rekeying;
  if (established == held.peer.empty()) {
    if (!established) by_peer_.erase({held.peer, id});
    held.peer = established ? held.sa->peer().name : std::string();
    if (established) by_peer_.emplace(held.peer, id);
  }
  const bool open = established || state == IkeState::closing;
  if (open == held.open) return;
  held.open = open;
  open ? ++open_ : --open_;
}

void Engine::settle(IkeSaId id) {
  const auto found = sas_.find(id);
  if (found == sas_.end()) return;
  Held& held = found->second;
  if (held.deadline) deadlines_.erase({*held.deadline, id});
  held.deadline = held.sa->next_deadline();
  if (held.half_open && !held.sa->is_half_open()) {
    held.half_open = false;
    --half_open_;
  }
  index(id, held);
  index_state(id, held);
  if (held.sa->state() != IkeState::closed || held.sa->lingers()) {
    if (held.deadline) deadlines_.emplace(*held.deadline, id);
    return;
  }
  if (held.init) by_init_.erase(*held.init);
  by_spi_.erase(held.spi);
  give_back_buckets(by_spi_);
  sas_.erase(found);
}

}  // namespace mpsec::ike
