// The classes of public advisories that touch parsing, one seed or more each: what becomes of them.
#include <gtest/gtest.h>
#include <map>

#include "wire/ike/complete.hpp"
#include "wire/samples_test.hpp"

namespace mpsec::wire::ike {
namespace {

// Title of the sample -> the error, or "" where the message decodes and it is for the engine to judge.
const std::map<std::string, std::string> outcomes = {
    {"C1 message length 0",
     "IKE_SA_INIT/Length @ 0x18: expected 48 octets, as many as there are, found 0 (RFC 7296 3.1)"},
    {"C1 message length below the header",
     "IKE_SA_INIT/Length @ 0x18: expected 48 octets, as many as there are, found 27 (RFC 7296 3.1)"},
    {"C1 message length past the end",
     "IKE_SA_INIT/Length @ 0x18: expected 48 octets, as many as there are, found 49 (RFC 7296 3.1)"},
    {"C1 payload length 0",
     "IKE_SA_INIT/Nonce/Payload Length @ 0x1e: the length counts the header too: need at least 4, found 0 "
     "(RFC 7296 3.2)"},
    {"C1 payload length 3",
     "IKE_SA_INIT/Nonce/Payload Length @ 0x1e: the length counts the header too: need at least 4, found 3 "
     "(RFC 7296 3.2)"},
    {"C1 payload length past the end",
     "IKE_SA_INIT/Nonce/Payload Length @ 0x1e: need 65535 octets, have 20 (RFC 7296 3.2)"},
    {"C1 proposal length 0",
     "IKE_SA_INIT/SA/Proposal[0]/Proposal Length @ 0x22: the length counts what stands before it too: need "
     "at least 4, found 0 (RFC 7296 3.3.1)"},
    {"C1 proposal length past the payload",
     "IKE_SA_INIT/SA/Proposal[0]/Proposal Length @ 0x22: need 65535 octets, have 8 (RFC 7296 3.3.1)"},
    {"C1 transform length 7",
     "IKE_SA_INIT/SA/Proposal[0]/Transform[0]/Transform ID @ 0x2e: need 2 octets, have 1 (RFC 7296 3.3.2)"},
    {"C1 transform length past the proposal",
     "IKE_SA_INIT/SA/Proposal[0]/Transform[0]/Transform Length @ 0x2a: need 9 octets, have 8 (RFC 7296 "
     "3.3.2)"},
    {"C1 SPI size past the proposal",
     "IKE_SA_INIT/SA/Proposal[0]/SPI @ 0x28: need 4 octets, have 0 (RFC 7296 3.3.1)"},
    {"C1 notify SPI size past the payload",
     "IKE_SA_INIT/Notify/SPI @ 0x24: need 255 octets, have 4 (RFC 7296 3.10)"},
    {"C1 delete of more SPIs than there are",
     "INFORMATIONAL/Delete/SPI @ 0x24: need 262140 octets, have 4 (RFC 7296 3.11)"},
    {"C1 delete count times size beyond 16 bits",
     "INFORMATIONAL/Delete/SPI @ 0x24: need 16711425 octets, have 4 (RFC 7296 3.11)"},
    {"C1 selector length 8 of an IPv4 range",
     "IKE_AUTH/TSi/Traffic Selector[0]/Starting Address @ 0x2c: need 4 octets, have 0 (RFC 7296 3.13.1)"},
    {"C1 selector length 20 of an IPv4 range",
     "IKE_AUTH/TSi/Traffic Selector[0] @ 0x34: 4 octets left over (RFC 7296 3.13.1)"},
    {"C1 EAP length 0",
     "IKE_AUTH/EAP/Length @ 0x22: the length counts what stands before it too: need at least 4, found 0 (RFC "
     "7296 3.16)"},
    {"C1 fragment shorter than its header",
     "IKE_AUTH/SKF/Total Fragments @ 0x22: need 2 octets, have 1 (RFC 7383 2.5)"},
    {"C1 CERTREQ of half a hash",
     "IKE_SA_INIT/CERTREQ/Certification Authority[1]/Hash @ 0x35: need 20 octets, have 10 (RFC 7296 3.7)"},
    {"C2 transform length 0",
     "IKE_SA_INIT/SA/Proposal[0]/Transform[0]/Transform Length @ 0x2a: the length counts what stands before "
     "it too: need at least 4, found 0 (RFC 7296 3.3.2)"},
    {"C2 selector length 0",
     "IKE_AUTH/TSi/Traffic Selector[0]/Selector Length @ 0x26: the length counts what stands before it too: "
     "need at least 4, found 0 (RFC 7296 3.13.1)"},
    {"C2 long attribute without value, many times", ""},
    {"C2 configuration attributes of no value", ""},
    {"C3 no payload at all", ""},
    {"C3 proposal without transforms", ""},
    {"C4 256 empty payloads", ""},
    {"C4 257 empty payloads", "IKE_SA_INIT/Payloads @ 0x41c: more than 256 payloads (RFC 7296 3.2)"},
    {"C4 unknown critical payload", ""},
    {"C5 fragment 0 of 0", ""},
    {"C5 a payload behind a fragment", "IKE_AUTH/Next Payload @ 0x38: 20 octets left over (RFC 7296 3.1)"},
    {"C10 control characters in a vendor ID", ""},
    {"C10 unassigned flag bits", ""},
    {"C13 key length 0", ""},
    {"C14 ID without data", ""},
    {"C15 SPI 0, and an SPI of three octets", ""},
    {"C18 encrypted payload without octets", ""},
    {"C23 IKEv1 payload types", ""},
    {"C23 IKEv1 message", "IKEv1/Major Version @ 0x11: expected 2, found 1 (RFC 7296 3.1)"},
    {"C23 major version 3", "IKEv3/Major Version @ 0x11: expected 2, found 3 (RFC 7296 3.1)"},
};

TEST(IkeAdvisories, EverySampleIsRefusedOrKeptAsItIs) {
  const auto samples = samples_of("ike/advisories");
  EXPECT_EQ(samples.size(), outcomes.size());
  for (const Sample& sample : samples) {
    SCOPED_TRACE(sample.what);
    const auto message = decode_message(sample.octets);
    const auto outcome = outcomes.find(sample.what);
    ASSERT_NE(outcome, outcomes.end()) << (message ? "decodes" : to_string(message.error()));
    EXPECT_EQ(message ? "" : to_string(message.error()), outcome->second);
    if (!message) continue;
    EXPECT_EQ(encode(*message), sample.octets);
    for (const char c : dump(*message))
      EXPECT_TRUE(c == '\n' || (c >= ' ' && c <= '~')) << "C10: " << static_cast<int>(c) << " in a dump";
  }
}

const Sample& sample_named(const std::vector<Sample>& samples, std::string_view what) {
  const auto found = std::ranges::find(samples, what, &Sample::what);
  EXPECT_NE(found, samples.end()) << what;
  return *found;
}

TEST(IkeAdvisories, C15AnSpiOfAnotherSizeIsNoSpi) {
  const auto samples = samples_of("ike/advisories");
  const auto message = decode_message(sample_named(samples, "C15 SPI 0, and an SPI of three octets").octets);
  ASSERT_TRUE(message);
  const auto& proposals = find<SecurityAssociation>(message->payloads)->proposals;
  EXPECT_EQ(child_spi(proposals[0].spi), Spi(0));
  EXPECT_EQ(child_spi(proposals[1].spi), std::nullopt);
  EXPECT_EQ(ike_spi(proposals[0].spi), std::nullopt);
}

TEST(IkeAdvisories, C4AnUnknownCriticalPayloadCanBeAnswered) {
  const auto samples = samples_of("ike/advisories");
  const auto message = decode_message(sample_named(samples, "C4 unknown critical payload").octets);
  ASSERT_TRUE(message);
  EXPECT_TRUE(message->payloads[0].header.critical);
  EXPECT_EQ(type_of(message->payloads[0].body), PayloadType{200});
}

TEST(IkeAdvisories, C23PayloadsOfIkev1AreUnknownOnes) {
  const auto samples = samples_of("ike/advisories");
  const auto message = decode_message(sample_named(samples, "C23 IKEv1 payload types").octets);
  ASSERT_TRUE(message);
  EXPECT_EQ(find_all<UnknownPayload>(message->payloads).size(), 3U);
}

TEST(IkeAdvisories, C3AWrongCountDecodesAndIsNamedWhenAskedFor) {
  const auto samples = samples_of("ike/advisories");
  const auto message = decode_message(sample_named(samples, "C13 key length 0").octets);
  ASSERT_TRUE(message);
  EXPECT_TRUE(check_complete(*message));
  Message bent = *message;
  std::get<SecurityAssociation>(bent.payloads[0].body).proposals[0].transform_count = 9;
  EXPECT_EQ(to_string(check_complete(bent).error()),
            "SA/Proposal[0]/Num Transforms: expected 1, found 9 (RFC 7296 3)");
}

}  // namespace
}  // namespace mpsec::wire::ike
