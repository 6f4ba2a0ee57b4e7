#include "ipsec/ah_fields.hpp"

#include <algorithm>
#include <cstring>

#include "wire/header_build.hpp"
#include "wire/ipv4_option.hpp"
#include "wire/ipv6_extension.hpp"
#include "wire/ipv6_fragment.hpp"
#include "wire/ipv6_options.hpp"
#include "wire/ipv6_routing.hpp"
#include "wire/protocol.hpp"

namespace mpsec::ipsec {
namespace {

using namespace wire;

void zero(MutableOctets octets) noexcept {
  std::ranges::fill(octets, std::uint8_t{0});
}

// The destination of an IPv4 packet, and whether a source route has been met that leads there.
struct Ipv4Destination {
  std::uint8_t* address;
  bool routed = false;
};

//= rfc4302/3.3.3.1.1.1/destination-is-predicted-with-source-route
// The last address of a route that is not yet used up is where the packet will arrive.
Discard foretell(OctetView route, Ipv4Destination& destination, AhRole role) noexcept {
  constexpr std::size_t pointer_at = end_of<&Ipv4Option::length>, in_front = pointer_at + 1;
  constexpr std::size_t address = sizeof(Ipv4Header::destination);
  if (destination.routed) return Discard::malformed_packet;
  destination.routed = true;
  if (route.size() < in_front || (route.size() - in_front) % address != 0) return Discard::malformed_packet;
  const bool used_up = route[pointer_at] > route.size();  // it counts octets of the option from 1
  if (role == AhRole::outgoing && !used_up)
    std::memcpy(destination.address, route.last(address).data(), address);
  return Discard::none;
}

Discard canonicalise_ipv4_options(MutableOctets options, Ipv4Destination destination, AhRole role) noexcept {
  while (!options.empty()) {
    const auto type = load<&Ipv4Option::type>(options.data());
    // What stands behind the end of the list is padding: it does not change on the way either.
    if (type == ipv4_option::end_of_list) return Discard::none;
    if (type == ipv4_option::no_operation) {
      options = options.subspan(1);
      continue;
    }
    constexpr std::size_t least = end_of<&Ipv4Option::length>;
    if (options.size() < least) return Discard::malformed_packet;
    const std::size_t length = load<&Ipv4Option::length>(options.data());
    if (length < least || length > options.size()) return Discard::malformed_packet;
    const MutableOctets option = options.first(length);
    if (type == ipv4_option::loose_source_route || type == ipv4_option::strict_source_route)
      if (const Discard cause = foretell(option, destination, role); cause != Discard::none) return cause;
    //= rfc4302/3.3.3.1.1.2/mutable-option-is-zeroed-as-a-whole
    //= rfc4302/3.3.3.1/unknown-ipv4-option-is-zeroed
    if (!ipv4_option::is_immutable(type)) zero(option);
    options = options.subspan(length);
  }
  return Discard::none;
}

std::expected<std::size_t, Discard> canonicalise_ipv4(MutableOctets head, AhRole role) noexcept {
  if (head.size() < ipv4_header_size) return std::unexpected(Discard::malformed_packet);
  std::uint8_t* header = head.data();
  if (load<&Ipv4Header::ihl>(header) * std::size_t{4} != head.size() ||
      load<&Ipv4Header::protocol>(header) != protocol::ah)
    return std::unexpected(Discard::malformed_packet);
  //= rfc4302/3.3.3.1.1.1/mutable-ipv4-fields-are-zeroed
  store<&Ipv4Header::dscp>(header, 0);
  store<&Ipv4Header::ecn>(header, 0);
  store<&Ipv4Header::flags>(header, 0);
  store<&Ipv4Header::fragment_offset>(header, 0);
  store<&Ipv4Header::ttl>(header, 0);
  store<&Ipv4Header::checksum>(header, 0);
  const Ipv4Destination destination{header + offset_of<&Ipv4Header::destination>};
  const Discard cause = canonicalise_ipv4_options(head.subspan(ipv4_header_size), destination, role);
  if (cause != Discard::none) return std::unexpected(cause);
  return 0;
}

//= rfc4302/A2/data-of-changing-option-is-zeroed
Discard zero_changing_options(MutableOctets options) noexcept {
  while (!options.empty()) {
    Ipv6Option option;
    option.type = load<&Ipv6Option::type>(options.data());
    if (!option.has_length()) {
      options = options.subspan(1);
      continue;
    }
    constexpr std::size_t in_front = end_of<&Ipv6Option::length>;
    if (options.size() < in_front) return Discard::malformed_packet;
    const std::size_t length = load<&Ipv6Option::length>(options.data());
    options = options.subspan(in_front);
    if (options.size() < length) return Discard::malformed_packet;
    if (option.may_change_en_route()) zero(options.first(length));
    options = options.subspan(length);
  }
  return Discard::none;
}

//= rfc4302/A2/routing-header-as-it-arrives
// Each segment still to come swaps the destination with the next address (RFC 2460 4.4): when all are used
// up, the addresses have moved on by one, and the last is the destination. Type 2 (RFC 6275 6.4) has the same
// shape, one address long, and is used up in the same way.
Discard foretell(MutableOctets routing, std::uint8_t* destination, AhRole role) noexcept {
  constexpr std::size_t in_front = end_of<&RoutingHeader::reserved>, address = sizeof(Ipv6Address::octets);
  std::uint8_t* header = routing.data();
  const auto type = load<&RoutingHeader::routing_type>(header);
  if (type != RoutingHeader::source_route && type != RoutingHeader::mobile_ipv6)
    return Discard::ah_unprocessable;
  const std::size_t count = (routing.size() - in_front) / address;
  const std::size_t left = load<&RoutingHeader::segments_left>(header);
  if ((routing.size() - in_front) % address != 0 || left > count) return Discard::malformed_packet;
  if (type == RoutingHeader::mobile_ipv6 && count != 1) return Discard::malformed_packet;
  if (role == AhRole::incoming || left == 0) return Discard::none;

  std::uint8_t* addresses = header + in_front;
  std::uint8_t* next = addresses + (count - left) * address;
  std::array<std::uint8_t, address> last;
  std::memcpy(last.data(), addresses + (count - 1) * address, address);
  std::memmove(next + address, next, (left - 1) * address);
  std::memcpy(next, destination, address);
  std::memcpy(destination, last.data(), address);
  store<&RoutingHeader::segments_left>(header, 0);
  return Discard::none;
}

constexpr std::size_t fragment_header_size = end_of<&FragmentHeader::identification>;

// The headers of one IPv6 packet in their order.
class Ipv6Head {
 public:
  // `head` holds at least the IPv6 header.
  Ipv6Head(MutableOctets head, AhRole role) noexcept
      : head_(head), role_(role), number_(load<&Ipv6Header::next_header>(head.data())) {}

