// depends: wire wire_ike
#include "support/wire_mutators.hpp"

#include <algorithm>

#include "support/field_mutator.hpp"
#include "wire/codec.hpp"
#include "wire/complete.hpp"
#include "wire/ike/complete.hpp"
#include "wire/packet.hpp"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace mpsec::fuzz {
namespace {

constexpr std::uint64_t one_in_left_to_libfuzzer = 8, most_changes = 4;

template <class Value>
void change_some(FieldMutator& mutator, Value& value) {
  for (std::uint64_t left = 1 + mutator.rng().below(most_changes); left > 0; --left)
    mutator.mutate(value);
}

std::size_t put(const Octets& octets, std::uint8_t* data, std::size_t max_size) {
  const std::size_t size = std::min(octets.size(), max_size);
  std::copy_n(octets.begin(), size, data);
  return size;
}

template <class Whole>
std::size_t mutate_whole(Result<Whole> whole, std::uint8_t* data, std::size_t size, std::size_t max_size,
                         unsigned seed) {
  FieldMutator mutator(seed);
  if (!whole || mutator.rng().below(one_in_left_to_libfuzzer) == 0)
    return LLVMFuzzerMutate(data, size, max_size);
  change_some(mutator, *whole);
  // A number that does not fit its field stays wrong; that is as good an input.
  if (mutator.rng().below(2) == 0) static_cast<void>(complete(*whole));
  return put(encode(*whole), data, max_size);
}

}  // namespace

std::size_t mutate_packet(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned seed) {
  return mutate_whole(wire::decode_packet({data, size}), data, size, max_size, seed);
}

std::size_t mutate_ike_message(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned seed) {
  return mutate_whole(wire::ike::decode_message({data, size}), data, size, max_size, seed);
}

std::size_t mutate_header(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned seed) {
  FieldMutator mutator(seed);
  std::vector<wire::Layer> readings;
  wire::Registry::for_each([&]<class Line>() {
    if (auto header = wire::decode<typename Line::header>({data, size}))
      readings.emplace_back(*std::move(header));
  });
  if (readings.empty() || mutator.rng().below(one_in_left_to_libfuzzer) == 0)
    return LLVMFuzzerMutate(data, size, max_size);
  wire::Layer& reading = readings[mutator.rng().below(readings.size())];
  std::visit([&](auto& header) { change_some(mutator, header); }, reading);
  return put(std::visit([](const auto& header) { return wire::encode(header); }, reading), data, max_size);
}

}  // namespace mpsec::fuzz
