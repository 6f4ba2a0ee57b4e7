#include "ipsec/reassembly.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "ipsec/fragment.hpp"
#include "ipsec/test_packets.hpp"

namespace mpsec::ipsec {
namespace {

using namespace std::chrono_literals;
using test::counting;
using test::fragment_chain;
using test::ipv4;
using test::ipv6;
using wire::Ipv4Header;

constexpr Instant start{};
constexpr std::uint8_t more = Ipv4Header::more_fragments;

// "whole", "kept", or the cause of the discard.
std::string said(const Reassembler::Outcome& outcome) {
  if (outcome.datagram) return "whole";
  return outcome.discard == Discard::none ? "kept" : std::string(to_string(outcome.discard));
}

std::vector<Octets> cut(OctetView datagram, std::size_t mtu, std::uint32_t identification = 7) {
  std::vector<Octets> pieces;
  auto fragments = fragment(datagram, mtu, identification);
  if (fragments)
    for (const HeldPacket& piece : *fragments)
      pieces.push_back(piece.octets());
  return pieces;
}

// A piece of an IPv4 payload that counts: octets from `from`, which is a multiple of 8.
Octets piece(std::size_t from, std::size_t size, std::uint8_t flags = more) {
  const Octets payload = counting(from + size);
  return ipv4(OctetView(payload).subspan(from),
              {.flags = flags, .offset = static_cast<std::uint16_t>(from / 8)});
}

Octets ipv6_piece(std::size_t from, std::size_t size, bool not_last, std::uint8_t next = 17) {
  const Octets payload = counting(from + size);
  return ipv6(44, fragment_chain({.next_header = next,
                                  .fragment_offset = static_cast<std::uint16_t>(from / 8),
                                  .more_fragments = static_cast<std::uint8_t>(not_last ? 1 : 0),
                                  .identification = 9},
                                 OctetView(payload).subspan(from)));
}

// A datagram that fragment() may cut: IPv4 with options, or IPv6 with headers before and after the cut.
Octets any_datagram() {
  const auto payload = *rc::gen::container<Octets>(*rc::gen::inRange<std::size_t>(8, 2500),
                                                   rc::gen::arbitrary<std::uint8_t>());
  if (*rc::gen::arbitrary<bool>()) {
    const Octets options = *rc::gen::element(Octets{}, hex("94040000"), hex("0704040094040000"));
    return ipv4(payload, {.options = options, .ecn = 1});
  }
  const Octets headers =
      *rc::gen::element(hex("1100 0104 00000000"), hex("2b00 0104 00000000 1100 fd00 00000000"));
  Octets chain = headers;
  append(chain, payload);
  return ipv6(headers.size() == 8 ? 60 : 0, chain, 2);
}

RC_GTEST_PROP(Reassembly, AnyOrderOfAnyCutGivesTheOriginal, ()) {
  const Octets datagram = any_datagram();
  auto pieces = cut(datagram, *rc::gen::inRange<std::size_t>(100, 1500));
  RC_ASSERT(!pieces.empty());
  std::vector<std::size_t> order(pieces.size());
  for (std::size_t i = 0; i < order.size(); ++i)
    order[i] = (i * 7919 + *rc::gen::arbitrary<std::uint8_t>()) % 251;
  std::vector<Octets> shuffled;
  for (std::size_t rank = 0; rank < 251; ++rank)
    for (std::size_t i = 0; i < pieces.size(); ++i)
      if (order[i] == rank) shuffled.push_back(pieces[i]);
  Reassembler reassembler;
  for (std::size_t i = 0; i < shuffled.size(); ++i) {
    const bool last = i + 1 == shuffled.size();
    auto outcome = reassembler.offer(shuffled[i], start);
    RC_ASSERT(said(outcome) == (last ? "whole" : "kept"));
    if (last) RC_ASSERT(outcome.datagram->octets() == datagram);
    if (!last) RC_ASSERT(said(reassembler.offer(shuffled[i], start)) == "kept");  // a duplicate
  }
  RC_ASSERT(reassembler.datagrams() == 0u);
  RC_ASSERT(reassembler.octets() == 0u);
}

TEST(Reassembly, PiecesOfPiecesFitTogether) {
  const Octets datagram = ipv4(counting(3000));
  Reassembler reassembler;
  std::optional<HeldPacket> whole;
  for (const Octets& outer : cut(datagram, 1500))
    for (const Octets& inner : cut(outer, 300))
      if (auto outcome = reassembler.offer(inner, start); outcome.datagram)
        whole = std::move(outcome.datagram);
  ASSERT_TRUE(whole.has_value());
  EXPECT_EQ(whole->octets(), datagram);
}

TEST(Reassembly, EveryBlockAloneAndBackwards) {
  Reassembler reassembler({.pieces = 8192});
  const Octets datagram = ipv4(counting(65'512));
  const auto pieces = cut(datagram, 28);
  ASSERT_EQ(pieces.size(), 8189u);
  for (std::size_t i = pieces.size(); i-- > 1;)
    ASSERT_EQ(said(reassembler.offer(pieces[i], start)), "kept");
  const auto outcome = reassembler.offer(pieces[0], start);
  ASSERT_EQ(said(outcome), "whole");
  EXPECT_EQ(outcome.datagram->octets(), datagram);
}

TEST(Reassembly, KeepsDatagramsApart) {
  //= rfc791/3.2/fragments-belong-together-by-four-fields
  //= rfc8200/4.5/fragments-belong-together-by-three-fields
  Reassembler reassembler;
  const Octets first = piece(0, 16), last = piece(16, 5, 0);
  EXPECT_EQ(said(reassembler.offer(first, start)), "kept");
  for (const std::size_t field : {5u, 9u, 15u, 19u}) {  // identification, protocol, source, destination
    Octets other = last;
    other[field] ^= 1;
    EXPECT_EQ(said(reassembler.offer(other, start)), "kept") << field;
  }
  EXPECT_EQ(reassembler.datagrams(), 5u);
  EXPECT_EQ(said(reassembler.offer(last, start)), "whole");
  // IPv6: what the fragment header names next does not count.
  EXPECT_EQ(said(reassembler.offer(ipv6_piece(0, 16, true, 17), start)), "kept");
  const auto whole = reassembler.offer(ipv6_piece(16, 3, false, 99), start);
  ASSERT_EQ(said(whole), "whole");
  EXPECT_EQ(whole.datagram->octets(), ipv6(17, counting(19)));
}

TEST(Reassembly, OverlapEndsTheDatagram) {
  //= rfc8200/4.5/overlap-abandons-the-packet
  for (const bool six : {false, true}) {
    const auto make = [six](std::size_t from, std::size_t size, bool not_last) {
      return six ? ipv6_piece(from, size, not_last) : piece(from, size, not_last ? more : 0);
    };
    for (const auto& [from, size] : {std::pair{8, 16}, {16, 8}, {24, 16}, {16, 24}, {16, 16}, {8, 40}}) {
      Reassembler reassembler;
      Octets held = make(16, 16, true), overlapping = make(from, size, true);
      overlapping.back() ^= 1;
      EXPECT_EQ(said(reassembler.offer(held, start)), "kept");
      EXPECT_EQ(said(reassembler.offer(overlapping, start)), "reassembly_failed") << from << " " << size;
      EXPECT_EQ(reassembler.octets(), 0u);
      // What belongs to it is dropped until its time is over.
      EXPECT_EQ(said(reassembler.offer(make(0, 16, true), start)), "reassembly_failed");
      EXPECT_EQ(reassembler.expire(start + 60s).datagrams, 0u);
      EXPECT_EQ(said(reassembler.offer(make(0, 16, true), start + 60s)), "kept");
    }
  }
}

TEST(Reassembly, TheSamePieceAgainIsNoOverlap) {
  //= rfc8200/4.5/exact-duplicate-may-be-dropped
  Reassembler reassembler;
  reassembler.offer(piece(8, 16), start);
  EXPECT_EQ(said(reassembler.offer(piece(8, 16), start)), "kept");
  EXPECT_EQ(said(reassembler.offer(piece(8, 16, 0), start)), "reassembly_failed");  // now it is the last?
  Reassembler other;
  other.offer(piece(8, 8, 0), start);
  EXPECT_EQ(said(other.offer(piece(8, 8, 0), start)), "kept");
  EXPECT_EQ(said(other.offer(piece(8, 8, more), start)), "reassembly_failed");
}

TEST(Reassembly, NothingLiesBehindTheEnd) {
  for (const bool end_first : {true, false}) {
    Reassembler reassembler;
    EXPECT_EQ(said(reassembler.offer(end_first ? piece(16, 5, 0) : piece(24, 8), start)), "kept");
    EXPECT_EQ(said(reassembler.offer(end_first ? piece(24, 8) : piece(16, 5, 0), start)),
              "reassembly_failed");
  }
  Reassembler two_ends;
  two_ends.offer(piece(16, 5, 0), start);
  EXPECT_EQ(said(two_ends.offer(piece(32, 5, 0), start)), "reassembly_failed");
}

TEST(Reassembly, RefusesFragmentsThatNoSenderMakes) {
  //= rfc8200/4.5/fragment-of-no-whole-blocks-is-discarded
  //= rfc8200/4.5/fragment-beyond-the-largest-packet-is-discarded
  Reassembler reassembler;
  EXPECT_EQ(said(reassembler.offer(piece(8, 7), start)), "reassembly_failed");
  EXPECT_EQ(said(reassembler.offer(ipv6_piece(8, 7, true), start)), "reassembly_failed");
  EXPECT_EQ(said(reassembler.offer(piece(8, 0), start)), "reassembly_failed");
  EXPECT_EQ(said(reassembler.offer(piece(8, 0, 0), start)), "reassembly_failed");
  EXPECT_EQ(said(reassembler.offer(ipv6_piece(0, 0, true), start)), "reassembly_failed");
  EXPECT_EQ(said(reassembler.offer(piece(65'512, 8, 0), start)), "reassembly_failed");  // 20 of header
  EXPECT_EQ(said(reassembler.offer(ipv6_piece(65'528, 8, false), start)), "reassembly_failed");
  EXPECT_EQ(reassembler.datagrams(), 0u);
  EXPECT_EQ(said(reassembler.offer(piece(65'512, 3, 0), start)), "kept");
  EXPECT_EQ(said(reassembler.offer(ipv6_piece(65'528, 7, false), start)), "kept");
  EXPECT_EQ(said(reassembler.offer({}, start)), "malformed_packet");
  EXPECT_EQ(said(reassembler.offer(hex("55"), start)), "unsupported_ip_version");
}

TEST(Reassembly, TheFirstHeaderMayMakeItTooLarge) {
  Reassembler reassembler({.pieces = 8192});
  Octets whole_payload = counting(65'512);
  auto pieces = cut(ipv4(whole_payload), 8020);
  pieces[0] = ipv4(OctetView(whole_payload).first(8000), {.options = hex("01010100"), .flags = more});
  for (std::size_t i = 1; i < pieces.size(); ++i)
    EXPECT_EQ(said(reassembler.offer(pieces[i], start)), "kept");
  EXPECT_EQ(said(reassembler.offer(pieces[0], start)), "reassembly_failed");
  EXPECT_EQ(reassembler.octets(), 0u);
}

TEST(Reassembly, TheFirstIpv6FragmentHoldsAllHeaders) {
  //= rfc8200/4.5/first-fragment-holds-all-headers
  Reassembler reassembler;
  EXPECT_EQ(said(reassembler.offer(ipv6_piece(0, 16, true, wire::protocol::tcp), start)),
            "reassembly_failed");
  const Octets options_cut_short = hex("1101 0104 00000000");
  const auto chain = fragment_chain({.next_header = 60, .more_fragments = 1}, options_cut_short);
  EXPECT_EQ(said(reassembler.offer(ipv6(44, chain), start)), "malformed_packet");
  const auto inner = fragment_chain({.next_header = 17, .fragment_offset = 5}, counting(16));
  const auto nested = fragment_chain({.next_header = 44, .more_fragments = 1}, inner);
  EXPECT_EQ(said(reassembler.offer(ipv6(44, nested), start)), "malformed_packet");
  EXPECT_EQ(reassembler.datagrams(), 0u);
}

TEST(Reassembly, OnlyTheFirstFragmentGivesHeaders) {
  //= rfc8200/4.5/only-the-first-fragment-gives-headers
  Reassembler reassembler;
  const Octets options = hex("2c00 0104 00000000");
  Octets first = options, last = options;
  append(first, fragment_chain({.next_header = 17, .more_fragments = 1, .identification = 1}, counting(8)));
  append(last, fragment_chain({.next_header = 17, .fragment_offset = 1, .identification = 1}, hex("aa")));
  EXPECT_EQ(said(reassembler.offer(ipv6(44, OctetView(last).subspan(8)), start)), "kept");
  const auto outcome = reassembler.offer(ipv6(0, first), start);
  ASSERT_EQ(said(outcome), "whole");
  Octets expected = hex("1100 0104 00000000");
  append(expected, counting(8));
  append(expected, hex("aa"));
  EXPECT_EQ(outcome.datagram->octets(), ipv6(0, expected));
}

TEST(Reassembly, AFragmentThatIsAllOfItsPacketGoesAlone) {
  //= rfc8200/4.5/whole-datagram-in-a-fragment-is-processed-alone
  Reassembler reassembler;
  EXPECT_EQ(said(reassembler.offer(ipv6_piece(8, 8, true), start)), "kept");
  const auto atomic = reassembler.offer(ipv6_piece(0, 20, false), start);
  ASSERT_EQ(said(atomic), "whole");
  EXPECT_EQ(atomic.datagram->octets(), ipv6(17, counting(20)));
  EXPECT_EQ(reassembler.datagrams(), 1u);
  const auto empty = reassembler.offer(ipv6_piece(0, 0, false, wire::protocol::no_next_header), start);
  ASSERT_EQ(said(empty), "whole");
  EXPECT_EQ(empty.datagram->octets(), ipv6(wire::protocol::no_next_header, {}));
  const Octets plain = ipv4(counting(9));
  EXPECT_EQ(reassembler.offer(plain, start).datagram->octets(), plain);
}

TEST(Reassembly, CongestionIsNeitherLostNorInvented) {
  //= rfc3168/5.3/a-mark-on-one-fragment-marks-the-whole
  //= rfc3168/5.3/no-mark-on-what-does-not-understand-it
  const auto joined = [](std::uint8_t first, std::uint8_t last) {
    Reassembler reassembler;
    reassembler.offer(ipv4(counting(8), {.flags = more, .ecn = first}), start);
    return reassembler.offer(ipv4(counting(8), {.offset = 1, .ecn = last}), start);
  };
  for (const std::uint8_t mark : std::initializer_list<std::uint8_t>{0, 1, 2, 3})
    EXPECT_EQ(joined(mark, mark).datagram->octets(),
              ipv4(hex("00010203040506070001020304050607"), {.ecn = mark}));
  EXPECT_EQ(joined(2, 3).datagram->octets()[1] & 3, 3);
  EXPECT_EQ(joined(3, 1).datagram->octets()[1] & 3, 3);
  EXPECT_EQ(said(joined(0, 3)), "reassembly_failed");
  EXPECT_EQ(said(joined(3, 0)), "reassembly_failed");
}

TEST(Reassembly, GivesUpAfterSixtySeconds) {
  //= rfc8200/4.5/given-up-after-sixty-seconds
  Reassembler reassembler;
  EXPECT_FALSE(reassembler.next_deadline());
  reassembler.offer(piece(0, 16), start);
  reassembler.offer(ipv6_piece(0, 16, true), start + 1s);
  reassembler.offer(piece(24, 8), start + 59s);  // does not lengthen it
  EXPECT_EQ(reassembler.next_deadline(), start + 60s);
  EXPECT_EQ(reassembler.expire(start + 60s - 1ns).datagrams, 0u);
  EXPECT_EQ(reassembler.expire(start + 60s).datagrams, 1u);
  EXPECT_EQ(reassembler.next_deadline(), start + 61s);
  EXPECT_EQ(said(reassembler.offer(piece(16, 8, 0), start + 100s)), "kept");
  EXPECT_EQ(reassembler.expire(start + 100s).datagrams, 1u);  // told, though the offer had dropped it
  EXPECT_EQ(reassembler.datagrams(), 1u);
}

TEST(Reassembly, HandsTheFirstFragmentOfWhatTimedOutBack) {
  //= rfc792/time-exceeded-message/reassembly-time-is-over
  //= rfc8200/4.5/time-out-is-told-if-the-first-fragment-came
  for (const bool six : {false, true}) {
    const Octets datagram = six ? ipv6(17, counting(3000)) : ipv4(counting(3000));
    for (const Octets& missing : cut(datagram, 1300)) {
      Reassembler reassembler;
      const auto pieces = cut(datagram, 1300);
      for (const Octets& piece : pieces) {
        if (piece == missing) continue;
        EXPECT_EQ(said(reassembler.offer(piece, start)), "kept");
      }
      const auto timed_out = reassembler.expire(start + 60s);
      EXPECT_EQ(timed_out.datagrams, 1u);
      if (missing == pieces[0])
        EXPECT_TRUE(timed_out.first_fragments.empty());
      else
        EXPECT_EQ(timed_out.first_fragments, std::vector<Octets>{pieces[0]});
      EXPECT_EQ(reassembler.expire(start + 200s).datagrams, 0u);
    }
  }
}

TEST(Reassembly, HandsBackNoMoreThanCanBeTold) {
  Reassembler reassembler;
  for (std::uint16_t i = 0; i < 100; ++i)
    reassembler.offer(ipv4(counting(16), {.flags = more, .identification = i}), start);
  const auto timed_out = reassembler.expire(start + 60s);
  EXPECT_EQ(timed_out.datagrams, 100u);
  EXPECT_EQ(timed_out.first_fragments.size(), Reassembler::most_told);
}

TEST(Reassembly, RoomForMoreDatagramsComesFromTheOldest) {
  Reassembler reassembler({.datagrams = 2});
  const auto of = [](std::uint16_t identification, bool last) {
    return ipv4(counting(8), {.flags = last ? std::uint8_t{0} : more,
                              .offset = static_cast<std::uint16_t>(last ? 1 : 0),
                              .identification = identification});
  };
  EXPECT_EQ(reassembler.offer(of(1, false), start).evicted, 0u);
  EXPECT_EQ(reassembler.offer(of(2, false), start).evicted, 0u);
  EXPECT_EQ(reassembler.offer(of(3, false), start).evicted, 1u);
  EXPECT_EQ(said(reassembler.offer(of(2, true), start)), "whole");
  EXPECT_EQ(said(reassembler.offer(of(1, true), start)), "kept");
}

TEST(Reassembly, OctetsAndPiecesAreBounded) {
  Reassembler small({.octets = 2000});
  EXPECT_EQ(said(small.offer(piece(0, 800), start)), "kept");
  Octets other = piece(0, 800);
  other[5] ^= 1;
  EXPECT_EQ(small.offer(other, start).evicted, 0u);
  EXPECT_EQ(small.offer(ipv6_piece(0, 800, true), start).evicted, 1u);
  EXPECT_LE(small.octets(), 2000u);
  EXPECT_EQ(said(small.offer(ipv6_piece(800, 4000, true), start)), "reassembly_failed");
  EXPECT_EQ(small.octets(), 0u);

  Reassembler few({.pieces = 3});
  for (const std::size_t from : {0, 16, 32})
    EXPECT_EQ(said(few.offer(piece(from, 8), start)), "kept");
  EXPECT_EQ(said(few.offer(piece(48, 8), start)), "reassembly_failed");
}

RC_GTEST_PROP(Reassembly, StaysWithinItsLimitsWhateverComes, (std::vector<Octets> packets)) {
  Reassembler reassembler({.datagrams = 3, .octets = 1000, .pieces = 4});
  Instant now = start;
  for (Octets& packet : packets) {
    packet.resize(std::max<std::size_t>(packet.size(), 28));
    packet[0] = 0x45;
    store_be(packet.data() + 2, static_cast<std::uint16_t>(packet.size()));
    reassembler.offer(packet, now += 1s);
    RC_ASSERT(reassembler.datagrams() <= 3u);
    RC_ASSERT(reassembler.octets() <= 1000u);
    RC_ASSERT(reassembler.next_deadline().has_value() == (reassembler.datagrams() > 0));
  }
  reassembler.expire(now + 60s);
  RC_ASSERT(reassembler.octets() == 0u);
}

}  // namespace
}  // namespace mpsec::ipsec
