#include "interop/prove/prove.hpp"

#include <gtest/gtest.h>

namespace mpsec::conformance {
namespace {

template <class Kind>
std::vector<const Kind*> pointers(const std::vector<Kind>& all) {
  std::vector<const Kind*> list;
  for (const Kind& one : all)
    list.push_back(&one);
  return list;
}

// The whole matrix, with all that trips, is ci/jobs/prove.
TEST(Prove, EveryCaseIsKilledAndEveryDefectIsCaught) {
  const Proof proof =
      prove(pointers(catalogue()), pointers(defects()), Pairs::own_rule, 2, [](std::size_t) {});
  for (const std::string& gap : proof.gaps())
    ADD_FAILURE() << gap;
}

}  // namespace
}  // namespace mpsec::conformance
