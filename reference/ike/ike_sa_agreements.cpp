// What an IKE SA has agreed on beside its keys, and which successor it has.
#include <algorithm>

#include "ike/child_exchange.hpp"
#include "ike/ike_sa.hpp"
#include "ike/informational.hpp"
#include "ike/initial_payloads.hpp"
#include "ike/keys.hpp"

namespace mpsec::ike {

using namespace wire::ike;

void IkeSa::notice_nat(const Payloads& payloads, const IkeSpis& spis, const Path& path, Turn& turn) {
  const auto found = detect_nat(host_->seams().ike_provider, spis, path, payloads);
  nat_ = found.value_or(NatState{});
  // A peer that does not know NAT traversal cannot take ESP in UDP either.
  nat_.forced = found && peer_->force_encapsulation;
  if (nat_.any()) turn.tell(NatFound{id_, nat_.we_are_behind, nat_.peer_is_behind});
}

wire::ike::Payloads IkeSa::nat_payloads() const {
  return nat_detection_payloads(host_->seams().ike_provider, spis(),
                                peer_->force_encapsulation ? pretend_nat(path()) : path());
}

//= rfc7383/2.3/fragmentation-where-both-say-so
void IkeSa::agree_on_fragments(const Payloads& payloads) {
  const bool supported = find_notify(payloads, NotifyType::ikev2_fragmentation_supported) != nullptr;
  channel_.fragment_beyond(supported ? peer_->fragment_beyond : 0);
}

void IkeSa::know_peer(AuthRounds& rounds) {
  remote_id_ = std::move(rounds.peer->identity);
  pad_entry_ = std::move(rounds.pad_entry);
}

void IkeSa::tell_authenticated(Turn& turn) {
  turn.tell(IkeAuthenticated{id_, spis(), role(), peer_->name, peer_->local_id, remote_id_, path().local,
                             path().remote, to_string(suite_)});
}

//= rfc7296/2.3/window-only-grows
void IkeSa::note_window(const Notify& notify) {
  if (notify.data.size() == 4)
    static_cast<void>(channel_.set_peer_window(load_be<std::uint32_t>(notify.data.data())));
}

void IkeSa::no_more_trouble() {
  if (Running* now_running = running()) now_running->trouble_since.reset();
}

void IkeSa::begin_more_children(const ChildConfiguration* first, Turn& turn) {
  if (peer_->childless) return;
  for (const ChildConfiguration& child : peer_->children)
    if (&child != first) begin(std::make_unique<CreateChild>(child), turn);
}

//= rfc7296/2.9/single-pair-is-asked-for-where-required
bool IkeSa::follow_single_pair(const ChildWish& wish, const Notify& why, Turn& turn) {
  if (why.type != NotifyType::single_pair_required || !wish.packet || wish.single_pair) return false;
  ChildWish narrower = wish;
  narrower.single_pair = true;
  begin(std::make_unique<CreateChild>(std::move(narrower)), turn);
  return true;
}

//= rfc7296/1.3.1/unacceptable-answer-is-deleted
void IkeSa::delete_unwanted(ChildOffer& offer, Turn& turn) {
  begin(std::make_unique<DeleteUnwanted>(offer.wish.configuration->protocol, std::move(offer.inbound)), turn);
}

void IkeSa::note_early_delete(ipsec::Protocol protocol, Spi outbound) {
  // More than requests of ours can be on their way: a peer that names more only makes us hold what it
  // deletes.
  static constexpr std::size_t most = 16;
  Running* now_running = running();
  if (now_running != nullptr && children_busy() && now_running->deleted_early.size() < most)
    now_running->deleted_early.emplace(protocol, outbound);
}

RekeyChild* IkeSa::find_rekey(ChildId child) {
  Running* now_running = running();
  if (now_running == nullptr) return nullptr;
  for (auto& [id, exchange] : now_running->on_the_way) {
    auto* rekey = dynamic_cast<RekeyChild*>(exchange.get());
    if (rekey != nullptr && rekey->old() == child) return rekey;
  }
  return nullptr;
}

// The client's side: what it may use, before its child is agreed on.
void IkeSa::note_configuration_reply(const Payloads& payloads, Turn& turn) {
  const auto* body = wire::ike::find<wire::ike::Configuration>(payloads);
  if (body == nullptr) return;
  auto read = read_configuration(*body);
  if (!read) return report(read.error(), std::nullopt, turn);
  assigned_ = *std::move(read);
  turn.tell(ConfigurationAssigned{id_, assigned_});
}

Granted<std::optional<wire::ike::Configuration>> IkeSa::answer_configuration(const Payloads& request) {
  auto answered = ike::answer_configuration(wire::ike::find<wire::ike::Configuration>(request), peer_->offer,
                                            pool(), ipsec::to_string(remote_id_));
  if (!answered) return std::unexpected(std::move(answered).error());
  given_ = std::move(answered->given);
  return std::move(answered->reply);
}

AddressPool* IkeSa::pool() const {
  return host_->seams().pools.find(peer_->address_pool);
}

ChildContext IkeSa::child_context(bool initial) {
  return {*host_,
          *peer_,
          pad_entry_.get(),
          remote_id_,
          children_,
          channel_.path(),
          nat_,
          initial,
          &assigned_,
          &given_,
          peer_clusters_ ? &*peer_clusters_ : nullptr};
}

ChildId IkeSa::install_child(const ChildConfiguration& configuration, AgreedChild agreed, NoncePair nonces,
                             bool made_by_us, Turn& turn, std::optional<ChildId> replaces) {
  Running* now_running = running();
  const ChildAgreement& agreement = agreed.agreement;
  if (made_by_us && now_running != nullptr &&
      now_running->deleted_early.erase({agreement.protocol, agreement.outbound}) != 0) {
    return ChildId{0};
  }
  auto keys =
      derive_child_keys(host_->seams().ike_provider, *suite_.prf, sk_d_.view(), agreed.shared_secret.view(),
                        {nonces.initiator, nonces.responder}, agreed.protection);
  if (!keys) {
    // The algorithms were looked up before they were agreed on: only the machine can fail here.
    report(keys.error(), configuration.name, turn);
    return ChildId{0};
  }
  const bool send_now = made_by_us || !replaces;
  const ChildSa& child =
      children_.install({&configuration, std::move(agreed.agreement), std::move(agreed.inbound),
                         std::move(nonces), *std::move(keys), made_by_us, send_now, replaces, agreed.cluster},
                        channel_.path(), nat_.any(), turn);
  if (child.cluster) enter_cluster(child, turn);
  return child.id;
}

// --- successors (RFC 7296 2.8.2)

void IkeSa::on_deleted_by_peer(Turn& turn) {
  //= rfc7296/2.8.2/delete-of-the-old-settles-the-rekey
  if (yields_to_peers_successor()) yield_to_peers_successor(turn);
  closing_after_reply_ = IkeEvent::delete_request;
}

void IkeSa::replaced_by_peer(IkeSa& made, const NoncePair& theirs, Turn& turn) {
  made.predecessor_ = id_;
  if (state_ == IkeState::rekeying) {
    Running& now_running = std::get<Running>(data_);
    now_running.peers_successor = made.id();
    now_running.peers_nonces = theirs;
    static_cast<void>(become(IkeEvent::rekey_request, turn));
    return;
  }
  hand_over_to(made, turn);
  end_soon(turn.now + host_->configuration().forgotten_after);
  static_cast<void>(become(IkeEvent::rekey_request, turn));
}

// Whoever should delete this SA may have lost sight of it.
void IkeSa::end_soon(Instant when) {
  Running* now_running = running();
  if (now_running != nullptr && (!now_running->end_at || when < *now_running->end_at))
    now_running->end_at = when;
}

//= rfc7296/2.8.2/surviving-ike-sa-inherits-the-children
void IkeSa::replaced_by_us(IkeSa& made, const NoncePair& ours, Turn& turn) {
  const Running& now_running = std::get<Running>(data_);
  if (yields_to_peers_successor() &&
      host_->seams().collisions.ours_is_redundant(ours, now_running.peers_nonces)) {
    yield_to_peers_successor(turn);
    return made.begin(std::make_unique<DeleteIkeSa>(), turn);
  }
  // The peer deletes its own successor; were that Delete lost, we would hold the SA for its whole lifetime.
  if (yields_to_peers_successor())
    host_->find(*now_running.peers_successor)->end_soon(turn.now + host_->configuration().forgotten_after);
  hand_over_to(made, turn);
  static_cast<void>(become(IkeEvent::rekey_reply, turn));
  begin(std::make_unique<DeleteIkeSa>(), turn);
}

bool IkeSa::yields_to_peers_successor() const {
  const auto* now_running = std::get_if<Running>(&data_);
  if (now_running == nullptr || !now_running->peers_successor) return false;
  // One that is closed is there for a while to repeat its last reply; it takes nothing over.
  const IkeSa* successor = host_->find(*now_running->peers_successor);
  return successor != nullptr && successor->is_running();
}

// The peer's successor has the children; the peer deletes what is left here.
void IkeSa::yield_to_peers_successor(Turn& turn) {
  Running* now_running = running();
  if (now_running == nullptr || !yields_to_peers_successor()) return;
  hand_over_to(*host_->find(*now_running->peers_successor), turn);
  end_soon(turn.now + host_->configuration().forgotten_after);
  static_cast<void>(
      become(state_ == IkeState::rekeying ? IkeEvent::rekey_reply : IkeEvent::rekey_request, turn));
}

// Its children may come here or go elsewhere: until that is settled we ask for nothing.
bool IkeSa::waits_for_predecessor() const {
  if (!predecessor_) return false;
  const IkeSa* old = host_->find(*predecessor_);
  return old != nullptr && old->state() == IkeState::rekeying;
}

// The peer uses this SA, so that it has chosen it among the successors, though our own attempt may still be
// on its way.
void IkeSa::settle_with_predecessor(const Request& request, Turn& turn) {
  const auto old = std::exchange(predecessor_, std::nullopt);
  if (!old) return;
  IkeSa* predecessor = host_->find(*old);
  if (predecessor == nullptr || predecessor->state() != IkeState::rekeying) return;
  const auto* body = wire::ike::find<Delete>(request.payloads);
  if (body != nullptr && body->protocol == ProtocolId::ike) return;
  predecessor->yield_to_peers_successor(turn);
}

}  // namespace mpsec::ike
