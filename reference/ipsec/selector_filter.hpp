// The selectors of an SA, made ready for a check on every packet.
#pragma once

#include <vector>

#include "ipsec/selector.hpp"

namespace mpsec::ipsec {

// Equal to "any of `selectors` matches, or there are none" (the property that its test holds it to). The
// usual case, one selector of single ranges, is a handful of comparisons.
class SelectorFilter {
 public:
  SelectorFilter() = default;
  explicit SelectorFilter(std::vector<Selector> selectors);

  bool passes(const PacketSelectors& packet) const noexcept {
    if (all_pass_) return true;
    if (!simple_) return any_matches(packet);
    return (either_version_ || packet.version == version_) && local_first_ <= packet.local &&
           packet.local <= local_last_ && remote_first_ <= packet.remote && packet.remote <= remote_last_ &&
           protocol_first_ <= packet.protocol && packet.protocol <= protocol_last_;
  }
  const std::vector<Selector>& selectors() const { return selectors_; }

 private:
  bool any_matches(const PacketSelectors& packet) const noexcept;

  bool all_pass_ = true;
  bool simple_ = false;          // one selector, at most one range for each address, any ports
  bool either_version_ = false;  // simple, and no addresses asked for
  IpVersion version_ = IpVersion::v4;
  std::uint16_t protocol_first_ = 0, protocol_last_ = 0;
  AddressNumber local_first_ = 0, local_last_ = 0, remote_first_ = 0, remote_last_ = 0;
  std::vector<Selector> selectors_;
};

}  // namespace mpsec::ipsec
