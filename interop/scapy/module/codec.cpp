// Whole packets: decode, encode, dump, and every field by its declared name.
#include "bind.hpp"
#include "wire/complete.hpp"
#include "wire/packet.hpp"

namespace mpsec::python {
namespace {

// Gathers what a walk over a header shows into nested dicts; a list of elements becomes a list of dicts.
class Gatherer final : public wire::FieldVisitor {
 public:
  void number(std::string_view name, unsigned, std::uint64_t& value) override {
    place(name) = py::int_(value);
  }
  void octets(std::string_view name, Octets& value) override { place(name) = bytes_of(value); }
  void fixed_octets(std::string_view name, MutableOctets value) override { place(name) = bytes_of(value); }
  void list(std::string_view name, wire::ListHandle&) override { place(name) = py::list(); }
  void enter(std::string_view name, std::optional<std::size_t> index) override {
    py::dict inner;
    if (index)
      py::list(place(name)).append(inner);
    else
      place(name) = inner;
    open_.push_back(inner);
  }
  void leave() override { open_.pop_back(); }

  py::dict fields() const { return open_.front(); }

 private:
  py::detail::item_accessor place(std::string_view name) { return open_.back()[text_of(name)]; }

  std::vector<py::dict> open_{py::dict()};
};

py::list layers_of(const wire::Packet& packet) {
  py::list layers;
  for (const wire::Layer& layer : packet.layers) {
    Gatherer gatherer;
    std::visit([&](auto header) { wire::visit(header, gatherer); }, layer);
    layers.append(py::make_tuple(text_of(wire::name_of(layer)), gatherer.fields()));
  }
  return layers;
}

// Sets numbers and octets of one name; what is found of another form raises.
class Setter final : public wire::FieldVisitor {
 public:
  Setter(std::string_view name, const py::object& value) : name_(name), value_(value) {}
  void number(std::string_view name, unsigned, std::uint64_t& value) override {
    if (name == name_) value = value_.cast<std::uint64_t>(), found_ = true;
  }
  void octets(std::string_view name, Octets& value) override {
    if (name != name_) return;
    const OctetView wanted = view_of(value_.cast<py::bytes>());
    value.assign(wanted.begin(), wanted.end()), found_ = true;
  }
  void fixed_octets(std::string_view name, MutableOctets value) override {
    if (name != name_) return;
    const OctetView wanted = view_of(value_.cast<py::bytes>());
    if (wanted.size() != value.size()) throw py::value_error("the field has another length");
    std::copy(wanted.begin(), wanted.end(), value.begin()), found_ = true;
  }
  void enter(std::string_view, std::optional<std::size_t>) override {}
  void leave() override {}
  bool found() const { return found_; }

 private:
  std::string_view name_;
  const py::object& value_;
  bool found_ = false;
};

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
