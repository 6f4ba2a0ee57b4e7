// Internal addresses for peers that ask for one (RFC 7296 2.19, 3.15).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ipsec/selector.hpp"

namespace mpsec::ike {

class AddressPool {
 public:
  virtual ~AddressPool() = default;
  // An address of that family for `holder` (an identity as text), preferably `wanted`, or one that it had
  // before. Nothing if none is left. Each lease is released once.
  virtual std::optional<IpAddress> lease(IpVersion version, std::string_view holder,
                                         const std::optional<IpAddress>& wanted) = 0;
  virtual void release(const IpAddress& address) = 0;
};

// Addresses from ranges of either family, in their order. A holder that comes back finds its address, as long
// as no one else needed it; one that still has an address gets it a second time only if it asks for it, as a
// client does that authenticates anew.
class RangeAddressPool final : public AddressPool {
 public:
  // Remembers at most `most_leases`, those in use included; no more than these are out at once.
  explicit RangeAddressPool(std::vector<ipsec::AddressRange> ranges, std::size_t most_leases = 65536)
      : ranges_(std::move(ranges)), most_leases_(most_leases) {}

  std::optional<IpAddress> lease(IpVersion version, std::string_view holder,
                                 const std::optional<IpAddress>& wanted) override;
  void release(const IpAddress& address) override;
  std::size_t in_use() const;

 private:
  struct Lease {
    std::string holder;
    std::size_t uses = 0;
    std::uint64_t released = 0;  // the lower the longer ago, where not in use
  };
  bool contains(const IpAddress& address) const;
  bool may_have(const IpAddress& address, std::string_view holder) const;
  std::optional<IpAddress> earlier_of(IpVersion version, std::string_view holder) const;
  std::optional<IpAddress> fresh(IpVersion version);
  std::optional<IpAddress> longest_free(IpVersion version) const;
  IpAddress take(const IpAddress& address, std::string_view holder);

  std::vector<ipsec::AddressRange> ranges_;
  std::size_t most_leases_;
  std::map<IpAddress, Lease> leases_;
  std::multimap<std::string, IpAddress, std::less<>> by_holder_;
  std::map<std::uint64_t, IpAddress> free_;                 // released ones, by when
  std::map<std::size_t, ipsec::AddressNumber> next_fresh_;  // by range: not given out in order yet
  std::uint64_t releases_ = 0;
};

// Pools by the names that the configuration gives them.
class AddressPools {
 public:
  void add(std::string name, std::unique_ptr<AddressPool> pool) { pools_[std::move(name)] = std::move(pool); }
  // Null if there is none of that name.
  AddressPool* find(std::string_view name) const {
    const auto at = pools_.find(name);
    return at == pools_.end() ? nullptr : at->second.get();
  }

 private:
  std::map<std::string, std::unique_ptr<AddressPool>, std::less<>> pools_;
};

}  // namespace mpsec::ike
