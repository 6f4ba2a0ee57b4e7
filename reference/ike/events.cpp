#include "ike/events.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace mpsec::ike {
namespace {

struct Text {
  std::string operator()(const IkeStateChanged& event) const {
    return fmt::format("IKE SA {} ({}): {} -> {} by {}", event.sa.value, to_string(event.spis),
                       to_string(event.from), to_string(event.to), to_string(event.by));
  }
  std::string operator()(const IkeAuthenticated& event) const {
    return fmt::format("IKE SA {} ({}): {} '{}', {} with {}, {} to {}, {}", event.sa.value,
                       to_string(event.spis), to_string(event.role), event.peer_name,
                       ipsec::to_string(event.local_id), ipsec::to_string(event.remote_id),
                       mpsec::to_string(event.local), mpsec::to_string(event.remote), event.suite);
  }
  std::string operator()(const IkeRekeyed& event) const {
    return fmt::format("IKE SA {}: replaced by IKE SA {} ({})", event.old_sa.value, event.new_sa.value,
                       to_string(event.new_spis));
  }
  std::string operator()(const ChildStateChanged& event) const {
    return fmt::format("IKE SA {}, child {} ({} {:08x} in, {:08x} out): {} -> {} by {}", event.sa.value,
                       event.child.value, event.protocol == ipsec::Protocol::ah ? "AH" : "ESP",
                       event.inbound.value, event.outbound.value, to_string(event.from), to_string(event.to),
                       to_string(event.by));
  }
  std::string operator()(const NegotiationFailed& event) const {
    const std::string what = event.child ? fmt::format(", child '{}'", *event.child) : std::string();
    return fmt::format("IKE SA {}{}: failed: {}", event.sa.value, what, mpsec::to_string(event.error));
  }
  std::string operator()(const MessageRefused& event) const {
    return fmt::format("message from {} to {} refused: {}", mpsec::to_string(event.remote),
                       mpsec::to_string(event.local), mpsec::to_string(event.error));
  }
  std::string operator()(const PeerMoved& event) const {
    return fmt::format("IKE SA {}: the peer moved from {} to {}", event.sa.value,
                       mpsec::to_string(event.from), mpsec::to_string(event.to));
  }
  std::string operator()(const NatFound& event) const {
    return fmt::format("IKE SA {}: NAT before {}", event.sa.value,
                       event.we_are_behind ? (event.peer_is_behind ? "both ends" : "us") : "the peer");
  }
  std::string operator()(const ConfigurationAssigned& event) const {
    std::vector<std::string> addresses;
    for (const IpAddress& address : event.assigned.addresses)
      addresses.push_back(mpsec::to_string(address));
    return fmt::format("IKE SA {}: the peer gives us {}", event.sa.value,
                       addresses.empty() ? "no address" : fmt::format("{}", fmt::join(addresses, ", ")));
  }
  std::string operator()(const PeerReported& event) const {
    return fmt::format("IKE SA {}: the peer reports {} {}", event.sa.value, to_string(event.type),
                       to_hex(event.data));
  }
  std::string operator()(const ClusterFounded& event) const {
    return fmt::format("cluster {:016x} '{}': founded, {} with {}", event.cluster.value, event.name,
                       ipsec::to_string(event.local_id), ipsec::to_string(event.remote_id));
  }
  std::string operator()(const ClusterJoined& event) const {
    return fmt::format("cluster {:016x}: joined by IKE SA {}, child {}: sub-SA {}", event.cluster.value,
                       event.sa.value, event.child.value, event.sub_sas);
  }
  std::string operator()(const ClusterJoinRefused& event) const {
    const std::string field = event.field == wire::ike::ClusterField::none
                                  ? std::string()
                                  : fmt::format(" '{}'", to_string(event.field));
    return fmt::format("cluster {:016x}: a child of IKE SA {} refused by {}: {}{}", event.cluster.value,
                       event.sa.value, event.by_peer ? "the peer" : "us", to_string(event.reason), field);
  }
  std::string operator()(const ClusterLeft& event) const {
    return fmt::format("cluster {:016x}: left by child {}, {} sub-SAs are left", event.cluster.value,
                       event.child.value, event.sub_sas);
  }
  std::string operator()(const ClusterEnded& event) const {
    return fmt::format("cluster {:016x} '{}': ended", event.cluster.value, event.name);
  }
};

}  // namespace

std::string to_string(const Event& event) {
  return std::visit(Text{}, event);
}

}  // namespace mpsec::ike
