#include "ipsec/selector_filter.hpp"

#include <algorithm>

namespace mpsec::ipsec {
namespace {

constexpr AddressNumber everything = ~AddressNumber{0};

bool at_most_one_range(const Selector& selector) {
  return selector.local.size() <= 1 && selector.remote.size() <= 1 && selector.local_port.is_any() &&
         selector.remote_port.is_any();
}

}  // namespace

SelectorFilter::SelectorFilter(std::vector<Selector> selectors) : selectors_(std::move(selectors)) {
  all_pass_ = selectors_.empty();
  simple_ = selectors_.size() == 1 && at_most_one_range(selectors_.front());
  if (!simple_) return;
  const Selector& only = selectors_.front();
  local_last_ = remote_last_ = everything;
  either_version_ = only.local.empty() && only.remote.empty();
  if (!only.local.empty()) {
    version_ = only.local.front().first.version();
    local_first_ = number_of(only.local.front().first);
    local_last_ = number_of(only.local.front().last);
  }
  if (!only.remote.empty()) {
    version_ = only.remote.front().first.version();
    remote_first_ = number_of(only.remote.front().first);
    remote_last_ = number_of(only.remote.front().last);
  }
  protocol_first_ = only.protocol.first();
  protocol_last_ = only.protocol.last();
}

bool SelectorFilter::any_matches(const PacketSelectors& packet) const noexcept {
  return std::ranges::any_of(selectors_, [&](const Selector& selector) { return matches(selector, packet); });
}

}  // namespace mpsec::ipsec
