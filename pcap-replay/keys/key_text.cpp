#include "pcap-replay/keys/key_text.hpp"

#include <charconv>
#include <fmt/format.h>

namespace mpsec::replay {
namespace {

constexpr std::string_view white_space = " \t\v\f\r";

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_hex(std::string_view text) {
  return text.starts_with("0x") || text.starts_with("0X");
}

// The part of a word that errors may show. Where a separator is damaged, a secret stands at its end: nothing
// is shown from a run of digits on that is longer than an SPI's, nor from a colon behind a name.
std::string_view showable(std::string_view text) {
  constexpr std::size_t enough = 64, longest_number = 10;
  std::size_t run = 0;
  bool name = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_digit = digit(text[i]) >= 0;
    run = is_digit ? run + 1 : 0;
    if (run > longest_number) return text.substr(0, i + 1 - run);
    const bool printable = text[i] >= ' ' && text[i] <= '~';
    if (i == enough || !printable || (text[i] == ':' && name)) return text.substr(0, i);
    name = name || (!is_digit && text[i] >= 'g' && text[i] <= 'z' && text[i] != 'x');
  }
  return text;
}

}  // namespace

void LineReader::skip_space() {
  rest_ = rest_.part(std::min(rest_.text.find_first_not_of(white_space), rest_.text.size()));
}

Word LineReader::next() {
  const std::size_t size = std::min(rest_.text.find_first_of(white_space), rest_.text.size());
  const Word word = rest_.part(0, size);
  rest_ = rest_.part(size);
  skip_space();
  return word;
}

bool LineReader::take(std::string_view literal) {
  if (peek().text != literal) return false;
  next();
  return true;
}

bool TextReader::next(Word& line) {
  if (rest_.empty()) return false;
  const std::size_t size = std::min(rest_.find('\n'), rest_.size());
  line = {rest_.substr(0, size), ++lines_, 1};
  if (line.text.ends_with('\r')) line.text.remove_suffix(1);
  rest_.remove_prefix(std::min(size + 1, rest_.size()));
  return true;
}

std::optional<LineReader> TextReader::next_words() {
  for (Word line; next(line);) {
    const LineReader words(line);
    if (!words.at_end() && words.rest().text.front() != '#') return words;
  }
  return std::nullopt;
}

Error misread(std::string_view file, const Word& at, std::string why, Blame blame) {
  return {.blame = blame,
          .path = fmt::format("{}:{}:{}", file, at.line, at.column),
          .offset = {},
          .why = std::move(why),
          .clause = {}};
}

Error expected(std::string_view file, const Word& at, std::string_view what) {
  if (at.empty()) return misread(file, at, fmt::format("expected {}, found the end of the line", what));
  const std::string_view start = showable(at.text);
  const std::string_view more = start.size() < at.text.size() ? "..." : "";
  return misread(file, at, fmt::format("expected {}, found \"{}{}\"", what, start, more));
}

Error expected_secret(std::string_view file, const Word& at, std::string_view what) {
  if (at.empty()) return expected(file, at, what);
  return misread(file, at,
                 fmt::format("expected {}, found something else of {} characters", what, at.text.size()));
}

std::optional<std::uint64_t> number_of(std::string_view text) {
  const bool hexadecimal = is_hex(text);
  if (hexadecimal) text.remove_prefix(2);
  std::uint64_t number = 0;
  const auto [end, problem] =
      std::from_chars(text.data(), text.data() + text.size(), number, hexadecimal ? 16 : 10);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Result<SecretOctets> secret_from_hex(std::string_view file, const Word& word) {
  const Word digits = is_hex(word.text) ? word.part(2) : word;
  SecretOctets secret(digits.text.size() / 2);
  for (std::size_t i = 0; i < digits.text.size(); ++i) {
    const int value = digit(digits.text[i]);
    if (value < 0)
      return std::unexpected(
          misread(file, digits.part(i), "expected a hexadecimal digit of the key, found another character"));
    if (i / 2 == secret.size()) break;
    std::uint8_t& octet = secret.writable()[i / 2];
    octet = static_cast<std::uint8_t>(octet << 4 | value);
  }
  if (digits.text.size() % 2 == 0) return secret;
  return std::unexpected(misread(
      file, word,
      fmt::format("expected an even number of hexadecimal digits of the key, found {}", digits.text.size())));
}

SecretOctets secret_from_text(std::string_view text) {
  return SecretOctets(OctetView(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

}  // namespace mpsec::replay
