#include "vectors/core/cavp_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>

#include "vectors/core/text.hpp"

namespace mpsec::vectors {
namespace {

using Members = std::vector<std::pair<std::string, std::string>>;

// A block that has one of these is a record even without a count.
constexpr std::array results{"md", "mac", "tag", "ct", "ciphertext", "output", "s"};

void put(Members& members, std::string name, std::string value) {
  for (auto& [known, held] : members) {
    if (known != name) continue;
    held = std::move(value);
    return;
  }
  members.emplace_back(std::move(name), std::move(value));
}

// Walks the lines, and hands on a record at the end of each block that is one.
class Walk {
 public:
  Walk(std::string_view file, const std::function<void(CavpRecord&)>& use, std::vector<Error>& problems)
      : file_(file), use_(use), problems_(problems) {}

  void line(std::string_view raw, std::size_t number) {
    const std::string_view line = trimmed(raw);
    if (line.empty()) return end_block();
    if (line.starts_with('#')) return;
    if (line.starts_with('[')) return section(line, number);
    in_sections_ = false;
    if (block_.empty()) block_line_ = number;
    member(line, number);
  }

  void end_block() {
    if (block_.empty()) return;
    if (is_record())
      hand_on();
    else
      for (auto& [name, value] : block_)
        put(section_seen_ ? section_defaults_ : file_defaults_, name, value);
    block_.clear();
  }

 private:
  void section(std::string_view line, std::size_t number) {
    end_block();
    if (!line.ends_with(']')) return complain(number, "expected ']' at the end of a section");
    if (!in_sections_) start_sections();
    if (!section_text_.empty()) section_text_ += ' ';
    section_text_ += line;
    std::string_view rest = line.substr(1, line.size() - 2);
    while (!rest.empty()) {
      const std::size_t comma = rest.find(',');
      const std::string_view part = rest.substr(0, comma);
      rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
      const std::size_t equals = part.find('=');
      if (equals == std::string_view::npos)
        put(section_defaults_, "direction", lower(trimmed(part)));
      else
        put(section_defaults_, lower(trimmed(part.substr(0, equals))),
            std::string(trimmed(part.substr(equals + 1))));
    }
  }

  void start_sections() {
    section_defaults_.clear();
    section_text_.clear();
    section_seen_ = in_sections_ = true;
  }

  void member(std::string_view line, std::size_t number) {
    const std::size_t equals = line.find('=');
    if (equals != std::string_view::npos)
      return put(block_, lower(trimmed(line.substr(0, equals))),
                 std::string(trimmed(line.substr(equals + 1))));
    if (lower(line) == "fail") return put(block_, "result", "FAIL");
    complain(number, fmt::format("expected NAME = VALUE, [SECTION], # comment or FAIL, found {:?}",
                                 line.substr(0, 40)));
  }

  bool is_record() const {
    return std::ranges::any_of(block_, [](const auto& member) {
      return member.first == "count" || std::ranges::find(results, member.first) != results.end();
    });
  }

  void hand_on() {
    CavpRecord record;
    record.line = block_line_;
    record.section = section_text_;
    for (const Members* members : {&file_defaults_, &section_defaults_, &block_})
      for (const auto& [name, value] : *members)
        record.set(name, value);
    use_(record);
  }

  void complain(std::size_t line, std::string why) {
    problems_.push_back({.blame = Blame::malformed,
                         .path = fmt::format("{}:{}", file_, line),
                         .offset = std::nullopt,
                         .why = std::move(why),
                         .clause = {}});
  }

  std::string_view file_;
  const std::function<void(CavpRecord&)>& use_;
  std::vector<Error>& problems_;
  Members file_defaults_, section_defaults_, block_;
  std::string section_text_;
  std::size_t block_line_ = 0;
  bool section_seen_ = false;
  bool in_sections_ = false;  // the line before was a section too
};

Octets characters(std::string_view quoted) {
  const std::string_view inside = quoted.substr(1, quoted.size() - 2);
  return Octets(inside.begin(), inside.end());
}

}  // namespace

void CavpRecord::fail(std::string_view name, std::string_view why) {
  if (!error_) error_ = fmt::format("{}: {}", name, why);
}

std::optional<std::string> CavpRecord::text(std::string_view name) {
  const auto found = members_.find(name);
  if (found == members_.end()) return std::nullopt;
  found->second.asked = true;
  return found->second.value;
}

std::optional<Octets> CavpRecord::optional_octets(std::string_view name) {
  const auto value = text(name);
  if (!value) return std::nullopt;
  if (value->size() >= 2 && value->starts_with('"') && value->ends_with('"')) return characters(*value);
  auto octets = from_hex(*value);
  if (octets) return *std::move(octets);
  fail(name, octets.error().why);
  return Octets();
}

Octets CavpRecord::octets(std::string_view name) {
  if (auto octets = optional_octets(name)) return *std::move(octets);
  fail(name, "missing");
  return {};
}

std::optional<std::size_t> CavpRecord::number(std::string_view name) {
  const auto value = text(name);
  if (!value) return std::nullopt;
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), number);
  if (error == std::errc() && end == value->data() + value->size()) return number;
  fail(name, "expected a number");
  return std::nullopt;
}

std::string_view CavpRecord::one_of(std::initializer_list<std::string_view> names) const {
  const auto found = std::ranges::find_if(names, [this](std::string_view name) { return has(name); });
  return found == names.end() ? *names.begin() : *found;
}

std::optional<std::string> CavpRecord::left_over() const {
  for (const auto& [name, member] : members_)
    if (!member.asked) return name;
  return std::nullopt;
}

void for_each_cavp_record(std::string_view text, std::string_view file,
                          const std::function<void(CavpRecord&)>& use, std::vector<Error>& problems) {
  Walk walk(file, use, problems);
  for (std::size_t number = 1; !text.empty(); ++number)
    walk.line(take_line(text), number);
  walk.end_block();
}

std::string cavp_header(std::string_view text) {
  std::string header;
  while (!text.empty()) {
    const std::string_view line = trimmed(take_line(text));
    if (line.empty()) continue;
    if (!line.starts_with('#')) break;
    header += lower(line) + "\n";
  }
  return header;
}

std::size_t count_cavp_records(std::string_view text) {
  std::size_t counts = 0;
  std::size_t blocks = 0;
  bool in_block = false;
  while (!text.empty()) {
    const std::string_view line = trimmed(take_line(text));
    if (lower(line.substr(0, 5)) == "count") ++counts;
    const bool member = line.contains('=') && !line.starts_with('#') && !line.starts_with('[');
    if (member && !in_block) ++blocks;
    in_block = !line.empty() && (in_block || member);
  }
  return std::max<std::size_t>(counts != 0 ? counts : blocks, 1);
}

}  // namespace mpsec::vectors
