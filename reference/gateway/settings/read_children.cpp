// [[peer.child]]: a child that the engine makes, and the policy that its packets meet.
#include <algorithm>
#include <fmt/format.h>

#include "gateway/settings/algorithms.hpp"
#include "gateway/settings/values.hpp"
#include "ike/profiles.hpp"
#include "ipsec/replay_window.hpp"

namespace mpsec::gateway {
namespace {

using ike::ChildConfiguration;
using wire::ike::SequenceNumbers;

constexpr std::string_view assigned = "assigned", dynamic = "dynamic";

void read_limits(TableReader& child_reader, ChildConfiguration& child) {
  auto* const table = child_reader.table("rekey");
  if (table == nullptr) return;
  TableReader reader(*table, fmt::format("{}.rekey", child_reader.path()), child_reader.findings());
  read_lifetime(reader, child.lifetime);
  constexpr auto no_limit = std::numeric_limits<std::uint64_t>::max();
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  for (const auto& [key, limit] :
       {std::pair{"octets", &child.rekey_after_octets}, std::pair{"packets", &child.rekey_after_packets}}) {
    reader.number(key, *limit, 0, most);
    if (*limit == 0) *limit = no_limit;
  }
}

void read_dscp(TableReader& reader, ipsec::TunnelOptions& tunnel) {
  if (reader.is_text("dscp", "copy")) return;
  std::uint8_t dscp = 0;
  reader.number("dscp", dscp, 0, 63);
  if (reader.has("dscp")) tunnel.dscp = dscp;
}

void read_tunnel(TableReader& reader, ChildConfiguration& child) {
  static constexpr Named<ipsec::DontFragment> bits[] = {{"copy", ipsec::DontFragment::copy},
                                                        {"set", ipsec::DontFragment::set},
                                                        {"clear", ipsec::DontFragment::clear}};
  constexpr std::uint32_t most_padding = 1500;
  reader.choice<ipsec::DontFragment>("dont_fragment", bits, child.tunnel.dont_fragment);
  read_dscp(reader, child.tunnel);
  reader.number("tfc", child.pad_to_multiple_of, 0, most_padding);
  if (child.mode == ipsec::Mode::transport && child.pad_to_multiple_of != 0)
    reader.fail("tfc", "padding against traffic analysis is for tunnel mode; expected 0", "RFC 4303 2.7");
}

std::vector<SelectorSide> read_local(TableReader& reader, const ike::PeerConfiguration& peer,
                                     ChildConfiguration& child) {
  child.use_assigned_address = reader.is_text("local", assigned);
  if (!child.use_assigned_address) return read_sides(reader, "local");
  if (peer.wanted.ip4_addresses.empty() && peer.wanted.ip6_addresses.empty())
    reader.fail("local", "\"assigned\" needs request_address in [[peer]]: nobody asks for an address");
  return {};
}

// Of a pool for both families as much as `local` speaks of.
std::vector<SelectorSide> pool_of(TableReader& reader, const ike::PeerConfiguration& peer,
                                  const Settings& settings, const std::vector<SelectorSide>& local) {
  std::vector<SelectorSide> sides;
  if (peer.address_pool.empty())
    reader.fail("remote", "\"dynamic\" needs a pool in [[peer]]: nobody has addresses to give");
  const auto pool = settings.pools.find(peer.address_pool);
  if (pool == settings.pools.end()) return sides;
  for (const ipsec::AddressRange& range : pool->second)
    if (std::ranges::any_of(local, [&](const SelectorSide& side) {
          return side.addresses.first.version() == range.first.version();
        }))
      sides.push_back({range, {}, {}});
  if (sides.empty()) reader.fail("remote", "the pool has no addresses of the families of `local`");
  return sides;
}

void read_selectors(TableReader& reader, const ike::PeerConfiguration& peer, const Settings& settings,
                    ChildConfiguration& child) {
  const std::size_t errors = reader.findings().errors();
  reader.expect({"local", "remote"});
  for (const std::string_view key : {"local", "remote"})
    if (!reader.has(key))
      reader.fail(key, "expected addresses, found none; \"0.0.0.0/0\" is every IPv4 address");
  if (reader.is_text("remote", assigned))
    return reader.fail("remote", "the address that the peer assigns is ours: write local = \"assigned\"");
  if (reader.is_text("local", dynamic))
    return reader.fail("local", "the addresses of the pool are the peers': write remote = \"dynamic\"");
  const bool dynamic_remote = reader.is_text("remote", dynamic);
  const auto local = read_local(reader, peer, child);
  const auto remote = dynamic_remote ? pool_of(reader, peer, settings, local) : read_sides(reader, "remote");
  if (reader.findings().errors() != errors) return;
  auto selectors = selectors_between(local, remote);
  if (selectors)
    child.selectors = *std::move(selectors);
  else
    reader.fail("remote", selectors.error().why, selectors.error().clause);
}

// In a cluster all sub-SAs have extended numbers, or none has.
void fit_sequence_numbers(TableReader& reader, const ClusterSettings& cluster, ChildConfiguration& child) {
  const bool extended = cluster.wish.anti_replay && !cluster.share_with_ordinary_peer;
  if (!reader.has("proposals"))
    for (ike::ChildProposal& proposal : child.proposals)
      proposal.sequence_numbers = {extended ? SequenceNumbers::extended : SequenceNumbers::no_extended};
  const auto& first = child.proposals[0].sequence_numbers;
  const bool alike =
      std::ranges::all_of(child.proposals, [&](const auto& each) { return each.sequence_numbers == first; });
  if (!alike || first.size() != 1)
    return reader.fail(
        "proposals",
        "with esn and without in one cluster; expected the same, esn or noesn, in every proposal",
        "SA-cluster profile 4");
  if (first[0] != SequenceNumbers::extended) return;
  if (cluster.share_with_ordinary_peer)
    reader.fail("proposals", "expected noesn: a peer that knows no clusters loses packets behind 2^32",
                "SA-cluster profile 8");
  if (!cluster.wish.anti_replay)
    reader.fail("proposals", "expected noesn: the cluster has anti_replay = false, and esn needs a window",
                "RFC 4303 3.3.3");
}

void read_cluster_of(TableReader& reader, Reading& reading, ChildConfiguration& child) {
  const auto name = reader.text("cluster");
  if (!name ||
      !reading.clusters.refer(*name, reader.place("cluster"), fmt::format("{}.cluster", reader.path())))
    return;
  const ClusterSettings& cluster = reading.settings.clusters.at(*name);
  child.cluster = cluster.wish;
  if (!child.proposals.empty()) fit_sequence_numbers(reader, cluster, child);
}

ChildConfiguration read_child(TableReader& reader, Reading& reading, const ike::PeerConfiguration& peer) {
  ChildConfiguration child;
  child.name = reader.name_of("name").value_or("");
  reader.choice<ipsec::Mode>("mode", modes, child.mode);
  reader.choice<ipsec::Protocol>("protocol", protocols, child.protocol);
  child.proposals = read_proposals(
      reader, "proposals", [&](std::string_view words) { return child_proposal_of(words, child.protocol); });
  if (!reader.has("proposals"))
    child.proposals = {child.protocol == ipsec::Protocol::ah ? ike::ah_proposal() : ike::esp_proposal()};
  read_selectors(reader, peer, reading.settings, child);
  reader.number("replay_window", child.replay_window, 0);
  if (const auto checked = ipsec::ReplayWindow::check_size(child.replay_window); !checked)
    reader.fail("replay_window", checked.error().why, checked.error().clause);
  read_tunnel(reader, child);
  read_limits(reader, child);
  read_cluster_of(reader, reading, child);
  return child;
}

std::vector<ipsec::Proposal> proposals_of(const ChildConfiguration& child) {
  std::vector<ipsec::Proposal> proposals;
  for (const ike::ChildProposal& each : child.proposals) {
    for (const ike::AllowedEncryption& cipher : each.encryption) {
      const crypto::EncryptionTransform& transform = **crypto::find(cipher.id);
      const std::size_t octets = cipher.key_bits ? *cipher.key_bits / 8u : transform.key_sizes.front();
      if (transform.combined()) proposals.push_back({cipher.id, octets, crypto::IntegrityId::none});
      for (const crypto::IntegrityId integrity : each.integrity)
        if (!transform.combined()) proposals.push_back({cipher.id, octets, integrity});
    }
    if (each.encryption.empty())
      for (const crypto::IntegrityId integrity : each.integrity)
        proposals.push_back({crypto::EncryptionId::null, 0, integrity});
  }
  return proposals;
}

// A peer that is nowhere in particular has the address that nobody has.
ipsec::TunnelEndpoints endpoints_of(const PeerSettings& peer, const Settings& settings) {
  if (!peer.paths.empty()) return {peer.paths[0].local, peer.paths[0].remote};
  const IpAddress local = settings.listen.empty() ? IpAddress() : settings.listen[0].address;
  return {local, local.is_v4() ? IpAddress() : ip("::")};
}

ipsec::Policy policy_for(const ike::PeerConfiguration& peer, const ChildConfiguration& child,
                         const Settings& settings) {
  ipsec::Policy policy;
  policy.action = ipsec::Action::protect;
  policy.name = fmt::format("{}/{}", peer.name, child.name);
  policy.selectors = child.selectors;
  ipsec::ProtectSpec& protect = policy.protect.emplace();
  protect.protocol = child.protocol;
  protect.mode = child.mode;
  if (child.mode == ipsec::Mode::tunnel)
    protect.endpoints = endpoints_of(settings.peers.at(peer.name), settings);
  if (child.cluster) {
    protect.by = settings.clusters.at(child.cluster->name).id;
    return policy;
  }
  const auto extended = [](const ike::ChildProposal& each) {
    return std::ranges::count(each.sequence_numbers, SequenceNumbers::extended) != 0;
  };
  protect.by = ipsec::SaTemplate{.proposals = proposals_of(child),
                                 .extended_sequence_numbers = std::ranges::any_of(child.proposals, extended),
                                 .tunnel = child.tunnel};
  return policy;
}

}  // namespace

void read_children(TableReader& peer_reader, Reading& reading) {
  ike::PeerConfiguration& peer = reading.settings.ike.peers.back();
  Names names("child", reading.findings);
  const auto tables = peer_reader.tables("child");
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const std::size_t errors = reading.findings.errors();
    TableReader reader(*tables[i], fmt::format("{}.child[{}]", peer_reader.path(), i), reading.findings);
    ChildConfiguration child = read_child(reader, reading, peer);
    if (!child.name.empty()) names.declare(child.name, reader.place("name"));
    child.policy = reading.add(policy_for(peer, child, reading.settings), reader.place());
    const bool clean = reading.findings.errors() == errors &&
                       (!child.cluster || reading.clean_clusters.contains(child.cluster->name));
    reading.peer_places.back().children.push_back({reader.place(), clean});
    if (child.cluster) {
      const Duration probe = reading.settings.clusters.at(child.cluster->name).probe;
      if (probe > Duration::zero())
        peer.probe_every = peer.probe_every > Duration::zero() ? std::min(peer.probe_every, probe) : probe;
    }
    // Then its policy alone names it.
    if (child.cluster && reading.settings.clusters.at(child.cluster->name).by_configuration())
      child.cluster.reset();
    peer.children.push_back(std::move(child));
  }
}

}  // namespace mpsec::gateway
