// A whole IP datagram as the chain of its layers, from the outside in.
#pragma once

#include "wire/registry.hpp"
#include "wire/visit.hpp"

namespace mpsec::wire {

// What the chain ends with where no header is known, or none may be looked for: application data, IKE, a
// piece of a fragmented datagram.
struct Payload {
  static constexpr std::string_view name = "Payload", clause = "";
  Octets octets;
  bool operator==(const Payload&) const = default;
  static constexpr auto wire = Entries{rest<&Payload::octets>("Octets")};
};

// Octets that stand behind the end that a layer's length field names.
struct Trailing {
  static constexpr std::string_view name = "Trailing", clause = "";
  Octets octets;
  std::size_t behind = 0;  // the index of that layer; not on the wire
  bool operator==(const Trailing&) const = default;
  static constexpr auto wire = Entries{rest<&Trailing::octets>("Octets")};
};

using Layer = Registry::Variant<Payload, Trailing>;

struct Packet {
  // Deeper layers stay octets, so that input which nests itself without end costs no more than this.
  static constexpr std::size_t max_layers = 64;

  std::vector<Layer> layers;
  bool operator==(const Packet&) const = default;

  // The first layer of a kind, or nothing.
  template <class Header>
  const Header* find() const {
    for (const Layer& layer : layers)
      if (const auto* header = std::get_if<Header>(&layer)) return header;
    return nullptr;
  }
  template <class Header>
  Header* find() {
    return const_cast<Header*>(std::as_const(*this).find<Header>());
  }
};

// The packet that `octets` are: IPv4 or IPv6 by their first four bits, then by protocol numbers, into tunnels
// and UDP-encapsulated ESP (by port 4500), as far as headers are known. A fragment but the first stops as
// Payload; in the first one what is cut off does. Fails (malformed) where a header cannot be read or a length
// claims more than there is; the path names all layers on the way, the offset counts from the start of
// `octets` plus `base`.
Result<Packet> decode_packet(OctetView octets, std::size_t base = 0);

// The same from the header numbered `protocol` on, as an ESP trailer's next header names it.
Result<Packet> decode_packet_from(std::uint8_t protocol, OctetView octets, std::size_t base = 0);

// The layers' octets one after the other; what was decoded is encoded to itself.
Octets encode(const Packet& packet);

// Every field of every layer as text, a line each.
std::string dump(const Packet& packet);

// Shows the layers as the list "Layers", and every field of each, to `visitor`.
void visit(Packet& packet, FieldVisitor& visitor);

std::string_view name_of(const Layer& layer);
// The number that names the layer in the header before it; nothing for what no number names.
std::optional<std::uint8_t> number_of(const Layer& layer);

}  // namespace mpsec::wire
