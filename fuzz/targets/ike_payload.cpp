// Every payload's body and every notify's data, each tried on the same octets.
// depends: wire_ike fuzz_support
#include <algorithm>

#include "support/require.hpp"
#include "wire/ike/message.hpp"
#include "wire/ike/notify_data.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  using mpsec::fuzz::require;
  const mpsec::OctetView input(octets, size);
  const auto holds_for = [&]<class Struct>(const Struct*) {
    const auto value = mpsec::wire::decode<Struct>(input);
    require(!value || std::ranges::equal(mpsec::wire::encode(*value), input), "encoding undoes decoding");
    require(!value || !mpsec::wire::dump(*value).empty(), "a payload has a dump");
    require(value || (!value.error().path.empty() && value.error().offset <= size), "errors say where");
  };
  using namespace mpsec::wire::ike;
  Registry::for_each([&]<class Line>() { holds_for(static_cast<const typename Line::body*>(nullptr)); });
  NotifyRegistry::for_each(
      [&]<class Line>() { holds_for(static_cast<const typename Line::data*>(nullptr)); });
  return 0;
}
