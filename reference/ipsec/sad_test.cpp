#include "ipsec/sad.hpp"

#include <deque>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <rapidcheck/gtest.h>
#include <tuple>

namespace mpsec::ipsec {
namespace {

struct NamedSa {
  std::string name;
};
std::string describe(const NamedSa& sa) {
  return "SA '" + sa.name + "'";
}

using Sad = InboundSad<NamedSa>;

const Spi spi{0xc0000001};
const IpAddress group = ip("232.1.1.1");
const IpAddress sender = ip("192.0.2.1");

InboundKey packet(Spi number, const IpAddress& destination, const IpAddress& source,
                  std::uint8_t protocol = 50) {
  return {number, protocol, destination, source};
}

TEST(InboundSad, FindsTheLongestIdentifier) {
  Sad sad(1);
  NamedSa by_spi{"spi"}, by_destination{"destination"}, by_both{"both"};
  ASSERT_TRUE(sad.insert(SadKey::of(spi), by_spi));
  ASSERT_TRUE(sad.insert(SadKey::of(spi, group), by_destination));
  ASSERT_TRUE(sad.insert(SadKey::of(spi, group, sender), by_both));
  EXPECT_EQ(sad.find(packet(spi, group, sender)), &by_both);
  EXPECT_EQ(sad.find(packet(spi, group, ip("192.0.2.2"))), &by_destination);
  EXPECT_EQ(sad.find(packet(spi, ip("192.0.2.3"), sender)), &by_spi);
  EXPECT_EQ(sad.find(packet(Spi{0xc0000002}, group, sender)), nullptr);
}

TEST(InboundSad, RefusesReservedSpis) {
  Sad sad(1);
  NamedSa sa{"a"};
  for (const std::uint32_t reserved : {0u, 1u, 255u}) {
    const auto refused = sad.insert(SadKey::of(Spi{reserved}), sa);
    ASSERT_FALSE(refused);
    EXPECT_THAT(to_string(refused.error()), testing::HasSubstr("allowed: 256 to 4294967295 (RFC 4303 2.1)"));
  }
  EXPECT_TRUE(sad.insert(SadKey::of(Spi{256}), sa));
}

TEST(InboundSad, RefusesASecondSaWithTheSameKeyNamingBoth) {
  Sad sad(1);
  NamedSa first{"first"}, second{"second"};
  ASSERT_TRUE(sad.insert(SadKey::of(spi, group), first));
  const auto refused = sad.insert(SadKey::of(spi, group), second);
  ASSERT_FALSE(refused);
  EXPECT_EQ(to_string(refused.error()),
            "SAD/0xc0000001 to 232.1.1.1: SA 'second' has the lookup key of SA 'first' (RFC 4301 4.1)");
  EXPECT_EQ(sad.size(), 1u);
  EXPECT_EQ(sad.find(packet(spi, group, sender)), &first);
}

TEST(InboundSad, KeepsEspAndAhTogetherOrApart) {
  NamedSa esp{"esp"}, ah{"ah"};
  Sad together(1, SpiSpace::shared), apart(1, SpiSpace::per_protocol);
  ASSERT_TRUE(together.insert(SadKey::of(spi, 50), esp));
  EXPECT_FALSE(together.insert(SadKey::of(spi, 51), ah));
  EXPECT_EQ(together.find(packet(spi, group, sender, 51)), &esp);

  ASSERT_TRUE(apart.insert(SadKey::of(spi, 50), esp));
  EXPECT_EQ(apart.find(packet(spi, group, sender, 51)), nullptr);
  ASSERT_TRUE(apart.insert(SadKey::of(spi, 51), ah));
  EXPECT_EQ(apart.find(packet(spi, group, sender, 51)), &ah);
  EXPECT_EQ(apart.find(packet(spi, group, sender, 50)), &esp);
}

TEST(InboundSad, EraseOfAnUnknownKeyChangesNothing) {
  Sad sad(1);
  NamedSa sa{"a"};
  ASSERT_TRUE(sad.insert(SadKey::of(spi), sa));
  EXPECT_EQ(sad.erase(SadKey::of(spi, group)), nullptr);
  EXPECT_EQ(sad.erase(SadKey::of(spi)), &sa);
  EXPECT_EQ(sad.erase(SadKey::of(spi)), nullptr);
  EXPECT_EQ(sad.size(), 0u);
}

// Few values for each field, so that keys meet and collide often.
SadKey small_key() {
  const Spi number{*rc::gen::inRange(250u, 290u)};
  const IpAddress destination = IpAddress::v4(*rc::gen::inRange(0u, 3u));
  const IpAddress source =
      *rc::gen::arbitrary<bool>() ? IpAddress::v4(*rc::gen::inRange(0u, 3u)) : ip("2001:db8::1");
  switch (*rc::gen::inRange(0, 3)) {
    case 0:
      return SadKey::of(number, static_cast<std::uint8_t>(*rc::gen::inRange(50, 52)));
    case 1:
      return SadKey::of(number, destination);
    default:
      return SadKey::of(number, destination, source);
  }
}

class Model {
 public:
  explicit Model(SpiSpace space) : space_(space) {}

