// All streams of a capture, found by what a packet shows.
#pragma once

#include <bit>
#include <deque>
#include <vector>

#include "pcap-replay/core/stream.hpp"

namespace mpsec::replay {

// A flat table of pointers to the streams, at most half full; the SPI beside each pointer spares most looks
// at the stream itself. Which packets share a slot is not for the sender of the packets to choose: hence the
// seed.
class StreamTable {
 public:
  StreamTable(std::uint64_t seed, std::size_t most_streams, const StreamOptions& options)
      : seed_(seed | 1), most_streams_(most_streams), options_(options), slots_(64) {}

  // The stream of the key; nullptr if it would be one more than the table may hold.
  Stream* find_or_add(const StreamKey& key, bool& added) {
    added = false;
    std::size_t at = home(key);
    for (; slots_[at].stream != nullptr; at = (at + 1) & (slots_.size() - 1))
      if (slots_[at].spi == key.spi && slots_[at].stream->key() == key) return slots_[at].stream;
    if (streams_.size() == most_streams_) return nullptr;
    added = true;
    Stream& stream = streams_.emplace_back(key, options_);
    slots_[at] = {&stream, key.spi};
    if (streams_.size() * 2 > slots_.size()) grow();
    return &stream;
  }

  // In the order of their first packets.
  const std::deque<Stream>& streams() const { return streams_; }

 private:
  struct Slot {
    Stream* stream = nullptr;
    Spi spi;
  };

  std::size_t home(const StreamKey& key) const {
    std::uint64_t state =
        seed_ ^ key.spi.value ^ std::uint64_t{static_cast<std::uint8_t>(key.protocol)} << 32;
    state = std::rotl(state * 0x9e3779b97f4a7c15, 29) ^ key.to.low;
    if (key.to.version == IpVersion::v6) state = std::rotl(state * seed_, 29) ^ key.to.high;
    return static_cast<std::size_t>(state * seed_ >> 32) & (slots_.size() - 1);
  }

  void grow() {
    slots_.assign(slots_.size() * 2, {});
    for (Stream& stream : streams_) {
      std::size_t at = home(stream.key());
      while (slots_[at].stream != nullptr)
        at = (at + 1) & (slots_.size() - 1);
      slots_[at] = {&stream, stream.key().spi};
    }
  }

  std::uint64_t seed_;
  std::size_t most_streams_;
  StreamOptions options_;
  std::vector<Slot> slots_;
  std::deque<Stream> streams_;  // which stay where they are
};

}  // namespace mpsec::replay
