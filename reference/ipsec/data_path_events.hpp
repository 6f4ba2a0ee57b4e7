// What the data path says to the world: fates of packets, packets to send on, and events.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "base/ip_address.hpp"
#include "base/strong.hpp"
#include "ipsec/discard.hpp"
#include "ipsec/packet_buffer.hpp"
#include "ipsec/packet_selectors.hpp"
#include "ipsec/policy.hpp"

namespace mpsec::ipsec {

class InboundSa;
class OutboundSa;

// What became of a packet from the protected side.
enum class Fate : std::uint8_t {
  discarded,   // Outgoing::discard says why
  protected_,  // in place; to be sent
  bypassed,    // clear, and to be sent so
  replaced,    // by packets in Actions::emissions: it was cut into fragments
};

// A packet that the data path made itself.
struct Emission {
  enum class Side : std::uint8_t { unprotected, to_source };
  Side side;
  HeldPacket packet;
};

// A clear packet for the protected side.
struct Delivery {
  PacketBuffer packet;
  InboundSa* sa =
      nullptr;  // nullptr: came clear, and policy lets it; or, with a number, its SA has left since
  std::uint64_t number = 0;  // the sequence number, where it came by an SA
};

// A number of a cluster that the window took and nothing is delivered of: a dummy packet, or one that was
// discarded after its ICV was found right. Whoever restores the order waits for it no longer.
struct Settled {
  InboundSa* sa = nullptr;
  std::uint64_t number = 0;
  Discard cause = Discard::none;
};

// PROTECT, and no SA: somebody should negotiate one (RFC 4301 5.1).
struct Acquire {
  PolicyId policy;
  PacketSelectors packet;
};
// A soft limit asks for a successor; a hard one has ended the SA. Said once each.
struct LifetimeReached {
  Spi spi;
  bool outbound = false;
  bool hard = false;
};
// The counter is at its end: nothing goes out before there is a new SA (RFC 4303 3.3.3). Said once.
struct SequenceExhausted {
  Spi spi;
};
// RFC 4303 A3.1. Whoever has time calls resynchronise() of the SA.
struct ResynchronisationWanted {
  InboundSa* sa = nullptr;
};
// An estimate changed because of an ICMP message, or because it was old.
struct PathMtuChanged {
  Spi spi;
  std::uint32_t path_mtu = 0;
};
// An auditable event (RFC 4301 5.1, 5.2; RFC 4302 4; RFC 4303 4), with what a log entry should hold.
struct Audit {
  Discard cause = Discard::none;
  bool outbound = false;
  Spi spi;  // 0 where there is none
  IpAddress source, destination;
  std::uint32_t sequence_number = 0;  // as on the wire; 0 where there is none
  std::uint32_t flow_label = 0;       // IPv6
  Instant at;
};
using Event =
    std::variant<Acquire, LifetimeReached, SequenceExhausted, ResynchronisationWanted, PathMtuChanged, Audit>;

// "inbound replay_duplicate spi 0x00001000 192.0.2.1 -> 192.0.2.2 sequence 7 (RFC 4303 3.4.3)"
std::string to_string(const Audit& audit);

// Filled by the data path, cleared by the caller; keeps its memory between batches.
struct Actions {
  std::vector<Delivery> deliveries;
  std::vector<Settled> settled;   // of SAs that share a window
  std::vector<PacketBuffer> ike;  // for IKE; where encapsulated, with the non-ESP marker
  std::vector<Emission> emissions;
  std::vector<Event> events;
  std::vector<HeldPacket> held;  // storage of deliveries that were put together from fragments

  void clear() {
    deliveries.clear();
    settled.clear();
    ike.clear();
    emissions.clear();
    events.clear();
    held.clear();
  }
};

}  // namespace mpsec::ipsec
