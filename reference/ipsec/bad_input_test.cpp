// What must be refused on the way in: nothing is delivered, one cause is counted and audited, and where
// nobody with the key has made it, nothing has changed.
#include <functional>
#include <gtest/gtest.h>

#include "ipsec/data_path_test_support.hpp"
#include "ipsec/packet_tap.hpp"
#include "ipsec/test_packets.hpp"

namespace mpsec::ipsec {
namespace {

using namespace test;

// Outer IPv4 header, ESP header, IV; all of a tunnel with AES-GCM.
constexpr std::size_t esp_at = 20, text_at = esp_at + 8 + 8;

struct State {
  std::uint64_t top, packets, octets;
  bool operator==(const State&) const = default;
};
State state_of(Gateway& gateway) {
  return {gateway.in().window().top(), gateway.in().use().packets, gateway.in().use().octets};
}

// Makes the datagram as long as its IPv4 header says it is.
Octets cut_to(Octets packet, std::size_t size) {
  packet.resize(size);
  store_be(packet.data() + 2, static_cast<std::uint16_t>(size));
  return packet;
}
Octets with(Octets packet, std::size_t at, std::uint8_t value) {
  packet[at] = value;
  return packet;
}
Octets in_udp(OctetView payload, int length_off_by = 0) {
  Octets packet = udp_packet(false, payload.size());
  std::ranges::copy(payload, packet.begin() + 28);
  store_be<std::uint16_t>(packet.data() + 22, 4500);
  store_be(packet.data() + 24,
           static_cast<std::uint16_t>(8 + static_cast<int>(payload.size()) + length_off_by));
  return packet;
}

struct Bad {
  const char* what;
  std::function<Octets(const Octets&)> made_from;  // a packet that would be accepted
  Discard cause;
};

const Bad bad_inputs[] = {
    {"nothing", [](auto&) { return Octets{}; }, Discard::malformed_packet},
    {"one octet", [](auto&) { return hex("45"); }, Discard::malformed_packet},
    {"version 0", [](auto& good) { return with(good, 0, 0x05); }, Discard::unsupported_ip_version},
    {"version 5", [](auto& good) { return with(good, 0, 0x55); }, Discard::unsupported_ip_version},
    {"version 15", [](auto& good) { return with(good, 0, 0xf5); }, Discard::unsupported_ip_version},
    {"version 6 on IPv4", [](auto& good) { return with(good, 0, 0x65); }, Discard::malformed_packet},
    {"header of 16 octets", [](auto& good) { return with(good, 0, 0x44); }, Discard::malformed_packet},
    {"header longer than all", [](auto& good) { return cut_to(with(good, 0, 0x4f), 59); },
     Discard::malformed_packet},
    {"half a header", [](auto& good) { return Octets(good.begin(), good.begin() + 10); },
     Discard::malformed_packet},
    {"length 0", [](auto& good) { return with(with(good, 2, 0), 3, 0); }, Discard::malformed_packet},
    {"length within the header", [](auto& good) { return with(with(good, 2, 0), 3, 19); },
     Discard::malformed_packet},
    {"length beyond the end", [](auto& good) { return with(good, 2, 0xff); }, Discard::malformed_packet},
    {"no ESP at all", [](auto& good) { return cut_to(good, 20); }, Discard::esp_too_short},
    {"half an ESP header", [](auto& good) { return cut_to(good, 24); }, Discard::esp_too_short},
    {"ESP header alone", [](auto& good) { return cut_to(good, 28); }, Discard::esp_too_short},
    {"no room for the ICV", [](auto& good) { return cut_to(good, text_at + 15); }, Discard::esp_too_short},
    {"no room for the trailer", [](auto& good) { return cut_to(good, text_at + 17); },
     Discard::esp_too_short},
    {"no payload", [](auto& good) { return cut_to(good, text_at + 20); }, Discard::integrity_failed},
    {"an octet less", [](auto& good) { return cut_to(good, good.size() - 1); }, Discard::integrity_failed},
    {"SPI 0", [](auto& good) { return with(good, esp_at + 2, 0); }, Discard::unknown_spi},
    {"another SPI", [](auto& good) { return with(good, esp_at, 1); }, Discard::unknown_spi},
    {"AH for an ESP SA", [](auto& good) { return with(good, 9, 51); }, Discard::unknown_spi},
    {"wrong ICV", [](auto& good) { return with(good, good.size() - 1, good.back() ^ 1); },
     Discard::integrity_failed},
    {"another number", [](auto& good) { return with(good, esp_at + 7, 99); }, Discard::integrity_failed},
    {"fragment without octets", [](auto& good) { return with(cut_to(good, 20), 6, 0x20); },
     Discard::reassembly_failed},
    {"fragment of odd size", [](auto& good) { return with(cut_to(good, 31), 6, 0x20); },
     Discard::reassembly_failed},
    {"fragment beyond 65535", [](auto& good) { return with(with(cut_to(good, 44), 6, 0x1f), 7, 0xff); },
     Discard::reassembly_failed},
    {"UDP longer than IP", [](auto&) { return in_udp(Octets(20), 1); }, Discard::udp_malformed},
    {"UDP shorter than itself", [](auto&) { return in_udp(Octets(20), -21); }, Discard::udp_malformed},
    {"UDP header cut", [](auto&) { return cut_to(in_udp({}), 27); }, Discard::udp_malformed},
    {"neither ESP nor marker", [](auto&) { return in_udp(hex("0102")); }, Discard::udp_malformed},
    {"nothing in UDP", [](auto&) { return in_udp({}); }, Discard::udp_malformed},
    {"ESP in UDP, cut", [](auto&) { return in_udp(hex("00001000 0000")); }, Discard::esp_too_short},
    {"IPv6 header alone, which says more", [](auto&) { return with(ipv6(50, {}), 5, 8); },
     Discard::malformed_packet},
    {"IPv6 extension header cut", [](auto&) { return ipv6(60, hex("3201000000000000")); },
     Discard::malformed_packet},
    // The second one is not read: whatever it is, no policy is for it.
    {"IPv6 fragment header in another",
     [](auto&) {
       return ipv6(44, test::fragment_chain({.next_header = 44, .more_fragments = 1}, Octets(16)));
     },
     Discard::no_policy},
};

//= rfc4303/3.4.2/no-sa-found-is-discarded-and-audited
TEST(BadInput, ChangesNothingAndHasItsCause) {
  for (const Bad& bad : bad_inputs) {
    Gateway gateway;
    gateway.add(SaPlan{});
    const Octets good = gateway.send(udp_packet(false, 40)).packet;
    const State before = state_of(gateway);
    EXPECT_TRUE(gateway.receive(bad.made_from(good)).empty()) << bad.what;
    const auto audits = gateway.events<Audit>();
    ASSERT_EQ(audits.size(), 1u) << bad.what;
    EXPECT_EQ(to_string(audits[0].cause), to_string(bad.cause)) << bad.what;
    EXPECT_EQ(gateway.path().discards()[bad.cause], 1u) << bad.what;
    EXPECT_EQ(gateway.path().discards().total(), 1u) << bad.what;
    EXPECT_EQ(state_of(gateway), before) << bad.what;
    EXPECT_EQ(gateway.receive(good).size(), 1u) << bad.what;
  }
}

TEST(BadInput, EveryTruncationIsRefused) {
  Gateway gateway;
  gateway.add(SaPlan{});
  const Octets good = gateway.send(udp_packet(false, 40)).packet;
  const State before = state_of(gateway);
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_TRUE(gateway.receive(OctetView(good).first(size)).empty());
    if (size >= 20) {
      EXPECT_TRUE(gateway.receive(cut_to(good, size)).empty());
    }
    EXPECT_FALSE(gateway.events<Audit>().empty()) << size;
  }
  EXPECT_EQ(state_of(gateway), before);
  EXPECT_EQ(gateway.path().discards().total(), 2 * good.size() - 20);
  Octets padded = good;  // by the link: what stands behind the datagram is none of it
  padded.resize(good.size() + 7);
  EXPECT_EQ(gateway.receive(padded).size(), 1u);
}

// Changes the text of packets before they are sealed.
class Forger final : public PacketTap {
 public:
  explicit Forger(std::function<void(MutableOctets)> change) : change_(std::move(change)) {}
  void before_sealing(PacketBuffer&, MutableOctets text) noexcept override { change_(text); }
  void after_opening(PacketBuffer&, MutableOctets) noexcept override {}

