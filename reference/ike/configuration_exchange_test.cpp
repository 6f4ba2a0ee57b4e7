#include "ike/configuration_exchange.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/rng.hpp"

namespace mpsec::ike {
namespace {

using wire::ike::Configuration;
using wire::ike::ConfigurationAttribute;
using wire::ike::ConfigurationType;
using wire::ike::NotifyType;
using Type = wire::ike::ConfigurationAttributeType;

std::vector<ipsec::AddressRange> ranges(std::initializer_list<std::string_view> texts) {
  std::vector<ipsec::AddressRange> result;
  for (const std::string_view text : texts)
    result.push_back(ipsec::AddressRange::parse(text).value());
  return result;
}

//= rfc7296/3.15.1/requested-address-may-be-given-again
TEST(RangeAddressPool, RemembersItsHolders) {
  RangeAddressPool pool(ranges({"10.0.0.1-10.0.0.3", "2001:db8::1-2001:db8::2"}));
  const auto alice = pool.lease(IpVersion::v4, "alice", std::nullopt),
             bob = pool.lease(IpVersion::v4, "bob", std::nullopt);
  EXPECT_EQ(alice, ip("10.0.0.1"));
  EXPECT_EQ(bob, ip("10.0.0.2"));
  pool.release(*alice);
  pool.release(*alice);  // once too often: nothing
  EXPECT_EQ(pool.in_use(), 1u);
  EXPECT_EQ(pool.lease(IpVersion::v4, "carol", std::nullopt), ip("10.0.0.3"))
      << "a fresh one as long as there is any";
  EXPECT_EQ(pool.lease(IpVersion::v4, "alice", std::nullopt), alice);
  EXPECT_EQ(pool.lease(IpVersion::v4, "alice", std::nullopt), std::nullopt) << "all in use";
  EXPECT_EQ(pool.lease(IpVersion::v4, "alice", alice), alice) << "asked for by its holder: the same again";
  EXPECT_EQ(pool.lease(IpVersion::v4, "dave", bob), std::nullopt) << "another's";
  pool.release(*bob);
  EXPECT_EQ(pool.lease(IpVersion::v4, "dave", ip("192.0.2.1")), bob) << "out of range: what is free instead";
  EXPECT_EQ(pool.lease(IpVersion::v6, "dave", ip("2001:db8::2")), ip("2001:db8::2"));
  EXPECT_EQ(pool.lease(IpVersion::v6, "erin", std::nullopt), ip("2001:db8::1"));
}

RC_GTEST_PROP(RangeAddressPool, GivesNoAddressToTwoHolders, ()) {
  RangeAddressPool pool(ranges({"10.0.0.0/30", "10.0.1.0/31"}), *rc::gen::inRange<std::size_t>(1, 8));
  std::map<IpAddress, std::vector<std::string>> out;
  SeededRng rng(*rc::gen::arbitrary<std::uint64_t>());
  for (int step = 0; step < 200; ++step) {
    if (rng.below(3) == 0 && !out.empty()) {
      const auto at = std::next(out.begin(), static_cast<std::ptrdiff_t>(rng.below(out.size())));
      pool.release(at->first);
      at->second.pop_back();
      if (at->second.empty()) out.erase(at);
    } else {
      const std::string holder(1, static_cast<char>('a' + rng.below(5)));
      std::optional<IpAddress> wanted;
      if (rng.below(2) == 0) wanted = IpAddress::v4(0x0a000000 + static_cast<std::uint32_t>(rng.below(8)));
      if (const auto address = pool.lease(IpVersion::v4, holder, wanted)) out[*address].push_back(holder);
    }
    RC_ASSERT(pool.in_use() == out.size());
    for (const auto& [address, holders] : out)
      RC_ASSERT(std::ranges::all_of(holders, [&](const std::string& each) { return each == holders[0]; }));
  }
}

class Configuring : public testing::Test {
 protected:
  Granted<ConfigurationAnswer> ask(const ConfigurationWanted& wanted) {
    const auto request = request_configuration(wanted);
    return answer_configuration(request ? &*request : nullptr, offer, &pool, "alice");
  }
  RangeAddressPool pool{ranges({"10.0.0.1-10.0.0.2", "2001:db8::1"})};
  ConfigurationOffer offer{.netmask = ip("255.255.255.0"),
                           .ip6_prefix_length = 64,
                           .dns = {ip("10.0.0.53"), ip("2001:db8::53")},
                           .subnets = ranges({"10.0.0.0/8", "2001:db8::/32", "10.1.2.3-10.1.2.5"}),
                           .application_version = "mpsec"};
};

TEST_F(Configuring, GivesWhatWasAskedForAndTheClientReadsIt) {
  ConfigurationWanted wanted{.ip4_addresses = {std::nullopt}, .ip6_addresses = {std::nullopt}};
  wanted.netmask = wanted.dns = wanted.subnets = wanted.application_version = wanted.supported_attributes =
      true;
  const auto answer = ask(wanted);
  ASSERT_TRUE(answer);
  const auto read = read_configuration(*answer->reply);
  ASSERT_TRUE(read) << to_string(read.error());
  EXPECT_EQ(*read, answer->given);
  EXPECT_EQ(read->addresses, (std::vector{ip("10.0.0.1"), ip("2001:db8::1")}));
  EXPECT_EQ(read->ip6_prefix_length, 64);
  EXPECT_EQ(read->netmask, ip("255.255.255.0"));
  EXPECT_EQ(read->dns, offer.dns);
  EXPECT_EQ(read->subnets, ranges({"10.0.0.0/8", "2001:db8::/32"})) << "what is no prefix cannot be said";
  EXPECT_EQ(read->application_version, "mpsec");
  EXPECT_EQ(read->supported_attributes.size(), 9u);
  give_back(pool, answer->given);
  EXPECT_EQ(pool.in_use(), 0u);
}

//= rfc7296/3.15.1/no-more-addresses-than-asked-for
//= rfc7296/3.15.4/no-address-to-give
TEST_F(Configuring, GivesAsManyAddressesAsItCan) {
  const auto three = ask({.ip4_addresses = {std::nullopt, std::nullopt, std::nullopt}});
  ASSERT_TRUE(three);
  EXPECT_EQ(three->given.addresses.size(), 2u) << "the pool has no more";
  const auto refused = ask({.ip4_addresses = {std::nullopt}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().notify, NotifyType::internal_address_failure);
  EXPECT_TRUE(ask({.ip4_addresses = {std::nullopt}, .ip6_addresses = {std::nullopt}}))
      << "one of the two is enough";
  const auto request = request_configuration({.ip4_addresses = {std::nullopt}});
  EXPECT_FALSE(answer_configuration(&*request, offer, nullptr, "alice"));
  EXPECT_TRUE(ask({.ip4_addresses = {}, .application_version = true})) << "no address was asked for";
}

//= rfc7296/2.19/failed-cp-required
//= rfc7296/3.15.1/netmask-only-with-an-address
TEST_F(Configuring, CanBeRequired) {
  EXPECT_FALSE(ask({})->reply);
  offer.required = true;
  const auto refused = ask({});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().notify, NotifyType::failed_cp_required);
  Configuration netmask_alone;
  netmask_alone.attributes.push_back({.type = Type::internal_ip4_netmask});
  EXPECT_TRUE(answer_configuration(&netmask_alone, offer, &pool, "alice")->reply->attributes.empty());
}

//= rfc7296/3.15.1/unknown-attributes-are-ignored
TEST_F(Configuring, PassesOverTheUnknownAndRefusesTheMalformed) {
  Configuration request;
  request.attributes = {{.type = static_cast<Type>(999), .length = 3, .value = hex("010203")},
                        {.type = Type::internal_ip4_dns}};
  const auto answer = answer_configuration(&request, offer, &pool, "alice");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->reply->attributes.size(), 1u);
  request.attributes.push_back({.type = Type::internal_ip4_address, .length = 3, .value = hex("0a0000")});
  const auto refused = answer_configuration(&request, offer, &pool, "alice");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().notify, NotifyType::invalid_syntax);
  EXPECT_EQ(to_string(refused.error().error),
            "CP/Attribute[2]/Length: expected 0 or 4, found 3 (RFC 7296 3.15.1)");
  EXPECT_EQ(pool.in_use(), 0u) << "nothing stays leased";
  EXPECT_FALSE(read_configuration(request)) << "no reply";
  Configuration reply;
  reply.type = ConfigurationType::reply;
  for (const auto& bad :
       {ConfigurationAttribute{
            .type = Type::internal_ip4_subnet, .length = 8, .value = hex("0a000000 ff00ff00")},
        ConfigurationAttribute{.type = Type::internal_ip6_subnet,
                               .length = 17,
                               .value = hex("20010db8000000000000000000000000 81")}}) {
    reply.attributes = {bad};
    EXPECT_FALSE(read_configuration(reply));
  }
}

//= rfc7296/3.15.1/ack-has-what-was-accepted-without-values
TEST_F(Configuring, AcknowledgesWhatItAccepts) {
  Configuration set;
  set.type = ConfigurationType::set;
  set.attributes = {{.type = Type::internal_ip4_dns, .length = 4, .value = hex("0a000035")},
                    {.type = Type::application_version}};
  EXPECT_TRUE(acknowledge(set).attributes.empty());
  const Type accepted[] = {Type::internal_ip4_dns};
  const Configuration ack = acknowledge(set, accepted);
  EXPECT_EQ(ack.type, ConfigurationType::ack);
  ASSERT_EQ(ack.attributes.size(), 1u);
  EXPECT_EQ(ack.attributes[0].type, Type::internal_ip4_dns);
  EXPECT_TRUE(ack.attributes[0].value.empty());
}

}  // namespace
}  // namespace mpsec::ike
