// Selectors as an administrator writes them: two lists, what is local and what is remote.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ipsec/selector.hpp"

namespace mpsec::gateway {

// One element of such a list.
struct SelectorSide {
  ipsec::AddressRange addresses;
  ipsec::ProtocolSelector protocol;
  ipsec::PortSelector ports;

  // "10.1.0.0/24", "10.1.0.1-10.1.0.9", "fd00::1"; behind it in brackets a protocol by name or number, and
  // behind a slash ports: "10.1.0.0/24[tcp/80]", "...[udp/1024-65535]", "...[icmp/8]" (a type, "8.0" with its
  // code), "...[17]". "opaque" stands for what a packet does not show. Fails saying what was expected.
  static Result<SelectorSide> parse(std::string_view text);
};

// What goes from any local element to any remote one of its family whose protocol agrees. An empty list is
// every address.
//
// Fails (local fault) naming an element that goes with none of the other list, or a selector that is none.
Result<std::vector<ipsec::Selector>> selectors_between(const std::vector<SelectorSide>& local,
                                                       const std::vector<SelectorSide>& remote);

// Whether some packet is held by both.
bool meet(const std::vector<ipsec::Selector>& one, const std::vector<ipsec::Selector>& other);
// Whether every packet of `inner` is held by `outer`, as far as that shows selector by selector.
bool covers(const std::vector<ipsec::Selector>& outer, const std::vector<ipsec::Selector>& inner);

}  // namespace mpsec::gateway
