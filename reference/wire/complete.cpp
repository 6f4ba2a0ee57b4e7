#include "wire/complete.hpp"

#include <limits>

#include "wire/checksum.hpp"
#include "wire/codec.hpp"
#include "wire/in_place.hpp"

namespace mpsec::wire {
namespace {

// Completes the layers from the innermost out, so that each finds its content complete.
class Completion {
 public:
  explicit Completion(std::vector<Layer>& layers) : layers_(layers) {}

  Result<> run() {
    for (at_ = layers_.size(); at_-- > 0;)
      std::visit([&](auto& header) { complete(header); }, layers_[at_]);
    if (first_error_) return std::unexpected(*std::move(first_error_));
    return {};
  }

 private:
  void complete(Ipv4Header& header) {
    const std::size_t size = ipv4_fixed_size + pad_to_words(header.options);
    set<&Ipv4Header::ihl>(header, "IHL", size / 4);
    name_next(header.protocol);
    set<&Ipv4Header::total_length>(header, "Total Length", size + content().size());
    header.checksum = 0;
    header.checksum = internet_checksum(encode(header));
  }

  void complete(Ipv6Header& header) {
    name_next(header.next_header);
    set<&Ipv6Header::payload_length>(header, "Payload Length", content().size());
  }

  void complete(HopByHopOptions& header) { complete_options(header); }
  void complete(DestinationOptions& header) { complete_options(header); }
  template <class Header>
  void complete_options(Header& header) {
    name_next(header.next_header);
    set<&Ipv6OptionsHeader::length>(header, "Hdr Ext Len", pad_to_8(header.options) / 8 - 1);
  }

  void complete(RoutingHeader& header) {
    name_next(header.next_header);
    if (!header.is_source_route()) pad_with_zeros(header.data, 4);
    const std::size_t units =
        header.is_source_route() ? header.addresses.size() * 2 : (header.data.size() - 4) / 8;
    set<&RoutingHeader::length>(header, "Hdr Ext Len", units);
  }

  void complete(FragmentHeader& header) { name_next(header.next_header); }
  void complete(MobilityHeader& header) { complete_extension(header); }
  void complete(HipHeader& header) { complete_extension(header); }
  void complete(Shim6Header& header) { complete_extension(header); }
  template <class Header>
  void complete_extension(Header& header) {
    name_next(header.next_header);
    pad_with_zeros(header.data, 2);
    set<&Ipv6ExtensionHeader::length>(header, "Hdr Ext Len", (header.data.size() - 6) / 8);
  }

  void complete(Ah& header) {
    name_next(header.next_header);
    header.icv.resize((header.icv.size() + 3) / 4 * 4);
    set<&Ah::payload_length>(header, "Payload Len", (Ah::fixed_size + header.icv.size()) / 4 - 2);
  }

  void complete(UdpHeader& header) {
    if (in_fragment()) return;
    const Octets data = content();
    if (!set<&UdpHeader::length>(header, "Length", udp_size + data.size())) return;
    header.checksum = 0;
    //= rfc3948/2.1/udp-checksum-is-sent-as-zero
    if (encapsulates_esp() && source_is_ipv4()) return;
    if (const auto sum = sum_with_pseudo_header(header, protocol::udp, data))
      header.checksum = udp_checksum_on_wire(sum->checksum());
  }

  void complete(TcpHeader& header) {
    set<&TcpHeader::data_offset>(header, "Data Offset", (tcp_fixed_size + pad_to_words(header.options)) / 4);
    complete_transport(header, protocol::tcp);
  }
  void complete(Icmpv6& header) { complete_transport(header, protocol::icmpv6); }
  template <class Header>
  void complete_transport(Header& header, std::uint8_t number) {
    if (in_fragment()) return;
    const std::uint16_t received = std::exchange(header.checksum, 0);
    const auto sum = sum_with_pseudo_header(header, number, content());
    header.checksum = sum ? sum->checksum() : received;
  }

  void complete(Icmp& header) {
    if (in_fragment()) return;
    header.checksum = 0;
    Octets message = encode(header);
    append(message, content());
    header.checksum = internet_checksum(message);
  }

  template <class Opaque>
  void complete(Opaque&) {}  // nothing in it follows from the rest

  // Options of IPv4 and TCP: an end of the list fills the last word. Says how many octets they take.
  template <class Option>
  std::size_t pad_to_words(std::vector<Option>& options) {
    std::size_t size = 0;
    for (Option& option : options) {
      if (option.has_length()) set_length(option.length, "Options/Length", option.data.size() + 2);
      size += encode(option).size();
    }
    const std::size_t padding = (4 - size % 4) % 4;
    if (padding == 0) return size;
    const bool ended = encode(options.back()).front() == ipv4_option::end_of_list;
    if (!ended) options.emplace_back();
    options.back().data.resize(options.back().data.size() + padding - (ended ? 0 : 1));
    return size + padding;
  }

  // Options of IPv6: Pad1 or PadN fills the last 8 octets. Says how many octets the whole header takes.
  std::size_t pad_to_8(std::vector<Ipv6Option>& options) {
    std::size_t size = 2;
    for (Ipv6Option& option : options) {
      if (option.has_length()) set_length(option.length, "Options/Opt Data Len", option.data.size());
      size += encode(option).size();
    }
    const std::size_t padding = (8 - size % 8) % 8;
    if (padding == 1) options.push_back({.type = Ipv6Option::pad1, .length = 0, .data = {}});
    if (padding > 1) {
      const auto zeros = static_cast<std::uint8_t>(padding - 2);
      options.push_back({.type = Ipv6Option::pad_n, .length = zeros, .data = Octets(zeros)});
    }
    return size + padding;
  }

