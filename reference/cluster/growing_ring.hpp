// A double-ended queue whose elements keep their position for life.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace mpsec::cluster {

// Elements stand at positions begin() .. end() - 1. push_back gives the next position, pop_front and
// pop_back take from the ends; no other element ever moves. Memory is a power of two, grown as needed.
template <class Element>
class GrowingRing {
 public:
  std::uint64_t begin() const { return begin_; }
  std::uint64_t end() const { return end_; }
  std::size_t memory_octets() const { return slots_.capacity() * sizeof(Element); }
  std::size_t size() const { return static_cast<std::size_t>(end_ - begin_); }
  bool empty() const { return begin_ == end_; }

  Element& operator[](std::uint64_t position) { return slots_[slot(position)]; }
  const Element& operator[](std::uint64_t position) const { return slots_[slot(position)]; }
  Element& front() { return (*this)[begin_]; }
  const Element& front() const { return (*this)[begin_]; }
  Element& back() { return (*this)[end_ - 1]; }
  const Element& back() const { return (*this)[end_ - 1]; }

  void push_back(const Element& element) {
    if (size() == slots_.size()) grow();
    slots_[slot(end_++)] = element;
  }
  void pop_front() {
    assert(!empty());
    ++begin_;
  }
  void pop_back() {
    assert(!empty());
    --end_;
  }

  // The next element of an empty queue gets `position`.
  void restart_at(std::uint64_t position) {
    assert(empty());
    begin_ = end_ = position;
  }

 private:
  std::size_t slot(std::uint64_t position) const {
    return static_cast<std::size_t>(position & (slots_.size() - 1));
  }

  void grow() {
    std::vector<Element> larger(slots_.empty() ? 4 : slots_.size() * 2);
    for (std::uint64_t at = begin_; at != end_; ++at)
      larger[at & (larger.size() - 1)] = slots_[slot(at)];
    slots_ = std::move(larger);
  }

  std::vector<Element> slots_;
  std::uint64_t begin_ = 0;
  std::uint64_t end_ = 0;
};

}  // namespace mpsec::cluster
