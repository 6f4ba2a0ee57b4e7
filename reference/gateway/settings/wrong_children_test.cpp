// The same of children: algorithms, selectors, what two of them must be to each other.
#include "gateway/settings/test_wrong_documents.hpp"

namespace mpsec::gateway {
namespace {

using namespace test_documents;

const Case wrong[] = {
    {"UnknownAlgorithm",
     least("proposals = [\"aes128gcm16-esn\", \"aes256gcm61-noesn\"]", "ike = [\"blowfish-sha256-x25519\"]"),
     "13:9: peer[0].ike: there is no algorithm 'blowfish' for an IKE proposal; docs/gateway.md has those "
     "that there are\n"
     "18:34: peer[0].child[0].proposals: there is no algorithm 'aes256gcm61' for an ESP proposal; did you "
     "mean aes256gcm16 or aes256gcm12 or aes256gcm8?\n"},
    {"AlgorithmsOfAnotherKind",
     least("proposals = [\"aes128-sha256-prfsha256\"]", "ike = [\"aes128gcm16-prfsha256-x25519-esn\"]"),
     "13:38: peer[0].ike: 'esn' is about sequence numbers, which an IKE proposal does not have\n"
     "18:29: peer[0].child[0].proposals: 'prfsha256' is a PRF, which an ESP proposal does not have\n"},
    {"AlgorithmsThatDoNotGoTogether",
     least("proposals = [\"aes128\", \"aes128gcm16-sha256\", \"esn\", \"null-sha256-null\"]",
           "ike = [\"aes128gcm16-sha256-x25519\", \"aes128gcm16-x25519\", \"null-sha256-x25519\", "
           "\"aes256-sha256\"]"),
     "13:9: peer[0].ike: sha256 is for nothing: its ciphers bring their own integrity; a PRF begins with "
     "prf, as prfsha256\n"
     "13:38: peer[0].ike: an IKE proposal needs a PRF, as prfsha256\n"
     "13:60: peer[0].ike: null: IKE messages are never left readable (RFC 7296 5)\n"
     "13:82: peer[0].ike: an IKE proposal needs a key exchange, as x25519\n"
     "18:15: peer[0].child[0].proposals: aes128 needs an integrity algorithm, as aes128-sha256 (RFC 8221 4)\n"
     "18:25: peer[0].child[0].proposals: sha256 is for nothing: its ciphers bring their own integrity\n"
     "18:47: peer[0].child[0].proposals: an ESP proposal needs an encryption algorithm, as aes128gcm16\n"
     "18:66: peer[0].child[0].proposals: 'null' stands there twice\n"},
    {"NoProposals", least("proposals = []", "ike = []"),
     "13:7: peer[0].ike: expected at least one proposal, found none\n"
     "18:13: peer[0].child[0].proposals: expected at least one proposal, found none\n"},
    {"AhWithEncryption", least("protocol = \"ah\"\nproposals = [\"aes128gcm16\"]"),
     "19:15: peer[0].child[0].proposals: 'aes128gcm16' is an encryption algorithm, which an AH proposal does "
     "not have\n"},
    {"Windows", least("replay_window = 8"),
     "18:17: peer[0].child[0].replay_window: expected a size from 32 to 1048576, found 8 (RFC 4303 3.4.3)\n"},
    {"TransportWithPadding", least("mode = \"transport\"\ntfc = 256"),
     "19:7: peer[0].child[0].tfc: padding against traffic analysis is for tunnel mode; expected 0 (RFC 4303 "
     "2.7)\n"},
    {"Selectors",
     of_selectors("[\"10.10.1.1/24\", \"10.1.0.0/16[tpc/80]\", \"10.1.0.0/16[tcp/80-70]\", "
                  "\"10.1.0.0/16[gre/80]\", \"10.1.0.0/16[icmp/8-9]\", \"10.1.0.0/16[tcp\"]",
                  "\"10.2.0.0/16[tcp/http]\""),
     "16:10: peer[0].child[0].local: expected an address, a prefix or a range, as 10.1.0.0/24, found "
     "\"10.10.1.1/24\": expected zeros after the first 24 bits\n"
     "16:26: peer[0].child[0].local: no protocol 'tpc'; a number from 0 to 255 does too, known are any, "
     "opaque, icmp, igmp, ipip, tcp, udp, dccp, ipv6, gre, esp, ah, icmpv6, ospf, pim, sctp, mh, udplite\n"
     "16:49: peer[0].child[0].local: expected a port from 0 to 65535, or two with '-' between, the lower one "
     "first, found \"80-70\"\n"
     "16:75: peer[0].child[0].local: such a protocol has no ports; allowed behind '/': any, opaque\n"
     "16:98: peer[0].child[0].local: expected a type from 0 to 255, as 8, or with its code, as 8.0, found "
     "\"8-9\"\n"
     "16:123: peer[0].child[0].local: expected ']' at the end, found \"10.1.0.0/16[tcp\"\n"
     "17:10: peer[0].child[0].remote: expected a port from 0 to 65535, or two with '-' between, the lower "
     "one first, found \"http\"\n"},
    {"FamiliesThatDoNotMeet", of_selectors("[\"10.1.0.0/16\", \"fd00::/64\"]", "\"10.2.0.0/16\""),
     "17:10: peer[0].child[0].remote: fd00::-fd00::ffff:ffff:ffff:ffff goes with nothing remote: families "
     "and protocols must agree\n"},
    {"ProtocolsThatDoNotMeet", of_selectors("\"10.1.0.0/16[tcp]\"", "\"10.2.0.0/16[udp]\""),
     "17:10: peer[0].child[0].remote: 10.1.0.0-10.1.255.255 goes with nothing remote: families and protocols "
     "must agree\n"},
    {"SelectorsThatNoPayloadCanSay", of_selectors("\"fd00:1::/64[opaque]\"", "\"fd00:2::/64\""),
     "14:1: selector: local fd00:1::-fd00:1::ffff:ffff:ffff:ffff port ANY, remote "
     "fd00:2::-fd00:2::ffff:ffff:ffff:ffff port ANY, protocol OPAQUE: the protocol cannot be negotiated; "
     "allowed: ANY or 1 to 255 (RFC 7296 3.13.1)\n"},
    {"NoSelectors", replaced(least(), "remote = [\"10.10.2.0/24\"]", ""),
     "14:1: peer[0].child[0].remote: expected addresses, found none; \"0.0.0.0/0\" is every IPv4 address\n"},
    {"AssignedByNobody", of_selectors("\"assigned\"", "\"10.2.0.0/16\""),
     "16:9: peer[0].child[0].local: \"assigned\" needs request_address in [[peer]]: nobody asks for an "
     "address\n"},
    {"AssignedAndDynamicTheWrongWay",
     of_selectors("\"10.1.0.0/16\"", "\"assigned\"") +
         "[[peer.child]]\nname = \"d\"\nlocal = \"dynamic\"\nremote = \"10.2.0.0/16\"\n",
     "17:10: peer[0].child[0].remote: the address that the peer assigns is ours: write local = \"assigned\"\n"
     "20:9: peer[0].child[1].local: the addresses of the pool are the peers': write remote = \"dynamic\"\n"},
    {"DynamicWithoutAPool", of_selectors("\"10.1.0.0/16\"", "\"dynamic\""),
     "17:10: peer[0].child[0].remote: \"dynamic\" needs a pool in [[peer]]: nobody has addresses to give\n"},
    {"APoolOfTheOtherFamily",
     replaced(of_selectors("\"10.1.0.0/16\"", "\"dynamic\""), "[[peer]]",
              "[[pool]]\nname = \"p\"\nranges = \"fd00::/120\"\n[[peer]]\npool = \"p\""),
     "21:10: peer[0].child[0].remote: the pool has no addresses of the families of `local`\n"},
    {"TwoPeersOfTheSameSelectors", least(second_peer("10.10.1.0/24", "10.10.2.0/25")),
     "24:1: child 'net' of peer 'c' gets no packets: its selectors lie within those of 'net' of peer 'b'; "
     "put it before that, or change one (RFC 4301 4.4.1)\n"},
    {"TwoPeersWhoseSelectorsOverlap", least(second_peer("10.10.0.0/23", "10.10.2.0/25")),
     "24:1: the selectors of child 'net' of peer 'c' overlap those of 'net' of peer 'b', and neither lie "
     "within the other: whose are such packets? (RFC 4301 4.4.1)\n"},
};
INSTANTIATE_TEST_SUITE_P(WrongChildren, Documents, testing::ValuesIn(wrong), name_of_case);

}  // namespace
}  // namespace mpsec::gateway
