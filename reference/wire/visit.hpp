// Walking the fields of a declared struct by name: what dump, field mutation and any tool that must see every
// field use. Cold path; one virtual call a field.
#pragma once

#include <optional>
#include <string>

#include "wire/schema.hpp"

namespace mpsec::wire {

// The elements of a list, for a visitor that changes the list itself.
class ListHandle {
 public:
  virtual ~ListHandle() = default;
  virtual std::size_t size() const = 0;
  virtual void erase(std::size_t index) = 0;
  virtual void duplicate(std::size_t index) = 0;  // the copy stands right behind the original
  virtual void swap(std::size_t one, std::size_t other) = 0;
};

class FieldVisitor {
 public:
  virtual ~FieldVisitor() = default;
  // A number of `bits` bits; a visitor may change it.
  virtual void number(std::string_view name, unsigned bits, std::uint64_t& value) = 0;
  // Before number(): what the value is called, where it has a name.
  virtual void meaning(std::string_view) {}
  // Octets whose count may change, or is fixed by the format.
  virtual void octets(std::string_view name, Octets& value) = 0;
  virtual void fixed_octets(std::string_view name, MutableOctets value) = 0;
  // Before the elements of a list are visited.
  virtual void list(std::string_view, ListHandle&) {}
  // Around a nested struct, or around one element of a list.
  virtual void enter(std::string_view name, std::optional<std::size_t> index) = 0;
  virtual void leave() = 0;
};

template <Described T>
void visit(T& value, FieldVisitor& visitor);

namespace detail {

template <class Element>
class VectorHandle final : public ListHandle {
 public:
  explicit VectorHandle(std::vector<Element>& elements) : elements_(elements) {}
  std::size_t size() const override { return elements_.size(); }
  void erase(std::size_t index) override { elements_.erase(elements_.begin() + index); }
  void duplicate(std::size_t index) override {
    const Element copy = elements_[index];
    elements_.insert(elements_.begin() + index, copy);
  }
  void swap(std::size_t one, std::size_t other) override { std::swap(elements_[one], elements_[other]); }

 private:
  std::vector<Element>& elements_;
};

template <class Owner>
struct VisitEntry {
  Owner& owner;
  FieldVisitor& visitor;

  template <auto Member>
  void operator()(const Field<Member>& entry) const {
    if constexpr (IsOctetArray<ValueOf<Member>>::value)
      visitor.fixed_octets(entry.name, owner.*Member);
    else
      number<Member>(entry.name, sizeof(ValueOf<Member>) * 8);
  }
  template <class Word, class... Parts>
  void operator()(const Bits<Word, Parts...>& entry) const {
    entry.parts.apply([&](const auto&... part) { (one_bit(part), ...); });
  }
  template <auto Member, class Length>
  void operator()(const CountedOctets<Member, Length>& entry) const {
    visitor.octets(entry.name, owner.*Member);
  }
  template <auto Member>
  void operator()(const RestOctets<Member>& entry) const {
    visitor.octets(entry.name, owner.*Member);
  }
  template <auto Member>
  void operator()(const Nested<Member>& entry) const {
    visitor.enter(entry.name, std::nullopt);
    visit(owner.*Member, visitor);
    visitor.leave();
  }
  template <auto Member, class Length>
  void operator()(const CountedList<Member, Length>& entry) const {
    elements(entry.name, owner.*Member);
  }
  template <auto Member>
  void operator()(const RestList<Member>& entry) const {
    elements(entry.name, owner.*Member);
  }
  template <class Present, class Entry>
  void operator()(const When<Present, Entry>& entry) const {
    if (is_present(entry, owner)) (*this)(entry.entry);
  }
  template <class... All>
  void operator()(const OneOf<All...>& entry) const {
    choose(entry, owner, *this);
  }
  template <auto Member, class... All>
  void operator()(const Inside<Member, All...>& entry) const {
    entry.entries.apply([&](const auto&... inner) { ((*this)(inner), ...); });
  }
  template <auto Member, class Rule>
  void operator()(const Check<Member, Rule>&) const {}

 private:
  template <unsigned Width, auto Member>
  void one_bit(const Bit<Width, Member>& part) const {
    number<Member>(part.name, Width);
  }
  template <auto Member>
  void number(std::string_view name, unsigned bits) const {
    using Value = ValueOf<Member>;
    if constexpr (std::is_enum_v<Value> && requires(Value number) { std::string_view(name_of(number)); })
      visitor.meaning(name_of(owner.*Member));
    std::uint64_t value = to_number(owner.*Member);
    visitor.number(name, bits, value);
    const std::uint64_t mask = bits == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
    owner.*Member = from_number<ValueOf<Member>>(value & mask);
  }
  template <class Element>
  void elements(std::string_view name, std::vector<Element>& list) const {
    VectorHandle<Element> handle(list);
    visitor.list(name, handle);
    for (std::size_t i = 0; i < list.size(); ++i) {
      visitor.enter(name, i);
      visit(list[i], visitor);
      visitor.leave();
    }
  }
};

}  // namespace detail

// Shows every field of `value` that is on the wire to `visitor`, in wire order.
template <Described T>
void visit(T& value, FieldVisitor& visitor) {
  const detail::VisitEntry<T> visit_entry{value, visitor};
  T::wire.apply([&](const auto&... entry) { (visit_entry(entry), ...); });
}

// Writes "name: value" lines, two spaces deeper a level; numbers in hexadecimal (and decimal from ten on)
// with their names, octets as hexadecimal digits, addresses in their usual form.
class Dumper final : public FieldVisitor {
 public:
  void number(std::string_view name, unsigned bits, std::uint64_t& value) override;
  void meaning(std::string_view text) override { meaning_ = text; }
  void octets(std::string_view name, Octets& value) override;
  void fixed_octets(std::string_view name, MutableOctets value) override;
  void enter(std::string_view name, std::optional<std::size_t> index) override;
  void leave() override { --depth_; }
  std::string text() && { return std::move(text_); }

 private:
  void line(std::string_view name, std::string_view value);
  std::string text_;
  std::string meaning_;  // of the number that comes next
  int depth_ = 1;
};

template <Described T>
std::string dump(T value) {  // by value: visiting needs something it may change
  Dumper dumper;
  visit(value, dumper);
  return std::string(T::name) + "\n" + std::move(dumper).text();
}

}  // namespace mpsec::wire
