// One entry of the Security Policy Database (RFC 4301 4.4.1.2): which traffic, and what becomes of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/error.hpp"
#include "base/ip_address.hpp"
#include "base/strong.hpp"
#include "ipsec/identity.hpp"
#include "ipsec/sa.hpp"
#include "ipsec/sad.hpp"
#include "ipsec/selector.hpp"

namespace mpsec::ipsec {

using PolicyId = Strong<std::uint32_t, struct PolicyIdTag>;
using ClusterId = Strong<std::uint32_t, struct ClusterIdTag>;

enum class Action : std::uint8_t { discard, bypass, protect };
std::string_view to_string(Action action);

// Which selectors of a new SA are narrowed to the value in the packet that asked for it (RFC 4301 4.4.1,
// "populate from packet"). ICMP type and code and the MH type follow the port flags.
struct PopulateFromPacket {
  bool local_address = false;
  bool remote_address = false;
  bool protocol = false;
  bool local_port = false;
  bool remote_port = false;

  bool any() const { return local_address || remote_address || protocol || local_port || remote_port; }
  bool operator==(const PopulateFromPacket&) const = default;
};

// Algorithms that an SA may use together; `integrity` is none with a combined-mode algorithm.
struct Proposal {
  crypto::EncryptionId encryption = crypto::EncryptionId::null;
  std::size_t encryption_key_octets = 0;  // without salt
  crypto::IntegrityId integrity = crypto::IntegrityId::none;
};

// What SA management needs to make an SA for the policy.
struct SaTemplate {
  std::vector<Proposal> proposals;  // the most wanted first
  bool extended_sequence_numbers = true;
  bool stateful_fragment_checking = false;       // RFC 4301 7.3
  SadKeyShape identified_by = SadKeyShape::spi;  // of the inbound SA
  TunnelOptions tunnel;
};

struct TunnelEndpoints {
  IpAddress local;
  IpAddress remote;
};

// How PROTECT is done.
struct ProtectSpec {
  Protocol protocol = Protocol::esp;
  Mode mode = Mode::tunnel;
  std::optional<TunnelEndpoints> endpoints{};  // exactly in tunnel mode
  PopulateFromPacket populate{};
  // SAs of its own, or a cluster of SAs that is there already.
  std::variant<SaTemplate, ClusterId> by = SaTemplate{};
};

struct Policy {
  PolicyId id{};
  Action action = Action::discard;
  // Where it applies. BYPASS and DISCARD are entries of SPD-O, SPD-I or both; PROTECT, of SPD-S, is always
  // for both.
  bool outbound = true;
  bool inbound = true;
  std::string name{};                 // for people
  std::vector<Selector> selectors{};  // selector sets: a packet matches any one
  std::vector<Identity> peers{};  // RFC 4301 4.4.1.1 "Name": IKE IDs that select this entry for a responder
  bool by_peer_only = false;      // no packet matches: the entry waits for a peer to take an address
  std::optional<ProtectSpec> protect{};

  bool applies(Direction direction) const { return direction == Direction::outbound ? outbound : inbound; }
};
// "policy 7 'web'"
std::string describe(const Policy& policy);

// Fails (local fault) naming the policy, the field, what was found and what is allowed.
Result<> validate(const Policy& policy);

// The selectors of an SA that is made because of `packet`, which matches the policy (RFC 4301 4.4.2.2): those
// of the policy, the flagged ones narrowed to the packet's value; a selector set that does not admit the
// value is left out. nullopt: a flagged value is not there in the packet, which is to be discarded.
std::optional<std::vector<Selector>> selectors_of_new_sa(const Policy& policy, const PacketSelectors& packet);

}  // namespace mpsec::ipsec
