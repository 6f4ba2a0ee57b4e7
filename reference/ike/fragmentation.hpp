// IKE fragmentation (RFC 7383): a message too large for the path travels as several, each protected on its
// own.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/octets.hpp"
#include "base/strong.hpp"

namespace mpsec::ike {

// What protection adds to a plaintext (RFC 7296 3.14, RFC 5282).
struct SealingOverhead {
  std::size_t iv_octets = 8;
  std::size_t icv_octets = 16;
  std::size_t block_octets = 1;  // plaintext, padding and Pad Length together fill whole blocks of these
};

// What a fragment must fit into.
struct FragmentFrame {
  std::size_t largest_datagram = 1280;  // IP headers included
  std::size_t ip_header_octets = 40;    // 20 for IPv4 without options
  bool non_esp_marker = false;          // on port 4500: four octets more
  SealingOverhead sealing{};

  //= rfc7383/2.5.1/ipv6-threshold-1280
  static FragmentFrame ipv6(const SealingOverhead& sealing) { return {1280, 40, false, sealing}; }
  //= rfc7383/2.5.1/ipv4-threshold-576
  static FragmentFrame ipv4(const SealingOverhead& sealing) { return {576, 20, false, sealing}; }
};

// How many octets of plaintext go into one fragment; 0 if the headers alone are too large.
std::size_t fragment_room(const FragmentFrame& frame);
// Whether a message with this plaintext in an Encrypted payload, unfragmented, stays within the frame.
bool fits_whole(std::size_t plaintext_octets, const FragmentFrame& frame);

// `plaintext` (inner payloads of an Encrypted payload) in pieces of one size, but for the last; in order, to
// go into fragments 1, 2, ...; views into it. Fails (local fault) if there is no room, or more than 65535 are
// needed.
Result<std::vector<OctetView>> split(OctetView plaintext, const FragmentFrame& frame);

// Why a fragment is dropped, without a word to the peer.
enum class FragmentRefusal : std::uint8_t {
  zero_number_or_total,
  number_beyond_total,
  total_shrank,        // fewer in all than said before
  duplicate,           // number and total are there already
  too_many_fragments,  // in all, by our limit
  too_many_octets,     // together, by our limit
  too_many_messages,   // being put together, by our limit
};
std::string_view to_string(FragmentRefusal refusal);

//= rfc7383/2.6.1/only-fragment-1-asks-for-the-response
// Whether a fragment of a request that was answered already makes us send the response again.
constexpr bool asks_for_response_again(std::uint16_t fragment_number) {
  return fragment_number == 1;
}

// One fragment, opened: its ICV was right.
struct Fragment {
  MessageId message_id;
  std::uint16_t number = 0;
  std::uint16_t total = 0;
  std::uint8_t first_payload = 0;  // Next Payload of the Encrypted Fragment payload: in fragment 1
  OctetView plaintext{};
};

struct Reassembled {
  std::uint8_t first_payload = 0;
  Octets plaintext{};
  std::uint16_t fragments = 0;
};

// The fragments that have come of one kind of message of one IKE SA: the peer's requests, or its responses.
// Who calls has looked at the window first: a message that is done would begin again here.
class FragmentReassembly {
 public:
  struct Limits {
    std::uint16_t fragments = 256;   // of one message
    std::size_t octets = 128 << 10;  // of plaintext, of one message
    std::size_t messages = 1;        // at once: the window's size
    Duration timeout = std::chrono::minutes(2);
  };

  FragmentReassembly() = default;
  explicit FragmentReassembly(const Limits& limits) : limits_(limits) {}

  // Whether add() would refuse a fragment with these numbers: asked before it is opened, so that a replay
  // costs no decryption. Nothing: no objection yet.
  std::optional<FragmentRefusal> objection(MessageId id, std::uint16_t number, std::uint16_t total) const;
  // Takes an authenticated fragment. The whole message, if it was the last one missing.
  std::expected<std::optional<Reassembled>, FragmentRefusal> add(const Fragment& fragment, Instant now);

  void forget(MessageId id) { messages_.erase(id.value); }
  std::optional<Instant> next_deadline() const;
  // Drops what was not completed in time; how many messages.
  std::size_t expire(Instant now);
  std::size_t messages() const { return messages_.size(); }
  std::size_t octets() const;
  void allow_messages(std::size_t messages) { limits_.messages = messages; }

 private:
  struct Message {
    std::uint16_t total = 0;
    std::size_t octets = 0;
    std::uint8_t first_payload = 0;
    Instant expires{};
    std::map<std::uint16_t, Octets> pieces{};
  };

  Limits limits_{};
  std::map<std::uint32_t, Message> messages_;
};

}  // namespace mpsec::ike
