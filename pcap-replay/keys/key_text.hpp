// Reading key files: where a word stands, and secrets that leave no copy behind.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace mpsec::replay {

// A part of one line of a file. `column` counts octets from 1.
struct Word {
  std::string_view text;
  std::size_t line = 0;
  std::size_t column = 0;

  bool empty() const { return text.empty(); }
  // The part from octet `from` on, at most `size` octets.
  Word part(std::size_t from, std::size_t size = std::string_view::npos) const {
    return {text.substr(from, size), line, column + from};
  }
};

// One line, taken apart from the left.
class LineReader {
 public:
  explicit LineReader(Word line) : rest_(line) { skip_space(); }

  bool at_end() const { return rest_.empty(); }
  // What is left, without white space before it.
  const Word& rest() const { return rest_; }
  // Up to white space.
  Word next();
  // The next word without taking it.
  Word peek() const { return LineReader(*this).next(); }
  // True, and takes it, if the next word is `literal`.
  bool take(std::string_view literal);

 private:
  void skip_space();
  Word rest_;
};

// The lines of a text, without their ends (LF or CR LF).
class TextReader {
 public:
  explicit TextReader(std::string_view text) : rest_(text) {}
  // False at the end.
  bool next(Word& line);
  // The next line that has words and is no comment ("#"); nothing at the end.
  std::optional<LineReader> next_words();

 private:
  std::string_view rest_;
  std::size_t lines_ = 0;
};

// "FILE:LINE:COLUMN: expected ..., found ..."
Error misread(std::string_view file, const Word& at, std::string why, Blame blame = Blame::malformed);
// For what may be part of a secret: says how long the word is, not what it says.
Error expected_secret(std::string_view file, const Word& at, std::string_view expected);
Error expected(std::string_view file, const Word& at, std::string_view what);

// A number that is all of the word: decimal, or hexadecimal behind "0x".
std::optional<std::uint64_t> number_of(std::string_view text);

// The octets that the word spells in hexadecimal, with or without "0x". The octets of the text itself are the
// caller's to wipe.
Result<SecretOctets> secret_from_hex(std::string_view file, const Word& word);
// The characters themselves.
SecretOctets secret_from_text(std::string_view text);

}  // namespace mpsec::replay
