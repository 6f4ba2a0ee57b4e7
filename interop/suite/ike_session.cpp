#include "interop/suite/ike_session.hpp"

#include <algorithm>

#include "ike/chosen.hpp"
#include "ike/initial_payloads.hpp"
#include "interop/suite/tester.hpp"
#include "wire/ike/complete.hpp"
#include "wire/ike/notify_data.hpp"

namespace mpsec::conformance {

using namespace wire::ike;

namespace {

Payload notify(NotifyType type, Octets data = {}) {
  return make_payload(wire::ike::make_notify(type, std::move(data)));
}

template <class Wanted>
const Wanted& need(const Payloads& payloads) {
  if (const Wanted* found = find<Wanted>(payloads)) return *found;
  throw Stop{Verdict::fail, std::string("a payload ") + std::string(Wanted::name), "there is none"};
}

// What was chosen, read as leniently as can be: the answer stands for the offer.
ike::ChosenSuite chosen_in(const SecurityAssociation& answered) {
  auto chosen = ike::check_answer(answered, answered);
  if (!chosen)
    throw Stop{Verdict::fail, "an SA payload with one proposal that was offered", to_string(chosen.error())};
  return *std::move(chosen);
}

template <class Value>
Value demand(Result<Value> result) {
  if (!result) throw Stop{Verdict::fail, "what the tester can go on with", to_string(result.error())};
  return *std::move(result);
}

}  // namespace

IkeSession::IkeSession(Tester& tester, ike::Role role, const Opening& opening)
    : tester_(tester), role_(role), opening_(opening), path_(tester.link().paths().at(opening.path)) {
  const IkeSpi own{tester.rng().next_u64() | 1};
  (role == ike::Role::initiator ? spis_.initiator : spis_.responder) = own;
  own_nonce_ = ike::make_nonce(tester.rng());
  in_udp_ = opening.pretend_nat.value_or(tester.target().encapsulate);
}

Message IkeSession::blank(ExchangeType exchange, bool response, std::uint32_t id) const {
  Message message;
  message.header.initiator_spi = spis_.initiator;
  message.header.responder_spi = spis_.responder;
  message.header.exchange_type = exchange;
  message.header.response = response;
  message.header.initiator = role_ == ike::Role::initiator;
  message.header.message_id = MessageId(id);
  return message;
}

// --- IKE_SA_INIT

Payloads IkeSession::exchange_payloads(const std::vector<ike::IkeProposal>& proposals, OctetView spi) {
  const auto group = opening_.group.value_or(proposals.at(0).key_exchange.at(0));
  exchange_ = demand(tester_.providers().ike.key_exchange(**crypto::find(group), tester_.rng()));
  Payloads payloads;
  payloads.push_back(make_payload(demand(ike::offer(proposals, spi))));
  payloads.push_back(ike::key_exchange_payload(*exchange_));
  payloads.push_back(make_payload(Nonce{own_nonce_}));
  return payloads;
}

Message IkeSession::init_request() {
  Message message = blank(ExchangeType::ike_sa_init, false, 0);
  message.payloads = exchange_payloads(opening_.proposals.value_or(tester_.target().ike_proposals), {});
  const ike::Path named = in_udp_ ? ike::pretend_nat(path_) : path_;
  for (Payload& payload : ike::nat_detection_payloads(tester_.providers().ike, spis_, named))
    message.payloads.push_back(std::move(payload));
  ike::append_init_notifies(message.payloads, opening_.fragmentation);
  opening_.init(message);
  init_ = message;
  return message;
}

Message IkeSession::init_request_after(const Message& response) {
  Message message = *init_;
  if (const Notify* cookie = find_notify(response.payloads, NotifyType::cookie)) {
    std::erase_if(message.payloads, [](const Payload& one) {
      const auto* old = std::get_if<Notify>(&one.body);
      return old != nullptr && old->type == NotifyType::cookie;
    });
    message.payloads.insert(message.payloads.begin(), notify(NotifyType::cookie, cookie->data));
  }
  if (const Notify* wrong = find_notify(response.payloads, NotifyType::invalid_ke_payload)) {
    const auto asked = demand(data_of<InvalidKePayload>(*wrong));
    exchange_ = demand(tester_.providers().ike.key_exchange(
        *demand(crypto::find(static_cast<crypto::KeyExchangeId>(asked.method))), tester_.rng()));
    for (Payload& payload : message.payloads)
      if (auto* own = std::get_if<KeyExchange>(&payload.body))
        *own = std::get<KeyExchange>(ike::key_exchange_payload(*exchange_).body);
  }
  init_ = message;
  return message;
}

void IkeSession::derive(OctetView peer_public, OctetView peer_nonce) {
  auto secret = exchange_->shared_secret(peer_public);
  if (!secret)
    throw Stop{Verdict::fail, "a public value of the group", std::string(to_string(secret.error()))};
  peer_nonce_.assign(peer_nonce.begin(), peer_nonce.end());
  const bool first = role_ == ike::Role::initiator;
  const ike::Nonces nonces{first ? own_nonce_ : peer_nonce_, first ? peer_nonce_ : own_nonce_};
  use_keys(demand(ike::derive_ike_keys(tester_.providers().ike, *suite_, nonces, secret->view(), spis_)));
}

void IkeSession::use_keys(ike::IkeKeys keys) {
  keys_ = std::move(keys);
  const bool first = role_ == ike::Role::initiator;
  const auto& packets = tester_.providers().packets;
  sealer_ =
      demand(ike::MessageSealer::create(packets, suite_->protection, (first ? keys_->ei : keys_->er).view(),
                                        (first ? keys_->ai : keys_->ar).view()));
  opener_ =
      demand(ike::MessageOpener::create(packets, suite_->protection, (first ? keys_->er : keys_->ei).view(),
                                        (first ? keys_->ar : keys_->ai).view()));
}

void IkeSession::agree(const Message& response) {
  own_init_ = last_sent;
  peer_init_ = last_received;
  spis_.responder = response.header.responder_spi;
  suite_ = demand(ike::suite_of(chosen_in(need<SecurityAssociation>(response.payloads))));
  derive(need<KeyExchange>(response.payloads).data, need<Nonce>(response.payloads).data);
  abilities_ = ike::abilities_of(response.payloads);
  abilities_.childless = find_notify(response.payloads, NotifyType::childless_ikev2_supported) != nullptr;
  const auto nat = ike::detect_nat(tester_.providers().ike, spis_, path_, response.payloads);
  in_udp_ |= nat && nat->any();
  if (in_udp_) path_ = ike::path_after_detection(path_, ike::NatState{.forced = true});
  next_request = 1;
}

void IkeSession::take_init_request(const Message& request) {
  spis_.initiator = request.header.initiator_spi;
  peer_init_ = last_received;
  const auto& offered = need<SecurityAssociation>(request.payloads);
  const auto& theirs = need<KeyExchange>(request.payloads);
  const auto group = static_cast<crypto::KeyExchangeId>(theirs.method);
  const auto ours = opening_.proposals.value_or(tester_.target().ike_proposals);
  suite_ = demand(ike::suite_of(demand(ike::choose(ours, offered, {.key_exchange = group}))));
  exchange_ = demand(tester_.providers().ike.key_exchange(*suite_->key_exchange, tester_.rng()));
  derive(theirs.data, need<Nonce>(request.payloads).data);
  abilities_ = ike::abilities_of(request.payloads);
  const auto nat =
      ike::detect_nat(tester_.providers().ike, {spis_.initiator, IkeSpi{}}, path_, request.payloads);
  in_udp_ |= nat && nat->any();
  next_expected = 1;
}

Message IkeSession::init_response(const Message& request) {
  Message message = blank(ExchangeType::ike_sa_init, true, request.header.message_id.value);
  const auto ours = opening_.proposals.value_or(tester_.target().ike_proposals);
  const auto chosen = demand(ike::choose(ours, need<SecurityAssociation>(request.payloads),
                                         {.key_exchange = suite_->key_exchange->id}));
  message.payloads.push_back(make_payload(ike::answer(chosen, {})));
  message.payloads.push_back(ike::key_exchange_payload(*exchange_));
  message.payloads.push_back(make_payload(Nonce{own_nonce_}));
  const ike::Path named = in_udp_ ? ike::pretend_nat(path_) : path_;
  for (Payload& payload : ike::nat_detection_payloads(tester_.providers().ike, spis_, named))
    message.payloads.push_back(std::move(payload));
  ike::append_init_notifies(message.payloads, opening_.fragmentation);
  opening_.init(message);
  return message;
}

// --- IKE_AUTH

ike::ProofContext IkeSession::context_of(ike::Role signer, OctetView message, OctetView nonce,
                                         OctetView identity) const {
  return {tester_.providers().ike,
          prf(),
          message,
          nonce,
          (signer == ike::Role::initiator ? keys_->pi : keys_->pr).view(),
          identity};
}

void IkeSession::append_proof(Payloads& payloads, const Payloads& seen) {
  own_identity_ = ike::read_identity(role_, payloads).value().body;
  auto context = context_of(role_, own_init_, peer_nonce_, own_identity_);
  auto abilities = abilities_;
  if (opening_.proving) opening_.proving(context, abilities);
  const auto& credential = opening_.credential ? opening_.credential : tester_.target().credential;
  auto proof = demand(credential->begin()->prove(context, abilities, seen));
  std::ranges::move(proof.payloads, std::back_inserter(payloads));
}

void IkeSession::append_clusters(Payloads& payloads) const {
  if (!opening_.clusters) return;
  payloads.push_back(make_payload(make_sa_cluster_vendor_id()));
  payloads.push_back(
      notify(NotifyType::sa_cluster_supported, wire::encode(SaClusterSupported{.most_but_one = 63})));
}

void IkeSession::append_join_answer(Payloads& payloads, const Payloads& request) const {
  const Notify* asked = find_notify(request, NotifyType::sa_cluster_join);
  if (!opening_.clusters || asked == nullptr) return;
  auto join = demand(data_of<SaClusterJoin>(*asked));
  join.anti_replay = true;
  join.duplication = false;
  join.window = opening_.cluster_window;
  const auto answered = opening_.answer_join ? opening_.answer_join(join) : std::optional(join);
  if (answered) payloads.push_back(notify(NotifyType::sa_cluster_join, wire::encode(*answered)));
}

Payloads IkeSession::child_payloads(const ChildWish& wish, bool in_auth) {
  wish_ = wish;
  own_child_spi_ = Spi(static_cast<std::uint32_t>(tester_.rng().next_u64() | 0x1000));
  auto proposals = wish.proposals.value_or(tester_.target().child_proposals);
  for (auto& proposal : proposals) {
    if (!wish.proposals)
      proposal.sequence_numbers = {wish.extended_sequence_numbers ? SequenceNumbers::extended
                                                                  : SequenceNumbers::no_extended};
    if (in_auth || !wish.key_exchange) proposal = proposal.without_key_exchange();
  }
  const Description& target = tester_.target();
  const auto whole = [](const ipsec::AddressRange& net) {
    return std::vector{TrafficSelector::range(net.first, net.last)};
  };
  const auto pair =
      wish.selectors.value_or(ike::TrafficSelectorPair{whole(target.tester_net), whole(target.target_net)});
  Payloads payloads;
  if (wish.rekeys)
    payloads.push_back(make_payload(
        wire::ike::make_notify(NotifyType::rekey_sa, {}, ProtocolId::esp, spi_octets(*wish.rekeys))));
  payloads.push_back(make_payload(demand(ike::offer(proposals, spi_octets(own_child_spi_)))));
  if (!in_auth) {
    child_nonce_ = ike::make_nonce(tester_.rng());
    payloads.push_back(make_payload(Nonce{child_nonce_}));
    child_exchange_.reset();
    if (wish.key_exchange) {
      child_exchange_ = demand(tester_.providers().ike.key_exchange(*suite_->key_exchange, tester_.rng()));
      payloads.push_back(ike::key_exchange_payload(*child_exchange_));
    }
  }
  payloads.push_back(make_payload(ike::initiator_payload(ike::Role::initiator, pair)));
  payloads.push_back(make_payload(ike::responder_payload(ike::Role::initiator, pair)));
  if (wish.transport) payloads.push_back(notify(NotifyType::use_transport_mode));
  if (wish.cluster) payloads.push_back(notify(NotifyType::sa_cluster_join, wire::encode(*wish.cluster)));
  return payloads;
}

Message IkeSession::auth_request() {
  Message message = blank(ExchangeType::ike_auth, false, next_request);
  message.payloads.push_back(
      ike::identity_payload(ike::Role::initiator, opening_.as.value_or(tester_.target().tester_id)));
  opening_.identity(std::get<IdentificationInitiator>(message.payloads.back().body));
  for (Payload& request : tester_.target().checker->requests())
    message.payloads.push_back(std::move(request));
  message.payloads.push_back(ike::identity_payload(ike::Role::responder, tester_.target().target_id));
  append_proof(message.payloads, {});
  if (opening_.initial_contact) message.payloads.push_back(notify(NotifyType::initial_contact));
  append_clusters(message.payloads);
  if (!opening_.childless)
    for (Payload& payload : child_payloads(opening_.child, true))
      message.payloads.push_back(std::move(payload));
  opening_.auth(message);
  return message;
}

EspChild* IkeSession::make_child(const Proposal& chosen, Spi peer, const Payloads& selectors, bool transport,
                                 const ChildBasis& basis) {
  const auto suite = chosen_in(SecurityAssociation{{chosen}});
  ChildTerms terms{.own = basis.own, .peer = peer, .protection = demand(ike::protection_of(suite))};
  terms.extended_sequence_numbers = suite.extended_sequence_numbers;
  terms.transport = transport;
  terms.path = path_;
  if (!in_udp_) terms.path.local.port = terms.path.remote.port = 0;
  terms.selectors = ike::pair_of(basis.tester, need<TrafficSelectorsInitiator>(selectors),
                                 need<TrafficSelectorsResponder>(selectors));
  auto keys =
      demand(ike::derive_child_keys(tester_.providers().ike, prf(), keys_->d.view(), basis.shared_secret,
                                    {basis.initiator_nonce, basis.responder_nonce}, terms.protection));
  children.push_back(std::make_unique<EspChild>(tester_.providers().packets, std::move(terms),
                                                std::move(keys), basis.tester == ike::Role::initiator));
  return made_child_ = children.back().get();
}

EspChild* IkeSession::take_auth(const Message& response) {
  ++next_request;
  const auto* sa = find<SecurityAssociation>(response.payloads);
  if (opening_.childless || sa == nullptr || sa->proposals.empty()) return nullptr;
  const auto peer = child_spi(sa->proposals[0].spi);
  if (!peer) throw Stop{Verdict::fail, "an SPI of four octets in the SA payload", "another number of octets"};
  return make_child(sa->proposals[0], *peer, response.payloads, opening_.child.transport,
                    {ike::Role::initiator, own_nonce_, peer_nonce_, {}, own_child_spi_});
}

bool IkeSession::proof_is_good(const Message& message) {
  const ike::Role peer = ike::other(role_);
  const auto identity = ike::read_identity(peer, message.payloads);
  if (!identity) return false;
  const auto context = context_of(peer, peer_init_, own_nonce_, identity->body);
  const Description& target = tester_.target();
  const auto checked = target.checker->begin()->check(context, target.pad_entry(), identity->identity,
                                                      message.payloads, tester_.now());
  return checked && checked->complete;
}

Message IkeSession::auth_response(const Message& request) {
  Message message = blank(ExchangeType::ike_auth, true, request.header.message_id.value);
  message.payloads.push_back(ike::identity_payload(ike::Role::responder, tester_.target().tester_id));
  opening_.identity(std::get<IdentificationResponder>(message.payloads.back().body));
  append_proof(message.payloads, request.payloads);
  append_clusters(message.payloads);
  const auto* offered = find<SecurityAssociation>(request.payloads);
  if (!opening_.childless && offered != nullptr && !offered->proposals.empty()) {
    own_child_spi_ = Spi(static_cast<std::uint32_t>(tester_.rng().next_u64() | 0x1000));
    auto ours = opening_.child.proposals.value_or(tester_.target().child_proposals);
    for (auto& one : ours) {
      one = one.without_key_exchange();
      one.sequence_numbers = {SequenceNumbers::no_extended, SequenceNumbers::extended};
    }
    const auto chosen = demand(ike::choose(ours, *offered, {.spi_octets = 4}));
    const auto answer = ike::answer(chosen, spi_octets(own_child_spi_));
    message.payloads.push_back(make_payload(answer));
    message.payloads.push_back(make_payload(need<TrafficSelectorsInitiator>(request.payloads)));
    message.payloads.push_back(make_payload(need<TrafficSelectorsResponder>(request.payloads)));
    const bool transport = find_notify(request.payloads, NotifyType::use_transport_mode) != nullptr;
    if (transport) message.payloads.push_back(notify(NotifyType::use_transport_mode));
    append_join_answer(message.payloads, request.payloads);
    make_child(answer.proposals.at(0), *child_spi(chosen.spi), request.payloads, transport,
               {ike::Role::responder, peer_nonce_, own_nonce_, {}, own_child_spi_});
  }
  opening_.auth(message);
  return message;
}

}  // namespace mpsec::conformance
