// The example of docs/gateway.md, key by key, so that page and code cannot drift apart.
#include "gateway/settings/read_settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <regex>
#include <set>

#include "gateway/settings/algorithms.hpp"
#include "gateway/settings/test_documents.hpp"
#include "ike/profiles.hpp"

namespace mpsec::gateway {
namespace {

using namespace std::chrono_literals;
using namespace test_documents;
using ipsec::AddressRange;
using testing::ElementsAre;
using testing::HasSubstr;

class PageExample : public testing::Test {
 protected:
  const Files files = files_of_the_page();
  const Settings settings = read(example(), files);
  const ike::PeerConfiguration& peer(std::size_t place) const { return settings.ike.peers.at(place); }
};

TEST_F(PageExample, IsReadWithoutAWarning) {
  EXPECT_EQ(text_of(settings.warnings), "");
  EXPECT_EQ(settings.ike.peers.size(), 3u);
  EXPECT_EQ(settings.policies.size(), 5u);
  EXPECT_TRUE(ike::check(settings.ike));
}

TEST_F(PageExample, SaysWhereTheGatewayIs) {
  EXPECT_EQ(settings.name, "a");
  EXPECT_EQ(settings.workers, 1u);
  EXPECT_EQ(settings.control.socket, "folder/a.sock");
  EXPECT_EQ(settings.control.journal, "folder/a.jsonl");
  EXPECT_EQ(settings.control.key_log, "folder/keys");
  ASSERT_EQ(settings.listen.size(), 2u);
  EXPECT_EQ(settings.listen[0].address, ip("10.9.0.1"));
  EXPECT_EQ(settings.listen[0].interface, "eth0");
  EXPECT_EQ(settings.listen[1].nat_port, 4500);
  EXPECT_EQ(settings.tun.name, "mpsec0");
  ASSERT_EQ(settings.tun.addresses.size(), 2u);
  EXPECT_EQ(settings.tun.addresses[1].address, ip("fd00:10:1::1"));
  EXPECT_EQ(settings.tun.addresses[1].prefix_length, 64);
  ASSERT_EQ(settings.tun.routes.size(), 1u);
  EXPECT_EQ(settings.tun.routes[0].prefix_length, 16);
}

TEST_F(PageExample, SaysWhatHoldsForAllOfIke) {
  EXPECT_EQ(settings.retransmission.tries, 12u);
  EXPECT_EQ(settings.retransmission.limit, 30s);
  EXPECT_EQ(settings.cookies.demand_from, 100u);
  EXPECT_EQ(settings.cookies.relax_below, 50u);
  EXPECT_EQ(settings.ike.most_half_open, 100'000u);
  EXPECT_EQ(settings.chain_policy.revocation, crypto::RevocationCheck::where_known);
  EXPECT_EQ(settings.pools.at("clients").size(), 2u);
  EXPECT_EQ(settings.anchors.at("our-ca")->anchor_key_hashes().size(), 1u);
}

TEST_F(PageExample, MakesAPeerOfSeveralPathsOnePeer) {
  const ike::PeerConfiguration& b = peer(0);
  EXPECT_EQ(b.name, "b");
  EXPECT_FALSE(b.local_address);
  EXPECT_FALSE(b.remote_address);
  EXPECT_EQ(to_string(b.local_id), "fqdn a.example");
  EXPECT_EQ(to_string(*b.remote_id), "fqdn b.example");
  EXPECT_EQ(words_of(b.proposals.at(0)), "aes128gcm16-prfsha256-x25519");
  EXPECT_EQ(b.lifetime.rekey_after, 4h);
  EXPECT_EQ(b.lifetime.end_after, 250min);
  const PeerSettings& beside = settings.peers.at("b");
  ASSERT_EQ(beside.paths.size(), 2u);
  EXPECT_EQ(beside.paths[1].name, "two");
  EXPECT_EQ(beside.paths[1].remote, ip("10.9.1.2"));
  EXPECT_EQ(beside.start, Start::on_traffic);
}

TEST_F(PageExample, KnowsAPeerOfOnePathByItsAddresses) {
  EXPECT_EQ(peer(2).local_address, ip("10.9.0.1"));
  EXPECT_EQ(peer(2).remote_address, ip("10.9.0.9"));
  EXPECT_EQ(peer(2).wanted.ip4_addresses.size(), 1u);
  EXPECT_TRUE(peer(2).children.at(0).use_assigned_address);
}

TEST_F(PageExample, LetsPeersInByThePad) {
  ASSERT_EQ(settings.pad.size(), 3u);
  EXPECT_EQ(settings.pad[0].permits<ipsec::PreSharedKey>()->key.size(), 5u);
  EXPECT_TRUE(settings.pad[0].identities.at(0).is_single());
  const auto& by_address = std::get<ipsec::ChildrenByAddress>(settings.pad[0].children);
  EXPECT_THAT(by_address.remote, ElementsAre(*AddressRange::parse("10.10.2.0/24")));
  EXPECT_FALSE(settings.pad[1].identities.at(0).is_single());
  EXPECT_THAT(settings.pad[1].permits<ipsec::Certificate>()->trust_anchors, ElementsAre("our-ca"));
  EXPECT_EQ(settings.pad[2].identities.at(0).type(), ipsec::IdentityType::distinguished_name);
}

TEST_F(PageExample, PutsItsPoliciesBeforeThoseOfChildrenAndSas) {
  const auto& policies = settings.policies;
  EXPECT_EQ(policies[0].name, "ssh outside");
  EXPECT_EQ(policies[0].action, ipsec::Action::bypass);
  EXPECT_EQ(to_string(policies[0].selectors.at(0)),
            "local 0.0.0.0-255.255.255.255 port 22, remote 0.0.0.0-255.255.255.255 port ANY, protocol 6");
  EXPECT_EQ(policies[1].name, "b/net");
  EXPECT_EQ(policies[1].id, peer(0).children.at(0).policy);
  EXPECT_EQ(policies[1].protect->endpoints->remote, ip("10.9.0.2"));
  EXPECT_EQ(std::get<ipsec::ClusterId>(policies[1].protect->by), settings.clusters.at("net").id);
  EXPECT_EQ(policies[2].name, "road warriors/all");
  EXPECT_EQ(policies[2].protect->endpoints->remote, IpAddress());
  EXPECT_EQ(std::get<ipsec::SaTemplate>(policies[2].protect->by).proposals.front().encryption,
            crypto::EncryptionId::aes_gcm_16);
  EXPECT_EQ(policies[4].name, "static");
}

TEST_F(PageExample, SaysHowClustersSpreadAndReorder) {
  const ClusterSettings& net = settings.clusters.at("net");
  EXPECT_EQ(net.wish, *peer(0).children.at(0).cluster);
  EXPECT_EQ(net.wish.window, 4096u);
  EXPECT_EQ(net.scheduler, "round-robin burst=32");
  EXPECT_EQ(net.leases->numbers, 32u);
  EXPECT_EQ(net.leases->peer_window, 4096u);
  EXPECT_EQ(net.reordering->policy, ClusterSettings::Reordering::Policy::adaptive);
  EXPECT_EQ(net.reordering->hold, 100ms);
  EXPECT_EQ(net.reordering->options.limits.time, 250ms);
  EXPECT_EQ(net.paths.dead_after, 4u);
  EXPECT_EQ(settings.clusters.at("by hand").peer_window, 4096u);
  EXPECT_FALSE(settings.clusters.at("by hand").reordering);
}

TEST_F(PageExample, MakesSasWithoutIke) {
  const ManualSa& sa = settings.sas.at(0);
  EXPECT_EQ(sa.policy, settings.policies[4].id);
  EXPECT_EQ(sa.cluster, "by hand");
  EXPECT_EQ(sa.inbound.spi, Spi(0x1001));
  EXPECT_EQ(sa.inbound.source, ip("10.9.0.2"));
  EXPECT_EQ(sa.inbound.integrity_key.size(), 32u);
  EXPECT_EQ(sa.inbound.replay_window, 4096u);
  EXPECT_EQ(to_hex(sa.outbound.encryption_key.view()), "00112233445566778899aabbccddeeff");
  EXPECT_FALSE(sa.outbound.udp);
}

// What a table may hold is told to whoever writes a key that it does not: of these the page must speak.
TEST_F(PageExample, NamesEveryKeyThatIsRead) {
  const std::string text = example(), unknown = "zzzzzzzzzzzz = 1";
  std::vector<std::string> documents{unknown + "\n" + text};
  for (std::size_t at = 0; (at = text.find("\n[", at)) != text.npos;) {
    at = text.find('\n', at + 1);
    documents.push_back(std::string(text).insert(at, "\n" + unknown));
  }
  for (std::size_t at = 0; (at = text.find("{ ", at)) != text.npos; ++at)
    documents.push_back(std::string(text).insert(at + 2, unknown + ", "));
  std::set<std::string> keys;
  const std::regex list("no such key; known are ([^\n]*)");
  for (const std::string& document : documents) {
    const std::string said = said_of(document, files);
    std::smatch match;
    if (!std::regex_search(said, match, list)) continue;
    std::stringstream names(match[1]);
    for (std::string name; std::getline(names >> std::ws, name, ',');)
      keys.insert(name);
  }
  EXPECT_GT(keys.size(), 90u);
  for (const std::string& key : keys)
    EXPECT_TRUE(text.find(key + " = ") != text.npos || text.find("[" + key + "]") != text.npos ||
                text.find("." + key + "]") != text.npos)
        << key << " is read, and docs/gateway.md has no example of it";
}

TEST(ReadSettings, TakesTheRecommendedWhereNothingIsSaid) {
  const Settings settings = read(least());
  EXPECT_EQ(text_of(settings.warnings), "");
  const ike::PeerConfiguration& peer = settings.ike.peers.at(0);
  EXPECT_EQ(peer.proposals, std::vector{ike::ike_proposal()});
  EXPECT_EQ(peer.children.at(0).proposals, std::vector{ike::esp_proposal()});
  EXPECT_EQ(peer.liveness_after, 30s);
  EXPECT_EQ(settings.peers.at("b").paths.at(0).name, "path 1");
  EXPECT_EQ(settings.pad.at(0).permits<ipsec::PreSharedKey>()->key.size(), secret.size());
}

TEST(ReadSettings, TakesExtendedNumbersForAClusterUnlessAnOrdinaryPeerSharesThem) {
  for (const auto& [keys, numbers] :
       {std::pair{"", wire::ike::SequenceNumbers::extended},
        std::pair{"share_with_ordinary_peer = true", wire::ike::SequenceNumbers::no_extended},
        std::pair{"anti_replay = false", wire::ike::SequenceNumbers::no_extended}}) {
    const Settings settings =
        read(least("cluster = \"c\"", "", fmt::format("[[cluster]]\nname = \"c\"\n{}\n", keys)));
    EXPECT_THAT(settings.ike.peers.at(0).children.at(0).proposals.at(0).sequence_numbers,
                ElementsAre(numbers));
  }
}

TEST(ReadSettings, APeerWithoutChildrenIsChildless) {
  std::string document = least();
  document.resize(document.find("[[peer.child]]"));
  EXPECT_TRUE(read(document).ike.peers.at(0).childless);
}

TEST(ReadSettings, APeerWithoutPathsWaits) {
  std::string document = least();
  const std::size_t at = document.find("paths");
  document.erase(at, document.find('\n', at) - at);
  const Settings settings = read(document);
  EXPECT_EQ(settings.peers.at("b").start, Start::none);
  EXPECT_FALSE(settings.ike.peers.at(0).remote_address);
}

TEST(ReadSettings, IkeIsToldToForceEncapsulation) {
  EXPECT_FALSE(read(least()).ike.peers.at(0).force_encapsulation);
  EXPECT_TRUE(read(least("", "force_encapsulation = true")).ike.peers.at(0).force_encapsulation);
}

TEST(ReadSettings, SasOfOneClusterHaveOnePolicy) {
  std::string document =
      "[[listen]]\naddress = \"10.9.0.1\"\n[[cluster]]\nname = \"c\"\npeer_window = 1024\n";
  for (const int number : {1, 2})
    document += fmt::format(R"([[sa]]
name = "s{0}"
local_address = "10.9.0.1"
remote_address = "10.9.0.2"
local = "10.1.0.0/16"
remote = "10.2.0.0/16"
encapsulation = true
inbound = {{ spi = 0x100{0}, algorithm = "aes128gcm16", key_hex = "{1:040}" }}
outbound = {{ spi = 0x200{0}, algorithm = "aes128gcm16", key_hex = "{1:040}" }}
cluster = "c"
)",
                            number, number);
  const Settings settings = read(document);
  ASSERT_EQ(settings.policies.size(), 1u);
  EXPECT_EQ(settings.sas.at(1).policy, settings.sas.at(0).policy);
  EXPECT_EQ(settings.sas.at(0).outbound.udp->destination_port, 4500);
}

TEST(ReadSettings, AKeyFileThatOthersCanReadIsAWarning) {
  Files files;
  files.put("b.psk", octets_of("from a file\r\n"));
  SettingsSources sources = files.sources();
  sources.is_open_to_others = [](const std::filesystem::path& path) { return path == "folder/b.psk"; };
  std::string document = least();
  document.replace(document.find("key = "), 6 + 2 + secret.size(), "key_file = \"b.psk\"");
  const auto settings = read_settings(document, "folder/a.toml", sources);
  ASSERT_TRUE(settings) << text_of(settings.error());
  EXPECT_EQ(settings->pad.at(0).permits<ipsec::PreSharedKey>()->key.size(), std::strlen("from a file"));
  EXPECT_EQ(text_of(settings->warnings),
            "folder/a.toml:5:12: credential[0].key_file: others than its owner can read the key; chmod 600 "
            "b.psk\n");
}

TEST(ReadSettings, ACertificateOutOfItsTimeIsAWarning) {
  const Files files = files_of_the_page();
  SettingsSources sources = files.sources();
  for (const auto& [now, word] : {std::pair{crypto::CalendarSeconds{2'100'000'000}, "expired"},
                                  std::pair{crypto::CalendarSeconds{900'000'000}, "not yet valid"}}) {
    sources.now = now;
    const auto settings = read_settings(example(), "folder/a.toml", sources);
    ASSERT_TRUE(settings) << text_of(settings.error());
    EXPECT_EQ(settings->warnings.size(), 2u) << text_of(settings->warnings);  // ours, and the authority's
    EXPECT_THAT(text_of(settings->warnings), HasSubstr(word));
  }
}

}  // namespace
}  // namespace mpsec::gateway
