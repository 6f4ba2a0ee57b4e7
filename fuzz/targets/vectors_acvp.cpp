// ACVP documents: any JSON gives cases or problems, alone and joined with itself as its own answers.
// depends: vectors_core
#include "support/require.hpp"
#include "vectors/core/acvp_reader.hpp"
#include "vectors/core/json.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(octets), size);
  const auto document = mpsec::vectors::parse_json(text, "f");
  if (!document) return 0;
  const auto file = mpsec::vectors::read_acvp(*document, "f");
  mpsec::vectors::read_acvp(mpsec::vectors::join_acvp(*document, *document), "f");
  for (const auto& problem : file.problems)
    mpsec::fuzz::require(problem.path.starts_with("f"), "a problem names its file");
  for (const auto& one : file.cases)
    mpsec::fuzz::require(!one.id.empty() && !kind_of(one).empty(), "a case has a name and a kind");
  return 0;
}
