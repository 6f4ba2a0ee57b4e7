// The IKEv2 engine: datagrams, commands and time in; datagrams, changes of the SAD, events and the next
// deadline out. Pure: it opens no socket, reads no clock, starts no thread. One thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "ike/host.hpp"
#include "ike/ike_sa.hpp"
#include "ike/rate_limit.hpp"

namespace mpsec::ike {

struct ChildStatus {
  ChildId id;
  std::string name;
  ChildState state;
  ipsec::Protocol protocol;
  ipsec::Mode mode;
  Spi inbound, outbound;
  std::vector<ipsec::Selector> selectors;
  std::optional<ClusterId> cluster;
};
struct IkeStatus {
  IkeSaId id;
  std::string peer;
  Role role;
  IkeState state;
  IkeSpis spis;
  Path path;
  ipsec::Identity remote_id;
  std::string suite;
  bool we_are_behind_nat, peer_is_behind_nat;
  std::vector<ChildStatus> children;
};

struct ClusterStatus {
  ClusterId id;
  std::string name;
  ipsec::Identity remote_id;
  std::vector<ChildId> sub_sas;
  std::size_t awaited;  // answers to requests of ours that would join it: without sub-SAs it waits for them
  bool ending;          // takes no more
};

// What was not acted upon, by cause.
struct EngineCounters {
  std::uint64_t received = 0, malformed = 0, other_version = 0, unknown_spi = 0, cookies_sent = 0,
                dropped_half_open = 0, keepalives = 0, no_configuration = 0;
};

// An ESP or AH packet that the data path has no SA for.
struct StrayPacket {
  Path path;  // of the UDP datagram that it came in; without one the ports are 0
  Spi spi;
};

// Packets that an inbound SA of ours has accepted: authentic, and no replay.
struct AcceptedTraffic {
  ipsec::Protocol protocol = ipsec::Protocol::esp;
  Spi inbound;
  std::optional<Path> udp{};  // that the last of them came by, where they are encapsulated
  bool newest = false;        // its sequence number is the highest seen on the SA
};

class Engine final : public Host {
 public:
  // Fails (local fault) where the configuration could never work.
  static Result<std::unique_ptr<Engine>> make(Configuration configuration, const Seams& seams);
  // For what is made from now on; SAs live on as they were agreed, and what replaces one by rekey is like it.
  // Fails, and changes nothing, as make() does.
  Result<> reconfigure(Configuration configuration);

  // --- what happens
  // A UDP payload: IKE, or a NAT keepalive. ESP in UDP is the data path's and is passed over.
  void receive(const Datagram& datagram, Instant now, Actions& actions);
  void on_time(Instant now, Actions& actions);
  std::optional<Instant> next_deadline() const;
  // To be told of a first packet, of a new path, and now and then: not of each packet.
  void on_traffic(const AcceptedTraffic& traffic, Instant now, Actions& actions);
  // A soft or hard limit of octets or packets was met on this inbound or outbound SA of ours.
  void on_lifetime(ChildId child, bool hard, Instant now, Actions& actions);
  // The numbers of this cluster will be used up soon, on the side that we send on: it is replaced by another.
  void on_cluster_limit(ClusterId cluster, Instant now, Actions& actions);
  // A hint that the peer there may be gone: an ICMP error (RFC 7296 2.4).
  void on_hint(const IpAddress& remote, Instant now, Actions& actions);
  void on_stray_packet(const StrayPacket& packet, Instant now, Actions& actions);
  // The data path opened this packet on an inbound SA of ours, and discarded it for its selectors.
  void on_wrong_selectors(ipsec::Protocol protocol, Spi inbound, OctetView packet, Instant now,
                          Actions& actions);

