// Who we are, whom we speak to and what we would agree on: what an administrator writes.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ike/address_pool.hpp"
#include "ike/authentication.hpp"
#include "ike/configuration_exchange.hpp"
#include "ike/negotiation.hpp"
#include "ike/rate_limit.hpp"
#include "ipsec/policy.hpp"

namespace mpsec::ike {

//= rfc7296/2.8.1/rekey-times-are-jittered
// When an SA is replaced and when it ends, counted from its making. The time to replace it is brought forward
// by a random part of itself, up to `jitter`, so that the two ends seldom rekey at once.
struct SaLifetime {
  Duration rekey_after = std::chrono::hours(1);
  Duration end_after = std::chrono::minutes(70);
  double jitter = 0.1;
};

// That a child is to be a sub-SA of a cluster. Children of one name and one peer, also on other paths and IKE
// SAs, are sub-SAs of one cluster; a peer that knows no clusters gets an ordinary SA.
struct ClusterWish {
  std::string name;
  std::uint32_t most_sub_sas = 64;  // 1 to 65,536
  bool anti_replay = true;
  std::uint32_t window = 4096;  // of ours, in numbers; the child's replay_window does not count here
  bool duplication = false;     // a number may go by two paths

  bool operator==(const ClusterWish&) const = default;
};

// A Child SA that a peer may have with us.
struct ChildConfiguration {
  std::string name;
  ipsec::PolicyId policy{};
  ipsec::Protocol protocol = ipsec::Protocol::esp;
  ipsec::Mode mode = ipsec::Mode::tunnel;
  std::vector<ChildProposal> proposals;    // the most wanted first
  std::vector<ipsec::Selector> selectors;  // local and remote, as we see them
  SaLifetime lifetime;
  std::uint64_t rekey_after_octets = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t rekey_after_packets = std::numeric_limits<std::uint64_t>::max();
  std::uint32_t replay_window = 64;
  std::uint32_t pad_to_multiple_of =
      0;                    // TFC padding of what we send in tunnel mode, if the peer takes it; 0: none
  bool tfc_padding = true;  // we accept it (RFC 7296 1.3.1)
  bool use_assigned_address = false;  // the local selector is what the configuration payload gave us
  ipsec::TunnelOptions tunnel{};
  std::optional<ClusterWish> cluster{};  // none: an SA of its own
};

struct PeerConfiguration {
  std::string name;
  std::optional<IpAddress> local_address, remote_address;  // none: any
  ipsec::Identity local_id;
  std::optional<ipsec::Identity> remote_id;  // whom we mean when we initiate, and who may use this; none: any
  std::vector<IkeProposal> proposals;        // the most wanted first
  std::shared_ptr<const Credential> credential;
  std::vector<ChildConfiguration> children;  // the first is made together with the IKE SA
  bool childless = false;                    // make none (RFC 6023)
  SaLifetime lifetime{std::chrono::hours(4), std::chrono::minutes(250), 0.1};
  Duration probe_every{};  // a liveness check beside traffic, for whoever measures paths; 0: none
  Duration liveness_after = std::chrono::seconds(30);  // of silence, where something is to be known; 0: never
  Duration keepalive_every = std::chrono::seconds(20);  // behind a NAT (RFC 3948 4)
  std::uint32_t window = 1;                             // of requests that the peer may have on their way
  bool force_encapsulation = false;                     // ESP in UDP, NAT or not
  std::size_t fragment_beyond = 1280;                   // octets of an IP packet (RFC 7383); 0: no fragments
  bool initial_contact = true;                          // say so if this is the only IKE SA with the peer
  ConfigurationWanted wanted;                           // asked for with CFG_REQUEST
  ConfigurationOffer offer;                             // for the peer's CFG_REQUEST
  std::string address_pool;                             // answers the peer's; empty: none
};

struct Configuration {
  std::vector<PeerConfiguration> peers;
  Duration half_open_for = std::chrono::seconds(30);  // a responder waits so long for IKE_AUTH
  std::size_t most_half_open = 100'000;               // beyond it requests are dropped unanswered
  std::size_t most_ike_sas = 1'000'000;               // likewise
  std::uint32_t most_children = 1024;                 // of one IKE SA: NO_ADDITIONAL_SAS beyond
  unsigned most_init_retries = 5;                     // cookies and other groups that we follow
  unsigned most_auth_rounds = 32;                     // IKE_AUTH exchanges of one IKE SA
  Duration retry_after =
      std::chrono::seconds(10);                  // TEMPORARY_FAILURE (RFC 7296 2.25), plus up to half of it
  Duration retry_for = std::chrono::minutes(3);  // then the ends disagree, and the IKE SA is closed
  // What the peer should delete (RFC 7296 2.8) we delete ourselves after so long: more than it takes to give
  // up.
  Duration forgotten_after = std::chrono::minutes(5);
  RateLimit::Settings unprotected_replies{};
  RateLimit::Settings retry_replies{std::chrono::milliseconds(1), 1000};  // INVALID_KE_PAYLOAD
  RateLimit::Settings stray_packets{};  // ESP and AH packets of no SA, that are told of to their senders
  RateLimit::Settings notices{std::chrono::seconds(1), 3};  // of one IKE SA: INVALID_SPI and its like
  bool tell_invalid_selectors = true;                       // RFC 4301 5.2
  // Off: it is optional, no state follows from it, and a peer that takes every error Notify for its end
  // would lose an IKE SA that is good.
  bool tell_invalid_message_id = false;  // RFC 7296 2.3
  RateLimit::Settings liveness_hints{std::chrono::seconds(10), 1};
};

// Refuses what could never work, naming the peer, the field, what was found and what is allowed.
Result<> check(const Configuration& configuration);

}  // namespace mpsec::ike
