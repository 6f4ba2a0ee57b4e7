#include "ipsec/sa.hpp"

#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/openssl/openssl_provider.hpp"
#include "ipsec/sa_test_support.hpp"

namespace mpsec::ipsec {
namespace {

using crypto::EncryptionId;
using crypto::IntegrityId;
using testing::HasSubstr;

struct Refusal {
  const char* what;
  std::function<void(InboundParameters&)> change;
  const char* text;  // part of the error
};

const Refusal refusals[] = {
    {"reserved SPI", [](auto& p) { p.spi = Spi{255}; },
     "SA/SPI: 255 is reserved; allowed are 256 to 4294967295 (RFC 4303 2.1)"},
    {"SPI zero", [](auto& p) { p.spi = Spi{0}; }, "SA/SPI: 0 is reserved"},
    {"key too short", [](auto& p) { p.encryption_key = SecretOctets(std::size_t{19}); },
     "SA/encryption key: ENCR_AES_GCM_16 takes 20, 28, 36 octets (4 of them salt), found 19"},
    {"key too long", [](auto& p) { p.encryption_key = SecretOctets(std::size_t{21}); }, "found 21"},
    {"no key", [](auto& p) { p.encryption_key = SecretOctets(); }, "found 0"},
    {"unknown algorithm", [](auto& p) { p.encryption = static_cast<EncryptionId>(999); }, "999"},
    {"unsupported algorithm", [](auto& p) { p.encryption = EncryptionId::camellia_cbc; },
     "known and not supported"},
    {"integrity beside a combined mode", [](auto& p) { p.integrity = IntegrityId::hmac_sha1_96; },
     "brings its own"},
    {"no integrity",
     [](auto& p) { p.encryption = EncryptionId::aes_cbc, p.encryption_key = SecretOctets(std::size_t{16}); },
     "without integrity protects nothing"},
    {"NULL without integrity",
     [](auto& p) { p.encryption = EncryptionId::null, p.encryption_key = SecretOctets(); },
     "without integrity protects nothing"},
    {"NULL without integrity, though asked for",
     [](auto& p) {
       p.encryption = EncryptionId::null, p.encryption_key = SecretOctets(), p.allow_no_integrity = true;
     },
     "without integrity protects nothing"},
    {"integrity key",
     [](auto& p) {
       p.encryption = EncryptionId::aes_cbc, p.encryption_key = SecretOctets(std::size_t{16});
       p.integrity = IntegrityId::hmac_sha2_256_128, p.integrity_key = SecretOctets(std::size_t{20});
     },
     "AUTH_HMAC_SHA2_256_128 takes 32 octets, found 20"},
    {"GMAC as ESP's integrity",
     [](auto& p) {
       p.encryption = EncryptionId::null, p.encryption_key = SecretOctets();
       p.integrity = IntegrityId::aes_128_gmac, p.integrity_key = SecretOctets(std::size_t{20});
     },
     "is for AH"},
    {"families", [](auto& p) { p.source = ip("::1"); }, "of different families"},
    {"ESN without anti-replay", [](auto& p) { p.extended_sequence_numbers = true, p.anti_replay = false; },
     "switch anti-replay on"},
    {"window too small", [](auto& p) { p.replay_window = 16; },
     "expected a size from 32 to 1048576, found 16"},
    {"window too large", [](auto& p) { p.replay_window = (1 << 20) + 1; }, "found 1048577"},
    {"AH in UDP", [](auto& p) { p.protocol = Protocol::ah, p.udp = UdpEncapsulation{}; }, "only ESP passes"},
    {"AH with encryption", [](auto& p) { p.protocol = Protocol::ah; }, "AH encrypts nothing"},
    {"AH without integrity",
     [](auto& p) {
       p.protocol = Protocol::ah, p.encryption = EncryptionId::null, p.encryption_key = SecretOctets();
     },
     "AH without integrity"},
    {"DSCP", [](auto& p) { p.tunnel.dscp = 64; }, "64 is more than six bits"},
    {"DSCP map",
     [](auto& p) {
       p.tunnel.dscp_map.emplace();
       p.tunnel.dscp_map->back() = 65;
     },
     "SA/DSCP: 65 is more than six bits; allowed are 0 to 63"},
    {"DSCP twice", [](auto& p) { p.tunnel.dscp = 1, p.tunnel.dscp_map.emplace(); }, "allowed: one of them"},
    {"DSCP map in transport mode", [](auto& p) { p.mode = Mode::transport, p.tunnel.dscp_map.emplace(); },
     "allowed: in tunnel mode"},
    {"AH alignment",
     [](auto& p) {
       p = test::inbound_parameters({.protocol = Protocol::ah, .integrity = IntegrityId::hmac_sha1_96});
       p.ah_ipv4_alignment = 6;
     },
     "SA/AH alignment in IPv4: expected 4 or 8 octets, found 6 (RFC 4302 2.6)"},
};

TEST(SaParameters, RefuseWhatCannotBeAndSayWhy) {
  ASSERT_TRUE(check(test::inbound_parameters({})));
  for (const Refusal& refusal : refusals) {
    InboundParameters parameters = test::inbound_parameters({});
    refusal.change(parameters);
    const auto checked = check(parameters);
    ASSERT_FALSE(checked) << refusal.what;
    EXPECT_THAT(to_string(checked.error()), HasSubstr(refusal.text)) << refusal.what;
  }
}

TEST(SaParameters, NothingIsBuiltFromRefusedParameters) {
  const auto provider = crypto::make_openssl_provider();
  InboundParameters parameters = test::inbound_parameters({});
  parameters.spi = Spi{7};
  EXPECT_FALSE(InboundSa::make(std::move(parameters), *provider));
}

TEST(SaParameters, AllowReservedSpisIfAskedForButNeverZero) {
  InboundParameters parameters = test::inbound_parameters({});
  parameters.allow_reserved_spi = true;
  parameters.spi = Spi{52};
  EXPECT_TRUE(check(parameters));
  parameters.spi = Spi{0};
  EXPECT_FALSE(check(parameters));
}

TEST(SaParameters, AllowEsnWithoutAntiReplayIfAskedFor) {
  InboundParameters parameters = test::inbound_parameters({});
  parameters.extended_sequence_numbers = true;
  parameters.anti_replay = false;
  parameters.allow_esn_without_anti_replay = true;
  EXPECT_TRUE(check(parameters));
}

TEST(SaParameters, NeedLittleMemoryAnSa) {
  const auto provider = crypto::make_openssl_provider();
  test::SaPlan plan;
  plan.window = 1024;
  const auto inbound = InboundSa::make(test::inbound_parameters(plan), *provider);
  const auto outbound = OutboundSa::make(test::outbound_parameters(plan), *provider);
  EXPECT_LE((*inbound)->memory_octets(), 1024u);
  EXPECT_LE((*outbound)->memory_octets(), 1024u);
}

}  // namespace
}  // namespace mpsec::ipsec
