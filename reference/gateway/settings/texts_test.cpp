// Single texts: identities, distinguished names, selectors, times, words that are near.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/x509.h>
#include <rapidcheck/gtest.h>

#include "gateway/settings/identities.hpp"
#include "gateway/settings/name_text.hpp"
#include "gateway/settings/selectors.hpp"
#include "gateway/settings/table_reader.hpp"

namespace mpsec::gateway {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

std::string identity(std::string_view text) {
  const auto read = identity_of(text);
  return read ? to_string(*read) : read.error().why;
}

TEST(Identities, AreOfTheKindThatTheirFormSays) {
  EXPECT_EQ(identity("10.9.0.1"), "IPv4 address 10.9.0.1");
  EXPECT_EQ(identity("fd00::1"), "IPv6 address fd00::1");
  EXPECT_EQ(identity("ip:fd00::1"), "IPv6 address fd00::1");
  EXPECT_EQ(identity("b.example"), "fqdn b.example");
  EXPECT_EQ(identity("user@b.example"), "RFC 822 address user@b.example");
  EXPECT_EQ(identity("key:my"), "key ID 0x6d79");
  EXPECT_EQ(identity("key:0x6D79"), "key ID 0x6d79");
  EXPECT_EQ(identity("dns:10.example"), "fqdn 10.example");
  EXPECT_EQ(identity("dn:CN=gw,O=Example,C=US"), "distinguished name C=US, O=Example, CN=gw");
}

bool lets_in(std::string_view patterns, std::string_view who) {
  const auto read = patterns_of(patterns);
  EXPECT_TRUE(read) << patterns;
  return read &&
         std::ranges::any_of(*read, [&](const auto& pattern) { return pattern.matches(*identity_of(who)); });
}

TEST(Patterns, LetInWhomTheyNameAndNobodyElse) {
  EXPECT_TRUE(lets_in("10.9.0.0/24", "10.9.0.77"));
  EXPECT_FALSE(lets_in("10.9.0.0/24", "10.9.1.1"));
  EXPECT_TRUE(lets_in("fd00::1-fd00::9", "fd00::5"));
  EXPECT_TRUE(lets_in(".example", "a.b.example"));
  EXPECT_FALSE(lets_in("b.example", "a.b.example"));
  EXPECT_TRUE(lets_in("@b.example", "u@b.example"));
  EXPECT_TRUE(lets_in("dn:*,O=Example,C=US", "dn:CN=gw,O=Example,C=US"));
  EXPECT_FALSE(lets_in("dn:*,O=Example,C=US", "dn:CN=gw,O=Other,C=US"));
  EXPECT_TRUE(lets_in("dn:CN=gw,O=EXAMPLE", "dn:CN=GW,O=Example"));
  EXPECT_FALSE(lets_in("dn:CN=gw,O=Example", "dn:O=Example,CN=gw"));
}

TEST(Patterns, AStarLetsInWhateverIsNotAKey) {
  for (const std::string_view who : {"10.9.0.1", "fd00::1", "b.example", "u@b.example", "dn:CN=x"})
    EXPECT_TRUE(lets_in("*", who)) << who;
  EXPECT_FALSE(lets_in("*", "key:x"));
}

// As libcrypto says it: RFC 2253 is the form that RFC 4514 has made precise.
std::string by_libcrypto(const Octets& der) {
  const unsigned char* at = der.data();
  X509_NAME* const name = d2i_X509_NAME(nullptr, &at, static_cast<long>(der.size()));
  if (name == nullptr) return "no name";
  BIO* const out = BIO_new(BIO_s_mem());
  X509_NAME_print_ex(out, name, 0, XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB));
  char* text = nullptr;
  const long size = BIO_get_mem_data(out, &text);
  std::string result(text, static_cast<std::size_t>(size));
  BIO_free(out);
  X509_NAME_free(name);
  return result;
}

TEST(DirectoryNames, AreReadAsLibcryptoWritesThem) {
  for (const std::string_view text :
       {"CN=gw", "CN=gw,OU=Net,O=Example,C=US", "CN=Example\\, Inc.,DC=example,DC=com", "UID=b+CN=a,O=c",
        "emailAddress=u@b.example,CN=u", "CN=\\ leading and trailing\\ ", "O=\\#1",
        "street=Main 1,L=Here,ST=There", "CN=Gr\xc3\xbc\xc3\x9f\x65", ""}) {
    const auto der = directory_name_of(text);
    ASSERT_TRUE(der) << to_string(der.error());
    EXPECT_EQ(by_libcrypto(*der), text);
  }
}

TEST(DirectoryNames, OfOtherSpellingsAreTheSame) {
  const auto plain = *directory_name_of("CN=gw,O=Ex ample,C=US");
  for (const std::string_view text : {"cn = gw , o=Ex ample, c=US", "2.5.4.3=gw,2.5.4.10=Ex ample,C=US",
                                      "CN=\\67w,O=Ex\\20ample,C=US", "CN=#0c026777,O=Ex ample,C=US"})
    EXPECT_EQ(to_hex(*directory_name_of(text)), to_hex(plain)) << text;
}

TEST(DirectoryNames, ThatAreWrongAreToldWhere) {
  for (const auto& [text, place] :
       {std::pair{"CN=a,XX=b", 5u}, std::pair{"CN=a,gw", 5u}, std::pair{"CN=a,", 5u}, std::pair{"CN=", 3u},
        std::pair{"CN=a\\q", 4u}, std::pair{"CN=#0c", 0u}, std::pair{"CN=#xx", 3u}, std::pair{"3.5=a", 0u}}) {
    const auto read = directory_name_of(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().offset, place) << text << ": " << read.error().why;
  }
}

