#include "ike/address_pool.hpp"

#include <algorithm>

namespace mpsec::ike {

bool RangeAddressPool::contains(const IpAddress& address) const {
  return std::ranges::any_of(ranges_,
                             [&](const ipsec::AddressRange& range) { return range.contains(address); });
}

bool RangeAddressPool::may_have(const IpAddress& address, std::string_view holder) const {
  if (!contains(address)) return false;
  const auto at = leases_.find(address);
  if (at == leases_.end()) return leases_.size() < most_leases_;
  return at->second.uses == 0 || at->second.holder == holder;
}

std::optional<IpAddress> RangeAddressPool::earlier_of(IpVersion version, std::string_view holder) const {
  const auto [first, last] = by_holder_.equal_range(holder);
  for (auto at = first; at != last; ++at)
    if (at->second.version() == version && leases_.at(at->second).uses == 0) return at->second;
  return std::nullopt;
}

std::optional<IpAddress> RangeAddressPool::fresh(IpVersion version) {
  if (leases_.size() >= most_leases_) return std::nullopt;
  for (std::size_t i = 0; i < ranges_.size(); ++i) {
    if (ranges_[i].first.version() != version) continue;
    const ipsec::AddressNumber first = ipsec::number_of(ranges_[i].first),
                               last = ipsec::number_of(ranges_[i].last);
    // The offset of the next one; every step passes over an address that was leased on its wish.
    ipsec::AddressNumber& next = next_fresh_[i];
    for (; next <= last - first; ++next) {
      const IpAddress address = ipsec::address_of(first + next, version);
      if (!leases_.contains(address)) return address;
      if (next == last - first) break;
    }
  }
  return std::nullopt;
}

std::optional<IpAddress> RangeAddressPool::longest_free(IpVersion version) const {
  for (const auto& [released, address] : free_)
    if (address.version() == version) return address;
  return std::nullopt;
}

IpAddress RangeAddressPool::take(const IpAddress& address, std::string_view holder) {
  auto [at, is_new] = leases_.try_emplace(address);
  Lease& lease = at->second;
  if (lease.holder != holder || is_new) {
    const auto [first, last] = by_holder_.equal_range(lease.holder);
    const auto old = std::find_if(first, last, [&](const auto& each) { return each.second == address; });
    if (!is_new && old != last) by_holder_.erase(old);
    lease.holder = holder;
    by_holder_.emplace(holder, address);
  }
  if (lease.uses++ == 0) free_.erase(lease.released);
  return address;
}

//= rfc7296/3.15.1/requested-address-may-be-given-again
std::optional<IpAddress> RangeAddressPool::lease(IpVersion version, std::string_view holder,
                                                 const std::optional<IpAddress>& wanted) {
  if (wanted && wanted->version() == version && may_have(*wanted, holder)) return take(*wanted, holder);
  auto address = earlier_of(version, holder);
  if (!address) address = fresh(version);
  if (!address) address = longest_free(version);
  if (!address) return std::nullopt;
  return take(*address, holder);
}

void RangeAddressPool::release(const IpAddress& address) {
  const auto at = leases_.find(address);
  if (at == leases_.end() || at->second.uses == 0 || --at->second.uses != 0) return;
  at->second.released = ++releases_;
  free_.emplace(releases_, address);
}

std::size_t RangeAddressPool::in_use() const {
  return leases_.size() - free_.size();
}

}  // namespace mpsec::ike
