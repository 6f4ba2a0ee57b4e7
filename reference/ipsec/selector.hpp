// Selectors: the conditions of security policies and SAs (RFC 4301 4.4.1.1, 4.4.1.2).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/ip_address.hpp"
#include "ipsec/packet_selectors.hpp"

namespace mpsec::ipsec {

// From `first` to `last`, both included, of one family.
struct AddressRange {
  IpAddress first;
  IpAddress last;

  // "192.0.2.1", "192.0.2.0/24" or "192.0.2.1-192.0.2.9", either family. Host bits of a prefix must be zero.
  static Result<AddressRange> parse(std::string_view text);
  static AddressRange of(const IpAddress& single) { return {single, single}; }

  bool contains(const IpAddress& address) const {
    return address.version() == first.version() && first <= address && address <= last;
  }
  auto operator<=>(const AddressRange&) const = default;
};
std::string to_string(const AddressRange& range);
// Fails (local fault) where the range is reversed or has two families.
Result<> validate(const AddressRange& range, std::string_view path);

// From `first` to `last`, both included. Of ICMP: type * 256 + code; of the Mobility Header: type * 256.
struct PortRange {
  std::uint16_t first = 0;
  std::uint16_t last = 0;

  auto operator<=>(const PortRange&) const = default;
};

//= rfc4301/4.4.1.1/icmp-ranges-compare-as-one-number
// All of (type, code) that lie, as the number type * 256 + code, between (first, first) and (last, last).
constexpr PortRange icmp_range(std::uint8_t first_type, std::uint8_t last_type, std::uint8_t first_code = 0,
                               std::uint8_t last_code = 255) {
  return {static_cast<std::uint16_t>(first_type << 8 | first_code),
          static_cast<std::uint16_t>(last_type << 8 | last_code)};
}
constexpr PortRange mobility_types(std::uint8_t first, std::uint8_t last) {
  return icmp_range(first, last);
}

// The next layer protocol: one number, ANY (also a protocol out of sight), or OPAQUE (only that; IPv6).
class ProtocolSelector {
 public:
  constexpr ProtocolSelector() = default;  // ANY
  static constexpr ProtocolSelector any() { return {}; }
  static constexpr ProtocolSelector opaque() {
    return ProtocolSelector(unavailable_protocol, unavailable_protocol);
  }
  static constexpr ProtocolSelector number(std::uint8_t protocol) {
    return ProtocolSelector(protocol, protocol);
  }

  constexpr bool is_any() const { return first_ != last_; }
  constexpr bool is_opaque() const { return first_ == unavailable_protocol; }
  constexpr bool is_number() const { return !is_any() && !is_opaque(); }
  // The values that match, as a range over 0..unavailable_protocol; of a number the two are equal.
  constexpr std::uint16_t first() const { return first_; }
  constexpr std::uint16_t last() const { return last_; }
  constexpr bool matches(std::uint16_t protocol) const { return first_ <= protocol && protocol <= last_; }
  bool operator==(const ProtocolSelector&) const = default;

 private:
  constexpr ProtocolSelector(std::uint16_t first, std::uint16_t last) : first_(first), last_(last) {}
  std::uint16_t first_ = 0;
  std::uint16_t last_ = unavailable_protocol;
};

// Ports, ICMP type and code, or MH type: ANY (also where the packet shows none), OPAQUE (only where it
// shows none), or a list of ranges. The type leaves no room for ANY or OPAQUE inside a list.
class PortSelector {
 public:
  PortSelector() = default;  // ANY
  PortSelector(std::initializer_list<PortRange> ranges) : kind_(Kind::ranges), ranges_(ranges) {}
  static PortSelector any() { return {}; }
  static PortSelector opaque() {
    PortSelector selector;
    selector.kind_ = Kind::opaque;
    return selector;
  }
  static PortSelector of(std::vector<PortRange> ranges) {
    PortSelector selector;
    selector.kind_ = Kind::ranges;
    selector.ranges_ = std::move(ranges);
    return selector;
  }
  static PortSelector one(std::uint16_t port) { return {PortRange{port, port}}; }

  bool is_any() const { return kind_ == Kind::any; }
  bool is_opaque() const { return kind_ == Kind::opaque; }
  bool is_trivial() const { return kind_ != Kind::ranges; }         // RFC 4301 7
  const std::vector<PortRange>& ranges() const { return ranges_; }  // empty unless a list
  bool matches(std::uint32_t port) const;
  bool operator==(const PortSelector&) const = default;

 private:
  enum class Kind : std::uint8_t { any, opaque, ranges };
  Kind kind_ = Kind::any;
  std::vector<PortRange> ranges_;
};

// One selector set (RFC 4301 4.4.1.2): a packet must satisfy all five; within a list, any one range.
struct Selector {
  std::vector<AddressRange> local{};   // empty: ANY, of both families
  std::vector<AddressRange> remote{};  // likewise
  ProtocolSelector protocol{};
  PortSelector local_port{};
  PortSelector remote_port{};

  bool operator==(const Selector&) const = default;
};
std::string to_string(const Selector& selector);

// So many pairs of a local and a remote range, times the same of ports, may a selector have.
inline constexpr std::size_t most_combinations = 1u << 16;

// Whether `selector` is one that RFC 4301 knows. Fails (local fault) naming the field, what it has and
// what is allowed: a reversed range, families mixed, ports with a protocol that has none or with ANY, OPAQUE
// protocol with IPv4 addresses, lists that multiply beyond most_combinations. `path` leads the error's path.
Result<> validate(const Selector& selector, std::string_view path);

// Whether the packet satisfies the selector, by definition and not by speed: the yardstick for the
// compiled forms, and good enough for anything that happens less often than packets do.
bool matches(const Selector& selector, const PacketSelectors& packet);

}  // namespace mpsec::ipsec
