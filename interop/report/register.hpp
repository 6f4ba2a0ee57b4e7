// The register of normative clauses (vectors/requirements), as it was when the program was built.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "interop/suite/case.hpp"

namespace mpsec::conformance {

// How much a level asks for: MUST, SHALL, REQUIRED and statements; SHOULD, RECOMMENDED; MAY, OPTIONAL.
enum class Strength : std::uint8_t { must, should, may };
std::string_view to_string(Strength strength);
std::optional<Strength> to_strength(std::string_view level);

struct Rule {
  std::string id{};                                  // "rfc7296/2.3/no-response-outside-the-window"
  std::string document{}, section{};                 // "rfc7296", "2.3"
  std::string level{};                               // "MUST NOT", "statement", ...
  std::string words{};                               // the rule in our own words
  std::string level_reason{};                        // where the level is ours
  std::string untestable{}, out_of_scope{}, next{};  // why no case tries it; at most one is not empty

  // "RFC 7296 2.3", "the draft 3.1", "our profile 2.1".
  std::string clause() const;
  Strength strength() const { return to_strength(level).value_or(Strength::must); }
};

class Register {
 public:
  // A file's text, whose name is for errors. Fails naming file and entry; nothing is taken then.
  Result<> add(std::string_view file, std::string_view json);
  // Documents in the order in which they were added, sections as the files have them.
  const std::vector<Rule>& rules() const { return rules_; }
  // Null: there is none.
  const Rule* find(std::string_view id) const;
  std::vector<std::string> documents() const;

 private:
  std::vector<Rule> rules_;
  std::map<std::string, std::size_t, std::less<>> places_;  // in rules_, by ID
};

// What is built in.
const Register& embedded_register();
// "RFC 7296", "draft-zhang-ipsecme-multi-path-ipsec", "the SA cluster profile".
std::string title_of(std::string_view document);

// What is wrong with a catalogue, a line each naming the case: IDs that are not legible, not sorted or there
// twice, rules that are not in the register, or that it says no case can try, sentences that are none.
std::vector<std::string> lint(const std::vector<Case>& cases, const Register& rules);

}  // namespace mpsec::conformance
