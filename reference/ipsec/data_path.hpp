// The IPsec boundary (RFC 4301 3.1, 5): clear packets on one side, protected ones on the other, between them
// the databases. Pure: packets and the time go in; packets, events and the next deadline come out. One
// thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/scratch.hpp"
#include "ipsec/ah_authenticator.hpp"
#include "ipsec/arrival.hpp"
#include "ipsec/data_path_events.hpp"
#include "ipsec/icmp_errors.hpp"
#include "ipsec/inbound_sa.hpp"
#include "ipsec/outbound_choice.hpp"
#include "ipsec/outbound_group.hpp"
#include "ipsec/outbound_sa.hpp"
#include "ipsec/path_mtu.hpp"
#include "ipsec/reassembly.hpp"
#include "ipsec/sad.hpp"
#include "ipsec/spd.hpp"

namespace mpsec::ipsec {

class DataPath {
 public:
  struct Options {
    std::uint64_t seed = 0;                   // of the SAD's hash; random in earnest
    SpiSpace spi_space = SpiSpace::shared;    // RFC 4301 4.1
    std::uint16_t encapsulation_port = 4500;  // RFC 3948 2.1
    std::optional<IpAddress> own_v4, own_v6;  // whom ICMP errors come from; without one, sources are not told
    bool fragment_after_protection = false;   // a packet that may be cut: before protection, or after it
    bool reassemble = true;                   // protected packets that arrive in fragments
    Reassembler::Limits reassembly{};
    PathMtu::Limits path_mtu{};  // all but `link`, which is the SA's path_mtu
    IcmpErrorRate::Limits icmp_errors{};
  };
  // The parts that policy may replace. Each outlives the data path.
  struct Seams {
    Rng& rng;
    LifetimePolicy& lifetime;
    InboundPolicy& inbound;
    PacketTap* tap = nullptr;
  };

  DataPath(const Options& options, const Seams& seams);

  // --- configuration
  // ------------------------------------------------------------------------------------------ Takes over the
  // policies as they are in `spd` now.
  void use(Spd& spd) { policies_ = spd.snapshot(); }

  // Refuses a reserved SPI, and an SA whose lookup key another has, naming both. The SA is known by its SPI,
  // and by addresses where `shape` says so (RFC 4301 4.1).
  Result<InboundSa*> add(std::unique_ptr<InboundSa> sa, SadKeyShape shape = SadKeyShape::spi);
  // For packets of the policy that match the SA's selectors; of several, the one added last is used.
  OutboundSa* add(PolicyId policy, std::unique_ptr<OutboundSa> sa);
  // For packets that the group gives it.
  OutboundSa* add(std::unique_ptr<OutboundSa> sa);
  // The SAs of policies that name the cluster, until another group is named or none. Outlives the data path,
  // or is taken back.
  void use(ClusterId cluster, OutboundGroup* group);
  // Whether the packet's policy gives it to a group that is here.
  bool has_group_for(const PacketSelectors& packet) const;
  // Takes the group back, unless another has taken its place meanwhile.
  void take_back(ClusterId cluster, const OutboundGroup* group);
  // False if there is no such SA here.
  bool remove(const InboundSa* sa);
  bool remove(const OutboundSa* sa);
  std::size_t inbound_sas() const { return inbound_.size(); }
  std::size_t outbound_sas() const { return outbound_.size(); }

  // --- packets
  // ------------------------------------------------------------------------------------------------ From the
  // protected side, each a whole datagram with room around it. Works in place: fates[i] says what became of
  // packets[i].
  void send(std::span<Outgoing> packets, Instant now, std::span<Fate> fates, Actions& actions);
  // From the unprotected side. What may go on is in actions.deliveries; it points into the buffers given
  // here, or into actions.held.
  void receive(std::span<PacketBuffer> packets, Instant now, Actions& actions);

  // --- time
  // ---------------------------------------------------------------------------------------------------
  std::optional<Instant> next_deadline() const;
  void on_time(Instant now, Actions& actions);

  const DiscardCounters& discards() const { return discards_; }

 private:
  struct InboundEntry {
    std::unique_ptr<InboundSa> sa;
    SadKey key;
  };
  struct OutboundEntry {
    std::unique_ptr<OutboundSa> sa;
    std::optional<PolicyId> policy;  // none: a group gives it its packets
    PathMtu path_mtu;
    std::optional<Instant> raise_at{};  // as it stands in raises_
  };
  struct Chunk;
  using Timers = std::multimap<Instant, std::variant<const InboundSa*, const OutboundSa*>>;

