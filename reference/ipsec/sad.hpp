// The inbound side of the Security Association Database: from an arriving packet's SPI and addresses to
// its SA (RFC 4301 4.1, 4.4.2). What an SA is, is the caller's matter: the database keeps pointers.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <fmt/format.h>
#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/huge_pages.hpp"
#include "base/ip_address.hpp"
#include "base/strong.hpp"

namespace mpsec::ipsec {

// How much of a packet identifies an inbound SA, from the shortest to the longest (RFC 4301 4.1).
enum class SadKeyShape : std::uint8_t { spi, spi_destination, spi_destination_source };

// Whether ESP and AH number their SAs together or apart: a local choice (RFC 4301 4.1).
enum class SpiSpace : std::uint8_t { shared, per_protocol };

// What an arriving packet offers for the lookup.
struct InboundKey {
  Spi spi;
  std::uint8_t protocol = 50;  // ESP 50, AH 51
  IpAddress destination;
  IpAddress source;
};

// What an SA asks of a packet, made by the three functions below: fields that its shape leaves out stay
// at their defaults.
struct SadKey {
  SadKeyShape shape = SadKeyShape::spi;
  std::uint8_t protocol = 50;  // of no account for SAs with addresses: multicast needs it so
  Spi spi;
  IpAddress destination;
  IpAddress source;

  static SadKey of(Spi spi, std::uint8_t protocol = 50) { return {SadKeyShape::spi, protocol, spi, {}, {}}; }
  static SadKey of(Spi spi, const IpAddress& destination) {
    return {SadKeyShape::spi_destination, 0, spi, destination, {}};
  }
  static SadKey of(Spi spi, const IpAddress& destination, const IpAddress& source) {
    return {SadKeyShape::spi_destination_source, 0, spi, destination, source};
  }
  bool operator==(const SadKey&) const = default;
};
std::string to_string(const SadKey& key);

namespace detail {

// A secret mixing function: without the seed nobody can choose keys that collide.
class KeyedMix {
 public:
  explicit KeyedMix(std::uint64_t seed) : add_(seed * 0x9e3779b97f4a7c15), multiply_(seed | 1) {
    multiply_ = fold(add_ ^ 0xd6e8feb86659fd93, 0xa0761d6478bd642f) | 1;
  }
  std::uint64_t operator()(std::uint64_t value) const { return fold(value ^ add_, multiply_); }

 private:
  static std::uint64_t fold(std::uint64_t left, std::uint64_t right) {
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(left) * right;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  }
  std::uint64_t add_;
  std::uint64_t multiply_;
};

// Open addressing in cache lines: a search starts at the line that the hash names and walks on slot by
// slot to the first empty one. Removal closes the gap behind it, so no tombstones pile up.
// Slot: is_empty(), and value semantics. At most half of the slots are in use.
template <class Slot>
class LineTable {
 public:
  static constexpr std::size_t per_line = 64 / sizeof(Slot);
  static_assert(std::has_single_bit(sizeof(Slot)) && per_line >= 1);

  std::size_t size() const { return size_; }
  std::size_t octets() const { return lines_.size() * sizeof(Line); }
  std::size_t home(std::uint64_t hash) const { return (hash & (lines_.size() - 1)) * per_line; }
  void prefetch(std::size_t position) const { __builtin_prefetch(&slot(position)); }

  // The slot for which `wanted` holds, or nullptr.
  const Slot* find(std::size_t position, auto&& wanted) const {
    for (;; position = next(position)) {
      const Slot& at = slot(position);
      if (wanted(at)) return &at;
      if (at.is_empty()) return nullptr;
    }
  }

  // `hash_of` gives the hash of any slot in use; the table holds no slot equal to `added`.
  void insert(const Slot& added, auto&& hash_of) {
    if ((size_ + 1) * 2 > lines_.size() * per_line) grow(lines_.size() * 2, hash_of);
    place(added, hash_of(added));
    ++size_;
  }

  void reserve(std::size_t count, auto&& hash_of) {
    const std::size_t lines = std::bit_ceil((count * 2 + per_line - 1) / per_line);
    if (lines > lines_.size()) grow(lines, hash_of);
  }

  void erase(const Slot* erased, auto&& hash_of) {
    std::size_t hole = static_cast<std::size_t>(erased - &lines_.front().slots.front());
    for (std::size_t at = next(hole); !slot(at).is_empty(); at = next(at)) {
      // A slot may move back to the hole unless its search starts only after the hole.
      const std::size_t from_home = (at - home(hash_of(slot(at)))) & mask();
      if (from_home < ((at - hole) & mask())) continue;
      slot(hole) = slot(at);
      hole = at;
    }
    slot(hole) = Slot{};
    --size_;
  }

