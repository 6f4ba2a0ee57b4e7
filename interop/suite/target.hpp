// The gateway under test: how it is reached, what it is said to be, and what its owner's hooks can make it
// do.
#pragma once

#include <bitset>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "crypto/certificate.hpp"
#include "ike/authentication.hpp"
#include "ike/negotiation.hpp"
#include "interop/suite/link.hpp"
#include "ipsec/identity.hpp"
#include "ipsec/pad_entry.hpp"
#include "ipsec/selector.hpp"

namespace mpsec::conformance {

// What a target can have, beside what every IKEv2 gateway with ESP has.
enum class Feature : std::uint8_t {
  extended_sequence_numbers,
  sequence_numbers_32,  // SAs without ESN
  sa_clusters,          // our profile, by IKEv2
  several_paths,        // it can be reached at two addresses
  fragmentation,        // RFC 7383
  nat_traversal,
  ipv6_inside,
  transport_mode,
  childless,              // RFC 6023
  configuration,          // gives inner addresses
  key_exchange_in_child,  // perfect forward secrecy
  certificates,
  tfc_padding,
  cookies,
  count_,
};
std::string_view to_string(Feature feature);

// What its owner's hooks can make it do.
enum class Hook : std::uint8_t {
  initiate,     // an IKE SA with the tester
  rekey_child,  // its newest
  rekey_ike,
  delete_child,
  delete_ike,
  create_child,  // a second one
  send_traffic,  // one inner packet to the tester's side
  set_cookie_threshold,
  set_lifetime,  // of Child SAs, in seconds
  set_outbound_sequence,
  read_replay_counters,
  read_audit,  // what it has logged of packets that it did not let through
  count_,
};
std::string_view to_string(Hook hook);

template <class Kind>
class SetOf {
 public:
  constexpr SetOf() = default;
  constexpr SetOf(std::initializer_list<Kind> kinds) {
    for (const Kind kind : kinds)
      bits_ |= 1u << static_cast<unsigned>(kind);
  }
  constexpr bool has(Kind kind) const { return (bits_ >> static_cast<unsigned>(kind) & 1u) != 0; }
  constexpr void add(Kind kind) { bits_ |= 1u << static_cast<unsigned>(kind); }
  constexpr bool empty() const { return bits_ == 0; }
  // The first that `other` lacks.
  constexpr std::optional<Kind> missing_in(SetOf other) const {
    for (unsigned i = 0; i < static_cast<unsigned>(Kind::count_); ++i)
      if (has(static_cast<Kind>(i)) && !other.has(static_cast<Kind>(i))) return static_cast<Kind>(i);
    return std::nullopt;
  }

 private:
  std::uint32_t bits_ = 0;
};
using Features = SetOf<Feature>;
using Hooks = SetOf<Hook>;

// Of the discards that a target counts, what hooks can read.
struct ReplayCounters {
  std::uint64_t replayed = 0, not_authentic = 0, accepted = 0;
  // Of `replayed`, where the target counts them apart.
  std::optional<std::uint64_t> too_old{};
};

// One line of the target's audit log, as far as its hook can tell. What the line lacks is absent.
struct AuditEntry {
  // The auditable events of RFC 4303 4.
  enum class Event : std::uint8_t { no_sa, replayed, not_authentic, fragment, exhausted, other };
  Event event = Event::other;
  bool has_time = false;
  std::optional<Spi> spi{};
  std::optional<IpAddress> source{}, destination{};
  std::optional<std::uint32_t> number{};  // as on the wire
};
std::string_view to_string(AuditEntry::Event event);

// How both ends prove who they are, where a case is about it.
enum class Certificates : std::uint8_t {
  unasked,  // as described: by a shared key in memory
  any,
  rsa,  // the tester's, at least
};

// What of the target's configuration a case needs otherwise than it is described.
struct Wishes {
  bool extended_sequence_numbers = false;
  bool cluster = false;
  std::optional<std::uint32_t> window{};      // of anti-replay, in numbers
  std::optional<std::size_t> cookies_from{};  // half-open IKE SAs; 0: always
  std::optional<Duration> child_lifetime{};   // until it is rekeyed
  std::optional<Duration> ike_lifetime{};
  std::optional<std::vector<ike::ChildProposal>> child_proposals{};
  bool key_exchange_in_child = false;
  std::optional<std::uint64_t> rekey_after_packets{};
  bool transport_mode = false;
  bool reordering = false;       // the cluster puts packets back in order
  std::string scheduler{};       // of the cluster
  bool duplication = false;      // the cluster sends each packet on two paths, where the peer agrees
  bool second_identity = false;  // a further tester may come, with the same rights
  Certificates certificates = Certificates::unasked;
};

// A private key, and the certificates that are shown for it: its own first.
struct Signer {
  std::shared_ptr<const crypto::PrivateKey> key;
  std::vector<crypto::CertificatePointer> chain;
};
// What can be wrong with a certificate for the tester, under which it signs well.
enum class Flaw : std::uint8_t { strange_authority, expired, another_name };

struct Description {
  std::string name = "the embedded reference";
  ipsec::Identity tester_id, target_id;
  std::optional<ipsec::Identity> second_tester_id{};  // which the same credential proves
  // How the tester proves itself, and judges the target's proof.
  std::shared_ptr<const ike::Credential> credential;
  std::optional<Signer> signer{};        // where the credential is a certificate
  std::map<Flaw, Signer> wrong_signers;  // as far as there are any
  // Key hashes of the authorities that it leads to, as far as they are known.
  std::vector<std::array<std::uint8_t, 20>> authorities;
  std::shared_ptr<const ike::ProofChecker> checker;
  std::function<ipsec::PadEntry()> pad_entry;
  std::vector<ike::IkeProposal> ike_proposals;
  std::vector<ike::ChildProposal> child_proposals;
  ipsec::AddressRange tester_net, target_net;
  IpAddress tester_host, target_host;  // the latter answers pings
  std::uint32_t window = 64;           // of anti-replay
  bool encapsulate = false;            // ESP in UDP, by pretending a NAT
  Features features;
  Hooks hooks;
  Duration first_retransmission = std::chrono::seconds(1);
  Duration liveness_after = std::chrono::seconds(30);
};

class Target {
 public:
  virtual ~Target() = default;
  virtual const Description& description() const = 0;
  virtual Link& link() = 0;
  // A fresh state for the next case. Fails (no common ground), naming it, where a wish is not how the target
  // is; any other failure is one of the way to it.
  virtual Result<> prepare(const Wishes& wishes) = 0;
  // Fails where the hook did not work; asked only for hooks that the description names.
  virtual Result<> call(Hook hook, std::uint64_t argument) = 0;
  virtual Result<ReplayCounters> replay_counters() = 0;
  // Whether it keeps SAs from one case to the next, so that each has to take its own away.
  virtual bool remembers() const { return false; }
  // The entries since it was prepared, in their order. Fails where there is no such hook.
  virtual Result<std::vector<AuditEntry>> audit();
};

}  // namespace mpsec::conformance
