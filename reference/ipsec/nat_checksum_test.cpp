#include "ipsec/nat_checksum.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "wire/codec.hpp"
#include "wire/ipv4.hpp"
#include "wire/ipv6.hpp"
#include "wire/protocol.hpp"

namespace mpsec::ipsec {
namespace {

struct Addresses {
  IpAddress source, destination;
};

template <class Header>
Octets ip_header(const Addresses& addresses, Header header) {
  std::ranges::copy(addresses.source.octets(), header.source.begin());
  std::ranges::copy(addresses.destination.octets(), header.destination.begin());
  return wire::encode(header);
}

// The checksum as RFC 1071 tells it to a child: word by word.
std::uint16_t slow_checksum(const Addresses& addresses, std::uint8_t protocol, OctetView segment) {
  Octets summed;
  append(summed, addresses.source.octets());
  append(summed, addresses.destination.octets());
  append_be(summed, static_cast<std::uint32_t>(segment.size()));
  append_be(summed, static_cast<std::uint32_t>(protocol));
  append(summed, segment);
  if (summed.size() % 2 != 0) summed.push_back(0);
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < summed.size(); i += 2) {
    sum += load_be<std::uint16_t>(summed.data() + i);
    if (sum > 0xffff) sum -= 0xffff;
  }
  return static_cast<std::uint16_t>(~sum);
}

// A packet as its sender makes it at these addresses. The checksum of `segment` is filled in.
Octets packet_at(const Addresses& addresses, std::uint8_t protocol, Octets segment) {
  const std::size_t at = protocol == wire::protocol::udp ? 6 : 16;
  store_be<std::uint16_t>(segment.data() + at, 0);
  std::uint16_t checksum = slow_checksum(addresses, protocol, segment);
  if (protocol == wire::protocol::udp && checksum == 0) checksum = 0xffff;
  store_be(segment.data() + at, checksum);
  const auto size = static_cast<std::uint16_t>(segment.size());
  wire::Ipv4Header v4;
  v4.total_length = static_cast<std::uint16_t>(20 + size);
  v4.protocol = protocol;
  wire::Ipv6Header v6;
  v6.payload_length = size;
  v6.next_header = protocol;
  Octets packet = addresses.source.is_v4() ? ip_header(addresses, v4) : ip_header(addresses, v6);
  append(packet, segment);
  return packet;
}

Octets udp(OctetView data) {
  Octets segment = hex("1194 0035 0000 0000");
  append(segment, data);
  store_be(segment.data() + 4, static_cast<std::uint16_t>(segment.size()));
  return segment;
}
Octets tcp(OctetView data) {
  Octets segment = hex("0400 0050 00000001 00000002 5010 2000 0000 0000");
  append(segment, data);
  return segment;
}

const Addresses at_home{ip("192.168.1.10"), ip("203.0.113.5")};
const Addresses as_received{ip("198.51.100.77"), ip("10.0.0.5")};
constexpr auto all_ways = {ChecksumRepair::by_difference, ChecksumRepair::recompute,
                           ChecksumRepair::zero_udp};

// What the NATs make of `sent`, and decapsulation then hands on: other addresses, the same segment.
Octets translated(const Octets& sent, const Addresses& to) {
  Octets packet = sent;
  const std::size_t at = to.source.is_v4() ? 12 : 8;
  std::ranges::copy(to.source.octets(), packet.begin() + static_cast<std::ptrdiff_t>(at));
  std::ranges::copy(to.destination.octets(),
                    packet.begin() + static_cast<std::ptrdiff_t>(at + to.source.size()));
  return packet;
}

RepairOutcome repair(Octets& packet, ChecksumRepair how, const Addresses& original = at_home) {
  return repair_checksum(packet, how, {original.source, original.destination});
}

IpAddress any_address(bool v4) {
  const auto octets = *rc::gen::container<Octets>(16, rc::gen::arbitrary<std::uint8_t>());
  return v4 ? IpAddress::v4(octets.data()) : IpAddress::v6(octets.data());
}

RC_GTEST_PROP(NatChecksum, RepairedIsAsIfSentFromTheNewAddresses, (Octets data, bool v4, bool is_udp)) {
  //= rfc3948/3.1.2/checksum-by-the-difference-of-addresses
  //= rfc3948/3.1.2/checksum-computed-anew
  const std::uint8_t protocol = is_udp ? wire::protocol::udp : wire::protocol::tcp;
  const Octets segment = is_udp ? udp(data) : tcp(data);
  const Addresses before{any_address(v4), any_address(v4)}, after{any_address(v4), any_address(v4)};
  const Octets expected = packet_at(after, protocol, segment);
  for (const ChecksumRepair how : {ChecksumRepair::by_difference, ChecksumRepair::recompute}) {
    Octets packet = translated(packet_at(before, protocol, segment), after);
    RC_ASSERT(repair(packet, how, before) == RepairOutcome::repaired);
    RC_ASSERT(packet == expected);
  }
}

RC_GTEST_PROP(NatChecksum, ByDifferenceHidesNoOtherDamage, (Octets data, std::uint8_t damage)) {
  RC_PRE(damage != 0);
  Octets packet = translated(packet_at(at_home, wire::protocol::tcp, tcp(data)), as_received);
  packet[24] ^= damage;
  RC_ASSERT(repair(packet, ChecksumRepair::by_difference) == RepairOutcome::repaired);
  RC_ASSERT(slow_checksum(as_received, wire::protocol::tcp, OctetView(packet).subspan(20)) != 0);
}

TEST(NatChecksum, OneKnownAddressIsEnoughIfTheOtherIsTheSame) {
  const Addresses half{at_home.source, as_received.destination};
  Octets packet = translated(packet_at(half, wire::protocol::tcp, tcp({})), as_received);
  EXPECT_EQ(repair_checksum(packet, ChecksumRepair::by_difference, {.source = half.source}),
            RepairOutcome::repaired);
  EXPECT_EQ(packet, packet_at(as_received, wire::protocol::tcp, tcp({})));
}

TEST(NatChecksum, AComputedZeroOfUdpIsWrittenAsOnes) {
  const Addresses none{ip("0.0.0.0"), ip("0.0.0.0")};
  Octets segment = udp(hex("0000"));
  const std::uint16_t sum = slow_checksum(none, wire::protocol::udp, segment);
  store_be(segment.data() + 8, sum);  // makes the whole sum to all ones
  const Octets expected = packet_at(none, wire::protocol::udp, segment);
  ASSERT_EQ(load_be<std::uint16_t>(expected.data() + 26), 0xffff);
  for (const ChecksumRepair how : {ChecksumRepair::by_difference, ChecksumRepair::recompute}) {
    Octets packet = translated(packet_at(at_home, wire::protocol::udp, segment), none);
    EXPECT_EQ(repair(packet, how), RepairOutcome::repaired);
    EXPECT_EQ(packet, expected);
  }
}

TEST(NatChecksum, UdpWithoutChecksumStaysWithout) {
  for (const ChecksumRepair how : all_ways) {
    Octets packet = packet_at(as_received, wire::protocol::udp, udp(hex("01")));
    store_be<std::uint16_t>(packet.data() + 26, 0);
    const Octets before = packet;
    EXPECT_EQ(repair(packet, how), RepairOutcome::untouched);
    EXPECT_EQ(packet, before);
  }
}

TEST(NatChecksum, ZeroIsForIpv4UdpOnly) {
  //= rfc3948/3.1.2/udp-checksum-set-to-zero
  Octets packet = translated(packet_at(at_home, wire::protocol::udp, udp(hex("01"))), as_received);
  EXPECT_EQ(repair(packet, ChecksumRepair::zero_udp), RepairOutcome::repaired);
  EXPECT_EQ(load_be<std::uint16_t>(packet.data() + 26), 0);
  packet = translated(packet_at(at_home, wire::protocol::tcp, tcp(hex("01"))), as_received);
  EXPECT_EQ(repair(packet, ChecksumRepair::zero_udp), RepairOutcome::repaired);
  EXPECT_EQ(packet, packet_at(as_received, wire::protocol::tcp, tcp(hex("01"))));
  const Addresses six{ip("2001:db8::1"), ip("2001:db8::2")}, other{ip("2001:db8::3"), ip("2001:db8::4")};
  packet = translated(packet_at(six, wire::protocol::udp, udp(hex("01"))), other);
  EXPECT_EQ(repair(packet, ChecksumRepair::zero_udp, six), RepairOutcome::repaired);
  EXPECT_EQ(packet, packet_at(other, wire::protocol::udp, udp(hex("01"))));
}

TEST(NatChecksum, OtherProtocolsAndLaterFragmentsAreLeftAlone) {
  for (const ChecksumRepair how : all_ways) {
    Octets packet = packet_at(as_received, wire::protocol::tcp, tcp(hex("01")));
    packet[9] = wire::protocol::icmp;
    Octets before = packet;
    EXPECT_EQ(repair(packet, how), RepairOutcome::untouched);
    EXPECT_EQ(packet, before);
    packet[9] = wire::protocol::tcp;
    packet[7] = 1;  // fragment offset
    before = packet;
    EXPECT_EQ(repair(packet, how), RepairOutcome::untouched);
    EXPECT_EQ(packet, before);
  }
  Octets packet = packet_at(at_home, wire::protocol::tcp, tcp({}));
  EXPECT_EQ(repair(packet, ChecksumRepair::none), RepairOutcome::untouched);
}

TEST(NatChecksum, AFirstFragmentIsRepairedByDifferenceOnly) {
  const Octets whole = packet_at(at_home, wire::protocol::udp, udp(Octets(64)));
  Octets first = translated(whole, as_received);
  first.resize(20 + 32);
  store_be<std::uint16_t>(first.data() + 2, 52);
  first[6] = 0x20;  // more fragments
  EXPECT_EQ(repair(first, ChecksumRepair::recompute), RepairOutcome::refused);
  EXPECT_EQ(repair(first, ChecksumRepair::by_difference), RepairOutcome::repaired);
  const Octets expected = packet_at(as_received, wire::protocol::udp, udp(Octets(64)));
  EXPECT_EQ(load_be<std::uint16_t>(first.data() + 26), load_be<std::uint16_t>(expected.data() + 26));
}

TEST(NatChecksum, RefusesHeadersThatAreNotThere) {
  for (const ChecksumRepair how : all_ways) {
    for (const std::uint8_t protocol : {wire::protocol::tcp, wire::protocol::udp}) {
      const std::size_t header = protocol == wire::protocol::tcp ? 20 : 8;
      Octets packet = packet_at(as_received, protocol, protocol == wire::protocol::tcp ? tcp({}) : udp({}));
      packet.resize(20 + header - 1);
      store_be(packet.data() + 2, static_cast<std::uint16_t>(packet.size()));
      const Octets before = packet;
      EXPECT_EQ(repair(packet, how), RepairOutcome::refused);
      EXPECT_EQ(packet, before);
    }
    for (const auto length : {std::uint16_t{7}, std::uint16_t{10}}) {  // of 9 octets of UDP
      Octets packet = packet_at(as_received, wire::protocol::udp, udp(hex("01")));
      store_be(packet.data() + 24, length);
      EXPECT_EQ(repair(packet, how), RepairOutcome::refused);
    }
    Octets nothing;
    EXPECT_EQ(repair(nothing, how), RepairOutcome::refused);
  }
}

}  // namespace
}  // namespace mpsec::ipsec
