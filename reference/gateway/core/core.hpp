// The whole gateway but for its sockets: IKE, the data path with its clusters, and what ties them. Pure:
// datagrams, packets, commands and the time go in; datagrams, packets, reports and the next deadline come
// out. One thread.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "crypto/ike_provider.hpp"
#include "gateway/core/initiations.hpp"
#include "gateway/core/output.hpp"
#include "gateway/core/policies.hpp"
#include "gateway/core/replacements.hpp"
#include "gateway/core/sa_table.hpp"
#include "gateway/core/status.hpp"
#include "ipsec/spd.hpp"

namespace mpsec::gateway {

class Core {
 public:
  // All of them outlive the core.
  struct Seams {
    Rng& rng;  // with several workers: for several threads at once
    const crypto::Provider& provider;
    const crypto::IkeProvider& ike_provider;
    const crypto::PkiProvider& pki;
    crypto::CalendarSeconds at_start = 0;        // the calendar's time at Instant{}
    ike::KeyLog* key_log = nullptr;              // null: keys are not exported
    const Replacements* replacements = nullptr;  // of seams; null: all are the standard ones
  };

  // Settings that were read by read_settings(). Fails (local fault) naming what could never work.
  static Result<std::unique_ptr<Core>> make(Settings settings, const Seams& seams, Instant now);
  ~Core();

  // --- what happens
  void receive_ike(const Datagram& datagram, Instant now, Output& output);
  // From the unprotected side: whole IP packets, encapsulated ones with their UDP header, IKE among them too.
  void receive(std::span<ipsec::PacketBuffer> packets, Instant now, Output& output);
  // From the protected side: whole clear IP packets.
  void send(std::span<ipsec::PacketBuffer> packets, Instant now, Output& output);
  // What a worker has told, while `news` are kept where they are until the output has been taken.
  void take_news(const News& news, Instant now, Output& output);
  // The further workers, whose halves of their desks are to be worked at; nullptr: there are none.
  Crew* crew();
  // The network says that the peer cannot be reached: a hint (RFC 7296 2.4).
  void on_unreachable(const IpAddress& remote, Instant now, Output& output);
  void on_time(Instant now, Output& output);
  std::optional<Instant> next_deadline() const;

  // --- what is asked for; each fails naming what is not there
  // One path of the peer, or with an empty name all that have no IKE SA. The IKE SAs that were begun: of
  // paths that are begun in series (initiations.hpp) the first at most, the others follow.
  Result<std::vector<ike::IkeSaId>> initiate(std::string_view peer, std::string_view path, Instant now,
                                             Output& output);
  // A further child of an IKE SA, by its name.
  Result<> create_child(ike::IkeSaId sa, std::string_view child, Instant now, Output& output);
  Result<> rekey_ike(ike::IkeSaId sa, Instant now, Output& output);
  Result<> rekey_child(ike::ChildId child, Instant now, Output& output);
  Result<> terminate_ike(ike::IkeSaId sa, Instant now, Output& output);
  Result<> terminate_child(ike::ChildId child, Instant now, Output& output);
  // Other settings, without losing an SA: those that are there live on as they were agreed.
  Result<> reload(Settings settings, Instant now, Output& output);
  // Deletes everything. stopped() when the peers have answered or were given up.
  void stop(Instant now, Output& output);
  bool stopped() const;

  // --- what is there
  Status status() const;
  Counters counters() const;
  const Settings& settings() const { return settings_; }
  // The name that its configuration has in the settings; empty: it is not there (any more).
  std::string child_name(ike::ChildId child) const;

 private:
  Core(Settings settings, const Seams& seams);
  Result<> build(Instant now);

  // Takes up what a call into a part has caused, and what that causes in turn.
  void settle(Instant now, Output& output);
  void take_ike(ike::Actions taken, Instant now, Output& output);
  void take_ike_event(const ike::Event& event, Instant now, Output& output);
  void take_path(const ike::PathReport& report, Instant now, Output& output);
  void take_packets(Instant now, Output& output);
  void take_deliveries(Instant now, Output& output);
  void take_data_event(const ipsec::Event& event, Instant now, Output& output);
  void take_cluster_event(const cluster::ClusterEvent& event, Instant now, Output& output);
  void tell_traffic(SaTable::Child& child, const News::Traffic& traffic, Instant now);
  void tell_limit(const ipsec::LifetimeReached& limit, Instant now);
  // The child of a policy that somebody is to be begun with for; null: nobody is.
  const PolicyOwner* to_begin_with(ipsec::PolicyId policy) const;
  void hold_waiting(std::span<const ipsec::Event> events, Instant now);
  void release_waiting(ipsec::PolicyId policy, Instant now, Output& output);
  void acquire(const ipsec::Acquire& acquire, Instant now, Output& output);
  void begin_due(Instant now, Output& output);
  void lose_addresses(ike::IkeSaId sa, Output& output);
  Result<ike::IkeSaId> begin(const Initiations::PathName& name, Instant now,
                             const ipsec::PacketSelectors* packet, Output& output);
  template <class Act>
  Result<> command(Instant now, Output& output, Act act);

  struct Parts;  // made before the engine, and outliving it
  Settings settings_;
  Seams seams_;
  std::unique_ptr<Parts> parts_;
  std::unique_ptr<ike::Engine> engine_;
  Initiations initiations_;
  std::unordered_map<ipsec::PolicyId, PolicyOwner> owners_;
  ike::Actions ike_actions_;
  std::map<ike::IkeSaId, std::vector<IpAddress>> assigned_;  // by peers, to us
  std::map<ipsec::PolicyId, Instant> asked_for_;             // Child SAs, because of a packet
  std::vector<ipsec::PacketBuffer> unserved_;                // of the news that are taken
  Counters counters_;
  bool stopping_ = false;
};

}  // namespace mpsec::gateway
