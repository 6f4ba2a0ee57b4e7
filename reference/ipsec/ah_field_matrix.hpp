// Field by field and option by option: what AH makes of a change on the way (RFC 4302 3.3.3.1, Appendix A).
// Data for trials, ours and a conformance suite's; the engine itself does not use it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "wire/ah.hpp"
#include "wire/in_place.hpp"
#include "wire/ipv4.hpp"
#include "wire/ipv6.hpp"
#include "wire/ipv6_fragment.hpp"
#include "wire/ipv6_options.hpp"
#include "wire/ipv6_routing.hpp"

namespace mpsec::ipsec {

enum class AhCoverage : std::uint8_t {
  covered,    // any change is refused
  predicted,  // the sender foretells the value on arrival; a change after that is refused
  zeroed,     // may change: counts as zero
  left_out,   // may change: does not count at all
};
constexpr bool may_change(AhCoverage coverage) {
  return coverage == AhCoverage::zeroed || coverage == AhCoverage::left_out;
}

enum class AhHeader : std::uint8_t {
  ipv4,
  ipv6,
  hop_by_hop,           // and its options apart, below
  destination_options,  // in front of AH
  routing,              // type 0
  fragment,             // of a whole packet
  ah,
};

struct AhField {
  AhHeader header;
  std::string_view name;  // as its declaration names it
  AhCoverage coverage;
  std::string_view clause;
  void (*fill)(std::uint8_t* header);  // sets every bit of the field, and no other, in a header of zeros
};

namespace detail {
template <auto Member>
void fill(std::uint8_t* header) {
  using Value = wire::detail::ValueOf<Member>;
  if constexpr (wire::detail::IsOctetArray<Value>::value) {
    Value ones;
    ones.fill(0xff);
    wire::store<Member>(header, ones);
  } else {
    wire::store<Member>(header, wire::detail::from_number<Value>(~std::uint64_t{0}));
  }
}
template <auto Member>
constexpr AhField ah_field(AhHeader header, std::string_view name, AhCoverage coverage,
                           std::string_view clause) {
  return {header, name, coverage, clause, fill<Member>};
}
}  // namespace detail

inline constexpr auto ah_field_matrix = [] {
  using namespace wire;
  using detail::ah_field;
  using enum AhHeader;
  using enum AhCoverage;
  constexpr std::string_view v4 = "RFC 4302 3.3.3.1.1.1", v6 = "RFC 4302 3.3.3.1.2.1",
                             options = "RFC 4302 3.3.3.1.2.2", extensions = "RFC 4302 A2",
                             authentication = "RFC 4302 3.3.3";
  return std::to_array<AhField>({
      ah_field<&Ipv4Header::version>(ipv4, "Version", covered, v4),
      ah_field<&Ipv4Header::ihl>(ipv4, "IHL", covered, v4),
      ah_field<&Ipv4Header::dscp>(ipv4, "DSCP", zeroed, v4),
      ah_field<&Ipv4Header::ecn>(ipv4, "ECN", zeroed, v4),
      ah_field<&Ipv4Header::total_length>(ipv4, "Total Length", covered, v4),
      ah_field<&Ipv4Header::identification>(ipv4, "Identification", covered, v4),
      // Of the flags, More Fragments is free for the ICV, but makes the packet a fragment: refused.
      ah_field<&Ipv4Header::flags>(ipv4, "Flags", zeroed, v4),
      // Free for the ICV likewise.
      ah_field<&Ipv4Header::fragment_offset>(ipv4, "Fragment Offset", zeroed, v4),
      ah_field<&Ipv4Header::ttl>(ipv4, "Time to Live", zeroed, v4),
      ah_field<&Ipv4Header::protocol>(ipv4, "Protocol", covered, v4),
      ah_field<&Ipv4Header::checksum>(ipv4, "Header Checksum", zeroed, v4),
      ah_field<&Ipv4Header::source>(ipv4, "Source Address", covered, v4),
      ah_field<&Ipv4Header::destination>(ipv4, "Destination Address", predicted, v4),

      ah_field<&Ipv6Header::version>(ipv6, "Version", covered, v6),
      ah_field<&Ipv6Header::dscp>(ipv6, "DSCP", zeroed, v6),
      ah_field<&Ipv6Header::ecn>(ipv6, "ECN", zeroed, v6),
      ah_field<&Ipv6Header::flow_label>(ipv6, "Flow Label", zeroed, v6),
      ah_field<&Ipv6Header::payload_length>(ipv6, "Payload Length", covered, v6),
      ah_field<&Ipv6Header::next_header>(ipv6, "Next Header", covered, v6),
      ah_field<&Ipv6Header::hop_limit>(ipv6, "Hop Limit", zeroed, v6),
      ah_field<&Ipv6Header::source>(ipv6, "Source Address", covered, v6),
      ah_field<&Ipv6Header::destination>(ipv6, "Destination Address", predicted, v6),

      ah_field<&Ipv6OptionsHeader::next_header>(hop_by_hop, "Next Header", covered, options),
      ah_field<&Ipv6OptionsHeader::length>(hop_by_hop, "Hdr Ext Len", covered, options),
      ah_field<&Ipv6OptionsHeader::next_header>(destination_options, "Next Header", covered, options),
      ah_field<&Ipv6OptionsHeader::length>(destination_options, "Hdr Ext Len", covered, options),

      ah_field<&RoutingHeader::next_header>(routing, "Next Header", covered, extensions),
      ah_field<&RoutingHeader::length>(routing, "Hdr Ext Len", covered, extensions),
      ah_field<&RoutingHeader::routing_type>(routing, "Routing Type", covered, extensions),
      ah_field<&RoutingHeader::segments_left>(routing, "Segments Left", predicted, extensions),
      ah_field<&RoutingHeader::reserved>(routing, "Reserved", covered, extensions),

      ah_field<&FragmentHeader::next_header>(fragment, "Next Header", covered, extensions),
      ah_field<&FragmentHeader::reserved>(fragment, "Reserved", left_out, extensions),
      // No fragment comes as far as to have an ICV.
      ah_field<&FragmentHeader::fragment_offset>(fragment, "Fragment Offset", covered, "RFC 4302 3.4.1"),
      ah_field<&FragmentHeader::reserved2>(fragment, "Res", left_out, extensions),
      ah_field<&FragmentHeader::more_fragments>(fragment, "M", covered, "RFC 4302 3.4.1"),
      ah_field<&FragmentHeader::identification>(fragment, "Identification", left_out, extensions),

      ah_field<&Ah::next_header>(ah, "Next Header", covered, authentication),
      ah_field<&Ah::payload_length>(ah, "Payload Len", covered, authentication),
      ah_field<&Ah::reserved>(ah, "RESERVED", covered, authentication),
      ah_field<&Ah::spi>(ah, "SPI", covered, authentication),
      ah_field<&Ah::sequence_number>(ah, "Sequence Number", covered, authentication),
  });
}();

// An option as it may stand in a packet. Of an IPv4 option the coverage is that of all its octets, of an IPv6
// one that of its data: type and length are covered always.
struct AhOption {
  std::string_view name;
  std::string_view octets;  // in hexadecimal
  AhCoverage coverage;
};

// RFC 4302 A1, in its order, and at the end one that no document names.
inline constexpr auto ah_ipv4_options = std::to_array<AhOption>({
    {"End of Option List", "00", AhCoverage::covered},
    {"No Operation", "01", AhCoverage::covered},
    {"Security", "82 0b ab10 0001 0002 00001f", AhCoverage::covered},
    {"Extended Security", "85 05 01 8001", AhCoverage::covered},
    {"Commercial Security", "86 0a 00000001 01 04 00 05", AhCoverage::covered},
    {"Router Alert", "94 04 0000", AhCoverage::covered},
    {"Sender Directed Multi-Destination Delivery", "95 0a c0000201 c0000202", AhCoverage::covered},
    {"Loose Source Route", "83 0b 0c cb007101 cb007102", AhCoverage::zeroed},
    {"Time Stamp", "44 0c 0d 00 00a4cb80 00a4cb94", AhCoverage::zeroed},
    {"Record Route", "07 0b 08 cb007101 00000000", AhCoverage::zeroed},
    {"Strict Source Route", "89 07 08 cb007101", AhCoverage::zeroed},
    {"Traceroute", "52 0c 1234 0001 ffff cb007101", AhCoverage::zeroed},
    {"Stream ID", "88 04 1234", AhCoverage::zeroed},
    {"MTU Probe", "0b 04 05dc", AhCoverage::zeroed},
    {"MTU Reply", "0c 04 05dc", AhCoverage::zeroed},
    {"Extended Internet Protocol", "91 04 0001", AhCoverage::zeroed},
    {"Experimental Measurement", "0a 04 0001", AhCoverage::zeroed},
    {"Experimental Flow Control", "cd 04 0001", AhCoverage::zeroed},
    {"Experimental Access Control", "8e 04 0001", AhCoverage::zeroed},
    {"number 15", "0f 04 0001", AhCoverage::zeroed},
    {"IMI Traffic Descriptor", "90 04 0001", AhCoverage::zeroed},
    {"Address Extension", "93 04 0001", AhCoverage::zeroed},
    {"an unknown option", "9e 06 01020304", AhCoverage::zeroed},
});

// The third bit of an IPv6 option's type decides (RFC 8200 4.2), for options that are known and others.
inline constexpr auto ah_ipv6_options = std::to_array<AhOption>({
    {"Pad1", "00", AhCoverage::covered},
    {"PadN", "01 04 00000000", AhCoverage::covered},
    {"Tunnel Encapsulation Limit", "04 01 03", AhCoverage::covered},
    {"Router Alert", "05 02 0000", AhCoverage::covered},
    {"Home Address", "c9 10 20010db8000000000000000000000099", AhCoverage::covered},
    {"an unknown option that may not change", "1e 04 01020304", AhCoverage::covered},
    {"an unknown option that may change", "3e 04 01020304", AhCoverage::zeroed},
    {"an unknown option that may change, discard if unknown", "7e 04 01020304", AhCoverage::zeroed},
    {"an option that may change, without data", "3e 00", AhCoverage::zeroed},
});

}  // namespace mpsec::ipsec
