#include "ike/child_selectors.hpp"

#include <algorithm>

#include "ike/child_negotiation.hpp"
#include "ike/transport_nat.hpp"

namespace mpsec::ike {

using namespace wire::ike;

namespace {

Refusal unacceptable(std::string why, std::string clause) {
  return {NotifyType::ts_unacceptable,
          {Blame::no_common_ground, "TSi, TSr", std::nullopt, std::move(why), std::move(clause)}};
}

std::optional<TrafficSelectorPair> pair_in(Role ours, const Payloads& payloads) {
  const auto* initiator = find<TrafficSelectorsInitiator>(payloads);
  const auto* responder = find<TrafficSelectorsResponder>(payloads);
  if (initiator == nullptr || responder == nullptr) return std::nullopt;
  return pair_of(ours, *initiator, *responder);
}

// The selectors as we see them, where a NAT stands between the ends of a transport-mode SA.
Result<TrafficSelectorPair> seen_from_here(TrafficSelectorPair pair, const ChildContext& context,
                                           ipsec::Mode mode,
                                           std::optional<ipsec::OriginalAddresses>& original) {
  if (mode != ipsec::Mode::transport || !context.nat.any()) return pair;
  auto seen = substitute(pair, context.path, context.nat);
  if (!seen) return std::unexpected(std::move(seen).error());
  original = seen->original;
  return std::move(seen->selectors);
}

}  // namespace

std::vector<ipsec::Selector> selectors_of(const ChildConfiguration& configuration,
                                          const ChildContext& context) {
  std::vector<ipsec::Selector> selectors = configuration.selectors;
  if (!configuration.use_assigned_address || context.assigned == nullptr) return selectors;
  for (ipsec::Selector& selector : selectors) {
    selector.local.clear();
    for (const IpAddress& address : context.assigned->addresses)
      selector.local.push_back(ipsec::AddressRange::of(address));
  }
  return selectors;
}

Result<TrafficSelectorPair> selectors_to_ask(const ChildWish& wish, const ChildContext& context,
                                             const std::vector<ipsec::Selector>* in_use) {
  //= rfc7296/2.9.2/rekey-asks-for-no-less
  if (in_use != nullptr) return to_traffic_selectors(*in_use);
  if (!wish.rest.empty()) return wish.rest.front();
  auto asked = to_traffic_selectors(selectors_of(*wish.configuration, context));
  if (!asked || !wish.packet || !holds(*asked, *wish.packet)) return asked;
  //= rfc7296/2.9/single-pair-is-asked-for-where-required
  if (wish.single_pair) asked = between_addresses_of(*wish.packet, *asked);
  return led_by(*wish.packet, *std::move(asked));
}

ChildWish first_wish(const PeerConfiguration& peer, const ipsec::PacketSelectors* packet) {
  ChildWish wish{.configuration = &peer.children.front()};
  if (packet == nullptr) return wish;
  wish.packet = *packet;
  for (const ChildConfiguration& child : peer.children) {
    const auto pair = to_traffic_selectors(child.selectors);
    if (!pair || !holds(*pair, *packet)) continue;
    wish.configuration = &child;
    break;
  }
  return wish;
}

std::optional<ChildWish> wish_after(const ChildWish& wish, const TrafficSelectorPair& asked,
                                    const std::vector<ipsec::Selector>& carried, const Payloads& reply) {
  // A peer that grants one address at a time is not to keep us asking.
  static constexpr std::size_t most_further = 16;
  ChildWish next{.configuration = wish.configuration, .further = wish.further + 1};
  if (next.further > most_further) return std::nullopt;
  if (find_notify(reply, NotifyType::additional_ts_possible) != nullptr) {
    if (const auto pair = to_traffic_selectors(carried)) next.rest = without(asked, *pair);
  }
  if (wish.rest.size() > 1) next.rest.insert(next.rest.end(), wish.rest.begin() + 1, wish.rest.end());
  if (next.rest.empty()) return std::nullopt;
  return next;
}

Granted<NarrowedRequest> narrow_request(const ChildConfiguration& configuration, const Payloads& request,
                                        const ChildContext& context, const ChildSa* old, ipsec::Mode mode) {
  auto proposed = pair_in(Role::responder, request);
  if (!proposed)
    return std::unexpected(
        refusal_of({Blame::malformed, "TSi, TSr", std::nullopt, "a payload is missing", "RFC 7296 1.3.1"}));
  NarrowedRequest narrowed;
  auto seen = seen_from_here(*std::move(proposed), context, mode, narrowed.original);
  if (!seen) return std::unexpected(Refusal{NotifyType::ts_unacceptable, std::move(seen).error()});
  std::optional<TrafficSelectorPair> in_use;
  if (old != nullptr) {
    if (auto pair = to_traffic_selectors(old->agreement.selectors)) in_use = *std::move(pair);
  }
  const std::vector<ipsec::Selector> allowed =
      old != nullptr ? old->agreement.selectors : selectors_granted(configuration, context);
  auto result = context.host.seams().narrowing.narrow({*seen, allowed, in_use ? &*in_use : nullptr});
  if (!result) return std::unexpected(std::move(result).error());
  narrowed.selectors = to_selectors(result->selectors);
  narrowed.answer = std::move(result->selectors);
  narrowed.more_possible = result->additional_possible;
  if (auto permitted = check_permitted(narrowed.answer, context); !permitted)
    return std::unexpected(std::move(permitted).error());
  return narrowed;
}

//= rfc4301/4.4.3.3/address-ranges-of-both-families
Granted<void> check_permitted(const TrafficSelectorPair& selectors, const ChildContext& context) {
  if (context.pad_entry == nullptr) return {};
  std::vector<ipsec::AddressRange> remote;
  for (const TrafficSelector& selector : selectors.remote)
    if (selector.is_range()) remote.push_back({selector.start_address(), selector.end_address()});
  auto lookup = context.host.seams().pad.authorize_child(*context.pad_entry, context.remote_id, remote);
  if (!lookup) return std::unexpected(Refusal{NotifyType::ts_unacceptable, std::move(lookup).error().error});
  const auto* by_address = std::get_if<ipsec::ChildByAddress>(&*lookup);
  if (by_address == nullptr || by_address->whole) return {};
  return std::unexpected(
      unacceptable("the peer may not speak for all of these addresses", "RFC 4301 4.4.3.4"));
}

std::vector<ipsec::Selector> selectors_granted(const ChildConfiguration& configuration,
                                               const ChildContext& context) {
  std::vector<ipsec::Selector> selectors = configuration.selectors;
  if (context.given == nullptr || context.given->addresses.empty()) return selectors;
  //= rfc7296/2.19/selectors-of-the-assigned-address
  for (ipsec::Selector& selector : selectors) {
    selector.remote.clear();
    for (const IpAddress& address : context.given->addresses)
      selector.remote.push_back(ipsec::AddressRange::of(address));
  }
  return selectors;
}

Result<> read_answered_selectors(const ChildOffer& offer, const Payloads& reply, const ChildContext& context,
                                 ChildAgreement& agreement) {
  auto answered = pair_in(Role::initiator, reply);
  if (!answered) {
    return std::unexpected(
        Error{Blame::malformed, "TSi, TSr", std::nullopt, "a payload is missing", "RFC 7296 1.3.1"});
  }
  const auto seen = seen_from_here(*std::move(answered), context, agreement.mode, agreement.original);
  if (!seen) return std::unexpected(seen.error());
  if (auto checked = check_narrowed(offer.asked, *seen); !checked) return checked;
  agreement.selectors = to_selectors(*seen);
  return {};
}

}  // namespace mpsec::ike
