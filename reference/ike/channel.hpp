// The messages of one IKE SA: numbered, protected, cut into fragments, sent again; the peer's opened, put in
// their order, and answered again. What they say is not known here.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <variant>

#include "ike/fragmentation.hpp"
#include "ike/message_tap.hpp"
#include "ike/message_window.hpp"
#include "ike/protection.hpp"
#include "ike/turn.hpp"
#include "ike/types.hpp"

namespace mpsec::ike {

// Where messages go from and to.
struct Path {
  Endpoint local, remote;
  auto operator<=>(const Path&) const = default;
};

// IKE alone, without marker, and IKE beside ESP in UDP, which NATs leave alone (RFC 7296 2.23).
inline constexpr std::uint16_t ike_port = 500, nat_port = 4500;
//= rfc7296/2.23/non-esp-marker
bool has_marker(const Path& path);
Datagram to_datagram(const Path& path, OctetView message);

// A message that was let in: new, and authentic where the channel is protected.
struct Request {
  wire::ike::ExchangeType exchange;
  MessageId id;
  wire::ike::Payloads payloads;
};
struct Response {
  wire::ike::ExchangeType exchange;
  MessageId id;
  wire::ike::Payloads payloads;
};
// Authentic and new, and yet no message: what is inside cannot be read (RFC 7296 2.21.3).
struct Unreadable {
  wire::ike::ExchangeType exchange;
  MessageId id;
  bool is_request;
  Error error;
};
// Nothing to act upon: a duplicate that was answered, a fragment that waits for others.
struct NothingNew {};
// Not let in.
struct Refused {
  Error error;
  bool beyond_window = false;  // authentic, but its Message ID is not to be used yet
  MessageId id{};              // then: that ID
};
using Inbound = std::variant<NothingNew, Refused, Unreadable, Request, Response>;

// What one SK or SKF payload holds.
struct SealedPart {
  wire::ike::PayloadType first;
  OctetView plaintext;
  std::uint16_t number = 0, total = 0;  // of fragments; 0: not one
};

class Channel {
 public:
  struct Settings {
    const RetransmissionPolicy* retransmission = nullptr;
    MessageTap* tap = nullptr;
    std::uint32_t window = 1;  // of the peer's requests that we keep replies to
    MessageId first{0};        // of both directions
  };
  Channel(Role role, const IkeSpis& spis, const Path& path, const Settings& settings);

  Role role() const { return role_; }
  const IkeSpis& spis() const { return spis_; }
  void set_responder_spi(IkeSpi spi) { spis_.responder = spi; }
  const Path& path() const { return path_; }

  // From now on every message is sealed and must be.
  void protect(MessageSealer sealer, MessageOpener opener);
  bool is_protected() const { return sealer_.has_value(); }
  // Messages beyond so many octets of UDP payload are cut (RFC 7383); 0: never.
  void fragment_beyond(std::size_t datagram_octets) { fragment_beyond_ = datagram_octets; }

  std::size_t fragments_beyond() const { return fragment_beyond_; }

  // --- our requests
  bool has_room() const { return requests_.has_room(); }
  std::size_t outstanding() const { return requests_.outstanding(); }
  std::uint64_t ids_left() const { return requests_.ids_left(); }
  struct Sent {
    MessageId id;
    Octets message;  // as it is on the wire, where it went in one piece
  };
  // Fails (local fault) where the window is full, the numbers or the IVs are used up, or a payload is too
  // long.
  Result<Sent> send_request(wire::ike::ExchangeType exchange, wire::ike::Payloads payloads, Turn& turn);
  // The unprotected request `id` anew (RFC 7296 2.6, 2.7).
  Result<Sent> replace_request(MessageId id, wire::ike::ExchangeType exchange, wire::ike::Payloads payloads,
                               Turn& turn);
  // Nothing more is expected of the request.
  void forget_request(MessageId id);
  Result<> set_peer_window(std::uint32_t size) { return requests_.set_size(size); }

  // --- the peer's requests
  // The reply to a request that receive() gave, sent to where that came from; kept for duplicates.
  Result<Sent> send_response(wire::ike::ExchangeType exchange, MessageId id, wire::ike::Payloads payloads,
                             const Path& path, Turn& turn);
  void set_own_window(std::uint32_t size);
  // The request with this number was read elsewhere: an IKE_SA_INIT, before there was a channel.
  void note_received(MessageId id) { responses_.received(id); }
  // The peer is known now, and may use more of our memory.
  void trust();

  // --- what arrives
  // `message` is a datagram of this SA, without marker, whose header was read. Where the result is not
  // Refused, it was authentic, or the channel is not protected yet.
  Inbound receive(const wire::ike::IkeHeader& header, OctetView message, const Path& path, Turn& turn);
  // The last authentic message was newer than any before it: the only one that may move the peer's address.
  bool last_was_newest() const { return last_was_newest_; }
  // It was no repetition: a sign that the peer is there.
  bool last_was_fresh() const { return last_was_fresh_; }
  // How long the last response took; nothing where that is not certain.
  std::optional<Duration> last_round_trip() const { return last_round_trip_; }
  // From now on messages go there, those on their way too.
  void move(const Path& path, Turn& turn);

  // --- time
  std::optional<Instant> next_deadline() const;
  struct Overdue {
    unsigned sent_again = 0;  // requests
    std::optional<MessageId> given_up{};
  };
  // Sends again what is due.
  Overdue on_time(Turn& turn);

 private:
  struct Opened {
    wire::ike::PayloadType first;
    Octets plaintext;
  };
  using Opening = std::variant<Opened, NothingNew, Refused, Unreadable>;
  wire::ike::IkeHeader header_of(wire::ike::ExchangeType exchange, MessageId id, bool response) const;
  struct Packed {
    Datagrams datagrams;
    Octets message;
  };
  Result<Packed> pack(wire::ike::Message message, const Path& path, Turn& turn);
  Result<Octets> seal(const wire::ike::IkeHeader& header, wire::ike::PayloadType type, const SealedPart& part,
                      Turn& turn);
  FragmentFrame frame(const Path& path) const;
  Inbound receive_plain(const wire::ike::IkeHeader& header, OctetView message);
  Inbound receive_sealed(const wire::ike::IkeHeader& header, OctetView message, const Path& path, Turn& turn);
  Opening open(const wire::ike::IkeHeader& header, const wire::ike::Payload& last, OctetView message,
               Turn& turn);
  Opening gather(const wire::ike::IkeHeader& header, const wire::ike::Payload& last, Opened piece,
                 Turn& turn);
  std::optional<Inbound> judge_number(const wire::ike::IkeHeader& header, const wire::ike::Payload& last,
                                      const Path& path, Turn& turn);
  Inbound accept(wire::ike::Message message);
  void note_number(const wire::ike::IkeHeader& header);

  Role role_;
  IkeSpis spis_;
  Path path_;
  MessageTap* tap_;
  RequestWindow requests_;
  ResponseWindow responses_;
  std::optional<MessageSealer> sealer_;
  std::optional<MessageOpener> opener_;
  std::size_t fragment_beyond_ = 0;
  FragmentReassembly request_fragments_, response_fragments_;
  std::optional<std::uint32_t> newest_request_, newest_response_;
  std::map<MessageId, wire::ike::ExchangeType> asked_;  // of the requests on their way
  bool last_was_newest_ = false, last_was_fresh_ = false;
  std::optional<Duration> last_round_trip_;
};

}  // namespace mpsec::ike
