#include "ike/fragmentation.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace mpsec::ike {
namespace {

constexpr std::size_t udp_header = 8, marker = 4, ike_header = 28;
constexpr std::size_t payload_header = 4, fragment_header = 8;  // RFC 7296 3.2, RFC 7383 2.5
constexpr std::size_t most_fragments = 65535;

// Octets of plaintext that fit beside a payload header of `header` octets.
std::size_t room(const FragmentFrame& frame, std::size_t header) {
  const std::size_t fixed = frame.ip_header_octets + udp_header + (frame.non_esp_marker ? marker : 0) +
                            ike_header + header + frame.sealing.iv_octets + frame.sealing.icv_octets;
  if (frame.largest_datagram <= fixed) return 0;
  const std::size_t left = frame.largest_datagram - fixed;
  const std::size_t blocks = left - left % std::max<std::size_t>(frame.sealing.block_octets, 1);
  return blocks == 0 ? 0 : blocks - 1;  // Pad Length
}

}  // namespace

std::size_t fragment_room(const FragmentFrame& frame) {
  return room(frame, fragment_header);
}

bool fits_whole(std::size_t plaintext_octets, const FragmentFrame& frame) {
  return plaintext_octets <= room(frame, payload_header);
}

Result<std::vector<OctetView>> split(OctetView plaintext, const FragmentFrame& frame) {
  const std::size_t piece = fragment_room(frame);
  const auto refuse = [](std::string why) {
    return std::unexpected(Error{.blame = Blame::local_fault,
                                 .path = "fragment size",
                                 .offset = std::nullopt,
                                 .why = std::move(why),
                                 .clause = "RFC 7383 2.5.1"});
  };
  if (piece == 0)
    return refuse(
        fmt::format("a datagram of {} octets has no room behind its headers", frame.largest_datagram));
  const std::size_t count = std::max<std::size_t>(1, (plaintext.size() + piece - 1) / piece);
  if (count > most_fragments)
    return refuse(fmt::format("{} octets of {} each make {} fragments; allowed: {}", plaintext.size(), piece,
                              count, most_fragments));
  std::vector<OctetView> pieces;
  pieces.reserve(count);
  for (std::size_t i = 0; i < count; ++i)
    pieces.push_back(plaintext.subspan(i * piece, std::min(piece, plaintext.size() - i * piece)));
  return pieces;
}

std::string_view to_string(FragmentRefusal refusal) {
  switch (refusal) {
    case FragmentRefusal::zero_number_or_total:
      return "fragment number or total is zero";
    case FragmentRefusal::number_beyond_total:
      return "fragment number is beyond the total";
    case FragmentRefusal::total_shrank:
      return "total is less than before";
    case FragmentRefusal::duplicate:
      return "fragment is there already";
    case FragmentRefusal::too_many_fragments:
      return "more fragments than we take";
    case FragmentRefusal::too_many_octets:
      return "more octets than we take";
    case FragmentRefusal::too_many_messages:
      return "more fragmented messages at once than we take";
  }
  return "unknown";
}

std::optional<FragmentRefusal> FragmentReassembly::objection(MessageId id, std::uint16_t number,
                                                             std::uint16_t total) const {
  //= rfc7383/2.6/number-and-total-are-not-zero
  if (number == 0 || total == 0) return FragmentRefusal::zero_number_or_total;
  //= rfc7383/2.6/number-is-within-the-total
  if (number > total) return FragmentRefusal::number_beyond_total;
  if (total > limits_.fragments) return FragmentRefusal::too_many_fragments;
  const auto at = messages_.find(id.value);
  if (at == messages_.end()) {
    if (messages_.size() >= limits_.messages) return FragmentRefusal::too_many_messages;
    return std::nullopt;
  }
  //= rfc7383/2.6/total-does-not-shrink
  if (total < at->second.total) return FragmentRefusal::total_shrank;
  //= rfc7383/2.6/fragment-seen-before-is-a-replay
  if (total == at->second.total && at->second.pieces.contains(number)) return FragmentRefusal::duplicate;
  return std::nullopt;
}

std::expected<std::optional<Reassembled>, FragmentRefusal> FragmentReassembly::add(const Fragment& fragment,
                                                                                   Instant now) {
  if (const auto refusal = objection(fragment.message_id, fragment.number, fragment.total))
    return std::unexpected(*refusal);
  const auto found = messages_.find(fragment.message_id.value);
  //= rfc7383/2.6/larger-total-starts-over
  const bool anew = found == messages_.end() || fragment.total > found->second.total;
  const std::size_t octets = (anew ? 0 : found->second.octets) + fragment.plaintext.size();
  if (octets > limits_.octets) return std::unexpected(FragmentRefusal::too_many_octets);
  Message& message = messages_[fragment.message_id.value];
  if (anew) message = Message{.total = fragment.total, .expires = now + limits_.timeout};
  message.octets = octets;
  if (fragment.number == 1) message.first_payload = fragment.first_payload;
  message.pieces.emplace(fragment.number, Octets(fragment.plaintext.begin(), fragment.plaintext.end()));
  if (message.pieces.size() < message.total) return std::nullopt;

  //= rfc7383/2.6/plaintexts-are-merged-in-order
  Reassembled whole{.first_payload = message.first_payload, .fragments = message.total};
  whole.plaintext.reserve(message.octets);
  for (const auto& [number, piece] : message.pieces)
    append(whole.plaintext, piece);
  messages_.erase(fragment.message_id.value);
  return whole;
}

std::optional<Instant> FragmentReassembly::next_deadline() const {
  std::optional<Instant> earliest;
  for (const auto& [id, message] : messages_)
    if (!earliest || message.expires < *earliest) earliest = message.expires;
  return earliest;
}

//= rfc7383/2.6/incomplete-message-is-forgotten-after-a-timeout
std::size_t FragmentReassembly::expire(Instant now) {
  return std::erase_if(messages_, [now](const auto& entry) { return entry.second.expires <= now; });
}

std::size_t FragmentReassembly::octets() const {
  std::size_t sum = 0;
  for (const auto& [id, message] : messages_)
    sum += message.octets;
  return sum;
}

}  // namespace mpsec::ike
