#include "ike/child_negotiation.hpp"

#include <algorithm>

#include "ike/chosen.hpp"
#include "ike/initial_payloads.hpp"
#include "ike/protocols.hpp"
#include "ike/transport_nat.hpp"

namespace mpsec::ike {

using namespace wire::ike;

namespace {

Error wrong(std::string path, std::string why, std::string clause) {
  return {Blame::peer_misbehaved, std::move(path), std::nullopt, std::move(why), std::move(clause)};
}

//= rfc7296/1.3.1/transport-mode-is-asked-for
//= rfc7296/1.3.1/tfc-padding-not-supported
void append_mode(Payloads& payloads, ipsec::Protocol protocol, ipsec::Mode mode, bool tfc) {
  if (mode == ipsec::Mode::transport)
    payloads.push_back(make_payload(make_notify(NotifyType::use_transport_mode)));
  if (!tfc && protocol == ipsec::Protocol::esp)
    payloads.push_back(make_payload(make_notify(NotifyType::esp_tfc_padding_not_supported)));
}

//= rfc3948/1/no-ah-through-a-nat
Result<> check_protocol(const ChildConfiguration& configuration, const ChildContext& context) {
  if (configuration.protocol != ipsec::Protocol::ah || !context.nat.any()) return {};
  return std::unexpected(Error{Blame::no_common_ground, "SA", std::nullopt,
                               "a NAT stands between the ends, and AH does not pass it", "RFC 3948 1"});
}

Payloads child_payloads(SecurityAssociation sa, const Octets& nonce, const crypto::KeyExchange* key_exchange,
                        Role role, const TrafficSelectorPair& selectors) {
  Payloads payloads;
  payloads.push_back(make_payload(std::move(sa)));
  if (!nonce.empty()) payloads.push_back(make_payload(Nonce{nonce}));
  if (key_exchange != nullptr) payloads.push_back(key_exchange_payload(*key_exchange));
  payloads.push_back(make_payload(initiator_payload(role, selectors)));
  payloads.push_back(make_payload(responder_payload(role, selectors)));
  return payloads;
}

// `joined`: the cluster that the child comes to; null: none that is there already.
std::vector<ChildProposal> proposals_for(const ChildConfiguration& configuration, bool initial,
                                         const Cluster* joined) {
  std::vector<ChildProposal> proposals = configuration.proposals;
  if (initial) std::ranges::transform(proposals, proposals.begin(), &ChildProposal::without_key_exchange);
  if (joined == nullptr) return proposals;
  const auto wanted =
      joined->terms.extended_sequence_numbers ? SequenceNumbers::extended : SequenceNumbers::no_extended;
  std::erase_if(proposals, [wanted](ChildProposal& proposal) {
    std::erase_if(proposal.sequence_numbers, [wanted](SequenceNumbers one) { return one != wanted; });
    return proposal.sequence_numbers.empty();
  });
  return proposals;
}

ipsec::Mode mode_of(const Payloads& payloads) {
  return find_notify(payloads, NotifyType::use_transport_mode) != nullptr ? ipsec::Mode::transport
                                                                          : ipsec::Mode::tunnel;
}

Result<std::unique_ptr<crypto::KeyExchange>> make_key_exchange(crypto::KeyExchangeId group,
                                                               const ChildContext& context, Turn& turn) {
  const auto transform = crypto::find(group);
  if (!transform) return std::unexpected(transform.error());
  return context.host.seams().ike_provider.key_exchange(**transform, turn.rng);
}

Result<SecretOctets> shared_secret(crypto::KeyExchange& own, const KeyExchange& theirs) {
  if (theirs.method != static_cast<std::uint16_t>(own.transform().id))
    return std::unexpected(
        wrong("CREATE_CHILD_SA/KE", "the group is not the one of our KE payload", "RFC 7296 3.4"));
  auto shared = own.shared_secret(theirs.data);
  if (!shared) return std::unexpected(crypto::error_of(shared.error(), own.transform(), theirs.data.size()));
  return *std::move(shared);
}

// What a child of the chosen suite is protected with, and its SPI at the other end.
Result<AgreedChild> agreed_child(const ChosenSuite& chosen, const ChildContext& context) {
  auto protection = protection_of(chosen);
  if (!protection) return std::unexpected(std::move(protection).error());
  const auto outbound = child_spi(chosen.spi);
  const auto protocol = to_ipsec(chosen.protocol);
  if (!outbound || outbound->value <= 255 || !protocol) {
    return std::unexpected(
        wrong("SA/Proposal/SPI", "an SPI above 255 in four octets is needed", "RFC 4303 2.1"));
  }
  //= rfc7296/3.3.1/spi-names-one-sa
  if (context.children.find_outbound(*protocol, *outbound) != nullptr)
    return std::unexpected(wrong("SA/Proposal/SPI", "another Child SA has it", "RFC 7296 3.3.1"));
  AgreedChild agreed;
  agreed.agreement.protocol = *protocol;
  agreed.agreement.outbound = *outbound;
  agreed.agreement.chosen = chosen;
  agreed.protection = *protection;
  return agreed;
}

Error no_such_numbers() {
  return {Blame::local_fault, "SA", std::nullopt,
          "the cluster's sequence numbers, extended or not, are not among the proposals",
          "SA cluster profile"};
}

}  // namespace

// --- initiator

Result<ChildOffer> offer_child(ChildWish wish, const ChildContext& context, Turn& turn,
                               std::optional<crypto::KeyExchangeId> group, const ChildSa* old) {
  ChildOffer offer;
  offer.wish = std::move(wish);
  const ChildConfiguration& configuration = *offer.wish.configuration;
  if (auto checked = check_protocol(configuration, context); !checked)
    return std::unexpected(std::move(checked).error());
  auto cluster = offer_cluster(offer.wish, context, old, turn);
  if (!cluster) return std::unexpected(std::move(cluster).error());
  offer.cluster = *std::move(cluster);
  const Cluster* joined = offer.cluster ? context.host.clusters().find(offer.cluster->asked.id) : nullptr;
  const auto* in_use = old != nullptr      ? &old->agreement.selectors
                       : joined != nullptr ? &joined->terms.selectors
                                           : nullptr;
  auto asked = selectors_to_ask(offer.wish, context, in_use);
  if (!asked) return std::unexpected(std::move(asked).error());
  if (configuration.mode == ipsec::Mode::transport && context.nat.any()) {
    if (auto checked = check_transport(*asked, context.path); !checked)
      return std::unexpected(std::move(checked).error());
  }
  offer.asked = *std::move(asked);
  const std::vector<ChildProposal> proposals = proposals_for(configuration, context.initial, joined);
  if (proposals.empty()) return std::unexpected(no_such_numbers());
  if (!context.initial) {
    offer.nonce = make_nonce(turn.rng);
    const auto& groups = proposals.front().key_exchange;
    const auto wanted = group.value_or(groups.empty() ? crypto::KeyExchangeId::none : groups.front());
    if (wanted != crypto::KeyExchangeId::none) {
      auto made = make_key_exchange(wanted, context, turn);
      if (!made) return std::unexpected(std::move(made).error());
      offer.key_exchange = *std::move(made);
    }
  }
  offer.inbound = SpiLease(context.host, configuration.protocol, turn);
  auto offered = ike::offer(proposals, spi_octets(offer.inbound.spi()));
  if (!offered) return std::unexpected(std::move(offered).error());
  offer.offered = *std::move(offered);
  return offer;
}

Payloads payloads_of(const ChildOffer& offer) {
  const ChildConfiguration& configuration = *offer.wish.configuration;
  Payloads payloads;
  append_mode(payloads, configuration.protocol, configuration.mode, configuration.tfc_padding);
  std::ranges::move(
      child_payloads(offer.offered, offer.nonce, offer.key_exchange.get(), Role::initiator, offer.asked),
      std::back_inserter(payloads));
  if (offer.cluster) append_cluster(payloads, offer.cluster->asked, *configuration.cluster);
  return payloads;
}

Result<AgreedChild> read_child_answer(ChildOffer& offer, const Payloads& reply, const ChildContext& context) {
  const auto* sa = find<SecurityAssociation>(reply);
  if (sa == nullptr) return std::unexpected(wrong("SA", "the payload is missing", "RFC 7296 1.3.1"));
  const auto chosen = check_answer(offer.offered, *sa);
  if (!chosen) return std::unexpected(chosen.error());
  auto agreed = agreed_child(*chosen, context);
  if (!agreed) return agreed;
  if (chosen->key_exchange != crypto::KeyExchangeId::none) {
    const auto* theirs = find<KeyExchange>(reply);
    if (theirs == nullptr || offer.key_exchange == nullptr)
      return std::unexpected(wrong("CREATE_CHILD_SA/KE", "the payload is missing", "RFC 7296 1.3.1"));
    auto shared = shared_secret(*offer.key_exchange, *theirs);
    if (!shared) return std::unexpected(std::move(shared).error());
    agreed->shared_secret = *std::move(shared);
  }
  ChildAgreement& agreement = agreed->agreement;
  agreement.mode = mode_of(reply);
  //= rfc7296/1.3.1/responder-may-decline-transport-mode
  if (agreement.mode == ipsec::Mode::transport && offer.wish.configuration->mode != ipsec::Mode::transport) {
    return std::unexpected(wrong("N(USE_TRANSPORT_MODE)", "tunnel mode was asked for", "RFC 7296 1.3.1"));
  }
  if (agreement.mode != offer.wish.configuration->mode) {
    return std::unexpected(Error{Blame::no_common_ground, "N(USE_TRANSPORT_MODE)", std::nullopt,
                                 "the responder declines transport mode", "RFC 7296 1.3.1"});
  }
  agreement.peer_takes_tfc = find_notify(reply, NotifyType::esp_tfc_padding_not_supported) == nullptr;
  if (auto read = read_answered_selectors(offer, reply, context, agreement); !read)
    return std::unexpected(std::move(read).error());
  if (offer.cluster) {
    auto cluster = read_cluster_answer(offer.cluster->asked, reply, context, agreement);
    if (!cluster) return std::unexpected(std::move(cluster).error());
    agreed->cluster = *std::move(cluster);
  }
  agreement.inbound = offer.inbound.spi();
  agreed->inbound = std::move(offer.inbound);
  return agreed;
}

// --- responder

namespace {

// One configuration tried against the request.
class Grant {
 public:
  Grant(const ChildConfiguration& configuration, const Payloads& request, const ChildContext& context,
        const ChildSa* old, Turn& turn)
      : configuration_(configuration), request_(request), context_(context), old_(old), turn_(turn) {}

