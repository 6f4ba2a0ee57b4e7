#include "wire/ike/traffic_selector.hpp"

#include <cassert>

namespace mpsec::wire::ike {
namespace {

template <std::size_t N>
void put(std::array<std::uint8_t, N>& to, const IpAddress& address) {
  std::copy_n(address.octets().begin(), N, to.begin());
}

}  // namespace

TrafficSelector TrafficSelector::range(const IpAddress& start, const IpAddress& end, std::uint8_t ip_protocol,
                                       PortRange ports) {
  assert(start.version() == end.version());
  TrafficSelector selector;
  selector.ip_protocol = ip_protocol;
  selector.start_port = ports.start;
  selector.end_port = ports.end;
  if (start.is_v4()) {
    put(selector.start_v4, start);
    put(selector.end_v4, end);
  } else {
    selector.type = TrafficSelectorType::ipv6_addr_range;
    selector.length = 40;
    put(selector.start_v6, start);
    put(selector.end_v6, end);
  }
  return selector;
}

IpAddress TrafficSelector::start_address() const {
  assert(is_range());
  return is_v4() ? IpAddress::v4(start_v4.data()) : IpAddress::v6(start_v6.data());
}

IpAddress TrafficSelector::end_address() const {
  assert(is_range());
  return is_v4() ? IpAddress::v4(end_v4.data()) : IpAddress::v6(end_v6.data());
}

}  // namespace mpsec::wire::ike
