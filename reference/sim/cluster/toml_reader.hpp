// Tables of a scenario, read by name: each key is asked for once, and what nobody asked for is an error.
#pragma once

#include <fmt/format.h>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <toml++/toml.h>
#include <vector>

#include "base/error.hpp"
#include "sim/cluster/units.hpp"

namespace mpsec::sim {

// The first error of a document, which stays.
class FirstError {
 public:
  explicit FirstError(std::string_view file) : file_(file) {}
  void set(const toml::source_region& at, std::string why);
  bool is_set() const { return error_.has_value(); }
  Result<> result() const;

 private:
  std::string file_;
  std::optional<Error> error_;
};

template <class Value>
struct Named {
  std::string_view name;
  Value value;
};

// One table. Absent keys leave the value as it is.
class TomlReader {
 public:
  TomlReader(const toml::table& table, std::string path, FirstError& error)
      : table_(table), path_(std::move(path)), error_(error) {}
  ~TomlReader() { refuse_unknown(); }
  TomlReader(const TomlReader&) = delete;

  bool has(std::string_view name) const { return table_.contains(name); }
  void text(std::string_view name, std::string& value);
  void boolean(std::string_view name, bool& value);
  void duration(std::string_view name, Duration& value);
  void duration(std::string_view name, std::optional<Duration>& value);
  void rate(std::string_view name, std::uint64_t& value);
  void fraction(std::string_view name, double& value);  // 0 to 1
  void real(std::string_view name, double& value, double least, double most);
  template <class Number>
  void number(std::string_view name, Number& value, std::uint64_t least, std::uint64_t most) {
    if (const auto read = whole(name, least, most)) value = static_cast<Number>(*read);
  }
  template <class Value>
  void choice(std::string_view name, std::span<const Named<Value>> allowed, Value& value) {
    const toml::node* const node = take(name);
    if (node == nullptr) return;
    std::string names;
    for (const auto& [known, meaning] : allowed) {
      if (const auto* text = node->as_string(); text != nullptr && text->get() == known) {
        value = meaning;
        return;
      }
      names += fmt::format("{}\"{}\"", names.empty() ? "" : ", ", known);
    }
    fail(name, fmt::format("expected one of {}, found {}", names, found(*node)));
  }

  // An absent table is an empty one; an absent list has none.
  const toml::table& table(std::string_view name);
  std::vector<const toml::table*> tables(std::string_view name);
  const toml::node* take(std::string_view name);

  // At the key, or at the table where the key is absent.
  void fail(std::string_view name, std::string why);
  const std::string& path() const { return path_; }
  FirstError& error() { return error_; }
  static std::string found(const toml::node& node);

 private:
  std::optional<std::uint64_t> whole(std::string_view name, std::uint64_t least, std::uint64_t most);
  void refuse_unknown();

  const toml::table& table_;
  std::string path_;  // "path[1].", for errors
  FirstError& error_;
  std::vector<std::string> taken_;
};

}  // namespace mpsec::sim
