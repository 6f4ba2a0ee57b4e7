// The initiator's side of IKE_SA_INIT and IKE_AUTH (RFC 7296 1.2).
#include <algorithm>

#include "ike/child_exchange.hpp"
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

// Whatever is in an IKE_SA_INIT response may be forged: kept, and told if nothing better comes.
void remember(InitSent& sent, Refusal refusal) {
  sent.heard = std::move(refusal);
}

//= rfc7296/3.4/ke-group-is-one-of-the-sa-payload
Result<SecretOctets> shared_secret(crypto::KeyExchange& own, const Suite& suite, const KeyExchange& theirs) {
  if (theirs.method != static_cast<std::uint16_t>(own.transform().id) ||
      suite.key_exchange->id != own.transform().id) {
    return std::unexpected(Error{Blame::peer_misbehaved, "IKE_SA_INIT/KE", std::nullopt,
                                 "the group is not the one of our KE payload", "RFC 7296 3.4"});
  }
  auto shared = own.shared_secret(theirs.data);
  if (!shared) return std::unexpected(crypto::error_of(shared.error(), own.transform(), theirs.data.size()));
  return *std::move(shared);
}

}  // namespace

// --- IKE_SA_INIT

void IkeSa::initiate(const ipsec::PacketSelectors* packet, Turn& turn) {
  InitSent sent;
  if (packet != nullptr) sent.packet = *packet;
  sent.nonce = make_nonce(turn.rng);
  auto offered = offer(peer_->proposals, {});
  if (!offered) return fatal(offered.error(), turn);
  sent.offered = *std::move(offered);
  data_ = std::move(sent);
  static_cast<void>(become(IkeEvent::initiate, turn));
  if (auto sending = send_init(peer_->proposals.front().key_exchange.front(), turn); !sending)
    fatal(sending.error(), turn);
}

Result<> IkeSa::send_init(crypto::KeyExchangeId group, Turn& turn) {
  auto& sent = std::get<InitSent>(data_);
  if (sent.key_exchange == nullptr || sent.key_exchange->transform().id != group) {
    const auto transform = crypto::find(group);
    if (!transform) return std::unexpected(transform.error());
    auto made = host_->seams().ike_provider.key_exchange(**transform, turn.rng);
    if (!made) return std::unexpected(std::move(made).error());
    sent.key_exchange = *std::move(made);
  }
  const bool first = sent.message.empty();
  auto message =
      first ? channel_.send_request(ExchangeType::ike_sa_init, init_payloads(sent), turn)
            : channel_.replace_request(sent.id, ExchangeType::ike_sa_init, init_payloads(sent), turn);
  if (!message) return std::unexpected(std::move(message).error());
  sent.id = message->id;
  sent.message = std::move(message->message);
  return {};
}

Payloads IkeSa::init_payloads(const InitSent& sent) const {
  Payloads payloads;
  //= rfc7296/2.6/retry-with-the-cookie
  if (!sent.cookie.empty()) payloads.push_back(make_payload(make_notify(NotifyType::cookie, sent.cookie)));
  payloads.push_back(make_payload(sent.offered));
  payloads.push_back(key_exchange_payload(*sent.key_exchange));
  payloads.push_back(make_payload(Nonce{sent.nonce}));
  //= rfc7296/2.23/nat-detection-after-the-nonce
  append(payloads, nat_payloads());
  append_init_notifies(payloads, peer_->fragment_beyond != 0);
  return payloads;
}

void IkeSa::on_init_response(const Response& response, const IkeHeader& header, OctetView octets,
                             const Path& path, Turn& turn) {
  auto& sent = std::get<InitSent>(data_);
  if (on_init_refusal(sent, response.payloads, turn)) return;
  if (auto agreed = on_init_agreed(sent, response.payloads, header, octets, path, turn); !agreed) {
    //= rfc7296/2.21.1/unauthenticated-errors-are-waited-out
    if (state_ == IkeState::init_sent) return remember(sent, refusal_of(agreed.error()));
    fatal(agreed.error(), turn);
  }
}

