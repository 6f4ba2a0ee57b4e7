// Documents with something wrong in what they say of the gateway, credentials and peers, and all that is said
// of it.
#include "gateway/settings/test_wrong_documents.hpp"

namespace mpsec::gateway {
namespace {

using namespace test_documents;

const Case wrong[] = {
    {"NotToml", std::string("[[listen]\naddress = 1\n"),
     "1:10: expected TOML, found otherwise: Error while parsing table header: expected ']', saw '\\n'\n"},
    {"Empty", std::string(),
     "1:1: listen: expected at least one local address, [[listen]] address = \"...\"\n"},
    {"NearKey", least("replay_widow = 64"),
     "18:1: peer[0].child[0]: no such key 'replay_widow'; did you mean replay_window?\n"},
    {"StrangeKey", least("", "password = \"open sesame\""),
     "13:1: peer[0]: no such key; known are name, paths, start, retry, local_id, remote_id, accept, "
     "credential, authentication, authorities, ike, fragment_beyond, force_encapsulation, window, "
     "initial_contact, liveness, keepalive, rekey, pool, request_address, dns, child\n"},
    {"WrongTypes", least("mode = 1\nreplay_window = \"64\"\ntfc = -1\ndscp = 64\nproposals = [1]\nrekey = 5"),
     "18:8: peer[0].child[0].mode: expected a text, found 1\n"
     "19:17: peer[0].child[0].replay_window: expected a whole number from 0 to 4294967295, found \"64\"\n"
     "20:7: peer[0].child[0].tfc: expected a whole number from 0 to 1500, found -1\n"
     "21:8: peer[0].child[0].dscp: expected a whole number from 0 to 63, found 64\n"
     "22:14: peer[0].child[0].proposals: expected a list of texts, found in it 1\n"
     "23:9: peer[0].child[0].rekey: expected a table, rekey = { ... }, found a whole number\n"},
    {"WrongChoice", least("mode = \"tunel\"", "start = \"now\""),
     "13:9: peer[0].start: expected one of \"none\", \"on-traffic\", \"at-once\", found \"now\"\n"
     "18:8: peer[0].child[0].mode: expected one of \"tunnel\", \"transport\", found \"tunel\"\n"},
    {"SeveralInTheOrderOfTheFile",
     least("tfc = 9999", "window = 0", "[tun]\nmtu = 1\n[gateway]\nworkers = 0"),
     "7:7: tun.mtu: expected a whole number from 576 to 65535, found 1\n"
     "9:11: gateway.workers: expected a whole number from 1 to 64, found 0\n"
     "16:10: peer[0].window: expected a whole number from 1 to 1024, found 0\n"
     "21:7: peer[0].child[0].tfc: expected a whole number from 0 to 1500, found 9999\n"},
    {"Durations", least("", "liveness = \"5 s\"\nkeepalive = 20\nretry = \"400000h\""),
     "13:12: peer[0].liveness: expected a time with its unit (ns, us, ms, s, m, h; at most a year), as "
     "\"30s\", found \"5 s\"\n"
     "14:13: peer[0].keepalive: expected a time with its unit (ns, us, ms, s, m, h; at most a year), as "
     "\"30s\", found 20\n"
     "15:9: peer[0].retry: expected a time with its unit (ns, us, ms, s, m, h; at most a year), as \"30s\", "
     "found \"400000h\"\n"},
    {"Lifetimes", least("rekey = { after = \"1h\", end = \"1h\" }", "rekey = { jitter = 1.0 }"),
     "13:20: peer[0].rekey.jitter: expected a number from 0 to 0.99, found 1\n"
     "18:31: peer[0].child[0].rekey.end: the SA would end before it is replaced; expected more than "
     "`after`\n"},
    {"TwoCredentialsOfOneName", least("", "", "[[credential]]\nname = \"psk\"\nkey = \"x\""),
     "7:8: two of one name: the credential in line 4 is 'psk' too\n"},
    {"TwoChildrenOfOneName",
     least("[[peer.child]]\nname = \"net\"\nlocal = \"10.10.1.0/24\"\nremote = \"10.10.4.0/24\""),
     "19:8: two of one name: the child in line 15 is 'net' too\n"},
    {"TwoPathsOfOneName",
     of_paths("{ name = \"p\", local = \"10.9.0.1\", remote = \"10.9.0.2\" }, { name = \"p\", local = "
              "\"10.9.0.1\", remote = \"10.9.0.3\" }"),
     "12:76: peer[0].paths[1].name: another path is 'p' too\n"},
    {"PathsThatLeadNowhere",
     of_paths("{ local = \"10.9.9.9\", remote = \"10.9.0.2\" }, { local = \"10.9.0.1\", remote = \"fd00::1\" "
              "}, { local = \"10.9.0.1\" }"),
     "12:20: peer[0].paths[0].local: no [[listen]] has the address 10.9.9.9\n"
     "12:86: peer[0].paths[1].remote: fd00::1 is not of the family of 10.9.0.1\n"
     "12:99: peer[0].paths[2].remote: expected an address, found none\n"},
    {"TwoListenersOfOneAddress",
     least("", "", "[[listen]]\naddress = \"10.9.0.1\"\n[[listen]]\naddress = \"10.9.0.3\"\nike_port = 4500"),
     "7:11: listen[1].address: another [[listen]] has 10.9.0.1\n"
     "8:1: listen[2].nat_port: ike_port is 4500 too; expected another port (RFC 3948 4)\n"},
    {"ReferencesThatStandForNothing",
     least("cluster = \"nett\"", "pool = \"clients\"\nauthorities = [\"ca\"]", "[[cluster]]\nname = \"net\""),
     "7:8: no child and no SA names the cluster 'net'; write cluster = \"net\" in one, or take it out\n"
     "14:8: peer[0].pool: there is no pool at all\n"
     "15:16: peer[0].authorities: there is no authority at all\n"
     "20:11: peer[0].child[0].cluster: there is no cluster 'nett'; did you mean net?\n"},
    {"ACredentialThatIsASecret", replaced(least(), "credential = \"psk\"", "credential = \"open sesame\""),
     "11:14: peer[0].credential: there is no credential of that name; known are psk\n"},
    {"NoCredential", replaced(least(), "credential = \"psk\"", ""),
     "7:1: peer[0].credential: how do we prove who we are? expected a credential's name\n"},
    {"TwoKinds",
     least("", "",
           "[[credential]]\nname = \"c\"\nkey = \"x\"\nkey_hex = \"00\"\n[[credential]]\nname = \"d\"\nkey = "
           "\"x\"\ncertificate = \"a.pem\"\n[[credential]]\nname = \"e\"\n[[credential]]\nname = \"f\"\nkey "
           "= \"\""),
     "6:1: credential[1]: several keys; expected one of key, key_hex, key_file\n"
     "10:1: credential[2].private_key: a certificate needs its private key, found none\n"
     "10:1: credential[2]: a key and a certificate; expected one of both in a credential\n"
     "14:1: credential[3]: expected key, key_hex or key_file, or certificate with private_key; found none\n"
     "16:1: credential[4]: the key is empty; expected at least one octet (RFC 7296 2.15)\n"},
    {"Hexadecimal",
     least("", "",
           "[[credential]]\nname = \"c\"\nkey_hex = \"0x123\"\n[[credential]]\nname = \"d\"\nkey_hex = "
           "\"12g4\"\n[[credential]]\nname = \"e\"\nkey_hex = 1234"),
     "8:11: credential[1].key_hex: expected an even number of hexadecimal digits, found 3\n"
     "11:11: credential[2].key_hex: expected hexadecimal digits, found another character\n"
     "14:11: credential[3].key_hex: expected a text, found a whole number\n"},
    {"FilesThatAreNotThere",
     least("", "",
           "[[credential]]\nname = \"c\"\nkey_file = \"none\"\n[[authority]]\nname = \"a\"\ncertificate = "
           "\"none\"\nrevocation_lists = [\"no list\"]"),
     "8:12: credential[1].key_file: the file cannot be read: no such file\n"
     "11:15: authority[0].certificate: the file cannot be read: no such file\n"
     "12:21: authority[0].revocation_lists: the file cannot be read: no such file\n"},
    {"FilesThatAreSomethingElse",
     least(
         "", "",
         "[[credential]]\nname = \"c\"\ncertificate = \"a.key\"\nprivate_key = "
         "\"a.pem\"\n[[authority]]\nname = \"a\"\ncertificate = \"ca.pem\"\nrevocation_lists = [\"ca.pem\"]"),
     "8:15: credential[1].certificate: expected a certificate in PEM or DER: neither PEM nor DER of this "
     "kind, or octets are left behind it\n"
     "9:15: credential[1].private_key: expected a private key in PEM or DER, not encrypted: neither PEM nor "
     "DER of this kind, or octets are left behind it\n"
     "13:21: authority[0].revocation_lists: expected a list in PEM or DER: neither PEM nor DER of this kind, "
     "or octets are left behind it\n"},
    {"ACertificateAndAnothersKey",
     least("", "", "[[credential]]\nname = \"c\"\ncertificate = \"ca.pem\"\nprivate_key = \"a.key\""),
     "9:15: credential[1].private_key: it is not the key of the certificate; name the pair that belongs "
     "together\n"},
    {"ACertificateWithoutItsKey", least("", "", "[[credential]]\nname = \"c\"\ncertificate = \"a.pem\""),
     "6:1: credential[1].private_key: a certificate needs its private key, found none\n"},
    {"Identities",
     replaced(
         replaced(least("", "accept = [\"*.example\", \"dn:XX=1\", \"ip:10.9\"]"), "a.example", "a..example"),
         "\"b.example\"", "\"key:0x1\""),
     "9:12: peer[0].local_id: \"a..example\": expected labels of 1 to 63 octets, found one of 0 in "
     "'a..example'\n"
     "10:13: peer[0].remote_id: \"key:0x1\": odd number of digits: the last octet is half\n"
     "13:11: peer[0].accept: \"*.example\": for all domains below a domain, and that itself, write it with a "
     "dot in front, as .example\n"
     "13:24: peer[0].accept: \"dn:XX=1\": no such type 'XX'; known are CN, SN, SERIALNUMBER, C, L, ST, "
     "STREET, O, OU, TITLE, GN, UID, DC, EMAILADDRESS\n"
     "13:35: peer[0].accept: \"ip:10.9\": expected an address such as 192.0.2.1 or 2001:db8::1, found "
     "'10.9'\n"},
    {"NobodyIsLetIn", least("", "accept = [\"c.example\"]"),
     "13:10: peer[0].accept: lets in no peer that is fqdn b.example, which remote_id asks for\n"},
    {"NoPeer", replaced(least(), "remote_id = \"b.example\"", ""),
     "7:1: peer[0]: who is the peer? expected remote_id or accept\n"},
    {"NoProofOfThePeer",
     replaced(least("", "", certified), "credential = \"psk\"\npaths", "credential = \"me\"\npaths"),
     "14:1: peer[0]: how does the peer prove who it is? expected authorities, or authentication with a key's "
     "name\n"},
    {"AKeyIdOfACertificate",
     replaced(replaced(least("", "authorities = [\"ca\"]", certified), "credential = \"psk\"\npaths",
                       "credential = \"me\"\npaths"),
              "\"b.example\"", "\"key:b\""),
     "14:1: PAD entry 1 'b'/authentication[0]/certificate: no certificate holds key ID 0x62; allowed: "
     "certificates that need not hold the identity (RFC 4301 4.4.3.2)\n"},
    {"StartWithoutPath",
     replaced(least("", "start = \"at-once\""), "paths = [{ local = \"10.9.0.1\", remote = \"10.9.0.2\" }]",
              ""),
     "13:9: peer[0].start: where to? expected paths = [{ local = \"...\", remote = \"...\" }] with it, or "
     "start = \"none\"\n"},
};
INSTANTIATE_TEST_SUITE_P(Wrong, Documents, testing::ValuesIn(wrong), name_of_case);

}  // namespace
}  // namespace mpsec::gateway
