// The exchanges after the initial ones, and what goes over the wire.
#include <algorithm>

#include "ike/chosen.hpp"
#include "ike/initial_payloads.hpp"
#include "interop/suite/ike_session.hpp"
#include "interop/suite/tester.hpp"
#include "wire/ike/complete.hpp"

namespace mpsec::conformance {

using namespace wire::ike;

namespace {

template <class Value>
Value demand(Result<Value> result) {
  if (!result) throw Stop{Verdict::fail, "what the tester can go on with", to_string(result.error())};
  return *std::move(result);
}

template <class Wanted>
const Wanted& need(const Payloads& payloads) {
  if (const Wanted* found = find<Wanted>(payloads)) return *found;
  throw Stop{Verdict::fail, std::string("a payload ") + std::string(Wanted::name), "there is none"};
}

OctetView view_of(const std::optional<SecretOctets>& secret) {
  return secret ? secret->view() : OctetView{};
}

}  // namespace

Message IkeSession::request(ExchangeType exchange, Payloads payloads) {
  Message message = blank(exchange, false, next_request);
  message.payloads = std::move(payloads);
  return message;
}

Message IkeSession::response(const Message& to, Payloads payloads) {
  Message message = blank(to.header.exchange_type, true, to.header.message_id.value);
  message.payloads = std::move(payloads);
  return message;
}

// --- children

Message IkeSession::create_child_request(const ChildWish& wish) {
  return request(ExchangeType::create_child_sa, child_payloads(wish, false));
}

EspChild* IkeSession::take_child(const Message&, const Message& response) {
  const auto& sa = need<SecurityAssociation>(response.payloads);
  const auto peer = sa.proposals.empty() ? std::nullopt : child_spi(sa.proposals[0].spi);
  if (!peer) throw Stop{Verdict::fail, "an SA payload with a proposal and an SPI of four octets", "none"};
  std::optional<SecretOctets> secret;
  if (child_exchange_) {
    auto shared = child_exchange_->shared_secret(need<KeyExchange>(response.payloads).data);
    if (!shared)
      throw Stop{Verdict::fail, "a public value of the group", std::string(to_string(shared.error()))};
    secret = *std::move(shared);
  }
  return make_child(sa.proposals[0], *peer, response.payloads, wish_.transport,
                    {ike::Role::initiator, child_nonce_, need<Nonce>(response.payloads).data, view_of(secret),
                     own_child_spi_});
}

Message IkeSession::child_response(const Message& request) {
  own_child_spi_ = Spi(static_cast<std::uint32_t>(tester_.rng().next_u64() | 0x1000));
  child_nonce_ = ike::make_nonce(tester_.rng());
  auto ours = opening_.child.proposals.value_or(tester_.target().child_proposals);
  const auto* theirs = find<KeyExchange>(request.payloads);
  for (auto& one : ours) {
    one.sequence_numbers = {SequenceNumbers::no_extended, SequenceNumbers::extended};
    if (theirs == nullptr) one.key_exchange.clear();
  }
  std::optional<crypto::KeyExchangeId> group;
  if (theirs != nullptr) group = static_cast<crypto::KeyExchangeId>(theirs->method);
  if (group)
    for (auto& one : ours)
      one.key_exchange = {*group};
  const auto chosen = demand(ike::choose(ours, need<SecurityAssociation>(request.payloads),
                                         {.key_exchange = group, .spi_octets = 4}));
  const auto answer = ike::answer(chosen, spi_octets(own_child_spi_));
  Payloads payloads{make_payload(answer), make_payload(Nonce{child_nonce_})};
  std::optional<SecretOctets> secret;
  if (theirs != nullptr) {
    auto exchange = demand(tester_.providers().ike.key_exchange(**crypto::find(*group), tester_.rng()));
    payloads.push_back(ike::key_exchange_payload(*exchange));
    auto shared = exchange->shared_secret(theirs->data);
    if (!shared)
      throw Stop{Verdict::fail, "a public value of the group", std::string(to_string(shared.error()))};
    secret = *std::move(shared);
  }
  payloads.push_back(make_payload(need<TrafficSelectorsInitiator>(request.payloads)));
  payloads.push_back(make_payload(need<TrafficSelectorsResponder>(request.payloads)));
  const bool transport = find_notify(request.payloads, NotifyType::use_transport_mode) != nullptr;
  if (transport) payloads.push_back(make_payload(make_notify(NotifyType::use_transport_mode)));
  append_join_answer(payloads, request.payloads);
  make_child(answer.proposals.at(0), *child_spi(chosen.spi), request.payloads, transport,
             {ike::Role::responder, need<Nonce>(request.payloads).data, child_nonce_, view_of(secret),
              own_child_spi_});
  return response(request, std::move(payloads));
}

// --- the IKE SA's successor

Message IkeSession::rekey_request() {
  successor_spi_ = IkeSpi{tester_.rng().next_u64() | 1};
  child_nonce_ = ike::make_nonce(tester_.rng());
  child_exchange_ = demand(tester_.providers().ike.key_exchange(*suite_->key_exchange, tester_.rng()));
  Payloads payloads;
  payloads.push_back(make_payload(demand(
      ike::offer(opening_.proposals.value_or(tester_.target().ike_proposals), spi_octets(successor_spi_)))));
  payloads.push_back(make_payload(Nonce{child_nonce_}));
  payloads.push_back(ike::key_exchange_payload(*child_exchange_));
  return request(ExchangeType::create_child_sa, std::move(payloads));
}

IkeSession& IkeSession::successor(ike::Role role, const SecurityAssociation& answered, IkeSpi initiator,
                                  IkeSpi responder, const ike::Nonces& nonces, OctetView shared_secret) {
  auto chosen = demand(ike::check_answer(answered, answered));
  auto next = std::make_unique<IkeSession>(tester_, role, opening_);
  next->spis_ = {initiator, responder};
  next->path_ = path_;
  next->in_udp_ = in_udp_;
  next->suite_ = demand(ike::suite_of(chosen));
  next->abilities_ = abilities_;
  next->use_keys(demand(ike::derive_rekeyed_ike_keys(tester_.providers().ike, prf(), keys_->d.view(),
                                                     *next->suite_, nonces, shared_secret, next->spis_)));
  return tester_.adopt(std::move(next));
}

IkeSession& IkeSession::take_rekey(const Message&, const Message& response) {
  const auto& sa = need<SecurityAssociation>(response.payloads);
  const auto peer = sa.proposals.empty() ? std::nullopt : ike_spi(sa.proposals[0].spi);
  if (!peer) throw Stop{Verdict::fail, "an SA payload with a proposal and an SPI of eight octets", "none"};
  auto shared = child_exchange_->shared_secret(need<KeyExchange>(response.payloads).data);
  if (!shared)
    throw Stop{Verdict::fail, "a public value of the group", std::string(to_string(shared.error()))};
  return successor(ike::Role::initiator, sa, successor_spi_, *peer,
                   {child_nonce_, need<Nonce>(response.payloads).data}, shared->view());
}

Message IkeSession::rekey_response(const Message& request, IkeSession** next) {
  const auto& theirs = need<KeyExchange>(request.payloads);
  const auto group = static_cast<crypto::KeyExchangeId>(theirs.method);
  const auto chosen = demand(ike::choose(opening_.proposals.value_or(tester_.target().ike_proposals),
                                         need<SecurityAssociation>(request.payloads),
                                         {.key_exchange = group, .spi_octets = 8}));
  const IkeSpi own{tester_.rng().next_u64() | 1};
  const Octets nonce = ike::make_nonce(tester_.rng());
  auto exchange = demand(tester_.providers().ike.key_exchange(**crypto::find(group), tester_.rng()));
  auto shared = exchange->shared_secret(theirs.data);
  if (!shared)
    throw Stop{Verdict::fail, "a public value of the group", std::string(to_string(shared.error()))};
  const auto answer = ike::answer(chosen, spi_octets(own));
  *next = &successor(ike::Role::responder, answer, *ike_spi(chosen.spi), own,
                     {need<Nonce>(request.payloads).data, nonce}, shared->view());
  return response(request,
                  {make_payload(answer), make_payload(Nonce{nonce}), ike::key_exchange_payload(*exchange)});
}

// --- the wire

Octets IkeSession::seal(const Message& message) {
  Message whole = message;
  if (auto completed = wire::ike::complete(whole); !completed)
    throw Stop{Verdict::harness_error, "a message that can be sent", to_string(completed.error())};
  if (!keys_ || message.header.exchange_type == ExchangeType::ike_sa_init) return wire::ike::encode(whole);
  const auto first = whole.payloads.empty() ? PayloadType::none : type_of(whole.payloads.front().body);
  return seal_plain(message.header, first, wire::ike::encode(whole.payloads));
}

Octets IkeSession::seal_plain(const IkeHeader& header, PayloadType first, OctetView plain) {
  Octets octets;
  IkeHeader own = header;
  own.next_payload = PayloadType::encrypted;
  wire::write(octets, own);
  wire::write(octets, PayloadHeader{.next_payload = first});
  const auto set = ike::set_lengths(octets, IkeHeader::octets, sealer_->layout().sealed(plain.size()));
  if (!set || !sealer_->seal(octets, plain, tester_.rng()))
    throw Stop{Verdict::harness_error, "a message that can be sealed", "its payloads are too long"};
  return octets;
}

std::vector<Octets> IkeSession::seal_in_fragments(const Message& message, std::size_t octets_each) {
  Message whole = message;
  static_cast<void>(wire::ike::complete(whole));
  const Octets plain = wire::ike::encode(whole.payloads);
  const auto first = whole.payloads.empty() ? PayloadType::none : type_of(whole.payloads.front().body);
  const auto total = static_cast<std::uint16_t>((plain.size() + octets_each - 1) / octets_each);
  std::vector<Octets> fragments;
  for (std::uint16_t number = 1; number <= total; ++number) {
    const OctetView piece = OctetView(plain).subspan(
        (number - 1) * octets_each, std::min(octets_each, plain.size() - (number - 1) * octets_each));
    fragments.push_back(
        seal_fragment(message.header, {number == 1 ? first : PayloadType::none, piece, number, total}));
  }
  return fragments;
}

Octets IkeSession::seal_fragment(const IkeHeader& header, const ike::SealedPart& part) {
  Octets octets;
  IkeHeader own = header;
  own.next_payload = PayloadType::encrypted_fragment;
  wire::write(octets, own);
  wire::write(octets, PayloadHeader{.next_payload = part.first});
  append_be(octets, part.number);
  append_be(octets, part.total);
  static_cast<void>(
      ike::set_lengths(octets, IkeHeader::octets, sealer_->layout().sealed(part.plaintext.size())));
  static_cast<void>(sealer_->seal(octets, part.plaintext, tester_.rng()));
  return octets;
}

void IkeSession::send(const Message& message) {
  last_sent = seal(message);
  if (!message.header.response && message.header.message_id.value >= next_request &&
      message.header.exchange_type != ExchangeType::ike_sa_init &&
      message.header.exchange_type != ExchangeType::ike_auth)
    next_request = message.header.message_id.value + 1;
  if (message.header.response) keep_answer(message);
  tester_.record(message, path_, true, last_sent);
  last_path_ = path_;
  tester_.link().send(ike::to_datagram(path_, last_sent));
}

void IkeSession::keep_request(const Message& request, OctetView octets) {
  constexpr std::size_t most = 16;  // a target has no more requests under way
  answered_.push_front({request, {octets.begin(), octets.end()}, {}});
  if (answered_.size() > most) answered_.pop_back();
}

void IkeSession::keep_answer(const Message& response) {
  const auto to = [&](const Exchange& one) {
    return one.request.header.message_id == response.header.message_id &&
           one.request.header.exchange_type == response.header.exchange_type;
  };
  const auto found = std::ranges::find_if(answered_, to);
  if (found == answered_.end()) return;
  found->answer = last_sent;
  // It may have come again before; the first of an IKE SA stays what the session is begun from.
  if (response.header.exchange_type != ExchangeType::ike_sa_init) std::erase(waiting, found->request);
}

bool IkeSession::answer_again(const ike::Path& path, OctetView octets) {
  const auto the_same = [&](const Exchange& one) {
    return !one.answer.empty() && std::ranges::equal(one.octets, octets);
  };
  const auto found = std::ranges::find_if(answered_, the_same);
  if (found == answered_.end()) return false;
  tester_.record(found->request, path, false, octets);
  tester_.note("the request has come again, and is answered as before");
  if (const auto answer = decode_message(found->answer)) tester_.record(*answer, path, true, found->answer);
  tester_.link().send(ike::to_datagram(path, found->answer));
  return true;
}

void IkeSession::send_octets(Octets message) {
  last_sent = std::move(message);
  last_path_ = path_;
  send_again();
}

void IkeSession::send_again() {
  if (const auto decoded = decode_message(last_sent)) tester_.record(*decoded, last_path_, true, last_sent);
  tester_.link().send(ike::to_datagram(last_path_, last_sent));
}

std::optional<Message> IkeSession::open(OctetView octets) {
  auto decoded = decode_message(octets);
  if (!decoded || decoded->payloads.empty()) return std::nullopt;
  const Payload& last = decoded->payloads.back();
  const auto* whole = std::get_if<Encrypted>(&last.body);
  const auto* fragment = std::get_if<EncryptedFragment>(&last.body);
  if (whole == nullptr && fragment == nullptr) return *std::move(decoded);
  if (!opener_) return std::nullopt;
  const std::size_t body = whole != nullptr ? whole->octets.size() : fragment->octets.size();
  Octets copy(octets.begin(), octets.end());
  const auto plain = opener_->open(copy, copy.size() - body);
  if (!plain) return std::nullopt;
  const PayloadType first = last.header.next_payload;
  if (fragment != nullptr) return put_together(decoded->header, *fragment, first, *plain);
  auto inside = decode_payloads(first, *plain);
  if (!inside) return std::nullopt;
  Message message{decoded->header, std::move(decoded->payloads)};
  message.payloads.pop_back();
  std::ranges::move(*inside, std::back_inserter(message.payloads));
  return message;
}

std::optional<Message> IkeSession::put_together(const IkeHeader& header, const EncryptedFragment& fragment,
                                                PayloadType first, OctetView plain) {
  const bool other = fragments_.id != header.message_id.value || fragments_.response != header.response ||
                     fragments_.total != fragment.total_fragments;
  if (other) fragments_ = {header.message_id.value, header.response, fragment.total_fragments, {}, {}};
  if (fragment.fragment_number == 1) fragments_.first = first;
  fragments_.pieces[fragment.fragment_number].assign(plain.begin(), plain.end());
  if (fragments_.pieces.size() < fragments_.total) return std::nullopt;
  Octets all;
  for (const auto& [_, piece] : fragments_.pieces)
    append(all, piece);
  fragments_.pieces.clear();
  auto inside = decode_payloads(fragments_.first, all);
  if (!inside) return std::nullopt;
  return Message{header, *std::move(inside)};
}

}  // namespace mpsec::conformance
