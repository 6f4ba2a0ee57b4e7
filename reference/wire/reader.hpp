// A cursor over octets that knows where in the datagram it stands and cannot leave its bounds.
#pragma once

#include <cstddef>
#include <optional>

#include "base/octets.hpp"

namespace mpsec::wire {

class Reader {
 public:
  explicit Reader(OctetView octets, std::size_t base = 0) : octets_(octets), base_(base) {}

  std::size_t offset() const { return base_ + at_; }  // from the start of the datagram
  std::size_t left() const { return octets_.size() - at_; }

  // The next `count` octets, or nothing and no movement.
  std::optional<OctetView> take(std::size_t count) {
    if (left() < count) return std::nullopt;
    at_ += count;
    return octets_.subspan(at_ - count, count);
  }

  // A child that sees only the next `count` octets: a nested parse cannot run past its parent.
  std::optional<Reader> child(std::size_t count) {
    const std::size_t where = offset();
    const auto part = take(count);
    if (!part) return std::nullopt;
    return Reader(*part, where);
  }

  OctetView rest() { return *take(left()); }

 private:
  OctetView octets_;
  std::size_t base_;
  std::size_t at_ = 0;
};

}  // namespace mpsec::wire