// Whether the response is a refusal, which was then dealt with.
bool IkeSa::on_init_refusal(InitSent& sent, const Payloads& payloads, Turn& turn) {
  const bool may_retry = sent.retries < host_->configuration().most_init_retries;
  crypto::KeyExchangeId group = sent.key_exchange->transform().id;
  if (const Notify* cookie = find_notify(payloads, NotifyType::cookie)) {
    //= rfc7296/2.6/retry-with-the-cookie
    if (!may_retry || cookie->data.empty() || cookie->data.size() > 64) return true;
    sent.cookie = cookie->data;
  } else if (const Notify* wanted = find_notify(payloads, NotifyType::invalid_ke_payload)) {
    //= rfc7296/1.2/retry-with-the-group-asked-for
    if (wanted->data.size() != 2) return true;
    const auto asked = static_cast<crypto::KeyExchangeId>(load_be<std::uint16_t>(wanted->data.data()));
    if (!may_retry || !may_retry_with(asked, sent.offered, group)) return true;
    group = asked;
  } else if (const Notify* error = first_error(payloads)) {
    remember(sent, {error->type, error_of(*error, "IKE_SA_INIT")});
    return true;
  } else {
    return false;
  }
  ++sent.retries;
  if (!become(IkeEvent::init_retry, turn)) return true;
  if (auto sending = send_init(group, turn); !sending) fatal(sending.error(), turn);
  return true;
}

// Nothing of the attempt is given up before all that may fail has been done: the response may be forged.
Result<> IkeSa::on_init_agreed(InitSent& sent, const Payloads& payloads, const IkeHeader& header,
                               OctetView octets, const Path& path, Turn& turn) {
  const auto material = require_key_material(payloads);
  if (!material) return std::unexpected(material.error().error);
  if (header.responder_spi == IkeSpi{0}) {
    return std::unexpected(Error{Blame::malformed, "IKE_SA_INIT/IKE Header/Responder's SPI", std::nullopt,
                                 "an SA is agreed on, and has no SPI", "RFC 7296 2.6"});
  }
  const IkeSpis agreed{spis().initiator, header.responder_spi};
  auto auth = derive_auth(sent, *material, agreed, octets);
  if (!auth) return std::unexpected(std::move(auth).error());
  auth->peer = abilities_of(payloads);
  notice_nat(payloads, agreed, path, turn);
  agree_on_fragments(payloads);
  auto prepared = prepare_auth(*auth, turn);
  if (!prepared) return std::unexpected(std::move(prepared).error());
  return commit_init(*std::move(auth), *std::move(prepared), agreed, turn);
}

Result<AuthSent> IkeSa::derive_auth(const InitSent& sent, const KeyMaterial& material, const IkeSpis& agreed,
                                    OctetView octets) {
  const auto chosen = check_answer(sent.offered, *material.sa);
  if (!chosen) return std::unexpected(chosen.error());
  const auto suite = suite_of(*chosen);
  if (!suite) return std::unexpected(suite.error());
  const auto shared = shared_secret(*sent.key_exchange, *suite, *material.key_exchange);
  if (!shared) return std::unexpected(shared.error());
  suite_ = *suite;
  nonces_ = {sent.nonce, material.nonce->data};
  auto keys = derive_ike_keys(host_->seams().ike_provider, suite_, {nonces_.initiator, nonces_.responder},
                              shared->view(), agreed);
  if (!keys) return std::unexpected(std::move(keys).error());
  AuthSent auth;
  auth.init = {sent.message, Octets(octets.begin(), octets.end()), sent.nonce, material.nonce->data};
  auth.keys = *std::move(keys);
  auth.packet = sent.packet;
  return auth;
}

Result<> IkeSa::commit_init(AuthSent auth, Payloads payloads, const IkeSpis& agreed, Turn& turn) {
  channel_.forget_request(std::get<InitSent>(data_).id);
  channel_.set_responder_spi(agreed.responder);
  channel_.move(path_after_detection(channel_.path(), nat_), turn);
  static_cast<void>(become(IkeEvent::init_reply, turn));
  auto protecting = protect(auth.keys);
  data_ = std::move(auth);
  if (!protecting) return protecting;
  if (auto sent = channel_.send_request(ExchangeType::ike_auth, std::move(payloads), turn); !sent)
    return std::unexpected(std::move(sent).error());
  return {};
}

// --- IKE_AUTH

