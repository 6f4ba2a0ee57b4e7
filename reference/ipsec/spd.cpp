#include "ipsec/spd.hpp"

#include <algorithm>

namespace mpsec::ipsec {
namespace {

template <class Number>
BoxTree<Number> compile(const PolicyList& policies, Direction direction) {
  std::vector<SelectorBox<Number>> boxes;
  for (std::uint32_t order = 0; order < policies.size(); ++order) {
    const Policy& policy = *policies[order];
    if (!policy.applies(direction) || policy.by_peer_only) continue;
    for (const Selector& selector : policy.selectors)
      append_boxes(selector, direction, order, boxes);
  }
  return BoxTree<Number>(std::move(boxes));
}

}  // namespace

SpdSnapshot::SpdSnapshot(PolicyList policies) : policies_(std::move(policies)) {
  for (const Direction direction : {Direction::outbound, Direction::inbound}) {
    v4_[static_cast<std::size_t>(direction)] = compile<std::uint32_t>(policies_, direction);
    v6_[static_cast<std::size_t>(direction)] = compile<AddressNumber>(policies_, direction);
  }
}

const Policy* SpdSnapshot::find(const Identity& peer) const {
  const auto names_peer = [&](const auto& policy) { return std::ranges::count(policy->peers, peer) != 0; };
  const auto found = std::ranges::find_if(policies_, names_peer);
  return found == policies_.end() ? nullptr : found->get();
}

std::size_t SpdSnapshot::octets() const {
  return v4_[0].octets() + v4_[1].octets() + v6_[0].octets() + v6_[1].octets();
}

Result<> Spd::insert(Policy policy, std::size_t place) {
  return changed(entries_.insert(std::move(policy), place));
}

Result<> Spd::remove(PolicyId id) {
  return changed(entries_.remove(id));
}

//= rfc4301/4.4.1/administrator-orders-entries
Result<> Spd::move(PolicyId id, std::size_t place) {
  return changed(entries_.move(id, place));
}

Result<> Spd::changed(Result<> result) {
  if (result) snapshot_ = nullptr;
  return result;
}

std::shared_ptr<const SpdSnapshot> Spd::snapshot() {
  if (snapshot_ == nullptr) snapshot_ = std::make_shared<const SpdSnapshot>(entries_.list());
  return snapshot_;
}

}  // namespace mpsec::ipsec
