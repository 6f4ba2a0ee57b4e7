// AH through both ends of an SA.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "crypto/openssl/openssl_provider.hpp"
#include "ipsec/packet_tap.hpp"
#include "ipsec/replay_window.hpp"
#include "ipsec/sa_test_support.hpp"

namespace mpsec::ipsec {
namespace {

using crypto::IntegrityId;
using test::SaPair;
using test::SaPlan;
using test::udp_packet;

const crypto::Provider& provider() {
  static const auto openssl = crypto::make_openssl_provider();
  return *openssl;
}

constexpr IntegrityId algorithms[] = {
    IntegrityId::hmac_md5_96,       IntegrityId::hmac_sha1_96,      IntegrityId::hmac_sha2_256_128,
    IntegrityId::hmac_sha2_384_192, IntegrityId::hmac_sha2_512_256, IntegrityId::aes_xcbc_96,
    IntegrityId::aes_cmac_96,       IntegrityId::aes_128_gmac,      IntegrityId::aes_256_gmac};

SaPlan any_plan() {
  SaPlan plan{.protocol = Protocol::ah};
  plan.integrity = algorithms[*rc::gen::inRange<std::size_t>(0, std::size(algorithms))];
  plan.mode = *rc::gen::element(Mode::tunnel, Mode::transport);
  plan.extended = *rc::gen::arbitrary<bool>();
  plan.outer_v6 = *rc::gen::arbitrary<bool>();
  plan.seed = *rc::gen::arbitrary<std::uint64_t>();
  return plan;
}

Octets any_packet(const SaPlan& plan) {
  const bool v6 = plan.mode == Mode::transport ? plan.outer_v6 : *rc::gen::arbitrary<bool>();
  return udp_packet(v6, *rc::gen::inRange<std::size_t>(0, 1600));
}

SaPair any_pair(const SaPlan& plan) {
  OutboundParameters out = test::outbound_parameters(plan);
  InboundParameters in = test::inbound_parameters(plan);
  out.ah_ipv4_alignment = in.ah_ipv4_alignment = *rc::gen::element<std::uint8_t>(4, 8);
  return SaPair(std::move(out), std::move(in), provider());
}

RC_GTEST_PROP(AhSa, OpensWhatItSealed, ()) {
  const SaPlan plan = any_plan();
  const Octets clear = any_packet(plan);
  SaPair pair = any_pair(plan);
  for (std::uint64_t expected = 1; expected <= 3; ++expected) {
    const Octets sealed = pair.protect(clear);
    RC_ASSERT(!sealed.empty());
    const auto received = pair.receive(sealed);
    RC_ASSERT(received.discard == Discard::none);
    RC_ASSERT(received.packet == clear);
    RC_ASSERT(received.number == expected);
    RC_ASSERT(pair.receive(sealed).discard == Discard::replay_duplicate);
  }
}

// AH covers the outer header too, but for what routers change on the way.
RC_GTEST_PROP(AhSa, RefusesWhatWasChanged, ()) {
  const SaPlan plan = any_plan();
  SaPair pair = any_pair(plan);
  const Octets sealed = pair.protect(any_packet(plan));
  const std::size_t ah_at = plan.outer_v6 ? 40 : 20;
  Octets changed = sealed;
  // Addresses (the source alone in IPv4, from 12 on), or what follows the SPI, which is for the SAD.
  const bool address = *rc::gen::arbitrary<bool>();
  const auto at = address ? *rc::gen::inRange<std::size_t>(plan.outer_v6 ? 8 : 12, plan.outer_v6 ? 24 : 16)
                          : *rc::gen::inRange<std::size_t>(ah_at + 8, sealed.size());
  changed[at] = static_cast<std::uint8_t>(changed[at] ^ *rc::gen::inRange(1, 256));
  const auto received = pair.receive(changed);
  RC_ASSERT(received.discard == Discard::integrity_failed || received.discard == Discard::replay_below_zero ||
            received.discard == Discard::replay_too_old);
  RC_ASSERT(received.packet.empty());
  RC_ASSERT(pair.in().window().top() == 0u);
  RC_ASSERT(pair.in().use().packets == 0u);
  RC_ASSERT(pair.receive(sealed).discard == Discard::none);
}

RC_GTEST_PROP(AhSa, SurvivesEveryTruncation, ()) {
  const SaPlan plan = any_plan();
  SaPair pair = any_pair(plan);
  const Octets sealed = pair.protect(udp_packet(plan.outer_v6, 40));
  const auto size = *rc::gen::inRange<std::size_t>(0, sealed.size());
  RC_ASSERT(pair.receive(OctetView(sealed).first(size)).packet.empty());
}

// A run gives each packet the verdict that it would get alone.
RC_GTEST_PROP(AhSa, JudgesARunAsItWouldEachPacket, ()) {
  const SaPlan plan = any_plan();
  SaPair sender(plan, provider()), alone(plan, provider()), together(plan, provider());
  std::vector<HeldPacket> held;
  std::vector<Discard> expected;
  for (auto count = *rc::gen::inRange<std::size_t>(1, largest_run + 1); held.size() < count;) {
    Octets sealed = sender.protect(udp_packet(plan.outer_v6, 30));
    const int damage = *rc::gen::inRange(0, 6);
    if (damage == 0) sealed.back() ^= 1;
    if (damage == 1) sealed[plan.outer_v6 ? 41 : 21] ^= 1;  // AH's length
    expected.push_back(alone.receive(sealed).discard);
    held.emplace_back(sealed);
  }
  std::vector<SealedPacket> run(held.size());
  for (std::size_t i = 0; i < run.size(); ++i)
    RC_ASSERT(look_at(held[i].buffer(), run[i]).kind == Arrival::Kind::sealed);
  StandardLifetimePolicy lifetime;
  StandardInboundPolicy policy;
  AhAuthenticator ah;
  InboundSa::Accepted accepted;
  std::vector<Discard> discards(run.size());
  together.in().receive(run, {}, {lifetime, policy, ah, nullptr}, accepted, discards);
  RC_ASSERT(discards == expected);
  RC_ASSERT(accepted.size() == static_cast<std::size_t>(std::ranges::count(expected, Discard::none)));
}

TEST(AhSa, PadsIpv4AsThePeerDoes) {
  const SaPlan plan{.protocol = Protocol::ah, .integrity = IntegrityId::hmac_sha2_256_128};
  OutboundParameters wide = test::outbound_parameters(plan);
  wide.ah_ipv4_alignment = 8;
  SaPair narrow_receiver(std::move(wide), test::inbound_parameters(plan), provider());
  const Octets padded = narrow_receiver.protect(udp_packet(false, 10));
  EXPECT_EQ(padded[21], 6);  // 32 octets
  EXPECT_EQ(narrow_receiver.receive(padded).discard, Discard::ah_bad_length);
  InboundParameters in = test::inbound_parameters(plan);
  in.ah_ipv4_alignment = 8;
  SaPair wide_receiver(test::outbound_parameters(plan), std::move(in), provider());
  EXPECT_EQ(wide_receiver.receive(wide_receiver.protect(udp_packet(false, 10))).discard,
            Discard::ah_bad_length);
  EXPECT_EQ(wide_receiver.receive(padded).discard, Discard::none);
}

//= rfc4303/A3.2/larger-high-halves-are-tried-a-limited-number-of-times
TEST(AhSa, ResynchronisesWithinItsBound) {
  const SaPlan plan{.protocol = Protocol::ah, .integrity = IntegrityId::hmac_sha2_256_128, .extended = true};
  for (const std::uint64_t high : {1u, 4u, 5u}) {
    InboundParameters in = test::inbound_parameters(plan);
    in.resynchronise_after = 8, in.resynchronise_tries = 4;
    OutboundParameters out = test::outbound_parameters(plan);
    out.last_sequence_number = high << 32;
    SaPair pair(std::move(out), std::move(in), provider());
    for (int i = 0; i < 8; ++i)
      EXPECT_EQ(pair.receive(pair.protect(udp_packet(false, 10))).discard, Discard::integrity_failed);
    ASSERT_TRUE(pair.in().wants_resynchronisation());
    EXPECT_EQ(pair.in().resynchronise(), high <= 4);
    EXPECT_FALSE(pair.in().wants_resynchronisation());
    EXPECT_EQ(pair.in().window().top(), high <= 4 ? (high << 32) + 8 : 0);
    EXPECT_EQ(pair.receive(pair.protect(udp_packet(false, 10))).discard,
              high <= 4 ? Discard::none : Discard::integrity_failed);
  }
}

// While other SAs of the window bring what is accepted, one SA's failures say nothing of the numbers.
//= profile/6/resynchronisation
TEST(AhSa, DoesNotResynchroniseAWindowThatMovesOn) {
  const SaPlan plan{.protocol = Protocol::ah, .integrity = IntegrityId::hmac_sha2_256_128, .extended = true};
  for (const bool moves : {false, true}) {
    InboundParameters in = test::inbound_parameters(plan);
    in.resynchronise_after = 8, in.resynchronise_tries = 4;
    OutboundParameters out = test::outbound_parameters(plan);
    out.last_sequence_number = std::uint64_t{1} << 32;
    const auto window = std::make_shared<ReplayWindow>(64, true);
    SaPair pair(std::move(out), std::move(in), provider(), window);
    for (int i = 0; i < 8; ++i) {
      EXPECT_EQ(pair.receive(pair.protect(udp_packet(false, 10))).discard, Discard::integrity_failed);
      const std::uint64_t others = 20;
      ReplayVerdict verdict{};
      if (moves && i == 3) window->accept({&others, 1}, {&verdict, 1});
    }
    ASSERT_TRUE(pair.in().wants_resynchronisation());
    EXPECT_EQ(pair.in().resynchronise(), !moves);
    EXPECT_FALSE(pair.in().wants_resynchronisation());
    EXPECT_EQ(window->top(), moves ? 20 : (std::uint64_t{1} << 32) + 8);
  }
}

}  // namespace
}  // namespace mpsec::ipsec
