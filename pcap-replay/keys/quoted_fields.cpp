#include "pcap-replay/keys/quoted_fields.hpp"

#include <optional>

namespace mpsec::replay {
namespace {

// One octet of a field, and how many characters spelt it; nothing at the closing quotation mark.
struct Spelt {
  std::uint8_t octet;
  std::size_t size;
};

std::optional<Spelt> next_octet(std::string_view text) {
  if (text.starts_with("\"\"")) return Spelt{'"', 2};
  if (text.front() == '"') return std::nullopt;
  if (text.starts_with("\\x") && text.size() >= 4) {
    const auto number = number_of("0x" + std::string(text.substr(2, 2)));
    if (number) return Spelt{static_cast<std::uint8_t>(*number), 4};
  }
  return Spelt{static_cast<std::uint8_t>(text.front()), 1};
}

}  // namespace

Result<QuotedFields> split_quoted(std::string_view file, Word line) {
  QuotedFields fields;
  fields.storage_ = SecretOctets(line.text.size());  // no field is longer than the line
  fields.end_ = line.part(line.text.size());
  std::size_t used = 0;
  LineReader reader(line);
  while (true) {
    Word rest = reader.rest();
    if (rest.empty() || rest.text.front() != '"')
      return std::unexpected(expected_secret(file, rest, "a field that starts with a quotation mark"));
    fields.fields_.push_back({used, 0, rest.column});
    rest = rest.part(1);
    while (true) {
      if (rest.empty()) return std::unexpected(expected(file, rest, "a closing quotation mark"));
      const auto spelt = next_octet(rest.text);
      rest = rest.part(spelt ? spelt->size : 1);
      if (!spelt) break;
      fields.storage_.writable()[used++] = spelt->octet;
      ++fields.fields_.back().size;
    }
    reader = LineReader(rest);
    if (reader.at_end()) return fields;
    if (reader.rest().text.front() != ',')
      return std::unexpected(expected_secret(file, reader.rest(), "a comma or the end of the line"));
    reader = LineReader(reader.rest().part(1));
  }
}

}  // namespace mpsec::replay
