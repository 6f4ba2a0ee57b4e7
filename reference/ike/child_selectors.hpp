// The traffic selectors of a Child SA in its negotiation: what we ask for, what of a request we grant, what
// of an answer we believe (RFC 7296 2.9, 2.9.2, 2.23.1).
#pragma once

#include <optional>
#include <vector>

#include "ike/child_sa.hpp"
#include "ike/narrowing.hpp"
#include "ike/nat_detection.hpp"
#include "ike/refusal.hpp"

namespace mpsec::ike {

struct ChildContext;
struct ChildOffer;
struct ChildWish;

// Those of the configuration, with the addresses that the peer has assigned to us where it says so.
std::vector<ipsec::Selector> selectors_of(const ChildConfiguration& configuration,
                                          const ChildContext& context);

// What to ask for: `in_use`, of a rekey or of a cluster, if there is such. Fails (local fault) where no
// payload can say it.
Result<TrafficSelectorPair> selectors_to_ask(const ChildWish& wish, const ChildContext& context,
                                             const std::vector<ipsec::Selector>* in_use);

// Those of the configuration, with the addresses that we have given to the peer where there are any.
std::vector<ipsec::Selector> selectors_granted(const ChildConfiguration& configuration,
                                               const ChildContext& context);
// Whether the peer's PAD entry lets it speak for the remote side.
Granted<void> check_permitted(const TrafficSelectorPair& selectors, const ChildContext& context);

struct NarrowedRequest {
  std::vector<ipsec::Selector> selectors;
  TrafficSelectorPair answer;
  bool more_possible = false;  // in another SA (ADDITIONAL_TS_POSSIBLE)
  std::optional<ipsec::OriginalAddresses> original;
};
Granted<NarrowedRequest> narrow_request(const ChildConfiguration& configuration,
                                        const wire::ike::Payloads& request, const ChildContext& context,
                                        const ChildSa* old, ipsec::Mode mode);

// Puts the selectors into the agreement. Fails (peer misbehaved) where they are not within what was offered.
Result<> read_answered_selectors(const ChildOffer& offer, const wire::ike::Payloads& reply,
                                 const ChildContext& context, ChildAgreement& agreement);

}  // namespace mpsec::ike