  using Key = std::tuple<SadKeyShape, std::uint32_t, std::uint8_t, IpAddress, IpAddress>;
  Key of(const SadKey& key) const {
    const bool apart = space_ == SpiSpace::per_protocol && key.shape == SadKeyShape::spi;
    return {key.shape, key.spi.value, apart ? key.protocol : std::uint8_t{0}, key.destination, key.source};
  }
  NamedSa* exact(const SadKey& key) const {
    const auto found = entries.find(of(key));
    return found == entries.end() ? nullptr : found->second;
  }
  NamedSa* find(const InboundKey& key) const {
    if (NamedSa* sa = exact(SadKey::of(key.spi, key.destination, key.source))) return sa;
    if (NamedSa* sa = exact(SadKey::of(key.spi, key.destination))) return sa;
    return exact(SadKey::of(key.spi, key.protocol));
  }

  std::map<Key, NamedSa*> entries;

 private:
  SpiSpace space_;
};

RC_GTEST_PROP(InboundSad, BehavesAsAnOrderedMapSearchedInTheOrderOfTheRfc,
              (std::uint64_t seed, bool shared)) {
  const SpiSpace space = shared ? SpiSpace::shared : SpiSpace::per_protocol;
  Sad sad(seed, space);
  Model model(space);
  std::deque<NamedSa> owned;
  const int steps = *rc::gen::inRange(0, 400);
  for (int step = 0; step < steps; ++step) {
    const SadKey key = small_key();
    if (*rc::gen::inRange(0, 3) != 0) {
      NamedSa& sa = owned.emplace_back();
      const bool allowed = key.spi.value >= 256 && model.exact(key) == nullptr;
      RC_ASSERT(sad.insert(key, sa).has_value() == allowed);
      if (allowed) model.entries[model.of(key)] = &sa;
    } else {
      RC_ASSERT(sad.erase(key) == model.exact(key));
      model.entries.erase(model.of(key));
    }
    RC_ASSERT(sad.size() == model.entries.size());
  }
  std::vector<InboundKey> packets;
  for (std::uint32_t number = 250; number < 290; ++number) {
    for (std::uint32_t destination = 0; destination < 3; ++destination)
      for (const std::uint8_t protocol : {std::uint8_t{50}, std::uint8_t{51}})
        packets.push_back(packet(Spi{number}, IpAddress::v4(destination), IpAddress::v4(1), protocol));
  }
  std::vector<NamedSa*> found(packets.size());
  sad.find_batch(packets, found);
  for (std::size_t i = 0; i < packets.size(); ++i) {
    RC_ASSERT(found[i] == model.find(packets[i]));
    RC_ASSERT(sad.find(packets[i]) == found[i]);
  }
}

}  // namespace
}  // namespace mpsec::ipsec
