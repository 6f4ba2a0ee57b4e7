// The responder's side of IKE_SA_INIT and IKE_AUTH (RFC 7296 1.2).
#include <algorithm>

#include "ike/child_negotiation.hpp"
#include "ike/cluster_negotiation.hpp"
#include "ike/ike_sa.hpp"
#include "ike/initial_payloads.hpp"
#include "ike/nat_detection.hpp"
#include "wire/codec.hpp"

namespace mpsec::ike {

using namespace wire::ike;

namespace {

void append(Payloads& to, Payloads from) {
  std::ranges::move(from, std::back_inserter(to));
}

Refusal unauthenticated(Error error) {
  return {NotifyType::authentication_failed, std::move(error)};
}

}  // namespace

// --- IKE_SA_INIT

std::optional<Refusal> IkeSa::answer_init(const Message& message, OctetView octets, Turn& turn) {
  InitAnswered half_open;
  half_open.until = turn.now + host_->configuration().half_open_for;
  half_open.init.peers.assign(octets.begin(), octets.end());
  channel_.note_received(message.header.message_id);
  auto payloads = accept_init(half_open, message, turn);
  if (!payloads) {
    report(payloads.error().error, std::nullopt, turn);
    close_silently(IkeEvent::fatal_error, turn);
    return std::move(payloads).error();
  }
  auto sent =
      channel_.send_response(ExchangeType::ike_sa_init, MessageId{0}, *std::move(payloads), path(), turn);
  if (!sent) {
    fatal(sent.error(), turn);
    return refusal_of(std::move(sent).error());
  }
  half_open.init.ours = std::move(sent->message);
  data_ = std::move(half_open);
  static_cast<void>(become(IkeEvent::init_request, turn));
  return std::nullopt;
}

//= rfc7296/2.1/repeated-init-request-gets-the-same-response
void IkeSa::repeat_init_answer(OctetView octets, const Path& path, Turn& turn) {
  const auto* half_open = std::get_if<InitAnswered>(&data_);
  if (half_open == nullptr || !std::ranges::equal(octets, half_open->init.peers)) return;
  turn.actions.datagrams.push_back(to_datagram(path, half_open->init.ours));
}

Granted<Payloads> IkeSa::accept_init(InitAnswered& half_open, const Message& message, Turn& turn) {
  const auto material = require_key_material(message.payloads);
  if (!material) return std::unexpected(material.error());
  const auto group = static_cast<crypto::KeyExchangeId>(material->key_exchange->method);
  // Who it is will be known later: what any peer at this address may use is taken for now.
  auto chosen = choose(host_->proposals_for(path()), *material->sa, {.key_exchange = group});
  if (!chosen) return std::unexpected(Refusal{NotifyType::no_proposal_chosen, chosen.error()});
  //= rfc7296/1.2/invalid-ke-payload-names-the-group
  if (const auto wanted = group_to_ask_for(*chosen, group)) return std::unexpected(other_group(*wanted));
  auto suite = suite_of(*chosen);
  if (!suite) return std::unexpected(Refusal{NotifyType::no_proposal_chosen, suite.error()});
  suite_ = *suite;
  if (material->key_exchange->data.size() != suite_.key_exchange->public_octets) {
    return std::unexpected(refusal_of(crypto::error_of(
        crypto::PublicValueFault::wrong_length, *suite_.key_exchange, material->key_exchange->data.size())));
  }
  auto made = host_->seams().ike_provider.key_exchange(*suite_.key_exchange, turn.rng);
  if (!made) return std::unexpected(refusal_of(std::move(made).error()));
  half_open.chosen = *chosen;
  half_open.key_exchange = *std::move(made);
  half_open.peer_public = material->key_exchange->data;
  half_open.init.peer_nonce = material->nonce->data;
  half_open.init.our_nonce = make_nonce(turn.rng);
  half_open.peer = abilities_of(message.payloads);
  nonces_ = {half_open.init.peer_nonce, half_open.init.our_nonce};
  notice_nat(message.payloads, {spis().initiator, IkeSpi{0}}, path(), turn);
  agree_on_fragments(message.payloads);

  Payloads payloads;
  payloads.push_back(make_payload(ike::answer(*chosen, {})));
  payloads.push_back(key_exchange_payload(*half_open.key_exchange));
  payloads.push_back(make_payload(Nonce{half_open.init.our_nonce}));
  //= rfc7296/2.23/nat-detection-after-the-nonce
  append(payloads, nat_payloads());
  append(payloads, host_->seams().checker.requests());
  append_init_notifies(payloads, fragments_agreed());
  //= rfc6023/3/childless-is-announced
  payloads.push_back(make_payload(make_notify(NotifyType::childless_ikev2_supported)));
  return payloads;
}

Result<> IkeSa::derive_keys(InitAnswered& half_open) {
  const auto shared = half_open.key_exchange->shared_secret(half_open.peer_public);
  if (!shared)
    return std::unexpected(
        crypto::error_of(shared.error(), *suite_.key_exchange, half_open.peer_public.size()));
  auto keys = derive_ike_keys(host_->seams().ike_provider, suite_, {nonces_.initiator, nonces_.responder},
                              shared->view(), spis());
  if (!keys) return std::unexpected(std::move(keys).error());
  half_open.keys = *std::move(keys);
  return protect(*half_open.keys);
}

// --- IKE_AUTH

void IkeSa::on_auth_request(const Request& request, const Path& path, Turn& turn) {
  auto half_open = std::get<InitAnswered>(std::move(data_));
  data_ = Idle{};
  Payloads reply_payloads;
  if (request.exchange != ExchangeType::ike_auth) {
    //= rfc7296/1/ike-auth-before-any-other
    reply_payloads.push_back(make_payload(make_notify(NotifyType::invalid_syntax)));
    reply(request, std::move(reply_payloads), path, turn);
    linger(turn);
    return close_silently(IkeEvent::fatal_error, turn);
  }
  auto step = accept_auth(half_open, request.payloads, turn);
  if (!step) {
    report(step.error().error, std::nullopt, turn);
    reply_payloads.push_back(make_payload(step.error().to_notify()));
    reply(request, std::move(reply_payloads), path, turn);
    linger(turn);
    return close_silently(IkeEvent::authentication_failed, turn);
  }
  if (step->last) return finish_auth(*half_open.auth, request, std::move(step->reply), path, turn);
  static_cast<void>(become(IkeEvent::auth_round, turn));
  if (half_open.auth->rounds.count == 1) half_open.auth->request = request.payloads;
  data_ = std::move(half_open);
  reply(request, std::move(step->reply), path, turn);
}

//= rfc7296/2.16/child-is-answered-once-the-initiator-is-known
void IkeSa::finish_auth(InitAnswered::Auth& auth, const Request& request, Payloads reply_payloads,
                        const Path& path, Turn& turn) {
  peer_ = auth.peer;
  know_peer(auth.rounds);
  static_cast<void>(become(IkeEvent::auth_request, turn));
  start_running(turn);
  tell_authenticated(turn);
  const Payloads& first = auth.rounds.count == 1 ? request.payloads : auth.request;
  //= rfc7296/2.4/initial-contact-ends-the-others
  if (find_notify(first, NotifyType::initial_contact) != nullptr) host_->close_others(*this, turn);
  if (const Notify* window = find_notify(first, NotifyType::set_window_size)) note_window(*window);
  if (peer_->window > 1) reply_payloads.push_back(make_payload(window_notify(peer_->window)));
  channel_.set_own_window(peer_->window);
  note_clusters(first);
  answer_first_child(first, reply_payloads, turn);
  reply(request, std::move(reply_payloads), path, turn);
  close_if_asked(turn);
}

// Who asks, as whom we answer, and how each is to prove it.
Granted<std::unique_ptr<InitAnswered::Auth>> IkeSa::meet_initiator(const InitAnswered& half_open,
                                                                   const Payloads& payloads) const {
  auto identity = read_identity(Role::initiator, payloads);
  if (!identity) return std::unexpected(std::move(identity).error());
  std::optional<ipsec::Identity> asked;
  if (auto responder = read_identity(Role::responder, payloads)) asked = std::move(responder->identity);
  auto entry = host_->seams().pad.find(identity->identity);
  if (!entry) return std::unexpected(unauthenticated(entry.error().error));
  const PeerConfiguration* known = host_->find_peer(path(), identity->identity, asked, half_open.chosen);
  if (known == nullptr) {
    return std::unexpected(unauthenticated(
        {Blame::no_common_ground, "IKE_AUTH/IDi", std::nullopt,
         fmt::format("no configuration for {}", ipsec::to_string(identity->identity)), "RFC 7296 2.21.2"}));
  }
  auto auth = std::make_unique<InitAnswered::Auth>();
  auth->peer = known;
  auth->rounds.prover = known->credential->begin();
  auth->rounds.verifier = host_->seams().checker.begin();
  auth->rounds.peer = *std::move(identity);
  auth->rounds.pad_entry = *std::move(entry);
  const Payload own = identity_payload(Role::responder, known->local_id);
  auth->rounds.own_identity = wire::encode(std::get<IdentificationResponder>(own.body));
  return auth;
}

// One request of IKE_AUTH: what the peer has proved by now, and the next step of our own proof: IDr, CERT and
// AUTH, where one step is all.
Granted<IkeSa::AuthStep> IkeSa::accept_auth(InitAnswered& half_open, const Payloads& payloads, Turn& turn) {
  AuthStep step;
  if (half_open.auth == nullptr) {
    auto met = meet_initiator(half_open, payloads);
    if (!met) return std::unexpected(std::move(met).error());
    half_open.auth = *std::move(met);
    step.reply.push_back(identity_payload(Role::responder, half_open.auth->peer->local_id));
  }
  AuthRounds& rounds = half_open.auth->rounds;
  const InitMessages& init = half_open.init;
  const ProofContext theirs{host_->seams().ike_provider, *suite_.prf,      init.peers, init.our_nonce,
                            half_open.keys->pi.view(),   rounds.peer->body};
  auto checked = rounds.verifier->check(theirs, *rounds.pad_entry, rounds.peer->identity, payloads, turn.now);
  if (!checked) return std::unexpected(unauthenticated(std::move(checked).error()));
  const std::size_t before = step.reply.size();
  if (!rounds.proved) {
    const ProofContext ours{host_->seams().ike_provider, *suite_.prf,        init.ours, init.peer_nonce,
                            half_open.keys->pr.view(),   rounds.own_identity};
    PeerAbilities abilities = half_open.peer;
    std::ranges::move(abilities_of(payloads).certificate_requests,
                      std::back_inserter(abilities.certificate_requests));
    auto proof = rounds.prover->prove(ours, abilities, payloads);
    if (!proof) return std::unexpected(unauthenticated(std::move(proof).error()));
    rounds.proved = proof->complete;
    append(step.reply, std::move(proof->payloads));
  }
  append(step.reply, std::move(checked->payloads));
  step.last = rounds.proved && checked->complete;
  const bool goes_on = step.reply.size() > before;
  if (++rounds.count > host_->configuration().most_auth_rounds || (!step.last && !goes_on)) {
    return std::unexpected(
        unauthenticated({Blame::peer_misbehaved, "IKE_AUTH", std::nullopt,
                         "the initiator's proof does not come to an end", "RFC 7296 2.16"}));
  }
  return step;
}

//= rfc7296/2.21.2/child-failure-leaves-the-ike-sa
void IkeSa::answer_first_child(const Payloads& request, Payloads& reply_payloads, Turn& turn) {
  //= rfc6023/3/childless-ike-auth
  if (find<SecurityAssociation>(request) == nullptr) return;
  auto configured = answer_configuration(request);
  if (!configured) {
    report(configured.error().error, std::nullopt, turn);
    reply_payloads.push_back(make_payload(configured.error().to_notify()));
    return;
  }
  if (*configured) reply_payloads.push_back(make_payload(**std::move(configured)));
  auto granted = grant_child(request, child_context(true), nullptr, turn);
  if (!granted) {
    report(granted.error().error, std::string(), turn);
    tell_join_refused(request, granted.error(), turn);
    return append_refusal(reply_payloads, granted.error(), *peer_);
  }
  const ChildId made =
      install_child(*granted->configuration, std::move(granted->agreed), nonces_, false, turn);
  if (made == ChildId{0})
    return reply_payloads.push_back(make_payload(make_notify(NotifyType::temporary_failure)));
  append(reply_payloads, std::move(granted->reply));
}

}  // namespace mpsec::ike
