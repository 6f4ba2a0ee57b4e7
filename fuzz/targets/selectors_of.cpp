// The selectors of any octets: directions are mirror images, and the codec's walk finds the same next layer.
// depends: ipsec
#include "ipsec/packet_selectors.hpp"
#include "support/require.hpp"
#include "wire/header_walk.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  using namespace mpsec::ipsec;
  using mpsec::fuzz::require;
  const mpsec::OctetView packet(octets, size);
  const auto out = selectors_of(packet, Direction::outbound), in = selectors_of(packet, Direction::inbound);
  require(out.has_value() == in.has_value(), "what is malformed is so both ways");
  if (!out) return 0;
  require(selectors_of_quoted(packet, Direction::inbound) == out, "a whole packet may be quoted whole");
  require(out->local == in->remote && out->remote == in->local, "addresses are mirrored");
  require(out->local_port == in->remote_port && out->remote_port == in->local_port, "ports are mirrored");
  require(out->next_layer_offset <= size, "the next layer starts within the packet");
  const auto walk = mpsec::wire::walk_headers(packet);
  // From Mobility (135) on: policy takes Mobility, HIP and Shim6 as next layers, the walk steps over them.
  if (!walk || out->protocol >= 135) return 0;
  require(walk->protocol == out->protocol, "both find the same next layer");
  require(walk->upper_at == out->next_layer_offset, "both find it at the same place");
  require(walk->fragment_offset == out->fragment_offset, "both find the same fragment");
  return 0;
}
