#include "interop/report/words.hpp"

#include <chrono>
#include <cstdint>
#include <fmt/format.h>

namespace mpsec::conformance {
namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd";  // U+FFFD

// Octets of the well-formed UTF-8 sequence that `text` begins with (RFC 3629 4); 0: it does not.
std::size_t sequence_length(std::string_view text) {
  const auto octet = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = octet(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((octet(i) & 0xc0) != 0x80) return 0;
  const std::uint8_t second = octet(1);
  const bool overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
  const bool surrogate = first == 0xed && second > 0x9f;
  const bool too_high = first == 0xf4 && second > 0x8f;
  return overlong || surrogate || too_high ? 0 : length;
}

// C0 and C1 controls, what turns the direction of text around, and the two that XML forbids.
bool is_control(std::string_view sequence) {
  const auto first = static_cast<std::uint8_t>(sequence[0]);
  if (sequence.size() == 1) return (first < 0x20 && first != '\n' && first != '\t') || first == 0x7f;
  if (sequence.size() == 2) return first == 0xc2 && static_cast<std::uint8_t>(sequence[1]) < 0xa0;
  if (sequence.size() != 3) return false;
  const unsigned point = (first & 0x0fu) << 12 | (static_cast<std::uint8_t>(sequence[1]) & 0x3fu) << 6 |
                         (static_cast<std::uint8_t>(sequence[2]) & 0x3fu);
  return (point >= 0x200e && point <= 0x200f) || (point >= 0x2028 && point <= 0x202e) ||
         (point >= 0x2066 && point <= 0x2069) || point >= 0xfffe;
}

template <class Replace>
std::string replaced(std::string_view text, Replace replace) {
  std::string result;
  for (const char letter : clean(text))
    if (const std::string_view other = replace(letter); !other.empty())
      result += other;
    else
      result += letter;
  return result;
}

}  // namespace

std::string clean(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    const bool keeps = length != 0 && !is_control(text.substr(0, length));
    result += keeps ? text.substr(0, length) : replacement;
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return result;
}

std::string clean_line(std::string_view text) {
  return replaced(
      text, [](char letter) -> std::string_view { return letter == '\n' || letter == '\t' ? " " : ""; });
}

std::string escape_markup(std::string_view text) {
  return replaced(text, [](char letter) -> std::string_view {
    switch (letter) {
      case '&':
        return "&amp;";
      case '<':
        return "&lt;";
      case '>':
        return "&gt;";
      case '"':
        return "&quot;";
      case '\'':
        return "&#39;";
      default:
        return {};
    }
  });
}

std::string escape_markdown(std::string_view text) {
  std::string result;
  for (const char letter : clean_line(text))
    if (std::string_view("\\`*_{}[]<>()|~#!@&:$").contains(letter))
      result += fmt::format("&#{};", static_cast<int>(letter));
    else
      result += letter;
  return result;
}

std::string shell_text(const std::vector<std::string>& words) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += ' ';
    if (!word.empty() && word.find_first_not_of(plain) == word.npos) {
      text += word;
      continue;
    }
    text += '\'';
    for (const char letter : word)
      text += letter == '\'' ? std::string("'\\''") : std::string(1, letter);
    text += '\'';
  }
  return text;
}

std::string duration_text(Duration duration) {
  using namespace std::chrono;
  const auto parts = [](auto all, long long unit) { return static_cast<double>(all.count()) / double(unit); };
  if (duration < 1ms) return fmt::format("{} us", duration_cast<microseconds>(duration).count());
  if (duration < 1s) return fmt::format("{:.1f} ms", parts(duration, 1'000'000));
  if (duration < 60s) return fmt::format("{:.2f} s", parts(duration, 1'000'000'000));
  const auto whole = duration_cast<seconds>(duration).count();
  if (whole < 3600) return fmt::format("{}:{:02} min", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02} h", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string calendar_text(std::int64_t seconds_since_1970) {
  using namespace std::chrono;
  const sys_seconds at{seconds(seconds_since_1970)};
  const sys_days day = floor<days>(at);
  const year_month_day date{day};
  const hh_mm_ss time{at - day};
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} UTC", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count());
}

}  // namespace mpsec::conformance