  Granted<GrantedChild> make() {
    const auto* sa = find<SecurityAssociation>(request_);
    if (sa == nullptr)
      return std::unexpected(
          refusal_of({Blame::malformed, "SA", std::nullopt, "the payload is missing", "RFC 7296 1.3.1"}));
    if (auto checked = check_protocol(configuration_, context_); !checked)
      return std::unexpected(Refusal{NotifyType::no_proposal_chosen, std::move(checked).error()});
    auto cluster = grant_cluster(configuration_, request_, context_, old_);
    if (!cluster) return std::unexpected(std::move(cluster).error());
    cluster_ = *std::move(cluster);
    if (auto narrowed = narrow(); !narrowed) return std::unexpected(std::move(narrowed).error());
    auto chosen = choose_suite(*sa);
    if (!chosen) return std::unexpected(std::move(chosen).error());
    granted_.configuration = &configuration_;
    if (auto done = finish(*chosen); !done) return std::unexpected(std::move(done).error());
    return std::move(granted_);
  }

 private:
  Granted<void> narrow() {
    mode_ = mode_of(request_) == configuration_.mode ? configuration_.mode : ipsec::Mode::tunnel;
    if (mode_ != configuration_.mode) {
      return std::unexpected(Refusal{NotifyType::no_proposal_chosen,
                                     {Blame::no_common_ground, "N(USE_TRANSPORT_MODE)", std::nullopt,
                                      "only transport mode is allowed", "RFC 7296 1.3.1"}});
    }
    auto narrowed = narrow_request(configuration_, request_, context_, old_, mode_);
    if (!narrowed) return std::unexpected(std::move(narrowed).error());
    narrowed_ = *std::move(narrowed);
    return {};
  }

