// The entries of a declaration, in their order. It is a std::tuple without what makes one dear to compile:
// every file that reads the header of a protocol would pay for it.
#pragma once

#include <cstddef>
#include <utility>

namespace mpsec::wire {

namespace detail {
template <std::size_t Index, class Entry>
struct EntryAt {
  Entry entry;
};
template <class Indices, class... All>
struct EntriesAt;
template <std::size_t... Index, class... All>
struct EntriesAt<std::index_sequence<Index...>, All...> : EntryAt<Index, All>... {
  // What `use` gives for all of them.
  template <class Use>
  constexpr decltype(auto) apply(Use&& use) const {
    return use(static_cast<const EntryAt<Index, All>&>(*this).entry...);
  }
};
}  // namespace detail

template <class... All>
struct Entries : detail::EntriesAt<std::index_sequence_for<All...>, All...> {
  constexpr explicit Entries(All... all)
      : detail::EntriesAt<std::index_sequence_for<All...>, All...>{{all}...} {}
};

}  // namespace mpsec::wire
