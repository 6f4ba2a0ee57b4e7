#include "sim/script.hpp"

#include <algorithm>

namespace mpsec::sim {
namespace {

struct Doing {
  Script::Fate& fate;
  Packet& packet;

  void operator()(const Discarded&) const { fate.discarded = true; }
  void operator()(const Delayed& delayed) const { fate.delay += delayed.by; }
  void operator()(const Repeated& repeated) const { fate.copies.push_back(repeated.after); }
  void operator()(const Altered& altered) const { altered.change(packet); }
};

}  // namespace

Script::RuleId Script::add(ScriptRule rule) {
  rules_.push_back({std::move(rule), {}, 0});
  return rules_.size() - 1;
}

Script::Fate Script::judge(Packet& packet) {
  Fate fate;
  for (Active& active : rules_) {
    if (fate.discarded) break;
    if (!active.rule.matches(packet) || !is_due(active, packet)) continue;
    ++active.applied;
    std::visit(Doing{fate, packet}, active.rule.deed);
  }
  return fate;
}

bool Script::is_due(Active& active, const Packet& packet) {
  const OctetView content = packet.is_udp() ? packet.udp_payload() : packet.upper();
  const auto known = std::ranges::find_if(
      active.seen, [&](const Octets& octets) { return std::ranges::equal(octets, content); });
  const auto place = static_cast<std::size_t>(known - active.seen.begin()) + 1;
  const bool again = known != active.seen.end();
  if (!again) active.seen.emplace_back(content.begin(), content.end());
  return (active.rule.nth == 0 || active.rule.nth == place) && (!again || active.rule.repeats_too);
}

}  // namespace mpsec::sim
