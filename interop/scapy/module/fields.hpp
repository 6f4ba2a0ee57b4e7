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

// Fills a struct from nested dicts, as Gatherer gives them: what is not named keeps its value. Every list has
// one element before, from which further ones are made.
class Filler final : public wire::FieldVisitor {
 public:
  explicit Filler(const py::dict& fields, std::string path) : open_{{fields, {}, std::move(path)}} {}

  void number(std::string_view name, unsigned bits, std::uint64_t& value) override {
    const auto given = take(name);
    if (!given) return;
    if (py::isinstance<py::bytes>(*given)) return;  // another form of the same field
    value = given->cast<std::uint64_t>();
    if (bits < 64 && value >> bits != 0)
      throw py::value_error(open_.back().path + "/" + std::string(name) + ": expected a number of " +
                            std::to_string(bits) + " bits, found " + std::to_string(value));
  }
  void octets(std::string_view name, Octets& value) override {
    const auto given = take(name);
    if (!given) return;
    const OctetView wanted = view_of(given->cast<py::bytes>());
    value.assign(wanted.begin(), wanted.end());
  }
  void fixed_octets(std::string_view name, MutableOctets value) override {
    const auto given = take(name);
    if (!given) return;
    const OctetView wanted = view_of(given->cast<py::bytes>());
    if (wanted.size() != value.size())
      throw py::value_error(open_.back().path + "/" + std::string(name) + ": expected " +
                            std::to_string(value.size()) + " octets, found " + std::to_string(wanted.size()));
    std::copy(wanted.begin(), wanted.end(), value.begin());
  }
  void list(std::string_view name, wire::ListHandle& handle) override {
    const auto given = take(name);
    const std::size_t wanted = given ? py::len(given->cast<py::list>()) : 0;
    if (handle.size() == 0 && wanted != 0)
      throw py::value_error(open_.back().path + "/" + std::string(name) + ": this list cannot be filled");
    while (handle.size() > wanted)
      handle.erase(handle.size() - 1);
    while (handle.size() < wanted)
      handle.duplicate(0);
  }
  void enter(std::string_view name, std::optional<std::size_t> index) override {
    const std::string path =
        open_.back().path + "/" + std::string(name) + (index ? "[" + std::to_string(*index) + "]" : "");
    const auto given = take(name);
    py::dict inner;
    if (given) inner = index ? py::dict(given->cast<py::list>()[*index]) : given->cast<py::dict>();
    open_.push_back({inner, {}, path});
  }
  void leave() override {
    refuse_rest();
    open_.pop_back();
  }
  // Raises KeyError for a name that was not there to be filled.
  void refuse_rest() const {
    const Level& level = open_.back();
    for (const auto& [name, value] : level.fields)
      if (!level.taken.contains(name)) throw py::key_error(level.path + "/" + std::string(py::str(name)));
  }

 private:
  struct Level {
    py::dict fields;
    py::set taken;
    std::string path;
  };
  std::optional<py::object> take(std::string_view name) {
    Level& level = open_.back();
    const py::str key = text_of(name);
    if (!level.fields.contains(key)) return std::nullopt;
    level.taken.add(key);
    return py::object(level.fields[key]);
  }

  std::vector<Level> open_;
};

}  // namespace mpsec::python