  Granted<ChosenSuite> choose_suite(const SecurityAssociation& sa) const {
    ChoiceContext choice{.spi_octets = 4};
    const auto* theirs = find<KeyExchange>(request_);
    if (theirs != nullptr && !context_.initial)
      choice.key_exchange = static_cast<crypto::KeyExchangeId>(theirs->method);
    auto chosen = choose(proposals_for(configuration_, context_.initial, joined()), sa, choice);
    // With other numbers than its cluster's a child could be had: that is what the peer is to be told.
    if (!chosen && joined() != nullptr &&
        choose(proposals_for(configuration_, context_.initial, nullptr), sa, choice))
      return std::unexpected(
          refuse_join(ClusterRefusal::unequal_field, ClusterField::extended_sequence_numbers));
    if (!chosen) return std::unexpected(Refusal{NotifyType::no_proposal_chosen, std::move(chosen).error()});
    if (const auto wanted = group_to_ask_for(*chosen, choice.key_exchange))
      return std::unexpected(other_group(*wanted));
    return *std::move(chosen);
  }

  Granted<void> finish(const ChosenSuite& chosen) {
    auto agreed = agreed_child(chosen, context_);
    if (!agreed) return std::unexpected(refusal_of(std::move(agreed).error()));
    std::unique_ptr<crypto::KeyExchange> own;
    if (!context_.initial) {
      if (auto nonce = check_nonce(); !nonce) return nonce;
      granted_.nonce = make_nonce(turn_.rng);
    }
    if (chosen.key_exchange != crypto::KeyExchangeId::none) {
      auto made = make_key_exchange(chosen.key_exchange, context_, turn_);
      if (!made) return std::unexpected(refusal_of(std::move(made).error()));
      own = *std::move(made);
      auto shared = shared_secret(*own, *find<KeyExchange>(request_));
      if (!shared) return std::unexpected(refusal_of(std::move(shared).error()));
      agreed->shared_secret = *std::move(shared);
    }
    agreed->inbound = SpiLease(context_.host, configuration_.protocol, turn_);
    const Spi inbound = agreed->agreement.inbound = agreed->inbound.spi();
    agreed->agreement.mode = mode_;
    agreed->agreement.selectors = narrowed_.selectors;
    agreed->agreement.original = narrowed_.original;
    agreed->agreement.peer_takes_tfc =
        find_notify(request_, NotifyType::esp_tfc_padding_not_supported) == nullptr;
    if (cluster_) {
      //= profile/2.3/refusal-instead-of-the-child
      if (auto equal = check_equal(*cluster_, context_, agreed->agreement); !equal) return equal;
      if (old_ == nullptr && joined() != nullptr && joined()->is_full())
        return std::unexpected(refuse_join(ClusterRefusal::too_many_sub_sas));
      agreed->cluster = cluster_;
    }
    granted_.agreed = *std::move(agreed);
    append_mode(granted_.reply, configuration_.protocol, mode_, configuration_.tfc_padding);
    std::ranges::move(child_payloads(ike::answer(chosen, spi_octets(inbound)), granted_.nonce, own.get(),
                                     Role::responder, narrowed_.answer),
                      std::back_inserter(granted_.reply));
    if (narrowed_.more_possible)
      granted_.reply.push_back(make_payload(make_notify(NotifyType::additional_ts_possible)));
    if (cluster_) append_cluster(granted_.reply, *cluster_, *configuration_.cluster);
    return {};
  }

