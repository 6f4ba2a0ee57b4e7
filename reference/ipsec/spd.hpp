// The Security Policy Database (RFC 4301 4.4.1): an ordered list of policies, and the compiled form that
// packets are held against.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "ipsec/box_tree.hpp"
#include "ipsec/ordered_entries.hpp"
#include "ipsec/policy.hpp"

namespace mpsec::ipsec {

using PolicyList = OrderedEntries<Policy>::List;

// An SPD at one moment, for the data path: immutable, and safe to read from many threads.
//
// RFC 4301 4.4.1 describes a decorrelated database, where entries no longer overlap, and asks for an ordered
// search of one that is not. We do not decorrelate (Appendix B): it can multiply the entries, and whoever has
// to negotiate or to explain a policy wants the one that was written. Instead every lookup gives what the
// ordered search gives, without a cache that could go stale: BoxTree passes over a box only if it cannot
// contain the packet or stands behind one that does, and tests hold it against the search in order.
class SpdSnapshot {
 public:
  // `policies` in order, each of them valid.
  explicit SpdSnapshot(PolicyList policies);

  //= rfc4301/4.4.1/ordered-search
  //= rfc4301/5/no-match-discards
  // The first policy that applies to the packet's direction and matches it. nullptr: there is none, and the
  // packet is to be discarded.
  //
  // Outbound, these are the entries of SPD-S and SPD-O, interleaved as they were written. Inbound, SPD-I and
  // again SPD-S: clear text that meets PROTECT first is refused, and a packet that came out of an SA must
  // meet the policy that the SA is for (RFC 4301 5.2).
  const Policy* find(const PacketSelectors& packet) const {
    const auto direction = static_cast<std::size_t>(packet.direction);
    if (packet.version == IpVersion::v4) return policy_of(v4_[direction].find(Point4::of(packet)));
    return policy_of(v6_[direction].find(Point6::of(packet)));
  }

  //= rfc4301/4.4.1.1/responder-finds-policy-by-name
  // The first policy that names the peer; nullptr if none does.
  const Policy* find(const Identity& peer) const;

  const PolicyList& policies() const { return policies_; }
  std::size_t octets() const;  // of the compiled form, without the policies

  template <class Number>
  const BoxTree<Number>& boxes(Direction direction) const {
    if constexpr (sizeof(Number) == 4)
      return v4_[static_cast<std::size_t>(direction)];
    else
      return v6_[static_cast<std::size_t>(direction)];
  }

 private:
  using Point4 = SelectorPoint<std::uint32_t>;
  using Point6 = SelectorPoint<AddressNumber>;

  const Policy* policy_of(const auto* box) const {
    return box == nullptr ? nullptr : policies_[box->order].get();
  }

  PolicyList policies_;
  std::array<BoxTree<std::uint32_t>, 2> v4_;  // by direction
  std::array<BoxTree<AddressNumber>, 2> v6_;
};

// The list that an administrator orders and edits. Places count from 0; a policy keeps its id when it moves.
class Spd {
 public:
  // Puts the policy before the one that is now at `place`. Refuses (local fault) an invalid policy, an id
  // that is taken, naming both policies, and a place beyond the end.
  Result<> insert(Policy policy, std::size_t place);
  Result<> append(Policy policy) { return insert(std::move(policy), policies().size()); }
  Result<> remove(PolicyId id);
  // Takes the policy out and puts it back so that it stands at `place`.
  Result<> move(PolicyId id, std::size_t place);

  const PolicyList& policies() const { return entries_.list(); }
  const Policy* find(PolicyId id) const { return entries_.find(id); }

  // The compiled form of the list as it is now; compiled only if something has changed since. Who uses it
  // replaces one pointer by another, and packets meet the old order or the new one, never a mixture.
  std::shared_ptr<const SpdSnapshot> snapshot();

 private:
  Result<> changed(Result<> result);

  OrderedEntries<Policy> entries_{"policy", "RFC 4301 4.4.1"};
  std::shared_ptr<const SpdSnapshot> snapshot_;
};

}  // namespace mpsec::ipsec
