// JSON as vectors need it: every member must be asked for, and every complaint names file and place.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/octets.hpp"

namespace mpsec::vectors {

using Json = nlohmann::json;

// The document in `text`. Fails (malformed, path "file:line:column") on a syntax error and on an object
// that has two members of one name.
Result<Json> parse_json(std::string_view text, std::string_view file);

// One member of `pointer`: "~" and "/" in the name written as RFC 6901 3 asks.
std::string pointer_to(std::string_view pointer, std::string_view name);

// The members of one JSON object. Each is asked for by name and type; what is missing or of the wrong type
// is added to `problems` and answered with an empty value, so a reader asks for all it wants and then looks
// at sound(). done() adds a problem for every member nobody asked for: file, pointer, allowed names.
class Fields {
 public:
  // `where` is file and pointer, "kat/rfc2202.json#/vectors/3". `value` and `problems` must outlive this.
  Fields(const Json& value, std::string where, std::vector<Error>& problems);

  const std::string& where() const { return where_; }
  bool has(std::string_view name) const;
  // True if the member is there and a string with this value. Does not count as asking.
  bool says(std::string_view name, std::string_view value) const;

  std::string text(std::string_view name);
  std::string optional_text(std::string_view name);
  Octets octets(std::string_view name);
  std::optional<Octets> optional_octets(std::string_view name);
  // A whole number of at most `largest`.
  std::uint64_t number(std::string_view name, std::uint64_t largest);
  std::optional<std::uint64_t> optional_number(std::string_view name, std::uint64_t largest);
  std::optional<bool> optional_flag(std::string_view name);
  // An array, or null after a complaint.
  const Json* array(std::string_view name);
  Fields object(std::string_view name);
  std::optional<Fields> optional_object(std::string_view name);
  // Any value, unread: for members of foreign formats that say nothing to us.
  void pass_over(std::initializer_list<std::string_view> names);
  // Likewise every member for which `says_nothing(name, value)` holds.
  void pass_over_where(const std::function<bool(std::string_view, const Json&)>& says_nothing);

  void complain(std::string_view name, std::string why);
  // Reports every member that was not asked for.
  void done();
  std::optional<std::string> first_unasked() const;
  // True if nothing was complained of since the beginning.
  bool sound() const { return problems_->size() == problems_before_; }
  const std::vector<std::string>& asked() const { return asked_; }

 private:
  const Json* find(std::string_view name);
  const Json* require(std::string_view name);
  std::string string_of(std::string_view name, const Json& value);
  Octets octets_of(std::string_view name, const Json& value);
  std::uint64_t number_of(std::string_view name, const Json& value, std::uint64_t largest);

  const Json* value_;
  std::string where_;
  std::vector<Error>* problems_;
  std::size_t problems_before_;
  std::vector<std::string> asked_;
};

}  // namespace mpsec::vectors
