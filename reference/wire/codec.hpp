// Decode and encode from the declaration. Decoding what was encoded, and encoding what was decoded, is the
// identity; every parse ends with nothing left; no list element takes zero octets.
#pragma once

#include <fmt/format.h>
#include <optional>
#include <string>

#include "wire/reader.hpp"
#include "wire/schema.hpp"

namespace mpsec::wire {

template <Described T>
std::optional<Error> read(Reader& reader, T& out);
template <Described T>
void write(Octets& out, const T& value);

namespace detail {

inline std::string octet_count(std::size_t count) {
  return fmt::format("{} octet{}", count, count == 1 ? "" : "s");
}

inline Error need(std::string_view field, std::size_t offset, std::size_t needed, std::size_t have) {
  return {.blame = Blame::malformed,
          .path = std::string(field),
          .offset = offset,
          .why = fmt::format("need {}, have {}", octet_count(needed), have),
          .clause = {}};
}

inline Error within(std::string_view outer, Error inner) {
  inner.path = inner.path.empty() ? std::string(outer) : fmt::format("{}/{}", outer, inner.path);
  return inner;
}

template <class Length, class Owner>
std::size_t count_of(const Length& length, const Owner& owner, std::size_t left) {
  if constexpr (std::invocable<const Length&, const Owner&, std::size_t>)
    return std::invoke(length, owner, left);
  else
    return std::invoke(length, owner);
}

inline std::optional<Error> nothing_left(const Reader& reader) {
  if (reader.left() == 0) return std::nullopt;
  return Error{Blame::malformed, "", reader.offset(), octet_count(reader.left()) + " left over", ""};
}

// Reads entries in their order into one struct; stops at the first error.
template <class... All, class Owner>
std::optional<Error> read_entries(const Entries<All...>& entries, Reader& reader, Owner& owner);

// Reads entries into one struct, one overload an entry kind. An overload returns the error, if any.
template <class Owner>
struct ReadEntry {
  Reader& reader;
  Owner& owner;
  std::size_t last_offset;  // where the last entry that took octets began: what a check speaks of

  template <class Entry>
  std::optional<Error> step(const Entry& entry) {
    const std::size_t began = reader.offset();
    auto error = (*this)(entry);
    if (reader.offset() != began) last_offset = began;
    return error;
  }

  template <auto Member>
  std::optional<Error> operator()(const Field<Member>& entry) const {
    using Value = ValueOf<Member>;
    const std::size_t offset = reader.offset(), have = reader.left();
    const auto raw = reader.take(sizeof(Value));
    if (!raw) return need(entry.name, offset, sizeof(Value), have);
    if constexpr (IsOctetArray<Value>::value) {
      std::copy(raw->begin(), raw->end(), (owner.*Member).begin());
    } else {
      std::uint64_t number = 0;
      for (const std::uint8_t octet : *raw)
        number = number << 8 | octet;
      owner.*Member = from_number<Value>(number);
    }
    return std::nullopt;
  }

  template <class Word, class... Parts>
  std::optional<Error> operator()(const Bits<Word, Parts...>& entry) const {
    const std::size_t offset = reader.offset(), have = reader.left();
    const auto raw = reader.take(sizeof(Word));
    if (!raw)
      return need(entry.parts.apply([](const auto& first, const auto&...) { return first.name; }), offset,
                  sizeof(Word), have);
    std::uint64_t word = load_be<Word>(raw->data());
    unsigned left = sizeof(Word) * 8;
    entry.parts.apply([&](const auto&... part) { (split(part, word, left), ...); });
    return std::nullopt;
  }

  template <auto Member, class Length>
  std::optional<Error> operator()(const CountedOctets<Member, Length>& entry) const {
    const std::size_t offset = reader.offset(), have = reader.left(),
                      count = count_of(entry.length, owner, have);
    const auto raw = reader.take(count);
    if (!raw) return need(entry.name, offset, count, have);
    (owner.*Member).assign(raw->begin(), raw->end());
    return std::nullopt;
  }

  template <auto Member>
  std::optional<Error> operator()(const RestOctets<Member>&) const {
    const OctetView raw = reader.rest();
    (owner.*Member).assign(raw.begin(), raw.end());
    return std::nullopt;
  }

  template <auto Member>
  std::optional<Error> operator()(const Nested<Member>& entry) const {
    auto error = read(reader, owner.*Member);
    if (error) error = within(entry.name, *std::move(error));
    return error;
  }

  template <auto Member, class Length>
  std::optional<Error> operator()(const CountedList<Member, Length>& entry) const {
    const std::size_t offset = reader.offset(), have = reader.left(),
                      count = count_of(entry.length, owner, have);
    auto child = reader.child(count);
    if (!child) return need(entry.name, offset, count, have);
    return elements(*child, entry.name, owner.*Member);
  }

  template <auto Member>
  std::optional<Error> operator()(const RestList<Member>& entry) const {
    return elements(reader, entry.name, owner.*Member);
  }

  template <class Present, class Entry>
  std::optional<Error> operator()(const When<Present, Entry>& entry) const {
    return is_present(entry, owner) ? (*this)(entry.entry) : std::nullopt;
  }

  template <class... All>
  std::optional<Error> operator()(const OneOf<All...>& entry) const {
    std::optional<Error> error;
    choose(entry, owner, [&](const auto& chosen) { error = (*this)(chosen); });
    return error;
  }

