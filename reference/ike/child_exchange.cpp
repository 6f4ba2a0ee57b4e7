#include "ike/child_exchange.hpp"

#include <algorithm>

#include "ike/cluster_negotiation.hpp"
#include "ike/ike_sa.hpp"
#include "ike/informational.hpp"
#include "ike/initial_payloads.hpp"
#include "ike/protocols.hpp"
#include "ike/rekey_exchange.hpp"

namespace mpsec::ike {

using namespace wire::ike;

namespace {

Payloads refusing(Notify notify) {
  Payloads payloads;
  payloads.push_back(make_payload(std::move(notify)));
  return payloads;
}

Payloads refusing(IkeSa& sa, const Payloads& request, const Refusal& refusal, Turn& turn) {
  sa.report(refusal.error, std::string(), turn);
  sa.tell_join_refused(request, refusal, turn);
  Payloads payloads;
  append_refusal(payloads, refusal, sa.peer());
  return payloads;
}

// The group that the peer wants instead of the one we sent, if we may follow.
std::optional<crypto::KeyExchangeId> other_group(const Notify& notify, const ChildOffer& offer,
                                                 bool was_asked) {
  // Once: a peer that asks for now one group and now another would keep us at it.
  if (was_asked || notify.type != NotifyType::invalid_ke_payload || notify.data.size() != 2)
    return std::nullopt;
  const auto asked = static_cast<crypto::KeyExchangeId>(load_be<std::uint16_t>(notify.data.data()));
  const auto sent =
      offer.key_exchange == nullptr ? crypto::KeyExchangeId::none : offer.key_exchange->transform().id;
  if (!may_retry_with(asked, offer.offered, sent)) return std::nullopt;
  return asked;
}

const Nonce& nonce_of(const Payloads& payloads) {
  static const Nonce none;
  const auto* nonce = find<Nonce>(payloads);
  return nonce == nullptr ? none : *nonce;
}

Payloads answer_new_child(IkeSa& sa, const Payloads& request, Turn& turn) {
  if (sa.host().seams().collisions.on_create_child(sa.state()) != CollisionAnswer::proceed)
    return refusing(make_notify(NotifyType::temporary_failure));
  //= rfc7296/1.3/no-additional-sas
  if (sa.children().size() >= sa.host().configuration().most_children)
    return refusing(make_notify(NotifyType::no_additional_sas));
  auto granted = grant_child(request, sa.child_context(false), nullptr, turn);
  if (!granted) return refusing(sa, request, granted.error(), turn);
  const NoncePair nonces{nonce_of(request).data, granted->nonce};
  if (sa.install_child(*granted->configuration, std::move(granted->agreed), nonces, false, turn) ==
      ChildId{0})
    return refusing(make_notify(NotifyType::temporary_failure));
  return std::move(granted->reply);
}

Payloads answer_child_rekey(IkeSa& sa, const Notify& rekey, const Payloads& request, Turn& turn) {
  const auto protocol = to_ipsec(rekey.protocol);
  const auto spi = child_spi(rekey.spi);
  ChildSa* old = protocol && spi ? sa.children().find_outbound(*protocol, *spi) : nullptr;
  const auto state = old == nullptr ? std::nullopt : std::optional(old->state);
  const CollisionAnswer answer =
      sa.host().seams().collisions.on_rekey_child(sa.state(), state, sa.children_busy());
  //= rfc7296/2.25/child-sa-not-found-copies-the-spi
  if (answer == CollisionAnswer::not_found)
    return refusing(make_notify(NotifyType::child_sa_not_found, {}, rekey.protocol, rekey.spi));
  if (answer != CollisionAnswer::proceed || old == nullptr)
    return refusing(make_notify(NotifyType::temporary_failure));

  RekeyChild* ours = old->state == ChildState::rekeying ? sa.find_rekey(old->id) : nullptr;
  // One collision is settled by nonces; a peer that rekeys on and on is not to fill our memory.
  if (ours != nullptr && ours->has_collision()) return refusing(make_notify(NotifyType::temporary_failure));
  if (sa.children().size() >= 2 * std::size_t{sa.host().configuration().most_children})
    return refusing(make_notify(NotifyType::no_additional_sas));
  auto granted = grant_child(request, sa.child_context(false), old, turn);
  if (!granted) return refusing(sa, request, granted.error(), turn);
  const NoncePair nonces{nonce_of(request).data, granted->nonce};
  const ChildId old_id = old->id;
  const ChildId made =
      sa.install_child(*granted->configuration, std::move(granted->agreed), nonces, false, turn, old_id);
  if (made == ChildId{0}) return refusing(make_notify(NotifyType::temporary_failure));
  if (ours != nullptr) {
    ours->note_collision({made, nonces});
  } else {
    static_cast<void>(sa.children().become(*old, ChildEvent::replaced, turn));
    old->end_soon(turn.now + sa.host().configuration().forgotten_after);
  }
  return std::move(granted->reply);
}

}  // namespace

Payloads answer_create_child_sa(IkeSa& sa, const Payloads& request, Turn& turn) {
  if (const Notify* rekey = find_notify(request, NotifyType::rekey_sa))
    return answer_child_rekey(sa, *rekey, request, turn);
  const auto* offered = find<SecurityAssociation>(request);
  if (offered != nullptr && !offered->proposals.empty() &&
      offered->proposals.front().protocol == ProtocolId::ike)
    return answer_ike_rekey(sa, request, turn);
  return answer_new_child(sa, request, turn);
}

// --- CreateChild

std::optional<Payloads> CreateChild::request(IkeSa& sa, Turn& turn) {
  if (sa.state() != IkeState::established) {
    sa.report(
        {Blame::local_fault, "CREATE_CHILD_SA", std::nullopt, "the IKE SA is ending", "RFC 7296 2.25.2"},
        wish_.configuration->name, turn);
    return std::nullopt;
  }
  auto offered = offer_child(wish_, sa.child_context(false), turn, group_);
  if (!offered) {
    sa.report(offered.error(), wish_.configuration->name, turn);
    return std::nullopt;
  }
  offer_ = *std::move(offered);
  return payloads_of(*offer_);
}

void CreateChild::answered(IkeSa& sa, const Payloads& reply, Turn& turn) {
  if (const Notify* error = first_error(reply);
      error != nullptr && find<SecurityAssociation>(reply) == nullptr) {
    return refused(sa, *error, turn);
  }
  sa.no_more_trouble();
  auto agreed = read_child_answer(*offer_, reply, sa.child_context(false));
  if (!agreed) {
    sa.delete_unwanted(*offer_, turn);
    if (sa.ask_again(*offer_, turn)) return;
    return sa.report(agreed.error(), wish_.configuration->name, turn);
  }
  auto next = wish_after(wish_, offer_->asked, agreed->agreement.selectors, reply);
  sa.note_cluster_answer(*offer_, *agreed);
  const ChildId made = sa.install_child(*wish_.configuration, *std::move(agreed),
                                        {offer_->nonce, nonce_of(reply).data}, true, turn);
  if (wish_.instead_of && made != ChildId{0})
    sa.begin(std::make_unique<DeleteChildren>(std::vector{*wish_.instead_of}), turn);
  if (next) sa.begin(std::make_unique<CreateChild>(*std::move(next)), turn);
}

void CreateChild::refused(IkeSa& sa, const Notify& why, Turn& turn) {
  if (const auto group = other_group(why, *offer_, group_.has_value()))
    return sa.begin(std::make_unique<CreateChild>(wish_, group), turn);
  if (why.type == NotifyType::temporary_failure)
    return sa.begin_later(std::make_unique<CreateChild>(wish_, group_), turn);
  if (sa.follow_single_pair(wish_, why, turn)) return;
  if (offer_->cluster && sa.on_join_refused(wish_, why, offer_->cluster->asked.id, turn)) return;
  // Of what is left beside an SA that was made, the peer may take nothing; the rest is still to be tried.
  const bool is_rest = wish_.further != 0;
  const bool is_narrower =
      why.type == NotifyType::ts_unacceptable || why.type == NotifyType::single_pair_required;
  if (!is_rest || !is_narrower) sa.report(error_of(why, "CREATE_CHILD_SA"), wish_.configuration->name, turn);
  if (auto next = wish_after(wish_, offer_->asked, {}, {}); next && is_rest)
    sa.begin(std::make_unique<CreateChild>(*std::move(next)), turn);
}

// --- RekeyChild

std::optional<Payloads> RekeyChild::request(IkeSa& sa, Turn& turn) {
  ChildSa* old = sa.children().find(old_);
  if (old == nullptr || sa.state() != IkeState::established) return std::nullopt;
  if (!sa.children().become(*old, ChildEvent::start_rekey, turn)) return std::nullopt;
  auto offered =
      offer_child({.configuration = old->configuration}, sa.child_context(false), turn, group_, old);
  if (!offered) {
    static_cast<void>(sa.children().become(*old, ChildEvent::rekey_refused, turn));
    sa.report(offered.error(), old->configuration->name, turn);
    return std::nullopt;
  }
  offer_ = *std::move(offered);
  Payloads payloads;
  //= rfc7296/1.3.3/rekey-names-the-senders-inbound-spi
  payloads.push_back(make_payload(make_notify(NotifyType::rekey_sa, {}, to_wire(old->agreement.protocol),
                                              spi_octets(old->agreement.inbound))));
  std::ranges::move(payloads_of(*offer_), std::back_inserter(payloads));
  return payloads;
}

void RekeyChild::answered(IkeSa& sa, const Payloads& reply, Turn& turn) {
  if (const Notify* error = first_error(reply);
      error != nullptr && find<SecurityAssociation>(reply) == nullptr) {
    return refused(sa, *error, turn);
  }
  sa.no_more_trouble();
  const ChildConfiguration& configuration = *offer_->wish.configuration;
  auto agreed = read_child_answer(*offer_, reply, sa.child_context(false));
  if (!agreed) {
    sa.delete_unwanted(*offer_, turn);
    if (ChildSa* old = sa.children().find(old_)) {
      old->renewal_refused = true;
      static_cast<void>(
          sa.children().become(*old, theirs_ ? ChildEvent::replaced : ChildEvent::rekey_refused, turn));
    }
    return sa.report(agreed.error(), configuration.name, turn);
  }
  const NoncePair ours{offer_->nonce, nonce_of(reply).data};
  const ChildId made = sa.install_child(configuration, *std::move(agreed), ours, true, turn, old_);
  settle(sa, made, ours, turn);
}

//= rfc7296/2.8.1/survivors-maker-deletes-the-old
void RekeyChild::settle(IkeSa& sa, ChildId made, const NoncePair& ours, Turn& turn) {
  ChildSa* old = sa.children().find(old_);
  if (old != nullptr) static_cast<void>(sa.children().become(*old, ChildEvent::replaced, turn));
  const Instant forgotten = turn.now + sa.host().configuration().forgotten_after;
  if (theirs_ && sa.host().seams().collisions.ours_is_redundant(ours, theirs_->nonces)) {
    if (old != nullptr) old->end_soon(forgotten);
    return sa.begin(std::make_unique<DeleteChildren>(std::vector{made}), turn);
  }
  // The peer deletes its own, perhaps before it has received on it.
  if (ChildSa* redundant = theirs_ ? sa.children().find(theirs_->made) : nullptr) {
    sa.children().stop_sending(*redundant, turn);
    redundant->end_soon(forgotten);
  }
  if (old != nullptr) sa.begin(std::make_unique<DeleteChildren>(std::vector{old_}), turn);
}

void RekeyChild::refused(IkeSa& sa, const Notify& why, Turn& turn) {
  ChildSa* old = sa.children().find(old_);
  if (old == nullptr) return;  // the peer has deleted it: it knew better
  const ChildConfiguration& configuration = *old->configuration;
  if (theirs_) {
    //= rfc7296/2.8.1/error-after-a-known-collision-is-ignored
    static_cast<void>(sa.children().become(*old, ChildEvent::replaced, turn));
    return old->end_soon(turn.now + sa.host().configuration().forgotten_after);
  }
  //= rfc7296/2.25/child-sa-not-found-makes-a-new-one
  if (why.type == NotifyType::child_sa_not_found) {
    static_cast<void>(sa.children().become(*old, ChildEvent::lost, turn));
    offer_->cluster.reset();  // nothing is awaited any more: were that the last of its cluster, it has ended
    return sa.begin(std::make_unique<CreateChild>(configuration), turn);
  }
  static_cast<void>(sa.children().become(*old, ChildEvent::rekey_refused, turn));
  old->renewal_refused = true;
  if (const auto group = other_group(why, *offer_, group_.has_value()))
    return sa.begin(std::make_unique<RekeyChild>(old_, group), turn);
  if (why.type == NotifyType::temporary_failure)
    return sa.begin_later(std::make_unique<RekeyChild>(old_, group_), turn);
  if (offer_->cluster) sa.tell_join_refused(offer_->cluster->asked.id, why, turn);
  // Once more on half the way to its end, and so on.
  if (old->end_at && *old->end_at - turn.now > std::chrono::seconds(1))
    old->rekey_at = turn.now + (*old->end_at - turn.now) / 2;
  sa.report(error_of(why, "CREATE_CHILD_SA"), configuration.name, turn);
}

}  // namespace mpsec::ike
