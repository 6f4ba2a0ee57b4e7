// Which of a policy's SAs a packet goes out by.
#pragma once

#include <bitset>
#include <cstdint>
#include <vector>

#include "ipsec/box_tree.hpp"
#include "ipsec/outbound_sa.hpp"
#include "ipsec/selector_box.hpp"

namespace mpsec::ipsec {

// SAs that are told apart by their selectors only: the one added last that the packet's selectors match and
// that may still be used. A handful is looked through; more are compiled into the same tree as policies, anew
// when the set has changed.
class OutboundSet {
 public:
  struct Entry {
    OutboundSa* sa;
    std::uint64_t serial;  // rises with each SA that is added
    SelectorMatcher matcher;
  };

  void add(OutboundSa& sa, std::uint64_t serial);
  bool remove(const OutboundSa& sa);
  bool empty() const { return entries_.empty(); }

  // nullptr if none is right.
  const Entry* find(const PacketSelectors& packet);

 private:
  static constexpr std::size_t few = 8;

  const Entry* find_one_by_one(const PacketSelectors& packet) const;
  const Entry* find_in_trees(const PacketSelectors& packet);
  void compile();

  std::vector<Entry> entries_;  // the oldest first
  bool compiled_ = false;
  BoxTree<std::uint32_t> v4_;
  BoxTree<AddressNumber> v6_;
};

//= rfc4301/4.1/several-sas-with-the-same-selectors
// The SAs of one policy, by the DSCPs that they are for. An SA that names the packet's DSCP goes before one
// that takes any; of those the one added last.
class OutboundChoice {
 public:
  void add(OutboundSa& sa);
  bool remove(const OutboundSa& sa);
  bool empty() const { return classes_.empty(); }

  // nullptr if none is right.
  OutboundSa* find(const PacketSelectors& packet);

 private:
  struct Class {
    std::bitset<64> dscp_values;  // none: any
    OutboundSet sas;
  };

  std::vector<Class> classes_;
  std::uint64_t next_serial_ = 0;
};

}  // namespace mpsec::ipsec
