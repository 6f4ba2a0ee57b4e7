// Whole IKE messages: decode, encode, dump, complete, and every field by its declared name.
#include <charconv>

#include "bind.hpp"
#include "fields.hpp"
#include "wire/ike/complete.hpp"

namespace mpsec::python {
namespace {

using namespace wire::ike;

// RESERVED stands in the payload header, and in some bodies: then the header's is "Payload RESERVED".
py::str name_beside(const py::dict& body, const py::handle& name) {
  return body.contains(name) ? py::str("Payload ") + py::str(name) : py::str(name);
}

py::list payloads_of(const Message& message) {
  py::list payloads;
  for (Payload payload : message.payloads) {
    Gatherer header, body;
    wire::visit(payload.header, header);
    std::visit([&](auto& one) { wire::visit(one, body); }, payload.body);
    const py::dict fields = body.fields();
    for (const auto& [name, value] : header.fields())
      fields[name_beside(fields, name)] = value;
    payloads.append(py::make_tuple(text_of(to_string(type_of(payload.body))), fields));
  }
  return payloads;
}

py::dict header_of(const Message& message) {
  IkeHeader header = message.header;
  Gatherer gatherer;
  wire::visit(header, gatherer);
  return gatherer.fields();
}

void set_header(Message& message, const std::string& name, const py::object& value) {
  Setter setter(name, value);
  wire::visit(message.header, setter);
  if (!setter.found()) throw py::key_error(name);
}

void set_payload(Message& message, std::size_t index, const std::string& name, const py::object& value) {
  if (index >= message.payloads.size()) throw py::index_error("no such payload");
  Setter setter(name, value);
  Payload& payload = message.payloads[index];
  wire::visit(payload.header, setter);
  std::visit([&](auto& body) { wire::visit(body, setter); }, payload.body);
  if (!setter.found()) throw py::key_error(name);
}

// The body of the type, every list in it with one element to make more from.
Body empty_body(PayloadType type) {
  Body body = UnknownPayload{type, {}};
  Registry::for_each([&]<class Line>() {
    if (Line::type == type) body.emplace<typename Line::body>();
  });
  if (auto* sa = std::get_if<SecurityAssociation>(&body))
    sa->proposals = {Proposal{.transforms = {Transform{.attributes = {Attribute{}}}}}};
  if (auto* selectors = std::get_if<TrafficSelectorsInitiator>(&body)) selectors->selectors.resize(1);
  if (auto* selectors = std::get_if<TrafficSelectorsResponder>(&body)) selectors->selectors.resize(1);
  if (auto* request = std::get_if<CertificateRequest>(&body)) request->authorities.resize(1);
  if (auto* configuration = std::get_if<Configuration>(&body)) configuration->attributes.resize(1);
  return body;
}

// By the name that `payloads` shows, or by number.
PayloadType type_named(const py::object& name) {
  if (py::isinstance<py::int_>(name)) return static_cast<PayloadType>(name.cast<std::uint8_t>());
  const auto wanted = name.cast<std::string>();
  std::string all;
  for (const auto& line : names<PayloadType>()) {
    if (line.name == wanted) return line.number;
    all += (all.empty() ? "" : ", ") + std::string(line.name);
  }
  // As types without a name are shown: "payload type 200".
  const std::string unnamed = std::string(kind<PayloadType>()) + " ";
  unsigned number = 0;
  const char* const end = wanted.data() + wanted.size();
  if (wanted.starts_with(unnamed) &&
      std::from_chars(wanted.data() + unnamed.size(), end, number).ptr == end && number < 256)
    return static_cast<PayloadType>(number);
  throw py::key_error("payload: expected a number or one of " + all + ", found \"" + wanted + "\"");
}

// The list of a CERTREQ is there under one encoding only.
void drop_unused(Body& body) {
  auto* const request = std::get_if<CertificateRequest>(&body);
  if (request == nullptr) return;
  Gatherer shown;
  wire::visit(*request, shown);
  if (!shown.fields().contains("Certification Authority")) request->authorities.clear();
}

Payload payload_from(const py::object& name, const py::dict& fields) {
  Payload payload{{}, empty_body(type_named(name))};
  Gatherer in_header, in_body;
  wire::visit(payload.header, in_header);
  std::visit([&](auto& one) { wire::visit(one, in_body); }, payload.body);
  py::dict header, body = fields.attr("copy")();
  for (const auto& [field, value] : in_header.fields()) {
    const py::str given = name_beside(in_body.fields(), field);
    if (body.contains(given)) header[field] = body.attr("pop")(given);
  }
  Filler header_filler(header, py::str(name));
  wire::visit(payload.header, header_filler);
  Filler body_filler(body, py::str(name));
  std::visit([&](auto& one) { wire::visit(one, body_filler); }, payload.body);
  body_filler.refuse_rest();
  drop_unused(payload.body);
  return payload;
}

Message message_from(const py::dict& header, const py::list& payloads) {
  Message message;
  Filler filler(header, "header");
  wire::visit(message.header, filler);
  filler.refuse_rest();
  for (const auto& payload : payloads) {
    const auto [name, fields] = payload.cast<std::pair<py::object, py::dict>>();
    message.payloads.push_back(payload_from(name, fields));
  }
  return message;
}

std::ptrdiff_t place_of(const Message& message, std::size_t index, bool behind) {
  if (index >= message.payloads.size() + (behind ? 1 : 0)) throw py::index_error("no such payload");
  return static_cast<std::ptrdiff_t>(index);
}

template <class Number>
py::dict names_of() {
  py::dict dict;
  for (const auto& line : names<Number>())
    dict[py::int_(static_cast<unsigned>(line.number))] = text_of(line.name);
  return dict;
}

// What makes a message another one.
void bind_changes(py::class_<Message>& type) {
  type.def(
          "insert",
          [](Message& message, std::size_t index, const py::object& name, const py::dict& fields) {
            message.payloads.insert(message.payloads.begin() + place_of(message, index, true),
                                    payload_from(name, fields));
          },
          py::arg("index"), py::arg("name"), py::arg("fields") = py::dict())
      .def(
          "append",
          [](Message& message, const py::object& name, const py::dict& fields) {
            message.payloads.push_back(payload_from(name, fields));
          },
          py::arg("name"), py::arg("fields") = py::dict())
      .def(
          "replace",
          [](Message& message, std::size_t index, const py::object& name, const py::dict& fields) {
            message.payloads[static_cast<std::size_t>(place_of(message, index, false))] =
                payload_from(name, fields);
          },
          py::arg("index"), py::arg("name"), py::arg("fields") = py::dict())
      .def(
          "remove",
          [](Message& message, std::size_t index) {
            message.payloads.erase(message.payloads.begin() + place_of(message, index, false));
          },
          py::arg("index"));
}

}  // namespace

void bind_ike(py::module_& module) {
  py::class_<Message> type(module, "IkeMessage", "An IKEv2 message: its header and its payloads.");
  bind_changes(type);
  type.def(py::init(&message_from), py::arg("header") = py::dict(), py::arg("payloads") = py::list(),
           "From what `header` and `payloads` show; fields that are not named keep their defaults, and "
           "lengths, "
           "counts and\nnext payloads are as wrong as they are given until complete().")
      .def_property_readonly("header", &header_of, "{field: value}")
      .def_property_readonly("payloads", &payloads_of, "[(name, {field: value})], in their order")
      .def("set_header", &set_header, py::arg("field"), py::arg("value"))
      .def("set", &set_payload, py::arg("payload"), py::arg("field"), py::arg("value"),
           "Sets a field of the payload with this index; nothing else changes with it.")
      .def(
          "complete", [](Message& message) { value_or_raise(complete(message)); },
          "Fills in next payloads, lengths, counts and marks.")
      .def("encode", [](const Message& message) { return bytes_of(encode(message)); })
      .def("dump", [](const Message& message) { return dump(message); })
      .def("__eq__", [](const Message& one, const Message& other) { return one == other; });
  module.def(
      "decode_ike", [](const py::bytes& octets) { return value_or_raise(decode_message(view_of(octets))); },
      py::arg("octets"), "The IKEv2 message that the octets are; raises mpsec.Error where they are none.");
  py::dict numbers;
  numbers["exchange type"] = names_of<ExchangeType>();
  numbers["payload type"] = names_of<PayloadType>();
  numbers["notify message type"] = names_of<NotifyType>();
  numbers["ID type"] = names_of<IdType>();
  numbers["authentication method"] = names_of<AuthenticationMethod>();
  numbers["certificate encoding"] = names_of<CertificateEncoding>();
  numbers["configuration attribute type"] = names_of<ConfigurationAttributeType>();
  module.attr("ike_names") = numbers;
}

}  // namespace mpsec::python
