// The same of clusters, policies and SAs without IKE; and what is only doubtful.
#include "gateway/settings/test_wrong_documents.hpp"

namespace mpsec::gateway {
namespace {

using namespace test_documents;

const Case wrong[] = {
    {"AClusterThatNobodyNames", least("", "", "[[cluster]]\nname = \"net\""),
     "7:8: no child and no SA names the cluster 'net'; write cluster = \"net\" in one, or take it out\n"},
    {"AClusterOfTwoPeers",
     least("cluster = \"c\"" + second_peer("10.10.5.0/24", "10.10.6.0/24") + "cluster = \"c\"\n", "",
           "[[cluster]]\nname = \"c\""),
     "25:1: the cluster 'c' is that of child 'net' of peer 'b', with another peer; a cluster has two ends "
     "(SA-cluster profile 1)\n"},
    {"AClusterOfUnequalChildren",
     least("cluster = \"c\"\n[[peer.child]]\nname = \"other\"\nlocal = \"10.10.1.0/24\"\nremote = "
           "\"10.10.9.0/24\"\ncluster = \"c\"",
           "", "[[cluster]]\nname = \"c\""),
     "20:1: mode, selectors and esn differ from those of child 'net' of peer 'b', which is of the cluster "
     "'c' too (SA-cluster profile 3)\n"},
    {"EsnMixed", of_cluster("", "proposals = [\"aes128gcm16-esn\", \"aes128gcm16\"]"),
     "21:13: peer[0].child[0].proposals: with esn and without in one cluster; expected the same, esn or "
     "noesn, in every proposal (SA-cluster profile 4)\n"},
    {"EsnWithAnOrdinaryPeer",
     of_cluster("share_with_ordinary_peer = true", "proposals = [\"aes128gcm16-esn\"]"),
     "21:13: peer[0].child[0].proposals: expected noesn: a peer that knows no clusters loses packets behind "
     "2^32 (SA-cluster profile 8)\n"},
    {"EsnWithoutAWindow", of_cluster("anti_replay = false", "proposals = [\"aes128gcm16-esn\"]"),
     "21:13: peer[0].child[0].proposals: expected noesn: the cluster has anti_replay = false, and esn needs "
     "a window (RFC 4303 3.3.3)\n"},
    {"ClusterWindow", of_cluster("window = 16\nmost_sub_sas = 0"),
     "8:10: cluster[0].window: expected a size from 32 to 1048576, found 16 (RFC 4303 3.4.3)\n"
     "9:16: cluster[0].most_sub_sas: expected a whole number from 1 to 65536, found 0\n"},
    {"Scheduler", of_cluster("scheduler = \"rond-robin\""),
     "8:14: cluster[0].scheduler: there is no scheduler 'rond-robin'; known are duplicate, round-robin, "
     "weighted, flow-hash, least-round-trip, random, adaptive\n"},
    {"SchedulerOption", of_cluster("scheduler = \"round-robin burst=0\""),
     "8:26: cluster[0].scheduler: burst takes a whole number from 1 to 65536, not '0': write burst=32\n"},
    {"SchedulerThatDuplicates", of_cluster("scheduler = \"duplicate round-robin\""),
     "8:13: cluster[0].scheduler: one that duplicates needs duplication = true: both ends must want it\n"},
    {"DuplicationWithoutAWindow",
     of_cluster("anti_replay = false\nduplication = true\nreorder = { policy = \"time\" }"),
     "9:15: cluster[0].duplication: expected anti_replay = true with it: nothing else drops the second copy\n"
     "10:11: cluster[0].reorder: expected anti_replay = true with it: only what the window accepted may be "
     "held back\n"},
    {"Leases", of_cluster("leases = { numbers = 65, time = \"0s\" }"),
     "8:10: cluster[0].leases: lease numbers: expected 1 to 64, found 65\n"},
    {"LeasesBeyondTheWindow",
     "[gateway]\nworkers = 16\n" + of_cluster("window = 512\nleases = { numbers = 64 }"),
     "11:10: cluster[0].leases: 16 workers with leases of 64 need a window of 1024, which is 512: enlarge "
     "it, or take shorter leases (SA-cluster profile 6)\n"},
    {"AWindowBelowWhatIsExpected",
     of_cluster(
         "window = 3127\n[cluster.expect]\nworkers = 4\nlease = 32\nskew = \"30ms\"\npackets_per_second = "
         "100000"),
     "9:1: cluster[0].expect: need 3128 numbers (4 workers x lease of 32 + 30000 us of skew x 100000 "
     "packets/s), "
     "have 3127: enlarge the window, or take shorter leases or paths of more equal delay (SA-cluster profile "
     "6)\n"},
    {"Reordering", of_cluster("reorder = { packets = 0, hold = \"2m\", late = \"never\" }"),
     "8:11: cluster[0].reorder: reordering/packets: expected 1 to 1048576, found 0\n"
     "8:46: cluster[0].reorder.late: expected one of \"deliver\", \"drop\", found \"never\"\n"},
    {"ReorderingShorterThanItsHold", of_cluster("reorder = { hold = \"200ms\", time = \"100ms\" }"),
     "8:36: cluster[0].reorder.time: the buffer lets packets go before `hold` is over; expected at least "
     "that\n"},
    {"PathConditions", of_cluster("path_settings = { suspect_after = 5, dead_after = 4, hold = \"2m\" }"),
     "8:17: cluster[0].path_settings.longest_hold: expected at least `hold`\n"
     "8:51: cluster[0].path_settings.dead_after: a path is suspect before it is dead; expected at least "
     "suspect_after\n"},
    {"Tun",
     least("", "",
           "[tun]\nname = \"a name that is too long\"\nmtu = 1000\naddresses = [\"fd00::1/129\", "
           "\"fd00::1/64\"]\nroutes = [\"10.0.0.1-10.0.0.2\"]"),
     "7:8: tun.name: expected an interface's name of 1 to 15 characters, found \"a name that is too long\"\n"
     "8:7: tun.mtu: IPv6 needs at least 1280, found 1000 (RFC 8200 5)\n"
     "9:14: tun.addresses: expected an address with its prefix length, as 10.1.0.1/24, found "
     "\"fd00::1/129\"\n"
     "10:10: tun.routes: expected prefixes, found 10.0.0.1-10.0.0.2\n"},
    {"Retransmission",
     least("", "",
           "[ike]\nretransmit = { first = \"10s\", limit = \"5s\", tries = 0, factor = 0.5 }\nrevocation = "
           "\"always\""),
     "7:39: ike.retransmit.limit: expected at least `first`\n"
     "7:53: ike.retransmit.tries: expected a whole number from 1 to 100, found 0\n"
     "7:65: ike.retransmit.factor: expected a number from 1 to 100, found 0.5\n"
     "8:14: ike.revocation: expected one of \"require\", \"if-present\", \"off\", found \"always\"\n"},
    {"Policies",
     least("", "",
           "[[policy]]\nname = \"a/b\"\ndirection = \"up\"\nlocal = \"10.0.0.0/8[any/80]\"\n[[policy]]\nname "
           "= \"o\"\naction = \"discard\"\nlocal = \"10.0.0.0/8[opaque]\"\nremote = \"0.0.0.0/0\""),
     "6:1: policy[0].action: expected \"bypass\" or \"discard\", found none\n"
     "6:1: policy[0].remote: expected addresses, found none; \"0.0.0.0/0\" is every IPv4 address\n"
     "7:8: policy[0].name: expected a name of 1 to 64 visible ASCII characters without '/', found \"a/b\"\n"
     "8:13: policy[0].direction: expected one of \"both\", \"out\", \"in\", found \"up\"\n"
     "9:9: policy[0].local: such a protocol has no ports; allowed behind '/': any, opaque\n"
     "14:10: policy[1].remote: OPAQUE with IPv4 addresses; allowed: a number or ANY (RFC 4301 4.4.1.1)\n"},
    {"SaKeys",
     of_sas(sa("s", "aes128gcm16", "00112233", 4096) +
            sa("t", "aes128-sha256", "00112233445566778899aabbccddeeff", 5096)),
     "9:62: sa[0].inbound.key_hex: expected 20 octets, 4 of them salt, found 4\n"
     "10:63: sa[0].outbound.key_hex: expected 20 octets, 4 of them salt, found 4\n"
     "12:1: SA/integrity key: AUTH_HMAC_SHA2_256_128 takes 32 octets, found 0 (RFC 4868)\n"},
    {"SaOfOneSpi", of_sas(sa("s", "aes128gcm16", key_20, 4096) + sa("t", "aes128gcm16", key_20, 4096)),
     "12:1: another SA receives on SPI 0x1000 too (RFC 4301 4.1)\n"},
    {"SaOfAReservedSpi", of_sas(sa("s", "aes128gcm16", key_20, 255)),
     "9:19: sa[0].inbound.spi: expected a whole number from 256 to 4294967295, found 255\n"
     "10:20: sa[0].outbound.spi: expected a whole number from 256 to 4294967295, found 255\n"},
    {"SaThatNegotiates",
     of_sas(sa("s", "aes128gcm16-aes256gcm16", key_20, 4096) + sa("t", "aes128gcm16-esn", key_20, 5096)),
     "9:38: sa[0].inbound.algorithm: an SA has one algorithm of a kind; nothing is negotiated here\n"
     "10:39: sa[0].outbound.algorithm: an SA has one algorithm of a kind; nothing is negotiated here\n"
     "18:50: sa[1].inbound.algorithm: 'esn' is about sequence numbers, which an ESP SA does not have\n"
     "19:51: sa[1].outbound.algorithm: 'esn' is about sequence numbers, which an ESP SA does not have\n"},
    {"SaWithoutAWindow", of_sas(sa("s", "aes128gcm16", key_20, 4096, "esn = true\nreplay_window = 0")),
     "3:1: SA/extended sequence numbers: the receiver keeps track of the high half by its window; switch "
     "anti-replay on, or ask for this by name (RFC 4303 3.3.3)\n"},
    {"SaOfAhBehindUdp", of_sas(sa("s", "sha1", key_20, 4096, "protocol = \"ah\"\nencapsulation = true")),
     "3:1: SA/UDP encapsulation: AH covers the addresses that a NAT changes; only ESP passes (RFC 3948 1)\n"},
    {"SaWithoutItsHalves", of_sas("[[sa]]\nname = \"s\"\ninbound = { }\noutbound = 5\n"),
     "3:1: sa[0].local_address: expected an address, found none\n"
     "3:1: sa[0].remote_address: expected an address, found none\n"
     "3:1: sa[0].local: expected addresses, found none; \"0.0.0.0/0\" is every IPv4 address\n"
     "3:1: sa[0].remote: expected addresses, found none; \"0.0.0.0/0\" is every IPv4 address\n"
     "5:11: sa[0].inbound.spi: expected a number from 256 to 4294967295, found none (RFC 4303 2.1)\n"
     "5:11: sa[0].inbound.algorithm: expected an algorithm, as aes128gcm16, found none\n"
     "6:12: sa[0].outbound: expected a table, outbound = { ... }, found a whole number\n"},
    {"AClusterOfSasOfUnequalSas",
     of_sas("[[cluster]]\nname = \"c\"\npeer_window = 64\n" +
            sa("s", "aes128gcm16", key_20, 4096, "cluster = \"c\"") +
            sa("t", "aes128gcm16", key_20, 5096, "cluster = \"c\"\nmode = \"transport\"")),
     "15:1: cluster 1/sub-SA/mode: expected tunnel, as all sub-SAs of the cluster have it, found "
     "transport\n"},
    {"AClusterOfSasWithoutThePeersWindow",
     of_sas("[[cluster]]\nname = \"c\"\n" + sa("s", "aes128gcm16", key_20, 4096, "cluster = \"c\"")),
     "5:1: the cluster 'c' needs peer_window: without IKE nobody tells it (SA-cluster profile 2.1)\n"},
    {"AClusterAgreedInTwoWays", of_cluster("") + sa("s", "aes128gcm16", key_20, 4096, "cluster = \"c\""),
     "16:1: the cluster 'c' has SAs without IKE; expected it to be agreed in one way (SA-cluster profile 2)\n"
     "21:1: the cluster 'c' needs peer_window: without IKE nobody tells it (SA-cluster profile 2.1)\n"},
};
INSTANTIATE_TEST_SUITE_P(WrongClusters, Documents, testing::ValuesIn(wrong), name_of_case);

const Case doubtful[] = {
    {"Unused", least("", "", certified + "[[pool]]\nname = \"p\"\nranges = \"10.3.0.0/24\"\n"),
     "7:8: nothing uses the credential 'me'\n"
     "11:8: nothing uses the authority 'ca'\n"
     "14:8: nothing uses the pool 'p'\n"},
    {"APolicyThatNeverApplies",
     least(
         "", "",
         "[[policy]]\nname = \"all\"\naction = \"bypass\"\nlocal = \"10.0.0.0/8\"\nremote = \"10.0.0.0/8\""),
     "18:1: policy 2 'b/net' never applies: policy 1 'all' takes all its packets (RFC 4301 4.4.1)\n"},
    {"LeasesOfMoreThanAQuarter", of_cluster("window = 64\nleases = { numbers = 32 }"),
     "9:10: cluster[0].leases: more numbers than a quarter of the window of 64: what is above is soon "
     "abandoned\n"},
    {"ACertificateForSomebodyElse",
     replaced(replaced(least("", "authorities = [\"ca\"]", certified), "credential = \"psk\"\npaths",
                       "credential = \"me\"\npaths"),
              "a.example", "c.example"),
     "4:8: nothing uses the credential 'psk'\n"
     "18:14: peer[0].credential: its certificate does not speak for fqdn c.example, as which we come: peers "
     "may refuse it (RFC 4945 3.1)\n"},
    {"AChainThatLeadsElsewhere",
     replaced(least("", "authorities = [\"ca\"]",
                    replaced(certified, "private_key", "chain = \"ca.pem\"\nprivate_key")),
              "credential = \"psk\"\npaths", "credential = \"me\"\nauthentication = \"psk\"\npaths"),
     "9:9: credential[1].chain: a certificate is not that of the issuer of the one before it; peers may not "
     "follow\n"},
    {"ACounterModeUnderAStaticKey", of_sas(sa("s", "aes128gcm16", key_20, 4096)),
     "3:1: a counter mode under a static key: after a restart numbers, and so nonces, begin anew, which "
     "breaks the cipher; take aes128-sha256, or other keys for each start (RFC 8221 3)\n"},
    {"APeerThatAnEarlierOneTakes", least(second_peer("10.10.5.0/24", "10.10.6.0/24", "b.example")),
     "19:1: PAD entry 2 'c' never applies: PAD entry 1 'b' takes all its peers; write several paths or "
     "children into one [[peer]] (RFC 4301 4.4.3.1)\n"},
};
INSTANTIATE_TEST_SUITE_P(Doubtful, Documents, testing::ValuesIn(doubtful), name_of_case);

}  // namespace
}  // namespace mpsec::gateway