  const Cluster* joined() const { return cluster_ ? context_.host.clusters().find(cluster_->id) : nullptr; }

  Granted<void> check_nonce() const {
    const auto* nonce = find<Nonce>(request_);
    const std::size_t size = nonce == nullptr ? 0 : nonce->data.size();
    if (size >= Nonce::min_octets && size <= Nonce::max_octets) return {};
    return std::unexpected(
        refusal_of({Blame::malformed, "CREATE_CHILD_SA/Nonce", std::nullopt,
                    fmt::format("16 to 256 octets are allowed, found {}", size), "RFC 7296 3.9"}));
  }

  const ChildConfiguration& configuration_;
  const Payloads& request_;
  const ChildContext& context_;
  const ChildSa* old_;
  Turn& turn_;
  ipsec::Mode mode_ = ipsec::Mode::tunnel;
  std::optional<ClusterMembership> cluster_;
  NarrowedRequest narrowed_;
  GrantedChild granted_;
};

// Of two refusals the one of the configuration that fits the request better.
bool is_nearer(const Refusal& one, const Refusal& other) {
  const auto rank = [](const Refusal& refusal) {
    if (refused_join(refusal.to_notify()) == SaClusterRefused{ClusterRefusal::not_configured}) return 0;
    switch (refusal.notify) {
      case NotifyType::invalid_ke_payload:
        return 3;
      case NotifyType::no_proposal_chosen:
        return 2;
      case NotifyType::ts_unacceptable:
        return 1;
      default:
        return 4;
    }
  };
  return rank(one) > rank(other);
}

}  // namespace

Granted<GrantedChild> grant_child(const Payloads& request, const ChildContext& context, const ChildSa* old,
                                  Turn& turn) {
  if (old != nullptr) return Grant(*old->configuration, request, context, old, turn).make();
  std::optional<Refusal> nearest;
  for (const ChildConfiguration& configuration : context.peer.children) {
    auto granted = Grant(configuration, request, context, nullptr, turn).make();
    if (granted) return granted;
    if (!nearest || is_nearer(granted.error(), *nearest)) nearest = std::move(granted).error();
  }
  if (nearest) return std::unexpected(*std::move(nearest));
  return std::unexpected(
      Refusal{NotifyType::no_additional_sas,
              {Blame::no_common_ground, "SA", std::nullopt, "no Child SA is configured", ""}});
}

}  // namespace mpsec::ike
