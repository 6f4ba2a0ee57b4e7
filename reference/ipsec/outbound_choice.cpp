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

void OutboundChoice::add(OutboundSa& sa) {
  entries_.push_back({&sa, SelectorMatcher(sa.parameters().selectors, Direction::outbound)});
  compiled_ = false;
}

bool OutboundChoice::remove(const OutboundSa& sa) {
  compiled_ = false;
  return std::erase_if(entries_, [&](const Entry& entry) { return entry.sa == &sa; }) != 0;
}

OutboundSa* OutboundChoice::find(const PacketSelectors& packet) {
  if (entries_.size() <= few) return find_one_by_one(packet);
  return find_in_trees(packet);
}

OutboundSa* OutboundChoice::find_one_by_one(const PacketSelectors& packet) const {
  for (std::size_t i = entries_.size(); i-- > 0;) {
    if (entries_[i].sa->usable() && entries_[i].matcher.matches(packet)) return entries_[i].sa;
  }
  return nullptr;
}

OutboundSa* OutboundChoice::find_in_trees(const PacketSelectors& packet) {
  if (!compiled_) compile();
  auto newest = [&](const auto* box) {
    return box ? entries_[entries_.size() - 1 - box->order].sa : nullptr;
  };
  OutboundSa* sa = packet.version == IpVersion::v4
                       ? newest(v4_.find(SelectorPoint<std::uint32_t>::of(packet)))
                       : newest(v6_.find(SelectorPoint<AddressNumber>::of(packet)));
  // The newest has ended, and was not yet removed: an older one may still serve.
  return sa == nullptr || sa->usable() ? sa : find_one_by_one(packet);
}

void OutboundChoice::compile() {
  const std::vector<Entry> newest_first(entries_.rbegin(), entries_.rend());
  v4_ = tree_of<std::uint32_t>(newest_first);
  v6_ = tree_of<AddressNumber>(newest_first);
  compiled_ = true;
}

}  // namespace mpsec::ipsec