  // outbound
  void send_chunk(std::span<Outgoing> packets, Instant now, std::span<Fate> fates, Actions& actions);
  struct Classified;
  struct Run;
  using Runs = Scratch<Run, largest_run>;
  void classify_all(std::span<Outgoing> packets, Runs& runs, Instant now, std::span<Fate> fates,
                    Actions& actions);
  void classify(const PacketSelectors& packet, std::uint32_t rest, Instant now, Classified& result);
  static void choose(const PacketSelectors& packet, std::uint32_t rest, Instant now, Classified& result);
  OutboundChoice* choice_for(PolicyId policy);
  void protect_run(OutboundSa& sa, std::span<Outgoing> run, Instant now, std::span<Fate> fates,
                   Actions& actions);
  void protect_in_group(const Run& chosen, std::span<Outgoing> run, Instant now, std::span<Fate> fates,
                        Actions& actions);
  void protect_copied(OutboundSa* sa, OutboundSa* copy, std::span<Outgoing> run, Instant now,
                      Actions& actions);
  void settle(OutboundSa& sa, const OutboundGroup* group, Outgoing& packet, Instant now, Fate& fate,
              Actions& actions);
  void on_too_big(OutboundSa& sa, const OutboundGroup* group, Outgoing& packet, Instant now, Fate& fate,
                  Actions& actions);
  bool cut_before(OutboundSa& sa, OctetView packet, Instant now, Actions& actions);
  bool cut_after(OutboundSa& sa, Outgoing& packet, Instant now, Actions& actions);
  void tell_source(OctetView packet, const OutboundSa& sa, const OutboundGroup* group, Instant now,
                   Actions& actions);
  void note_lifetime(OutboundSa& sa, Actions& actions);
  void audit_outbound(const Outgoing& packet, Spi spi, Instant now, Actions& actions);
  OutboundSeams outbound_seams() { return {seams_.rng, seams_.lifetime, authenticator_, seams_.tap}; }

  // inbound
  void receive_chunk(std::span<PacketBuffer> packets, Instant now, Actions& actions);
  void look_at_all(Chunk& chunk, std::span<PacketBuffer> packets, Instant now, Actions& actions);
  void on_unsealed(const Arrival& arrival, PacketBuffer packet, Instant now, Actions& actions);
  void find_sas(Chunk& chunk, Instant now, Actions& actions);
  void open_run(InboundSa& sa, std::span<const SealedPacket> run, Instant now, Actions& actions);
  void on_clear(PacketBuffer packet, Instant now, Actions& actions);
  bool on_icmp(OctetView packet, Instant now, Actions& actions);
  void on_fragment(const PacketBuffer& packet, Instant now, Actions& actions);
  void note_lifetime(InboundSa& sa, Actions& actions);
  void audit_inbound(Discard cause, OctetView packet, const SealedPacket* sealed, Spi spi, Instant now,
                     Actions& actions);

  OutboundSa* add(std::unique_ptr<OutboundSa> sa, std::optional<PolicyId> policy);
  void schedule(const Lifetime& lifetime, Timers::mapped_type sa);
  void give_up_fragments(Instant now, Actions& actions);
  void raise_path_mtus(Instant now, Actions& actions);
  void schedule_raise(OutboundEntry& entry, std::optional<Instant> at);

  Options options_;
  Seams seams_;
  std::shared_ptr<const SpdSnapshot> policies_;
  InboundSad<InboundSa> sad_;
  std::size_t by_address_ = 0;  // SAs that are found by addresses too
  std::unordered_map<const InboundSa*, InboundEntry> inbound_;
  std::unordered_map<const OutboundSa*, OutboundEntry> outbound_;
  std::unordered_map<PolicyId, OutboundChoice> choices_;
  std::unordered_map<ClusterId, OutboundGroup*> groups_;
  std::unordered_multimap<Spi, OutboundEntry*> outbound_by_spi_;  // for ICMP
  AhAuthenticator authenticator_;
  Reassembler reassembler_;
  IcmpErrorRate icmp_errors_;
  Timers timers_;
  std::set<std::pair<Instant, OutboundEntry*>> raises_;  // of path MTUs that were lowered
  DiscardCounters discards_;
};

}  // namespace mpsec::ipsec
