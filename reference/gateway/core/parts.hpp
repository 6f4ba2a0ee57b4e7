// What a core is made of beside the engine: the seams it is given, and the data path.
#pragma once

#include <vector>

#include "gateway/core/core.hpp"
#include "gateway/core/waiting.hpp"
#include "gateway/workers/origins.hpp"

namespace mpsec::gateway {

struct Core::Parts {
  Parts(const Settings& settings, const Core::Seams& seams);

  // Takes over policies, peers and clusters, at the start and again when they change.
  // The PAD's entries, which hold secrets, are moved out of `settings`.
  Result<> use(Settings& settings, const Core::Seams& seams);
  ike::Seams engine_seams(const Core::Seams& seams);

  CurrentPad pad;
  CurrentChecker checker;
  std::unique_ptr<ike::CookieJar> cookies;
  ike::AddressPools pools;
  ike::ExponentialBackOff retransmission;
  ike::StandardNarrowing narrowing;
  ike::StandardCollisionPolicy collisions;
  ipsec::StandardLifetimePolicy lifetime;
  ipsec::StandardInboundPolicy inbound;
  ipsec::DataPath data_path;
  cluster::ClusterEnd ends;
  std::unique_ptr<Crew> crew;  // null: there is one worker
  SaTable sas;
  Waiting waiting;

  // Of the call that is under way.
  Origins origins;
  std::vector<ipsec::Outgoing> outgoing;
  std::vector<ipsec::Fate> fates;
};

}  // namespace mpsec::gateway
