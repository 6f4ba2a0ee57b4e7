#include "ike/rekey_exchange.hpp"

#include "ike/ike_sa.hpp"
#include "ike/informational.hpp"
#include "ike/initial_payloads.hpp"

namespace mpsec::ike {

using namespace wire::ike;

namespace {

Payloads rekey_payloads(SecurityAssociation sa, Octets nonce, const crypto::KeyExchange& key_exchange) {
  Payloads payloads;
  payloads.push_back(make_payload(std::move(sa)));
  payloads.push_back(make_payload(Nonce{std::move(nonce)}));
  payloads.push_back(key_exchange_payload(key_exchange));
  return payloads;
}

struct NewKeys {
  Suite suite;
  NoncePair nonces;
  IkeSpis spis;
};

Result<IkeKeys> keys_of(IkeSa& old, const NewKeys& made, OctetView shared) {
  return derive_rekeyed_ike_keys(old.host().seams().ike_provider, *old.suite().prf, old.sk_d(), made.suite,
                                 {made.nonces.initiator, made.nonces.responder}, shared, made.spis);
}

// The rest of answering: `chosen` is agreed on, the peer's SPI and public value are there.
Granted<Payloads> grant_rekey(IkeSa& sa, const ChosenSuite& chosen, const KeyMaterial& material, Turn& turn) {
  auto suite = suite_of(chosen);
  if (!suite) return std::unexpected(Refusal{NotifyType::no_proposal_chosen, suite.error()});
  const auto peer_spi = ike_spi(chosen.spi);
  if (!peer_spi || *peer_spi == IkeSpi{0}) {
    return std::unexpected(refusal_of({Blame::malformed, "CREATE_CHILD_SA/SA/Proposal/SPI", std::nullopt,
                                       "eight octets that are not all zero", "RFC 7296 3.3.1"}));
  }
  auto own = sa.host().seams().ike_provider.key_exchange(*suite->key_exchange, turn.rng);
  if (!own) return std::unexpected(refusal_of(std::move(own).error()));
  const auto shared = (*own)->shared_secret(material.key_exchange->data);
  if (!shared) {
    return std::unexpected(refusal_of(
        crypto::error_of(shared.error(), *suite->key_exchange, material.key_exchange->data.size())));
  }
  NewKeys made{
      *suite, {material.nonce->data, make_nonce(turn.rng)}, {*peer_spi, sa.host().new_ike_spi(turn)}};
  auto keys = keys_of(sa, made, shared->view());
  if (!keys) return std::unexpected(refusal_of(std::move(keys).error()));
  auto successor =
      IkeSa::successor(sa, {sa.host().new_ike_sa_id(), Role::responder, made.spis, sa.path()},
                       {made.suite, *std::move(keys), made.nonces, IkeEvent::rekey_request}, turn);
  if (successor == nullptr) {
    return std::unexpected(
        refusal_of({Blame::local_fault, "CREATE_CHILD_SA", std::nullopt, "no successor", ""}));
  }
  sa.replaced_by_peer(sa.host().adopt(std::move(successor)), made.nonces, turn);
  return rekey_payloads(ike::answer(chosen, spi_octets(made.spis.responder)), made.nonces.responder, **own);
}

Granted<Payloads> try_answer(IkeSa& sa, const Payloads& request, Turn& turn) {
  const auto material = require_key_material(request);
  if (!material) return std::unexpected(material.error());
  const auto group = static_cast<crypto::KeyExchangeId>(material->key_exchange->method);
  const auto chosen = choose(sa.peer().proposals, *material->sa, {.key_exchange = group, .spi_octets = 8});
  if (!chosen) return std::unexpected(Refusal{NotifyType::no_proposal_chosen, chosen.error()});
  if (const auto wanted = group_to_ask_for(*chosen, group)) return std::unexpected(other_group(*wanted));
  return grant_rekey(sa, *chosen, *material, turn);
}

}  // namespace

Payloads answer_ike_rekey(IkeSa& sa, const Payloads& request, Turn& turn) {
  Payloads refusal;
  // One successor of the peer's is settled by nonces; a second is not to fill our memory.
  const bool has_one = sa.yields_to_peers_successor();
  if (has_one ||
      sa.host().seams().collisions.on_rekey_ike(sa.state(), sa.children_busy()) != CollisionAnswer::proceed) {
    refusal.push_back(make_payload(make_notify(NotifyType::temporary_failure)));
    return refusal;
  }
  auto granted = try_answer(sa, request, turn);
  if (granted) return *std::move(granted);
  sa.report(granted.error().error, std::nullopt, turn);
  refusal.push_back(make_payload(granted.error().to_notify()));
  return refusal;
}

Result<> RekeyIkeSa::prepare(IkeSa& sa, Turn& turn) {
  const auto transform = crypto::find(group_.value_or(sa.suite().key_exchange->id));
  if (!transform) return std::unexpected(transform.error());
  auto made = sa.host().seams().ike_provider.key_exchange(**transform, turn.rng);
  if (!made) return std::unexpected(std::move(made).error());
  key_exchange_ = *std::move(made);
  spi_ = sa.host().new_ike_spi(turn);
  nonce_ = make_nonce(turn.rng);
  auto offered = offer(sa.peer().proposals, spi_octets(spi_));
  if (!offered) return std::unexpected(std::move(offered).error());
  offered_ = *std::move(offered);
  return {};
}

std::optional<Payloads> RekeyIkeSa::request(IkeSa& sa, Turn& turn) {
  if (!sa.become(IkeEvent::start_rekey, turn)) return std::nullopt;
  if (auto prepared = prepare(sa, turn); !prepared) {
    sa.report(prepared.error(), std::nullopt, turn);
    static_cast<void>(sa.become(IkeEvent::rekey_refused, turn));
    return std::nullopt;
  }
  return rekey_payloads(offered_, nonce_, *key_exchange_);
}

void RekeyIkeSa::answered(IkeSa& sa, const Payloads& reply, Turn& turn) {
  const bool settled = sa.state() != IkeState::rekeying;  // the peer's successor was chosen already
  if (const Notify* error = first_error(reply);
      error != nullptr && find<SecurityAssociation>(reply) == nullptr) {
    if (!settled) refused(sa, *error, turn);
    return;
  }
  sa.no_more_trouble();
  const auto* nonce = find<Nonce>(reply);
  auto made = make_successor(sa, reply, turn);
  if (!made) {
    sa.report(made.error(), std::nullopt, turn);
    if (settled) return;
    static_cast<void>(sa.become(IkeEvent::rekey_refused, turn));
    return sa.yield_to_peers_successor(turn);
  }
  if (settled) return (*made)->begin(std::make_unique<DeleteIkeSa>(), turn);
  sa.replaced_by_us(**made, {nonce_, nonce->data}, turn);
}

Result<IkeSa*> RekeyIkeSa::make_successor(IkeSa& sa, const Payloads& reply, Turn& turn) {
  const auto material = require_key_material(reply);
  if (!material) return std::unexpected(material.error().error);
  const auto chosen = check_answer(offered_, *material->sa);
  if (!chosen) return std::unexpected(chosen.error());
  auto suite = suite_of(*chosen);
  if (!suite) return std::unexpected(std::move(suite).error());
  const auto peer_spi = ike_spi(chosen->spi);
  const auto method = static_cast<std::uint16_t>(key_exchange_->transform().id);
  if (!peer_spi || *peer_spi == IkeSpi{0} || material->key_exchange->method != method ||
      suite->key_exchange->id != key_exchange_->transform().id) {
    return std::unexpected(Error{Blame::peer_misbehaved, "CREATE_CHILD_SA/SA", std::nullopt,
                                 "no SPI, or a group that is not the one of our KE payload",
                                 "RFC 7296 2.18"});
  }
  const auto shared = key_exchange_->shared_secret(material->key_exchange->data);
  if (!shared) {
    return std::unexpected(
        crypto::error_of(shared.error(), key_exchange_->transform(), material->key_exchange->data.size()));
  }
  const NewKeys made{*suite, {nonce_, material->nonce->data}, {spi_, *peer_spi}};
  auto keys = keys_of(sa, made, shared->view());
  if (!keys) return std::unexpected(std::move(keys).error());
  auto successor = IkeSa::successor(sa, {sa.host().new_ike_sa_id(), Role::initiator, made.spis, sa.path()},
                                    {made.suite, *std::move(keys), made.nonces, IkeEvent::rekey_reply}, turn);
  if (successor == nullptr)
    return std::unexpected(Error{Blame::local_fault, "CREATE_CHILD_SA", std::nullopt, "no successor", ""});
  return &sa.host().adopt(std::move(successor));
}

void RekeyIkeSa::refused(IkeSa& sa, const Notify& why, Turn& turn) {
  static_cast<void>(sa.become(IkeEvent::rekey_refused, turn));
  if (sa.yields_to_peers_successor()) return sa.yield_to_peers_successor(turn);
  if (!group_ && why.type == NotifyType::invalid_ke_payload && why.data.size() == 2) {
    const auto asked = static_cast<crypto::KeyExchangeId>(load_be<std::uint16_t>(why.data.data()));
    if (may_retry_with(asked, offered_, key_exchange_->transform().id))
      return sa.begin(std::make_unique<RekeyIkeSa>(asked), turn);
  }
  if (why.type == NotifyType::temporary_failure)
    return sa.begin_later(std::make_unique<RekeyIkeSa>(group_), turn);
  sa.rekey_once_more(turn);
  sa.report(error_of(why, "CREATE_CHILD_SA"), std::nullopt, turn);
}

}  // namespace mpsec::ike
