#include "interop/defects/defect.hpp"

#include <algorithm>

namespace mpsec::conformance {
namespace {

std::vector<Defect>& entries() {
  static std::vector<Defect> all;
  return all;
}

}  // namespace

namespace detail {
DefectEntry::DefectEntry(Defect one) {
  entries().push_back(std::move(one));
}
}  // namespace detail

const std::vector<Defect>& defects() {
  static const std::vector<Defect> sorted = [] {
    std::vector<Defect> all = entries();
    std::ranges::sort(all, {}, &Defect::id);
    return all;
  }();
  return sorted;
}

}  // namespace mpsec::conformance
