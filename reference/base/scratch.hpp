// Room on the stack for a batch, filled element by element: an array that does not first write zeros nobody
// reads.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

namespace mpsec {

template <class T, std::size_t Capacity>
class Scratch {
  static_assert(std::is_trivially_destructible_v<T>);

 public:
  Scratch() {
  }  // NOLINT(modernize-use-equals-default): a defaulted one would zero the storage in `Scratch s{}`

  template <class... Arguments>
  T& emplace_back(Arguments&&... arguments) {
    return *std::construct_at(data() + size_++, std::forward<Arguments>(arguments)...);
  }
  // The element that make() returns, made in its place: no default values first, and no copy.
  template <class Make>
  T& make_back(Make make) {
    return *::new (static_cast<void*>(data() + size_++)) T(make());
  }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  void clear() { size_ = 0; }
  void pop_back() { --size_; }
  void truncate(std::size_t size) { size_ = size < size_ ? size : size_; }
  T* data() { return reinterpret_cast<T*>(storage_); }
  T& operator[](std::size_t index) { return data()[index]; }
  std::span<T> span() { return {data(), size_}; }
  T* begin() { return data(); }
  T* end() { return data() + size_; }

 private:
  alignas(T) std::byte storage_[Capacity * sizeof(T)];
  std::size_t size_ = 0;
};

}  // namespace mpsec
