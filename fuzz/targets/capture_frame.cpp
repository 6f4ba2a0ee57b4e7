// A captured frame of any link type: what the finder points at lies within the frame.
// depends: replay_capture
#include "pcap-replay/capture/link_layer.hpp"
#include "pcap-replay/capture/packet_finder.hpp"
#include "support/require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  using namespace mpsec::replay;
  if (size < 3) return 0;
  const auto link_type = static_cast<LinkType>(mpsec::load_be<std::uint16_t>(octets));
  const bool cut = (octets[2] & 1) != 0;
  const auto content = strip_link_layer(link_type, {octets + 3, size - 3});
  if (content.kind != LinkContent::Kind::ip) return 0;
  mpsec::fuzz::require(content.packet.data() + content.packet.size() == octets + size,
                       "the packet ends the frame");
  const Found found = find_ipsec(content.packet, UdpPorts(), cut);
  mpsec::fuzz::require(found.packet.size() <= content.packet.size(), "the datagram lies within the frame");
  if (found.kind == FoundKind::malformed || found.kind == FoundKind::cut) return 0;
  mpsec::fuzz::require(found.security_at <= found.security_end && found.security_end <= found.packet.size(),
                       "what protects lies within the datagram");
  static_cast<void>(found.source() <=> found.destination());
  return 0;
}
