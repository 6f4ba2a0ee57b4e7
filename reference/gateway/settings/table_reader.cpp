#include "gateway/settings/table_reader.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

namespace mpsec::gateway {
namespace {

std::string kind_of(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::string:
      return "a text";
    case toml::node_type::integer:
      return "a whole number";
    case toml::node_type::floating_point:
      return "a number with a fraction";
    case toml::node_type::boolean:
      return "true or false";
    case toml::node_type::array:
      return "a list";
    case toml::node_type::table:
      return "a table";
    default:
      return "a date or time";
  }
}

// With its value where that is short.
std::string found(const toml::node& node) {
  if (const auto* text = node.as_string()) return fmt::format("\"{}\"", shown(text->get()));
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  if (const auto* number = node.as_floating_point()) return fmt::format("{}", number->get());
  if (const auto* value = node.as_boolean()) return value->get() ? "true" : "false";
  return kind_of(node);
}

MutableOctets octets_of(std::string& text) {
  return {reinterpret_cast<std::uint8_t*>(text.data()), text.size()};
}

int digit(std::uint8_t c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Spaces and colons between digits are passed over, "0x" in front too. The error shows nothing of it.
std::expected<SecretOctets, std::string> octets_in_hex(OctetView text) {
  SecretOctets digits(text.size());
  std::size_t count = 0;
  const bool prefixed = text.size() >= 2 && text[0] == '0' && (text[1] | 0x20) == 'x';
  for (const std::uint8_t c : text.subspan(prefixed ? 2 : 0)) {
    if (c == ' ' || c == ':') continue;
    const int value = digit(c);
    if (value < 0) return std::unexpected("expected hexadecimal digits, found another character");
    digits.writable()[count++] = static_cast<std::uint8_t>(value);
  }
  if (count % 2 != 0)
    return std::unexpected(fmt::format("expected an even number of hexadecimal digits, found {}", count));
  SecretOctets octets(count / 2);
  for (std::size_t i = 0; i < octets.size(); ++i)
    octets.writable()[i] = static_cast<std::uint8_t>(digits.view()[2 * i] << 4 | digits.view()[2 * i + 1]);
  return octets;
}

}  // namespace

Place place_of(const toml::source_region& region) {
  // What was not written has no place: an empty table stands at the start.
  return {std::max<std::uint32_t>(1, region.begin.line), std::max<std::uint32_t>(1, region.begin.column)};
}

std::optional<Duration> parse_duration(std::string_view text) {
  static constexpr Named<double> units[] = {{"ns", 1},  {"us", 1e3}, {"ms", 1e6},
                                            {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}};
  constexpr double longest = 365.0 * 24 * 3600e9;
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || !std::isfinite(number) || std::signbit(number)) return std::nullopt;
  const auto unit = text.substr(static_cast<std::size_t>(end - text.data()));
  for (const auto& [name, nanoseconds] : units)
    if (name == unit && number * nanoseconds <= longest) return Duration(std::llround(number * nanoseconds));
  return std::nullopt;
}

bool TableReader::has(std::string_view name) const {
  return table_.contains(name);
}

Place TableReader::place(std::string_view name) const {
  const toml::node* const node = name.empty() ? nullptr : table_.get(name);
  return place_of(node != nullptr ? node->source() : table_.source());
}

std::string TableReader::full(std::string_view name) const {
  if (name.empty()) return path_;
  return path_.empty() ? std::string(name) : fmt::format("{}.{}", path_, name);
}

void TableReader::fail(std::string_view name, std::string_view why, std::string clause) {
  fail_at(place(name), name, why, std::move(clause));
}

void TableReader::fail_at(Place at, std::string_view name, std::string_view why, std::string clause) {
  findings_.error(at, fmt::format("{}: {}", full(name), why), std::move(clause));
}

void TableReader::warn(std::string_view name, std::string_view why, std::string clause) {
  findings_.warning(place(name), fmt::format("{}: {}", full(name), why), std::move(clause));
}

toml::node* TableReader::take(std::string_view name) {
  if (std::ranges::find(taken_, name) == taken_.end()) taken_.emplace_back(name);
  return table_.get(name);
}

void TableReader::expect(std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names)
    take(name);
}

void TableReader::text(std::string_view name, std::string& value) {
  if (auto found = text(name)) value = *std::move(found);
}

std::optional<std::string> TableReader::text(std::string_view name) {
  const toml::node* const node = take(name);
  if (node == nullptr) return std::nullopt;
  if (const auto* text = node->as_string()) return text->get();
  fail(name, "expected a text, found " + found(*node));
  return std::nullopt;
}

bool TableReader::is_text(std::string_view name, std::string_view text) {
  const toml::node* const node = take(name);
  const auto* const found = node == nullptr ? nullptr : node->as_string();
  return found != nullptr && found->get() == text;
}