std::string selectors(std::vector<std::string_view> local, std::vector<std::string_view> remote) {
  std::vector<SelectorSide> here, there;
  for (const auto& [texts, sides] : {std::pair{&local, &here}, std::pair{&remote, &there}})
    for (const std::string_view text : *texts) {
      const auto side = SelectorSide::parse(text);
      if (!side) return side.error().why;
      sides->push_back(*side);
    }
  const auto all = selectors_between(here, there);
  if (!all) return all.error().why;
  std::string text;
  for (const ipsec::Selector& selector : *all)
    text += to_string(selector) + "\n";
  return text;
}

TEST(Selectors, OfOneKindAreOne) {
  EXPECT_EQ(selectors({"10.1.0.1", "10.1.0.3"}, {"10.2.0.1"}),
            "local 10.1.0.1,10.1.0.3 port ANY, remote 10.2.0.1 port ANY, protocol ANY\n");
}

TEST(Selectors, OfTwoFamiliesAreTwo) {
  EXPECT_EQ(selectors({"10.1.0.1", "fd00::1"}, {"10.2.0.1", "fd00::2"}),
            "local 10.1.0.1 port ANY, remote 10.2.0.1 port ANY, protocol ANY\n"
            "local fd00::1 port ANY, remote fd00::2 port ANY, protocol ANY\n");
}

TEST(Selectors, HaveTheProtocolOfEitherSide) {
  EXPECT_EQ(selectors({"10.1.0.1[tcp/80]"}, {"10.2.0.1"}),
            "local 10.1.0.1 port 80, remote 10.2.0.1 port ANY, protocol 6\n");
  EXPECT_EQ(selectors({"10.1.0.1"}, {"10.2.0.1[udp/1-9]", "10.2.0.2[47]"}),
            "local 10.1.0.1 port ANY, remote 10.2.0.1 port 1-9, protocol 17\n"
            "local 10.1.0.1 port ANY, remote 10.2.0.2 port ANY, protocol 47\n");
  EXPECT_EQ(selectors({"10.1.0.1[icmp/8.0]"}, {"10.2.0.1[icmp]"}),
            "local 10.1.0.1 port 2048, remote 10.2.0.1 port ANY, protocol 1\n");
}

std::vector<ipsec::Selector> set(std::string_view local, std::string_view remote) {
  return *selectors_between({*SelectorSide::parse(local)}, {*SelectorSide::parse(remote)});
}

TEST(Selectors, MeetWhereAPacketIsOfBoth) {
  const auto web = set("10.1.0.0/16", "10.2.0.0/16[tcp/80]");
  EXPECT_TRUE(meet(web, set("10.1.5.0/24", "10.0.0.0/8[tcp/1-100]")));
  EXPECT_FALSE(meet(web, set("10.1.5.0/24", "10.0.0.0/8[tcp/81-100]")));
  EXPECT_FALSE(meet(web, set("10.1.5.0/24", "10.0.0.0/8[udp]")));
  EXPECT_FALSE(meet(web, set("10.3.0.0/16", "10.2.0.0/16")));
  EXPECT_TRUE(covers(set("10.0.0.0/8", "10.0.0.0/8"), web));
  EXPECT_FALSE(covers(web, set("10.1.0.0/16", "10.2.0.0/16[tcp]")));
  EXPECT_TRUE(covers(web, set("10.1.5.0/24", "10.2.0.0/16[tcp/80]")));
}

// What one covers it meets, and all have a packet in common with themselves.
RC_GTEST_PROP(Selectors, CoverWhatTheyMeet, ()) {
  const auto side = [] {
    const auto protocol =
        *rc::gen::elementOf(std::vector<std::string>{"", "[tcp]", "[tcp/80]", "[tcp/1-90]", "[udp/80]"});
    const auto length = *rc::gen::inRange(8, 33);
    const auto number = *rc::gen::inRange<std::uint32_t>(0, 1u << 24) | 0x0a000000u;
    const auto network = number & static_cast<std::uint32_t>(~std::uint64_t{0} << (32 - length));
    return *SelectorSide::parse(fmt::format("{}/{}{}", to_string(IpAddress::v4(network)), length, protocol));
  };
  const auto one = selectors_between({side()}, {side()}), other = selectors_between({side()}, {side()});
  RC_PRE(one && other);
  RC_ASSERT(meet(*one, *one) && covers(*one, *one));
  RC_ASSERT(meet(*one, *other) == meet(*other, *one));
  RC_ASSERT(!covers(*one, *other) || meet(*one, *other));
  RC_ASSERT(!(covers(*one, *other) && covers(*other, *one)) || *one == *other);
}

TEST(Durations, NeedAUnit) {
  EXPECT_EQ(parse_duration("500ms"), 500ms);
  EXPECT_EQ(parse_duration("1.5s"), 1500ms);
  EXPECT_EQ(parse_duration("250m"), 250min);
  EXPECT_EQ(parse_duration("4h"), 4h);
  EXPECT_EQ(parse_duration("0s"), 0s);
  for (const std::string_view text :
       {"", "s", "5", "-1s", "-0s", "1 s", "1d", "nans", "infs", "1e9h", "0x1s"})
    EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(NearWords, AreThoseOfFewSteps) {
  const std::vector<std::string_view> known{"aes128", "aes256", "sha256", "x25519"};
  EXPECT_THAT(near_words("aes265", known), ElementsAre("aes256"));
  EXPECT_THAT(near_words("x2519", known), ElementsAre("x25519"));
  EXPECT_THAT(near_words("blowfish", known), IsEmpty());
  EXPECT_THAT(near_words(std::string(1000, 'x'), known), IsEmpty());
}

}  // namespace
}  // namespace mpsec::gateway
