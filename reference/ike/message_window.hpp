// Message IDs and windows (RFC 7296 2.1-2.3): which requests are on their way, and which of the peer's were
// answered with what. Each direction of an IKE SA has its own numbers.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "base/datagram.hpp"
#include "base/error.hpp"
#include "base/rng.hpp"
#include "base/strong.hpp"
#include "ike/retransmission.hpp"

namespace mpsec::ike {

// One message as it is sent: a single datagram, or its fragments in order (RFC 7383).
using Datagrams = std::vector<Datagram>;

// Our requests. The policy must outlive the window.
class RequestWindow {
 public:
  // What time has brought: datagrams to send again, or a request that will not be answered any more.
  struct Due {
    Datagrams datagrams{};
    unsigned sent_again = 0;              // requests
    std::optional<MessageId> given_up{};  // the peer counts as dead: the IKE SA is over (RFC 7296 2.4)
  };

  explicit RequestWindow(const RetransmissionPolicy& policy, MessageId next = MessageId(0))
      : policy_(&policy), next_(next.value) {}

  // The ID of the next request. Fails (local fault) while the peer's window is full, and for good when the
  // 32 bits are used up: the IKE SA must be rekeyed or closed before.
  Result<MessageId> next_id() const;
  bool has_room() const { return next_id().has_value(); }
  bool exhausted() const { return next_ > last_id; }
  // How many requests of this IKE SA may still be made: to rekey in time.
  std::uint64_t ids_left() const { return last_id + 1 - next_; }

  // The request with next_id() is sent now as `datagrams`. They are kept, octet for octet, until answered.
  void sent(Datagrams datagrams, Instant now, Rng& rng);
  // A new request under the same ID, with its sendings counted anew: the IKE_SA_INIT after a cookie or
  // INVALID_KE_PAYLOAD. False if no such request is on its way.
  bool replace(MessageId id, Datagrams datagrams, Instant now, Rng& rng);
  // The response has come and was accepted. False if no such request is on its way: a duplicate, or a lie.
  bool answered(MessageId id);
  // How long ago the request was sent, if it is on its way and was sent only once: of one sent twice nobody
  // can say which sending is answered.
  std::optional<Duration> since_only_sending(MessageId id, Instant now) const;
  // Every request goes between these endpoints from now on, at once and with its sendings counted anew. The
  // octets stay; across ports with and without the non-ESP marker see replace().
  void restart(const Endpoint& local, const Endpoint& remote, Instant now);

  std::optional<Instant> next_deadline() const;
  // To be called at next_deadline() or later.
  Due due(Instant now, Rng& rng);

  bool is_outstanding(MessageId id) const { return in_flight_.contains(id.value); }
  std::size_t outstanding() const { return in_flight_.size(); }
  std::uint32_t size() const { return size_; }
  // The peer's SET_WINDOW_SIZE. Fails (peer misbehaved) on 0 and on less than before; the size stays.
  Result<> set_size(std::uint32_t size);

 private:
  static constexpr std::uint64_t last_id = 0xffff'ffff;
  struct InFlight {
    Datagrams datagrams;
    unsigned attempt = 0;
    std::optional<Instant> only_sent_at;  // nothing: sent several times
    std::optional<Instant> deadline;      // nothing: the policy knows no such sending
  };
  InFlight start(Datagrams datagrams, Instant now, Rng& rng) const;

  const RetransmissionPolicy* policy_;
  std::map<std::uint32_t, InFlight> in_flight_;  // at most size_
  std::uint64_t next_;                           // beyond last_id: exhausted
  std::uint32_t size_ = 1;
};

// What a request of the peer is, by its Message ID alone. Only authenticated messages are asked about.
enum class RequestKind : std::uint8_t {
  fresh,      // to be processed: in the window and not seen yet, in whatever order
  duplicate,  // seen, its reply is kept (or still to be made)
  behind,     // seen so long ago that the reply is forgotten: ignored
  ahead,      // beyond the window: the peer must not send it yet
};
std::string_view to_string(RequestKind kind);

// The peer's requests, and our replies as long as the peer may ask for them again.
class ResponseWindow {
 public:
  explicit ResponseWindow(std::uint32_t size = 1, MessageId first = MessageId(0))
      : size_(size == 0 ? 1 : size), forgotten_below_(first.value), lowest_missing_(first.value) {}

  RequestKind classify(MessageId id) const;
  // A fresh request is taken for processing: from now on it is a duplicate. Forgets replies that the peer
  // has shown it does not need any more. False, and nothing done, if it is not fresh.
  bool received(MessageId id);
  // The reply to a received request.
  void record(MessageId id, Datagrams reply);
  // The reply recorded for `id`; null if there is none (yet, or any more).
  const Datagrams* reply(MessageId id) const;

  std::size_t remembered() const { return replies_.size(); }  // never more than size()
  std::uint32_t size() const { return size_; }
  // We announced a larger window; a smaller one is not possible and changes nothing.
  void grow(std::uint32_t size);

 private:
  std::uint32_t size_;
  std::uint64_t forgotten_below_;               // replies below this are gone
  std::uint64_t lowest_missing_;                // all below were received; not below forgotten_below_
  std::map<std::uint32_t, Datagrams> replies_;  // of every received request from forgotten_below_ on
};

}  // namespace mpsec::ike