std::optional<std::string> TableReader::name_of(std::string_view name) {
  constexpr std::size_t longest = 64;
  if (take(name) == nullptr) {
    fail(name, "expected a name, found none");
    return std::nullopt;
  }
  auto read = text(name);
  if (!read) return std::nullopt;
  const bool visible = std::ranges::all_of(*read, [](char c) { return c >= ' ' && c <= '~' && c != '/'; });
  if (!read->empty() && read->size() <= longest && visible) return read;
  fail(name, fmt::format("expected a name of 1 to {} visible ASCII characters without '/', found \"{}\"",
                         longest, shown(*read)));
  return std::nullopt;
}

void TableReader::boolean(std::string_view name, bool& value) {
  const toml::node* const node = take(name);
  if (node == nullptr) return;
  if (const auto* read = node->as_boolean())
    value = read->get();
  else
    fail(name, "expected true or false, found " + found(*node));
}

void TableReader::duration(std::string_view name, Duration& value, Duration least) {
  const toml::node* const node = take(name);
  if (node == nullptr) return;
  const auto* text = node->as_string();
  const auto read = text == nullptr ? std::nullopt : parse_duration(text->get());
  if (!read)
    return fail(name,
                "expected a time with its unit (ns, us, ms, s, m, h; at most a year), as \"30s\", found " +
                    found(*node));
  if (*read < least)
    return fail(name, fmt::format("expected more, at least {} ns, found {}", least.count(), found(*node)));
  value = *read;
}

void TableReader::real(std::string_view name, double& value, double least, double most) {
  const toml::node* const node = take(name);
  if (node == nullptr) return;
  const auto read = node->value<double>();
  if (read && node->is_number() && *read >= least && *read <= most)
    value = *read;
  else
    fail(name, fmt::format("expected a number from {} to {}, found {}", least, most, found(*node)));
}

std::optional<std::uint64_t> TableReader::whole(std::string_view name, std::uint64_t least,
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

std::vector<PlacedText> TableReader::texts(std::string_view name) {
  std::vector<PlacedText> all;
  toml::node* const node = take(name);
  if (node == nullptr) return all;
  const auto add = [&](const toml::node& element) {
    if (const auto* text = element.as_string())
      all.push_back({text->get(), place_of(element.source())});
    else
      fail_at(place_of(element.source()), name, "expected a list of texts, found in it " + found(element));
  };
  if (const auto* list = node->as_array())
    for (const toml::node& element : *list)
      add(element);
  else
    add(*node);
  return all;
}

std::optional<SecretOctets> TableReader::secret_text(std::string_view name) {
  toml::node* const node = take(name);
  if (node == nullptr) return std::nullopt;
  auto* const string = node->as_string();
  if (string == nullptr) {
    fail(name, fmt::format("expected a text, found {}", kind_of(*node)));
    return std::nullopt;
  }
  SecretOctets secret{OctetView(octets_of(string->get()))};
  wipe(octets_of(string->get()));
  string->get().clear();
  return secret;
}

std::optional<SecretOctets> TableReader::secret_hex(std::string_view name) {
  const auto text = secret_text(name);
  if (!text) return std::nullopt;
  auto octets = octets_in_hex(text->view());
  if (octets) return *std::move(octets);
  fail(name, octets.error());
  return std::nullopt;
}

toml::table* TableReader::table(std::string_view name) {
  toml::node* const node = take(name);
  if (node == nullptr) return nullptr;
  if (auto* table = node->as_table()) return table;
  fail(name, fmt::format("expected a table, {} = {{ ... }}, found {}", name, kind_of(*node)));
  return nullptr;
}

std::vector<toml::table*> TableReader::tables(std::string_view name) {
  std::vector<toml::table*> all;
  toml::node* const node = take(name);
  if (node == nullptr) return all;
  auto* const list = node->as_array();
  if (list == nullptr) {
    fail(name, fmt::format("expected tables, each [[{}]], found {}", full(name), kind_of(*node)));
    return all;
  }
  for (toml::node& element : *list) {
    if (auto* table = element.as_table())
      all.push_back(table);
    else
      fail_at(place_of(element.source()), name, "expected a list of tables, found in it " + kind_of(element));
  }
  return all;
}

void TableReader::refuse_choice(std::string_view name, std::string_view text,
                                const std::vector<std::string_view>& allowed) {
  fail(name, fmt::format("expected one of \"{}\", found \"{}\"", fmt::join(allowed, "\", \""), shown(text)));
}

// A key that is like none that is known may be a secret that has slipped out of its place: it is not shown.
void TableReader::refuse_unknown() {
  const std::vector<std::string_view> known(taken_.begin(), taken_.end());
  for (const auto& [key, node] : table_) {
    if (std::ranges::find(known, key.str()) != known.end()) continue;
    const bool near = !near_words(key.str(), known).empty();
    const std::string what = near ? fmt::format("no such key '{}'", shown(key.str())) : "no such key";
    findings_.error(place_of(key.source()), fmt::format("{}{}{}; {}", path_, path_.empty() ? "" : ": ", what,
                                                        advice(key.str(), known)));
  }
}

}  // namespace mpsec::gateway
