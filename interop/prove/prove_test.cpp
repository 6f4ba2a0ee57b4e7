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

TEST(Prove, EveryCaseIsKilledAndEveryDefectIsCaught) {
  const Proof proof = prove(pointers(catalogue()), pointers(defects()), 2, [](std::size_t) {});
  for (const std::string& gap : proof.gaps())
    ADD_FAILURE() << gap;
  EXPECT_LE(proof.tripped().median, 3u);
  EXPECT_LE(proof.tripped().ninetieth, 8u);
}

}  // namespace
}  // namespace mpsec::conformance
