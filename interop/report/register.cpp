#include "interop/report/register.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace mpsec::conformance {
namespace {

using Json = nlohmann::json;

struct Level {
  std::string_view name;
  Strength strength;
};
// Those of vectors/schema/requirements.schema.json. What a document states without a keyword holds all the
// same.
constexpr std::array<Level, 12> levels{{{"MUST", Strength::must},
                                        {"MUST NOT", Strength::must},
                                        {"REQUIRED", Strength::must},
                                        {"SHALL", Strength::must},
                                        {"SHALL NOT", Strength::must},
                                        {"statement", Strength::must},
                                        {"SHOULD", Strength::should},
                                        {"SHOULD NOT", Strength::should},
                                        {"RECOMMENDED", Strength::should},
                                        {"NOT RECOMMENDED", Strength::should},
                                        {"MAY", Strength::may},
                                        {"OPTIONAL", Strength::may}}};

Error wrong(std::string_view file, std::string_view where, std::string why) {
  return {Blame::malformed, fmt::format("{}:{}", file, where), std::nullopt, std::move(why), {}};
}

std::string text_of(const Json& entry, const char* name) {
  const auto at = entry.find(name);
  return at != entry.end() && at->is_string() ? at->get<std::string>() : std::string{};
}

Result<Rule> rule_of(const Json& entry, const std::string& document, std::string_view file,
                     std::size_t index) {
  const std::string where = fmt::format("entries[{}]", index);
  if (!entry.is_object()) return std::unexpected(wrong(file, where, "expected an object"));
  Rule rule{.id = text_of(entry, "id"),
            .document = document,
            .section = text_of(entry, "section"),
            .level = text_of(entry, "level"),
            .words = text_of(entry, "rule"),
            .level_reason = text_of(entry, "level_reason"),
            .untestable = text_of(entry, "untestable"),
            .out_of_scope = text_of(entry, "out_of_scope"),
            .next = text_of(entry, "next")};
  if (rule.id.empty() || rule.section.empty() || rule.words.empty())
    return std::unexpected(wrong(file, where, "expected the texts 'id', 'section' and 'rule'"));
  if (!to_strength(rule.level))
    return std::unexpected(wrong(file, rule.id, fmt::format("unknown level '{}'", rule.level)));
  return rule;
}

}  // namespace

std::string_view to_string(Strength strength) {
  switch (strength) {
    case Strength::must:
      return "must";
    case Strength::should:
      return "should";
    case Strength::may:
      return "may";
  }
  return "?";
}

std::optional<Strength> to_strength(std::string_view level) {
  const auto found = std::ranges::find(levels, level, &Level::name);
  if (found == levels.end()) return std::nullopt;
  return found->strength;
}

std::string Rule::clause() const {
  const std::string_view name = document;
  if (name.starts_with("rfc")) return fmt::format("RFC {} {}", name.substr(3), section);
  return fmt::format("{} {}", name, section);
}

std::string title_of(std::string_view document) {
  if (document == "draft-zhang") return "draft-zhang-ipsecme-multi-path-ipsec";
  if (document == "profile") return "the SA cluster profile";
  if (document.starts_with("rfc")) return fmt::format("RFC {}", document.substr(3));
  return std::string(document);
}

Result<> Register::add(std::string_view file, std::string_view json) {
  Json text;
  try {
    text = Json::parse(json);
  } catch (const Json::parse_error& fault) {
    return std::unexpected(Error{Blame::malformed, std::string(file), fault.byte, "this is no JSON", {}});
  }
  const std::string document = text.is_object() ? text_of(text, "document") : std::string{};
  if (document.empty() || !text.contains("entries") || !text["entries"].is_array())
    return std::unexpected(wrong(file, "", "expected an object with 'document' and the list 'entries'"));
  std::vector<Rule> added;
  std::map<std::string, std::size_t, std::less<>> places = places_;
  for (const Json& entry : text["entries"]) {
    auto rule = rule_of(entry, document, file, added.size());
    if (!rule) return std::unexpected(std::move(rule).error());
    if (!places.emplace(rule->id, rules_.size() + added.size()).second)
      return std::unexpected(wrong(file, rule->id, "this ID is there twice"));
    added.push_back(*std::move(rule));
  }
  std::ranges::move(added, std::back_inserter(rules_));
  places_ = std::move(places);
  return {};
}

const Rule* Register::find(std::string_view id) const {
  const auto at = places_.find(id);
  return at == places_.end() ? nullptr : &rules_[at->second];
}

std::vector<std::string> Register::documents() const {
  std::vector<std::string> names;
  for (const Rule& rule : rules_)
    if (names.empty() || names.back() != rule.document) names.push_back(rule.document);
  return names;
}

}  // namespace mpsec::conformance
