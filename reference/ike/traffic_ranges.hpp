// Traffic selectors as geometry: intervals on the axes address, port and protocol, where ANY is a whole axis
// and OPAQUE its last value (ipsec/packet_selectors.hpp). Private to traffic selectors and narrowing.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ike/traffic_selectors.hpp"

namespace mpsec::ike::traffic {

using ipsec::AddressNumber;

struct Interval {
  AddressNumber first = 0, last = 0;

  bool contains(const Interval& other) const { return first <= other.first && other.last <= last; }
  bool meets(const Interval& other) const { return first <= other.last && other.first <= last; }
  bool operator==(const Interval&) const = default;
};
// Of two that meet.
Interval intersection(const Interval& one, const Interval& other);

inline constexpr Interval any_protocol{0, ipsec::unavailable_protocol};
inline constexpr Interval any_port{0, ipsec::unavailable_port};
inline constexpr Interval opaque_port{ipsec::unavailable_port, ipsec::unavailable_port};

// One selector of a payload: one side of the packets it holds.
struct Side {
  IpVersion version = IpVersion::v4;
  Interval addresses{};
  Interval ports = any_port;
  Interval protocols = any_protocol;  // one number, or any_protocol

  bool contains(const Side& other) const;
  bool goes_with(const Side& other) const;  // some packet has the one here and the other there
  bool operator==(const Side&) const = default;
};
std::optional<Side> intersection(const Side& one, const Side& other);

// Nothing if it cannot be understood.
std::optional<Side> side_of(const wire::ike::TrafficSelector& selector);
wire::ike::TrafficSelector selector_of(const Side& side);

using Sides = std::vector<Side>;

// What is in none of `others`. A protocol cannot be taken out of ANY: such a side is left out whole.
Sides difference(Sides sides, const Sides& others);

inline constexpr std::size_t most_in_payload = 255;  // Number of TSs is one octet

// All local sides with all remote sides that go with them.
struct Product {
  Sides local{}, remote{};

  bool empty() const { return local.empty() || remote.empty(); }
};
// Of the first `most` selectors of either payload, those that can be understood.
Product product_of(const TrafficSelectorPair& pair, std::size_t most = most_in_payload);
TrafficSelectorPair pair_of(const Product& product);
// Nothing where no payload can say it.
std::optional<Product> product_of(const ipsec::Selector& selector);
// Without sides that go with none of the other, or lie within another of their own.
Product pruned(Product product);
Product intersection(const Product& one, const Product& other);
Product joined(const Product& one, const Product& other);

// Local address, remote address, local port, remote port, protocol.
struct Box {
  IpVersion version = IpVersion::v4;
  std::array<Interval, 5> axes{};
};
void append_boxes(const Product& product, std::vector<Box>& boxes);
std::vector<Box> boxes_of(const Product& product);

// Answers whether boxes are covered by others together, until its steps are used up: then it says no.
class Coverage {
 public:
  explicit Coverage(std::size_t steps = std::size_t{1} << 20) : steps_(steps) {}
  bool covered(Box box, std::span<const Box> by);
  bool covered(const Product& product, std::span<const Box> by);

 private:
  std::size_t steps_;
};

}  // namespace mpsec::ike::traffic
