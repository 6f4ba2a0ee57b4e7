// Putting datagrams together again: an ESP or AH packet that came in pieces must be whole before it is looked
// at (RFC 4303 3.4.1, RFC 4302 3.4.1), by RFC 791 3.2 and RFC 8200 4.5.
//
// Anybody can send fragments, so everything is bounded: datagrams begun, octets held, pieces of one datagram,
// time. Each fragment costs logarithmic time, whatever the order. Where room is short the datagram that was
// begun first goes.
//
// Fragments that overlap end their datagram, and what comes later for it is dropped too, until its time is
// over (RFC 5722 4). IPv4 has no such rule - RFC 791 lets the later octets win - but there too an overlap is
// what is used to show one packet to a filter and another to the host, and no sender needs it; all that is
// lost is a datagram. The very same piece once more is no overlap: networks duplicate packets.
#pragma once

#include <compare>
#include <map>
#include <vector>

#include "base/clock.hpp"
#include "ipsec/fragment_buffer.hpp"

namespace mpsec::ipsec {

class Reassembler {
 public:
  struct Limits {
    std::size_t datagrams = 256;                  // begun, or ended by an overlap and not yet forgotten
    std::size_t octets = 4u << 20;                // in all pieces held, with what keeping them takes
    std::size_t pieces = 256;                     // of one datagram
    Duration timeout = std::chrono::seconds(60);  // from a datagram's first piece to arrive
  };

  struct Outcome {
    std::optional<HeldPacket> datagram{};  // whole: this was the last piece, or the packet was no fragment
    Discard discard = Discard::none;       // why this fragment was dropped, or with it its datagram
    std::size_t evicted = 0;               // datagrams given up to make room: each reassembly_failed
  };

  Reassembler() = default;
  explicit Reassembler(const Limits& limits) : limits_(limits) {}

  // Takes the packet at the start of `packet`. With neither datagram nor discard it is kept, or was a
  // duplicate. A packet that is no fragment comes back as it is; an IPv6 fragment that is all of its packet
  // comes back without its fragment header, whatever else is held (RFC 6946 4).
  Outcome offer(OctetView packet, Instant now);

  // When to call expire; nothing while nothing is held.
  std::optional<Instant> next_deadline() const;
  struct TimedOut {
    std::size_t datagrams = 0;  // that were incomplete: each reassembly_timeout
    // Of those whose first fragment had come: that fragment, as it was. Not more than most_told.
    std::vector<Octets> first_fragments{};
  };
  static constexpr std::size_t most_told = 16;
  // Gives up what is overdue. What was since the last call.
  TimedOut expire(Instant now);

  std::size_t datagrams() const { return entries_.size(); }
  std::size_t octets() const { return octets_; }

 private:
  // RFC 791 3.2 has the protocol in it; RFC 8200 4.5 has not, and there it is 0.
  struct Key {
    IpAddress source, destination;
    std::uint32_t identification;
    std::uint8_t protocol;
    auto operator<=>(const Key&) const = default;
  };
  struct Entry {
    Instant deadline;
    std::uint64_t serial;    // the key in by_age_
    bool abandoned = false;  // holds nothing any more
    FragmentBuffer pieces;
  };
  using Entries = std::map<Key, Entry>;

  static Key key_of(OctetView packet, const wire::HeaderWalk& walk);
  Outcome offer_part(const Key& key, const FragmentPart& part, Instant now);
  Entries::iterator entry_for(const Key& key, Instant now);
  std::size_t make_room(const Key& key, std::size_t octets);
  bool within_limits(const Key& key, std::size_t octets) const;
  void abandon(Entry& entry);
  void erase(Entries::iterator entry);
  void drop_overdue(Instant now);

  Limits limits_{};
  Entries entries_;
  std::map<std::uint64_t, Entries::iterator> by_age_;  // from the first begun to the last
  std::uint64_t next_serial_ = 0;
  std::size_t octets_ = 0;
  TimedOut timed_out_;  // not yet told
};

}  // namespace mpsec::ipsec
