#include "interop/suite/memory/reference_settings.hpp"

#include <fmt/format.h>

#include "ike/signature_authentication.hpp"
#include "interop/suite/memory/test_certificates.hpp"

namespace mpsec::conformance {
namespace {

constexpr std::string_view secret = "a key that the tester and the reference share";

SecretOctets shared_key() {
  return SecretOctets(OctetView(reinterpret_cast<const std::uint8_t*>(secret.data()), secret.size()));
}

// Of the target 1, of the tester 2; the paths are sixteen addresses apart.
IpAddress outer(std::uint32_t end, std::size_t path) {
  return IpAddress::v4(0xc0000200u | end | static_cast<std::uint32_t>(path) << 4);
}
ipsec::AddressRange net(std::uint32_t end) {
  return {IpAddress::v4(0x0a000000u | end << 16), IpAddress::v4(0x0a00ffffu | end << 16)};
}

constexpr Features features{Feature::extended_sequence_numbers,
                            Feature::sequence_numbers_32,
                            Feature::sa_clusters,
                            Feature::several_paths,
                            Feature::fragmentation,
                            Feature::nat_traversal,
                            Feature::childless,
                            Feature::key_exchange_in_child,
                            Feature::tfc_padding,
                            Feature::cookies,
                            Feature::transport_mode,
                            Feature::certificates};
constexpr Hooks hooks{Hook::initiate,
                      Hook::rekey_child,
                      Hook::rekey_ike,
                      Hook::delete_child,
                      Hook::delete_ike,
                      Hook::create_child,
                      Hook::send_traffic,
                      Hook::set_cookie_threshold,
                      Hook::set_lifetime,
                      Hook::set_outbound_sequence,
                      Hook::read_replay_counters,
                      Hook::read_audit};

std::vector<ike::IkeProposal> ike_proposals() {
  return {{.encryption = {{crypto::EncryptionId::aes_gcm_16, 128}, {crypto::EncryptionId::aes_cbc, 256}},
           .prf = {crypto::PrfId::hmac_sha2_256, crypto::PrfId::hmac_sha2_512},
           .integrity = {crypto::IntegrityId::hmac_sha2_256_128},
           .key_exchange = {crypto::KeyExchangeId::curve25519, crypto::KeyExchangeId::ecp_256}}};
}

std::vector<ike::ChildProposal> child_proposals(const Wishes& wishes) {
  if (wishes.child_proposals) return *wishes.child_proposals;
  ike::ChildProposal one;
  one.encryption = {{crypto::EncryptionId::aes_gcm_16, 128}, {crypto::EncryptionId::aes_cbc, 128}};
  one.integrity = {crypto::IntegrityId::hmac_sha2_256_128};
  if (wishes.key_exchange_in_child) one.key_exchange = {crypto::KeyExchangeId::curve25519};
  one.sequence_numbers = {wishes.extended_sequence_numbers ? wire::ike::SequenceNumbers::extended
                                                           : wire::ike::SequenceNumbers::no_extended};
  return {one};
}

ipsec::PadEntry pad_entry(std::string_view of_whom, std::uint32_t id = 1) {
  ipsec::PadEntry entry;
  entry.id = ipsec::PadEntryId{id};
  entry.identities = {ipsec::IdentityPattern::dns(of_whom).value()};
  entry.authentication.emplace_back(ipsec::PreSharedKey{shared_key()});
  entry.children = ipsec::ChildrenByAddress{{ipsec::AddressRange::parse("0.0.0.0/0").value()}};
  return entry;
}

constexpr std::string_view authority = "authority";

// The same by a certificate.
ipsec::PadEntry certified(ipsec::PadEntry entry) {
  entry.authentication.clear();
  ipsec::Certificate permitted;
  permitted.trust_anchors = {std::string(authority)};
  entry.authentication.emplace_back(std::move(permitted));
  return entry;
}

const Signer& signer_of(std::string_view end, const Wishes& wishes) {
  return test_signer(fmt::format("{}{}", end, wishes.certificates == Certificates::rsa ? ", RSA" : ""));
}
std::shared_ptr<const ike::Credential> credential_of(const Signer& signer) {
  return std::make_shared<ike::SignatureCredential>(signer.key, signer.chain);
}

ike::ClusterWish cluster_wish(const Wishes& wishes) {
  return {.name = "net",
          .most_sub_sas = 8,
          .window = wishes.window.value_or(1024),
          .duplication = wishes.duplication};
}

ike::ChildConfiguration child(const Wishes& wishes) {
  ike::ChildConfiguration child;
  child.name = "net";
  child.policy = ipsec::PolicyId{1};
  child.proposals = child_proposals(wishes);
  child.selectors = {{.local = {net(1)}, .remote = {net(2)}}};
  child.replay_window = wishes.window.value_or(64);
  if (wishes.child_lifetime) child.lifetime = {*wishes.child_lifetime, *wishes.child_lifetime * 2, 0};
  if (wishes.rekey_after_packets) child.rekey_after_packets = *wishes.rekey_after_packets;
  if (wishes.cluster) child.cluster = cluster_wish(wishes);
  if (wishes.transport_mode) {
    child.mode = ipsec::Mode::transport;
    child.selectors = {
        {.local = {ipsec::AddressRange::of(outer(1, 0))}, .remote = {ipsec::AddressRange::of(outer(2, 0))}}};
  }
  return child;
}

constexpr std::string_view second_tester = "second-tester.example";

ike::PeerConfiguration peer(const Wishes& wishes) {
  ike::PeerConfiguration peer;
  peer.name = "peer";
  peer.local_id = ipsec::Identity::fqdn("target.example");
  peer.remote_id = ipsec::Identity::fqdn("tester.example");
  peer.proposals = ike_proposals();
  if (wishes.certificates == Certificates::unasked)
    peer.credential = std::make_shared<ike::PreSharedKeyCredential>(shared_key());
  else
    peer.credential = credential_of(signer_of("target", wishes));
  peer.children.push_back(child(wishes));
  if (wishes.ike_lifetime) peer.lifetime = {*wishes.ike_lifetime, *wishes.ike_lifetime * 2, 0};
  return peer;
}

}  // namespace

std::vector<ike::Path> paths_to_reference() {
  std::vector<ike::Path> paths;
  for (std::size_t i = 0; i < reference_paths; ++i)
    paths.push_back({{outer(2, i), 500}, {outer(1, i), 500}});
  return paths;
}

// What the tester proves and believes, where both ends have certificates.
static void describe_certificates(const Wishes& wishes, Description& description) {
  description.signer = signer_of("tester", wishes);
  description.credential = credential_of(*description.signer);
  description.wrong_signers = {{Flaw::strange_authority, test_signer("tester, strange authority")},
                               {Flaw::expired, test_signer("tester, expired")},
                               {Flaw::another_name, test_signer("tester, another name")}};
  description.authorities = test_anchors()->anchor_key_hashes();
  ike::SignatureChecker::Settings signatures;
  signatures.anchors[std::string(authority)] = test_anchors();
  signatures.at_start = calendar_in_memory;
  signatures.sha1 = true;  // method 1 has no other hash where none is announced
  description.checker =
      std::make_shared<ike::StandardProofChecker>(std::vector{ike::StandardProofChecker::Line{
          ike::SignatureChecker::methods(),
          std::make_shared<ike::SignatureChecker>(std::move(signatures), test_pki())}});
  description.pad_entry = [] { return certified(pad_entry("target.example")); };
}

Description describe_reference(const Wishes& wishes) {
  Description description;
  description.tester_id = ipsec::Identity::fqdn("tester.example");
  description.target_id = ipsec::Identity::fqdn("target.example");
  if (wishes.second_identity)
    description.second_tester_id = ipsec::Identity::fqdn(std::string(second_tester));
  description.credential = std::make_shared<ike::PreSharedKeyCredential>(shared_key());
  description.checker = std::make_shared<ike::PreSharedKeyChecker>();
  description.pad_entry = [] { return pad_entry("target.example"); };
  description.ike_proposals = ike_proposals();
  description.child_proposals = child_proposals(wishes);
  description.tester_net = net(2), description.target_net = net(1);
  description.tester_host = IpAddress::v4(0x0a020006), description.target_host = IpAddress::v4(0x0a010005);
  if (wishes.transport_mode) {
    description.tester_host = outer(2, 0), description.target_host = outer(1, 0);
    description.tester_net = ipsec::AddressRange::of(outer(2, 0));
    description.target_net = ipsec::AddressRange::of(outer(1, 0));
  }
  description.window = wishes.window.value_or(wishes.cluster ? 1024 : 64);
  description.features = features;
  if (wishes.certificates != Certificates::unasked) describe_certificates(wishes, description);
  description.hooks = hooks;
  return description;
}

// Whom the tester is when it is somebody else.
static void add_second_peer(const Wishes& wishes, gateway::Settings& all) {
  ike::PeerConfiguration second = peer(wishes);
  second.name = "second";
  second.remote_id = ipsec::Identity::fqdn(std::string(second_tester));
  all.ike.peers.push_back(std::move(second));
  all.peers["second"];
  all.pad.push_back(pad_entry(second_tester, 2));
}

gateway::Settings reference_settings(const Wishes& wishes) {
  gateway::Settings all;
  all.name = "reference";
  gateway::PeerSettings& beside = all.peers["peer"];
  beside.start = gateway::Start::on_traffic;
  for (std::size_t path = 0; path < reference_paths; ++path) {
    all.listen.push_back({.address = outer(1, path)});
    beside.paths.push_back({fmt::format("path {}", path + 1), outer(1, path), outer(2, path)});
  }
  all.ike.peers.push_back(peer(wishes));
  const ike::ChildConfiguration& child = all.ike.peers[0].children[0];
  ipsec::ProtectSpec protect;
  protect.mode = child.mode;
  if (!wishes.transport_mode) protect.endpoints = ipsec::TunnelEndpoints{outer(1, 0), outer(2, 0)};
  if (wishes.cluster) {
    gateway::ClusterSettings& cluster = all.clusters["net"];
    cluster.id = ipsec::ClusterId{1};
    cluster.wish = *child.cluster;
    if (wishes.duplication) cluster.scheduler = "duplicate round-robin";
    if (!wishes.scheduler.empty()) cluster.scheduler = wishes.scheduler;
    if (wishes.reordering) cluster.reordering.emplace();
    protect.by = ipsec::ClusterId{1};
  }
  ipsec::Policy& policy = all.policies.emplace_back();
  policy.id = child.policy;
  policy.action = ipsec::Action::protect;
  policy.selectors = child.selectors;
  policy.protect = protect;
  all.pad.push_back(pad_entry("tester.example"));
  if (wishes.certificates != Certificates::unasked) {
    all.pad.back() = certified(std::move(all.pad.back()));
    all.anchors[std::string(authority)] = test_anchors();
  }
  if (wishes.second_identity) add_second_peer(wishes, all);
  if (wishes.cookies_from)
    all.cookies = {.demand_from = *wishes.cookies_from, .relax_below = *wishes.cookies_from};
  return all;
}

}  // namespace mpsec::conformance
