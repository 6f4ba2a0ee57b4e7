// The transcripts of vectors/transcripts/ike, made again and compared octet for octet. To write them:
//   MPSEC_WRITE_TRANSCRIPTS=1 build/release/bin/ike_test --gtest_filter='*Transcripts*'
#include <cstdlib>
#include <fstream>

#include "crypto/openssl/openssl_pki.hpp"
#include "ike/signature_authentication.hpp"
#include "ike/test_transcript.hpp"
#include "wire/ike/complete.hpp"

namespace mpsec::ike::test {
namespace {

using namespace wire::ike;
using enum crypto::KeyExchangeId;

const std::string folder = MPSEC_SOURCE_DIR "/vectors/transcripts/ike/";

std::string content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

struct Case {
  std::string_view name, about;
  void (*set)(ScribeSettings&) = [](ScribeSettings&) {};
  void (*act)(Scribe&) = [](Scribe&) {};  // behind the initial exchanges
};
void PrintTo(const Case& what, std::ostream* out) {
  *out << what.name;
}

// --- settings

void both(ScribeSettings& settings, void (*change)(EndOptions&)) {
  change(settings.a);
  change(settings.b);
}

// Certified keys of that kind, from identities/.
void certify(EndOptions& end, const std::string& own, bool sha1, std::size_t fragment_beyond) {
  static const auto pki = crypto::make_openssl_pki();
  const auto read = [](const std::string& name) {
    const std::string text = content_of(folder + "identities/" + name);
    return Octets(text.begin(), text.end());
  };
  auto store = pki->certificate_store();
  store->add_anchor(pki->certificate(read("root.crt")).value());
  SignatureChecker::Settings checks;
  checks.anchors["root"] = std::move(store);
  checks.at_start = 1'500'000'000;
  checks.sha1 = sha1;
  end.checker = std::make_shared<StandardProofChecker>(std::vector{StandardProofChecker::Line{
      SignatureChecker::methods(), std::make_shared<SignatureChecker>(std::move(checks), *pki)}});
  end.change_pad = [](ipsec::PadEntry& entry) {
    entry.authentication.clear();
    ipsec::Certificate permitted;
    permitted.trust_anchors = {"root"};
    entry.authentication.emplace_back(std::move(permitted));
  };
  std::shared_ptr<const crypto::PrivateKey> key = pki->private_key(read(own + ".key")).value();
  const bool draws = !sha1 && !own.starts_with("ed25519");  // on randomness: RSASSA-PSS, ECDSA
  if (draws) key = std::make_shared<SignedOnce>(key, folder + "identities/" + own + ".signature");
  const auto credential =
      std::make_shared<SignatureCredential>(key, std::vector{pki->certificate(read(own + ".crt")).value()});
  end.change_peer = [credential, fragment_beyond](PeerConfiguration& peer) {
    peer.credential = credential;
    peer.fragment_beyond = fragment_beyond;
  };
}
void certified(ScribeSettings& settings, const std::string& kind, bool sha1 = false,
               std::size_t fragment_beyond = 1280) {
  certify(settings.a, kind + "_a", sha1, fragment_beyond);
  certify(settings.b, kind + "_b", sha1, fragment_beyond);
  settings.keys.clear();
  for (const char* end : {"_a", "_b"})
    settings.keys.push_back(fmt::format(R"({{"certified_key": "identities/{}{}.key"}})", kind, end));
}

void other_group(ScribeSettings& settings) {
  settings.a.ike_proposals[0].key_exchange = {curve25519, ecp_256};
  settings.b.ike_proposals[0].key_exchange = {ecp_256};
}
ipsec::Selector between(std::string_view local, std::string_view remote) {
  return {.local = {ipsec::AddressRange::parse(local).value()},
          .remote = {ipsec::AddressRange::parse(remote).value()}};
}

void with_configuration(ScribeSettings& settings) {
  settings.a.change_peer = [](PeerConfiguration& peer) {
    peer.wanted = {.ip4_addresses = {std::nullopt}, .ip6_addresses = {std::nullopt}};
    peer.wanted.netmask = peer.wanted.dns = peer.wanted.subnets = true;
    peer.children[0].selectors = {between("0.0.0.0/0", "10.2.0.0/16")};
    peer.children[0].use_assigned_address = true;
  };
  settings.b.pool = {ipsec::AddressRange::parse("10.3.0.1-10.3.0.9").value(),
                     ipsec::AddressRange::parse("2001:db8::1-2001:db8::9").value()};
  settings.b.change_peer = [](PeerConfiguration& peer) {
    peer.address_pool = "pool";
    peer.offer.dns = {ip("10.2.0.53"), ip("2001:db8::53")};
    peer.offer.netmask = ip("255.255.0.0");
    peer.offer.subnets = {ipsec::AddressRange::parse("10.2.0.0/16").value()};
    peer.children[0].selectors = {between("10.2.0.0/16", "10.3.0.0/16")};
  };
}

void transport(ScribeSettings& settings) {
  const auto of = [](std::string_view local, std::string_view remote) {
    return [local, remote](PeerConfiguration& peer) {
      peer.children[0].mode = ipsec::Mode::transport;
      peer.children[0].selectors = {between(local, remote)};
    };
  };
  settings.a.change_peer = of("192.0.2.1/32", "192.0.2.2/32");
  settings.b.change_peer = of("192.0.2.2/32", "192.0.2.1/32");
}

void authentication_header(EndOptions& end) {
  end.child_proposals[0] = {.protocol = ProtocolId::ah,
                            .integrity = {crypto::IntegrityId::hmac_sha2_256_128}};
  end.change_peer = [](PeerConfiguration& peer) { peer.children[0].protocol = ipsec::Protocol::ah; };
}

void cipher_and_mac(EndOptions& end) {
  end.ike_proposals[0] = {.encryption = {{crypto::EncryptionId::aes_cbc, 256}},
                          .prf = {crypto::PrfId::hmac_sha2_512},
                          .integrity = {crypto::IntegrityId::hmac_sha2_512_256},
                          .key_exchange = {ecp_256}};
  end.child_proposals[0] = {.encryption = {{crypto::EncryptionId::aes_cbc, 128}},
                            .integrity = {crypto::IntegrityId::hmac_sha2_256_128}};
}

void of_a_cluster(EndOptions& end) {
  end.change_peer = [](PeerConfiguration& peer) {
    peer.children[0].cluster = ClusterWish{.name = "net", .most_sub_sas = 8, .window = 4096};
  };
}

// What A says of a kind gets a payload that nobody knows, marked critical.
void unknown_critical(Message& message, char own) {
  if (own != 'A' || message.header.exchange_type != ExchangeType::informational) return;
  message.payloads.push_back(make_payload(UnknownPayload{static_cast<PayloadType>(200), {1, 2, 3}}, true));
  EXPECT_TRUE(complete(message));
}
// The peers are of before RFC 7427.
void without_hashes(Message& message, char) {
  const auto unwanted = [](const Payload& payload) {
    const auto* notify = std::get_if<Notify>(&payload.body);
    return notify != nullptr && notify->type == NotifyType::signature_hash_algorithms;
  };
  if (std::erase_if(message.payloads, unwanted) != 0) {
    EXPECT_TRUE(complete(message));
  }
}

// --- acts

template <void (World::*Command)(End&)>
void by_a(Scribe& scribe) {
  (scribe.world().*Command)(scribe.world().a);
  scribe.all();
}
template <void (World::*Command)(End&)>
void by_both(Scribe& scribe) {
  (scribe.world().*Command)(scribe.world().a);
  (scribe.world().*Command)(scribe.world().b);
  scribe.all();
}
void create_child(Scribe& scribe) {
  World& world = scribe.world();
  const IkeSaId sa = World::only(world.a).id;
  world
      .at(world.a, [&](Engine& engine,
                       Actions& actions) { return engine.create_child(sa, "net", world.now, actions); })
      .value();
  scribe.all();
}
void version_three(Scribe& scribe) {
  IkeHeader header{.initiator_spi = IkeSpi{0x0123456789abcdef}, .major_version = 3, .initiator = true};
  World& world = scribe.world();
  scribe.forge({{world.a.address(), 500}, {world.b.address(), 500}, wire::encode(header)});
  scribe.all();
}

void second_path(Scribe& scribe) {
  World& world = scribe.world();
  world.initiate(world.a, world.a.second_path());
  scribe.all();
}

const Case cases[] = {
    {"psk_x25519", "Four messages: a shared key, Curve25519, AES-GCM, one child"},
    {"psk_ecp256_cbc", "The same with ECP-256, AES-CBC and HMAC-SHA-2",
     [](ScribeSettings& settings) { both(settings, cipher_and_mac); }},
    {"ed25519", "Certificates, digital signatures by Ed25519 (RFC 7427, RFC 8420)",
     [](ScribeSettings& settings) { certified(settings, "ed25519"); }},
    {"ecdsa", "The same with ECDSA over P-256",
     [](ScribeSettings& settings) { certified(settings, "ecdsa"); }},
    {"rsa_pss_fragments", "The same with RSASSA-PSS, IKE_AUTH in fragments (RFC 7383)",
     [](ScribeSettings& settings) { certified(settings, "rsa", false, 576); }},
    {"rsa_pkcs1", "RSA by the method of RFC 7296: PKCS#1 v1.5, SHA-1",
     [](ScribeSettings& settings) {
       certified(settings, "rsa", true);
       settings.bend = without_hashes;
     }},
    {"cookie", "The responder asks for a cookie",
     [](ScribeSettings& settings) { settings.b.cookies_from = 0; }},
    {"invalid_ke", "The responder asks for another group", other_group},
    {"cookie_invalid_ke", "A cookie, then another group",
     [](ScribeSettings& settings) {
       other_group(settings);
       settings.b.cookies_from = 0;
     }},
    {"childless", "No child in IKE_AUTH (RFC 6023), one afterwards",
     [](ScribeSettings& settings) {
       settings.a.change_peer = [](PeerConfiguration& peer) { peer.childless = true; };
     },
     create_child},
    {"new_child_pfs", "A second child, with perfect forward secrecy",
     [](ScribeSettings& settings) {
       both(settings, [](EndOptions& end) { end.child_proposals[0].key_exchange = {curve25519}; });
     },
     create_child},
    {"child_rekey", "A child is rekeyed, the old one deleted", [](ScribeSettings&) {},
     by_a<&World::rekey_child>},
    {"ike_rekey", "The IKE SA is rekeyed, the old one deleted", [](ScribeSettings&) {},
     by_a<&World::rekey_ike>},
    {"child_rekey_collision", "Both ends rekey the child at once (RFC 7296 2.8.1)", [](ScribeSettings&) {},
     by_both<&World::rekey_child>},
    {"ike_rekey_collision", "Both ends rekey the IKE SA at once (RFC 7296 2.8.2)", [](ScribeSettings&) {},
     by_both<&World::rekey_ike>},
    {"delete", "The child is deleted, then the IKE SA", [](ScribeSettings&) {},
     [](Scribe& scribe) {
       by_a<&World::delete_child>(scribe);
       by_a<&World::close>(scribe);
     }},
    {"liveness_lost", "An empty request, its first answer lost, sent again", [](ScribeSettings&) {},
     [](Scribe& scribe) {
       scribe.world().check_liveness(scribe.world().b);
       scribe.lose();
       scribe.run(2s);
     }},
    {"nat", "A NAT before the initiator: ports float to 4500",
     [](ScribeSettings& settings) { settings.nat = ip("203.0.113.7"); }},
    {"narrowing", "The responder narrows the traffic selectors",
     [](ScribeSettings& settings) {
       settings.a.change_peer = [](PeerConfiguration& peer) {
         peer.children[0].selectors = {between("10.0.0.0/8", "10.0.0.0/8")};
       };
     }},
    {"configuration", "Addresses, DNS servers and a subnet by the configuration payload, IPv4 and IPv6",
     with_configuration},
    {"transport", "Transport mode", transport},
    {"ah", "AH", [](ScribeSettings& settings) { both(settings, authentication_header); }},
    {"esn", "Extended sequence numbers",
     [](ScribeSettings& settings) {
       both(settings,
            [](EndOptions& end) { end.child_proposals[0].sequence_numbers = {SequenceNumbers::extended}; });
     }},
    {"cluster_two_paths", "An SA cluster: founded on one path, joined on another",
     [](ScribeSettings& settings) { both(settings, of_a_cluster); }, second_path},
    {"cluster_declined", "The responder knows no SA clusters: one ordinary SA",
     [](ScribeSettings& settings) { of_a_cluster(settings.a); }},
    {"no_proposal_chosen", "No common algorithms for the IKE SA",
     [](ScribeSettings& settings) {
       settings.b.ike_proposals[0].encryption = {{crypto::EncryptionId::chacha20_poly1305, {}}};
     }},
    {"child_no_proposal_chosen", "No common algorithms for the child: the IKE SA stays",
     [](ScribeSettings& settings) {
       settings.b.child_proposals[0].encryption = {{crypto::EncryptionId::chacha20_poly1305, {}}};
     }},
    {"ts_unacceptable", "No common traffic selectors",
     [](ScribeSettings& settings) {
       settings.b.change_peer = [](PeerConfiguration& peer) {
         peer.children[0].selectors = {between("172.16.0.0/16", "172.17.0.0/16")};
       };
     }},
    {"authentication_failed", "Another shared key",
     [](ScribeSettings& settings) {
       settings.b.key = "another key";
       settings.keys.push_back(
           fmt::format(R"({{"shared_key_of_B": "{}"}})", to_hex(secret("another key").view())));
     }},
    {"unknown_critical", "A critical payload of type 200",
     [](ScribeSettings& settings) { settings.bend = unknown_critical; }, by_a<&World::check_liveness>},
    {"version_3", "A header of version 3, once there is an IKE SA", [](ScribeSettings&) {}, version_three},
};

class Transcripts : public testing::TestWithParam<Case> {};

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  return lines;
}

// The first line that differs, and what it is part of: message, payload, field.
std::string difference(const std::string& stored, const std::string& made) {
  const auto was = lines_of(stored), is = lines_of(made);
  std::size_t at = 0;
  while (at < was.size() && at < is.size() && was[at] == is[at])
    ++at;
  std::string message = "before the first message", part;
  for (std::size_t i = 0; i <= at && i < was.size(); ++i) {
    if (was[i].starts_with("\"number\"")) message = was[i], part = "";
    if (was[i].starts_with("\"secrets\"")) message = "secrets", part = "";
    if (was[i].starts_with("\"") && was[i].ends_with("]\",")) part = was[i];
  }
  return fmt::format("line {}, message {}, {}\n  stored: {}\n  made:   {}", at + 1, message, part,
                     at < was.size() ? was[at] : "nothing", at < is.size() ? is[at] : "nothing");
}

TEST_P(Transcripts, AreAsStored) {
  const Case& what = GetParam();
  ScribeSettings settings;
  settings.keys = {fmt::format(R"({{"shared_key": "{}"}})", to_hex(secret(EndOptions().key).view()))};
  what.set(settings);
  Scribe scribe(std::move(settings));
  scribe.world().initiate(scribe.world().a);
  scribe.all();
  what.act(scribe);
  const std::string made = scribe.text(what.name, what.about);
  const std::string path = folder + std::string(what.name) + ".json";
  if (std::getenv("MPSEC_WRITE_TRANSCRIPTS") != nullptr) std::ofstream(path, std::ios::binary) << made;
  const std::string stored = content_of(path);
  if (stored != made) ADD_FAILURE() << path << ": " << difference(stored, made);
}

INSTANTIATE_TEST_SUITE_P(Ike, Transcripts, testing::ValuesIn(cases),
                         [](const auto& one) { return std::string(one.param.name); });

}  // namespace
}  // namespace mpsec::ike::test
