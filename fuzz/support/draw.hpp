// Reads the fuzzer's octets as choices.
#pragma once

#include "base/octets.hpp"

namespace mpsec::fuzz {

class Draw {
 public:
  explicit Draw(OctetView octets) : left_(octets) {}

  bool empty() const { return left_.empty(); }
  // The next octet; 0 once there are none left.
  std::uint8_t octet() {
    if (left_.empty()) return 0;
    const std::uint8_t next = left_.front();
    left_ = left_.subspan(1);
    return next;
  }
  // From 0 to `bound` - 1, out of one octet; `bound` is 1 to 256.
  std::uint8_t below(unsigned bound) { return static_cast<std::uint8_t>(octet() % bound); }

 private:
  OctetView left_;
};

}  // namespace mpsec::fuzz
