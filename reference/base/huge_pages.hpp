// Memory for large tables that are read at random: on huge pages where the system has them, since with small
// ones most reads would first have to look up where their page is.
#pragma once

#include <cstddef>
#include <new>
#include <vector>
#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace mpsec {

// An allocator for containers. Blocks of a megabyte or more are aligned to huge pages and marked for them
// (transparent_hugepage `madvise` or `always`); elsewhere, and for smaller blocks, it is std::allocator.
template <class T>
struct HugePageAllocator {
  using value_type = T;
  static constexpr std::size_t huge_page = std::size_t{2} << 20;

  HugePageAllocator() = default;
  template <class Other>
  HugePageAllocator(const HugePageAllocator<Other>&) {}

  T* allocate(std::size_t count) {
    const std::size_t octets = count * sizeof(T);
    void* const memory = ::operator new(octets, alignment(octets));
#if defined(__linux__)
    // Advice: if it is not taken, everything works as before.
    if (octets >= huge_page / 2) static_cast<void>(madvise(memory, octets, MADV_HUGEPAGE));
#endif
    return static_cast<T*>(memory);
  }
  void deallocate(T* memory, std::size_t count) { ::operator delete(memory, alignment(count * sizeof(T))); }
  bool operator==(const HugePageAllocator&) const = default;

 private:
  static std::align_val_t alignment(std::size_t octets) {
    return std::align_val_t{octets >= huge_page / 2 ? huge_page : alignof(T)};
  }
};

template <class T>
using HugePageVector = std::vector<T, HugePageAllocator<T>>;

}  // namespace mpsec
