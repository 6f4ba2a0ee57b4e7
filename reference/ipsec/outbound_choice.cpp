#include "ipsec/outbound_choice.hpp"

#include <algorithm>

namespace mpsec::ipsec {
namespace {

const Selector anything{};

template <class Number>
BoxTree<Number> tree_of(const auto& newest_first) {
  std::vector<SelectorBox<Number>> boxes;
  std::uint32_t order = 0;
  for (const auto& entry : newest_first) {
    const auto& selectors = entry.sa->parameters().selectors;
    for (const Selector& selector : selectors)
      append_boxes(selector, Direction::outbound, order, boxes);
    if (selectors.empty()) append_boxes(anything, Direction::outbound, order, boxes);
    ++order;
  }
  return BoxTree<Number>(std::move(boxes));
}

}  // namespace

void OutboundSet::add(OutboundSa& sa, std::uint64_t serial) {
  entries_.push_back({&sa, serial, SelectorMatcher(sa.parameters().selectors, Direction::outbound)});
  compiled_ = false;
}

bool OutboundSet::remove(const OutboundSa& sa) {
  compiled_ = false;
  return std::erase_if(entries_, [&](const Entry& entry) { return entry.sa == &sa; }) != 0;
}

const OutboundSet::Entry* OutboundSet::find(const PacketSelectors& packet) {
  if (entries_.size() <= few) return find_one_by_one(packet);
  return find_in_trees(packet);
}

const OutboundSet::Entry* OutboundSet::find_one_by_one(const PacketSelectors& packet) const {
  for (std::size_t i = entries_.size(); i-- > 0;) {
    if (entries_[i].sa->usable() && entries_[i].matcher.matches(packet)) return &entries_[i];
  }
  return nullptr;
}

const OutboundSet::Entry* OutboundSet::find_in_trees(const PacketSelectors& packet) {
  if (!compiled_) compile();
  auto newest = [&](const auto* box) { return box ? &entries_[entries_.size() - 1 - box->order] : nullptr; };
  const Entry* entry = packet.version == IpVersion::v4
                           ? newest(v4_.find(SelectorPoint<std::uint32_t>::of(packet)))
                           : newest(v6_.find(SelectorPoint<AddressNumber>::of(packet)));
  // The newest has ended, and was not yet removed: an older one may still serve.
  return entry == nullptr || entry->sa->usable() ? entry : find_one_by_one(packet);
}

void OutboundSet::compile() {
  const std::vector<Entry> newest_first(entries_.rbegin(), entries_.rend());
  v4_ = tree_of<std::uint32_t>(newest_first);
  v6_ = tree_of<AddressNumber>(newest_first);
  compiled_ = true;
}

void OutboundChoice::add(OutboundSa& sa) {
  const auto& values = sa.parameters().dscp_values;
  auto found = std::ranges::find(classes_, values, &Class::dscp_values);
  if (found == classes_.end()) found = classes_.insert(found, Class{values, {}});
  found->sas.add(sa, next_serial_++);
}

bool OutboundChoice::remove(const OutboundSa& sa) {
  const auto found = std::ranges::find(classes_, sa.parameters().dscp_values, &Class::dscp_values);
  if (found == classes_.end() || !found->sas.remove(sa)) return false;
  if (found->sas.empty()) classes_.erase(found);
  return true;
}

//= rfc4301/4.4.2.1/dscp-values-choose-an-outbound-sa
OutboundSa* OutboundChoice::find(const PacketSelectors& packet) {
  const OutboundSet::Entry* best = nullptr;
  bool best_names_dscp = false;
  for (Class& one : classes_) {
    const bool names_dscp = one.dscp_values.any();
    if (names_dscp && !one.dscp_values[packet.dscp]) continue;
    const auto* entry = one.sas.find(packet);
    if (entry == nullptr) continue;
    const bool better =
        best == nullptr || (names_dscp == best_names_dscp ? entry->serial > best->serial : names_dscp);
    if (better) best = entry, best_names_dscp = names_dscp;
  }
  return best == nullptr ? nullptr : best->sa;
}

}  // namespace mpsec::ipsec
