#include <fmt/format.h>

#include "pcap-replay/core/report_cluster.hpp"
#include "pcap-replay/core/report_sequence.hpp"

namespace mpsec::replay {
namespace {

using Json = nlohmann::ordered_json;

std::string spi_of(const StreamKey& stream) {
  return fmt::format("{:#010x}", stream.spi.value);
}

Json evidence_of(const ClusterEvidence& evidence) {
  Json figures = Json::object();
  for (const auto& [name, figure] : evidence.figures)
    figures[std::string(name)] = figure;
  return {{"kind", evidence.kind},
          {"speaks_for", evidence.speaks_for},
          {"text", evidence.text},
          {"figures", std::move(figures)}};
}

Json members_of(const FoundCluster& cluster) {
  Json members = Json::array();
  for (std::size_t i = 0; i < cluster.streams.size(); ++i) {
    const ClusterMember& member = cluster.finding.members[i];
    members.push_back({{"protocol", cluster.streams[i].protocol == ipsec::Protocol::ah ? "AH" : "ESP"},
                       {"spi", spi_of(cluster.streams[i])},
                       {"destination", to_string(cluster.streams[i].destination())},
                       {"verdict", to_string(member.verdict)},
                       {"strength", member.strength}});
  }
  return members;
}

Json paths_of(const ReplayedCluster& replayed) {
  Json paths = Json::array();
  for (std::size_t i = 0; i < replayed.streams.size(); ++i) {
    const ClusterAccount::Member& member = replayed.account.members()[i];
    paths.push_back({{"spi", spi_of(replayed.streams[i]->key())},
                     {"destination", to_string(replayed.streams[i]->key().destination())},
                     {"fresh", member.fresh},
                     {"redundant", member.redundant},
                     {"replays", member.replays},
                     {"too_old", member.too_old},
                     {"in_order", member.in_order},
                     {"reordered", member.reordered},
                     {"most_behind", member.most_behind}});
  }
  return paths;
}

Json repeats_of(const ReplayedCluster& replayed) {
  Json repeats = Json::array();
  for (const ClusterAccount::Repeat& repeat : replayed.account.repeats())
    repeats.push_back({{"number", repeat.number},
                       {"first_frame", repeat.first_frame},
                       {"first_spi", spi_of(replayed.streams[repeat.first_member]->key())},
                       {"frame", repeat.frame},
                       {"spi", spi_of(replayed.streams[repeat.member]->key())},
                       {"apart_nanoseconds", repeat.apart.count()},
                       {"same_content", repeat.same_content ? Json(*repeat.same_content) : Json()}});
  return repeats;
}

Json pairs_of(const ReplayedCluster& replayed) {
  Json pairs = Json::array();
  for (const auto& [pair, count] : replayed.account.redundant_pairs())
    pairs.push_back({{"first_spi", spi_of(replayed.streams[pair.first]->key())},
                     {"second_spi", spi_of(replayed.streams[pair.second]->key())},
                     {"count", count}});
  return pairs;
}

Json shared_of(const ReplayedCluster& replayed) {
  const ClusterAccount& account = replayed.account;
  const cluster::ReorderingReport report = account.metrics().report();
  return {{"replay_window", account.window() ? account.window()->size() : 0},
          {"window_needed", account.window_needed()},
          {"redundant", account.redundant()},
          {"replays", account.replays()},
          {"too_old", account.too_old()},
          {"same_content", account.same_content()},
          {"other_content", account.other_content()},
          {"longest_apart_nanoseconds", account.longest_apart().count()},
          {"redundant_pairs", pairs_of(replayed)},
          {"repeats", repeats_of(replayed)},
          {"all_repeats", account.repeats().size() == account.redundant() + account.replays()},
          {"paths", paths_of(replayed)},
          {"sequence", sequence_json(report)},
          {"reordering", reordering_json(report)}};
}

}  // namespace

nlohmann::ordered_json clusters_json(const ReportInput& input) {
  Json clusters = Json::array();
  for (const FoundCluster& cluster : input.clusters) {
    Json evidence = Json::array();
    for (const ClusterEvidence& one : cluster.finding.evidence)
      evidence.push_back(evidence_of(one));
    const ReplayedCluster* const replayed = account_of(input.replay, cluster);
    clusters.push_back({{"verdict", to_string(cluster.finding.verdict)},
                        {"by_hand", cluster.finding.by_hand},
                        {"strength", cluster.finding.strength},
                        {"strength_needed", cluster.finding.needed},
                        {"evidence", std::move(evidence)},
                        {"members", members_of(cluster)},
                        {"shared", replayed ? shared_of(*replayed) : Json()}});
  }
  return clusters;
}

}  // namespace mpsec::replay
