#include "wire/packet.hpp"

#include "wire/codec.hpp"
#include "wire/in_place.hpp"

namespace mpsec::wire {
namespace {

// Reads a chain: follow() picks the header, read_layer() reads it, an after() for each kind of header says
// where the chain goes on.
class ChainReader {
 public:
  // The IP header that the first four bits of `reader` name.
  std::optional<Error> ip(Reader& reader) {
    static constexpr auto clause = "RFC 791 3.1, RFC 8200 3";
    const OctetView start = Reader(reader).rest();
    if (start.empty())
      return Error{Blame::malformed, "IP/Version", reader.offset(), "need 1 octet, have 0", clause};
    const int version = start[0] >> 4;
    if (version == 4) return read_layer<Ipv4Header>(reader);
    if (version == 6) return read_layer<Ipv6Header>(reader);
    return Error{Blame::malformed, "IP/Version", reader.offset(),
                 fmt::format("expected 4 or 6, found {}", version), "RFC 791 3.1, RFC 8200 3"};
  }

  // The header numbered `protocol`; octets where no header has that number.
  std::optional<Error> follow(std::uint8_t protocol, Reader& reader) {
    if (layers_.size() >= Packet::max_layers) return payload(reader);
    std::optional<Error> error;
    bool known = false;
    Registry::for_each([&]<class Line>() {
      if (Line::number != protocol || is_out_of_place(protocol)) return;
      known = true;
      error = read_layer<typename Line::header>(reader);
    });
    return known ? error : payload(reader);
  }

  std::vector<Layer> take() && { return std::move(layers_); }

 private:
  // IPv6's own headers mean nothing in IPv4.
  //= rfc8200/4.1/hop-by-hop-right-after-the-ipv6-header
  bool is_out_of_place(std::uint8_t protocol) const {
    if (protocol::is_ipv6_extension(protocol) && around_.in_ipv4) return true;
    return protocol == protocol::hop_by_hop && !layers_.empty() &&
           !std::holds_alternative<Ipv6Header>(layers_.back());
  }

  template <class Header>
  std::optional<Error> read_layer(Reader& reader) {
    const std::size_t start = reader.offset();
    Header header;
    auto error = read(reader, header);
    if (!error) {
      layers_.emplace_back(header);
      error = after(header, start, reader);
    }
    if (error) error = detail::within(Header::name, *std::move(error));
    return error;
  }

  std::optional<Error> after(const Ipv4Header& header, std::size_t start, Reader& reader) {
    const std::size_t header_length = reader.offset() - start;
    if (header.total_length < header_length) {
      return Error{Blame::malformed, "Total Length", start + offset_of<&Ipv4Header::total_length>,
                   fmt::format("the header counts too: need at least {}, found {}", header_length,
                               header.total_length),
                   std::string(Ipv4Header::clause)};
    }
    const Ending ending{"Total Length", start + offset_of<&Ipv4Header::total_length>, header_length};
    const bool later = header.fragment_offset != 0, more = (header.flags & Ipv4Header::more_fragments) != 0;
    const Surroundings outer = std::exchange(around_, {.in_ipv4 = true});
    auto error = inside(ending, header.total_length - header_length, Ipv4Header::clause, reader,
                        [&](Reader& content) { return part(header.protocol, later, more, content); });
    around_ = outer;
    return error;
  }
  std::optional<Error> after(const Ipv6Header& header, std::size_t start, Reader& reader) {
    const Ending ending{"Payload Length", start + offset_of<&Ipv6Header::payload_length>, 0};
    const Surroundings outer = std::exchange(around_, {.in_ipv4 = false});
    auto error = inside(ending, header.payload_length, Ipv6Header::clause, reader,
                        [&](Reader& content) { return follow(header.next_header, content); });
    around_ = outer;
    return error;
  }
  std::optional<Error> after(const FragmentHeader& header, std::size_t, Reader& reader) {
    return part(header.next_header, header.fragment_offset != 0, header.more_fragments != 0, reader);
  }
  std::optional<Error> after(const UdpHeader& header, std::size_t start, Reader& reader) {
    const Ending ending{"Length", start + offset_of<&UdpHeader::length>, 8};
    std::size_t count = header.length - std::size_t{8};
    if (around_.cut_off) count = std::min(count, reader.left());
    const bool encapsulates =
        header.source_port == ike_nat_traversal_port || header.destination_port == ike_nat_traversal_port;
    return inside(ending, count, UdpHeader::clause, reader,
                  [&](Reader& content) { return encapsulates ? encapsulated(content) : payload(content); });
  }
  // Every other header ends the chain, but for the extension headers, which say what is next.
  template <class Header>
  std::optional<Error> after(const Header& header, std::size_t, Reader& reader) {
    if constexpr (requires { header.next_header; })
      return follow(header.next_header, reader);
    else
      return payload(reader);
  }

