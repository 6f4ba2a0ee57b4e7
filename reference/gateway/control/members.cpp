#include "gateway/control/members.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace mpsec::gateway {
namespace {

constexpr Duration longest_wait = std::chrono::hours(24);

Error malformed(std::string path, std::string why) {
  return {Blame::malformed, std::move(path), std::nullopt, std::move(why), ""};
}

}  // namespace

Members::Members(const Json& object, std::string path) : object_(object), path_(std::move(path)) {}

std::optional<std::string> Members::text(std::string_view name) {
  const Json* const value = find(name);
  if (value == nullptr) return std::nullopt;
  if (const auto* text = value->get_ptr<const std::string*>()) return *text;
  wrong(name, "a text");
  return std::nullopt;
}

std::optional<std::uint64_t> Members::number(std::string_view name) {
  const Json* const value = find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_number_unsigned()) return value->get<std::uint64_t>();
  wrong(name, "a whole number from 0 on");
  return std::nullopt;
}

std::optional<std::variant<std::uint64_t, std::string>> Members::number_or_text(std::string_view name) {
  const Json* const value = find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_number_unsigned()) return value->get<std::uint64_t>();
  if (value->is_string()) return value->get<std::string>();
  wrong(name, "a number, as the status has it, or a name");
  return std::nullopt;
}

bool Members::flag(std::string_view name, bool otherwise) {
  const Json* const value = find(name);
  if (value == nullptr) return otherwise;
  if (value->is_boolean()) return value->get<bool>();
  wrong(name, "true or false");
  return otherwise;
}

Duration Members::seconds(std::string_view name, Duration otherwise) {
  const Json* const value = find(name);
  if (value == nullptr) return otherwise;
  if (value->is_number()) {
    const std::chrono::duration<double> seconds(value->get<double>());
    if (seconds.count() > 0 && seconds <= longest_wait) return std::chrono::duration_cast<Duration>(seconds);
  }
  wrong(name, "a number of seconds above 0, at most 86400");
  return otherwise;
}

void Members::require(std::string_view name) {
  if (!error_ && !object_.contains(name))
    error_ = malformed(fmt::format("{}/{}", path_, name), "the member is missing");
}

Result<> Members::so_far() const {
  if (error_) return std::unexpected(*error_);
  return {};
}

Result<> Members::done() const {
  if (error_) return std::unexpected(*error_);
  for (const auto& [name, _] : object_.items())
    if (std::ranges::find(asked_, name) == asked_.end())
      return std::unexpected(
          malformed(path_, fmt::format("no member is called {}; there are {}", shown(name), listed(asked_))));
  return {};
}

const Json* Members::find(std::string_view name) {
  asked_.emplace_back(name);
  const auto at = object_.find(name);
  return at == object_.end() ? nullptr : &*at;
}

void Members::wrong(std::string_view name, std::string_view expected) {
  if (error_) return;
  error_ = malformed(fmt::format("{}/{}", path_, name),
                     fmt::format("expected {}, found {}", expected, shown(*object_.find(name))));
}

std::string shown(const Json& value) {
  constexpr std::size_t longest = 64;
  if (value.is_structured()) return value.is_array() ? "an array" : "an object";
  std::string text = trace::to_line(value);
  if (text.size() > longest) text = text.substr(0, longest) + "...";
  return text;
}

std::string listed(std::span<const std::string> names) {
  constexpr std::size_t most = 20;
  if (names.empty()) return "none";
  std::string text;
  for (const std::string& name : names.first(std::min(names.size(), most)))
    text += fmt::format("{}'{}'", text.empty() ? "" : ", ", name);
  if (names.size() > most) text += fmt::format(" and {} more", names.size() - most);
  return text;
}

Error unknown_name(std::string path, std::string_view kind, std::string_view found,
                   std::span<const std::string> known) {
  constexpr std::size_t longest = 64;
  const std::string_view shortened = found.substr(0, longest);
  return {Blame::local_fault, std::move(path), std::nullopt,
          fmt::format("there is no {} '{}'; there {} {}", kind, shortened, known.size() < 2 ? "is" : "are",
                      listed(known)),
          ""};
}

}  // namespace mpsec::gateway
