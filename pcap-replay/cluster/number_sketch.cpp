#include "pcap-replay/cluster/number_sketch.hpp"

#include <bit>
#include <cmath>

namespace mpsec::replay {
namespace {

constexpr unsigned deepest_level = 26;

// Any good mix will do: nobody gains by having their blocks sampled, or not.
std::uint32_t mix(std::uint32_t block) {
  block = (block ^ block >> 16) * 0x85ebca6bu;
  block = (block ^ block >> 13) * 0xc2b2ae35u;
  return block ^ block >> 16;
}

bool is_sampled(std::uint32_t block, unsigned level) {
  return std::countl_zero(mix(block)) >= static_cast<int>(level);
}

std::uint64_t count(std::uint64_t bits) {
  return static_cast<std::uint64_t>(std::popcount(bits));
}

std::int64_t distance(std::uint32_t from, std::uint32_t to) {
  return static_cast<std::int32_t>(to - from);
}

NumberRange common_range(const NumberRange& first, const NumberRange& second, bool& any) {
  const std::int64_t shift = distance(first.from, second.from);
  const std::int64_t from = std::max<std::int64_t>(0, shift);
  const std::int64_t to =
      std::min(static_cast<std::int64_t>(first.reach), shift + static_cast<std::int64_t>(second.reach));
  any = from <= to;
  return {first.from + static_cast<std::uint32_t>(from), static_cast<std::uint64_t>(to - from)};
}

NumberRange joint_range(const NumberRange& first, const NumberRange& second) {
  const std::int64_t shift = distance(first.from, second.from);
  const std::int64_t from = std::min<std::int64_t>(0, shift);
  const std::int64_t to =
      std::max(static_cast<std::int64_t>(first.reach), shift + static_cast<std::int64_t>(second.reach));
  return {first.from + static_cast<std::uint32_t>(from), static_cast<std::uint64_t>(to - from)};
}

// Goes along two samples: calls visit(block, of the first, of the second) for each block of either, the other
// one's being empty where it has none.
template <typename Visit>
void along(const NumberSample& first, const NumberSample& second, Visit visit) {
  const unsigned level = std::max(first.level, second.level);
  auto one = first.blocks.begin(), other = second.blocks.begin();
  while (one != first.blocks.end() || other != second.blocks.end()) {
    const bool takes_other =
        one == first.blocks.end() || (other != second.blocks.end() && other->block <= one->block);
    const bool takes_one =
        other == second.blocks.end() || (one != first.blocks.end() && one->block <= other->block);
    const std::uint32_t block = takes_one ? one->block : other->block;
    const NumberBlock none{block, 0, 0};
    if (is_sampled(block, level)) visit(takes_one ? *one : none, takes_other ? *other : none);
    one += takes_one ? 1 : 0;
    other += takes_other ? 1 : 0;
  }
}

// Counts how often the owner changes along the numbers that came under one of the two only.
class Alternations {
 public:
  void add(std::uint64_t first, std::uint64_t second) {
    std::uint64_t either = first ^ second;
    while (either != 0) {
      const std::uint64_t lowest = either & (~either + 1);
      const bool is_first = (first & lowest) != 0;
      // The whole run of this owner at once: up to the next number of the other one.
      const std::uint64_t others = is_first ? second & either : first & either;
      either = others == 0 ? 0 : either & ~((others & (~others + 1)) - 1);
      count += any_ && is_first != was_first_ ? 1 : 0;
      was_first_ = is_first;
      any_ = true;
    }
  }
  std::uint64_t count = 0;

