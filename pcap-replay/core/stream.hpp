// One SA as a capture shows it: the packets with one SPI to one destination.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/ip_address.hpp"
#include "base/strong.hpp"
#include "cluster/reordering_metrics.hpp"
#include "ipsec/discard.hpp"
#include "ipsec/replay_window.hpp"
#include "ipsec/sa.hpp"
#include "pcap-replay/capture/frame_list.hpp"
#include "pcap-replay/capture/packet_finder.hpp"
#include "pcap-replay/cluster/cluster_account.hpp"
#include "pcap-replay/cluster/number_sketch.hpp"

namespace mpsec::replay {

class SaOpener;

struct StreamKey {
  ipsec::Protocol protocol = ipsec::Protocol::esp;
  Spi spi;
  AddressBits to;

  IpAddress destination() const { return to.address(); }
  bool operator==(const StreamKey&) const = default;
};

// How a stream's packets were judged.
enum class Judge : std::uint8_t {
  engine,       // by the SA whose key is known: ICV, replay window, padding, selectors
  clear_header  // no key: sequence numbers as they stand there, wraps inferred; anybody can have written them
};

struct StreamOptions {
  std::uint32_t replay_window = 64;  // of streams without a key; 0: none
  std::uint64_t reordering_bound = 65536;
};

// Whether a packet's number says something about the stream: its ICV was right, or nobody can tell because
// the window turned it away before.
bool has_number(ipsec::Discard discard);
ipsec::Discard discard_for(ipsec::ReplayVerdict verdict);

class Stream {
  // What every packet touches stands together, ahead of the rest.
  StreamKey key_;
  AddressBits last_source_;
  std::uint64_t top_ = 0;
  std::uint64_t number_ = 0;
  std::optional<ipsec::ReplayWindow> window_;

 public:
  std::unique_ptr<NumberSketch> sketch;  // to find clusters; none for streams beyond a limit
  ClusterAccount* cluster = nullptr;     // of a sub-SA: then its window judges
  std::uint32_t cluster_member = 0;      // in `cluster`
  std::unique_ptr<SaOpener> opener;      // where a key may fit
  std::size_t learnt_keys_seen = 0;      // of those that the capture itself brought to light
  std::uint64_t packets = 0;
  std::uint64_t octets = 0;
  std::uint64_t in_udp = 0;  // of the packets
  std::uint64_t cut = 0;     // by the capture: sequence numbers only
  std::uint64_t first_frame = 0, last_frame = 0;
  Instant first_time{}, last_time{};
  AddressBits source;                // of the first packet
  std::uint64_t source_changes = 0;  // packets whose source was not that of the packet before
  Judge judge = Judge::clear_header;
  std::uint64_t accepted = 0;
  ipsec::DiscardCounters discards;
  std::vector<std::pair<ipsec::Discard, FrameList>> discarded_frames;  // in the order of first appearance

  // When the stream began: the stream whose numbers were nearest, and its highest number.
  std::optional<std::pair<std::size_t, std::uint64_t>> nearest_then;

  cluster::ReorderingMetrics metrics;

  Stream(const StreamKey& key, const StreamOptions& options);
  ~Stream();
  Stream(Stream&&) noexcept;

  // A packet arrived, whatever becomes of it. `octets` of the IP datagram on the wire.
  void arrived(const Found& found, std::uint64_t frame, Instant time, std::uint64_t datagram_octets) {
    const AddressBits from = found.source_bits();
    if (packets++ == 0) {
      first_frame = frame;
      first_time = last_time = time;
      source = last_source_ = from;
    }
    octets += datagram_octets;
    in_udp += found.kind == FoundKind::esp_in_udp ? 1 : 0;
    cut += found.whole ? 0 : 1;
    last_frame = frame;
    first_time = std::min(first_time, time);
    last_time = std::max(last_time, time);
    if (from != last_source_) {
      ++source_changes;
      last_source_ = from;
    }
  }

  // Without a key: judges by the number in the clear header.
  ipsec::Discard judge_clear(std::uint32_t on_wire, std::uint64_t frame, Instant time, std::uint32_t octets);
  // What the engine said of a packet, with its full number and a hash of what was in it, 0 if it was not
  // opened.
  void judged(ipsec::Discard discard, std::uint64_t number, std::uint64_t frame, Instant time,
              std::uint32_t octets, std::uint64_t content = 0);

  const StreamKey& key() const { return key_; }
  // The packet's number as the stream saw it last.
  std::uint64_t number() const { return number_; }

 private:
  // The full number nearest to the highest so far.
  std::uint64_t infer(std::uint32_t on_wire) const {
    return on_wire == static_cast<std::uint32_t>(top_) + 1 && on_wire > 1 ? top_ + 1 : infer_far(on_wire);
  }
  std::uint64_t infer_far(std::uint32_t on_wire) const;
  void count(ipsec::Discard discard, std::uint64_t frame) {
    if (discard == ipsec::Discard::none)
      ++accepted;
    else
      count_discard(discard, frame);
  }
  void count_discard(ipsec::Discard discard, std::uint64_t frame);
};

}  // namespace mpsec::replay
