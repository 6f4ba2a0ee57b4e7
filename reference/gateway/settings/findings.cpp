#include "gateway/settings/findings.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <numeric>

#include "ipsec/identity.hpp"

namespace mpsec::gateway {
namespace {

// How many single characters have to be put in, taken out or replaced (Levenshtein).
std::size_t distance(std::string_view one, std::string_view other) {
  std::vector<std::size_t> row(other.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= one.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= other.size(); ++j) {
      const std::size_t replaced = diagonal + (one[i - 1] == other[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, replaced}));
    }
  }
  return row.back();
}

}  // namespace

void Findings::error(Place at, std::string why, std::string clause) {
  errors_.push_back({at, std::move(why), std::move(clause)});
}

void Findings::warning(Place at, std::string why, std::string clause) {
  warnings_.push_back({at, std::move(why), std::move(clause)});
}

std::vector<Error> Findings::in_order(std::vector<Finding> findings) const {
  std::ranges::stable_sort(findings, {}, &Finding::at);
  std::vector<Error> errors;
  for (Finding& finding : findings)
    errors.push_back({.blame = Blame::local_fault,
                      .path = fmt::format("{}:{}:{}", file_, finding.at.line, finding.at.column),
                      .offset = std::nullopt,
                      .why = std::move(finding.why),
                      .clause = std::move(finding.clause)});
  return errors;
}

std::string shown(std::string_view text) {
  constexpr std::size_t enough = 64;
  return ipsec::printable(text.substr(0, enough)) + (text.size() > enough ? "..." : "");
}

std::vector<std::string_view> near_words(std::string_view word, const std::vector<std::string_view>& known) {
  constexpr std::size_t longest = 64, most = 3;
  if (word.size() > longest) return {};
  const std::size_t reach = std::max<std::size_t>(1, word.size() / 3);
  std::vector<std::pair<std::size_t, std::string_view>> found;
  for (const std::string_view candidate : known)
    if (const std::size_t steps = distance(word, candidate); steps <= reach)
      found.emplace_back(steps, candidate);
  std::ranges::stable_sort(found, {}, &std::pair<std::size_t, std::string_view>::first);
  std::vector<std::string_view> words;
  for (std::size_t i = 0; i < std::min(most, found.size()); ++i)
    words.push_back(found[i].second);
  return words;
}

std::string advice(std::string_view word, const std::vector<std::string_view>& known) {
  if (const auto near = near_words(word, known); !near.empty())
    return fmt::format("did you mean {}?", fmt::join(near, " or "));
  return fmt::format("known are {}", fmt::join(known, ", "));
}

}  // namespace mpsec::gateway
