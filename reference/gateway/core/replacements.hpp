// Other implementations of the engine's seams in the place of the standard ones: for a test suite that has to
// show that it sees a wrong one.
#pragma once

#include <functional>
#include <memory>

#include "cluster/path_scheduler.hpp"
#include "ike/seams.hpp"
#include "ipsec/anti_replay.hpp"
#include "ipsec/inbound_policy.hpp"
#include "ipsec/lifetime.hpp"
#include "ipsec/packet_tap.hpp"
#include "ipsec/sa.hpp"
#include "ipsec/sequence_source.hpp"

namespace mpsec::gateway {

// Gives what takes the place of the standard one, which it may keep and ask; empty: the standard one stays.
template <class Part>
using Replacing = std::function<std::unique_ptr<Part>(std::unique_ptr<Part>)>;

// All that is pointed to outlives the core; null: the standard one.
struct Replacements {
  ike::MessageTap* messages = nullptr;
  ipsec::PacketTap* packets = nullptr;
  const ike::NarrowingPolicy* narrowing = nullptr;
  const ike::CollisionPolicy* collisions = nullptr;
  const ike::RetransmissionPolicy* retransmission = nullptr;
  const ike::ProofChecker* checker = nullptr;
  ipsec::LifetimePolicy* lifetime = nullptr;
  ipsec::InboundPolicy* inbound = nullptr;
  Replacing<ike::CookieJar> cookies{};
  Replacing<cluster::PathScheduler> scheduler{};
  // Of an SA, or of one sub-SA of a cluster, which gets what the others have.
  std::function<std::shared_ptr<ipsec::AntiReplay>(std::shared_ptr<ipsec::AntiReplay>,
                                                   const ipsec::InboundParameters&)>
      window{};
  std::function<std::shared_ptr<ipsec::SequenceSource>(std::shared_ptr<ipsec::SequenceSource>,
                                                       const ipsec::OutboundParameters&)>
      sequence{};
};

}  // namespace mpsec::gateway
