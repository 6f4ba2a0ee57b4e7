#include "vectors/core/json.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <set>

namespace mpsec::vectors {
namespace {

// "file:line:column" of the octet at `offset`, both counted from 1.
std::string text_place(std::string_view file, std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto line = 1 + std::ranges::count(before, '\n');
  const std::size_t line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  return fmt::format("{}:{}:{}", file, line, 1 + before.size() - line_start);
}

Error malformed(std::string path, std::string why) {
  return {.blame = Blame::malformed,
          .path = std::move(path),
          .offset = std::nullopt,
          .why = std::move(why),
          .clause = {}};
}

// Watches the parser go by and keeps the first member name that an object has twice.
class DuplicateNames {
 public:
  bool operator()(int, nlohmann::detail::parse_event_t event, Json& parsed) {
    using Event = nlohmann::detail::parse_event_t;
    if (event == Event::object_start) open_.emplace_back();
    if (event == Event::object_end) open_.pop_back();
    if (event == Event::key && !open_.back().insert(parsed.get<std::string>()).second && !duplicate_)
      duplicate_ = parsed.get<std::string>();
    return true;
  }
  const std::optional<std::string>& duplicate() const { return duplicate_; }

 private:
  std::vector<std::set<std::string>> open_;
  std::optional<std::string> duplicate_;
};

std::string_view type_name(const Json& value) {
  return value.type_name();
}

}  // namespace

Result<Json> parse_json(std::string_view text, std::string_view file) {
  DuplicateNames names;
  try {
    Json document = Json::parse(text.begin(), text.end(), std::ref(names));
    if (!names.duplicate()) return document;
    return std::unexpected(malformed(
        std::string(file), fmt::format("an object has two members named \"{}\"", *names.duplicate())));
  } catch (const Json::parse_error& error) {
    const std::size_t offset = std::min(text.size(), error.byte == 0 ? 0 : error.byte - 1);
    const std::string found =
        offset < text.size() ? fmt::format("{:?}", text.substr(offset, 1)) : "the end of the file";
    return std::unexpected(malformed(text_place(file, text, offset), "expected JSON, found " + found));
  } catch (const Json::exception& error) {  // a number out of range
    return std::unexpected(malformed(std::string(file), error.what()));
  }
}

std::string pointer_to(std::string_view pointer, std::string_view name) {
  std::string extended(pointer);
  extended += '/';
  for (const char c : name) {
    if (c == '~')
      extended += "~0";
    else if (c == '/')
      extended += "~1";
    else
      extended += c;
  }
  return extended;
}

Fields::Fields(const Json& value, std::string where, std::vector<Error>& problems)
    : value_(&value), where_(std::move(where)), problems_(&problems), problems_before_(problems.size()) {
  if (!value.is_object())
    problems_->push_back(malformed(where_, fmt::format("expected an object, found {}", type_name(value))));
}

bool Fields::has(std::string_view name) const {
  return value_->is_object() && value_->contains(name);
}

bool Fields::says(std::string_view name, std::string_view value) const {
  return has(name) && value_->at(std::string(name)).is_string() &&
         value_->at(std::string(name)).get_ref<const std::string&>() == value;
}

const Json* Fields::find(std::string_view name) {
  if (std::ranges::find(asked_, name) == asked_.end()) asked_.emplace_back(name);
  if (!value_->is_object()) return nullptr;
  const auto member = value_->find(name);
  return member == value_->end() ? nullptr : &*member;
}

const Json* Fields::require(std::string_view name) {
  const Json* value = find(name);
  if (value == nullptr && value_->is_object())
    problems_->push_back(malformed(where_, fmt::format("the member \"{}\" is missing", name)));
  return value;
}

void Fields::complain(std::string_view name, std::string why) {
  problems_->push_back(malformed(pointer_to(where_, name), std::move(why)));
}

std::string Fields::string_of(std::string_view name, const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  complain(name, fmt::format("expected a string, found {}", type_name(value)));
  return {};
}

Octets Fields::octets_of(std::string_view name, const Json& value) {
  const std::size_t before = problems_->size();
  const std::string text = string_of(name, value);
  if (problems_->size() != before) return {};
  auto octets = from_hex(text);
  if (octets) return *std::move(octets);
  complain(name, fmt::format("expected hexadecimal octets: character {}: {}",
                             octets.error().offset.value_or(0), octets.error().why));
  return {};
}

std::uint64_t Fields::number_of(std::string_view name, const Json& value, std::uint64_t largest) {
  const bool whole =
      value.is_number_unsigned() || (value.is_number_integer() && value.get<std::int64_t>() >= 0);
  if (whole && value.get<std::uint64_t>() <= largest) return value.get<std::uint64_t>();
  complain(name, fmt::format("expected a whole number from 0 to {}, found {}", largest,
                             value.is_number() ? value.dump() : type_name(value)));
  return 0;
}

std::string Fields::text(std::string_view name) {
  const Json* value = require(name);
  return value != nullptr ? string_of(name, *value) : std::string();
}

std::string Fields::optional_text(std::string_view name) {
  const Json* value = find(name);
  return value != nullptr ? string_of(name, *value) : std::string();
}

Octets Fields::octets(std::string_view name) {
  const Json* value = require(name);
  return value != nullptr ? octets_of(name, *value) : Octets();
}

std::optional<Octets> Fields::optional_octets(std::string_view name) {
  const Json* value = find(name);
  if (value == nullptr) return std::nullopt;
  return octets_of(name, *value);
}

std::uint64_t Fields::number(std::string_view name, std::uint64_t largest) {
  const Json* value = require(name);
  return value != nullptr ? number_of(name, *value, largest) : 0;
}

std::optional<std::uint64_t> Fields::optional_number(std::string_view name, std::uint64_t largest) {
  const Json* value = find(name);
  if (value == nullptr) return std::nullopt;
  return number_of(name, *value, largest);
}

std::optional<bool> Fields::optional_flag(std::string_view name) {
  const Json* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_boolean()) return value->get<bool>();
  complain(name, fmt::format("expected true or false, found {}", type_name(*value)));
  return std::nullopt;
}

