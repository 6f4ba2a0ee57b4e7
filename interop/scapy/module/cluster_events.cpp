#include "cluster_events.hpp"

#include <fmt/format.h>

#include "trace/event_lines.hpp"

namespace mpsec::python {
namespace {

using namespace cluster;

const char* kind_of(const ipsec::Event& event) {
  static constexpr const char* kinds[] = {"acquire",       "lifetime", "exhausted",
                                          "resynchronise", "path_mtu", "audit"};
  static_assert(std::size(kinds) == std::variant_size_v<ipsec::Event>);
  return kinds[event.index()];
}

const char* kind_of(const ClusterEvent& event) {
  static constexpr const char* kinds[] = {"sub_sa_ended",     "cluster_ended",      "sequence_runs_out",
                                          "window_too_small", "numbers_not_shared", "cluster_mtu",
                                          "path_changed"};
  static_assert(std::size(kinds) == std::variant_size_v<ClusterEvent>);
  return kinds[event.index()];
}

// A line of a trace begins with the time, which the caller knows.
std::string text(const ipsec::Event& event) {
  const std::string line = trace::to_text_line({}, event);
  return line.substr(line.find(": ") + 2);
}

struct Text {
  std::string operator()(const SubSaEnded& event) const {
    return fmt::format("cluster {}: sub-SA {} has ended", event.cluster.value, event.sub_sa.value);
  }
  std::string operator()(const ClusterEnded& event) const {
    return fmt::format("cluster {}: its last valid sub-SA has gone", event.cluster.value);
  }
  std::string operator()(const SequenceRunsOut& event) const {
    return fmt::format("cluster {}: {} sequence numbers are left", event.cluster.value, event.left);
  }
  std::string operator()(const WindowTooSmall& event) const {
    return fmt::format("cluster {}: its window of {} numbers is too small, {} would have held",
                       event.cluster.value, event.window, event.would_have_held);
  }
  std::string operator()(const NumbersNotShared& event) const {
    return fmt::format("cluster {}: the peer does not share its numbers", event.cluster.value);
  }
  std::string operator()(const ClusterMtuChanged& event) const {
    return fmt::format("cluster {}: the largest packet is {} octets", event.cluster.value,
                       event.largest_packet);
  }
  std::string operator()(const PathChanged& event) const {
    return fmt::format("cluster {}: the path of sub-SA {} is {}, was {}", event.cluster.value,
                       event.sub_sa.value, to_string(event.to), to_string(event.from));
  }
};

}  // namespace

py::list events_of(const ClusterEnd::Actions& actions) {
  py::list all;
  for (const ipsec::Event& event : actions.packets.events)
    all.append(py::make_tuple(kind_of(event), text(event)));
  for (const ClusterEvent& event : actions.events)
    all.append(py::make_tuple(kind_of(event), std::visit(Text{}, event)));
  return all;
}

}  // namespace mpsec::python
