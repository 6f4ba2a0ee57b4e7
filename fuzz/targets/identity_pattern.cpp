// An identity as a peer asserts it, its kind and its value: equal ones have one canonical form.
// depends: ipsec
#include "ipsec/identity_pattern.hpp"

#include "support/require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  using namespace mpsec::ipsec;
  using mpsec::fuzz::require;
  if (size == 0) return 0;
  const Identity identity{static_cast<IdentityType>(octets[0]), {octets + 1, octets + size}};
  require(!to_string(identity).empty(), "any identity can be printed");
  const auto pattern = IdentityPattern::exactly(identity);
  if (!pattern) return 0;
  require(pattern->is_single() && pattern->matches(identity), "an identity matches itself");
  const auto below = IdentityPattern::below(identity.value);
  if (identity.type != IdentityType::distinguished_name) return 0;
  require(below && below->covers(*pattern), "a name is in its own sub-tree");
  require(!pattern->covers(*below), "and a sub-tree is more than its root");
  return 0;
}