const Json* Fields::array(std::string_view name) {
  const Json* value = require(name);
  if (value == nullptr || value->is_array()) return value;
  complain(name, fmt::format("expected an array, found {}", type_name(*value)));
  return nullptr;
}

Fields Fields::object(std::string_view name) {
  const Json* value = require(name);
  if (value != nullptr) return Fields(*value, pointer_to(where_, name), *problems_);
  Fields absent = *this;  // answers everything with empty values and complains no more
  static const Json nothing;
  absent.value_ = &nothing;
  return absent;
}

std::optional<Fields> Fields::optional_object(std::string_view name) {
  const Json* value = find(name);
  if (value == nullptr) return std::nullopt;
  return Fields(*value, pointer_to(where_, name), *problems_);
}

void Fields::pass_over(std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names)
    find(name);
}

void Fields::pass_over_where(const std::function<bool(std::string_view, const Json&)>& says_nothing) {
  if (!value_->is_object()) return;
  for (const auto& [name, value] : value_->items())
    if (says_nothing(name, value)) find(name);
}

std::optional<std::string> Fields::first_unasked() const {
  if (!value_->is_object()) return std::nullopt;
  for (const auto& [name, value] : value_->items())
    if (std::ranges::find(asked_, name) == asked_.end()) return name;
  return std::nullopt;
}

void Fields::done() {
  if (!value_->is_object()) return;
  for (const auto& [name, value] : value_->items())
    if (std::ranges::find(asked_, name) == asked_.end())
      complain(name, fmt::format("no such member; allowed: {}", fmt::join(asked_, ", ")));
}

}  // namespace mpsec::vectors
