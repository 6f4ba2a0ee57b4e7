#include "pcap-replay/core/replay.hpp"

#include <algorithm>
#include <bit>
#include <cstdlib>

#include "crypto/openssl/openssl_ike_provider.hpp"
#include "wire/ah.hpp"
#include "wire/protocol.hpp"

namespace mpsec::replay {
namespace {

using ipsec::Discard;

constexpr std::uint32_t last_reserved_spi = 255;  // RFC 4303 2.1, RFC 4302 2.4

bool is_protected(FoundKind kind) {
  return kind == FoundKind::esp || kind == FoundKind::esp_in_udp || kind == FoundKind::ah;
}

// Of both ends of a packet, where headers and checksums tell packets apart; 0 is kept for "not opened".
std::uint64_t hash_of(OctetView octets) {
  constexpr std::size_t looked_at = 64;
  std::uint64_t hash = octets.size();
  for (const OctetView part :
       {octets.first(std::min(octets.size(), looked_at)), octets.last(std::min(octets.size(), looked_at))})
    for (std::size_t at = 0; at + 8 <= part.size(); at += 8)
      hash = std::rotl((hash ^ load_be<std::uint64_t>(part.data() + at)) * 0x9e3779b97f4a7c15, 29);
  return hash | 1;
}

ipsec::ReplayVerdict shared_verdict(Discard discard) {
  if (discard == Discard::replay_duplicate) return ipsec::ReplayVerdict::duplicate;
  return discard == Discard::replay_too_old ? ipsec::ReplayVerdict::too_old : ipsec::ReplayVerdict::fresh;
}

Discard discard_for(SharedVerdict verdict) {
  switch (verdict) {
    case SharedVerdict::redundant:
      return Discard::redundant;
    case SharedVerdict::replay:
      return Discard::replay_duplicate;
    case SharedVerdict::too_old:
      return Discard::replay_too_old;
    case SharedVerdict::unreadable:
      return Discard::replay_below_zero;
    case SharedVerdict::fresh:
      break;
  }
  return Discard::none;
}

// All sub-SAs of a cluster have extended numbers, or none has: the first key tells which. Without keys the
// window is given full numbers.
std::shared_ptr<ipsec::ReplayWindow> shared_window(const Stream& stream, const KeyEntry& entry) {
  if (stream.cluster == nullptr) return nullptr;
  const std::shared_ptr<ipsec::ReplayWindow>& window = stream.cluster->window();
  if (window && window->top() == 0)
    *window = ipsec::ReplayWindow(window->size(), entry.parameters.extended_sequence_numbers);
  return window;
}

}  // namespace

bool ClusterPlan::has(const StreamKey& stream) const {
  return std::ranges::find(spis, stream.spi) != spis.end() ||
         std::ranges::find(streams, stream) != streams.end();
}

Replay::Replay(const std::vector<KeyEntry>& keys, const crypto::Provider& provider,
               const ReplayOptions& options)
    : keys_(&keys),
      options_(options),
      ike_provider_(crypto::make_openssl_ike_provider()),
      bench_(provider, options.seed),
      ike_(provider, *ike_provider_, options.ike),
      table_(options.seed, options.most_streams, options.stream) {
  for (std::size_t i = 0; i < std::min(options.clusters.size(), most_clusters); ++i)
    clusters_.emplace_back(ClusterAccount({options.stream.replay_window, options.stream.reordering_bound}),
                           std::vector<const Stream*>{});
}

void Replay::frame(const CapturedFrame& frame) {
  if (counts_.frames++ == 0) first_time_ = last_time_ = frame.time;
  first_time_ = std::min(first_time_, frame.time);
  last_time_ = std::max(last_time_, frame.time);
  counts_.octets += frame.octets.size();
  const LinkContent content = strip_link_layer(frame.link_type, frame.octets);
  if (content.kind != LinkContent::Kind::ip) return not_ip(frame, content.kind);
  const Found found = find_ipsec(content.packet, options_.udp_ports, frame.is_cut());
  if (!is_protected(found.kind)) return something_else(frame, found, 0);
  const std::size_t link_octets = frame.octets.size() - content.packet.size();
  protected_packet(frame, found, found.whole ? found.packet.size() : frame.original_length - link_octets, 0);
}

void Replay::not_ip(const CapturedFrame& frame, LinkContent::Kind kind) {
  switch (kind) {
    case LinkContent::Kind::ip:
      return;
    case LinkContent::Kind::not_ip:
      ++counts_.not_ip;
      return;
    case LinkContent::Kind::truncated:
      ++(frame.is_cut() ? counts_.cut : counts_.link_truncated);
      return;
    case LinkContent::Kind::unsupported:
      ++counts_.unsupported_links[frame.link_type];
      return;
  }
}

// A packet that another one carried. True if it is protected in turn.
bool Replay::inner_packet(const CapturedFrame& frame, OctetView packet, unsigned depth) {
  const Found found = find_ipsec(packet, options_.udp_ports);
  if (is_protected(found.kind))
    protected_packet(frame, found, found.packet.size(), depth);
  else
    something_else(frame, found, depth);
  return is_protected(found.kind);
}

void Replay::something_else(const CapturedFrame& frame, const Found& found, unsigned depth) {
  switch (found.kind) {
    case FoundKind::other:
      return ike_on_other_ports(frame, found, depth);
    case FoundKind::ike:
      return ike(frame, found, found.security_at, depth);
    case FoundKind::keepalive:
      ++counts_.keepalives;
      return;
    case FoundKind::malformed:
      ++counts_.malformed;
      return;
    case FoundKind::cut:
      ++counts_.cut;
      return;
    case FoundKind::fragment:
      fragment(frame, found, depth);
      return;
    case FoundKind::esp:
    case FoundKind::esp_in_udp:
    case FoundKind::ah:
      return;
  }
}

void Replay::protected_packet(const CapturedFrame& frame, const Found& found, std::uint64_t datagram_octets,
                              unsigned depth) {
  ++(found.kind == FoundKind::esp  ? counts_.esp
     : found.kind == FoundKind::ah ? counts_.ah
                                   : counts_.esp_in_udp);
  if (found.spi.value <= last_reserved_spi) {
    ++counts_.reserved_spi;
    return;
  }
  const auto protocol = found.kind == FoundKind::ah ? ipsec::Protocol::ah : ipsec::Protocol::esp;
  bool added = false;
  Stream* const stream = table_.find_or_add({protocol, found.spi, found.destination_bits()}, added);
  if (stream == nullptr) {
    ++counts_.beyond_streams;
    return;
  }
  if (added) begin(*stream, found);
  if (!stream->opener && stream->learnt_keys_seen != learnt_.size()) attach_learnt_keys(*stream, found);
  stream->arrived(found, frame.number, frame.time, datagram_octets);
  // Packets that the capture cut short cannot be opened, but they have their place in the sequence.
  if (stream->opener && found.whole) return open(frame, found, *stream, depth);
  Discard discard = Discard::none;
  const auto shared = judge_clear(*stream, found, frame, discard);
  if (added) note_nearest(*stream);
  if (observer_) observer_->on_protected({frame, found, *stream, discard, stream->number(), shared, depth});
  if (found.kind == FoundKind::ah) look_through_ah(frame, found, depth);
}

void Replay::open(const CapturedFrame& frame, const Found& found, Stream& stream, unsigned depth) {
  OpeningResult result = stream.opener->open(found, frame.time, storage_[depth]);
  const auto shared = note_opened(stream, found, frame, result);
  if (stream.packets == 1) note_nearest(stream);
  if (observer_)
    observer_->on_protected({frame, found, stream, result.discard, result.number, shared, depth});
  if (result.inner.empty()) return;
  const bool nested = depth + 1 < deepest && inner_packet(frame, result.inner, depth + 1);
  if (nested) return;
  ++counts_.clear;
  if (observer_) observer_->on_clear({frame, stream, result.number, result.inner});
}

std::optional<SharedVerdict> Replay::judge_clear(Stream& stream, const Found& found,
                                                 const CapturedFrame& frame, Discard& discard) {
  if (stream.cluster == nullptr) {
    discard = stream.judge_clear(found.sequence_number, frame.number, frame.time, found.security_octets());
    return {};
  }
  const std::uint64_t number = stream.cluster->infer(found.sequence_number);
  const SharedVerdict verdict = stream.cluster->judge(
      {stream.cluster_member, number, frame.number, frame.time, found.security_octets(), 0});
  discard = discard_for(verdict);
  stream.judged(discard, number, frame.number, frame.time, found.security_octets());
  return verdict;
}

std::optional<SharedVerdict> Replay::note_opened(Stream& stream, const Found& found,
                                                 const CapturedFrame& frame, OpeningResult& result) {
  const OctetView inside = result.inner.empty() ? result.copy : result.inner;
  const std::uint64_t content = inside.empty() ? 0 : hash_of(inside);
  std::optional<SharedVerdict> verdict;
  if (stream.cluster != nullptr && has_number(result.discard))
    verdict = stream.cluster->note(
        {stream.cluster_member, result.number, frame.number, frame.time, found.security_octets(), content},
        shared_verdict(result.discard));
  else if (stream.cluster != nullptr)
    verdict = SharedVerdict::unreadable;
  if (verdict == SharedVerdict::redundant) result.discard = Discard::redundant;
  stream.judged(result.discard, result.number, frame.number, frame.time, found.security_octets(), content);
  return verdict;
}

void Replay::begin(Stream& stream, const Found& found) {
  if (table_.streams().size() <= options_.most_sketches) stream.sketch = std::make_unique<NumberSketch>();
  for (std::size_t i = 0; i < clusters_.size() && stream.cluster == nullptr; ++i) {
    if (!options_.clusters[i].has(stream.key())) continue;
    stream.cluster = &clusters_[i].account;
    stream.cluster_member = stream.cluster->join();
    clusters_[i].streams.push_back(&stream);
  }
  attach_keys(stream, found);
}

// A sub-SA that joins late begins where its cluster stands, and an ordinary SA at 1.
void Replay::note_nearest(Stream& stream) {
  constexpr std::uint64_t near = 1024, far_from_one = 32, not_new = 16;
  if (!stream.sketch || static_cast<std::uint32_t>(stream.number()) < far_from_one) return;
  std::uint64_t nearest = std::min<std::uint64_t>(near, static_cast<std::uint32_t>(stream.number()));
  for (std::size_t i = 0; i < std::min(table_.streams().size(), options_.most_sketches); ++i) {
    const Stream& other = table_.streams()[i];
    if (&other == &stream || other.sketch->count() < not_new) continue;
    const auto ahead = static_cast<std::int32_t>(static_cast<std::uint32_t>(stream.number()) -
                                                 static_cast<std::uint32_t>(other.sketch->highest()));
    const auto distance = static_cast<std::uint64_t>(std::abs(std::int64_t{ahead}));
    if (distance >= nearest) continue;
    nearest = distance;
    stream.nearest_then = {i, other.sketch->highest()};
  }
}

void Replay::attach_keys(Stream& stream, const Found& found) {
  std::vector<const KeyEntry*> fitting;
  for (const KeyEntry& entry : *keys_)
    if (entry.matches(stream.key().protocol, stream.key().spi, found.source(), stream.key().destination()))
      fitting.push_back(&entry);
  attach(stream, found, fitting);
}

// Keys may come to light after the first packets that they are for.
void Replay::attach_learnt_keys(Stream& stream, const Found& found) {
  stream.learnt_keys_seen = learnt_.size();
  std::vector<const KeyEntry*> fitting;
  const auto [first, last] = learnt_.equal_range(stream.key().spi.value);
  for (auto learnt = first; learnt != last; ++learnt)
    if (learnt->second->parameters.protocol == stream.key().protocol) fitting.push_back(learnt->second.get());
  attach(stream, found, fitting);
}

void Replay::attach(Stream& stream, const Found& found, const std::vector<const KeyEntry*>& entries) {
  if (entries.empty()) return;
  auto opener =
      std::make_unique<SaOpener>(stream.key(), found.source(), entries, options_.stream.replay_window, bench_,
                                 problems_, shared_window(stream, *entries.front()));
  if (!opener->usable()) return;
  stream.opener = std::move(opener);
  stream.judge = Judge::engine;
}

// AH hides nothing: what it carries is found without a key too, though nobody vouches for it.
void Replay::look_through_ah(const CapturedFrame& frame, const Found& found, unsigned depth) {
  const std::uint8_t* const ah = found.packet.data() + found.security_at;
  const std::uint32_t ah_octets = (wire::load<&wire::Ah::payload_length>(ah) + 2u) * 4;
  const auto next_header = wire::load<&wire::Ah::next_header>(ah);
  if (!found.whole || ah_octets > found.security_octets() || depth + 1 == deepest) return;
  const OctetView behind = found.packet.subspan(found.security_at + ah_octets);
  if (next_header == wire::protocol::ipv4 || next_header == wire::protocol::ipv6) {
    inner_packet(frame, behind, depth + 1);
    return;
  }
  Octets& without = storage_[depth];
  without.assign(found.packet.begin(), found.packet.begin() + found.security_at);
  append(without, behind);
  without[found.protocol_at] = next_header;
  const auto size = static_cast<std::uint16_t>(without.size());
  if (found.version == IpVersion::v4)
    wire::store<&wire::Ipv4Header::total_length>(without.data(), size);
  else
    wire::store<&wire::Ipv6Header::payload_length>(without.data(), static_cast<std::uint16_t>(size - 40));
  inner_packet(frame, without, depth + 1);
}

void Replay::fragment(const CapturedFrame& frame, const Found& found, unsigned depth) {
  ++counts_.fragments;
  if (!found.whole) {
    ++counts_.fragments_dropped;
    return;
  }
  ipsec::Reassembler::Outcome outcome = reassembler_.offer(found.packet, frame.time);
  counts_.fragments_dropped += outcome.discard != Discard::none ? 1 : 0;
  if (!outcome.datagram) return;
  ++counts_.reassembled;
  const Octets datagram = outcome.datagram->octets();
  inner_packet(frame, datagram, depth);
}

void Replay::ike_on_other_ports(const CapturedFrame& frame, const Found& found, unsigned depth) {
  if (found.other_udp) {
    const OctetView payload = found.packet.subspan(found.security_at, found.security_octets());
    if (const auto before = ike_.find_message(payload))
      return ike(frame, found, found.security_at + *before, depth);
  }
  counts_.other_ip += depth == 0 ? 1 : 0;
}

void Replay::ike(const CapturedFrame& frame, const Found& found, std::size_t message_at, unsigned depth) {
  const IkeMessage message{frame.number,
                           frame.time,
                           {found.source(), found.source_port},
                           {found.destination(), found.destination_port},
                           found.packet.subspan(message_at, found.security_end - message_at),
                           found.whole};
  std::vector<KeyEntry> children;
  IkeRecord record = ike_.read(message, children);
  count_ike(record.header.major_version);
  learn(std::move(children));
  std::ranges::move(ike_.take_problems(), std::back_inserter(problems_));
  ++ike_message_count_;
  if (observer_) observer_->on_ike(record, depth);
  if (ike_messages_.size() < options_.most_ike_messages) ike_messages_.push_back(std::move(record));
}

void Replay::learn(std::vector<KeyEntry> children) {
  for (KeyEntry& child : children) {
    if (learnt_.size() == options_.most_child_keys) return;
    const std::uint32_t spi = child.spi.value;
    learnt_.emplace(spi, std::make_unique<const KeyEntry>(std::move(child)));
  }
}

void Replay::count_ike(std::uint8_t version) {
  switch (version) {
    case 1:
      ++counts_.ike_v1;
      return;
    case 2:
      ++counts_.ike_v2;
      return;
    default:
      ++counts_.ike_other;
      return;
  }
}

}  // namespace mpsec::replay
