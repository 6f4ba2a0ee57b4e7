// Our SPIs of Child SAs, which must come back whatever becomes of the exchange or the SA that has them.
#pragma once

#include <utility>

#include "base/strong.hpp"
#include "ike/turn.hpp"
#include "ipsec/sa.hpp"

namespace mpsec::ike {

class ChildSpis {
 public:
  virtual ~ChildSpis() = default;
  // In use nowhere else here, and none of the reserved ones.
  virtual Spi new_child_spi(ipsec::Protocol protocol, Turn& turn) = 0;
  virtual void free_child_spi(Spi spi) = 0;
};

// One SPI, given back at the end of its holder. The source must outlive it.
class SpiLease {
 public:
  SpiLease() = default;
  SpiLease(ChildSpis& source, ipsec::Protocol protocol, Turn& turn)
      : source_(&source), spi_(source.new_child_spi(protocol, turn)) {}
  SpiLease(SpiLease&& other) noexcept : source_(std::exchange(other.source_, nullptr)), spi_(other.spi_) {}
  SpiLease& operator=(SpiLease&& other) noexcept {
    std::swap(source_, other.source_);
    std::swap(spi_, other.spi_);
    return *this;
  }
  ~SpiLease() {
    if (source_ != nullptr) source_->free_child_spi(spi_);
  }

  Spi spi() const { return spi_; }

 private:
  ChildSpis* source_ = nullptr;
  Spi spi_;
};

}  // namespace mpsec::ike
