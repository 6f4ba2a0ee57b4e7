#include "interop/runner/selection.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <fnmatch.h>

namespace mpsec::conformance {
namespace {

bool matches(const std::vector<std::string>& globs, std::string_view id) {
  const std::string text(id);
  return std::ranges::any_of(
      globs, [&](const std::string& glob) { return ::fnmatch(glob.c_str(), text.c_str(), 0) == 0; });
}

std::string_view document_of(const Case& one) {
  return one.id.substr(0, one.id.find('/'));
}

bool in_profile(const Case& one, std::string_view profile) {
  const std::string_view document = document_of(one);
  if (profile == "sa-clusters") return document == "profile" || document == "draft-zhang";
  if (profile == "esp") return document == "rfc4303" || document == "rfc3948" || document == "rfc4301";
  if (profile == "ikev2") return !in_profile(one, "sa-clusters") && !in_profile(one, "esp");
  if (profile == "no-hooks") return one.hooks.empty();
  return true;
}

Strength strength_of(const Case& one, const Register& rules) {
  const Rule* const rule = one.rules.empty() ? nullptr : rules.find(one.rules.front());
  return rule == nullptr ? Strength::must : rule->strength();
}

}  // namespace

const std::vector<Profile>& profiles() {
  static const std::vector<Profile> all{
      {"all", "every case"},
      {"ikev2", "IKEv2: RFC 7296 and its extensions"},
      {"esp", "ESP, anti-replay, ESP in UDP: RFC 4303, RFC 3948"},
      {"sa-clusters", "the multi-path draft and our profile of it"},
      {"no-hooks", "what needs no command of the gateway's owner"},
  };
  return all;
}

Result<std::vector<const Case*>> choose(const std::vector<Case>& cases, const Selection& selection,
                                        const Register& rules) {
  if (std::ranges::find(profiles(), selection.profile, &Profile::name) == profiles().end()) {
    std::string names;
    for (const Profile& one : profiles())
      names += fmt::format("{}{}", names.empty() ? "" : ", ", one.name);
    return std::unexpected(
        Error{Blame::local_fault, "--profile", std::nullopt,
              fmt::format("there is no profile '{}'; there are {}", selection.profile, names), ""});
  }
  std::vector<const Case*> chosen;
  for (const Case& one : cases) {
    if (!selection.filters.empty() && !matches(selection.filters, one.id)) continue;
    if (matches(selection.excludes, one.id) || !in_profile(one, selection.profile)) continue;
    if (!selection.levels.empty() &&
        std::ranges::find(selection.levels, strength_of(one, rules)) == selection.levels.end())
      continue;
    chosen.push_back(&one);
  }
  std::vector<const Case*> part;
  for (std::size_t i = selection.shard - 1; i < chosen.size(); i += selection.shards)
    part.push_back(chosen[i]);
  return part;
}

Result<> read_shard(std::string_view text, Selection& selection) {
  const std::size_t slash = text.find('/');
  std::size_t shard = 0, shards = 0;
  const auto number = [](std::string_view digits, std::size_t& value) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return error == std::errc{} && end == digits.data() + digits.size() && !digits.empty();
  };
  if (slash == std::string_view::npos || !number(text.substr(0, slash), shard) ||
      !number(text.substr(slash + 1), shards) || shard < 1 || shard > shards)
    return std::unexpected(Error{Blame::local_fault, "--shard", std::nullopt,
                                 fmt::format("expected I/N with 1 <= I <= N, as in 2/4; found '{}'", text),
                                 ""});
  selection.shard = shard, selection.shards = shards;
  return {};
}

}  // namespace mpsec::conformance
