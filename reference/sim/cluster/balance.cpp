#include "sim/cluster/balance.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace mpsec::sim {
namespace {

void add_network(const World& world, std::vector<BalanceLine>& lines) {
  const Counters& network = world.network().counters();
  const World::Wire& wire = world.wire();
  lines.push_back({"network: protected + probes + injected + duplicated = delivered + dropped + in flight",
                   wire.protected_packets + wire.probes + wire.injected + network.duplicated,
                   network.delivered + network.dropped() + network.in_flight});
  lines.push_back({"network: delivered = protected packets and probes that arrived", network.delivered,
                   wire.protected_arrived + wire.probes_arrived});
}

// Of the packets from the hosts of one gateway.
void add_direction(const World& world, End from, std::vector<BalanceLine>& lines) {
  const Stream& stream = world.stream(from);
  const Gateway& sender = world.gateway(from);
  const Gateway& receiver = world.gateway(opposite(from));
  const std::string name = fmt::format("{} to {}", to_string(from), to_string(opposite(from)));
  const auto refused_at_receiver = world.stream(opposite(from)).refused();
  lines.push_back(
      {name + ": numbers taken = sent + abandoned + left in leases",
       sender.cluster().core()->sequence().last_used() - world.scenario().cluster.last_sequence_number,
       stream.protected_packets() + stream.abandoned() + sender.unsent_numbers()});
  lines.push_back({name + ": arrived = accepted + discarded", stream.arrived(),
                   stream.accepted() + receiver.discards().total() - refused_at_receiver});
  const auto* buffer = receiver.reordering();
  const std::uint64_t kept = buffer == nullptr ? 0 : buffer->packets() + buffer->counters().dropped();
  lines.push_back({name + ": accepted = delivered + dropped late + held", stream.accepted(),
                   stream.delivered() + stream.delivered_twice() + stream.not_sent() + kept});
}

}  // namespace

std::vector<BalanceLine> balance_of(const World& world) {
  std::vector<BalanceLine> lines;
  for (const End from : {End::sgw1, End::sgw2})
    add_direction(world, from, lines);
  add_network(world, lines);
  return lines;
}

bool is_balanced(const std::vector<BalanceLine>& lines) {
  return std::ranges::all_of(lines, [](const BalanceLine& line) { return line.in == line.out; });
}

}  // namespace mpsec::sim
