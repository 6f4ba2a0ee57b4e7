#include <algorithm>
#include <fmt/format.h>

#include "sim/ike/ike_world.hpp"

namespace mpsec::sim {
namespace {

using ike::ChildStatus, ike::IkeStatus;

ipsec::Selector mirrored(ipsec::Selector selector) {
  std::swap(selector.local, selector.remote);
  std::swap(selector.local_port, selector.remote_port);
  return selector;
}

bool same_selectors(const std::vector<ipsec::Selector>& ours, const std::vector<ipsec::Selector>& theirs) {
  return ours.size() == theirs.size() && std::ranges::all_of(ours, [&](const ipsec::Selector& selector) {
           return std::ranges::find(theirs, mirrored(selector)) != theirs.end();
         });
}

bool same_protection(const ipsec::SaParameters& a, const ipsec::SaParameters& b) {
  return a.protocol == b.protocol && a.mode == b.mode && a.spi == b.spi && a.encryption == b.encryption &&
         a.integrity == b.integrity && a.extended_sequence_numbers == b.extended_sequence_numbers &&
         a.udp.has_value() == b.udp.has_value() &&
         equal_in_constant_time(a.encryption_key.view(), b.encryption_key.view()) &&
         equal_in_constant_time(a.integrity_key.view(), b.integrity_key.view());
}

// Compares what `a` has with what `b` has; each end is looked at in turn.
class Comparison {
 public:
  Comparison(const IkeHost& a, const IkeHost& b, std::vector<std::string>& found)
      : a_(a), b_(b), theirs_(b.engine->status()), found_(found) {}

  void operator()() {
    for (const std::string& fault : a_.faults)
      say(fault);
    std::size_t children = 0;
    for (const IkeStatus& ours : a_.engine->status()) {
      children += ours.children.size();
      compare(ours);
    }
    if (a_.sad.size() != children)
      say(fmt::format("{} children in the SAD, {} of IKE SAs", a_.sad.size(), children));
  }

 private:
  void compare(const IkeStatus& ours) {
    const std::string name = fmt::format("IKE SA {}", ike::to_string(ours.spis));
    if (ours.state != ike::IkeState::established)
      say(fmt::format("{}: is {}", name, ike::to_string(ours.state)));
    const auto other = std::ranges::find(theirs_, ours.spis, &IkeStatus::spis);
    if (other == theirs_.end()) return say(name + ": the peer has none such");
    if (ours.role == other->role) say(fmt::format("{}: both are {}", name, ike::to_string(ours.role)));
    if (ours.suite != other->suite) say(fmt::format("{}: {} against {}", name, ours.suite, other->suite));
    for (const ChildStatus& child : ours.children)
      compare(child, *other);
  }

  void compare(const ChildStatus& ours, const IkeStatus& peer) {
    const std::string name =
        fmt::format("child {:08x} in, {:08x} out", ours.inbound.value, ours.outbound.value);
    if (ours.state != ike::ChildState::installed)
      say(fmt::format("{}: is {}", name, ike::to_string(ours.state)));
    const auto other = std::ranges::find_if(peer.children, [&](const ChildStatus& theirs) {
      return theirs.protocol == ours.protocol && theirs.inbound == ours.outbound &&
             theirs.outbound == ours.inbound;
    });
    if (other == peer.children.end()) return say(name + ": the peer has none such");
    if (ours.mode != other->mode) say(name + ": transport mode against tunnel mode");
    if (!same_selectors(ours.selectors, other->selectors)) say(name + ": other selectors");
    compare_keys(name, a_.sad.find(ours.id), b_.sad.find(other->id));
  }

  using Entry = std::map<ike::ChildId, InstalledChild>::const_iterator;
  void compare_keys(const std::string& name, Entry ours, Entry theirs) {
    if (ours == a_.sad.end() || !ours->second.inbound || !ours->second.outbound)
      return say(name + ": a half is not in the SAD");
    if (theirs == b_.sad.end() || !theirs->second.inbound) return;  // the other turn says so
    if (!same_protection(*ours->second.outbound, *theirs->second.inbound)) say(name + ": other keys");
  }

  void say(const std::string& what) { found_.push_back(fmt::format("{}: {}", a_.name, what)); }

  const IkeHost& a_;
  const IkeHost& b_;
  std::vector<IkeStatus> theirs_;
  std::vector<std::string>& found_;
};

}  // namespace

std::vector<std::string> disagreements(const IkeWorld& world, HostId a, HostId b) {
  std::vector<std::string> found;
  Comparison(world.host(a), world.host(b), found)();
  Comparison(world.host(b), world.host(a), found)();
  return found;
}

std::vector<std::string> leftovers(const IkeWorld& world, HostId id) {
  const IkeHost& host = world.host(id);
  std::vector<std::string> found = host.faults;
  for (const IkeStatus& sa : host.engine->status())
    found.push_back(fmt::format("IKE SA {} is {}, with {} children", ike::to_string(sa.spis),
                                ike::to_string(sa.state), sa.children.size()));
  for (const auto& [child, halves] : host.sad)
    found.push_back(fmt::format("child {} is in the SAD", child.value));
  if (host.engine->half_open() != 0) found.push_back(fmt::format("{} half open", host.engine->half_open()));
  if (host.engine->child_spis() != 0)
    found.push_back(fmt::format("{} SPIs of children", host.engine->child_spis()));
  if (host.engine->next_deadline()) found.push_back("a deadline");
  return found;
}

}  // namespace mpsec::sim
