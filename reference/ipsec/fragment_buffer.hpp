// The pieces of one datagram, as they come.
#pragma once

#include <expected>
#include <map>
#include <optional>

#include "ipsec/discard.hpp"
#include "ipsec/ecn.hpp"
#include "ipsec/packet_buffer.hpp"
#include "wire/header_walk.hpp"

namespace mpsec::ipsec {

// One fragment, taken apart. The views are into the packet.
struct FragmentPart {
  OctetView header;                 // what stands before the payload, without the fragment header of IPv6
  OctetView payload;                // empty only where the fragment is all of the datagram
  std::uint32_t offset = 0;         // of the payload in the datagram's, in octets
  bool more = false;                // it is not the last
  std::uint32_t named_at = 0;       // the octet of `header` that says what the payload starts with, ...
  std::uint8_t payload_starts = 0;  // ... and what to write there
  Ecn ecn = Ecn::not_ect;
};

// `walk` is of `packet`, a fragment, or an IPv6 packet with a fragment header. Refuses fragments that no
// honest sender makes: malformed_packet for a second fragment header; reassembly_failed for one without
// octets, one that is not the last and whose octets are no multiple of 8, one that reaches beyond the largest
// datagram, and a first IPv6 fragment without the whole chain of headers.
std::expected<FragmentPart, Discard> read_fragment(OctetView packet, const wire::HeaderWalk& walk);

class FragmentBuffer {
 public:
  enum class Added : std::uint8_t {
    incomplete,  // pieces are missing
    complete,    // join() can be called
    duplicate,   // the very same piece was there already: nothing changed
    conflict,    // it overlaps another piece, or lies behind the end: the datagram can't be trusted
  };

  // Copies the piece. Time: logarithmic in the number of pieces.
  Added add(const FragmentPart& part);
  // The datagram, when complete; empties the buffer. Nothing if it is larger than a datagram can be, or if
  // the pieces' congestion marks contradict each other.
  std::optional<HeldPacket> join();

  // The first fragment as it came, but for reserved bits of an IPv6 fragment header; empty if it is not here.
  Octets first_fragment(std::uint32_t identification) const;

  std::size_t pieces() const { return pieces_.size(); }
  // Octets of memory that a piece takes, nearly.
  static std::size_t cost_of(const FragmentPart& part) {
    return 128 + part.payload.size() + (part.offset == 0 ? part.header.size() : 0);
  }
  std::size_t cost() const { return cost_; }

 private:
  bool overlaps(std::uint32_t offset, std::size_t size) const;
  bool end_fits(const FragmentPart& part) const;
  bool complete() const { return end_ && octets_ == *end_ && !header_.empty(); }
  void finish_header(std::size_t payload);

  std::map<std::uint32_t, Octets> pieces_;  // by offset; they do not overlap
  std::size_t octets_ = 0;                  // in all pieces
  std::size_t cost_ = 0;
  std::optional<std::uint32_t> end_;  // of the payload, once the last piece is here
  Octets header_;                     // the first piece's
  std::uint32_t named_at_ = 0;
  std::uint8_t payload_starts_ = 0;
  std::array<bool, 4> marks_{};  // the congestion marks that the pieces carry
};

}  // namespace mpsec::ipsec
