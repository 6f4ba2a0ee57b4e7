// A seeded network: hosts with addresses, links between them, NATs. The same seed and the same calls give the
// same packets at the same times, octet for octet.
//
//        realm: inside of a NAT                       realm: the Internet
//   host 10.0.0.1 --- link ---> gateway [NAT] 198.51.100.1 --- link ---> 203.0.113.1 host
//
// A realm is where addresses have one meaning. In it, a packet goes over one link straight to who has its
// destination, or to the realm's gateway where nobody has. NATs may stand behind NATs.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/strong.hpp"
#include "sim/link.hpp"
#include "sim/nat.hpp"
#include "sim/script.hpp"
#include "sim/virtual_time.hpp"

namespace mpsec::sim {

using RealmId = Strong<std::size_t, struct RealmIdTag>;
using LinkId = Strong<std::size_t, struct LinkIdTag>;
using NatId = Strong<std::size_t, struct NatIdTag>;

// One end of a link: an address, or the gateway of the realm.
using Place = std::optional<IpAddress>;
inline constexpr std::nullopt_t gateway = std::nullopt;

// A packet seen at a place.
struct Sighting {
  enum class What : std::uint8_t {
    sent,       // a host gave it away; the script has not seen it yet
    entered,    // came to a link, which may yet drop it
    left,       // came out of a link
    delivered,  // a host got it
    dropped,
  };
  What what;
  Instant at;
  std::optional<LinkId> link;  // entered, left, and dropped by a link
  std::optional<Drop> cause;   // dropped
};

class Network {
 public:
  using Receiver = std::function<void(const Packet&)>;
  using Tap = std::function<void(const Sighting&, const Packet&)>;

  Network(VirtualTime& time, std::uint64_t seed) : time_(time), seed_(seed), realms_(1) {}
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  // --- who is there
  RealmId internet() const { return RealmId{0}; }
  // Replaces who had the address.
  void attach(RealmId realm, const IpAddress& address, Receiver receiver);
  void detach(RealmId realm, const IpAddress& address);
  struct Inside {
    NatId nat;
    RealmId realm;  // a new one, whose gateway the NAT is
  };
  Inside add_nat(RealmId outside, const IpAddress& outer, const NatProfile& profile = {});
  Nat& nat(NatId id) { return nats_[id.value]->nat; }
  // The NAT's outer address becomes another one; its mappings stay.
  void readdress(NatId id, const IpAddress& outer);

  // --- how they are connected; a pair that nothing is said of has an ideal link
  LinkId add_link(std::string name, const LinkProfile& profile = {});
  // Pairs may share one link, its rate and its queue.
  void connect(RealmId realm, const Place& from, const Place& to, LinkId link);
  void connect_rest(RealmId realm, LinkId link);
  struct Pair {
    LinkId there, back;
  };
  // Two links of one profile, named "A > B" and "B > A".
  Pair connect_both(RealmId realm, const Place& a, const Place& b, const LinkProfile& profile);
  const Link& link(LinkId id) const { return links_[id.value]; }
  std::size_t links() const { return links_.size(); }
  void change(LinkId id, const LinkProfile& profile) { links_[id.value].change(profile); }
  void change_at(Instant when, LinkId id, const LinkProfile& profile);

  // --- packets
  void send(RealmId realm, Packet packet);
  Script& script() { return script_; }
  // Sees everything; may be several.
  void add_tap(Tap tap) { taps_.push_back(std::move(tap)); }
  const Counters& counters() const { return counters_; }
  VirtualTime& time() { return time_; }

 private:
  using Owner = std::variant<Receiver, NatId>;
  struct Realm {
    std::map<IpAddress, Owner> owners;
    std::optional<NatId> gateway;
    std::map<std::pair<Place, Place>, LinkId> links;
    std::optional<LinkId> rest;
  };
  struct NatBox {
    Nat nat;
    RealmId outside, inside;
  };
  std::uint64_t next_seed();
  void forward(RealmId realm, const Place& from, Packet packet);
  void pass(RealmId realm, const Place& to, LinkId link, Packet packet);
  void arrive_later(Instant when, RealmId realm, const Place& to, LinkId link, Packet packet);
  void arrive(RealmId realm, const Place& to, Packet packet);
  void go_out(NatBox& box, Packet packet);
  void come_in(NatBox& box, Packet packet);
  void drop(Drop cause, std::optional<LinkId> link, const Packet& packet);
  void show(const Sighting& sighting, const Packet& packet) const;

  VirtualTime& time_;
  std::uint64_t seed_, seeds_given_ = 0;
  std::vector<Realm> realms_;
  std::vector<Link> links_;
  std::vector<std::unique_ptr<NatBox>> nats_;
  Script script_;
  std::vector<Tap> taps_;
  Counters counters_;
};

// Every packet that a tap was shown, to be looked at afterwards.
struct Recorded {
  Sighting sighting;
  Packet packet;
};
// Keeps those that `wanted` says (all, where it is empty) in `into`, which must outlive the network.
Network::Tap recorder(std::vector<Recorded>& into, std::function<bool(const Sighting&)> wanted = {});

}  // namespace mpsec::sim
