// From SPI to SA, with the first line of the SA read, as the packet path needs it.
// depends: ipsec bench_support fmt::fmt
#include "ipsec/sad.hpp"

#include <fmt/format.h>
#include <numeric>

#include "base/huge_pages.hpp"
#include "base/rng.hpp"
#include "support/comparison.hpp"

namespace mpsec::bench {
namespace {

// What an SA is for this purpose: something large whose first line is wanted.
struct alignas(64) Sa {
  std::uint64_t first_word = 1;
  std::array<std::uint8_t, 1016> rest{};
};

struct Database {
  explicit Database(std::size_t count) : sad(SeededRng(1).next_u64()), sas(count) {
    SeededRng rng(2);
    sad.reserve(count);
    while (spis.size() < count) {
      const Spi spi{static_cast<std::uint32_t>(rng.next_u64())};
      if (sad.insert(ipsec::SadKey::of(spi), sas[spis.size()])) spis.push_back(spi);
    }
  }

  // Packets for SAs drawn at random.
  std::vector<ipsec::InboundKey> packets(std::size_t count) {
    SeededRng rng(3);
    std::vector<ipsec::InboundKey> keys(count);
    for (auto& key : keys)
      key.spi = spis[rng.below(spis.size())];
    return keys;
  }

  ipsec::InboundSad<Sa> sad;
  HugePageVector<Sa> sas;
  std::vector<Spi> spis;
};

std::size_t batch_of(const benchmark::State& state) {
  return static_cast<std::size_t>(state.range(1));
}

// Arguments: SAs, packets in a batch; 1 means find() by itself.
void sad_find(benchmark::State& state) {
  Database database(static_cast<std::size_t>(state.range(0)));
  constexpr std::size_t measured = 64;  // packets between two looks at the clock
  const auto packets = database.packets(1 << 16);
  std::vector<Sa*> found(measured);
  Samples samples;
  std::uint64_t sum = 0;
  std::size_t next = 0;
  for (auto _ : state) {
    const std::span<const ipsec::InboundKey> keys(packets.data() + next, measured);
    samples.take([&] {
      if (batch_of(state) == 1) {
        for (const auto& key : keys)
          sum += database.sad.find(key)->first_word;
        return;
      }
      for (std::size_t i = 0; i < measured; i += batch_of(state)) {
        const std::span<Sa*> batch(found.data() + i, batch_of(state));
        database.sad.find_batch(keys.subspan(i, batch.size()), batch);
        for (const Sa* sa : batch)
          sum += sa->first_word;
      }
    });
    next = (next + measured) % packets.size();
  }
  benchmark::DoNotOptimize(sum);
  state.counters["ns"] = samples.quartile() / measured / cycles_per_second() * 1e9;
  state.counters["octets/SA"] =
      static_cast<double>(database.sad.octets()) / static_cast<double>(database.sad.size());
}
BENCHMARK(sad_find)->ArgsProduct({{1, 1'000, 1'000'000}, {1, 32}})->Iterations(8192);

}  // namespace
}  // namespace mpsec::bench
