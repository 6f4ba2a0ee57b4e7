// The fields of declared structs as Python sees them: read as nested dicts, set by name.
#pragma once

#include "bind.hpp"
#include "wire/visit.hpp"

namespace mpsec::python {

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

}  // namespace mpsec::python
