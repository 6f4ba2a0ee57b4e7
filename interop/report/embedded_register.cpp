#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include "interop/report/register.hpp"

namespace mpsec::conformance {
namespace {

constexpr std::pair<std::string_view, std::string_view> files[]{
#include "report_register.inc"
};

// The documents whose every sentence is entered come first, as people look for them.
std::size_t rank(std::string_view file) {
  constexpr std::array<std::string_view, 4> first{"rfc7296.json", "rfc4303.json", "draft-zhang.json",
                                                  "profile.json"};
  return static_cast<std::size_t>(std::ranges::find(first, file) - first.begin());
}

}  // namespace

const Register& embedded_register() {
  static const Register all = [] {
    std::vector<std::pair<std::string_view, std::string_view>> sorted(std::begin(files), std::end(files));
    std::ranges::stable_sort(sorted, {}, [](const auto& file) { return rank(file.first); });
    Register rules;
    for (const auto& [name, text] : sorted) {
      [[maybe_unused]] const auto added = rules.add(name, text);
      assert(added);
    }
    return rules;
  }();
  return all;
}

}  // namespace mpsec::conformance
