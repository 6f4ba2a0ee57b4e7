// What the parts of the document must be to each other, and the engine's own checks with places of the file.
#include <algorithm>
#include <fmt/format.h>
#include <set>

#include "cluster/cluster_parameters.hpp"
#include "gateway/settings/reading.hpp"
#include "gateway/settings/selectors.hpp"
#include "ike/traffic_selectors.hpp"
#include "ipsec/pad.hpp"
#include "ipsec/spd_shadow.hpp"

namespace mpsec::gateway {
namespace {

// One child among all.
struct Child {
  const ike::PeerConfiguration* peer;
  const ike::ChildConfiguration* child;
  Place at;

  std::string name() const { return fmt::format("'{}' of peer '{}'", child->name, peer->name); }
};

void tell(Findings& findings, Place at, const Error& error) {
  findings.error(at, fmt::format("{}: {}", error.path, error.why), error.clause);
}

std::vector<Child> clean_children(const Reading& reading) {
  std::vector<Child> all;
  for (std::size_t i = 0; i < reading.peer_places.size(); ++i) {
    const ike::PeerConfiguration& peer = reading.settings.ike.peers[i];
    for (std::size_t k = 0; k < peer.children.size(); ++k)
      if (reading.peer_places[i].children[k].clean)
        all.push_back({&peer, &peer.children[k], reading.peer_places[i].children[k].at});
  }
  return all;
}

// The engine says one error of a configuration: so it is asked for each peer and each child alone.
void check_engine(Reading& reading) {
  for (std::size_t i = 0; i < reading.peer_places.size(); ++i) {
    const PeerPlace& place = reading.peer_places[i];
    if (!place.clean) continue;
    ike::PeerConfiguration alone = reading.settings.ike.peers[i];
    const auto children = std::exchange(alone.children, {});
    ike::Configuration configuration{.peers = {alone}};
    if (const auto checked = ike::check(configuration); !checked) {
      tell(reading.findings, place.at, checked.error());
      continue;
    }
    for (std::size_t k = 0; k < children.size(); ++k) {
      if (!place.children[k].clean) continue;
      configuration.peers[0].children = {children[k]};
      if (const auto checked = ike::check(configuration); !checked)
        tell(reading.findings, place.children[k].at, checked.error());
      else if (const auto said = ike::to_traffic_selectors(children[k].selectors); !said)
        tell(reading.findings, place.children[k].at, said.error());
    }
  }
}

void check_databases(Reading& reading) {
  const Settings& settings = reading.settings;
  for (std::size_t i = 0; i < settings.policies.size(); ++i)
    if (const auto valid = ipsec::validate(settings.policies[i]);
        !valid && !settings.policies[i].selectors.empty())
      tell(reading.findings, reading.policy_places[i], valid.error());
  for (std::size_t i = 0; i < settings.pad.size(); ++i)
    if (const auto valid = ipsec::validate(settings.pad[i]); !valid && reading.peer_places[i].clean)
      tell(reading.findings, reading.peer_places[i].at, valid.error());
}

// Packets of two peers must be told apart by their selectors: where both are possible, order decides, and
// that serves only if what is special comes first.
void check_overlaps(Reading& reading, const std::vector<Child>& children) {
  for (std::size_t later = 0; later < children.size(); ++later)
    for (std::size_t earlier = 0; earlier < later; ++earlier) {
      const Child &first = children[earlier], &second = children[later];
      if (first.peer == second.peer || !meet(first.child->selectors, second.child->selectors)) continue;
      if (first.child->cluster && second.child->cluster &&
          first.child->cluster->name == second.child->cluster->name)
        continue;
      if (covers(first.child->selectors, second.child->selectors))
        reading.findings.error(second.at,
                               fmt::format("child {} gets no packets: its selectors lie within those of {}; "
                                           "put it before that, or change one",
                                           second.name(), first.name()),
                               "RFC 4301 4.4.1");
      else if (!covers(second.child->selectors, first.child->selectors))
        reading.findings.error(second.at,
                               fmt::format("the selectors of child {} overlap those of {}, and neither lie "
                                           "within the other: whose are such packets?",
                                           second.name(), first.name()),
                               "RFC 4301 4.4.1");
    }
}

// --- clusters

std::set<std::string> named_by_sas(const Reading& reading) {
  std::set<std::string> names;
  for (const ManualSa& sa : reading.settings.sas)
    if (sa.cluster) names.insert(*sa.cluster);
  return names;
}

//= profile/1/one-sender-one-receiver
//= profile/2/one-way-of-agreement
//= profile/3/equal-over-the-cluster
void check_cluster_children(Reading& reading, const std::vector<Child>& children) {
  const auto by_sas = named_by_sas(reading);
  std::map<std::string, Child> first_of;
  for (const Child& child : children) {
    if (!child.child->cluster) continue;
    const std::string& name = child.child->cluster->name;
    if (by_sas.contains(name))
      reading.findings.error(
          child.at,
          fmt::format("the cluster '{}' has SAs without IKE; expected it to be agreed in one way", name),
          "SA-cluster profile 2");
    const auto [place, is_new] = first_of.emplace(name, child);
    const Child& first = place->second;
    if (is_new) continue;
    if (first.peer != child.peer && first.peer->remote_id != child.peer->remote_id)
      reading.findings.error(
          child.at,
          fmt::format("the cluster '{}' is that of child {}, with another peer; a cluster has two ends", name,
                      first.name()),
          "SA-cluster profile 1");
    else if (first.child->mode != child.child->mode || first.child->selectors != child.child->selectors ||
             first.child->proposals[0].sequence_numbers != child.child->proposals[0].sequence_numbers)
      reading.findings.error(
          child.at,
          fmt::format(
              "mode, selectors and esn differ from those of child {}, which is of the cluster '{}' too",
              first.name(), name),
          "SA-cluster profile 3");
  }
}

void check_cluster_use(Reading& reading) {
  for (const auto& [name, place] : reading.clusters.unused())
    reading.findings.error(
        place, fmt::format(
                   "no child and no SA names the cluster '{}'; write cluster = \"{}\" in one, or take it out",
                   name, name));
}

cluster::ClusterParameters parameters_of(const ClusterSettings& cluster, const ManualSa& sa) {
  cluster::ClusterParameters parameters;
  parameters.id = cluster.id;
  parameters.name = cluster.wish.name;
  parameters.peer =
      cluster.share_with_ordinary_peer ? cluster::PeerKind::ordinary : cluster::PeerKind::clusters;
  parameters.mode = sa.inbound.mode;
  parameters.selectors = sa.inbound.selectors;
  parameters.extended_sequence_numbers = sa.inbound.extended_sequence_numbers;
  parameters.anti_replay = cluster.wish.anti_replay;
  parameters.replay_window = cluster.wish.window;
  parameters.peer_window = cluster.peer_window.value_or(0);
  parameters.most_sub_sas = cluster.wish.most_sub_sas;
  parameters.duplication = cluster.wish.duplication;
  return parameters;
}

//= profile/2.1/equal-fields-are-written-down
void check_sub_sa(Reading& reading, const ManualSa& sa, Place at,
                  std::map<std::string, const ManualSa*>& first_of) {
  const ClusterSettings& cluster = reading.settings.clusters.at(*sa.cluster);
  const auto [first, is_new] = first_of.emplace(*sa.cluster, &sa);
  const auto parameters = parameters_of(cluster, *first->second);
  if (is_new && !cluster.peer_window)
    return reading.findings.error(
        at, fmt::format("the cluster '{}' needs peer_window: without IKE nobody tells it", *sa.cluster),
        "SA-cluster profile 2.1");
  const auto checked = is_new ? cluster::ClusterParameters::check(parameters) : Result<>();
  if (!checked) return tell(reading.findings, at, checked.error());
  for (const auto& half :
       {cluster::check_sub_sa(parameters, sa.inbound), cluster::check_sub_sa(parameters, sa.outbound)})
    if (!half) return tell(reading.findings, at, half.error());
}

void check_sas(Reading& reading) {
  std::map<std::string, const ManualSa*> first_of;
  std::set<std::tuple<ipsec::Protocol, IpAddress, Spi>> inbound;
  for (std::size_t i = 0; i < reading.settings.sas.size(); ++i) {
    const ManualSa& sa = reading.settings.sas[i];
    const auto& [at, clean] = reading.sa_places[i];
    if (!clean) continue;
    if (const auto checked = ipsec::check(sa.inbound); !checked)
      tell(reading.findings, at, checked.error());
    else if (const auto outbound = ipsec::check(sa.outbound); !outbound)
      tell(reading.findings, at, outbound.error());
    if (!inbound.emplace(sa.inbound.protocol, sa.inbound.destination, sa.inbound.spi).second)
      reading.findings.error(at, fmt::format("another SA receives on SPI {:#x} too", sa.inbound.spi.value),
                             "RFC 4301 4.1");
    if (sa.cluster) check_sub_sa(reading, sa, at, first_of);
  }
}

// --- what is lawful and most likely not meant

void warn_of_unused(Reading& reading) {
  for (const auto& [names, kind] :
       {std::pair{&reading.credentials, "credential"}, std::pair{&reading.authorities, "authority"},
        std::pair{&reading.pools, "pool"}})
    for (const auto& [name, place] : names->unused())
      reading.findings.warning(place, fmt::format("nothing uses the {} '{}'", kind, name));
}

bool counts_its_nonces(const ipsec::SaParameters& half) {
  const auto cipher = crypto::find(half.encryption);
  const auto integrity = crypto::find(half.integrity);
  return (cipher && (*cipher)->counter_mode()) || (integrity && (*integrity)->salt_octets != 0);
}

void warn_of_static_keys(Reading& reading) {
  for (std::size_t i = 0; i < reading.settings.sas.size(); ++i)
    if (reading.sa_places[i].clean && counts_its_nonces(reading.settings.sas[i].outbound))
      reading.findings.warning(
          reading.sa_places[i].at,
          "a counter mode under a static key: after a restart numbers, and so nonces, begin anew, "
          "which breaks the cipher; take aes128-sha256, or other keys for each start",
          "RFC 8221 3");
}

void warn_of_shadows(Reading& reading) {
  constexpr std::size_t lookups = 1'000'000;
  ipsec::PolicyList policies;
  for (const ipsec::Policy& policy : reading.settings.policies)
    policies.push_back(std::make_shared<const ipsec::Policy>(policy));
  for (const auto& shadowed : ipsec::find_shadowed(ipsec::SpdSnapshot(policies), lookups).shadowed)
    reading.findings.warning(reading.policy_places[shadowed.policy->id.value - 1], to_string(shadowed),
                             "RFC 4301 4.4.1");
  ipsec::PadList entries;
  for (const ipsec::PadEntry& entry : reading.settings.pad)
    entries.emplace_back(std::shared_ptr<const void>(), &entry);  // the settings keep it
  for (const auto& shadowed : ipsec::find_shadowed(entries))
    reading.findings.warning(
        reading.peer_places[shadowed.entry->id.value - 1].at,
        fmt::format("{}; write several paths or children into one [[peer]]", to_string(shadowed)),
        "RFC 4301 4.4.3.1");
}

}  // namespace

void check_parts(Reading& reading) {
  const auto children = clean_children(reading);
  check_engine(reading);
  check_databases(reading);
  check_overlaps(reading, children);
  check_cluster_children(reading, children);
  check_cluster_use(reading);
  check_sas(reading);
  warn_of_unused(reading);
  warn_of_static_keys(reading);
  if (reading.findings.errors() == 0) warn_of_shadows(reading);
}

}  // namespace mpsec::gateway
