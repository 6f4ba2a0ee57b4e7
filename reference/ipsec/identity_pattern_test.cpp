#include "ipsec/identity_pattern.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "ipsec/pad_test_support.hpp"

namespace mpsec::ipsec {
namespace {

using namespace test;
using testing::HasSubstr;

IdentityPattern dns(std::string_view text) {
  return IdentityPattern::dns(text).value();
}
IdentityPattern mail(std::string_view text) {
  return IdentityPattern::rfc822(text).value();
}
IdentityPattern below(const std::vector<Attribute>& attributes) {
  return IdentityPattern::below(name_of(attributes)).value();
}
IdentityPattern exactly(const Identity& identity) {
  return IdentityPattern::exactly(identity).value();
}
Identity directory(const std::vector<Attribute>& attributes) {
  return Identity::distinguished_name(name_of(attributes));
}

const std::vector<Attribute> stephen = {
    {country, "US"}, {state, "MA"}, {organization, "BBN Technologies"}, {common_name, "Stephen"}};

struct Match {
  IdentityPattern pattern;
  Identity identity;
  bool matches;
};

const std::vector<Match> matches = {
    {dns("foo.example.com"), Identity::fqdn("foo.example.com"), true},
    {dns("foo.example.com"), Identity::fqdn("FOO.example.COM"), true},
    {dns("foo.example.com"), Identity::fqdn("bar.foo.example.com"), false},
    {dns("foo.example.com"), Identity::fqdn("foo.example.com."), false},
    {dns("foo.example.com"), Identity::rfc822("a@foo.example.com"), false},
    {dns(".example.com"), Identity::fqdn("foo.example.com"), true},
    {dns(".example.com"), Identity::fqdn("a.b.Example.com"), true},
    {dns(".example.com"), Identity::fqdn("example.com"), true},
    {dns(".example.com"), Identity::fqdn("badexample.com"), false},
    {dns(".example.com"), Identity::fqdn(".example.com"), false},  // a peer is no group
    {dns(".example.com"), Identity::fqdn("example.com.evil.org"), false},
    {dns(".example.com"), Identity::fqdn(std::string_view("a\0.example.com", 14)), false},
    {dns("."), Identity::fqdn("anything"), true},
    {dns("."), Identity::fqdn(""), false},
    {mail("foo@example.com"), Identity::rfc822("foo@EXAMPLE.com"), true},
    {mail("foo@example.com"), Identity::rfc822("Foo@example.com"), false},
    {mail("foo@example.com"), Identity::fqdn("example.com"), false},
    {mail("@example.com"), Identity::rfc822("anybody@example.com"), true},
    {mail("@example.com"), Identity::rfc822("\"a@b\"@example.com"), true},
    {mail("@example.com"), Identity::rfc822("anybody@sub.example.com"), false},
    {mail("@example.com"), Identity::rfc822("@example.com"), false},
    {mail("@example.com"), Identity::rfc822("a@example.com@evil.org"), false},
    {mail("@.example.com"), Identity::rfc822("anybody@sub.example.com"), true},
    {mail("@.example.com"), Identity::rfc822("anybody@example.com"), true},
    {mail("@."), Identity::rfc822("anybody@anywhere"), true},
    {range_pattern("192.0.2.0/24"), Identity::address(ip("192.0.2.255")), true},
    {range_pattern("192.0.2.0/24"), Identity::address(ip("192.0.3.0")), false},
    {range_pattern("192.0.2.3-192.0.2.9"), Identity::address(ip("192.0.2.9")), true},
    {range_pattern("192.0.2.3"), Identity::address(ip("192.0.2.3")), true},
    {range_pattern("0.0.0.0/0"), Identity::address(ip("::1")), false},
    {range_pattern("2001:db8::/32"), Identity::address(ip("2001:db8:ffff::1")), true},
    {range_pattern("::/0"), {IdentityType::ipv6_address, hex("01020304")}, false},
    {exactly(Identity::key_id(hex("6d79"))), Identity::key_id(hex("6d79")), true},
    {exactly(Identity::key_id(hex("6d79"))), Identity::key_id(hex("6d7900")), false},
    {exactly(Identity::key_id(hex("61"))), Identity::fqdn("a"), false},
    {exactly(directory(stephen)), directory(stephen), true},
    {exactly(directory(stephen)), directory({{country, "US"}, {state, "MA"}}), false},
    {below({{country, "US"}, {state, "MA"}}), directory(stephen), true},
    {below({{country, "US"}, {state, "MA"}}), directory({{country, "US"}, {state, "MA"}}), true},
    {below({{country, "US"}, {state, "MA"}}), directory({{state, "MA"}, {country, "US"}}), false},
    {below({{country, "us"}, {state, " ma ", 0x0c}}), directory(stephen), true},
    {below({{country, "US"}, {state, "MA", 0x04}}), directory(stephen), false},
    {below({}), directory(stephen), true},
    {below({}), Identity::distinguished_name(hex("3000")), true},
    {below({}), Identity::distinguished_name(hex("300000")), false},
    {below({}), Identity::key_id(hex("3000")), false},
};

//= rfc4301/4.4.3.1/six-types-of-identities
//= rfc4301/4.4.3.1/sub-trees-of-names
//= rfc4301/4.4.3.1/same-address-ranges-as-spd
//= rfc4301/4.4.3.1/key-id-matches-exactly
TEST(IdentityPattern, MatchesOneASubTreeOrARange) {
  for (const Match& match : matches)
    EXPECT_EQ(match.pattern.matches(match.identity), match.matches)
        << to_string(match.pattern) << " and " << to_string(match.identity);
}

TEST(IdentityPattern, TakesAttributesOfOneRdnInAnyOrder) {
  const std::vector<std::vector<Attribute>> one = {{{common_name, "a"}, {organization, "b"}}};
  const std::vector<std::vector<Attribute>> other = {{{organization, "B"}, {common_name, "A"}}};
  const std::vector<std::vector<Attribute>> apart = {{{common_name, "a"}}, {{organization, "b"}}};
  const auto pattern = exactly(Identity::distinguished_name(name_of(one)));
  EXPECT_TRUE(pattern.matches(Identity::distinguished_name(name_of(other))));
  EXPECT_FALSE(pattern.matches(Identity::distinguished_name(name_of(apart))));
}

TEST(IdentityPattern, IsFitForALog) {
  EXPECT_EQ(to_string(below({{country, "US"}, {state, "M\nA"}})),
            "distinguished name below C=US, ST=M\\x0aA");
  EXPECT_EQ(to_string(dns(".Example.com")), "fqdn .example.com");
  EXPECT_EQ(to_string(mail("@.example.com")), "RFC 822 address @.example.com");
  EXPECT_EQ(to_string(range_pattern("10.0.0.0/8")), "IPv4 address 10.0.0.0-10.255.255.255");
  EXPECT_EQ(to_string(directory(stephen)), "distinguished name C=US, ST=MA, O=BBN Technologies, CN=Stephen");
}

struct Refusal {
  Result<IdentityPattern> pattern;
  const char* text;
};

TEST(IdentityPattern, RefusesWhatIsNoName) {
  const Refusal refusals[] = {
      {IdentityPattern::dns(""), "DNS name: expected labels of 1 to 63 octets, found one of 0"},
      {IdentityPattern::dns("a..b"), "found one of 0 in 'a..b'"},
      {IdentityPattern::dns("example.com."), "found one of 0"},
      {IdentityPattern::dns(std::string(64, 'a')), "found one of 64"},
      {IdentityPattern::dns(std::string(254, 'a')), "expected at most 253 octets, found 254"},
      {IdentityPattern::dns("a b"), "found 'a b'"},
      {IdentityPattern::rfc822("nobody"), "RFC 822 address: expected an @, found 'nobody'"},
      {IdentityPattern::rfc822("a@.example.com"), "expected nothing before @. of a sub-tree, found 'a'"},
      {IdentityPattern::rfc822("a\n@b"), "found 'a\\x0a'"},
      {IdentityPattern::key_id({}), "key ID: need at least 1 octet, have 0"},
      {IdentityPattern::addresses({ip("10.0.0.2"), ip("10.0.0.1")}), "range reversed"},
      {IdentityPattern::addresses({ip("10.0.0.2"), ip("::1")}), "families mixed"},
      {IdentityPattern::below(hex("3100")),
       "distinguished name/RDN[0]/name @ 0x0: expected tag 0x30, found 0x31 (RFC 5280 4.1.2.4)"},
      {IdentityPattern::below(hex("30023100")), "expected an attribute, found none"},
      {IdentityPattern::below(hex("3003 3102 30")), "need 2 octets, have 1"},
      {IdentityPattern::below(hex("30")), "need 2 octets, have 1"},
      {IdentityPattern::below(hex("308100")), "a length of 0 has a shorter form"},
      {IdentityPattern::below(hex("3080")), "expected a length of at most two octets"},
      {IdentityPattern::below(hex("3082ffff")), "need 65535 octets, have 0"},
  };
  for (const Refusal& refusal : refusals) {
    ASSERT_FALSE(refusal.pattern) << refusal.text;
    EXPECT_EQ(refusal.pattern.error().blame, Blame::local_fault);
    EXPECT_THAT(to_string(refusal.pattern.error()), HasSubstr(refusal.text));
  }
  const auto peer = IdentityPattern::exactly({IdentityType::ipv4_address, hex("0102")});
  ASSERT_FALSE(peer);
  EXPECT_EQ(to_string(peer.error()), "IPv4 address: need 4 octets, have 2 (RFC 7296 3.5)");
  EXPECT_EQ(peer.error().blame, Blame::malformed);
  EXPECT_FALSE(IdentityPattern::exactly({static_cast<IdentityType>(4), hex("61")}));
}

// Whatever a peer sends is an identity with one canonical form, or is refused.
RC_GTEST_PROP(IdentityPattern, AnIdentityMatchesItselfAlone, (const Octets& one, const Octets& other)) {
  const auto type =
      *rc::gen::element(IdentityType::ipv4_address, IdentityType::fqdn, IdentityType::rfc822_address,
                        IdentityType::ipv6_address, IdentityType::distinguished_name, IdentityType::key_id);
  const Identity first{type, one}, second{type, other};
  const auto pattern = IdentityPattern::exactly(first);
  if (!pattern) return;
  RC_ASSERT(pattern->matches(first) && pattern->is_single());
  const auto second_pattern = IdentityPattern::exactly(second);
  if (!second_pattern) return;
  RC_ASSERT(pattern->covers(*second_pattern) == (pattern->canonical() == second_pattern->canonical()));
}

}  // namespace
}  // namespace mpsec::ipsec
