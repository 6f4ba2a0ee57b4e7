// Octets that must not outlive their use: keys, salts, shared secrets.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/octets.hpp"

namespace mpsec {

// Overwrites `octets` with zeros in a way the optimiser must keep.
void wipe(MutableOctets octets) noexcept;

// Owns secret octets; wiped on destruction, on assignment and when moved from. Not copyable by
// accident: clone() says so in the reader's sight. Never printed: there is no operator<< on purpose.
class SecretOctets {
 public:
  SecretOctets() = default;
  explicit SecretOctets(std::size_t size) : octets_(size) {}
  explicit SecretOctets(OctetView from) : octets_(from.begin(), from.end()) {}
  // Takes over the octets of `from` and leaves it empty; no copy stays behind.
  explicit SecretOctets(Octets&& from) noexcept : octets_(std::exchange(from, {})) {}
  SecretOctets(const SecretOctets&) = delete;
  SecretOctets& operator=(const SecretOctets&) = delete;
  SecretOctets(SecretOctets&& other) noexcept : octets_(std::exchange(other.octets_, {})) {}
  SecretOctets& operator=(SecretOctets&& other) noexcept;
  ~SecretOctets() { wipe(octets_); }

  SecretOctets clone() const { return SecretOctets(view()); }
  OctetView view() const { return octets_; }
  MutableOctets writable() { return octets_; }
  std::size_t size() const { return octets_.size(); }
  bool empty() const { return octets_.empty(); }

 private:
  Octets octets_;
};

// True if both hold the same octets; the time taken depends on the lengths only.
bool equal_in_constant_time(OctetView left, OctetView right) noexcept;

}  // namespace mpsec
