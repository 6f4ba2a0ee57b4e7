// What is kept of an SA's sequence numbers to compare them with those of other SAs: bounded, however many
// come.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace mpsec::replay {

// 64 neighbouring numbers of an SA.
struct NumberBlock {
  std::uint32_t block = 0;     // the low 32 bits of the numbers, without the last six
  std::uint64_t bits = 0;      // which of them came
  std::uint64_t contents = 0;  // the sum of what the packets hash to, where they were opened; else 0
};

// Consecutive numbers modulo 2^32: late joiners of a cluster with extended numbers do not show their high
// half.
struct NumberRange {
  std::uint32_t from = 0;
  std::uint64_t reach = 0;  // the last number's distance from the first

  // Which bits of a block are inside.
  std::uint64_t mask(std::uint32_t block) const;
};

// A sample of an SA's numbers, or of several SAs' together: those of the blocks whose hash begins with
// `level` zeros. Which blocks these are is the same for all SAs, so that two samples show what two SAs have
// in common.
struct NumberSample {
  unsigned level = 0;
  NumberRange range;                // of all numbers, not only the sampled ones
  std::vector<NumberBlock> blocks;  // in ascending order

  bool empty() const { return blocks.empty(); }
  std::uint64_t numbers() const;
};

// How two samples lie to each other, where their ranges overlap.
struct NumberOverlap {
  std::uint64_t first = 0, second = 0;  // numbers of each
  std::uint64_t room = 0;               // numbers that the blocks of either have room for
  std::uint64_t both = 0;               // numbers that came under both
  std::uint64_t alternations = 0;       // how often, in the order of the numbers, the other one has the next
  std::uint64_t compared = 0;           // numbers under both whose packets were opened, all of their block
  std::uint64_t same_content = 0;       // of them, those of blocks that held the same packets

  // How many numbers would have come under both if each counted for itself.
  double expected() const {
    return room == 0 ? 0
                     : static_cast<double>(first) * static_cast<double>(second) / static_cast<double>(room);
  }
  // How much less likely under independent counters it is to find as few numbers under both: e to the power
  // of minus this, but no more than the alternations carry, as numbers are lost in runs.
  double strength() const;
};

NumberOverlap overlap_of(const NumberSample& first, const NumberSample& second);
NumberSample union_of(const NumberSample& first, const NumberSample& second);

class NumberSketch {
 public:
  static constexpr std::size_t most_blocks = 256;  // 6 KiB

  // A packet with this number came; `content` is a hash of what was in it, 0 if it was not opened.
  void note(std::uint64_t number, std::uint64_t content) {
    if (count_++ == 0) begin(number);
    lowest_ = std::min(lowest_, number);
    highest_ = std::max(highest_, number);
    const auto block = static_cast<std::uint32_t>(number >> 6) & block_mask;
    if (block != current_.block) turn_to(block);
    current_.bits |= std::uint64_t{1} << (number & 63);
    current_.contents += content;
  }

  std::uint64_t count() const { return count_; }
  std::uint64_t first() const { return first_; }
  std::uint64_t lowest() const { return lowest_; }
  std::uint64_t highest() const { return highest_; }
  NumberSample sample() const;

  static constexpr std::uint32_t block_mask = (std::uint32_t{1} << 26) - 1;

 private:
  void begin(std::uint64_t number);
  void turn_to(std::uint32_t block);
  void thin();

  NumberBlock current_;
  std::uint64_t count_ = 0;
  std::uint64_t first_ = 0, lowest_ = 0, highest_ = 0;
  unsigned level_ = 0;
  std::vector<NumberBlock> blocks_;  // each once, in the order of their coming
};

}  // namespace mpsec::replay