  std::expected<std::size_t, Discard> canonicalise() noexcept {
    //= rfc4302/3.3.3.1.2.1/mutable-ipv6-fields-are-zeroed
    store<&Ipv6Header::dscp>(head_.data(), 0);
    store<&Ipv6Header::ecn>(head_.data(), 0);
    store<&Ipv6Header::flow_label>(head_.data(), 0);
    store<&Ipv6Header::hop_limit>(head_.data(), 0);
    while (at_ < head_.size())
      if (const Discard cause = step(); cause != Discard::none) return std::unexpected(cause);
    if (number_ != protocol::ah) return std::unexpected(Discard::malformed_packet);
    if (fragment_at_ == 0) return 0;
    return leave_out_fragment();
  }

 private:
  // Deals with the extension header at at_ and goes behind it.
  Discard step() noexcept {
    if (!protocol::is_ipv6_extension(number_)) return Discard::ah_unprocessable;
    const MutableOctets left = head_.subspan(at_);
    if (left.size() < 8) return Discard::malformed_packet;  // the least of any
    const std::size_t units = load<&Ipv6ExtensionHeader::length>(left.data());
    const std::size_t size = number_ == protocol::fragment ? fragment_header_size : (units + 1) * 8;
    if (left.size() < size) return Discard::malformed_packet;
    if (const Discard cause = extension(left.first(size)); cause != Discard::none) return cause;
    number_ = load<&Ipv6ExtensionHeader::next_header>(left.data());
    named_at_ = at_ + offset_of<&Ipv6ExtensionHeader::next_header>;
    at_ += size;
    return Discard::none;
  }

  Discard extension(MutableOctets header) noexcept {
    switch (number_) {
      case protocol::hop_by_hop:
        if (at_ != ipv6_header_size) return Discard::ah_unprocessable;
        [[fallthrough]];
      case protocol::destination_options:
        return zero_changing_options(header.subspan(end_of<&Ipv6OptionsHeader::length>));
      case protocol::routing:
        return foretell(header, head_.data() + offset_of<&Ipv6Header::destination>, role_);
      case protocol::fragment:
        return fragment(header.data());
      default:
        return Discard::ah_unprocessable;
    }
  }

  Discard fragment(const std::uint8_t* header) noexcept {
    if (fragment_at_ != 0) return Discard::ah_unprocessable;
    fragment_at_ = at_, fragment_named_at_ = named_at_;
    const bool whole = load<&FragmentHeader::fragment_offset>(header) == 0 &&
                       load<&FragmentHeader::more_fragments>(header) == 0;
    return whole ? Discard::none : Discard::fragment_for_ipsec;
  }

  //= rfc4302/A2/fragment-header-is-skipped-inbound
  //= rfc4302/A2/fragment-header-is-skipped-outbound
  // As if the packet had come without it. So the packet has one ICV, whether or not somebody on the way took
  // the header off; that is why the length shrinks too.
  std::expected<std::size_t, Discard> leave_out_fragment() noexcept {
    const auto length = load<&Ipv6Header::payload_length>(head_.data());
    if (length < fragment_header_size) return std::unexpected(Discard::malformed_packet);
    store<&Ipv6Header::payload_length>(head_.data(),
                                       static_cast<std::uint16_t>(length - fragment_header_size));
    head_[fragment_named_at_] = load<&FragmentHeader::next_header>(head_.data() + fragment_at_);
    std::memmove(head_.data() + fragment_header_size, head_.data(), fragment_at_);
    return fragment_header_size;
  }

  MutableOctets head_;
  AhRole role_;
  std::uint8_t number_;  // of the header at at_
  std::size_t at_ = ipv6_header_size;
  std::size_t named_at_ = offset_of<&Ipv6Header::next_header>;  // the octet that says number_
  std::size_t fragment_at_ = 0;                                 // 0: there is none
  std::size_t fragment_named_at_ = 0;
};

}  // namespace

std::expected<std::size_t, Discard> canonicalise(MutableOctets head, AhRole role) noexcept {
  if (head.empty()) return std::unexpected(Discard::malformed_packet);
  switch (load<&Ipv4Header::version>(head.data())) {  // in the same place in both families
    case 4:
      return canonicalise_ipv4(head, role);
    case 6:
      if (head.size() < ipv6_header_size) return std::unexpected(Discard::malformed_packet);
      return Ipv6Head(head, role).canonicalise();
    default:
      return std::unexpected(Discard::unsupported_ip_version);
  }
}

}  // namespace mpsec::ipsec