  template <auto Member, class... All>
  std::optional<Error> operator()(const Inside<Member, All...>& entry) const {
    const std::size_t length = to_number(owner.*Member), have = reader.left() + entry.counted_before;
    if (length < entry.counted_before) {
      return Error{
          .blame = Blame::malformed,
          .path = std::string(entry.name),
          .offset = last_offset,
          .why = fmt::format("the length counts what stands before it too: need at least {}, found {}",
                             entry.counted_before, length),
          .clause = {}};
    }
    auto child = reader.child(length - entry.counted_before);
    if (!child) return need(entry.name, last_offset, length, have);
    auto error = read_entries(entry.entries, *child, owner);
    return error ? error : nothing_left(*child);
  }

  template <auto Member, class Rule>
  std::optional<Error> operator()(const Check<Member, Rule>& entry) const {
    const std::uint64_t found = to_number(owner.*Member);
    if (entry.rule.holds(found)) return std::nullopt;
    return Error{.blame = Blame::malformed,
                 .path = std::string(entry.name),
                 .offset = last_offset,
                 .why = fmt::format("{}{}{} {}, found {}", entry.reason, entry.reason.empty() ? "" : ": ",
                                    Rule::need, entry.rule.number, found),
                 .clause = {}};
  }

 private:
  template <unsigned Width, auto Member>
  void split(const Bit<Width, Member>&, std::uint64_t word, unsigned& left) const {
    left -= Width;
    owner.*Member = from_number<ValueOf<Member>>(word >> left & ((std::uint64_t{1} << Width) - 1));
  }

  template <class Element>
  static std::optional<Error> elements(Reader& from, std::string_view list_name, std::vector<Element>& out) {
    out.clear();
    while (from.left() > 0) {
      const std::size_t offset = from.offset(), before = from.left();
      auto error = read(from, out.emplace_back());
      if (!error && from.left() == before) {
        error = Error{Blame::malformed, "", offset, "an element of zero octets would never end", ""};
      }
      if (error) return within(fmt::format("{}[{}]", list_name, out.size() - 1), *std::move(error));
    }
    return std::nullopt;
  }
};

template <class Owner>
struct WriteEntry {
  Octets& out;
  const Owner& owner;

  template <auto Member>
  void operator()(const Field<Member>&) const {
    using Value = ValueOf<Member>;
    if constexpr (IsOctetArray<Value>::value) {
      append(out, owner.*Member);
    } else {
      const std::uint64_t number = to_number(owner.*Member);
      for (std::size_t i = sizeof(Value); i-- > 0;)
        out.push_back(static_cast<std::uint8_t>(number >> (8 * i)));
    }
  }
  template <class Word, class... Parts>
  void operator()(const Bits<Word, Parts...>& entry) const {
    std::uint64_t word = 0;
    entry.parts.apply([&](const auto&... part) { (join(part, word), ...); });
    append_be(out, static_cast<Word>(word));
  }
  template <auto Member, class Length>
  void operator()(const CountedOctets<Member, Length>&) const {
    append(out, owner.*Member);
  }
  template <auto Member>
  void operator()(const RestOctets<Member>&) const {
    append(out, owner.*Member);
  }
  template <auto Member>
  void operator()(const Nested<Member>&) const {
    write(out, owner.*Member);
  }
  template <auto Member, class Length>
  void operator()(const CountedList<Member, Length>&) const {
    for (const auto& element : owner.*Member)
      write(out, element);
  }
  template <auto Member>
  void operator()(const RestList<Member>&) const {
    for (const auto& element : owner.*Member)
      write(out, element);
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
  void join(const Bit<Width, Member>&, std::uint64_t& word) const {
    word = word << Width | (to_number(owner.*Member) & ((std::uint64_t{1} << Width) - 1));
  }
};

template <class... All, class Owner>
std::optional<Error> read_entries(const Entries<All...>& entries, Reader& reader, Owner& owner) {
  std::optional<Error> error;
  ReadEntry<Owner> read_entry{reader, owner, reader.offset()};
  entries.apply([&](const auto&... entry) { static_cast<void>((... && !(error = read_entry.step(entry)))); });
  return error;
}

}  // namespace detail

// Reads one T from the front of `reader`. On an error `out` is unspecified; the error's path starts inside T.
template <Described T>
std::optional<Error> read(Reader& reader, T& out) {
  auto error = detail::read_entries(T::wire, reader, out);
  if (error && error->clause.empty()) error->clause = T::clause;
  return error;
}

template <Described T>
void write(Octets& out, const T& value) {
  const detail::WriteEntry<T> write_entry{out, value};
  T::wire.apply([&](const auto&... entry) { (write_entry(entry), ...); });
}

// The one T that `octets` are, wholly. Fails (malformed) with the path from T inwards, the offset from the
// start of `octets` (plus `base`), what was needed and found, and the clause of the innermost struct.
template <Described T>
Result<T> decode(OctetView octets, std::size_t base = 0) {
  Reader reader(octets, base);
  T value{};
  auto error = read(reader, value);
  if (!error) error = detail::nothing_left(reader);
  if (!error) return value;
  if (error->clause.empty()) error->clause = T::clause;
  return std::unexpected(detail::within(T::name, *std::move(error)));
}

template <Described T>
Octets encode(const T& value) {
  Octets out;
  out.reserve(64);  // most headers: no second allocation
  write(out, value);
  return out;
}

}  // namespace mpsec::wire