Result<Payloads> IkeSa::prepare_auth(AuthSent& auth, Turn& turn) {
  const Payload identity = identity_payload(Role::initiator, peer_->local_id);
  AuthRounds& rounds = auth.rounds;
  rounds.own_identity = wire::encode(std::get<IdentificationInitiator>(identity.body));
  rounds.prover = peer_->credential->begin();
  rounds.verifier = host_->seams().checker.begin();
  auto proof = rounds.prover->prove(our_context(auth), auth.peer, {});
  if (!proof) return std::unexpected(std::move(proof).error());
  rounds.proved = proof->complete;
  const auto authentication = std::ranges::stable_partition(proof->payloads, [](const Payload& payload) {
    return !std::holds_alternative<Authentication>(payload.body);
  });

  Payloads payloads;
  payloads.push_back(identity);
  //= rfc7296/2.4/initial-contact-only-when-it-is-the-only-one
  if (peer_->initial_contact && peer_->remote_id &&
      !host_->has_other(peer_->local_id, *peer_->remote_id, id()) && !may_join_cluster())
    payloads.push_back(make_payload(make_notify(NotifyType::initial_contact)));
  std::move(proof->payloads.begin(), authentication.begin(), std::back_inserter(payloads));
  append(payloads, host_->seams().checker.requests());
  if (peer_->remote_id) payloads.push_back(identity_payload(Role::responder, *peer_->remote_id));
  std::ranges::move(authentication, std::back_inserter(payloads));
  if (peer_->window > 1) payloads.push_back(make_payload(window_notify(peer_->window)));
  if (auto appended = append_child_request(auth, payloads, turn); !appended)
    return std::unexpected(std::move(appended).error());
  return payloads;
}

ProofContext IkeSa::our_context(const AuthSent& auth) const {
  return {host_->seams().ike_provider, *suite_.prf,         auth.init.ours,
          auth.init.peer_nonce,        auth.keys.pi.view(), auth.rounds.own_identity};
}

Result<> IkeSa::append_child_request(AuthSent& auth, Payloads& payloads, Turn& turn) {
  if (peer_->childless || peer_->children.empty()) {
    //= rfc6023/3/childless-only-where-announced
    if (auth.peer.childless) return {};
    return std::unexpected(Error{Blame::no_common_ground, "IKE_SA_INIT", std::nullopt,
                                 "the responder takes no IKE_AUTH without a Child SA", "RFC 6023 3"});
  }
  if (auto request = request_configuration(peer_->wanted))
    payloads.push_back(make_payload(*std::move(request)));
  const auto* packet = auth.packet ? &*auth.packet : nullptr;
  auto offered = offer_child(first_wish(*peer_, packet), child_context(true), turn);
  if (!offered) return std::unexpected(std::move(offered).error());
  append(payloads, payloads_of(*offered));
  auth.child = std::make_unique<ChildOffer>(*std::move(offered));
  return {};
}

void IkeSa::on_auth_response(const Response& response, Turn& turn) {
  auto auth = std::get<AuthSent>(std::move(data_));
  data_ = Idle{};
  auto next = continue_auth(auth, response.payloads, turn);
  if (!next) return fail_auth(std::move(next).error(), response.payloads, turn);
  if (*next) {
    static_cast<void>(become(IkeEvent::auth_round, turn));
    data_ = std::move(auth);
    if (auto sent = channel_.send_request(ExchangeType::ike_auth, **std::move(next), turn); !sent)
      fatal(sent.error(), turn);
    return;
  }
  know_peer(auth.rounds);
  static_cast<void>(become(IkeEvent::auth_reply, turn));
  start_running(turn);
  tell_authenticated(turn);
  //= rfc7296/2.4/initial-contact-ends-the-others
  if (find_notify(response.payloads, NotifyType::initial_contact) != nullptr)
    host_->close_others(*this, turn);
  if (const Notify* window = find_notify(response.payloads, NotifyType::set_window_size))
    note_window(*window);
  channel_.set_own_window(peer_->window);
  note_clusters(response.payloads);
  const auto* first = auth.child == nullptr ? nullptr : auth.child->wish.configuration;
  finish_first_child(std::move(auth), response.payloads, turn);
  begin_more_children(first, turn);
}

void IkeSa::fail_auth(Error error, const Payloads& received, Turn& turn) {
  // Our own finding is said in an exchange of its own, once (RFC 7296 2.21.2); what the peer said is not
  // repeated.
  if (find<Authentication>(received) != nullptr || first_error(received) == nullptr) {
    Payloads payloads;
    payloads.push_back(make_payload(make_notify(NotifyType::authentication_failed)));
    static_cast<void>(channel_.send_request(ExchangeType::informational, std::move(payloads), turn));
  }
  report(std::move(error), std::nullopt, turn);
  close_silently(IkeEvent::authentication_failed, turn);
}

