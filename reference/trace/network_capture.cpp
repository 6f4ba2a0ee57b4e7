#include "trace/network_capture.hpp"

#include <fmt/format.h>

namespace mpsec::trace {
namespace {

using What = sim::Sighting::What;

std::string comment_on(const sim::Sighting& sighting) {
  return sighting.what == What::dropped ? fmt::format("dropped: {}", to_string(*sighting.cause)) : "";
}

}  // namespace

void write_capture(PcapngWriter& to, const sim::Network& network, std::span<const sim::Recorded> recorded) {
  std::vector<PcapngWriter::Interface> interfaces;
  for (std::size_t i = 0; i < network.links(); ++i)
    interfaces.push_back(to.add_interface(network.link(sim::LinkId{i}).name()));
  const PcapngWriter::Interface no_link = to.add_interface("no link");
  for (std::size_t i = 0; i < recorded.size(); ++i) {
    const sim::Sighting& sighting = recorded[i].sighting;
    const auto packet = recorded[i].packet.octets();
    if (sighting.what == What::entered) {
      // A link that drops a packet does so at once, and only then has the drop a link.
      const bool dropped = i + 1 < recorded.size() && recorded[i + 1].sighting.what == What::dropped &&
                           recorded[i + 1].sighting.link == sighting.link;
      to.write(interfaces[sighting.link->value], packet, sighting.at,
               dropped ? comment_on(recorded[i + 1].sighting) : "");
    } else if (sighting.what == What::dropped && !sighting.link) {
      to.write(no_link, packet, sighting.at, comment_on(sighting));
    }
  }
}

}  // namespace mpsec::trace