 private:
  struct alignas(64) Line {
    std::array<Slot, per_line> slots;
  };

  std::size_t mask() const { return lines_.size() * per_line - 1; }
  std::size_t next(std::size_t position) const { return (position + 1) & mask(); }
  const Slot& slot(std::size_t position) const {
    return lines_[position / per_line].slots[position % per_line];
  }
  Slot& slot(std::size_t position) { return lines_[position / per_line].slots[position % per_line]; }

  void place(const Slot& added, std::uint64_t hash) {
    std::size_t at = home(hash);
    while (!slot(at).is_empty())
      at = next(at);
    slot(at) = added;
  }

  void grow(std::size_t line_count, auto&& hash_of) {
    HugePageVector<Line> old(line_count);
    old.swap(lines_);
    for (const Line& line : old) {
      for (const Slot& moved : line.slots) {
        if (!moved.is_empty()) place(moved, hash_of(moved));
      }
    }
  }

  HugePageVector<Line> lines_ = HugePageVector<Line>(2);
  std::size_t size_ = 0;
};

}  // namespace detail

// Sa is any type; the database neither owns nor reads it. If describe(const Sa&) is found (by argument
// dependent lookup, returning text), a refused insertion names both SAs.
template <class Sa>
class InboundSad {
 public:
  // `seed` should be random: it keeps the places of the table unknown outside.
  explicit InboundSad(std::uint64_t seed, SpiSpace space = SpiSpace::shared) : mix_(seed), space_(space) {}

  // Refuses (local fault) the reserved SPIs 0-255 and a key that another SA holds already, naming both.
  Result<> insert(const SadKey& key, Sa& sa);
  // The SA that was removed, or nullptr if no SA has this very key.
  Sa* erase(const SadKey& key);
  // The SA with this very key, or nullptr.
  Sa* find_exact(const SadKey& key) const;

  //= rfc4301/4.1/longest-sa-identifier-wins
  // The SA that claims the packet: by SPI, destination and source, else by SPI and destination, else by
  // SPI (and protocol, if the SPI spaces are apart). nullptr: an auditable event for the caller.
  Sa* find(const InboundKey& packet) const;
  // The same for each of `packets`; memory latencies overlap, and the first line of each SA found is on its
  // way into the cache. `found` is as long as `packets`.
  void find_batch(std::span<const InboundKey> packets, std::span<Sa*> found) const;

  void reserve(std::size_t count) { by_spi_.reserve(count, spi_hash()); }
  std::size_t size() const { return by_spi_.size() + by_address_.size(); }
  std::size_t octets() const { return by_spi_.octets() + by_address_.octets(); }

 private:
  // Unicast SAs: four to the line.
  struct SpiSlot {
    std::uint64_t id = 0;  // protocol above SPI; the protocol is 0 if the space is shared
    Sa* sa = nullptr;
    bool is_empty() const { return sa == nullptr; }
  };
  // SAs that look at addresses too: one to the line, since multicast groups are few.
  struct alignas(64) AddressSlot {
    SadKey key;
    Sa* sa = nullptr;
    bool is_empty() const { return sa == nullptr; }
  };

  std::uint64_t id_of(Spi spi, std::uint8_t protocol) const {
    return space_ == SpiSpace::shared ? spi.value : std::uint64_t{protocol} << 32 | spi.value;
  }
  auto spi_hash() const {
    return [this](const SpiSlot& slot) { return mix_(slot.id); };
  }
  auto address_hash() const {
    return [this](const AddressSlot& slot) { return hash(slot.key); };
  }
  std::uint64_t hash(const SadKey& key) const {
    std::uint64_t state = mix_(key.spi.value);
    for (const std::uint64_t word : {key.destination.high(), key.destination.low(), key.source.high(),
                                     key.source.low(), static_cast<std::uint64_t>(key.shape)})
      state = mix_(state ^ word);
    return state;
  }

  const SpiSlot* find_spi(std::uint64_t id, std::size_t home) const {
    return by_spi_.find(home, [id](const SpiSlot& slot) { return slot.id == id && !slot.is_empty(); });
  }
  const AddressSlot* find_address(const SadKey& key) const {
    return by_address_.find(by_address_.home(hash(key)),
                            [&](const AddressSlot& slot) { return slot.key == key && !slot.is_empty(); });
  }
  Sa* find_by_address(const InboundKey& packet) const;
  static std::string name_of(const Sa& sa);
  static std::unexpected<Error> refused(const SadKey& key, std::string why, std::string clause);

