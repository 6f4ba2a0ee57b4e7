#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "crypto/openssl/openssl_provider.hpp"
#include "ipsec/sa_test_support.hpp"

namespace mpsec::ipsec {
namespace {

using crypto::EncryptionId;
using crypto::IntegrityId;
using test::SaPair;
using test::SaPlan;
using test::udp_packet;

const crypto::Provider& provider() {
  static const auto openssl = crypto::make_openssl_provider();
  return *openssl;
}

struct Suite {
  EncryptionId encryption;
  std::size_t key_octets;
  IntegrityId integrity;
};

constexpr Suite suites[] = {
    {EncryptionId::aes_gcm_16, 16, IntegrityId::none},
    {EncryptionId::aes_gcm_16, 32, IntegrityId::none},
    {EncryptionId::aes_gcm_12, 24, IntegrityId::none},
    {EncryptionId::aes_gcm_8, 16, IntegrityId::none},
    {EncryptionId::aes_ccm_8, 16, IntegrityId::none},
    {EncryptionId::aes_ccm_12, 16, IntegrityId::none},
    {EncryptionId::aes_ccm_16, 32, IntegrityId::none},
    {EncryptionId::chacha20_poly1305, 32, IntegrityId::none},
    {EncryptionId::aes_gcm_16_iiv, 16, IntegrityId::none},
    {EncryptionId::aes_ccm_8_iiv, 16, IntegrityId::none},
    {EncryptionId::chacha20_poly1305_iiv, 32, IntegrityId::none},
    {EncryptionId::null_auth_aes_gmac, 16, IntegrityId::none},
    {EncryptionId::aes_cbc, 16, IntegrityId::hmac_sha2_256_128},
    {EncryptionId::aes_cbc, 32, IntegrityId::hmac_sha1_96},
    {EncryptionId::aes_cbc, 24, IntegrityId::hmac_sha2_512_256},
    {EncryptionId::aes_ctr, 16, IntegrityId::hmac_sha2_384_192},
    {EncryptionId::aes_ctr, 32, IntegrityId::aes_xcbc_96},
    {EncryptionId::triple_des, 24, IntegrityId::hmac_md5_96},
    {EncryptionId::null, 0, IntegrityId::aes_cmac_96},
    {EncryptionId::null, 0, IntegrityId::hmac_sha2_256_128},
};

SaPlan any_plan() {
  const Suite suite = suites[*rc::gen::inRange<std::size_t>(0, std::size(suites))];
  SaPlan plan;
  plan.encryption = suite.encryption, plan.key_octets = suite.key_octets, plan.integrity = suite.integrity;
  plan.mode = *rc::gen::element(Mode::tunnel, Mode::transport);
  plan.extended = *rc::gen::arbitrary<bool>();
  plan.udp = *rc::gen::arbitrary<bool>();
  plan.outer_v6 = *rc::gen::arbitrary<bool>();
  plan.seed = *rc::gen::arbitrary<std::uint64_t>();
  return plan;
}

Octets any_packet(const SaPlan& plan) {
  const bool v6 = plan.mode == Mode::transport ? plan.outer_v6 : *rc::gen::arbitrary<bool>();
  return udp_packet(v6, *rc::gen::inRange<std::size_t>(0, 1600));
}

RC_GTEST_PROP(Esp, OpensWhatItSealed, ()) {
  const SaPlan plan = any_plan();
  const Octets clear = any_packet(plan);
  SaPair pair(plan, provider());
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

// Any octet changed behind the outer IP header is noticed, and never moves the window or uses lifetime.
RC_GTEST_PROP(Esp, RefusesWhatWasChanged, ()) {
  const SaPlan plan = any_plan();
  const Octets clear = any_packet(plan);
  SaPair pair(plan, provider());
  const Octets sealed = pair.protect(clear);
  const std::size_t protected_from = (plan.outer_v6 ? 40 : 20) + (plan.udp ? 8 : 0);
  Octets changed = sealed;
  const auto at =
      *rc::gen::inRange<std::size_t>(protected_from + 4, sealed.size());  // the SPI is for the SAD
  changed[at] = static_cast<std::uint8_t>(changed[at] ^ *rc::gen::inRange(1, 256));
  const auto received = pair.receive(changed);
  RC_ASSERT(received.discard == Discard::integrity_failed || received.discard == Discard::replay_below_zero ||
            received.discard == Discard::replay_too_old);
  RC_ASSERT(received.packet.empty());
  RC_ASSERT(pair.in().window().top() == 0u);
  RC_ASSERT(pair.in().use().packets == 0u);
  RC_ASSERT(pair.receive(sealed).packet == clear);
}

RC_GTEST_PROP(Esp, SurvivesEveryTruncation, ()) {
  const SaPlan plan = any_plan();
  SaPair pair(plan, provider());
  const Octets sealed = pair.protect(udp_packet(plan.outer_v6, 40));
  const auto size = *rc::gen::inRange<std::size_t>(0, sealed.size());
  RC_ASSERT(pair.receive(OctetView(sealed).first(size)).packet.empty());
}

TEST(Esp, CountsTheHighHalfOfTheNumberIntoTheIcv) {
  for (const Suite& suite : suites) {
    SaPlan plan{.encryption = suite.encryption,
                .key_octets = suite.key_octets,
                .integrity = suite.integrity,
                .extended = true};
    OutboundParameters out = test::outbound_parameters(plan);
    out.last_sequence_number = 0x1'0000'0005;  // the receiver, fresh, will infer a high half of 0
    SaPair pair(std::move(out), test::inbound_parameters(plan), provider());
    const Octets sealed = pair.protect(udp_packet(false, 10));
    EXPECT_EQ(pair.receive(sealed).discard, Discard::integrity_failed) << static_cast<int>(suite.encryption);
  }
}

TEST(Esp, StopsAtTheLastNumberWithoutExtension) {
  const SaPlan plan;
  OutboundParameters out = test::outbound_parameters(plan);
  out.last_sequence_number = 0xfffffffe;
  SaPair pair(std::move(out), test::inbound_parameters(plan), provider());
  HeldPacket last(udp_packet(false, 10)), beyond(udp_packet(false, 10));
  EXPECT_EQ(pair.protect(last).number, 0xffffffffu);
  EXPECT_EQ(pair.protect(beyond).discard, Discard::sequence_exhausted);
  EXPECT_TRUE(pair.out().exhausted());
}

TEST(Esp, RollsOverOnlyWhereNothingDependsOnTheNumber) {
  SaPlan plan{
      .encryption = EncryptionId::aes_cbc, .key_octets = 16, .integrity = IntegrityId::hmac_sha2_256_128};
  OutboundParameters out = test::outbound_parameters(plan);
  InboundParameters in = test::inbound_parameters(plan);
  out.anti_replay = in.anti_replay = false;
  out.last_sequence_number = 0xfffffffe;
  SaPair pair(std::move(out), std::move(in), provider());
  for (const std::uint64_t expected : {0xffffffffull, 0ull, 1ull}) {
    const auto received = pair.receive(pair.protect(udp_packet(false, 10)));
    EXPECT_EQ(received.discard, Discard::none);
    EXPECT_EQ(received.number, expected);
  }
  SaPlan counter;  // AES-GCM: the number is the nonce
  OutboundParameters stops = test::outbound_parameters(counter);
  stops.anti_replay = false;
  EXPECT_FALSE(may_roll_over(stops));
}

// Whatever takes its nonce from the number stops at the last one: without anti-replay too, and with 64 bits.
//= rfc8750/7/counter-modes-stop-at-the-last-number
TEST(Esp, CounterModesNeverUseANumberTwice) {
  for (const Suite& suite : suites) {
    const bool counts = suite.encryption != EncryptionId::aes_cbc &&
                        suite.encryption != EncryptionId::triple_des &&
                        suite.encryption != EncryptionId::null;
    for (const bool anti_replay : {false, true}) {
      for (const bool extended : {false, true}) {
        const SaPlan plan{.encryption = suite.encryption,
                          .key_octets = suite.key_octets,
                          .integrity = suite.integrity,
                          .extended = extended};
        OutboundParameters out = test::outbound_parameters(plan);
        out.anti_replay = anti_replay, out.allow_esn_without_anti_replay = true;
        const std::uint64_t last = extended ? ~std::uint64_t{0} : 0xffffffff;
        out.last_sequence_number = last - 2;
        const auto sa = OutboundSa::make(std::move(out), provider()).value();
        SeededRng rng(1);
        StandardLifetimePolicy lifetime;
        AhAuthenticator ah;
        HeldPacket packets[4] = {HeldPacket(udp_packet(false, 10)), HeldPacket(udp_packet(false, 10)),
                                 HeldPacket(udp_packet(false, 10)), HeldPacket(udp_packet(false, 10))};
        std::array<Outgoing, 4> run;
        for (std::size_t i = 0; i < run.size(); ++i)
          run[i].packet = packets[i].buffer();
        sa->protect(run, {}, {rng, lifetime, ah});
        const bool stops = counts || anti_replay || extended;
        EXPECT_EQ(run[1].number, last);
        EXPECT_EQ(run[2].discard, stops ? Discard::sequence_exhausted : Discard::none)
            << static_cast<int>(suite.encryption) << anti_replay << extended;
        EXPECT_EQ(run[3].discard, run[2].discard);
        EXPECT_EQ(sa->exhausted(), stops);
        EXPECT_EQ(sa->usable(), !stops);
        EXPECT_EQ(std::ranges::equal(run[3].packet.view(), udp_packet(false, 10)), stops);
      }
    }
  }
}

// RFC 8750: the IV is the number, and not sent; with the IV before it, and with 64 bits, the rest is the
// same.
TEST(Esp, AnImplicitIvIsTheExplicitOneLeftOut) {
  const std::pair<EncryptionId, EncryptionId> pairs[] = {
      {EncryptionId::aes_gcm_16_iiv, EncryptionId::aes_gcm_16},
      {EncryptionId::aes_ccm_8_iiv, EncryptionId::aes_ccm_8},
      {EncryptionId::chacha20_poly1305_iiv, EncryptionId::chacha20_poly1305}};
  for (const auto& [implicit, explicit_] : pairs) {
    for (const bool extended : {false, true}) {
      const std::size_t key = implicit == EncryptionId::chacha20_poly1305_iiv ? 32u : 16u;
      const auto sealed = [&](EncryptionId encryption) {
        const SaPlan plan{.encryption = encryption, .key_octets = key, .extended = extended};
        OutboundParameters out = test::outbound_parameters(plan);
        out.last_sequence_number = extended ? 0x1'2345'6788 : 0x2345'6788;
        SaPair pair(std::move(out), test::inbound_parameters(plan), provider());
        return pair.protect(udp_packet(false, 10));
      };
      const Octets without = sealed(implicit), with = sealed(explicit_);
      ASSERT_EQ(without.size() + 8, with.size());
      EXPECT_EQ(to_hex(OctetView(with).subspan(28, 8)), extended ? "0000000123456789" : "0000000023456789");
      EXPECT_EQ(to_hex(OctetView(without).subspan(28)), to_hex(OctetView(with).subspan(36)));
    }
  }
}

//= rfc4301/4.4.2.1/dscp-bypassed-or-mapped
TEST(Esp, CopiesFixesOrMapsTheDscpOfATunnel) {
  DscpMap map;
  for (std::uint8_t i = 0; i < 64; ++i)
    map[i] = static_cast<std::uint8_t>(63 - i);
  for (const bool outer_v6 : {false, true}) {
    for (const bool inner_v6 : {false, true}) {
      const auto outer_class = [&](std::uint8_t dscp, auto change) {
        const SaPlan plan{.outer_v6 = outer_v6};
        OutboundParameters out = test::outbound_parameters(plan);
        change(out.tunnel);
        SaPair pair(std::move(out), test::inbound_parameters(plan), provider());
        const auto ecn_ect0 = static_cast<std::uint8_t>(dscp << 2 | 2);
        const Octets clear = udp_packet(inner_v6, 10, ecn_ect0), sealed = pair.protect(clear);
        EXPECT_EQ(pair.receive(sealed).packet, clear);  // inside nothing changes
        return load_be<std::uint16_t>(sealed.data()) >> (outer_v6 ? 4 : 0) & 0xff;
      };
      for (std::uint8_t dscp = 0; dscp < 64; ++dscp) {
        EXPECT_EQ(outer_class(dscp, [](TunnelOptions&) {}), dscp << 2 | 2);
        EXPECT_EQ(outer_class(dscp, [](TunnelOptions& tunnel) { tunnel.dscp = 46; }), 46 << 2 | 2);
        EXPECT_EQ(outer_class(dscp, [&](TunnelOptions& tunnel) { tunnel.dscp_map = map; }),
                  (63 - dscp) << 2 | 2);
      }
    }
  }
}

TEST(Esp, DropsADummyPacketAfterAcceptingIt) {
  SaPair pair(SaPlan{}, provider());
  HeldPacket held(OctetView{}, 128, 512);
  Outgoing outgoing{.packet = held.buffer()};
  SeededRng rng(1);
  StandardLifetimePolicy lifetime;
  AhAuthenticator ah;
  pair.out().protect_dummy(outgoing, 100, {}, {rng, lifetime, ah});
  ASSERT_EQ(outgoing.discard, Discard::none);
  const auto view = outgoing.packet.view();
  EXPECT_EQ(pair.receive(view).discard, Discard::dummy);
  EXPECT_EQ(pair.in().window().top(), 1u);
  EXPECT_EQ(pair.receive(view).discard, Discard::replay_duplicate);
}

TEST(Esp, PadsForTrafficFlowConfidentialityAndCutsItOffAgain) {
  const SaPlan plan;
  OutboundParameters out = test::outbound_parameters(plan);
  out.tfc_multiple = 512;
  out.path_mtu = 1500;
  SaPair pair(std::move(out), test::inbound_parameters(plan), provider());
  const Octets small = udp_packet(false, 10), large = udp_packet(true, 1300);
  const Octets sealed_small = pair.protect(small), sealed_large = pair.protect(large);
  EXPECT_GE(sealed_small.size(), 512u + 20 + 8 + 8 + 2 + 16);
  EXPECT_LE(sealed_large.size(), 1500u);
  EXPECT_EQ(pair.receive(sealed_small).packet, small);
  EXPECT_EQ(pair.receive(sealed_large).packet, large);
}

TEST(Esp, ResynchronisesAfterALossOfTwoToTheThirtyTwo) {
  SaPlan plan{.extended = true};
  InboundParameters in = test::inbound_parameters(plan);
  in.resynchronise_after = 8;
  OutboundParameters out = test::outbound_parameters(plan);
  out.last_sequence_number = 0x3'0000'0000;
  SaPair pair(std::move(out), std::move(in), provider());
  for (int i = 0; i < 8; ++i) {
    EXPECT_FALSE(pair.in().wants_resynchronisation());
    EXPECT_EQ(pair.receive(pair.protect(udp_packet(false, 10))).discard, Discard::integrity_failed);
  }
  ASSERT_TRUE(pair.in().wants_resynchronisation());
  EXPECT_TRUE(pair.in().resynchronise());
  EXPECT_EQ(pair.receive(pair.protect(udp_packet(false, 10))).discard, Discard::none);
  EXPECT_EQ(pair.in().window().top(), 0x3'0000'0009u);
}

TEST(Esp, GivesUpResynchronisingOnForgeries) {
  SaPlan plan{.extended = true};
  InboundParameters in = test::inbound_parameters(plan);
  in.resynchronise_after = 4;
  SaPair pair(test::outbound_parameters(plan), std::move(in), provider());
  const Octets good = pair.protect(udp_packet(false, 10));
  Octets forged = good;
  forged.back() ^= 1;
  for (int i = 0; i < 4; ++i)
    pair.receive(forged);
  ASSERT_TRUE(pair.in().wants_resynchronisation());
  EXPECT_FALSE(pair.in().resynchronise());
  EXPECT_FALSE(pair.in().wants_resynchronisation());
  EXPECT_EQ(pair.receive(good).discard, Discard::none);
}

TEST(Esp, EndsAtItsHardLifetime) {
  SaPlan plan;
  OutboundParameters out = test::outbound_parameters(plan);
  out.lifetime.soft.packets = 1;
  out.lifetime.hard.packets = 2;
  SaPair pair(std::move(out), test::inbound_parameters(plan), provider());
  EXPECT_FALSE(pair.protect(udp_packet(false, 10)).empty());
  EXPECT_TRUE(pair.out().use().soft_reached);
  EXPECT_FALSE(pair.protect(udp_packet(false, 10)).empty());
  HeldPacket third(udp_packet(false, 10));
  EXPECT_EQ(pair.protect(third).discard, Discard::lifetime_expired);
  EXPECT_EQ(third.octets(), udp_packet(false, 10));  // left clear, to be protected by a successor
}

TEST(Esp, AReplayUsesNoLifetime) {
  SaPlan plan;
  InboundParameters in = test::inbound_parameters(plan);
  in.lifetime.hard.packets = 2;
  SaPair pair(test::outbound_parameters(plan), std::move(in), provider());
  const Octets first = pair.protect(udp_packet(false, 10)), second = pair.protect(udp_packet(false, 10));
  EXPECT_EQ(pair.receive(first).discard, Discard::none);
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(pair.receive(first).discard, Discard::replay_duplicate);
  EXPECT_EQ(pair.receive(second).discard, Discard::none);
  EXPECT_EQ(pair.receive(pair.protect(udp_packet(false, 10))).discard, Discard::lifetime_expired);
}

TEST(Esp, RefusesAPacketLargerThanThePath) {
  SaPlan plan;
  OutboundParameters out = test::outbound_parameters(plan);
  out.path_mtu = 1400;
  SaPair pair(std::move(out), test::inbound_parameters(plan), provider());
  const std::uint32_t largest = pair.out().largest_packet();
  HeldPacket fits(udp_packet(false, largest - 28)), too_big(udp_packet(false, largest - 27));
  EXPECT_EQ(pair.protect(fits).discard, Discard::none);
  EXPECT_LE(fits.buffer().size(), 1400u);
  EXPECT_EQ(pair.protect(too_big).discard, Discard::packet_too_big);
}

}  // namespace
}  // namespace mpsec::ipsec
