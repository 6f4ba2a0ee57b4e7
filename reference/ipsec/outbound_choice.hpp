// Which of a policy's SAs a packet goes out by.
#pragma once

#include <memory>
#include <vector>

#include "ipsec/box_tree.hpp"
#include "ipsec/outbound_sa.hpp"
#include "ipsec/selector_box.hpp"

namespace mpsec::ipsec {

// The SAs of one policy: the one added last that the packet's selectors match and that may still be used. A
// handful is looked through; more are compiled into the same tree as policies, anew when the set has changed.
class OutboundChoice {
 public:
  void add(OutboundSa& sa);
  bool remove(const OutboundSa& sa);
  bool empty() const { return entries_.empty(); }

  // nullptr if none is right.
  OutboundSa* find(const PacketSelectors& packet);

 private:
  static constexpr std::size_t few = 8;
  struct Entry {
    OutboundSa* sa;
    SelectorMatcher matcher;
  };

  OutboundSa* find_one_by_one(const PacketSelectors& packet) const;
  OutboundSa* find_in_trees(const PacketSelectors& packet);
  void compile();

  std::vector<Entry> entries_;  // the oldest first
  bool compiled_ = false;
  BoxTree<std::uint32_t> v4_;
  BoxTree<AddressNumber> v6_;
};

}  // namespace mpsec::ipsec
