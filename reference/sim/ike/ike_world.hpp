// IKE engines in a simulated network: their datagrams travel, their deadlines come, and what they ask of
// their SADs is kept and looked after.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ike/engine.hpp"
#include "sim/network.hpp"

namespace mpsec::sim {

using HostId = Strong<std::size_t, struct HostIdTag>;

// Both halves of a Child SA as an engine had them installed.
struct InstalledChild {
  std::optional<ipsec::InboundParameters> inbound;
  std::optional<ipsec::OutboundParameters> outbound;
  Endpoint local, remote;  // as MoveChild said last
};

// An engine, what it said, and what it asked for.
struct IkeHost {
  std::string name;
  RealmId realm;
  std::vector<IpAddress> addresses;
  ike::Engine* engine = nullptr;
  std::map<ike::ChildId, InstalledChild> sad;
  struct Told {
    Instant at;
    ike::Event event;
  };
  std::vector<Told> events;
  // What no engine may ask for: a half installed twice, a child moved or removed that is not there.
  std::vector<std::string> faults;
};

class IkeWorld {
 public:
  explicit IkeWorld(std::uint64_t seed) : network_(time_, seed) {}

  VirtualTime& time() { return time_; }
  Network& network() { return network_; }
  Instant now() const { return time_.now(); }

  // The engine must outlive the world. It receives what comes to the addresses.
  HostId add(std::string name, RealmId realm, std::vector<IpAddress> addresses, ike::Engine& engine);
  const IkeHost& host(HostId id) const { return *hosts_[id.value]; }
  std::size_t hosts() const { return hosts_.size(); }

  // Gives the engine a command, and carries out what it wants for it; the result is the command's.
  template <class Command>  // (ike::Engine&, Instant now, ike::Actions&)
  auto command(HostId id, Command command) {
    IkeHost& host = *hosts_[id.value];
    ike::Actions actions;
    auto result = command(*host.engine, time_.now(), actions);
    carry_out(id, actions);
    return result;
  }

  // Sees every call's actions before they are carried out, and may change them.
  using ActionsTap = std::function<void(const IkeHost&, ike::Actions&)>;
  void set_actions_tap(ActionsTap tap) { tap_ = std::move(tap); }

  struct Bounds {
    Duration time = std::chrono::hours(1);
    std::size_t steps = 100'000;
  };
  // Each runs until what it says, or the bounds, and tells whether it was the former.
  // Nothing is on its way, and no host sends anything for so long: set it beyond the retransmissions' longest
  // pause to let exchanges end.
  bool run_until_quiet(Duration silence, Bounds bounds);
  bool run_until_quiet(Duration silence) { return run_until_quiet(silence, Bounds()); }
  bool run_until(const std::function<bool()>& holds, Bounds bounds);
  bool run_until(const std::function<bool()>& holds) { return run_until(holds, Bounds()); }
  // False where so many steps did not lead there.
  bool run_for(Duration duration, std::size_t steps = 100'000);

 private:
  void carry_out(HostId id, ike::Actions& actions);
  void change_sad(IkeHost& host, ike::SadChange change);
  void arm(HostId id);
  bool step_until(Instant end);

  VirtualTime time_;
  Network network_;
  std::vector<std::unique_ptr<IkeHost>> hosts_;
  std::map<HostId, VirtualTime::EventId> alarms_;
  ActionsTap tap_;
};

// What the two ends see differently, one finding a line; empty where they agree. To be asked when all is
// quiet.
//   - their IKE SAs are the same, established, with opposite roles and each other's identities;
//   - their Child SAs are the same, installed, with mirrored SPIs and selectors, and the same mode;
//   - in their SADs are those Child SAs and no others, each direction with the same keys and algorithms;
//   - no host has a fault.
std::vector<std::string> disagreements(const IkeWorld& world, HostId a, HostId b);
// What is left over at a host: SAs, children and their SPIs, halves in the SAD, half-open SAs, a deadline.
// Empty after a close.
std::vector<std::string> leftovers(const IkeWorld& world, HostId id);

}  // namespace mpsec::sim
