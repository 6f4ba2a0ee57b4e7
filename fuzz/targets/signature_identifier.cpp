// The Authentication Data of method 14: an identifier that is taken names one algorithm.
// depends: crypto
#include <algorithm>

#include "crypto/signature.hpp"
#include "support/require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  using namespace mpsec::crypto;
  const auto read = read_digital_signature({octets, size});
  if (!read) return 0;
  mpsec::fuzz::require(read->algorithm == find_signature(read->algorithm->scheme, read->algorithm->hash),
                       "the algorithm is the table's");
  const auto written = write_digital_signature(*read->algorithm, read->signature);
  const auto again = read_digital_signature(written);
  mpsec::fuzz::require(again && again->algorithm == read->algorithm, "what is written is read as the same");
  mpsec::fuzz::require(std::ranges::equal(again->signature, read->signature), "the signature is kept");
  return 0;
}
