#include "pcap-replay/core/stream.hpp"

#include <algorithm>

#include "pcap-replay/core/sa_opener.hpp"

namespace mpsec::replay {
using ipsec::Discard;

Discard discard_for(ipsec::ReplayVerdict verdict) {
  switch (verdict) {
    case ipsec::ReplayVerdict::fresh:
      return Discard::none;
    case ipsec::ReplayVerdict::duplicate:
      return Discard::replay_duplicate;
    case ipsec::ReplayVerdict::too_old:
      return Discard::replay_too_old;
    case ipsec::ReplayVerdict::below_zero:
      return Discard::replay_below_zero;
    case ipsec::ReplayVerdict::redundant:
      return Discard::redundant;
  }
  return Discard::none;
}

bool has_number(Discard discard) {
  switch (discard) {
    case Discard::integrity_failed:
    case Discard::esp_too_short:
    case Discard::misaligned_ciphertext:
    case Discard::ah_bad_length:
    case Discard::ah_unprocessable:
    case Discard::replay_below_zero:
    case Discard::wrong_encapsulation:
    case Discard::malformed_packet:
    case Discard::udp_malformed:
      return false;
    default:
      return true;
  }
}

Stream::Stream(const StreamKey& key, const StreamOptions& options)
    : key_(key),
      metrics({.bound = options.reordering_bound,
               .displacement_threshold = options.reordering_bound,
               .buffer_threshold = options.reordering_bound}) {
  // Full numbers are inferred here, from the whole range and not from the window: 64-bit, then.
  if (options.replay_window != 0) window_.emplace(options.replay_window, true);
}

Stream::~Stream() = default;
Stream::Stream(Stream&&) noexcept = default;

Discard Stream::judge_clear(std::uint32_t on_wire, std::uint64_t frame, Instant time,
                            std::uint32_t packet_octets) {
  number_ = infer(on_wire);
  top_ = std::max(top_, number_);
  metrics.arrival(SequenceNumber(number_), time, packet_octets);
  if (sketch) sketch->note(number_, 0);
  const Discard discard = window_ ? discard_for(window_->accept(number_)) : Discard::none;
  count(discard, frame);
  return discard;
}

void Stream::judged(Discard discard, std::uint64_t number, std::uint64_t frame, Instant time,
                    std::uint32_t packet_octets, std::uint64_t content) {
  number_ = number;
  if (has_number(discard)) {
    top_ = std::max(top_, number);
    metrics.arrival(SequenceNumber(number), time, packet_octets);
    if (sketch) sketch->note(number, content);
  }
  count(discard, frame);
}

// RFC 4737 6 asks for a test of wraps: a jump over half the range is one.
//= rfc4737/6/jumps-over-half-the-range-are-rollover
std::uint64_t Stream::infer_far(std::uint32_t on_wire) const {
  constexpr std::uint64_t range = std::uint64_t{1} << 32;
  if (metrics.arrivals() == 0) return on_wire;
  const std::uint64_t number = (top_ & ~(range - 1)) | on_wire;
  if (number > top_ && number - top_ > range / 2 && number >= range) return number - range;
  if (number < top_ && top_ - number > range / 2) return number + range;
  return number;
}

void Stream::count_discard(Discard discard, std::uint64_t frame) {
  discards.count(discard);
  const auto known = std::ranges::find(discarded_frames, discard, &std::pair<Discard, FrameList>::first);
  auto& list = known == discarded_frames.end() ? discarded_frames.emplace_back(discard, FrameList{}) : *known;
  list.second.add(frame);
}

}  // namespace mpsec::replay
