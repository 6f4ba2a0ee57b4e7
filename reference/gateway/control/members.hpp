// The members of a request: each is asked for by its name and type; what nobody asked for is wrong.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "trace/json_values.hpp"

namespace mpsec::gateway {

using trace::Json;

class Members {
 public:
  // An object, which outlives this. `path` stands before the members' names in errors.
  Members(const Json& object, std::string path);

  // Nothing: the member is not there, or done() says what is wrong with it.
  std::optional<std::string> text(std::string_view name);
  std::optional<std::uint64_t> number(std::string_view name);
  std::optional<std::variant<std::uint64_t, std::string>> number_or_text(std::string_view name);
  bool flag(std::string_view name, bool otherwise);
  // A number of seconds above 0, at most a day, which may have a fraction.
  Duration seconds(std::string_view name, Duration otherwise);
  void require(std::string_view name);

  // Fails with the first thing that was wrong up to here.
  Result<> so_far() const;
  // Fails (malformed) with the first thing that was wrong, or naming a member that was not asked for and
  // those that were.
  Result<> done() const;

 private:
  const Json* find(std::string_view name);
  void wrong(std::string_view name, std::string_view expected);

  const Json& object_;
  std::string path_;
  std::vector<std::string> asked_;
  std::optional<Error> error_;
};

// A value of a request as an error names it: its JSON, shortened.
std::string shown(const Json& value);
// "'a', 'b'"; "none" of an empty list; a long list is cut.
std::string listed(std::span<const std::string> names);
// "there is no peer 'c'; there are 'a', 'b'".
Error unknown_name(std::string path, std::string_view kind, std::string_view found,
                   std::span<const std::string> known);

}  // namespace mpsec::gateway
