#include "gateway/core/policies.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ike/signature_authentication.hpp"

namespace mpsec::gateway {
namespace {

// Keeps the checker that it began with.
class HeldVerifier final : public ike::Verifier {
 public:
  explicit HeldVerifier(std::shared_ptr<const ike::ProofChecker> checker)
      : checker_(std::move(checker)), verifier_(checker_->begin()) {}
  Result<ike::Check> check(const ike::ProofContext& context, const ipsec::PadEntry& entry,
                           const ipsec::Identity& peer, const wire::ike::Payloads& payloads,
                           Instant now) override {
    return verifier_->check(context, entry, peer, payloads, now);
  }

 private:
  std::shared_ptr<const ike::ProofChecker> checker_;
  std::unique_ptr<ike::Verifier> verifier_;
};

using PolicyIds = std::map<ipsec::PolicyId, ipsec::PolicyId>;

std::uint32_t highest_policy(const Settings& settings) {
  std::uint32_t highest = 0;
  for (const ipsec::Policy& policy : settings.policies)
    highest = std::max(highest, policy.id.value);
  return highest;
}

const ike::ChildConfiguration* find_child(const Settings& settings, std::string_view peer,
                                          std::string_view child) {
  for (const ike::PeerConfiguration& one : settings.ike.peers) {
    if (one.name != peer) continue;
    const auto at = std::ranges::find(one.children, child, &ike::ChildConfiguration::name);
    if (at != one.children.end()) return &*at;
  }
  return nullptr;
}

PolicyIds new_policy_ids(Settings& fresh, const Settings& current) {
  std::uint32_t last = highest_policy(current);
  PolicyIds ids;
  for (ike::PeerConfiguration& peer : fresh.ike.peers)
    for (ike::ChildConfiguration& child : peer.children) {
      const auto* known = find_child(current, peer.name, child.name);
      const ipsec::PolicyId id = known != nullptr ? known->policy : ipsec::PolicyId{++last};
      ids[child.policy] = id;
      child.policy = id;
    }
  for (ipsec::Policy& policy : fresh.policies) {
    const auto [at, added] = ids.try_emplace(policy.id);
    if (added) at->second = ipsec::PolicyId{++last};
    policy.id = at->second;
  }
  return ids;
}

std::map<ipsec::ClusterId, ipsec::ClusterId> new_cluster_ids(Settings& fresh, const Settings& current) {
  std::uint32_t last = 0;
  for (const auto& [_, cluster] : current.clusters)
    last = std::max(last, cluster.id.value);
  std::map<ipsec::ClusterId, ipsec::ClusterId> ids;
  for (auto& [name, cluster] : fresh.clusters) {
    const auto known = current.clusters.find(name);
    const ipsec::ClusterId id = known != current.clusters.end() ? known->second.id : ipsec::ClusterId{++last};
    ids[cluster.id] = id;
    cluster.id = id;
  }
  return ids;
}

}  // namespace

std::unique_ptr<ike::Verifier> CurrentChecker::begin() const {
  return std::make_unique<HeldVerifier>(checker_);
}

std::shared_ptr<const ike::ProofChecker> make_checker(const Settings& settings,
                                                      const crypto::PkiProvider& pki,
                                                      crypto::CalendarSeconds at_start) {
  using Line = ike::StandardProofChecker::Line;
  std::vector<Line> lines{{{wire::ike::AuthenticationMethod::shared_key_message_integrity_code},
                           std::make_shared<ike::PreSharedKeyChecker>()}};
  if (!settings.anchors.empty()) {
    ike::SignatureChecker::Settings signatures;
    signatures.anchors = settings.anchors;
    signatures.policy = settings.chain_policy;
    signatures.at_start = at_start;
    lines.push_back({ike::SignatureChecker::methods(),
                     std::make_shared<ike::SignatureChecker>(std::move(signatures), pki)});
  }
  return std::make_shared<ike::StandardProofChecker>(std::move(lines));
}

Result<ipsec::Spd> make_spd(const Settings& settings) {
  ipsec::Spd spd;
  for (const ipsec::Policy& policy : settings.policies)
    if (auto appended = spd.append(policy); !appended) return std::unexpected(std::move(appended).error());
  return spd;
}

Result<std::shared_ptr<const ipsec::PadSnapshot>> make_pad(std::vector<ipsec::PadEntry> entries) {
  ipsec::Pad pad;
  for (ipsec::PadEntry& entry : entries)
    if (auto appended = pad.append(std::move(entry)); !appended)
      return std::unexpected(std::move(appended).error());
  return pad.snapshot();
}

void keep_ids(Settings& fresh, const Settings& current) {
  new_policy_ids(fresh, current);
  const auto clusters = new_cluster_ids(fresh, current);
  for (ipsec::Policy& policy : fresh.policies) {
    if (!policy.protect) continue;
    if (auto* named = std::get_if<ipsec::ClusterId>(&policy.protect->by))
      if (const auto at = clusters.find(*named); at != clusters.end()) *named = at->second;
  }
}

Result<> may_replace(const Settings& current, const Settings& fresh) {
  std::vector<std::string_view> fixed;
  if (current.listen != fresh.listen) fixed.emplace_back("listen");
  if (current.tun != fresh.tun) fixed.emplace_back("tun");
  if (current.control != fresh.control) fixed.emplace_back("control, journal, key_log");
  if (current.workers != fresh.workers) fixed.emplace_back("workers");
  if (current.pools != fresh.pools) fixed.emplace_back("pool");
  if (current.cookies.demand_from != fresh.cookies.demand_from) fixed.emplace_back("cookies_from");
  if (fixed.empty()) return {};
  return std::unexpected(
      Error{Blame::local_fault, "reload", std::nullopt,
            fmt::format(
                "{} changed, and {} read at the start only: nothing was reloaded; restart, or put back what "
                "it was",
                fmt::join(fixed, "; "), fixed.size() == 1 ? "is" : "are"),
            ""});
}

std::unordered_map<ipsec::PolicyId, PolicyOwner> policy_owners(const Settings& settings) {
  std::unordered_map<ipsec::PolicyId, PolicyOwner> owners;
  for (const ike::PeerConfiguration& peer : settings.ike.peers)
    for (const ike::ChildConfiguration& child : peer.children)
      owners.try_emplace(child.policy, PolicyOwner{&peer, &child});
  return owners;
}

}  // namespace mpsec::gateway
