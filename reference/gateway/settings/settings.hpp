// What one file says of a gateway: sockets, tunnel interface, databases, peers, clusters. All of it is read
// and checked before anything starts.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/leased_sequence.hpp"
#include "cluster/path_state.hpp"
#include "cluster/reorder_options.hpp"
#include "crypto/certificate.hpp"
#include "ike/configuration.hpp"
#include "ike/cookie_jar.hpp"
#include "ike/retransmission.hpp"
#include "ipsec/pad_entry.hpp"
#include "ipsec/policy.hpp"

namespace mpsec::gateway {

// One address that the gateway is reached at: UDP for IKE and for ESP in UDP, and raw ESP and AH.
struct ListenSettings {
  IpAddress address;
  std::string interface{};        // bound to this one (SO_BINDTODEVICE); empty: whatever routing says
  std::uint16_t ike_port = 500;   // 0: none
  std::uint16_t nat_port = 4500;  // 0: none
  bool raw = true;                // protocols 50 and 51
  bool operator==(const ListenSettings&) const = default;
};

struct InterfaceAddress {
  IpAddress address;
  std::uint8_t prefix_length = 32;
  bool operator==(const InterfaceAddress&) const = default;
};

// Where clear packets come from and go to.
struct TunSettings {
  std::string name = "mpsec%d";
  std::uint32_t mtu = 1400;
  std::vector<InterfaceAddress> addresses;
  std::vector<InterfaceAddress> routes;  // through the interface
  bool policy_routes = true;             // also a route for each tunnel child's remote selector
  bool operator==(const TunSettings&) const = default;
};

// When packets that came too early are let go. Outside of ClusterSettings, within which an optional one could
// not be made yet.
struct ReorderSettings {
  enum class Policy : std::uint8_t { time, gap, adaptive };
  Policy policy = Policy::adaptive;
  Duration hold = std::chrono::milliseconds(100);  // time: how long; adaptive: its bound
  std::uint32_t gap = 64;                          // of the policy `gap`, in numbers
  cluster::ReorderOptions options{};
};

// How the packets of a cluster are spread and put back in order.
struct ClusterSettings {
  using Reordering = ReorderSettings;
  ipsec::ClusterId id{};  // the policies' name for it
  // What is negotiated, as the children have it that name the cluster; of a cluster of SAs without IKE what
  // holds.
  ike::ClusterWish wish{};
  // W_peer, where nobody tells it (SAs without IKE); 0: the peer looks for no replays.
  std::optional<std::uint32_t> peer_window{};
  std::string scheduler = "round-robin";  // as cluster::make_scheduler takes it
  std::optional<cluster::LeaseRules> leases{};
  std::optional<Reordering> reordering{};  // none: packets leave as they come
  cluster::PathState::Settings paths{};
  Duration probe{};  // how often its paths are measured beside traffic; 0: in silence only
  bool metrics = true;
  // All Child SAs of a policy that names the cluster are its sub-SAs, without a word over IKE (profile 2.1):
  // both ends have to be told so.
  bool negotiated = true;
  // Numbers are shared over the Child SAs of a peer that knows no clusters (profile 8): by configuration
  // only. Without ESN; refused otherwise.
  bool share_with_ordinary_peer = false;

  // Whether IKE has nothing to do with it.
  bool by_configuration() const { return !negotiated || share_with_ordinary_peer; }
  std::map<std::string, std::uint32_t> weights{};  // by the name of a path; 1 where there is none
};

// One path of a peer: an address pair, and what is begun there.
struct PathSettings {
  std::string name;  // "path 1" where the file gives none
  IpAddress local, remote;
  std::uint16_t local_port = 500, remote_port = 500;  // of the first IKE_SA_INIT
};

enum class Start : std::uint8_t {
  none,        // wait for the peer
  on_traffic,  // when a packet meets a policy that has no SA
  at_once,     // and again, after a while, whenever it is gone
};

// What a peer of ike::Configuration is beside that, by its name.
struct PeerSettings {
  std::vector<PathSettings> paths;  // none: the peer is never initiated to
  Start start = Start::on_traffic;
  Duration retry = std::chrono::seconds(5);  // Start::at_once: before the next try
};

// An SA pair of the SAD that no IKE has made.
struct ManualSa {
  std::string name;
  ipsec::PolicyId policy;
  ipsec::InboundParameters inbound;
  ipsec::OutboundParameters outbound;
  std::optional<std::string> cluster{};  // a sub-SA of this one
};

struct ControlSettings {
  std::filesystem::path socket;   // empty: no control
  std::filesystem::path journal;  // JSON lines; empty: standard error, as text
  std::filesystem::path key_log;  // a folder for Wireshark's tables; empty: keys are not exported
  bool operator==(const ControlSettings&) const = default;
};

struct Settings {
  std::string name = "gateway";  // in logs
  std::uint32_t workers = 1;
  std::vector<ListenSettings> listen;
  TunSettings tun;
  ControlSettings control;

  ike::Configuration ike;  // peers with their credentials, children with their policies' IDs
  std::map<std::string, PeerSettings> peers;
  ike::ExponentialBackOff::Settings retransmission;
  ike::StatelessCookieJar::Settings cookies;

  std::vector<ipsec::Policy> policies;                                             // the SPD, in order
  std::vector<ipsec::PadEntry> pad;                                                // in order
  std::map<std::string, std::shared_ptr<const crypto::CertificateStore>> anchors;  // as PAD entries name them
  crypto::ChainPolicy chain_policy{};
  std::map<std::string, std::vector<ipsec::AddressRange>> pools;
  std::map<std::string, ClusterSettings> clusters;  // by ClusterWish::name
  std::vector<ManualSa> sas;

  // What is lawful and most likely not meant, in the order of the file: paths are "FILE:LINE:COLUMN".
  std::vector<Error> warnings;
};

}  // namespace mpsec::gateway
