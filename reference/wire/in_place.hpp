// Reading and writing single fields where they lie, at offsets the compiler takes from the declaration: the
// packet path's access to headers, with no second description of any format.
//
// The caller has checked that the octets up to end_of<Member>() are there.
#pragma once

#include <algorithm>

#include "wire/schema.hpp"

namespace mpsec::wire {
namespace detail {

template <class Entry>
struct FixedSize;  // undefined: an entry of variable size has no fields behind it at a fixed offset
template <auto Member>
struct FixedSize<Field<Member>> {
  static constexpr std::size_t value = sizeof(ValueOf<Member>);
};
template <class Word, class... Parts>
struct FixedSize<Bits<Word, Parts...>> {
  static constexpr std::size_t value = sizeof(Word);
};
template <auto Member, class Rule>
struct FixedSize<Check<Member, Rule>> {
  static constexpr std::size_t value = 0;
};

template <auto A, auto B>
constexpr bool same_member =
    std::is_same_v<std::integral_constant<decltype(A), A>, std::integral_constant<decltype(B), B>>;

// Where Member lies: `octet` from the start of its struct, and inside the word of `width` octets there the
// lowest bit and the number of bits.
struct Place {
  std::size_t octet = 0;
  std::size_t width = 0;
  unsigned shift = 0;
  unsigned bits = 0;
  bool found = false;
};

template <auto Wanted, class Entry>
struct PlaceIn {
  static constexpr Place value{};
};
template <auto Wanted, auto Member>
struct PlaceIn<Wanted, Field<Member>> {
  static constexpr Place value{0, sizeof(ValueOf<Member>), 0, sizeof(ValueOf<Member>) * 8,
                               same_member<Wanted, Member>};
};
template <auto Wanted, class Word, unsigned... Width, auto... Member>
struct PlaceIn<Wanted, Bits<Word, Bit<Width, Member>...>> {
  static constexpr Place find() {
    Place place{0, sizeof(Word), sizeof(Word) * 8, 0, false};
    auto step = [&](unsigned width, bool same) {
      if (place.found) return;
      place.shift -= width;
      place.bits = width;
      place.found = same;
    };
    (step(Width, same_member<Wanted, Member>), ...);
    return place;
  }
  static constexpr Place value = find();
};

// A field that is not always on the wire: the caller knows that it is there.
template <auto Wanted, class Present, class Inner>
struct PlaceIn<Wanted, When<Present, Inner>> : PlaceIn<Wanted, Inner> {};

template <auto Wanted, class... All>
struct PlaceIn<Wanted, OneOf<All...>> {
  static constexpr Place find() {
    Place place;
    static_cast<void>((((place = PlaceIn<Wanted, All>::value).found) || ...));
    return place;
  }
  static constexpr Place value = find();
};

template <auto Wanted, class... Entry>
consteval Place find_place(const Entries<Entry...>*) {
  Place result;
  std::size_t octet = 0;
  auto step = [&]<class One>(const One*) {
    if (result.found) return;
    constexpr Place here = PlaceIn<Wanted, One>::value;
    if constexpr (here.found) {
      result = here;
      result.octet = octet;
    } else {
      octet += FixedSize<One>::value;
    }
  };
  // Only the entries up to the wanted one are asked for a fixed size.
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    constexpr std::size_t last = [] {
      std::size_t index = 0, at = 0;
      ((PlaceIn<Wanted, Entry>::value.found ? at = index++ : index++), ...);
      return at;
    }();
    (([&] {
       if constexpr (I <= last) step(static_cast<const Entry*>(nullptr));
     }()),
     ...);
  }(std::index_sequence_for<Entry...>{});
  return result;
}

template <auto Member>
constexpr Place place_of =
    find_place<Member>(static_cast<const std::remove_cvref_t<decltype(OwnerOf<Member>::wire)>*>(nullptr));

template <std::size_t Octets>
using Unsigned =
    std::conditional_t<Octets == 1, std::uint8_t,
                       std::conditional_t<Octets == 2, std::uint16_t,
                                          std::conditional_t<Octets == 4, std::uint32_t, std::uint64_t>>>;

}  // namespace detail

// Octets from the start of the struct to the field.
template <auto Member>
constexpr std::size_t offset_of = detail::place_of<Member>.octet;
// Octets from the start of the struct to the end of the field.
template <auto Member>
constexpr std::size_t end_of = detail::place_of<Member>.octet + detail::place_of<Member>.width;

// The field of the struct that starts at `at`.
template <auto Member>
constexpr detail::ValueOf<Member> load(const std::uint8_t* at) {
  constexpr detail::Place place = detail::place_of<Member>;
  static_assert(place.found);
  if constexpr (detail::IsOctetArray<detail::ValueOf<Member>>::value) {
    detail::ValueOf<Member> value;
    std::copy_n(at + place.octet, value.size(), value.begin());
    return value;
  } else {
    const std::uint64_t word = load_be<detail::Unsigned<place.width>>(at + place.octet);
    constexpr std::uint64_t mask =
        place.bits == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << place.bits) - 1;
    return detail::from_number<detail::ValueOf<Member>>(word >> place.shift & mask);
  }
}

// Writes the field, and leaves the other bits of its word as they are.
template <auto Member>
constexpr void store(std::uint8_t* at, const detail::ValueOf<Member>& value) {
  constexpr detail::Place place = detail::place_of<Member>;
  static_assert(place.found);
  if constexpr (detail::IsOctetArray<detail::ValueOf<Member>>::value) {
    std::copy_n(value.begin(), value.size(), at + place.octet);
  } else {
    using Word = detail::Unsigned<place.width>;
    constexpr std::uint64_t mask =
        place.bits == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << place.bits) - 1;
    std::uint64_t word = detail::to_number(value) & mask;
    if constexpr (place.bits != place.width * 8) {
      word = (load_be<Word>(at + place.octet) & ~(mask << place.shift)) | word << place.shift;
    }
    store_be(at + place.octet, static_cast<Word>(word));
  }
}

}  // namespace mpsec::wire
