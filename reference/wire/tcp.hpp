// RFC 9293 3.1: the TCP header. Here for selectors, the repair of its checksum behind a NAT, and tests.
#pragma once

#include "wire/schema.hpp"

namespace mpsec::wire {

// RFC 9293 3.2: one octet alone (End of Option List, No-Operation), or kind, length, data.
struct TcpOption {
  static constexpr std::string_view name = "Option", clause = "RFC 9293 3.2";
  static constexpr std::uint8_t end_of_list = 0, no_operation = 1, maximum_segment_size = 2;

  std::uint8_t kind = end_of_list;
  std::uint8_t length = 0;  // of the whole option, where there is one
  Octets data;

  bool has_length() const { return kind != end_of_list && kind != no_operation; }
  // What stands behind the end of the list is no option; it is kept as this last one's data.
  std::size_t data_octets(std::size_t left) const {
    if (kind == end_of_list) return left;
    return has_length() ? length - std::size_t{2} : 0;
  }
  bool operator==(const TcpOption&) const = default;

  static constexpr auto wire = Entries{
      field<&TcpOption::kind>("Kind"),
      when(&TcpOption::has_length, field<&TcpOption::length>("Length")),
      when(&TcpOption::has_length,
           check<&TcpOption::length>("Length", at_least(2), "kind and length octet count too")),
      octets<&TcpOption::data>("Data", &TcpOption::data_octets),
  };
};

// |          Source Port          |       Destination Port        |
// |                        Sequence Number                        |
// |                    Acknowledgment Number                      |
// | Offset| Rsrvd |C|E|U|A|P|R|S|F|            Window             |
// |           Checksum            |         Urgent Pointer        |
// |                           [Options]                           |
struct TcpHeader {
  static constexpr std::string_view name = "TCP", clause = "RFC 9293 3.1";
  static constexpr std::uint8_t fin = 1, syn = 2, rst = 4, psh = 8, ack = 16, urg = 32, ece = 64, cwr = 128;

  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint32_t sequence_number = 0;
  std::uint32_t acknowledgment_number = 0;
  std::uint8_t data_offset = 5;  // header length in units of 4 octets
  std::uint8_t reserved = 0;
  std::uint8_t flags = 0;
  std::uint16_t window = 0;
  std::uint16_t checksum = 0;
  std::uint16_t urgent_pointer = 0;
  std::vector<TcpOption> options;

  std::size_t options_octets() const { return (data_offset - std::size_t{5}) * 4; }
  bool operator==(const TcpHeader&) const = default;

  static constexpr auto wire = Entries{
      field<&TcpHeader::source_port>("Source Port"),
      field<&TcpHeader::destination_port>("Destination Port"),
      field<&TcpHeader::sequence_number>("Sequence Number"),
      field<&TcpHeader::acknowledgment_number>("Acknowledgment Number"),
      bits<std::uint16_t>(bit<4, &TcpHeader::data_offset>("Data Offset"),
                          bit<4, &TcpHeader::reserved>("Rsrvd"), bit<8, &TcpHeader::flags>("Control Bits")),
      check<&TcpHeader::data_offset>("Data Offset", at_least(5), "20 octets are fixed"),
      field<&TcpHeader::window>("Window"),
      field<&TcpHeader::checksum>("Checksum"),
      field<&TcpHeader::urgent_pointer>("Urgent Pointer"),
      list<&TcpHeader::options>("Options", &TcpHeader::options_octets),
  };
};

}  // namespace mpsec::wire