  struct Ending {  // the field that says where a layer's content ends
    std::string_view field;
    std::size_t offset;
    std::size_t counted_before;  // octets that its number counts and that lie before the content
  };
  // Reads the content of `count` octets with `read_content`; what stands behind it is trailing.
  template <class ReadContent>
  std::optional<Error> inside(const Ending& ending, std::size_t count, std::string_view clause,
                              Reader& reader, ReadContent read_content) {
    const std::size_t layer = layers_.size() - 1, have = reader.left();
    auto content = reader.child(count);
    if (!content) {
      auto error = detail::need(ending.field, ending.offset, count + ending.counted_before,
                                have + ending.counted_before);
      error.clause = clause;
      return error;
    }
    auto error = read_content(*content);
    if (!error && reader.left() > 0) {
      const OctetView rest = reader.rest();
      layers_.emplace_back(Trailing{{rest.begin(), rest.end()}, layer});
    }
    return error;
  }

  // The content of a packet that may be a fragment.
  std::optional<Error> part(std::uint8_t protocol, bool later, bool more, Reader& reader) {
    if (later) return payload(reader);
    if (!more) return follow(protocol, reader);
    const std::size_t known = layers_.size();
    const Reader start = reader;
    around_.cut_off = true;
    const auto error = follow(protocol, reader);
    if (!error) return std::nullopt;
    layers_.erase(layers_.begin() + static_cast<std::ptrdiff_t>(known), layers_.end());
    reader = start;
    return payload(reader);
  }

  std::optional<Error> encapsulated(Reader& reader) {
    switch (classify_udp_payload(Reader(reader).rest())) {
      case UdpEncapsulated::esp:
        return read_layer<Esp>(reader);
      case UdpEncapsulated::ike:
        return read_layer<NonEspMarker>(reader);
      case UdpEncapsulated::keepalive:
        return read_layer<NatKeepalive>(reader);
      case UdpEncapsulated::malformed:
        break;
    }
    return payload(reader);
  }

  std::optional<Error> payload(Reader& reader) {
    if (reader.left() == 0) return std::nullopt;
    const OctetView rest = reader.rest();
    layers_.emplace_back(Payload{{rest.begin(), rest.end()}});
    return std::nullopt;
  }

  struct Surroundings {    // what the innermost IP header says of the layers after it
    bool in_ipv4 = false;  // they follow an IPv4 header
    bool cut_off = false;  // they are the first fragment of more
  };

  std::vector<Layer> layers_;
  Surroundings around_;
};

template <class Start>
Result<Packet> decode_chain(OctetView octets, std::size_t base, Start start) {
  Reader reader(octets, base);
  ChainReader chain;
  if (auto error = start(chain, reader)) return std::unexpected(*std::move(error));
  return Packet{std::move(chain).take()};
}

}  // namespace

Result<Packet> decode_packet(OctetView octets, std::size_t base) {
  return decode_chain(octets, base, [](ChainReader& chain, Reader& reader) { return chain.ip(reader); });
}

Result<Packet> decode_packet_from(std::uint8_t protocol, OctetView octets, std::size_t base) {
  return decode_chain(octets, base,
                      [&](ChainReader& chain, Reader& reader) { return chain.follow(protocol, reader); });
}

Octets encode(const Packet& packet) {
  Octets out;
  for (const Layer& layer : packet.layers)
    std::visit([&](const auto& header) { write(out, header); }, layer);
  return out;
}

std::string dump(const Packet& packet) {
  std::string text;
  for (const Layer& layer : packet.layers)
    std::visit([&](const auto& header) { text += dump(header); }, layer);
  return text;
}

void visit(Packet& packet, FieldVisitor& visitor) {
  detail::VectorHandle<Layer> handle(packet.layers);
  visitor.list("Layers", handle);
  for (std::size_t i = 0; i < packet.layers.size(); ++i) {
    visitor.enter(name_of(packet.layers[i]), i);
    std::visit([&](auto& header) { visit(header, visitor); }, packet.layers[i]);
    visitor.leave();
  }
}

std::string_view name_of(const Layer& layer) {
  return std::visit([](const auto& header) { return std::string_view(header.name); }, layer);
}

std::optional<std::uint8_t> number_of(const Layer& layer) {
  std::optional<std::uint8_t> number;
  Registry::for_each([&]<class Line>() {
    if (Line::number != not_named && std::holds_alternative<typename Line::header>(layer))
      number = static_cast<std::uint8_t>(Line::number);
  });
  return number;
}

}  // namespace mpsec::wire