  // --- what is asked for; each fails (local fault) naming what is unknown, or not established
  // `packet`: which waits for the Child SA; null: none does.
  Result<IkeSaId> initiate(std::string_view peer, const Path& path, Instant now, Actions& actions,
                           const ipsec::PacketSelectors* packet = nullptr);
  Result<> create_child(IkeSaId sa, std::string_view child, Instant now, Actions& actions,
                        const ipsec::PacketSelectors* packet = nullptr);
  Result<> rekey_child(ChildId child, Instant now, Actions& actions);
  Result<> delete_child(ChildId child, Instant now, Actions& actions);
  Result<> rekey_ike(IkeSaId sa, Instant now, Actions& actions);
  Result<> close(IkeSaId sa, Instant now, Actions& actions);
  Result<> check_liveness(IkeSaId sa, Instant now, Actions& actions);
  // None may join any more. Each sub-SA is replaced by one of a new cluster, and deleted once that is there.
  Result<> replace_cluster(ClusterId cluster, Instant now, Actions& actions);
  // Deletes all of its sub-SAs, on all IKE SAs.
  Result<> end_cluster(ClusterId cluster, Instant now, Actions& actions);

  // --- what is there
  std::vector<IkeStatus> status() const;
  std::vector<ClusterStatus> cluster_status() const;
  // With the peer of that name in the configuration, of several the oldest; nothing: none is established.
  std::optional<IkeSaId> established_with(std::string_view peer) const;
  // Established ones, and those that wait for the answer to their Delete.
  std::size_t open_ike_sas() const { return open_; }
  // The IKE SA that the child lives on now; nothing: it is gone.
  std::optional<IkeSaId> owner_of(ChildId child) const;
  std::size_t ike_sas() const;  // those that only repeat their last reply left out
  std::size_t half_open() const { return half_open_; }
  std::size_t child_spis() const { return child_spis_.size(); }  // of ours, those being asked for included
  const EngineCounters& counters() const { return counters_; }

  // --- Host
  const Configuration& configuration() const override { return *configuration_; }
  const Seams& seams() const override { return seams_; }
  IkeSaId new_ike_sa_id() override { return IkeSaId{++last_ike_id_}; }
  ChildId new_child_id() override { return ChildId{++last_child_id_}; }
  IkeSpi new_ike_spi(Turn& turn) override;
  Spi new_child_spi(ipsec::Protocol protocol, Turn& turn) override;
  void free_child_spi(Spi spi) override;
  void note_child(const ChildSa& child, IkeSaId owner) override;
  void forget_child(ChildId child) override;
  Clusters& clusters() override { return clusters_; }
  IkeSa& adopt(std::unique_ptr<IkeSa> sa) override;
  IkeSa* find(IkeSaId id) override;
  bool has_other(const ipsec::Identity& local, const ipsec::Identity& remote, IkeSaId but) const override;
  void close_others(const IkeSa& sa, Turn& turn) override;
  const PeerConfiguration* find_peer(const Path& path, const ipsec::Identity& peer,
                                     const std::optional<ipsec::Identity>& asked,
                                     const ChosenSuite& chosen) const override;
  std::vector<IkeProposal> proposals_for(const Path& path) const override;

 private:
  struct InitKey {
    IkeSpi initiator;
    Endpoint remote;
    std::size_t digest;  // of the whole request: another one is another attempt
    auto operator<=>(const InitKey&) const = default;
  };
  // Between whom an IKE SA is (RFC 7296 2.4); the peer's identity is one that has been proved.
  struct Identities {
    ipsec::Identity local, remote;
    auto key() const { return std::tie(local.type, local.value, remote.type, remote.value); }
    auto operator<=>(const Identities& other) const { return key() <=> other.key(); }
    bool operator==(const Identities&) const = default;
  };
  struct Held {
    std::unique_ptr<IkeSa> sa;
    IkeSpi spi;                          // as it stands in by_spi_
    std::optional<Instant> deadline;     // as it stands in deadlines_
    std::optional<InitKey> init;         // as it stands in by_init_, for as long as the SA lives
    std::optional<Identities> running;   // as it stands in running_
    bool half_open = false;              // counted as such
    std::optional<IpAddress> address{};  // as it stands in by_address_
    std::string peer{};                  // as it stands in by_peer_; empty: it does not
    bool open = false;                   // counted as such
  };
  Engine(Configuration configuration, const Seams& seams);

