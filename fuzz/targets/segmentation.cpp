// Large packets are cut into lawful segments; joined is nothing that cutting would not give back.
// depends: gateway_io fuzz_support
#include "support/segmentation_law.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  if (size < 2) return 0;
  const mpsec::OctetView input(octets, size);
  mpsec::fuzz::cutting_is_lawful(input.subspan(2), mpsec::load_be<std::uint16_t>(octets));
  mpsec::fuzz::joining_is_lawful(input);
  return 0;
}
