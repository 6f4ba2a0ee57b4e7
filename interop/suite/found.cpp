#include "interop/suite/found.hpp"

#include "base/octets.hpp"

namespace mpsec::conformance {

void survive(Tester& t, std::initializer_list<std::string_view> datagrams) {
  t.control([&] { t.expect_target_alive(); });
  const ike::Path path = t.link().paths().at(0);
  for (const std::string_view hexadecimal : datagrams)
    t.link().send(ike::to_datagram(path, from_hex(hexadecimal).value()));
  t.wait(t.link().silence());
  t.expect_target_alive();
}

}  // namespace mpsec::conformance
