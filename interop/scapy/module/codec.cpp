// Whole packets: decode, encode, dump, and every field by its declared name.
#include "bind.hpp"
#include "fields.hpp"
#include "wire/complete.hpp"
#include "wire/packet.hpp"

namespace mpsec::python {
namespace {

py::list layers_of(const wire::Packet& packet) {
  py::list layers;
  for (const wire::Layer& layer : packet.layers) {
    Gatherer gatherer;
    std::visit([&](auto header) { wire::visit(header, gatherer); }, layer);
    layers.append(py::make_tuple(text_of(wire::name_of(layer)), gatherer.fields()));
  }
  return layers;
}

void set_field(wire::Packet& packet, std::size_t layer, const std::string& name, const py::object& value) {
  if (layer >= packet.layers.size()) throw py::index_error("no such layer");
  Setter setter(name, value);
  std::visit([&](auto& header) { wire::visit(header, setter); }, packet.layers[layer]);
  if (!setter.found()) throw py::key_error(name);
}

}  // namespace

void bind_codec(py::module_& module) {
  py::class_<wire::Packet>(module, "Packet", "A datagram as the chain of its layers.")
      .def_property_readonly("layers", &layers_of, "[(name, {field: value})], from the outside in")
      .def("set", &set_field, py::arg("layer"), py::arg("field"), py::arg("value"),
           "Sets a field of the layer with this index; nothing else changes with it.")
      .def(
          "complete", [](wire::Packet& packet) { value_or_raise(wire::complete(packet)); },
          "Fills in lengths, next headers and checksums.")
      .def("encode", [](const wire::Packet& packet) { return bytes_of(wire::encode(packet)); })
      .def("dump", [](const wire::Packet& packet) { return wire::dump(packet); })
      .def("__eq__", [](const wire::Packet& one, const wire::Packet& other) { return one == other; });
  module.def(
      "decode", [](const py::bytes& octets) { return value_or_raise(wire::decode_packet(view_of(octets))); },
      py::arg("octets"), "The packet that the octets are; raises mpsec.Error where they are none.");
  module.def(
      "decode_from",
      [](std::uint8_t protocol, const py::bytes& octets) {
        return value_or_raise(wire::decode_packet_from(protocol, view_of(octets)));
      },
      py::arg("protocol"), py::arg("octets"), "The same from the header of this protocol number on.");
}

}  // namespace mpsec::python
