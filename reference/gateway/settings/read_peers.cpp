// [[peer]]: an entry of the engine's configuration, one of the PAD, and what the gateway does with it.
#include <algorithm>
#include <fmt/format.h>

#include "gateway/settings/algorithms.hpp"
#include "gateway/settings/identities.hpp"
#include "gateway/settings/values.hpp"
#include "ike/profiles.hpp"

namespace mpsec::gateway {
namespace {

// A peer on its way into the settings.
struct Draft {
  ike::PeerConfiguration configuration;
  PeerSettings settings;
  ipsec::PadEntry pad;
  std::map<std::string, std::uint32_t> weights;  // of its paths
  const CredentialEntry* credential = nullptr;
};

std::optional<ipsec::Identity> read_identity(TableReader& reader, std::string_view key) {
  const auto text = reader.text(key);
  if (!text) return std::nullopt;
  auto identity = identity_of(*text);
  if (identity) return *std::move(identity);
  reader.fail(key, identity.error().why);
  return std::nullopt;
}

void read_path(TableReader& reader, std::size_t place, Reading& reading, Draft& draft) {
  PathSettings path;
  std::uint32_t weight = 1;
  path.name = fmt::format("path {}", place + 1);
  if (reader.has("name"))
    if (auto name = reader.name_of("name")) path.name = *std::move(name);
  const auto local = read_address(reader, "local"), remote = read_address(reader, "remote");
  reader.number("local_port", path.local_port, 1);
  reader.number("remote_port", path.remote_port, 1);
  reader.number("weight", weight, 1, 65536);
  for (const std::string_view key : {"local", "remote"})
    if (!reader.has(key)) reader.fail(key, "expected an address, found none");
  if (!local || !remote) return;
  path.local = *local, path.remote = *remote;
  if (local->version() != remote->version())
    reader.fail("remote",
                fmt::format("{} is not of the family of {}", to_string(*remote), to_string(*local)));
  if (reading.listener(*local) == nullptr)
    reader.fail("local", fmt::format("no [[listen]] has the address {}", to_string(*local)));
  if (!draft.weights.emplace(path.name, weight).second)
    return reader.fail("name", fmt::format("another path is '{}' too", path.name));
  draft.settings.paths.push_back(std::move(path));
}

void read_paths(TableReader& reader, Reading& reading, Draft& draft) {
  const auto tables = reader.tables("paths");
  for (std::size_t i = 0; i < tables.size(); ++i) {
    TableReader path(*tables[i], fmt::format("{}.paths[{}]", reader.path(), i), reading.findings);
    read_path(path, i, reading, draft);
  }
  // The peer is known by its addresses only where it has no others.
  const auto& paths = draft.settings.paths;
  if (paths.empty()) return;
  const auto same = [&](auto field) {
    return std::ranges::all_of(paths,
                               [&](const PathSettings& path) { return path.*field == paths[0].*field; });
  };
  if (same(&PathSettings::local)) draft.configuration.local_address = paths[0].local;
  if (same(&PathSettings::remote)) draft.configuration.remote_address = paths[0].remote;
}

void read_start(TableReader& reader, Draft& draft) {
  static constexpr Named<Start> starts[] = {
      {"none", Start::none}, {"on-traffic", Start::on_traffic}, {"at-once", Start::at_once}};
  if (draft.settings.paths.empty()) draft.settings.start = Start::none;
  reader.choice<Start>("start", starts, draft.settings.start);
  reader.duration("retry", draft.settings.retry, std::chrono::milliseconds(10));
  if (draft.settings.start != Start::none && draft.settings.paths.empty() && !reader.has("paths"))
    reader.fail(
        "start",
        "where to? expected paths = [{ local = \"...\", remote = \"...\" }] with it, or start = \"none\"");
}

void read_identities(TableReader& reader, Draft& draft) {
  const auto local = read_identity(reader, "local_id");
  if (local)
    draft.configuration.local_id = *local;
  else if (!draft.settings.paths.empty())
    draft.configuration.local_id = ipsec::Identity::address(draft.settings.paths[0].local);
  else if (!reader.has("local_id") && !reader.has("paths"))
    reader.fail("local_id", "who are we? expected it, or a path, whose local address it would be");
  draft.configuration.remote_id = read_identity(reader, "remote_id");
  for (const PlacedText& text : reader.texts("accept")) {
    const auto patterns = patterns_of(text.text);
    if (patterns)
      draft.pad.identities.insert(draft.pad.identities.end(), patterns->begin(), patterns->end());
    else
      reader.fail_at(text.at, "accept", patterns.error().why);
  }
  const auto& remote = draft.configuration.remote_id;
  if (!reader.has("accept") && remote)
    draft.pad.identities.push_back(*ipsec::IdentityPattern::exactly(*remote));
  if (!reader.has("accept") && !reader.has("remote_id"))
    reader.fail("", "who is the peer? expected remote_id or accept");
  if (reader.has("accept") && remote && !draft.pad.identities.empty() &&
      std::ranges::none_of(draft.pad.identities,
                           [&](const auto& pattern) { return pattern.matches(*remote); }))
    reader.fail("accept",
                fmt::format("lets in no peer that is {}, which remote_id asks for", to_string(*remote)));
}

// The entry of that name, if it could be read.
const CredentialEntry* find_credential(TableReader& reader, std::string_view key, Reading& reading) {
  const auto name = reader.text(key);
  if (!name || !reading.credentials.refer(*name, reader.place(key), fmt::format("{}.{}", reader.path(), key)))
    return nullptr;
  const auto found = reading.credential_entries.find(*name);
  return found == reading.credential_entries.end() || found->second.credential == nullptr ? nullptr
                                                                                          : &found->second;
}

void read_own_proof(TableReader& reader, Reading& reading, Draft& draft) {
  draft.credential = find_credential(reader, "credential", reading);
  if (!reader.has("credential"))
    reader.fail("credential", "how do we prove who we are? expected a credential's name");
  if (draft.credential == nullptr) return;
  draft.configuration.credential = draft.credential->credential;
  const auto& certificate = draft.credential->certificate;
  const ipsec::Identity& id = draft.configuration.local_id;
  if (certificate == nullptr || id.value.empty()) return;
  const auto type = static_cast<crypto::NameType>(id.type);
  if (!certificate->speaks_for(type, id.value))
    reader.warn("credential",
                fmt::format("its certificate does not speak for {}, as which we come: peers may refuse it",
                            to_string(id)),
                "RFC 4945 3.1");
}

void read_peer_proof(TableReader& reader, Reading& reading, Draft& draft) {
  const CredentialEntry* shared = find_credential(reader, "authentication", reading);
  std::vector<std::string> anchors;
  for (const PlacedText& name : reader.texts("authorities"))
    if (reading.authorities.refer(name.text, name.at, fmt::format("{}.authorities", reader.path())))
      anchors.push_back(name.text);
  const bool said = reader.has("authentication") || reader.has("authorities");
  if (!said && draft.credential != nullptr && !draft.credential->key.empty()) shared = draft.credential;
  if (!said && draft.credential != nullptr && shared == nullptr)
    reader.fail(
        "", "how does the peer prove who it is? expected authorities, or authentication with a key's name");
  if (shared != nullptr && shared->key.empty())
    reader.fail("authentication", "expected a credential with a key; of certificates name the authorities");
  else if (shared != nullptr)
    draft.pad.authentication.emplace_back(ipsec::PreSharedKey{shared->key.clone()});
  if (anchors.empty()) return;
  ipsec::Certificate certificate;
  certificate.trust_anchors = std::move(anchors);
  draft.pad.authentication.emplace_back(std::move(certificate));
}

void read_times(TableReader& reader, Draft& draft) {
  ike::PeerConfiguration& peer = draft.configuration;
  reader.duration("liveness", peer.liveness_after);
  reader.duration("keepalive", peer.keepalive_every, std::chrono::milliseconds(100));
  if (auto* const table = reader.table("rekey")) {
    TableReader rekey(*table, fmt::format("{}.rekey", reader.path()), reader.findings());
    read_lifetime(rekey, peer.lifetime);
  }
}

void read_protocol(TableReader& reader, Draft& draft) {
  constexpr std::size_t least_fragment = 576;
  ike::PeerConfiguration& peer = draft.configuration;
  peer.proposals = read_proposals(reader, "ike", ike_proposal_of);
  if (!reader.has("ike")) peer.proposals = {ike::ike_proposal()};
  reader.number("fragment_beyond", peer.fragment_beyond, 0, 65535);
  if (peer.fragment_beyond != 0 && peer.fragment_beyond < least_fragment)
    reader.fail("fragment_beyond", fmt::format("expected 0 for no fragments, or at least {}, found {}",
                                               least_fragment, peer.fragment_beyond));
  reader.boolean("force_encapsulation", peer.force_encapsulation);
  reader.number("window", peer.window, 1, 1024);
  reader.boolean("initial_contact", peer.initial_contact);
}

void read_addresses(TableReader& reader, Reading& reading, Draft& draft) {
  ike::PeerConfiguration& peer = draft.configuration;
  if (const auto pool = reader.text("pool"))
    if (reading.pools.refer(*pool, reader.place("pool"), fmt::format("{}.pool", reader.path())))
      peer.address_pool = *pool;
  for (const PlacedText& family : reader.texts("request_address")) {
    if (family.text == "ipv4")
      peer.wanted.ip4_addresses.emplace_back();
    else if (family.text == "ipv6")
      peer.wanted.ip6_addresses.emplace_back();
    else
      reader.fail_at(family.at, "request_address",
                     fmt::format("expected \"ipv4\" or \"ipv6\", found \"{}\"", shown(family.text)));
  }
  for (const ipsec::AddressRange& server : read_ranges(reader, "dns")) {
    if (server.first == server.last)
      peer.offer.dns.push_back(server.first);
    else
      reader.fail("dns", fmt::format("expected addresses of servers, found {}", to_string(server)));
  }
}

// For whom the peer may speak: for what is remote in its children.
void authorize_children(const ike::PeerConfiguration& peer, ipsec::PadEntry& entry) {
  ipsec::ChildrenByAddress by_address;
  for (const ike::ChildConfiguration& child : peer.children)
    for (const ipsec::Selector& selector : child.selectors)
      for (const ipsec::AddressRange& range : selector.remote)
        if (std::ranges::count(by_address.remote, range) == 0) by_address.remote.push_back(range);
  if (!by_address.remote.empty()) entry.children = std::move(by_address);
}

// The weights of the peer's paths count in the clusters that its children name.
void tell_weights(const Draft& draft, const ike::PeerConfiguration& peer, Settings& settings) {
  for (const ike::ChildConfiguration& child : peer.children) {
    if (!child.cluster) continue;
    const auto cluster = settings.clusters.find(child.cluster->name);
    if (cluster == settings.clusters.end()) continue;
    for (const auto& [path, weight] : draft.weights)
      if (weight != 1) cluster->second.weights[path] = weight;
  }
}

void read_peer(TableReader& reader, Reading& reading) {
  const std::size_t errors = reading.findings.errors();
  Draft draft;
  const std::string name = reader.name_of("name").value_or("");
  if (!name.empty()) reading.peers.declare(name, reader.place("name"));
  draft.configuration.name = draft.pad.name = name;
  read_paths(reader, reading, draft);
  read_start(reader, draft);
  read_identities(reader, draft);
  read_own_proof(reader, reading, draft);
  read_peer_proof(reader, reading, draft);
  read_protocol(reader, draft);
  read_times(reader, draft);
  read_addresses(reader, reading, draft);
  draft.pad.id = ipsec::PadEntryId{static_cast<std::uint32_t>(reading.settings.pad.size() + 1)};
  reading.settings.peers.emplace(name, std::move(draft.settings));
  reading.settings.ike.peers.push_back(std::move(draft.configuration));
  reading.peer_places.push_back(
      {reader.place(), reading.findings.errors() == errors && draft.credential != nullptr, {}});
  read_children(reader, reading);
  ike::PeerConfiguration& peer = reading.settings.ike.peers.back();
  peer.childless = peer.children.empty();
  authorize_children(peer, draft.pad);
  tell_weights(draft, peer, reading.settings);
  reading.settings.pad.push_back(std::move(draft.pad));
}

}  // namespace

void read_peers(TableReader& document, Reading& reading) {
  const auto tables = document.tables("peer");
  for (std::size_t i = 0; i < tables.size(); ++i) {
    TableReader reader(*tables[i], fmt::format("peer[{}]", i), reading.findings);
    read_peer(reader, reading);
  }
}

}  // namespace mpsec::gateway
