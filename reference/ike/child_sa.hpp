// A pair of ESP or AH SAs as IKE keeps it: cold, and without keys, which go to the data path.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ike/channel.hpp"
#include "ike/collisions.hpp"
#include "ike/configuration.hpp"
#include "ike/keys.hpp"
#include "ike/spi_lease.hpp"

namespace mpsec::ike {

// What both ends agreed on, before there are keys.
struct ChildAgreement {
  ipsec::Protocol protocol = ipsec::Protocol::esp;
  ipsec::Mode mode = ipsec::Mode::tunnel;
  Spi inbound, outbound;
  ChosenSuite chosen;
  std::vector<ipsec::Selector> selectors;  // local and remote as we see them
  bool peer_takes_tfc = true;
  // Transport mode behind a NAT: the addresses that the sender of inbound packets computed checksums under
  // (RFC 7296 2.23.1, RFC 3948 3.1.2).
  std::optional<ipsec::OriginalAddresses> original;
};

struct ChildSa {
  ChildId id;
  const ChildConfiguration* configuration = nullptr;
  ChildState state = ChildState::requested;
  ChildAgreement agreement;
  std::optional<ClusterMembership> cluster;  // none: numbers and a window of its own
  SpiLease inbound;
  NoncePair nonces;         // of the exchange that made it
  bool made_by_us = false;  // we sent that request
  // The half to send on, until it may be used (RFC 7296 2.8).
  std::unique_ptr<ipsec::OutboundParameters> waiting_outbound;
  bool sends = false;  // the outbound half is with the data path
  // Rekeyed: where the peer did, we send here when that one is gone.
  std::optional<ChildId> replaces;
  std::optional<Instant> rekey_at, end_at;  // rekey_at: nothing once it has been asked for
  bool renewal_refused = false;             // the peer did not let it be rekeyed

  // Whoever should delete this SA may have lost sight of it.
  void end_soon(Instant when) {
    if (!end_at || when < *end_at) end_at = when;
  }
};

// The two halves for the data path. `initiated`: we sent the request that made it. `nat`: either end is
// behind a NAT, so that packets are UDP-encapsulated.
struct ChildHalves {
  ipsec::InboundParameters inbound;
  ipsec::OutboundParameters outbound;
};
ChildHalves make_halves(const ChildSa& child, ChildKeyPair keys, bool initiated, const Path& path, bool nat);

}  // namespace mpsec::ike
