// CAVP texts: any text gives cases or problems that name the file, and the same ones each time.
// depends: vectors_core
#include "support/require.hpp"
#include "vectors/core/cavp_reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(octets), size);
  const auto file = mpsec::vectors::read_cavp(text, "f");
  const auto again = mpsec::vectors::read_cavp(text, "f");
  mpsec::fuzz::require(file.cases == again.cases && file.problems == again.problems, "reading is repeatable");
  for (const auto& problem : file.problems)
    mpsec::fuzz::require(problem.path.starts_with("f"), "a problem names its file");
  for (const auto& one : file.cases)
    mpsec::fuzz::require(!one.id.empty() && !kind_of(one).empty(), "a case has a name and a kind");
  return 0;
}
