#include "pcap-replay/ike/ike_follower.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "ike/chosen.hpp"
#include "ike/traffic_selectors.hpp"

namespace mpsec::replay {

using namespace wire::ike;
using ike::Role;

namespace {

Role sender(const IkeHeader& header) {
  return header.initiator ? Role::initiator : Role::responder;
}

Octets nonce_in(const Payloads& payloads) {
  const auto* nonce = find<Nonce>(payloads);
  return nonce != nullptr ? nonce->data : Octets{};
}

const Proposal* numbered(const SecurityAssociation& sa, std::uint8_t number) {
  const auto found = std::ranges::find(sa.proposals, number, &Proposal::number);
  return found == sa.proposals.end() ? nullptr : &*found;
}

// Of packets that flow towards `to`, one of the two ends of the exchange.
KeyEntry entry_for(const ike::ChosenSuite& chosen, Spi spi, ike::ChildKeys keys) {
  KeyEntry entry;
  entry.spi = SpiMatch::exactly(spi.value);
  ipsec::InboundParameters& parameters = entry.parameters;
  parameters.protocol = chosen.protocol == ProtocolId::ah ? ipsec::Protocol::ah : ipsec::Protocol::esp;
  if (chosen.encryption) parameters.encryption = chosen.encryption->id;
  parameters.integrity = chosen.integrity;
  parameters.encryption_key = std::move(keys.encryption);
  parameters.integrity_key = std::move(keys.integrity);
  parameters.extended_sequence_numbers = chosen.extended_sequence_numbers;
  parameters.allow_esn_without_anti_replay = true;
  return entry;
}

IkeKeyEntry entry_for(const IkeKeyEntry& parent, const ike::IkeSpis& spis, const ike::Suite& suite,
                      ike::IkeKeys keys) {
  IkeKeyEntry entry;
  entry.where = parent.where;
  entry.initiator_spi = spis.initiator;
  entry.responder_spi = spis.responder;
  IkeMessageKeys& messages = entry.messages.emplace();
  messages.encryption = suite.protection.encryption->id;
  if (suite.protection.integrity != nullptr) messages.integrity = suite.protection.integrity->id;
  messages.ei = std::move(keys.ei), messages.er = std::move(keys.er);
  messages.ai = std::move(keys.ai), messages.ar = std::move(keys.ar);
  entry.prf = suite.prf->id;
  entry.d = std::move(keys.d);
  for (const SecretOctets& secret : parent.shared_secrets)
    entry.shared_secrets.push_back(secret.clone());
  return entry;
}

}  // namespace

void IkeFollower::see(const Seen& seen, DisclosedKeys& disclosed) {
  if (seen.header.exchange_type == ExchangeType::ike_sa_init) return see_init(seen, disclosed);
  seen.header.response ? see_response(seen, disclosed) : see_request(seen);
}

void IkeFollower::see_init(const Seen& seen, DisclosedKeys& disclosed) {
  const auto* sa = find<SecurityAssociation>(seen.payloads);
  if (sa == nullptr) return;  // a cookie, another group: the next request counts
  if (!seen.header.response) {
    init_offer_ = Offer{*sa, nonce_in(seen.payloads), true, false};
    return;
  }
  if (!init_offer_ || suite_) return;
  auto chosen = ike::check_answer(init_offer_->sa, *sa);
  if (!chosen)
    return miss(
        fmt::format("the suite of IKE_SA_INIT (frame {}): {}", seen.frame, to_string(chosen.error())));
  spis_.responder = seen.header.responder_spi;
  suite_ = *std::move(chosen);
  initiator_nonce_ = init_offer_->nonce;
  responder_nonce_ = nonce_in(seen.payloads);
  keys_from_init(seen, disclosed);
}

// Where a key file gives shared secrets and no SK_e*: the keys that each of them would make.
void IkeFollower::keys_from_init(const Seen& seen, DisclosedKeys& disclosed) {
  for (const auto& entry : seen.entries) {
    if (entry->messages || entry->shared_secrets.empty()) continue;
    const auto suite = ike::suite_of(*suite_);
    if (!suite) return miss("the keys of the IKE SA: " + to_string(suite.error()));
    for (const SecretOctets& secret : entry->shared_secrets) {
      auto keys = ike::derive_ike_keys(*provider_, *suite, {initiator_nonce_, responder_nonce_},
                                       secret.view(), spis_);
      if (keys) disclosed.ike_sas.push_back(entry_for(*entry, spis_, *suite, *std::move(keys)));
    }
  }
}

void IkeFollower::see_request(const Seen& seen) {
  const auto* sa = find<SecurityAssociation>(seen.payloads);
  if (sa == nullptr) return;
  Offer offer{*sa, nonce_in(seen.payloads), find<KeyExchange>(seen.payloads) != nullptr,
              find_notify(seen.payloads, NotifyType::use_transport_mode) != nullptr};
  const std::pair number(sender(seen.header), seen.header.message_id.value);
  if (seen.header.exchange_type == ExchangeType::ike_auth) {
    if (!auth_done_) auth_offer_ = std::move(offer);
    return;
  }
  if (done_.contains(number)) return;
  if (offers_.size() >= most_offers) offers_.erase(offers_.begin());
  offers_.insert_or_assign(number, std::move(offer));
}

void IkeFollower::see_response(const Seen& seen, DisclosedKeys& disclosed) {
  const auto* sa = find<SecurityAssociation>(seen.payloads);
  const Role from = ike::other(sender(seen.header));
  std::optional<Offer> offer;
  const bool initial = seen.header.exchange_type == ExchangeType::ike_auth;
  if (initial) {
    if (sa != nullptr) offer.swap(auth_offer_);
  } else if (auto node = offers_.extract({from, seen.header.message_id.value})) {
    offer = std::move(node.mapped());
  }
  if (sa == nullptr || !offer) return;
  note_done(from, seen.header, initial);
  auto chosen = ike::check_answer(offer->sa, *sa);
  if (!chosen)
    return miss(fmt::format("what was agreed on in frame {}: {}", seen.frame, to_string(chosen.error())));
  const Proposal* const proposal = numbered(offer->sa, chosen->number);
  if (proposal == nullptr) return;
  const Octets nonce = nonce_in(seen.payloads);
  const ike::Nonces nonces =
      initial ? ike::Nonces{initiator_nonce_, responder_nonce_} : ike::Nonces{offer->nonce, nonce};
  made({seen, *offer, from, *std::move(chosen), proposal, nonces}, disclosed);
}

void IkeFollower::note_done(Role from, const IkeHeader& header, bool initial) {
  if (initial) {
    auth_done_ = true;
    return;
  }
  if (done_.size() >= most_done) done_.erase(done_.begin());
  done_.emplace(from, header.message_id.value);
}

void IkeFollower::made(const Exchange& exchange, DisclosedKeys& disclosed) {
  if (exchange.chosen.protocol == ProtocolId::ike) return made_ike_sa(exchange, disclosed);
  made_child(exchange, disclosed);
}

void IkeFollower::made_child(const Exchange& exchange, DisclosedKeys& disclosed) {
  const auto asked = child_spi(exchange.proposal->spi), given = child_spi(exchange.chosen.spi);
  const auto protection = ike::protection_of(exchange.chosen);
  if (!asked || !given) return miss("a Child SA: its SPIs are not of four octets");
  const bool to_responder_first = exchange.from == Role::initiator;
  IkeOffspring child;
  child.frame = exchange.seen.frame;
  child.what = fmt::format("{} {:#010x} to the responder, {:#010x} to the initiator",
                           to_string(exchange.chosen.protocol), (to_responder_first ? *given : *asked).value,
                           (to_responder_first ? *asked : *given).value);
  if (!protection) {
    miss(fmt::format("the Child SA of frame {}: {}", child.frame, to_string(protection.error())));
    return add(std::move(child));
  }
  child.algorithms = ike::to_string(*protection);
  const IkeKeyEntry* const parent = with_d(exchange.seen);
  const auto secrets = shared_secrets(exchange.seen);
  if (parent == nullptr) {
    miss("SK_d is in no key file, so that Child SAs stay closed: [[ike]] of our own key file takes sk_d");
  } else if (prf(exchange.seen) == nullptr) {
    miss(
        "the PRF is not known, so that Child SAs stay closed: IKE_SA_INIT is not in the capture; [[ike]] "
        "takes prf");
  } else if (exchange.nonces.initiator.empty() || exchange.nonces.responder.empty()) {
    miss("the nonces of the first Child SA are not in the capture: it stays closed");
  } else if (!exchange.offer.key_exchange || find<KeyExchange>(exchange.seen.payloads) == nullptr) {
    child.keyed = disclose_child(exchange, parent->d.view(), {}, disclosed).has_value();
  } else if (secrets.empty()) {
    miss(
        fmt::format("g^ir of the exchange in frame {} is in no key file, so that its Child SA stays closed: "
                    "[[ike]] takes g_ir",
                    child.frame));
  } else {
    for (const OctetView secret : secrets)
      if (disclose_child(exchange, parent->d.view(), secret, disclosed)) child.keyed = true;
  }
  add(std::move(child));
}

Result<> IkeFollower::disclose_child(const Exchange& exchange, OctetView sk_d, OctetView shared_secret,
                                     DisclosedKeys& to) {
  const auto protection = ike::protection_of(exchange.chosen);
  if (!protection) return std::unexpected(protection.error());
  auto keys = ike::derive_child_keys(*provider_, *prf(exchange.seen), sk_d, shared_secret, exchange.nonces,
                                     *protection);
  if (!keys) return std::unexpected(std::move(keys).error());
  const auto* tsi = find<TrafficSelectorsInitiator>(exchange.seen.payloads);
  const auto* tsr = find<TrafficSelectorsResponder>(exchange.seen.payloads);
  const bool transport = exchange.offer.transport &&
                         find_notify(exchange.seen.payloads, NotifyType::use_transport_mode) != nullptr;
  for (const Role receiver : {Role::responder, Role::initiator}) {
    const bool forth = receiver == Role::responder;
    const auto spi = child_spi(forth ? exchange.chosen.spi : exchange.proposal->spi);
    KeyEntry entry =
        entry_for(exchange.chosen, *spi,
                  std::move(forth ? keys->initiator_to_responder : keys->responder_to_initiator));
    entry.where = fmt::format("{} with frame {}", with_d(exchange.seen)->where, exchange.seen.frame);
    entry.mode_known = true;
    entry.parameters.mode = transport ? ipsec::Mode::transport : ipsec::Mode::tunnel;
    if (!transport && tsi != nullptr && tsr != nullptr)
      entry.parameters.selectors = ike::to_selectors(ike::pair_of(receiver, *tsi, *tsr));
    to.children.push_back(std::move(entry));
  }
  return {};
}

void IkeFollower::made_ike_sa(const Exchange& exchange, DisclosedKeys& disclosed) {
  const auto asked = ike_spi(exchange.proposal->spi), given = ike_spi(exchange.chosen.spi);
  if (!asked || !given) return miss("the new IKE SA: its SPIs are not of eight octets");
  const ike::IkeSpis spis{*asked, *given};
  const auto suite = ike::suite_of(exchange.chosen);
  IkeOffspring successor{exchange.seen.frame, "IKE " + ike::to_string(spis),
                         suite ? ike::to_string(*suite) : std::string(), false};
  const IkeKeyEntry* const parent = with_d(exchange.seen);
  const crypto::PrfTransform* const old_prf = prf(exchange.seen);
  const auto secrets = shared_secrets(exchange.seen);
  if (!suite) {
    miss("the new IKE SA: " + to_string(suite.error()));
  } else if (parent == nullptr || old_prf == nullptr || secrets.empty()) {
    miss(fmt::format(
        "{} of the exchange in frame {} {} in no key file, so that the new IKE SA {} needs keys of its own",
        parent == nullptr || old_prf == nullptr ? "SK_d and PRF" : "g^ir", successor.frame,
        parent == nullptr || old_prf == nullptr ? "are" : "is", ike::to_string(spis)));
  } else {
    for (const OctetView secret : secrets) {
      auto keys = ike::derive_rekeyed_ike_keys(*provider_, *old_prf, parent->d.view(), *suite,
                                               exchange.nonces, secret, spis);
      if (!keys) continue;
      disclosed.ike_sas.push_back(entry_for(*parent, spis, *suite, *std::move(keys)));
      successor.keyed = true;
    }
  }
  add(std::move(successor));
}

const IkeKeyEntry* IkeFollower::with_d(const Seen& seen) const {
  for (const auto& entry : seen.entries)
    if (!entry->d.empty()) return entry.get();
  return nullptr;
}

const crypto::PrfTransform* IkeFollower::prf(const Seen& seen) const {
  std::optional<crypto::PrfId> id;
  for (const auto& entry : seen.entries)
    if (entry->prf && !id) id = entry->prf;
  if (!id && suite_) id = suite_->prf;
  if (!id) return nullptr;
  const auto transform = crypto::find(*id);
  return transform && (*transform)->supported ? *transform : nullptr;
}

// Each once, though entries that came from one another share them.
std::vector<OctetView> IkeFollower::shared_secrets(const Seen& seen) const {
  std::vector<OctetView> secrets;
  for (const auto& entry : seen.entries) {
    for (const SecretOctets& secret : entry->shared_secrets) {
      const bool known =
          std::ranges::any_of(secrets, [&](OctetView one) { return std::ranges::equal(one, secret.view()); });
      if (!known) secrets.push_back(secret.view());
    }
  }
  return secrets;
}

void IkeFollower::miss(std::string why) {
  if (missing_.size() < most_missing) missing_.insert(std::move(why));
}

void IkeFollower::add(IkeOffspring offspring) {
  ++offspring_count_;
  if (offspring_.size() < most_offspring) offspring_.push_back(std::move(offspring));
}

}  // namespace mpsec::replay
