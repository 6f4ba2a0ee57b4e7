// The words of a declaration. A struct that says its fields once, in wire order, gets from it: decode and
// encode (codec.hpp), access in place without parsing (in_place.hpp), dump and mutation (visit.hpp).
//
//   struct Udp {
//     static constexpr std::string_view name = "UDP", clause = "RFC 768";
//     std::uint16_t source_port = 0;
//     ...
//     static constexpr auto wire = Entries{field<&Udp::source_port>("Source Port"), ...};
//   };
//
// A declaration never computes, repairs or hides a value: what was received is what is sent again.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/octets.hpp"
#include "base/strong.hpp"
#include "wire/entries.hpp"

namespace mpsec::wire {

template <class T>
concept Described = requires {
  { T::name } -> std::convertible_to<std::string_view>;
  { T::clause } -> std::convertible_to<std::string_view>;
  T::wire;
};

namespace detail {
template <class>
struct MemberOf;
template <class Owner, class Value>
struct MemberOf<Value Owner::*> {
  using owner = Owner;
  using value = Value;
};
template <auto Member>
using OwnerOf = typename MemberOf<decltype(Member)>::owner;
template <auto Member>
using ValueOf = typename MemberOf<decltype(Member)>::value;

template <class>
struct IsStrong : std::false_type {};
template <class Number, class Tag>
struct IsStrong<Strong<Number, Tag>> : std::true_type {};
template <class>
struct IsOctetArray : std::false_type {};
template <std::size_t N>
struct IsOctetArray<std::array<std::uint8_t, N>> : std::true_type {};

// The unsigned number inside a plain number, an enumeration or a strong type.
template <class T>
constexpr std::uint64_t to_number(const T& value) {
  if constexpr (IsStrong<T>::value)
    return value.value;
  else
    return static_cast<std::uint64_t>(value);
}
template <class T>
constexpr T from_number(std::uint64_t number) {
  if constexpr (IsStrong<T>::value)
    return T(static_cast<decltype(T::value)>(number));
  else
    return static_cast<T>(number);
}
}  // namespace detail

// A big-endian number (unsigned, enumeration or strong type) or an array of octets, by its C++ size.
template <auto Member>
struct Field {
  std::string_view name;
};
template <auto Member>
constexpr Field<Member> field(std::string_view name) {
  return {name};
}

// `Width` bits of a word.
template <unsigned Width, auto Member>
struct Bit {
  static_assert(Width > 0 && Width < 64);
  static constexpr unsigned width = Width;
  std::string_view name;
};
template <unsigned Width, auto Member>
constexpr Bit<Width, Member> bit(std::string_view name) {
  return {name};
}

// Bit fields that share one big-endian word, the most significant first, without gaps.
template <class Word, class... Parts>
struct Bits {
  static_assert((Parts::width + ...) == sizeof(Word) * 8, "the parts must fill the word");
  Entries<Parts...> parts;
};
template <class Word, class... Parts>
constexpr Bits<Word, Parts...> bits(Parts... parts) {
  return {Entries{parts...}};
}

// A std::vector of octets. `length` says how many there are: a member function, which knows the fields
// declared before, and may take the count of octets left as its argument. (Name a member function rather than
// write a lambda: GCC gives a lambda in a declaration another name in every translation unit, and coverage
// tools trip.)
template <auto Member, class Length>
struct CountedOctets {
  std::string_view name;
  Length length;
};
template <auto Member, class Length>
constexpr CountedOctets<Member, Length> octets(std::string_view name, Length length) {
  return {name, length};
}

// All octets that are left.
template <auto Member>
struct RestOctets {
  std::string_view name;
};
template <auto Member>
constexpr RestOctets<Member> rest(std::string_view name) {
  return {name};
}

// A described struct in place.
template <auto Member>
struct Nested {
  std::string_view name;
};
template <auto Member>
constexpr Nested<Member> nested(std::string_view name) {
  return {name};
}

// A std::vector of described structs that fills exactly `length` octets; for `length` see octets().
template <auto Member, class Length>
struct CountedList {
  std::string_view name;
  Length length;
};
template <auto Member, class Length>
constexpr CountedList<Member, Length> list(std::string_view name, Length length) {
  return {name, length};
}

// A std::vector of described structs up to the end.
template <auto Member>
struct RestList {
  std::string_view name;
};
template <auto Member>
constexpr RestList<Member> rest_list(std::string_view name) {
  return {name};
}

// An entry that is on the wire only where `present` holds: a member function that knows the fields before it.
template <class Present, class Entry>
struct When {
  Present present;
  Entry entry;
};
template <class Present, class Entry>
constexpr When<Present, Entry> when(Present present, Entry entry) {
  return {present, entry};
}

// Alternatives for one place: on the wire is the first entry that is no When or whose condition holds. Only
// the last may be no When.
template <class... Alternatives>
struct OneOf {
  Entries<Alternatives...> entries;
};
template <class... Alternatives>
constexpr OneOf<Alternatives...> one_of(Alternatives... entries) {
  return {Entries{entries...}};
}

// Entries that end where a length field says: they are read from a child that sees no more, and must use it
// up. Stands right behind the field, which counts itself and what stands before it: `counted_before` octets.
template <auto Member, class... All>
struct Inside {
  std::string_view name;
  std::size_t counted_before;
  Entries<All...> entries;
};
template <auto Member, class... All>
constexpr Inside<Member, All...> inside(std::string_view name, std::size_t counted_before, All... entries) {
  return {name, counted_before, Entries{entries...}};
}

namespace detail {
template <class Entry, class Owner>
constexpr bool is_present(const Entry&, const Owner&) {
  return true;
}
template <class Present, class Entry, class Owner>
constexpr bool is_present(const When<Present, Entry>& entry, const Owner& owner) {
  return std::invoke(entry.present, owner);
}
// Calls `use` with the alternative that is on the wire, if there is one.
template <class... Alternatives, class Owner, class Use>
constexpr void choose(const OneOf<Alternatives...>& alternatives, const Owner& owner, Use use) {
  alternatives.entries.apply([&](const auto&... entry) {
    static_cast<void>(((is_present(entry, owner) && (use(entry), true)) || ...));
  });
}
}  // namespace detail

// A condition on Member without which the rest cannot be read; stands right behind the entry that holds the
// member. Checked when decoding only: a malformed message must be easy to make. The error says the reason, if
// one is given, what is needed, and what was found.
template <auto Member, class Rule>
struct Check {
  std::string_view name;
  Rule rule;
  std::string_view reason;
};
template <auto Member, class Rule>
constexpr Check<Member, Rule> check(std::string_view name, Rule rule, std::string_view reason = {}) {
  return {name, rule, reason};
}

struct Exactly {
  static constexpr std::string_view need = "expected";
  std::uint64_t number;
  constexpr bool holds(std::uint64_t found) const { return found == number; }
};
struct AtLeast {
  static constexpr std::string_view need = "need at least";
  std::uint64_t number;
  constexpr bool holds(std::uint64_t found) const { return found >= number; }
};
constexpr Exactly exactly(std::uint64_t number) {
  return {number};
}
constexpr AtLeast at_least(std::uint64_t number) {
  return {number};
}

}  // namespace mpsec::wire