 private:
  std::function<void(MutableOctets)> change_;
};

struct Forgery {
  const char* what;
  std::function<void(MutableOctets)> change;  // of payload, padding, pad length and next header
  Discard cause;
};

// The inner packet is 68 octets, its padding two.
const Forgery forgeries[] = {
    {"version 5 inside", [](auto text) { text[0] = 0x55; }, Discard::inner_malformed},
    {"version 6 inside, 4 announced", [](auto text) { text[0] = 0x65; }, Discard::inner_malformed},
    {"6 announced, version 4 inside", [](auto text) { text.back() = 41; }, Discard::inner_malformed},
    {"inner length beyond the payload", [](auto text) { text[3] = 69; }, Discard::inner_malformed},
    {"inner length within the header", [](auto text) { text[3] = 10; }, Discard::inner_malformed},
    {"UDP in tunnel mode", [](auto text) { text.back() = 17; }, Discard::bad_next_header},
    {"ESP right in ESP", [](auto text) { text.back() = 50; }, Discard::bad_next_header},
    {"padding 2, 2", [](auto text) { text[68] = 2; }, Discard::bad_padding},
    {"padding beyond the text", [](auto text) { text[text.size() - 2] = 255; }, Discard::bad_padding},
    {"padding is all there is",
     [](auto text) {
       for (std::size_t i = 0; i < text.size() - 2; ++i)
         text[i] = static_cast<std::uint8_t>(i + 1);
       text[text.size() - 2] = static_cast<std::uint8_t>(text.size() - 2);
     },
     Discard::inner_malformed},
    {"dummy", [](auto text) { text.back() = 59; }, Discard::dummy},
};

// Made by who has the key: the number is used and the packet counts, but nothing comes out.
TEST(BadInput, AuthenticNonsenseIsDiscardedByItsCause) {
  for (const Forgery& forgery : forgeries) {
    Gateway gateway;
    gateway.add(SaPlan{});
    SaPair sender(SaPlan{}, provider());
    Forger forger(forgery.change);
    sender.tap(&forger);
    const Octets forged = sender.protect(udp_packet(false, 40));
    EXPECT_TRUE(gateway.receive(forged).empty()) << forgery.what;
    EXPECT_EQ(gateway.path().discards()[forgery.cause], 1u) << forgery.what;
    EXPECT_EQ(gateway.path().discards().total(), 1u) << forgery.what;
    EXPECT_EQ(gateway.events<Audit>().size(), forgery.cause == Discard::dummy ? 0u : 1u) << forgery.what;
    const State after = state_of(gateway);
    EXPECT_EQ(after.top, 1u) << forgery.what;
    EXPECT_EQ(after.packets, 1u) << forgery.what;
    EXPECT_TRUE(gateway.receive(forged).empty());
    EXPECT_EQ(gateway.path().discards()[Discard::replay_duplicate], 1u) << forgery.what;
    EXPECT_EQ(state_of(gateway), after) << forgery.what;  // a replay uses no lifetime
  }
}

// A packet of the SA inside a packet of the SA comes out as it went in, and is not opened in turn.
TEST(BadInput, ASelfReferringPacketIsOpenedOnce) {
  Gateway gateway;
  gateway.add(SaPlan{});
  SaPair sender(SaPlan{}, provider());
  const Octets inside = sender.protect(udp_packet(false, 40)), outside = sender.protect(inside);
  const auto delivered = gateway.receive(outside);
  ASSERT_EQ(delivered.size(), 1u);
  EXPECT_EQ(delivered[0], inside);
  EXPECT_EQ(gateway.in().use().packets, 1u);
  EXPECT_EQ(gateway.receive(inside).size(), 1u);
}

//= rfc4303/A2.2/high-half-by-position-of-the-window
TEST(BadInput, AnInferredHighHalfOfMinusOneIsADiscardAndNoWrap) {
  const SaPlan plan{.extended = true};
  for (const std::uint64_t number :
       {0xffff'ffc1ull, 0xffff'fff0ull, 0xffff'ffffull, 0xffff'ffff'ffff'ffffull}) {
    OutboundParameters out = outbound_parameters(plan);
    out.last_sequence_number = number - 1;
    SaPair pair(std::move(out), inbound_parameters(plan), provider());
    const Octets first = pair.protect(udp_packet(false, 10));
    ASSERT_FALSE(first.empty());
    EXPECT_EQ(pair.receive(first).discard, Discard::replay_below_zero) << number;
    EXPECT_EQ(pair.in().window().top(), 0u);
    EXPECT_EQ(pair.in().use().packets, 0u);
    EXPECT_FALSE(pair.in().wants_resynchronisation());
  }
}

TEST(BadInput, WhatIsTooLargeIsLeftClearAndUsesNoNumber) {
  SaPair pair(SaPlan{}, provider());
  const Octets largest = udp_packet(false, 65507);
  HeldPacket held(largest);
  EXPECT_EQ(pair.protect(held).discard, Discard::packet_too_big);
  EXPECT_EQ(held.octets(), largest);
  EXPECT_EQ(pair.out().use().packets, 0u);
  HeldPacket small(udp_packet(false, 10));
  EXPECT_EQ(pair.protect(small).number, 1u);
}

}  // namespace
}  // namespace mpsec::ipsec
