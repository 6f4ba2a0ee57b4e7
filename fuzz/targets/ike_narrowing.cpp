// Any TSi and TSr, the first octet being the length of TSi: the answer is proposed and allowed.
// depends: ike
#include "ike/narrowing.hpp"
#include "support/require.hpp"
#include "wire/codec.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  using namespace mpsec;
  if (size == 0 || octets[0] >= size) return 0;
  const OctetView all(octets + 1, size - 1);
  const auto tsi = wire::decode<wire::ike::TrafficSelectorsInitiator>(all.first(octets[0]));
  const auto tsr = wire::decode<wire::ike::TrafficSelectorsResponder>(all.subspan(octets[0]));
  if (!tsi || !tsr) return 0;
  const auto proposed = ike::pair_of(ike::Role::responder, *tsi, *tsr);
  const ipsec::Selector allowed{.local = {{ip("10.0.0.0"), ip("10.255.255.255")}},
                                .protocol = ipsec::ProtocolSelector::number(6),
                                .remote_port = {{80, 90}}};
  const auto result = ike::StandardNarrowing().narrow({proposed, {&allowed, 1}});
  if (!result) return 0;
  fuzz::require(ike::check_narrowed(proposed, result->selectors).has_value(), "part of the proposal");
  fuzz::require(ike::covers(*ike::to_traffic_selectors({&allowed, 1}), result->selectors), "part of policy");
  fuzz::require(!ike::to_selectors(result->selectors).empty(), "something is carried");
  return 0;
}
