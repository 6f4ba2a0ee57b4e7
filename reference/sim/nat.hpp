// A NAT for UDP, in the terms of RFC 4787.
#pragma once

#include <map>
#include <optional>
#include <set>

#include "base/clock.hpp"
#include "base/rng.hpp"
#include "sim/counters.hpp"
#include "sim/packet.hpp"

namespace mpsec::sim {

// On what of the remote end a mapping (RFC 4787 4.1) or a filter (5) depends.
enum class Dependence : std::uint8_t { endpoint_independent, address_dependent, address_and_port_dependent };

struct NatProfile {
  Dependence mapping = Dependence::endpoint_independent;
  Dependence filtering = Dependence::address_and_port_dependent;
  bool preserve_ports = true;                          // where the port is free (4.2.1)
  std::uint16_t first_port = 1024, last_port = 65535;  // where another one is taken from
  Duration timeout = std::chrono::minutes(2);          // of a mapping without traffic (4.3)
  bool inbound_refreshes = false;                      // traffic from outside counts too (4.3)
  bool hairpinning = true;                             // inside to inside by the outer address (6)
};

class Nat {
 public:
  Nat(const IpAddress& outer, const NatProfile& profile, std::uint64_t seed)
      : outer_(outer), profile_(profile), rng_(seed) {}

  const IpAddress& outer() const { return outer_; }
  const NatProfile& profile() const { return profile_; }
  void change(const NatProfile& profile) { profile_ = profile; }

  // Translate the packet, or say why not.
  std::optional<Drop> outwards(Packet& packet, Instant now);
  std::optional<Drop> inwards(Packet& packet, Instant now);

  // A mapping that stays, a reboot too, and lets anyone in. Replaces what else had the port.
  void map(const Endpoint& inside, std::uint16_t outer_port);
  // All mappings but those are gone.
  void reboot();
  // Mappings keep their ports under another outer address.
  void readdress(const IpAddress& outer) { outer_ = outer; }
  // Where the endpoint shows outside now, if a mapping of it does not depend on the remote end.
  std::optional<Endpoint> mapped(const Endpoint& inside) const;
  std::size_t mappings() const { return by_port_.size(); }

 private:
  struct Key {
    Endpoint inside;
    std::optional<Endpoint> remote;  // as much of it as counts; the rest is zero
    auto operator<=>(const Key&) const = default;
  };
  struct Mapping {
    Key key;
    Instant used;
    bool fixed = false;
    std::set<Endpoint> contacted;  // as much of them as the filter looks at
  };
  static std::optional<Endpoint> part(const Endpoint& remote, Dependence dependence);
  void forget_old(Instant now);
  void forget(std::uint16_t port);
  std::optional<std::uint16_t> choose_port(std::uint16_t wanted);
  std::optional<std::uint16_t> port_for(const Key& key);

  IpAddress outer_;
  NatProfile profile_;
  SeededRng rng_;
  std::map<std::uint16_t, Mapping> by_port_;
  std::map<Key, std::uint16_t> by_key_;
};

}  // namespace mpsec::sim
