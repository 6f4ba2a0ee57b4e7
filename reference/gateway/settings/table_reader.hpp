// Tables of a TOML document, read by name: each key is asked for once, and what nobody asked for is an error.
#pragma once

#include <initializer_list>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <toml++/impl/forward_declarations.h>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "gateway/settings/findings.hpp"

namespace mpsec::gateway {

// "500ms", "30s", "10m", "4h"; also "us" and "ns", and fractions. Nothing where it is none, or longer than a
// year.
std::optional<Duration> parse_duration(std::string_view text);

template <class Value>
struct Named {
  std::string_view name;
  Value value;
};

// An element of a list of texts.
struct PlacedText {
  std::string text;
  Place at;
};

// One table. Absent keys leave the value as it is. Errors go to the findings, and reading goes on.
class TableReader {
 public:
  TableReader(toml::table& table, std::string path, Findings& findings)
      : table_(table), path_(std::move(path)), findings_(findings) {}
  ~TableReader() { refuse_unknown(); }
  TableReader(const TableReader&) = delete;
  TableReader& operator=(const TableReader&) = delete;

  bool has(std::string_view name) const;
  // Of the value, or of the table where the key is absent.
  Place place(std::string_view name = {}) const;
  const std::string& path() const { return path_; }
  Findings& findings() { return findings_; }

  void text(std::string_view name, std::string& value);
  std::optional<std::string> text(std::string_view name);
  // Whether the value is just this text.
  bool is_text(std::string_view name, std::string_view text);
  // A text of 1 to 64 visible characters without '/', which tells things of one kind apart.
  std::optional<std::string> name_of(std::string_view name);
  void boolean(std::string_view name, bool& value);
  void duration(std::string_view name, Duration& value, Duration least = Duration::zero());
  void real(std::string_view name, double& value, double least, double most);
  template <class Number>
  void number(std::string_view name, Number& value, std::uint64_t least,
              std::uint64_t most = std::numeric_limits<Number>::max()) {
    if (const auto read = whole(name, least, most)) value = static_cast<Number>(*read);
  }
  template <class Value>
  void choice(std::string_view name, std::span<const Named<Value>> allowed, Value& value) {
    const auto found = text(name);
    if (!found) return;
    std::vector<std::string_view> names;
    for (const auto& [known, meaning] : allowed) {
      if (known == *found) return void(value = meaning);
      names.push_back(known);
    }
    refuse_choice(name, *found, names);
  }
  // The elements of a list of texts; one text is a list of one.
  std::vector<PlacedText> texts(std::string_view name);
  // The text as octets. The document's own copy is wiped, and errors never show it.
  std::optional<SecretOctets> secret_text(std::string_view name);
  // The octets that it spells in hexadecimal, likewise.
  std::optional<SecretOctets> secret_hex(std::string_view name);

  // Null where it is absent, or none.
  toml::table* table(std::string_view name);
  // The tables of a list; none where it is absent.
  std::vector<toml::table*> tables(std::string_view name);

  // These keys may stand there too: they are read elsewhere, or not at all beside what was read.
  void expect(std::initializer_list<std::string_view> names);

  // At the key, or at the table where the key is absent: "path.name: why".
  void fail(std::string_view name, std::string_view why, std::string clause = {});
  void fail_at(Place at, std::string_view name, std::string_view why, std::string clause = {});
  void warn(std::string_view name, std::string_view why, std::string clause = {});

 private:
  toml::node* take(std::string_view name);
  std::optional<std::uint64_t> whole(std::string_view name, std::uint64_t least, std::uint64_t most);
  void refuse_choice(std::string_view name, std::string_view found,
                     const std::vector<std::string_view>& allowed);
  void refuse_unknown();
  std::string full(std::string_view name) const;

  toml::table& table_;
  std::string path_;  // "peer[1]", empty for the document
  Findings& findings_;
  std::vector<std::string> taken_;
};

Place place_of(const toml::source_region& region);

}  // namespace mpsec::gateway
