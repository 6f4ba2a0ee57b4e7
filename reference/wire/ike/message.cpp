#include "wire/ike/message.hpp"

#include "wire/codec.hpp"
#include "wire/in_place.hpp"

namespace mpsec::wire::ike {
namespace {

Error malformed(std::string_view field, std::size_t offset, std::string why, std::string_view clause) {
  return {Blame::malformed, std::string(field), offset, std::move(why), std::string(clause)};
}

// The body of the payload type at hand: the registry's, or octets.
Body empty_body(PayloadType type) {
  Body body = UnknownPayload{type, {}};
  Registry::for_each([&]<class Line>() {
    if (Line::type == type) body.emplace<typename Line::body>();
  });
  return body;
}

bool ends_chain(const Body& body) {
  return std::holds_alternative<Encrypted>(body) || std::holds_alternative<EncryptedFragment>(body);
}

// Reads what `header` says the payload's octets are into `body`, and no octet less.
std::optional<Error> read_body(Reader& reader, const PayloadHeader& header, Body& body) {
  const std::size_t length_at = reader.offset() - PayloadHeader::octets + offset_of<&PayloadHeader::length>;
  const std::size_t have = reader.left() + PayloadHeader::octets;
  auto child = reader.child(header.length - PayloadHeader::octets);
  if (!child) {
    auto error = detail::need("Payload Length", length_at, header.length, have);
    error.clause = PayloadHeader::clause;
    return error;
  }
  auto error = std::visit([&](auto& value) { return read(*child, value); }, body);
  if (!error) error = detail::nothing_left(*child);
  if (error && error->clause.empty())
    error->clause = std::visit([](const auto& value) { return std::string(value.clause); }, body);
  return error;
}

std::optional<Error> read_payload(Reader& reader, PayloadType type, Payload& payload) {
  payload.body = empty_body(type);
  auto error = read(reader, payload.header);
  if (!error) error = read_body(reader, payload.header, payload.body);
  if (error) error = detail::within(to_string(type), *std::move(error));
  return error;
}

//= rfc7296/3.1/next-payload-0-ends-the-chain
//= rfc7296/3.1/encrypted-payload-is-the-last
std::optional<Error> read_chain(Reader& reader, PayloadType type, Payloads& payloads) {
  while (type != PayloadType::none) {
    if (payloads.size() == Message::max_payloads)
      return malformed("Payloads", reader.offset(),
                       fmt::format("more than {} payloads", Message::max_payloads), "RFC 7296 3.2");
    Payload& payload = payloads.emplace_back();
    if (auto error = read_payload(reader, type, payload)) return error;
    type = ends_chain(payload.body) ? PayloadType::none : payload.header.next_payload;
  }
  auto error = detail::nothing_left(reader);
  if (error) error->path = "Next Payload", error->clause = "RFC 7296 3.1";
  return error;
}

std::optional<Error> read_message(Reader& reader, Message& message) {
  const std::size_t start = reader.offset(), have = reader.left();
  if (auto error = read(reader, message.header)) return error;
  const IkeHeader& header = message.header;
  if (header.major_version != 2) {
    return Error{Blame::no_common_ground, "Major Version", start + offset_of<&IkeHeader::major_version>,
                 fmt::format("expected 2, found {}", header.major_version), std::string(IkeHeader::clause)};
  }
  if (header.length != have) {
    return malformed(
        "Length", start + offset_of<&IkeHeader::length>,
        fmt::format("expected {}, as many as there are, found {}", detail::octet_count(have), header.length),
        IkeHeader::clause);
  }
  return read_chain(reader, header.next_payload, message.payloads);
}

std::string title(const IkeHeader& header) {
  return header.major_version == 2 ? to_string(header.exchange_type)
                                   : fmt::format("IKEv{}", header.major_version);
}

void write_payload(Octets& out, const Payload& payload) {
  write(out, payload.header);
  std::visit([&](const auto& body) { write(out, body); }, payload.body);
}

}  // namespace

Result<IkeHeader> decode_header(OctetView octets, std::size_t base) {
  return wire::decode<IkeHeader>(octets.first(std::min(octets.size(), IkeHeader::octets)), base);
}

Result<Message> decode_message(OctetView octets, std::size_t base) {
  Reader reader(octets, base);
  Message message;
  auto error = read_message(reader, message);
  if (!error) return message;
  const bool has_header = octets.size() >= IkeHeader::octets;
  return std::unexpected(
      detail::within(has_header ? title(message.header) : std::string(IkeHeader::name), *std::move(error)));
}

Result<Payloads> decode_payloads(PayloadType first, OctetView octets, std::size_t base) {
  Reader reader(octets, base);
  Payloads payloads;
  if (auto error = read_chain(reader, first, payloads)) return std::unexpected(*std::move(error));
  //= rfc7296/3.1/no-encrypted-payload-in-another
  if (!payloads.empty() && ends_chain(payloads.back().body)) {
    const std::size_t at = base + octets.size() - payloads.back().header.length;
    return std::unexpected(malformed(name_of(payloads.back().body), at,
                                     "an Encrypted payload may not stand in another", "RFC 7296 3.1"));
  }
  return payloads;
}

Octets encode(const Payload& payload) {
  Octets out;
  write_payload(out, payload);
  return out;
}

Octets encode(const Payloads& payloads) {
  Octets out;
  for (const Payload& payload : payloads)
    write_payload(out, payload);
  return out;
}

Octets encode(const Message& message) {
  Octets out = wire::encode(message.header);
  for (const Payload& payload : message.payloads)
    write_payload(out, payload);
  return out;
}

std::string dump(const Payloads& payloads) {
  Payloads copy = payloads;
  Dumper dumper;
  visit(copy, dumper);
  return std::move(dumper).text();
}

std::string dump(const Message& message) {
  return to_string(message.header.exchange_type) + (message.header.response ? " response\n" : " request\n") +
         wire::dump(message.header) + dump(message.payloads);
}

void visit(Payloads& payloads, FieldVisitor& visitor) {
  wire::detail::VectorHandle<Payload> handle(payloads);
  visitor.list("Payloads", handle);
  for (std::size_t i = 0; i < payloads.size(); ++i) {
    visitor.enter(name_of(payloads[i].body), i);
    wire::visit(payloads[i].header, visitor);
    std::visit([&](auto& body) { wire::visit(body, visitor); }, payloads[i].body);
    visitor.leave();
  }
}

void visit(Message& message, FieldVisitor& visitor) {
  wire::visit(message.header, visitor);
  visit(message.payloads, visitor);
}

PayloadType type_of(const Body& body) {
  PayloadType type = PayloadType::none;
  if (const auto* unknown = std::get_if<UnknownPayload>(&body)) type = unknown->type;
  Registry::for_each([&]<class Line>() {
    if (std::holds_alternative<typename Line::body>(body)) type = Line::type;
  });
  return type;
}

std::string_view name_of(const Body& body) {
  return std::visit([](const auto& value) { return std::string_view(value.name); }, body);
}

const Notify* find_notify(const Payloads& payloads, NotifyType type) {
  for (const Payload& payload : payloads)
    if (const auto* notify = std::get_if<Notify>(&payload.body); notify && notify->type == type)
      return notify;
  return nullptr;
}

Notify make_notify(NotifyType type, Octets data, ProtocolId protocol, Octets spi) {
  return {protocol, static_cast<std::uint8_t>(spi.size()), type, std::move(spi), std::move(data)};
}

Octets spi_octets(IkeSpi spi) {
  Octets octets;
  append_be(octets, spi.value);
  return octets;
}

Octets spi_octets(Spi spi) {
  Octets octets;
  append_be(octets, spi.value);
  return octets;
}

std::optional<IkeSpi> ike_spi(OctetView octets) {
  if (octets.size() != sizeof(IkeSpi)) return std::nullopt;
  return IkeSpi(load_be<std::uint64_t>(octets.data()));
}

std::optional<Spi> child_spi(OctetView octets) {
  if (octets.size() != sizeof(Spi)) return std::nullopt;
  return Spi(load_be<std::uint32_t>(octets.data()));
}

std::vector<OctetView> spis_of(const Delete& payload) {
  std::vector<OctetView> spis;
  if (payload.spi_size == 0) return spis;
  for (OctetView left = payload.spis; left.size() >= payload.spi_size; left = left.subspan(payload.spi_size))
    spis.push_back(left.first(payload.spi_size));
  return spis;
}

}  // namespace mpsec::wire::ike
