// depends: wire
#include "support/field_mutator.hpp"

#include <algorithm>

namespace mpsec::fuzz {
namespace {

std::uint64_t boundary(Rng& rng, unsigned bits) {
  // A power of two or a neighbour: where lengths wrap and signs change.
  return (std::uint64_t{1} << rng.below(bits)) + rng.below(3) - 1;
}

std::uint64_t turned_round(std::uint64_t value, unsigned bits) {
  std::uint64_t turned = 0;
  for (unsigned octet = 0; octet < (bits + 7) / 8; ++octet, value >>= 8)
    turned = turned << 8 | (value & 0xff);
  return turned;
}

void overwrite(Rng& rng, MutableOctets octets) {
  if (octets.empty()) return;
  const std::size_t start = rng.below(octets.size());
  const std::size_t count = 1 + rng.below(std::min<std::size_t>(octets.size() - start, 8));
  rng.fill(octets.subspan(start, count));
}

}  // namespace

void FieldMutator::Visitor::number(std::string_view, unsigned bits, std::uint64_t& value) {
  if (is_wanted(seen_++)) on_number(bits, value);
}

void FieldMutator::Visitor::octets(std::string_view, Octets& value) {
  if (is_wanted(seen_++)) on_octets(value);
}

void FieldMutator::Visitor::fixed_octets(std::string_view, MutableOctets value) {
  if (is_wanted(seen_++)) on_fixed_octets(value);
}

void FieldMutator::Visitor::list(std::string_view, wire::ListHandle& list) {
  if (is_wanted(seen_++)) on_list(list);
}

void FieldMutator::Changer::on_number(unsigned bits, std::uint64_t& value) {
  switch (rng_.below(8)) {
    case 0:
      value = 0;
      break;
    case 1:
      value = ~std::uint64_t{0};
      break;
    case 2:
      ++value;
      break;
    case 3:
      --value;
      break;
    case 4:
      value ^= std::uint64_t{1} << rng_.below(bits);
      break;
    case 5:
      value = boundary(rng_, bits);
      break;
    case 6:
      value = turned_round(value, bits);
      break;
    default:
      value = rng_.next_u64();
  }
}

void FieldMutator::Changer::on_octets(Octets& value) {
  constexpr std::size_t most_added = 64;
  switch (rng_.below(4)) {
    case 0:
      value.resize(rng_.below(value.size() + 1));
      break;
    case 1: {
      const std::size_t size = value.size();
      value.resize(size + 1 + rng_.below(most_added));
      rng_.fill(MutableOctets(value).subspan(size));
      break;
    }
    case 2: {
      if (value.empty()) break;
      const std::size_t start = rng_.below(value.size());
      const Octets part(
          value.begin() + static_cast<std::ptrdiff_t>(start),
          value.begin() + static_cast<std::ptrdiff_t>(std::min(start + most_added, value.size())));
      value.insert(value.begin() + static_cast<std::ptrdiff_t>(start), part.begin(), part.end());
      break;
    }
    default:
      overwrite(rng_, value);
  }
}

void FieldMutator::Changer::on_fixed_octets(MutableOctets value) {
  overwrite(rng_, value);
}

void FieldMutator::Changer::on_list(wire::ListHandle& list) {
  if (list.size() == 0) return;
  const std::size_t one = rng_.below(list.size());
  switch (rng_.below(3)) {
    case 0:
      list.erase(one);
      break;
    case 1:
      list.duplicate(one);
      break;
    default:
      list.swap(one, rng_.below(list.size()));
  }
}

}  // namespace mpsec::fuzz