Result<std::optional<Payloads>> IkeSa::continue_auth(AuthSent& auth, const Payloads& received, Turn& turn) {
  //= rfc7296/2.21.2/errors-that-end-the-ike-sa-without-delete
  for (const NotifyType fatal : {NotifyType::authentication_failed, NotifyType::invalid_syntax,
                                 NotifyType::unsupported_critical_payload})
    if (const Notify* error = find_notify(received, fatal))
      return std::unexpected(error_of(*error, "IKE_AUTH"));
  AuthRounds& rounds = auth.rounds;
  if (!rounds.peer) {
    if (find<Authentication>(received) == nullptr)
      if (const Notify* error = first_error(received)) return std::unexpected(error_of(*error, "IKE_AUTH"));
    if (auto met = meet_responder(rounds, received); !met) return std::unexpected(std::move(met).error());
  }
  const ProofContext theirs{host_->seams().ike_provider, *suite_.prf,         auth.init.peers,
                            auth.init.our_nonce,         auth.keys.pr.view(), rounds.peer->body};
  auto checked = rounds.verifier->check(theirs, *rounds.pad_entry, rounds.peer->identity, received, turn.now);
  if (!checked) return std::unexpected(std::move(checked).error());
  if (rounds.proved && checked->complete) return std::nullopt;
  Payloads payloads;
  if (!rounds.proved) {
    auto proof = rounds.prover->prove(our_context(auth), auth.peer, received);
    if (!proof) return std::unexpected(std::move(proof).error());
    rounds.proved = proof->complete;
    payloads = std::move(proof->payloads);
  }
  append(payloads, std::move(checked->payloads));
  if (payloads.empty() || ++rounds.count >= host_->configuration().most_auth_rounds) {
    return std::unexpected(Error{Blame::peer_misbehaved, "IKE_AUTH", std::nullopt,
                                 "the responder's proof does not come to an end", "RFC 7296 2.16"});
  }
  return payloads;
}

// Who answers: the one we mean, if we mean one, and one that the PAD knows.
Result<> IkeSa::meet_responder(AuthRounds& rounds, const Payloads& payloads) const {
  auto identity = read_identity(Role::responder, payloads);
  if (!identity) return std::unexpected(identity.error().error);
  if (peer_->remote_id && identity->identity != *peer_->remote_id) {
    return std::unexpected(Error{Blame::peer_misbehaved, "IKE_AUTH/IDr", std::nullopt,
                                 fmt::format("expected {}, found {}", ipsec::to_string(*peer_->remote_id),
                                             ipsec::to_string(identity->identity)),
                                 "RFC 7296 1.2"});
  }
  auto entry = host_->seams().pad.find(identity->identity);
  if (!entry) return std::unexpected(entry.error().error);
  rounds.peer = *std::move(identity);
  rounds.pad_entry = *std::move(entry);
  return {};
}

void IkeSa::finish_first_child(AuthSent auth, const Payloads& payloads, Turn& turn) {
  if (auth.child == nullptr) return;
  const ChildWish& wish = auth.child->wish;
  const ChildConfiguration& configuration = *wish.configuration;
  note_configuration_reply(payloads, turn);
  const auto fail = [&](Error error) { report(std::move(error), configuration.name, turn); };
  //= rfc7296/2.21.2/child-failure-leaves-the-ike-sa
  if (find<SecurityAssociation>(payloads) == nullptr) {
    const Notify* error = first_error(payloads);
    if (error != nullptr && follow_single_pair(wish, *error, turn)) return;
    if (error != nullptr && auth.child->cluster &&
        on_join_refused(wish, *error, auth.child->cluster->asked.id, turn))
      return;
    return fail(error != nullptr ? error_of(*error, "IKE_AUTH")
                                 : Error{Blame::malformed, "IKE_AUTH/SA", std::nullopt,
                                         "the payload is missing", "RFC 7296 1.2"});
  }
  auto agreement = read_child_answer(*auth.child, payloads, child_context(true));
  if (!agreement) {
    delete_unwanted(*auth.child, turn);
    if (ask_again(*auth.child, turn)) return;
    return fail(agreement.error());
  }
  auto next = wish_after(wish, auth.child->asked, agreement->agreement.selectors, payloads);
  note_cluster_answer(*auth.child, *agreement);
  install_child(configuration, *std::move(agreement), nonces_, true, turn);
  if (next) begin(std::make_unique<CreateChild>(*std::move(next)), turn);
}

}  // namespace mpsec::ike
