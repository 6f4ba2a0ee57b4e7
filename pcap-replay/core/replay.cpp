#include "pcap-replay/core/replay.hpp"

#include <algorithm>

#include "wire/ah.hpp"
#include "wire/protocol.hpp"

namespace mpsec::replay {
namespace {

using ipsec::Discard;

constexpr std::uint32_t last_reserved_spi = 255;  // RFC 4303 2.1, RFC 4302 2.4

}  // namespace

Replay::Replay(const std::vector<KeyEntry>& keys, const crypto::Provider& provider,
               const ReplayOptions& options)
    : keys_(&keys),
      options_(options),
      bench_(provider, options.seed),
      table_(options.seed, options.most_streams, options.stream) {}

void Replay::frame(const CapturedFrame& frame) {
  if (counts_.frames++ == 0) first_time_ = last_time_ = frame.time;
  first_time_ = std::min(first_time_, frame.time);
  last_time_ = std::max(last_time_, frame.time);
  counts_.octets += frame.octets.size();
  const LinkContent content = strip_link_layer(frame.link_type, frame.octets);
  switch (content.kind) {
    case LinkContent::Kind::ip:
      break;
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
  const std::size_t link_octets = frame.octets.size() - content.packet.size();
  packet(frame, content.packet, frame.is_cut(), frame.original_length - link_octets, 0);
}

bool Replay::packet(const CapturedFrame& frame, OctetView packet, bool cut, std::uint64_t datagram_octets,
                    unsigned depth) {
  const Found found = find_ipsec(packet, options_.udp_ports, cut);
  switch (found.kind) {
    case FoundKind::esp:
      ++counts_.esp;
      break;
    case FoundKind::esp_in_udp:
      ++counts_.esp_in_udp;
      break;
    case FoundKind::ah:
      ++counts_.ah;
      break;
    case FoundKind::other:
      counts_.other_ip += depth == 0 ? 1 : 0;
      return false;
    case FoundKind::ike:
      count_ike(found.ike_version);
      return false;
    case FoundKind::keepalive:
      ++counts_.keepalives;
      return false;
    case FoundKind::malformed:
      ++counts_.malformed;
      return false;
    case FoundKind::cut:
      ++counts_.cut;
      return false;
    case FoundKind::fragment:
      fragment(frame, found, depth);
      return false;
  }
  return protected_packet(frame, found, found.whole ? found.packet.size() : datagram_octets, depth);
}

bool Replay::protected_packet(const CapturedFrame& frame, const Found& found, std::uint64_t datagram_octets,
                              unsigned depth) {
  if (found.spi.value <= last_reserved_spi) {
    ++counts_.reserved_spi;
    return false;
  }
  const auto protocol = found.kind == FoundKind::ah ? ipsec::Protocol::ah : ipsec::Protocol::esp;
  bool added = false;
  Stream* const stream = table_.find_or_add({protocol, found.spi, found.destination()}, added);
  if (stream == nullptr) {
    ++counts_.beyond_streams;
    return false;
  }
  if (added) attach_keys(*stream, found);
  stream->arrived(found, frame.number, frame.time, datagram_octets);
  inner_ = {};
  const Discard discard = judge(frame, found, *stream, depth);
  const OctetView inner = inner_;
  const std::uint64_t number = stream->number();
  if (observer_) observer_->on_protected({frame, found, *stream, discard, number, depth});
  if (inner.empty()) {
    if (found.kind == FoundKind::ah && !stream->opener) look_through_ah(frame, found, depth);
    return true;
  }
  const bool nested = depth + 1 < deepest && packet(frame, inner, false, inner.size(), depth + 1);
  counts_.clear += nested ? 0 : 1;
  if (observer_ && !nested) observer_->on_clear({frame, *stream, number, inner});
  return true;
}

// Packets that the capture cut short cannot be opened, but they have their place in the sequence.
Discard Replay::judge(const CapturedFrame& frame, const Found& found, Stream& stream, unsigned depth) {
  const std::uint32_t octets = found.security_octets();
  if (!stream.opener || !found.whole)
    return stream.judge_clear(found.sequence_number, frame.number, frame.time, octets);
  const OpeningResult result = stream.opener->open(found, frame.time, storage_[depth]);
  stream.judged(result.discard, result.number, frame.number, frame.time, octets);
  inner_ = result.inner;
  return result.discard;
}

void Replay::attach_keys(Stream& stream, const Found& found) {
  std::vector<const KeyEntry*> fitting;
  for (const KeyEntry& entry : *keys_)
    if (entry.matches(stream.key().protocol, stream.key().spi, found.source(), stream.key().destination))
      fitting.push_back(&entry);
  if (fitting.empty()) return;
  auto opener = std::make_unique<SaOpener>(stream.key(), found.source(), fitting,
                                           options_.stream.replay_window, bench_, problems_);
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
    packet(frame, behind, false, behind.size(), depth + 1);
    return;
  }
  Octets& without = storage_[depth];
  without.assign(found.packet.begin(), found.packet.begin() + found.security_at);
  append(without, behind);
  without[found.headers.protocol_at] = next_header;
  const auto size = static_cast<std::uint16_t>(without.size());
  if (found.headers.version == IpVersion::v4)
    wire::store<&wire::Ipv4Header::total_length>(without.data(), size);
  else
    wire::store<&wire::Ipv6Header::payload_length>(without.data(), static_cast<std::uint16_t>(size - 40));
  packet(frame, without, false, without.size(), depth + 1);
}

void Replay::fragment(const CapturedFrame& frame, const Found& found, unsigned depth) {
  ++counts_.fragments;
  if (!found.whole) {
    ++counts_.cut;
    return;
  }
  ipsec::Reassembler::Outcome outcome = reassembler_.offer(found.packet, frame.time);
  counts_.fragments_dropped += outcome.discard != Discard::none ? 1 : 0;
  if (!outcome.datagram) return;
  ++counts_.reassembled;
  const Octets datagram = outcome.datagram->octets();
  packet(frame, datagram, false, datagram.size(), depth);
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