  void receive_message(OctetView octets, const Path& path, Turn& turn);
  void receive_init_request(const wire::ike::IkeHeader& header, OctetView octets, const Path& path,
                            Turn& turn);
  bool demand_cookie(const wire::ike::Message& message, const Path& path, Turn& turn);
  void answer_init(const wire::ike::Message& message, OctetView octets, const PeerConfiguration& peer,
                   const Path& path, Turn& turn);
  void on_unknown_spi(const wire::ike::IkeHeader& header, OctetView octets, const Path& path, Turn& turn);
  void on_other_version(const wire::ike::IkeHeader& header, const Path& path, Turn& turn);
  void send_unprotected(const wire::ike::IkeHeader& to, wire::ike::Notify notify, const Path& path,
                        Turn& turn);
  void reply_unprotected(const wire::ike::IkeHeader& to, wire::ike::Notify notify, const Path& path,
                         Turn& turn);
  void refuse(Error error, const Path& path, Turn& turn) const;
  const PeerConfiguration* peer_for_init(const Path& path) const;
  void hint(const IpAddress& remote, Turn& turn);
  struct FoundChild {
    IkeSa* sa = nullptr;
    ChildSa* child = nullptr;
  };
  FoundChild find_inbound(ipsec::Protocol protocol, Spi inbound);
  FoundChild find_child(ChildId id);
  IkeSa* find_for(const Path& path);
  void send_invalid_spi(const StrayPacket& packet, Turn& turn);
  IkeSa* find_by_spi(const wire::ike::IkeHeader& header);
  // After anything was done with an SA: its deadline, and its end.
  void settle(IkeSaId id);
  void settle_all(Actions& actions);  // and which clusters have ended by it
  void index(IkeSaId id, Held& held);
  void index_state(IkeSaId id, Held& held);
  // The running ones but this, as they stood after the last event.
  std::vector<IkeSaId> others_between(const Identities& identities, IkeSaId but) const;
  template <class Act>
  Result<> with(IkeSaId id, Instant now, Actions& actions, Act act);
  template <class Act>
  Result<> with_established(IkeSaId id, Instant now, Actions& actions, Act act);
  Result<> with_child(ChildId id, Instant now, Actions& actions, auto act);

  void index_peers();

  std::shared_ptr<const Configuration> configuration_;
  std::map<std::string_view, const PeerConfiguration*> peers_;  // of configuration_, by name
  std::vector<std::shared_ptr<const Configuration>> former_;    // of SAs that live on
  Seams seams_;
  std::unordered_map<Spi, ChildId> child_spis_;  // outlives the SAs, which give theirs back
  std::unordered_map<ChildId, IkeSaId> owners_;
  Clusters clusters_;  // likewise
  std::map<IkeSaId, Held> sas_;
  std::unordered_map<IkeSpi, IkeSaId> by_spi_;  // by our SPI
  std::map<InitKey, IkeSaId> by_init_;          // for IKE_SA_INIT sent again
  std::set<std::pair<Identities, IkeSaId>> running_;
  std::set<std::pair<IpAddress, IkeSaId>> by_address_;  // of the peers of running SAs
  std::set<std::pair<std::string, IkeSaId>> by_peer_;   // established ones
  std::set<std::pair<Instant, IkeSaId>> deadlines_;
  std::set<IkeSaId> touched_;
  std::size_t half_open_ = 0, open_ = 0;
  std::uint64_t last_ike_id_ = 0, last_child_id_ = 0;
  RateLimit unprotected_replies_, stray_packets_, retry_replies_;
  EngineCounters counters_;
};

}  // namespace mpsec::ike