 private:
  bool any_ = false, was_first_ = false;
};

}  // namespace

std::uint64_t NumberRange::mask(std::uint32_t block) const {
  const std::uint64_t after = static_cast<std::uint32_t>((block << 6) - from);
  if (after <= reach)
    return reach - after >= 63 ? ~std::uint64_t{0} : (std::uint64_t{2} << (reach - after)) - 1;
  const std::uint64_t before = static_cast<std::uint32_t>(from - (block << 6));
  if (before >= 64) return 0;
  const std::uint64_t to = std::min<std::uint64_t>(63, before + reach);
  return (~std::uint64_t{0} << before) & (~std::uint64_t{0} >> (63 - to));
}

std::uint64_t NumberSample::numbers() const {
  std::uint64_t sum = 0;
  for (const NumberBlock& block : blocks)
    sum += count(block.bits);
  return sum;
}

double NumberOverlap::strength() const {
  const double would_be = expected(), came = static_cast<double>(both);
  if (came >= would_be) return 0;
  // Chernoff's bound for a Poisson count.
  const double rarity = came == 0 ? would_be : would_be - came + came * std::log(came / would_be);
  return std::min(rarity, static_cast<double>(alternations) / 2);
}

NumberOverlap overlap_of(const NumberSample& first, const NumberSample& second) {
  NumberOverlap overlap;
  if (first.empty() || second.empty()) return overlap;
  bool any = false;
  const NumberRange range = common_range(first.range, second.range, any);
  if (!any) return overlap;
  Alternations alternations;
  along(first, second, [&](const NumberBlock& one, const NumberBlock& other) {
    const std::uint64_t mask = range.mask(one.block);
    const std::uint64_t ones = one.bits & mask, others = other.bits & mask;
    overlap.first += count(ones);
    overlap.second += count(others);
    overlap.room += count(mask);
    overlap.both += count(ones & others);
    alternations.add(ones, others);
    if (one.bits != other.bits || one.contents == 0 || other.contents == 0) return;
    overlap.compared += count(ones);
    overlap.same_content += one.contents == other.contents ? count(ones) : 0;
  });
  overlap.alternations = alternations.count;
  return overlap;
}

NumberSample union_of(const NumberSample& first, const NumberSample& second) {
  NumberSample together{std::max(first.level, second.level), joint_range(first.range, second.range), {}};
  along(first, second, [&](const NumberBlock& one, const NumberBlock& other) {
    // What is in copies counts once; of blocks that are not copies the sum tells nothing any more.
    const bool copies = one.bits == other.bits;
    together.blocks.push_back({one.block, one.bits | other.bits,
                               copies            ? one.contents
                               : one.bits == 0   ? other.contents
                               : other.bits == 0 ? one.contents
                                                 : 0});
  });
  return together;
}

void NumberSketch::begin(std::uint64_t number) {
  first_ = lowest_ = highest_ = number;
  current_.block = static_cast<std::uint32_t>(number >> 6) & block_mask;
}

void NumberSketch::turn_to(std::uint32_t block) {
  const auto keep = [this](const NumberBlock& left) {
    if (left.bits == 0 || !is_sampled(left.block, level_)) return;
    const auto known = std::find_if(blocks_.rbegin(), blocks_.rend(),
                                    [&](const NumberBlock& kept) { return kept.block == left.block; });
    if (known == blocks_.rend()) {
      blocks_.push_back(left);
    } else {
      known->bits |= left.bits;
      known->contents += left.contents;
    }
  };
  keep(current_);
  while (blocks_.size() > most_blocks)
    thin();
  current_ = {block, 0, 0};
}

void NumberSketch::thin() {
  if (++level_ > deepest_level) return blocks_.clear();
  std::erase_if(blocks_, [this](const NumberBlock& kept) { return !is_sampled(kept.block, level_); });
}

NumberSample NumberSketch::sample() const {
  NumberSketch whole = *this;
  whole.turn_to(current_.block);
  NumberSample sample{
      whole.level_, {static_cast<std::uint32_t>(lowest_), highest_ - lowest_}, std::move(whole.blocks_)};
  std::ranges::sort(sample.blocks, {}, &NumberBlock::block);
  return sample;
}

}  // namespace mpsec::replay
