// The text form of NIST's CAVP response files, and of those that others have put in that form:
//
//   # comment
//   [ENCRYPT]                  a section: a word, or names with values that hold until the next section
//   [Keylen = 128]
//
//   Key = 00112233...          lines of a block without a count hold for the section, or before any
//                              section for the file
//   COUNT = 0                  a block with a count, or with a result, is a record
//   IV = ...
//   FAIL                       short for "Result = FAIL"
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/octets.hpp"

namespace mpsec::vectors {

// One record: its own members over those of its section over those of the file. Names are in lower case; a
// section's word stands under "direction" (ENCRYPT) with an empty name elsewhere. Values are as written.
class CavpRecord {
 public:
  std::size_t line = 0;  // where the record begins, from 1
  std::string section;   // "[Keylen = 128] [IVlen = 96]", as written

  void set(std::string name, std::string value) { members_[std::move(name)] = {std::move(value), false}; }
  bool has(std::string_view name) const { return members_.contains(name); }
  // The value, or nothing; remembers that it was asked for.
  std::optional<std::string> text(std::string_view name);
  // Hexadecimal, or characters between double quotes. An absent, ill-formed value is kept as error().
  Octets octets(std::string_view name);
  std::optional<Octets> optional_octets(std::string_view name);
  // A decimal number, if the member is there.
  std::optional<std::size_t> number(std::string_view name);
  // The first of the names that is there, or the first of all.
  std::string_view one_of(std::initializer_list<std::string_view> names) const;

  // What went wrong first: "Key: expected a hexadecimal digit...".
  const std::optional<std::string>& error() const { return error_; }
  // A member that nobody asked for, if there is one.
  std::optional<std::string> left_over() const;

 private:
  struct Member {
    std::string value;
    bool asked = false;
  };
  void fail(std::string_view name, std::string_view why);

  std::map<std::string, Member, std::less<>> members_;
  std::optional<std::string> error_;
};

// Calls `use` for every record of `text` in order. Lines that are none of the above go to `problems`, with
// `file` and line.
void for_each_cavp_record(std::string_view text, std::string_view file,
                          const std::function<void(CavpRecord&)>& use, std::vector<Error>& problems);

// The comment lines before the first other line, in lower case.
std::string cavp_header(std::string_view text);

// How many records a text of any such form has: its lines that begin with "count", or else its blocks that
// have a member; at least 1.
std::size_t count_cavp_records(std::string_view text);

}  // namespace mpsec::vectors
