// Hexadecimal text, as key files and vectors hold it.
// depends: base
#include <benchmark/benchmark.h>

#include "base/octets.hpp"

namespace {

void from_hex(benchmark::State& state) {
  const std::string text = mpsec::to_hex(mpsec::Octets(static_cast<std::size_t>(state.range(0)), 0xa5));
  for (auto _ : state)
    benchmark::DoNotOptimize(mpsec::from_hex(text));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(from_hex)->Arg(32)->Arg(4096);

}  // namespace
