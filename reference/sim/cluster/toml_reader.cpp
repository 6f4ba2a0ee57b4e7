#include "sim/cluster/toml_reader.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/ranges.h>

namespace mpsec::sim {

void FirstError::set(const toml::source_region& at, std::string why) {
  if (error_) return;
  error_ = Error{.blame = Blame::local_fault,
                 .path = fmt::format("{}:{}:{}", file_, at.begin.line, at.begin.column),
                 .offset = std::nullopt,
                 .why = std::move(why),
                 .clause = {}};
}

Result<> FirstError::result() const {
  if (error_) return std::unexpected(*error_);
  return {};
}

std::string TomlReader::found(const toml::node& node) {
  if (const auto* text = node.as_string()) return fmt::format("\"{}\"", text->get());
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  if (const auto* number = node.as_floating_point()) return fmt::format("{}", number->get());
  if (const auto* value = node.as_boolean()) return value->get() ? "true" : "false";
  if (node.is_table()) return "a table";
  return node.is_array() ? "a list" : "a date or time";
}

const toml::node* TomlReader::take(std::string_view name) {
  taken_.emplace_back(name);
  return table_.get(name);
}

void TomlReader::fail(std::string_view name, std::string why) {
  const toml::node* const node = table_.get(name);
  error_.set(node != nullptr ? node->source() : table_.source(), fmt::format("{}{}: {}", path_, name, why));
}

void TomlReader::text(std::string_view name, std::string& value) {
  const toml::node* const node = take(name);
  if (node == nullptr) return;
  if (const auto* text = node->as_string())
    value = text->get();
  else
    fail(name, "expected a text, found " + found(*node));
}

void TomlReader::boolean(std::string_view name, bool& value) {
  const toml::node* const node = take(name);
  if (node == nullptr) return;
  if (const auto* read = node->as_boolean())
    value = read->get();
  else
    fail(name, "expected true or false, found " + found(*node));
}

void TomlReader::duration(std::string_view name, std::optional<Duration>& value) {
  const toml::node* const node = take(name);
  if (node == nullptr) return;
  const auto* text = node->as_string();
  const auto read = text == nullptr ? std::nullopt : parse_duration(text->get());
  if (read)
    value = read;
  else
    fail(name,
         "expected a time from 0 to 3600s with its unit (ns, us, ms, s), as \"20ms\", found " + found(*node));
}

void TomlReader::duration(std::string_view name, Duration& value) {
  std::optional<Duration> read;
  duration(name, read);
  value = read.value_or(value);
}

void TomlReader::rate(std::string_view name, std::uint64_t& value) {
  const toml::node* const node = take(name);
  if (node == nullptr) return;
  const auto* text = node->as_string();
  const auto read = text == nullptr ? std::nullopt : parse_rate(text->get());
  if (read)
    value = *read;
  else
    fail(name,
         "expected a rate from 8bit/s to 1000Gbit/s with its unit (bit/s, kbit/s, Mbit/s, Gbit/s), found " +
             found(*node));
}

void TomlReader::fraction(std::string_view name, double& value) {
  real(name, value, 0, 1);
}

void TomlReader::real(std::string_view name, double& value, double least, double most) {
  const toml::node* const node = take(name);
  if (node == nullptr) return;
  const auto read = node->value<double>();
  if (read && node->is_number() && *read >= least && *read <= most)
    value = *read;
  else
    fail(name, fmt::format("expected a number from {} to {}, found {}", least, most, found(*node)));
}

std::optional<std::uint64_t> TomlReader::whole(std::string_view name, std::uint64_t least,
                                               std::uint64_t most) {
  const toml::node* const node = take(name);
  if (node == nullptr) return std::nullopt;
  const auto* number = node->as_integer();
  if (number != nullptr && number->get() >= 0 && static_cast<std::uint64_t>(number->get()) >= least &&
      static_cast<std::uint64_t>(number->get()) <= most)
    return static_cast<std::uint64_t>(number->get());
  fail(name, fmt::format("expected a whole number from {} to {}, found {}", least, most, found(*node)));
  return std::nullopt;
}

const toml::table& TomlReader::table(std::string_view name) {
  static const toml::table empty;
  const toml::node* const node = take(name);
  if (node == nullptr) return empty;
  if (const auto* table = node->as_table()) return *table;
  fail(name, fmt::format("expected a table [{}], found {}", name, found(*node)));
  return empty;
}

std::vector<const toml::table*> TomlReader::tables(std::string_view name) {
  std::vector<const toml::table*> tables;
  const toml::node* const node = take(name);
  if (node == nullptr) return tables;
  if (const auto* list = node->as_array()) {
    for (const toml::node& element : *list)
      if (const auto* table = element.as_table()) tables.push_back(table);
    if (tables.size() == list->size()) return tables;
  }
  fail(name, fmt::format("expected tables [[{}]], found {}", name, found(*node)));
  return {};
}

void TomlReader::refuse_unknown() {
  for (const auto& [key, node] : table_) {
    if (std::ranges::find(taken_, key.str()) != taken_.end()) continue;
    error_.set(key.source(), fmt::format("{}{}: no such key; expected one of {}", path_, key.str(),
                                         fmt::join(taken_, ", ")));
  }
}

}  // namespace mpsec::sim
