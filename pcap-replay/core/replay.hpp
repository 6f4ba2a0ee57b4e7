// A capture, frame by frame, through the engine.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "crypto/ike_provider.hpp"
#include "ipsec/reassembly.hpp"
#include "pcap-replay/capture/capture_reader.hpp"
#include "pcap-replay/capture/link_layer.hpp"
#include "pcap-replay/capture/packet_finder.hpp"
#include "pcap-replay/core/sa_opener.hpp"
#include "pcap-replay/core/stream_table.hpp"
#include "pcap-replay/ike/ike_watch.hpp"

namespace mpsec::replay {

// SAs that are to be taken for one cluster.
struct ClusterPlan {
  std::vector<StreamKey> streams;
  std::vector<Spi> spis;  // to whatever destination, besides

  bool has(const StreamKey& stream) const;
};

struct ReplayOptions {
  StreamOptions stream;
  UdpPorts udp_ports;
  std::size_t most_streams = 65536;  // packets of further SPIs are counted together
  IkeWatchOptions ike;
  std::size_t most_ike_messages = 1000;  // to keep for the report; all are counted
  std::size_t most_child_keys = 131072;  // of Child SAs that were followed
  std::vector<ClusterPlan> clusters;     // at most most_clusters
  std::size_t most_sketches = 4096;      // streams whose numbers are sampled to find clusters
  std::uint64_t seed = 0;                // of the tables; only speed depends on it
};

// A planned cluster as the replay saw it. An account takes 3 MiB at most, and as much as ReorderingMetrics.
struct ReplayedCluster {
  ClusterAccount account;
  std::vector<const Stream*> streams;  // by the account's members
};
constexpr std::size_t most_clusters = 64;

// A protected packet and what became of it.
struct ProtectedPacket {
  const CapturedFrame& frame;
  const Found& found;
  const Stream& stream;
  ipsec::Discard discard;
  std::uint64_t number;
  std::optional<SharedVerdict> shared;  // of a sub-SA's packet: what its cluster says
  unsigned depth;                       // 0 in the frame itself, 1 inside a packet that was opened, ...
};

// A clear packet that came out, and is no protected one that was opened in turn.
struct ClearPacket {
  const CapturedFrame& frame;
  const Stream& stream;
  std::uint64_t number;
  OctetView packet;
};

class ReplayObserver {
 public:
  virtual ~ReplayObserver() = default;
  virtual void on_protected(const ProtectedPacket&) {}
  virtual void on_clear(const ClearPacket&) {}
  virtual void on_ike(const IkeRecord&, unsigned /* depth, as above */) {}
};

// What was in the frames. A packet that was opened is looked into again: what protects it counts too.
struct ReplayCounts {
  std::uint64_t frames = 0;
  std::uint64_t octets = 0;  // captured
  std::uint64_t not_ip = 0;
  std::uint64_t other_ip = 0;  // in the frames themselves
  std::uint64_t clear = 0;     // packets that came out of protected ones
  std::uint64_t malformed = 0;
  std::uint64_t cut = 0;  // the capture ends before what tells
  std::uint64_t link_truncated = 0;
  std::map<LinkType, std::uint64_t> unsupported_links;
  std::uint64_t esp = 0, esp_in_udp = 0, ah = 0;
  std::uint64_t ike_v1 = 0, ike_v2 = 0, ike_other = 0;
  std::uint64_t keepalives = 0;
  std::uint64_t fragments = 0;
  std::uint64_t reassembled = 0;
  std::uint64_t fragments_dropped = 0;
  std::uint64_t reserved_spi = 0;    // ESP or AH with an SPI of 0 to 255
  std::uint64_t beyond_streams = 0;  // of SPIs that there was no room for
};

class Replay {
 public:
  // `keys` and `provider` outlive the replay. Without entries nothing is decrypted.
  Replay(const std::vector<KeyEntry>& keys, const crypto::Provider& provider, const ReplayOptions& options);

  // Of IKE SAs; they are copied.
  void add_ike_keys(const std::vector<IkeKeyEntry>& keys) { ike_.add_keys(keys); }

  void set_observer(ReplayObserver* observer) { observer_ = observer; }
  void frame(const CapturedFrame& frame);

  const ReplayCounts& counts() const { return counts_; }
  const std::deque<Stream>& streams() const { return table_.streams(); }
  // By the options' plans.
  const std::deque<ReplayedCluster>& clusters() const { return clusters_; }
  const IkeWatch& ike() const { return ike_; }
  // The first messages of IKE; whether they are all.
  const std::vector<IkeRecord>& ike_messages() const { return ike_messages_; }
  std::uint64_t ike_message_count() const { return ike_message_count_; }
  Instant first_time() const { return first_time_; }
  Instant last_time() const { return last_time_; }
  // Entries that could not be used, and why.
  const std::vector<Error>& problems() const { return problems_; }

 private:
  static constexpr unsigned deepest = 4;
  using Discard = ipsec::Discard;

  void not_ip(const CapturedFrame& frame, LinkContent::Kind kind);
  bool inner_packet(const CapturedFrame& frame, OctetView packet, unsigned depth);
  void something_else(const CapturedFrame& frame, const Found& found, unsigned depth);
  void protected_packet(const CapturedFrame& frame, const Found& found, std::uint64_t datagram_octets,
                        unsigned depth);
  void open(const CapturedFrame& frame, const Found& found, Stream& stream, unsigned depth);
  void look_through_ah(const CapturedFrame& frame, const Found& found, unsigned depth);
  void fragment(const CapturedFrame& frame, const Found& found, unsigned depth);
  void ike(const CapturedFrame& frame, const Found& found, std::size_t message_at, unsigned depth);
  void ike_on_other_ports(const CapturedFrame& frame, const Found& found, unsigned depth);
  void count_ike(std::uint8_t version);
  void learn(std::vector<KeyEntry> children);
  std::optional<SharedVerdict> judge_clear(Stream& stream, const Found& found, const CapturedFrame& frame,
                                           Discard& discard);
  std::optional<SharedVerdict> note_opened(Stream& stream, const Found& found, const CapturedFrame& frame,
                                           OpeningResult& result);
  void begin(Stream& stream, const Found& found);
  void note_nearest(Stream& stream);
  void attach_keys(Stream& stream, const Found& found);
  void attach_learnt_keys(Stream& stream, const Found& found);
  void attach(Stream& stream, const Found& found, const std::vector<const KeyEntry*>& entries);

  const std::vector<KeyEntry>* keys_;
  ReplayOptions options_;
  std::unique_ptr<crypto::IkeProvider> ike_provider_;
  OpeningBench bench_;
  IkeWatch ike_;
  std::vector<IkeRecord> ike_messages_;
  std::uint64_t ike_message_count_ = 0;
  std::unordered_multimap<std::uint32_t, std::unique_ptr<const KeyEntry>> learnt_;  // by SPI
  StreamTable table_;
  std::deque<ReplayedCluster> clusters_;
  ipsec::Reassembler reassembler_;
  ReplayObserver* observer_ = nullptr;
  ReplayCounts counts_;
  Instant first_time_{}, last_time_{};
  std::vector<Error> problems_;
  std::array<Octets, deepest> storage_;
};

}  // namespace mpsec::replay
