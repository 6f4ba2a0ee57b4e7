// Tables of a TOML document, read by name. For this folder's readers of the project's own key file.
#pragma once

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <optional>
#include <string>
#include <toml++/toml.h>
#include <vector>

#include "pcap-replay/keys/key_text.hpp"

namespace mpsec::replay {

// The values of one table, read by name; the first error stays.
class TableReader {
 public:
  TableReader(toml::table& table, std::string_view path, std::string_view file)
      : table_(table), path_(path), file_(file) {}

  Word place(const toml::node& node) const {
    return {{}, node.source().begin.line, node.source().begin.column};
  }

  // The text of `name`, or nothing where it is absent.
  std::optional<std::string_view> text(std::string_view name) {
    toml::node* const node = take(name);
    if (!node) return std::nullopt;
    if (auto* const string = node->as_string()) return string->get();
    fail(*node, fmt::format("{}: expected a text, found a {}", name, kind(*node)));
    return std::nullopt;
  }
  std::optional<std::uint64_t> number(std::string_view name, std::uint64_t largest) {
    toml::node* const node = take(name);
    if (!node) return std::nullopt;
    auto* const integer = node->as_integer();
    if (integer && integer->get() >= 0 && static_cast<std::uint64_t>(integer->get()) <= largest)
      return static_cast<std::uint64_t>(integer->get());
    fail(*node, fmt::format("{}: expected a number from 0 to {}, found {}", name, largest,
                            integer ? std::to_string(integer->get()) : fmt::format("a {}", kind(*node))));
    return std::nullopt;
  }
  std::optional<bool> boolean(std::string_view name) {
    toml::node* const node = take(name);
    if (!node) return std::nullopt;
    if (auto* const value = node->as_boolean()) return value->get();
    fail(*node, fmt::format("{}: expected true or false, found a {}", name, kind(*node)));
    return std::nullopt;
  }
  // The octets that a text spells; nothing where it is absent. The text in the document is wiped: no copy of
  // the key stays in it.
  SecretOctets secret(std::string_view name) {
    toml::node* const node = take(name);
    if (!node) return {};
    return secret_in(*node, name);
  }
  SecretOctets secret_in(toml::node& node, std::string_view name) {
    auto* const string = node.as_string();
    if (!string) {
      fail(node, fmt::format("{}: expected hexadecimal digits as a text", name));
      return {};
    }
    std::string& text = string->get();
    const MutableOctets octets(reinterpret_cast<std::uint8_t*>(text.data()), text.size());
    text.erase(std::remove_if(text.begin(), text.end(), [](char c) { return c == ' ' || c == ':'; }),
               text.end());
    const Word at = place(node);
    auto key = secret_from_hex(file_, {text, at.line, at.column + 1});
    wipe(octets);
    if (key) return *std::move(key);
    fail(std::move(key).error());
    return {};
  }
  toml::node* take(std::string_view name) {
    taken_.emplace_back(name);
    toml::node* const node = table_.get(name);
    if (node) last_ = place(*node);
    return node;
  }
  // Where the value asked for last stands; of an absent one the table.
  const Word& last() const { return last_; }

  void fail(const toml::node& node, std::string why) {
    fail(misread(file_, place(node), path_ + "/" + std::move(why)));
  }
  void fail_last(std::string_view name, std::string_view why) {
    fail(misread(file_, last_, fmt::format("{}/{}: {}", path_, name, why)));
  }
  void fail(Error error) {
    if (!error_) error_ = std::move(error);
  }

  // The first error, or that of a key that nobody asked for.
  Result<> finish() {
    for (const auto& [key, node] : table_) {
      if (std::ranges::find(taken_, key.str()) != taken_.end()) continue;
      const auto at = key.source().begin;
      fail(misread(
          file_, {{}, at.line, at.column},
          fmt::format("{}: expected one of {}, found \"{}\"", path_, fmt::join(taken_, ", "), key.str())));
    }
    if (error_) return std::unexpected(*error_);
    return {};
  }

 private:
  static std::string kind(const toml::node& node) {
    switch (node.type()) {
      case toml::node_type::string:
        return "text";
      case toml::node_type::integer:
        return "whole number";
      case toml::node_type::floating_point:
        return "number with a fraction";
      case toml::node_type::boolean:
        return "truth value";
      case toml::node_type::array:
        return "list";
      case toml::node_type::table:
        return "table";
      default:
        return "date or time";
    }
  }

  toml::table& table_;
  std::string path_;
  std::string_view file_;
  std::vector<std::string> taken_;
  Word last_{{}, table_.source().begin.line, table_.source().begin.column};
  std::optional<Error> error_;
};

}  // namespace mpsec::replay
