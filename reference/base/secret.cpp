#include "base/secret.hpp"

#include <cstring>

namespace mpsec {

void wipe(MutableOctets octets) noexcept {
  if (octets.empty()) return;
  std::memset(octets.data(), 0, octets.size());
  // The barrier claims to read the memory, so the store before it cannot be dropped as dead.
  asm volatile("" : : "r"(octets.data()) : "memory");
}

SecretOctets& SecretOctets::operator=(SecretOctets&& other) noexcept {
  if (this != &other) {
    wipe(octets_);
    octets_ = std::exchange(other.octets_, {});
  }
  return *this;
}

bool equal_in_constant_time(OctetView left, OctetView right) noexcept {
  if (left.size() != right.size()) return false;
  std::uint8_t difference = 0;
  for (std::size_t i = 0; i < left.size(); ++i)
    difference = static_cast<std::uint8_t>(difference | (left[i] ^ right[i]));
  return difference == 0;
}

}  // namespace mpsec
