#include <cctype>
#include <fmt/format.h>
#include <set>

#include "interop/report/register.hpp"

namespace mpsec::conformance {
namespace {

constexpr std::size_t longest_slug = 80;

bool is_lower(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9');
}

// "request-beyond-the-window-is-dropped": words joined by single hyphens, at least two.
bool is_slug(std::string_view text) {
  if (text.size() > longest_slug || !text.contains('-')) return false;
  char before = '-';
  for (const char letter : text) {
    if (!is_lower(letter) && (letter != '-' || before == '-')) return false;
    before = letter;
  }
  return before != '-';
}

bool is_section(std::string_view text) {
  if (text.empty()) return false;
  for (const char letter : text)
    if (std::isalnum(static_cast<unsigned char>(letter)) == 0 && letter != '.' && letter != '-') return false;
  return true;
}

std::string wrong_id(std::string_view id) {
  const std::size_t first = id.find('/');
  const std::size_t second = first == id.npos ? first : id.find('/', first + 1);
  if (second == id.npos || id.find('/', second + 1) != id.npos)
    return "its ID has to be document/section/what-is-asked-for";
  if (!is_section(id.substr(0, first)) || !is_section(id.substr(first + 1, second - first - 1)))
    return "document and section of its ID may have letters, digits, dots and hyphens";
  if (!is_slug(id.substr(second + 1)))
    return fmt::format(
        "its ID has to end with at least two words of a-z and 0-9, joined by single hyphens, "
        "of at most {} characters",
        longest_slug);
  return {};
}

// Begins with a capital or a digit and ends with a full stop, and there is something between.
bool is_sentence(std::string_view text) {
  if (text.size() < 10 || text.contains("  ") || text.contains('\n')) return false;
  const auto first = static_cast<unsigned char>(text.front());
  return (std::isupper(first) != 0 || std::isdigit(first) != 0) && text.back() == '.';
}

class Linter {
 public:
  explicit Linter(const Register& rules) : rules_(rules) {}

  void look_at(const Case& one) {
    id_ = one.id;
    if (std::string why = wrong_id(id_); !why.empty()) say(why);
    if (!ids_.insert(id_).second) say("its ID is there twice: give one of the two another");
    if (id_ < before_) say(fmt::format("it stands behind {}: sort the catalogue by ID", before_));
    before_ = id_;
    look_at_rules(one);
    if (!is_sentence(one.does)) say("'does' has to be whole sentences");
    if (!is_sentence(one.lawful)) say("'lawful' has to be whole sentences");
    if (!one.hint.empty() && !is_sentence(one.hint)) say("'hint' has to be whole sentences, or empty");
    if (one.run == nullptr) say("there is nothing to run");
  }
  std::vector<std::string> take() { return std::move(findings_); }

 private:
  void say(std::string_view what) { findings_.push_back(fmt::format("case {}: {}", id_, what)); }

  void look_at_rules(const Case& one) {
    if (one.rules.empty()) say("it cites no rule of the register");
    std::set<std::string_view> seen;
    for (const std::string_view id : one.rules) {
      if (!seen.insert(id).second) say(fmt::format("it cites {} twice", id));
      const Rule* const rule = rules_.find(id);
      if (rule == nullptr) {
        say(fmt::format("the register has no rule {}: enter it, or cite another", id));
        continue;
      }
      if (!rule->untestable.empty() || !rule->out_of_scope.empty() || !rule->next.empty())
        say(fmt::format("the register says why no case tries {}: take the reason out there", id));
    }
  }

  const Register& rules_;
  std::string_view id_, before_;
  std::set<std::string_view> ids_;
  std::vector<std::string> findings_;
};

}  // namespace

std::vector<std::string> lint(const std::vector<Case>& cases, const Register& rules) {
  Linter linter(rules);
  for (const Case& one : cases)
    linter.look_at(one);
  return linter.take();
}

}  // namespace mpsec::conformance
