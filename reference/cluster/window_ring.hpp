// The memory of a shared window: which numbers were seen, in a ring of words that describe themselves.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <vector>

namespace mpsec::cluster {

// A word holds 32 bits, one for each number of a block of 32, and a tag: the lap of the ring that the block
// belongs to. So a word never has to be cleared before it is used again, and a writer that is late by a whole
// lap sees that the word is no longer its own. Consecutive blocks lie in different cache lines: two workers
// with neighbouring leases do not fight for one.
//
//      63             32 31              0
//     +-----------------+-----------------+
//     | lap mod 2^32    | numbers seen    |    block = (number - 1) / 32: a lease of 32 is one block
//     +-----------------+-----------------+    word = block mod words, lap = block / words
//
// Laps are compared modulo 2^32, which is right while a word is less than 2^31 laps older or newer than the
// number it is asked about. sweep() keeps it so, on one assumption: no thread stands still between two steps
// of a call while the others move the top on by 2^31 laps, that is by 2^42 numbers or more.
template <class Atomics>
class WindowRing {
 public:
  static constexpr std::uint32_t block_numbers = 32, smallest = 2048;
  static constexpr unsigned epoch_bits = 29;  // of laps; the top entering a new epoch asks for a sweep

  // What mark() found: that a later lap has the word (nothing is set; `highest` is the highest number seen in
  // it, 0 if none), or the bits before ours were set.
  struct Marked {
    bool overtaken = false;
    std::uint32_t before = 0;
    std::uint64_t highest = 0;
  };
  enum class Seen : std::uint8_t { no, yes, overtaken };

  // `numbers` is a power of two, at least smallest.
  explicit WindowRing(std::uint64_t numbers)
      : line_bits_(static_cast<unsigned>(std::countr_zero(numbers / (block_numbers * line_words)))),
        lines_(std::size_t{1} << line_bits_) {}

  static constexpr std::uint64_t block_of(std::uint64_t number) { return (number - 1) / block_numbers; }
  static constexpr std::uint32_t bit_of(std::uint64_t number) { return 1u << ((number - 1) % block_numbers); }
  static constexpr std::uint64_t highest_of(std::uint64_t block, std::uint32_t bits) {
    return bits == 0 ? 0 : block * block_numbers + static_cast<std::uint32_t>(std::bit_width(bits));
  }
  std::uint64_t numbers() const { return std::uint64_t{block_numbers} << word_bits(); }
  bool same_epoch(std::uint64_t a, std::uint64_t b) const {
    return lap_of(a) >> epoch_bits == lap_of(b) >> epoch_bits;
  }
  std::size_t memory_octets() const { return lines_.size() * sizeof(Line); }

  // A hint to the machine alone.
  void will_be_marked(std::uint64_t block) const { cell_of(block).will_be_written(); }

  // Sets the bits of `mask` in the block, at once. A word of an earlier lap is taken over: what it said is of
  // numbers a whole lap lower.
  //= profile/6/late-writers-mark-nothing
  Marked mark(std::uint64_t block, std::uint32_t mask) {
    auto& cell = cell_of(block);
    std::uint64_t word = cell.load();
    for (;;) {
      const std::int32_t ahead = laps_ahead(block, word);
      if (ahead < 0) return {true, 0, highest_of(block_at(block, word), bits_of(word))};
      const std::uint32_t before = ahead == 0 ? bits_of(word) : 0;
      if ((before & mask) == mask || cell.compare_exchange(word, word_of(tag_of(block), before | mask)))
        return {false, before, 0};
    }
  }

  Seen look(std::uint64_t number) const {
    const std::uint64_t word = cell_of(block_of(number)).load();
    const std::int32_t ahead = laps_ahead(block_of(number), word);
    if (ahead != 0) return ahead < 0 ? Seen::overtaken : Seen::no;
    return (bits_of(word) & bit_of(number)) != 0 ? Seen::yes : Seen::no;
  }

  // The top goes from one number to another of a later epoch: gives words more than a lap below it the lap
  // below it, with nothing seen, which is true of them. In steps, so that each word is less than 2^31 laps
  // behind; what is left of a longer way than 2^32 laps is the same way modulo 2^32, and once around.
  void sweep(std::uint64_t from, std::uint64_t to) {
    constexpr std::uint64_t step = std::uint64_t{1} << epoch_bits, around = std::uint64_t{1} << 32;
    const std::uint64_t lap = lap_of(to);
    std::uint64_t left = lap - lap_of(from);
    if (left >= around) left = around + left % around;
    for (; left > step; left -= step)
      forget_before(static_cast<std::uint32_t>(lap - left + step - 1));
    forget_before(static_cast<std::uint32_t>(lap - 1));
  }

 private:
  using Word = typename Atomics::Word;
  static constexpr std::uint32_t line_words = 8;
  static constexpr unsigned line_word_bits = 3;
  struct alignas(64) Line {
    std::array<Word, line_words> words;
  };

  unsigned word_bits() const { return line_bits_ + line_word_bits; }
  // Of a number, 0 included; the tag of a block is its lap modulo 2^32.
  std::uint64_t lap_of(std::uint64_t number) const {
    return (number - (number != 0)) / block_numbers >> word_bits();
  }
  std::uint32_t tag_of(std::uint64_t block) const { return static_cast<std::uint32_t>(block >> word_bits()); }
  static std::uint32_t tag_in(std::uint64_t word) { return static_cast<std::uint32_t>(word >> 32); }
  static std::uint32_t bits_of(std::uint64_t word) { return static_cast<std::uint32_t>(word); }
  static std::uint64_t word_of(std::uint32_t tag, std::uint32_t bits) {
    return std::uint64_t{tag} << 32 | bits;
  }
  std::int32_t laps_ahead(std::uint64_t block, std::uint64_t word) const {
    return static_cast<std::int32_t>(tag_of(block) - tag_in(word));
  }
  // The block that a word of a later lap belongs to, seen from an earlier block of the same word.
  std::uint64_t block_at(std::uint64_t block, std::uint64_t word) const {
    return block + (std::uint64_t{tag_in(word) - tag_of(block)} << word_bits());
  }
  void forget_before(std::uint32_t tag) {
    for (Line& line : lines_)
      for (Word& cell : line.words) {
        std::uint64_t word = cell.load();
        while (static_cast<std::int32_t>(tag - tag_in(word)) > 0 &&
               !cell.compare_exchange(word, word_of(tag, 0))) {
        }
      }
  }
  const Word& cell_of(std::uint64_t block) const {
    const std::uint64_t line = block & (lines_.size() - 1);
    return lines_[line].words[block >> line_bits_ & (line_words - 1)];
  }
  Word& cell_of(std::uint64_t block) {
    return const_cast<Word&>(static_cast<const WindowRing&>(*this).cell_of(block));
  }

  unsigned line_bits_;
  std::vector<Line> lines_;
};

}  // namespace mpsec::cluster
