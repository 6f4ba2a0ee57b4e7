// A whole IKE message (RFC 7296 3): a header and a chain of payloads, each naming the next.
#pragma once

#include "wire/codec.hpp"
#include "wire/ike/header.hpp"
#include "wire/ike/registry.hpp"
#include "wire/visit.hpp"

namespace mpsec::wire::ike {

// The same words for whole messages as for the structs they are made of.
using wire::decode, wire::encode, wire::dump, wire::visit;

using Body = Registry::Variant<UnknownPayload>;

struct Payload {
  PayloadHeader header{};  // as received; complete() makes it right
  Body body{};
  bool operator==(const Payload&) const = default;
};

using Payloads = std::vector<Payload>;

struct Message {
  // More than any exchange needs (the longest lawful ones carry some dozens of certificates and notifies),
  // and few enough that a datagram full of empty payloads does not become a list of sixteen thousand.
  static constexpr std::size_t max_payloads = 256;

  IkeHeader header{};
  Payloads payloads{};
  bool operator==(const Message&) const = default;
};

// The header alone, from the front of a message of any version: enough to find the SA, and to answer a
// version that is not ours. Fails (malformed) where there are fewer than 28 octets.
Result<IkeHeader> decode_header(OctetView octets, std::size_t base = 0);

// The IKEv2 message that `octets` are, wholly (without a non-ESP marker). The chain ends at Next Payload 0,
// or with an Encrypted or Encrypted Fragment payload. A payload of unknown type is kept as UnknownPayload,
// its critical bit in its header. The path of an error starts with the exchange, offsets count from the start
// of `octets` plus `base`. Fails with
//   malformed         where a length lies, a field is cut short or something is left over,
//   no_common_ground  where the major version is not 2.
Result<Message> decode_message(OctetView octets, std::size_t base = 0);

// The payloads inside an Encrypted payload, padding taken off: `first` is that payload's Next Payload.
// Another Encrypted payload may not be among them.
Result<Payloads> decode_payloads(PayloadType first, OctetView octets, std::size_t base = 0);

// What was decoded is encoded to itself.
Octets encode(const Message& message);
Octets encode(const Payloads& payloads);
Octets encode(const Payload& payload);

// Every field as text, a line each.
std::string dump(const Message& message);
std::string dump(const Payloads& payloads);

// Shows the header, the payloads as the list "Payloads", and every field of each, to `visitor`.
void visit(Message& message, FieldVisitor& visitor);
void visit(Payloads& payloads, FieldVisitor& visitor);

PayloadType type_of(const Body& body);
std::string_view name_of(const Body& body);

// The payload of that body with a header that complete() has still to fill in.
inline Payload make_payload(Body body, bool critical = false) {
  return {{.critical = critical}, std::move(body)};
}

// The first body of a kind, or nothing.
template <class Wanted>
const Wanted* find(const Payloads& payloads) {
  for (const Payload& payload : payloads)
    if (const auto* body = std::get_if<Wanted>(&payload.body)) return body;
  return nullptr;
}
template <class Wanted>
Wanted* find(Payloads& payloads) {
  return const_cast<Wanted*>(find<Wanted>(std::as_const(payloads)));
}

// All bodies of a kind, in order. They live as long as `payloads`.
template <class Wanted>
std::vector<const Wanted*> find_all(const Payloads& payloads) {
  std::vector<const Wanted*> found;
  for (const Payload& payload : payloads)
    if (const auto* body = std::get_if<Wanted>(&payload.body)) found.push_back(body);
  return found;
}

// The first Notify of a type, or nothing.
const Notify* find_notify(const Payloads& payloads, NotifyType type);

// A Notify, its SPI Size from `spi`. One that speaks of no SA has neither protocol nor SPI.
Notify make_notify(NotifyType type, Octets data = {}, ProtocolId protocol = ProtocolId::none,
                   Octets spi = {});

// SPIs as they stand in Proposal, Notify and Delete, of eight octets (IKE) or four (ESP, AH); reading gives
// nothing where the octets are of another count.
Octets spi_octets(IkeSpi spi);
Octets spi_octets(Spi spi);
std::optional<IkeSpi> ike_spi(OctetView octets);
std::optional<Spi> child_spi(OctetView octets);
// The SPIs of a Delete, each as octets of spi_size; empty where that is 0. They live as long as the payload.
std::vector<OctetView> spis_of(const Delete& payload);

}  // namespace mpsec::wire::ike