  // Data of an extension header behind its first `before` octets.
  static void pad_with_zeros(Octets& data, std::size_t before) {
    data.resize((data.size() + before + 7) / 8 * 8 - before);
  }

  void name_next(std::uint8_t& field) const {
    if (at_ + 1 == layers_.size()) return;
    if (const auto number = number_of(layers_[at_ + 1])) field = *number;
  }

  // The octets behind the current layer, up to the end of its content.
  Octets content() const {
    Octets octets;
    for (std::size_t i = at_ + 1; i < layers_.size(); ++i) {
      const auto* trailing = std::get_if<Trailing>(&layers_[i]);
      if (trailing && trailing->behind <= at_) continue;
      std::visit([&](const auto& header) { write(octets, header); }, layers_[i]);
    }
    return octets;
  }

  // The layers from the innermost IP header before the current layer on; empty where there is none.
  std::span<const Layer> since_ip_header() const {
    for (std::size_t i = at_; i-- > 0;) {
      if (std::holds_alternative<Ipv4Header>(layers_[i]) || std::holds_alternative<Ipv6Header>(layers_[i]))
        return std::span(layers_).subspan(i, at_ - i);
    }
    return {};
  }

  bool in_fragment() const {
    for (const Layer& layer : since_ip_header()) {
      if (const auto* ip = std::get_if<Ipv4Header>(&layer))
        if (ip->fragment_offset != 0 || (ip->flags & Ipv4Header::more_fragments) != 0) return true;
      if (const auto* fragment = std::get_if<FragmentHeader>(&layer))
        if (fragment->fragment_offset != 0 || fragment->more_fragments != 0) return true;
    }
    return false;
  }

  bool source_is_ipv4() const {
    const auto before = since_ip_header();
    return !before.empty() && std::holds_alternative<Ipv4Header>(before.front());
  }
  bool encapsulates_esp() const {
    return at_ + 1 < layers_.size() && (std::holds_alternative<Esp>(layers_[at_ + 1]) ||
                                        std::holds_alternative<NatKeepalive>(layers_[at_ + 1]));
  }

  // The sum over pseudo header, `header` and `data`; nothing where no IP header says the addresses.
  template <class Header>
  std::optional<OnesComplementSum> sum_with_pseudo_header(const Header& header, std::uint8_t number,
                                                          const Octets& data) const {
    const auto before = since_ip_header();
    if (before.empty()) return std::nullopt;
    Octets upper = encode(header);
    append(upper, data);
    const auto length = static_cast<std::uint32_t>(upper.size());
    if (const auto* ip = std::get_if<Ipv4Header>(&before.front()))
      return pseudo_header_sum(ip->source, ip->destination, number, length).add(upper);
    const auto& ip = std::get<Ipv6Header>(before.front());
    return pseudo_header_sum(ip.source, final_destination(ip, before), number, length).add(upper);
  }

  // The last address of a routing header that is not used up.
  //= rfc8200/8.1/pseudo-header-has-the-final-destination
  static OctetView final_destination(const Ipv6Header& ip, std::span<const Layer> before) {
    for (const Layer& layer : before) {
      const auto* routing = std::get_if<RoutingHeader>(&layer);
      if (routing && routing->is_source_route() && routing->segments_left > 0 && !routing->addresses.empty())
        return routing->addresses.back().octets;
    }
    return ip.destination;
  }

  // Puts `number` into the field, if it has the bits for it.
  template <auto Member, class Header>
  bool set(Header& header, std::string_view field, std::size_t number) {
    constexpr std::size_t greatest = (std::size_t{1} << detail::place_of<Member>.bits) - 1;
    if (number > greatest) return too_big(field, number, greatest);
    header.*Member = static_cast<detail::ValueOf<Member>>(number);
    return true;
  }
  void set_length(std::uint8_t& length, std::string_view field, std::size_t number) {
    if (number > std::numeric_limits<std::uint8_t>::max())
      too_big(field, number, std::numeric_limits<std::uint8_t>::max());
    else
      length = static_cast<std::uint8_t>(number);
  }
  bool too_big(std::string_view field, std::size_t number, std::size_t greatest) {
    if (!first_error_) {
      first_error_ = Error{.blame = Blame::local_fault,
                           .path = fmt::format("{}/{}", name_of(layers_[at_]), field),
                           .offset = std::nullopt,
                           .why = fmt::format("need {}, the field holds at most {}", number, greatest),
                           .clause = {}};
    }
    return false;
  }

  static constexpr std::size_t ipv4_fixed_size = end_of<&Ipv4Header::destination>,
                               tcp_fixed_size = end_of<&TcpHeader::urgent_pointer>,
                               udp_size = end_of<&UdpHeader::checksum>;
  std::vector<Layer>& layers_;
  std::size_t at_ = 0;
  std::optional<Error> first_error_;
};

}  // namespace

Result<> complete(Packet& packet) {
  return Completion(packet.layers).run();
}

}  // namespace mpsec::wire
