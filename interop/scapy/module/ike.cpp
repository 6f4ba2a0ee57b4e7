// Whole IKE messages: decode, encode, dump, complete, and every field by its declared name.
#include "bind.hpp"
#include "fields.hpp"
#include "wire/ike/complete.hpp"

namespace mpsec::python {
namespace {

using namespace wire::ike;

py::list payloads_of(const Message& message) {
  py::list payloads;
  for (Payload payload : message.payloads) {
    Gatherer gatherer;
    wire::visit(payload.header, gatherer);
    std::visit([&](auto& body) { wire::visit(body, gatherer); }, payload.body);
    payloads.append(py::make_tuple(text_of(to_string(type_of(payload.body))), gatherer.fields()));
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

template <class Number>
py::dict names_of() {
  py::dict dict;
  for (const auto& line : names<Number>())
    dict[py::int_(static_cast<unsigned>(line.number))] = text_of(line.name);
  return dict;
}

}  // namespace

void bind_ike(py::module_& module) {
  py::class_<Message>(module, "IkeMessage", "An IKEv2 message: its header and its payloads.")
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
