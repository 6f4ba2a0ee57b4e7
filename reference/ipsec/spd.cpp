#include "ipsec/spd.hpp"

#include <algorithm>
#include <fmt/format.h>

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

std::unexpected<Error> fault(std::string path, std::string why) {
  return std::unexpected(Error{.blame = Blame::local_fault,
                               .path = std::move(path),
                               .offset = std::nullopt,
                               .why = std::move(why),
                               .clause = "RFC 4301 4.4.1"});
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
  if (auto valid = validate(policy); !valid) return valid;
  if (const Policy* holder = find(policy.id))
    return fault(describe(policy), fmt::format("its id is that of {}", describe(*holder)));
  if (place > policies_.size())
    return fault(describe(policy),
                 fmt::format("place {} is beyond the end; allowed: 0 to {}", place, policies_.size()));
  auto held = std::make_shared<const Policy>(std::move(policy));
  by_id_[held->id] = held.get();
  policies_.insert(policies_.begin() + static_cast<std::ptrdiff_t>(place), std::move(held));
  snapshot_ = nullptr;
  return {};
}

Result<> Spd::remove(PolicyId id) {
  const auto place = place_of(id);
  if (!place) return std::unexpected(place.error());
  by_id_.erase(id);
  policies_.erase(policies_.begin() + static_cast<std::ptrdiff_t>(*place));
  snapshot_ = nullptr;
  return {};
}

//= rfc4301/4.4.1/administrator-orders-entries
Result<> Spd::move(PolicyId id, std::size_t place) {
  const auto from = place_of(id);
  if (!from) return std::unexpected(from.error());
  if (place >= policies_.size())
    return fault(describe(*find(id)),
                 fmt::format("place {} is beyond the end; allowed: 0 to {}", place, policies_.size() - 1));
  const auto first = policies_.begin() + static_cast<std::ptrdiff_t>(std::min(*from, place));
  const auto last = policies_.begin() + static_cast<std::ptrdiff_t>(std::max(*from, place)) + 1;
  std::rotate(first, *from < place ? first + 1 : last - 1, last);
  snapshot_ = nullptr;
  return {};
}

const Policy* Spd::find(PolicyId id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

std::shared_ptr<const SpdSnapshot> Spd::snapshot() {
  if (snapshot_ == nullptr) snapshot_ = std::make_shared<const SpdSnapshot>(policies_);
  return snapshot_;
}

Result<std::size_t> Spd::place_of(PolicyId id) const {
  const Policy* policy = find(id);
  if (policy == nullptr) return fault(fmt::format("policy {}", id.value), "there is no policy with this id");
  const auto found = std::ranges::find(policies_, policy, &std::shared_ptr<const Policy>::get);
  return static_cast<std::size_t>(found - policies_.begin());
}

}  // namespace mpsec::ipsec