  detail::KeyedMix mix_;
  SpiSpace space_;
  detail::LineTable<SpiSlot> by_spi_;
  detail::LineTable<AddressSlot> by_address_;
};

template <class Sa>
Result<> InboundSad<Sa>::insert(const SadKey& key, Sa& sa) {
  //= rfc4303/2.1/spi-0-is-local
  //= rfc4303/2.1/spi-1-to-255-reserved
  if (key.spi.value < 256)
    return refused(key, fmt::format("SPI {} is reserved; allowed: 256 to 4294967295", key.spi.value),
                   "RFC 4303 2.1");
  if (const Sa* holder = find_exact(key))
    return refused(key, fmt::format("{} has the lookup key of {}", name_of(sa), name_of(*holder)),
                   "RFC 4301 4.1");
  if (key.shape == SadKeyShape::spi)
    by_spi_.insert({id_of(key.spi, key.protocol), &sa}, spi_hash());
  else
    by_address_.insert({key, &sa}, address_hash());
  return {};
}

template <class Sa>
Sa* InboundSad<Sa>::erase(const SadKey& key) {
  Sa* const sa = find_exact(key);
  if (sa == nullptr) return nullptr;
  if (key.shape == SadKeyShape::spi) {
    const std::uint64_t id = id_of(key.spi, key.protocol);
    by_spi_.erase(find_spi(id, by_spi_.home(mix_(id))), spi_hash());
  } else {
    by_address_.erase(find_address(key), address_hash());
  }
  return sa;
}

template <class Sa>
Sa* InboundSad<Sa>::find_exact(const SadKey& key) const {
  if (key.shape == SadKeyShape::spi) {
    const std::uint64_t id = id_of(key.spi, key.protocol);
    const SpiSlot* slot = find_spi(id, by_spi_.home(mix_(id)));
    return slot == nullptr ? nullptr : slot->sa;
  }
  const AddressSlot* slot = find_address(key);
  return slot == nullptr ? nullptr : slot->sa;
}

template <class Sa>
Sa* InboundSad<Sa>::find_by_address(const InboundKey& packet) const {
  if (Sa* sa = find_exact(SadKey::of(packet.spi, packet.destination, packet.source))) return sa;
  return find_exact(SadKey::of(packet.spi, packet.destination));
}

template <class Sa>
Sa* InboundSad<Sa>::find(const InboundKey& packet) const {
  if (by_address_.size() != 0) {
    if (Sa* sa = find_by_address(packet)) return sa;
  }
  const std::uint64_t id = id_of(packet.spi, packet.protocol);
  const SpiSlot* slot = find_spi(id, by_spi_.home(mix_(id)));
  return slot == nullptr ? nullptr : slot->sa;
}

template <class Sa>
void InboundSad<Sa>::find_batch(std::span<const InboundKey> packets, std::span<Sa*> found) const {
  constexpr std::size_t chunk = 32;
  std::array<std::size_t, chunk> homes;
  for (std::size_t start = 0; start < packets.size(); start += chunk) {
    const auto batch = packets.subspan(start, std::min(chunk, packets.size() - start));
    for (std::size_t i = 0; i < batch.size(); ++i) {
      homes[i] = by_spi_.home(mix_(id_of(batch[i].spi, batch[i].protocol)));
      by_spi_.prefetch(homes[i]);
    }
    for (std::size_t i = 0; i < batch.size(); ++i) {
      Sa* sa = by_address_.size() == 0 ? nullptr : find_by_address(batch[i]);
      if (sa == nullptr) {
        const SpiSlot* slot = find_spi(id_of(batch[i].spi, batch[i].protocol), homes[i]);
        sa = slot == nullptr ? nullptr : slot->sa;
      }
      __builtin_prefetch(sa);
      found[start + i] = sa;
    }
  }
}

template <class Sa>
std::string InboundSad<Sa>::name_of(const Sa& sa) {
  if constexpr (requires { std::string(describe(sa)); }) {
    return std::string(describe(sa));
  } else {
    return "another SA";
  }
}

template <class Sa>
std::unexpected<Error> InboundSad<Sa>::refused(const SadKey& key, std::string why, std::string clause) {
  return std::unexpected(Error{.blame = Blame::local_fault,
                               .path = "SAD/" + to_string(key),
                               .offset = std::nullopt,
                               .why = std::move(why),
                               .clause = std::move(clause)});
}

}  // namespace mpsec::ipsec
