#include "support/field_mutator.hpp"

#include <gtest/gtest.h>
#include <set>

#include "support/wire_mutators.hpp"
#include "wire/codec.hpp"
#include "wire/packet.hpp"

namespace {
bool left_to_libfuzzer = false;
}
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t*, std::size_t size, std::size_t) {
  left_to_libfuzzer = true;
  return size;
}

namespace mpsec::fuzz {
namespace {

const Octets packet = hex("46000024 1c460000 4001dd57 c0000201 c6336402 94040000 08001927 00070001 70696e67");

TEST(FieldMutator, ChangesEveryFieldSoonerOrLater) {
  const auto original = wire::decode<wire::Icmp>(hex("0800 1927 0007 0001 70696e67"));
  ASSERT_TRUE(original);
  std::set<std::string> changed;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    wire::Icmp icmp = *original;
    FieldMutator(seed).mutate(icmp);
    if (icmp.type != original->type) changed.insert("type");
    if (icmp.code != original->code) changed.insert("code");
    if (icmp.checksum != original->checksum) changed.insert("checksum");
    if (icmp.identifier != original->identifier) changed.insert("identifier");
    if (icmp.sequence_number != original->sequence_number) changed.insert("sequence number");
    if (icmp.data.size() < original->data.size()) changed.insert("data cut");
    if (icmp.data.size() > original->data.size()) changed.insert("data longer");
    if (icmp.data.size() == original->data.size() && icmp.data != original->data)
      changed.insert("data overwritten");
  }
  EXPECT_EQ(changed.size(), 8u);
}

TEST(FieldMutator, ChangesOneFieldAtATime) {
  const wire::UdpHeader original;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    wire::UdpHeader udp = original;
    FieldMutator(seed).mutate(udp);
    EXPECT_LE((udp.source_port != original.source_port) +
                  (udp.destination_port != original.destination_port) + (udp.length != original.length) +
                  (udp.checksum != original.checksum),
              1);
  }
}

TEST(FieldMutator, RemovesDoublesAndSwapsElements) {
  wire::HopByHopOptions original;
  original.options = {{.type = 0, .length = 0, .data = {}}, {.type = 1, .length = 0, .data = {}}};
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    wire::HopByHopOptions header = original;
    FieldMutator(seed).mutate(header);
    if (header.options.size() == 1) seen.insert("removed");
    if (header.options.size() == 3) seen.insert("doubled");
    if (header.options.size() == 2 && header.options[0] == original.options[1]) seen.insert("swapped");
  }
  EXPECT_EQ(seen.size(), 3u);
}

TEST(FieldMutator, IsTheSameForTheSameSeed) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    auto one = wire::decode_packet(packet), other = one;
    FieldMutator(seed).mutate(*one);
    FieldMutator(seed).mutate(*other);
    EXPECT_EQ(*one, *other);
  }
}

TEST(FieldMutator, LeavesWhatHasNoFields) {
  wire::Packet nothing;
  FieldMutator(1).mutate(nothing);
  EXPECT_TRUE(nothing.layers.empty());
}

TEST(MutatePacket, OftenMakesPacketsThatDecodeAndDiffer) {
  int decoded = 0;
  for (unsigned seed = 0; seed < 400; ++seed) {
    Octets octets = packet;
    octets.resize(256);
    octets.resize(mutate_packet(octets.data(), packet.size(), 256, seed));
    if (octets != packet && wire::decode_packet(octets)) ++decoded;
  }
  EXPECT_GT(decoded, 100);
}

TEST(MutatePacket, LeavesWhatDoesNotDecodeToLibFuzzer) {
  Octets junk(64, 0xff);
  left_to_libfuzzer = false;
  EXPECT_EQ(mutate_packet(junk.data(), 10, 64, 1), 10u);
  EXPECT_TRUE(left_to_libfuzzer);
}

TEST(MutatePacket, KeepsTheLimit) {
  for (unsigned seed = 0; seed < 400; ++seed) {
    Octets octets = packet;
    EXPECT_LE(mutate_packet(octets.data(), octets.size(), octets.size(), seed), octets.size());
  }
}

TEST(MutateHeader, ChangesAHeader) {
  int changed = 0;
  for (unsigned seed = 0; seed < 100; ++seed) {
    Octets octets = hex("11000000 1234abcd");
    const Octets before = octets;
    octets.resize(128);
    octets.resize(mutate_header(octets.data(), before.size(), 128, seed));
    changed += octets != before;
  }
  EXPECT_GT(changed, 50);
}

}  // namespace
}  // namespace mpsec::fuzz
