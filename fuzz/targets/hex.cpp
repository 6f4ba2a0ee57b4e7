// Hexadecimal text: what parses is spelt back, and parses to the same octets.
// depends: base
#include "base/octets.hpp"
#include "support/require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(octets), size);
  const auto parsed = mpsec::from_hex(text);
  if (parsed) {
    mpsec::fuzz::require(mpsec::from_hex(mpsec::to_hex(*parsed)) == parsed, "from_hex undoes to_hex");
  } else {
    mpsec::fuzz::require(parsed.error().offset.value_or(size + 1) <= size, "the error lies within the text");
  }
  return 0;
}
